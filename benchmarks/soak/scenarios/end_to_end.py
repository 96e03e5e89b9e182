"""Lists of events over TLS, with a broken one in each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soak.kube_apiserver import Sent
from soak.report import Check, Report
from soak.serving import total
from soak.staging import Stage, Staging
from soak.traffic import Traffic, listed

# Where in the list the broken event is.
PLACE: Final = 200

_EVENT: Final = (
    b'{"level":"Request","auditID":"x","stage":"ResponseComplete","verb":"create",'
    b'"stageTimestamp":%b,"requestObject":%b}'
)

# What is there instead of an event, one entry for each way to be broken.
BROKEN: Final = {
    "no time": b'{"level":"Metadata","auditID":"x","stage":"ResponseComplete","verb":"get"}',
    "a number": b"12",
    "a time of 400 digits": _EVENT % (b"9" * 400, b"{}"),
    "a time without UTF-8": _EVENT % (b'"2026-03-02T09:00:00Z\xff"', b"{}"),
    "depth 9,000": _EVENT % (b'"2026-03-02T09:00:00Z"', b"[" * 9_000 + b"]" * 9_000),
}


@dataclass(frozen=True)
class EndToEnd:
    """Lists of 400 events, each with one that is broken in some way, from a client that is known.

    The others have their alerts on a receiver that takes what falcosidekick takes.
    """

    def run(self, folder: Path) -> Report:
        """Post a list for each way to be broken."""
        staging = Staging(Traffic("alerting", different=len(BROKEN)))
        with staging.set(folder) as stage:
            checks = [_posted(stage, *each) for each in enumerate(BROKEN)]
            checks.append(Check.none("exit status", stage.served.stop()))
        sent = [Sent(number, True, 1, 0.0) for number in range(len(BROKEN))]
        # The alerts of the event that was replaced cannot be there.
        comparison = stage.compared(sent, but={PLACE})
        checks += comparison.checks()
        title = "Lists of 400 events over TLS, one of them broken"
        return Report(title, tuple(checks), comparison.facts())


def _posted(stage: Stage, number: int, way: str) -> Check:
    """Post a batch with a broken event; return whether all is as it should be."""
    served = stage.served
    items = stage.traffic.items(number)
    items[PLACE] = BROKEN[way]
    before = served.numbers()
    status, content = served.post(listed(items))
    served.await_settled()
    after = served.numbers()
    evaluated, quarantined = (
        total(after, name) - total(before, name)
        for name in ("rulec_events_evaluated_total", "rulec_events_quarantined_total")
    )
    found = status, content, evaluated, quarantined
    expected = 200, b"", len(items) - 1, 1
    text = f"answer, evaluated, quarantined: {way}"
    measured = f"{status}, {evaluated:.0f}, {quarantined:.0f}"
    return Check(text, f"200, {len(items) - 1}, 1", measured, found == expected)
