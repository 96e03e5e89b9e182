"""Documents that nobody means well with."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from soak.checking import compared
from soak.falcosidekick import Arrived
from soak.kube_apiserver import Sent
from soak.report import Check, Fact, Report
from soak.rules import ID
from soak.serving import ENDPOINT, Served, total
from soak.staging import Stage, Staging
from soak.traffic import Traffic, listed
from soak.watching import MIB, Watch, memory

_JSON: Final = {"Content-Type": "application/json"}
_HOSTILE: Final = "hostile"  # the id of events that are part of an attack
_PART: Final = b"x" * MIB
_DEPTH: Final = 100_000

# How much more memory the server may take at its worst than after ordinary documents, in bytes.
_MORE: Final = 256 * MIB

# What is remembered of events would be what grows: there is to be little of that.
_OPTIONS: Final = ("--window", "10000")

# How many ordinary documents come first.
_FIRST: Final = 50


class Attack(NamedTuple):
    """A request: what is posted, and which answers are right. 0: it may end the connection."""

    name: str
    body: Callable[["Hostile"], bytes | Iterator[bytes]]
    right: tuple[int, ...]
    headers: Mapping[str, str] = MappingProxyType({})


def _of_event(text: bytes) -> Callable[["Hostile"], bytes]:
    """Return an attack by an event with some JSON as its request object."""
    event = (
        b'{"level":"Request","auditID":"hostile","stage":"ResponseComplete","verb":"create",'
        b'"stageTimestamp":"2026-03-02T09:00:00Z","requestObject":%b}'
    )
    return lambda _: listed([event % text])


def _huge(hostile: "Hostile") -> Iterator[bytes]:
    for _ in range(hostile.body // len(_PART)):
        yield _PART


@cache
def _bomb(size: int) -> bytes:
    """Return so many bytes, compressed."""
    return gzip.compress(bytes(size), 1)


# Requests, one entry each.
ATTACKS: Final = (
    Attack(
        "a body that is too large, with its length",
        _huge,
        (400, 413, 0),
        {"Content-Length": "{size}"},
    ),
    Attack("a body that is too large, in chunks", _huge, (400, 413, 0)),
    Attack(
        "a bomb of gzip",
        lambda hostile: _bomb(hostile.body),
        (415, 400, 0),
        {"Content-Encoding": "gzip"},
    ),
    Attack("a bomb of gzip that does not say so", lambda hostile: _bomb(hostile.body), (200,)),
    Attack("depth 100,000, arrays", lambda _: b"[" * _DEPTH + b"]" * _DEPTH, (200,)),
    Attack("depth 100,000, objects", lambda _: b'{"a":' * _DEPTH + b"1" + b"}" * _DEPTH, (200,)),
    Attack("depth 100,000, not closed", lambda _: b"[" * _DEPTH, (200,)),
    Attack("depth 100,000 in an event", _of_event(b"[" * _DEPTH + b"]" * _DEPTH), (200,)),
    Attack("12 MB of brackets", lambda _: b"[" * (12 * 10**6), (200,)),
    Attack("12 MB of empty events", lambda _: listed([b"{}"] * (4 * 10**6 - 100)), (200,)),
    Attack("invalid UTF-8", lambda _: b'{"kind":"Event","auditID":"\xff\xfe\xed\xa0\x80"}', (200,)),
    Attack("invalid UTF-8 in an event", _of_event(b'"\xff\xfe\xed\xa0\x80"'), (200,)),
    Attack("a lone surrogate", _of_event(rb'"\ud800"'), (200,)),
    Attack("10^400", _of_event(b"1" + b"0" * 400), (200,)),
    Attack("1e400", _of_event(b"1e400"), (200,)),
    Attack("a million digits", _of_event(b"9" * 10**6), (200,)),
    Attack("a text of 12 MB", _of_event(b'"' + b"x" * (12 * 10**6) + b'"'), (200,)),
    Attack("100,000 members of one name", _of_event(b"{" + b'"a":1,' * 10**5 + b'"a":1}'), (200,)),
    Attack("nothing", lambda _: b"", (200,)),
    Attack("zeros", lambda _: bytes(MIB), (200,)),
    Attack("no length and no end", lambda _: b"", (400, 0), {"Content-Length": "-1"}),
)


@dataclass(frozen=True)
class Hostile:
    """All attacks, in so many rounds, with an ordinary list of events after each.

    ``body`` is the size in bytes of what is too large.
    """

    rounds: int = 25
    body: int = 10**9

    def run(self, folder: Path) -> Report:
        """Do it."""
        answers: dict[str, set[int]] = {attack.name: set() for attack in ATTACKS}
        sent: list[Sent] = []
        with Staging(Traffic("busy", different=4), tls=False).set(folder, *_OPTIONS) as stage:
            served = stage.served
            for _ in range(_FIRST):
                _ordinary(stage, sent)
            served.await_settled()
            before = memory(served.pid)
            with Watch(served.pid, every=0.05) as watch:
                for _ in range(self.rounds):
                    for attack in ATTACKS:
                        answers[attack.name].add(self._attacked(served, attack))
                        _ordinary(stage, sent)
                    served.await_settled()
            quarantined = total(served.numbers(), "rulec_events_quarantined_total")
            status = served.stop()
        found = stage.arrived()
        ours = tuple(each for each in found.alerts if each["output_fields"][ID] != _HOSTILE)
        comparison = compared(Arrived(ours, found.refused), sent, stage.expected)
        wrong = {
            attack.name: sorted(answers[attack.name] - set(attack.right))
            for attack in ATTACKS
            if not answers[attack.name] <= set(attack.right)
        }
        failed = sum(not each.acknowledged for each in sent)
        checks = (
            Check("wrong answers", "none", json.dumps(wrong) if wrong else "none", not wrong),
            Check.none("ordinary requests that failed", failed),
            *comparison.checks(),
            Check.least("quarantined", 1, quarantined),
            watch.flat(),
            Check.most(
                "memory at its worst, more than before",
                _MORE / MIB,
                round((watch.peak - before) / MIB),
                " MiB",
            ),
            Check.none("exit status", status),
        )
        facts = (
            *(
                Fact(f"{name}: answer", ", ".join(str(each or "closed") for each in sorted(given)))
                for name, given in answers.items()
            ),
            *watch.facts(),
        )
        title = f"{len(ATTACKS)} documents that nobody means well with, {self.rounds} times"
        return Report(title, checks, facts)

    def _attacked(self, served: Served, attack: Attack) -> int:
        """Return the status of the answer; 0 if the server ended the connection without one."""
        connection = served.connection()
        headers = _JSON | {
            name: value.format(size=self.body) for name, value in attack.headers.items()
        }
        try:
            # An answer may come before the end of the body, and then nobody takes the rest.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(
                    "POST",
                    ENDPOINT,
                    attack.body(self),
                    headers,
                    encode_chunked="Content-Length" not in headers,
                )
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()


def _ordinary(stage: Stage, sent: list[Sent]) -> None:
    number = len(sent)
    status, _ = stage.served.post(stage.traffic.body(number))
    sent.append(Sent(number, status == 200, 1, 0.0))
