"""What should have arrived against what has."""

import json
from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from soak.falcosidekick import Arrived
from soak.kube_apiserver import Sent
from soak.report import Check, Fact
from soak.rules import ID
from soak.traffic import Expected


@dataclass(frozen=True)
class Comparison:
    """The alerts of acknowledged events against those that arrived.

    An alert is known by the id of its event and its rule. ``missing`` are those
    that did not arrive, ``unexpected`` those of no event that was ever sent.
    ``more`` is how many arrived again. ``ambiguous`` are alerts with several ids or none, and ids
    of several alerts. ``broken`` is how much arrived that was no alert.
    """

    expected: int
    missing: int
    unexpected: int
    more: int
    ambiguous: int
    broken: int

    def checks(self, identified: bool = True) -> tuple[Check, ...]:
        """Return what has to hold."""
        checks = [
            Check.least("alerts of acknowledged events", 1, self.expected),
            Check.none("those of them that are missing", self.missing),
            Check.none("alerts of nothing that was sent", self.unexpected),
        ]
        if identified:
            checks.append(Check.none("alerts that are not known again by their id", self.ambiguous))
            checks.append(Check.none("what falcosidekick would refuse", self.broken))
        return tuple(checks)

    def facts(self) -> tuple[Fact, ...]:
        """Return what there is to know besides."""
        return (Fact("alerts that arrived once more", self.more),)


def compared(
    arrived: Arrived,
    batches: Iterable[Sent],
    expected: Expected,
    but: Container[int] = (),
) -> Comparison:
    """Compare what arrived with what is expected of batches.

    ``but`` are places in each batch where another event was sent.
    """
    needed: set[tuple[str, str]] = set()
    allowed: set[tuple[str, str]] = set()
    for batch in batches:
        found = {alert for place, alert in expected.of(batch.number) if place not in but}
        allowed |= found
        if batch.acknowledged:
            needed |= found
    times: Counter[tuple[str, str]] = Counter()
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for alert in arrived.alerts:
        key = alert["output_fields"][ID], alert["rule"]
        times[key] += 1
        if uuid := alert.get("uuid"):
            names[key].add(uuid)
            owners[uuid].add(key)
    ambiguous = sum(len(each) > 1 for each in names.values())
    ambiguous += sum(len(each) > 1 for each in owners.values())
    return Comparison(
        expected=len(needed),
        missing=len(needed - times.keys()),
        unexpected=sum(times[key] for key in times.keys() - allowed),
        more=times.total() - len(times),
        ambiguous=ambiguous + len(times.keys() - names.keys()),
        broken=arrived.refused,
    )


def alerts_in(file: Path) -> Arrived:
    """Return the alerts in a file of JSON lines; other lines count as refused."""
    alerts, broken = [], 0
    with file.open("rb") as lines:
        for line in lines:
            try:
                alerts.append(json.loads(line))
            except ValueError:
                broken += 1
    return Arrived(tuple(alerts), broken)
