"""What is compared: decoders, rulec in several ways, and other engines; and whether they agree."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import orjson
from engines import Match, alert_of_functions, alerting, function_per_rule, matching, names
from events import ALERTING, churning, make
from peers import PEERS, installed
from rule_sets import COPIES, EIGHT, many
from timing import Contender

from rulec import compile_ruleset
from rulec.runtime.ruleset import Ruleset

SOURCE: Final = "k8s_audit"

# Workloads.
TYPICAL: Final = "typical"
ALERT_HEAVY: Final = "alert-heavy"
CHURN: Final = "churn"

# Engines that others refer to.
ORJSON: Final = "orjson.loads"
DECODERS: Final = (
    "json.loads",
    ORJSON,
    "msgspec, untyped",
    "msgspec, what the rules read",
    "msgspec, nothing of it",
)
MATCHES: Final = "rulec: bytes to matches"
ALERTS: Final = "rulec: bytes to alerts"
PLAIN: Final = "orjson and a function for each rule"
PLAIN_ALERTS: Final = "the same, to alerts"
RULEC_EIGHT: Final = "rulec"


def decoded_by(rules: int) -> str:
    """Return what matching of decoded events with so many rules is called."""
    return f"rulec: {rules:,} rules"


def plain_by(rules: int) -> str:
    """Return what trying so many functions one by one is called."""
    return f"a function for each of {rules:,} rules"


class DisagreementError(Exception):
    """Two engines gave different answers; the message has them and the event."""


@dataclass(frozen=True)
class Logs:
    """The events of the benchmarks: batches of lines by workload."""

    lines: dict[str, list[list[bytes]]]

    @classmethod
    def make(cls, count: int, rounds: int) -> "Logs":
        """Make ``count`` events for each workload, and new ones for each round of churn."""
        churn = list(churning(count * (rounds + 1)))
        lines = {
            TYPICAL: [list(make(count))],
            ALERT_HEAVY: [list(make(count, ALERTING))],
            CHURN: [churn[start : start + count] for start in range(0, len(churn), count)],
        }
        return cls(lines)


class Contenders:
    """Everything that is compared, made once; ``rulesets`` are by how many rules they have."""

    def __init__(self, logs: Logs, rulesets: Mapping[int, Ruleset]) -> None:
        self.logs = logs
        self.rulesets = rulesets
        self.shipped = rulesets[min(rulesets)]
        eight = compile_ruleset(EIGHT, rule_matching="all").matcher(SOURCE)
        self.eight: dict[str, Match] = {RULEC_EIGHT: matching(eight)} | {
            name: make() for name, distribution, make in PEERS if installed(distribution)
        }

    def all(self) -> list[Contender]:
        """Return what is to be measured."""
        return [*self._from_bytes(), *self._by_rules(), *self._of_eight()]

    def _from_bytes(self) -> Iterator[Contender]:
        matcher = self.shipped.matcher(SOURCE)
        plain, alerts = function_per_rule(many(1)), alert_of_functions(many(1))
        decoders = (json.loads, orjson.loads, *_decoders(self.shipped))
        ways: dict[str, Callable[[bytes], object]] = {
            **dict(zip(DECODERS, decoders, strict=True)),
            MATCHES: matching(matcher),
            ALERTS: alerting(matcher),
            PLAIN: lambda line: plain(orjson.loads(line)),
            PLAIN_ALERTS: lambda line: alerts(orjson.loads(line)),
        }
        for name, run in ways.items():
            yield from self._over(seen, name, run, (TYPICAL, ALERT_HEAVY))
        yield from self._over(seen, ORJSON, orjson.loads, (CHURN,))
        yield from self._over(seen, MATCHES, ways[MATCHES], (CHURN,))

    def _by_rules(self) -> Iterator[Contender]:
        workloads = (TYPICAL, ALERT_HEAVY, CHURN)
        for copies, (rules, ruleset) in zip(COPIES, self.rulesets.items(), strict=True):
            run = matching(ruleset.matcher(SOURCE))
            yield from self._over(orjson.loads, decoded_by(rules), run, workloads)
            plain = function_per_rule(many(copies))
            yield from self._over(orjson.loads, plain_by(rules), plain, workloads[:2])

    def _of_eight(self) -> Iterator[Contender]:
        for name, run in self.eight.items():
            yield from self._over(orjson.loads, name, run, (TYPICAL, ALERT_HEAVY))

    def _over(
        self,
        arrive: Callable[[bytes], Any],
        engine: str,
        run: Callable[[Any], object],
        workloads: Sequence[str],
    ) -> Iterator[Contender]:
        for workload in workloads:
            yield Contender(engine, workload, run, self.logs.lines[workload], arrive)

    def check(self) -> int:
        """Compare the answers of all engines on all events; return how many there were.

        :raises DisagreementError: if two differ.
        """
        matcher = self.shipped.matcher(SOURCE)
        from_bytes = matching(matcher)
        ways: dict[str, Match] = {
            "rulec: decoded events": matching(matcher),
            **{decoded_by(n): matching(r.matcher(SOURCE)) for n, r in self.rulesets.items()},
            PLAIN: function_per_rule(many(1)),
        }
        alerts = {ALERTS: alerting(matcher), PLAIN_ALERTS: alert_of_functions(many(1))}
        lines = [line for batches in self.logs.lines.values() for line in batches[0]]
        for line in lines:
            event = orjson.loads(line)
            _agree({MATCHES: names(from_bytes(line))} | _answers(ways, event), line)
            _agree(_answers(self.eight, event), line)
            _agree(_answers(alerts, event), line)
        return len(lines)


class Nothing(msgspec.Struct, gc=False):
    """Nothing of an event: to decode it is to skip the document."""


def _decoders(ruleset: Ruleset) -> Iterator[Callable[[bytes], object]]:
    """Yield msgspec's decoders of everything, of what the rules read, and of nothing."""
    (program,) = ruleset.programs
    assert program.seen is not None, "audit events have views"
    for shape in (Any, program.seen.view, Nothing):
        yield msgspec.json.Decoder(shape).decode


def seen(line: bytes) -> bytes:
    """Return a line, all of which has just been looked at."""
    line.count(0)
    return line


def _answers(ways: dict[str, Match], event: Any) -> dict[str, list[str]]:
    return {name: names(match(event)) for name, match in ways.items()}


def _agree(answers: dict[str, list[str]], line: bytes) -> None:
    if len(set(map(tuple, answers.values()))) == 1:
        return
    found = "\n".join(f"  {name}: {', '.join(names) or '-'}" for name, names in answers.items())
    raise DisagreementError(f"not the same rules match this event:\n{line.decode()}\n{found}")
