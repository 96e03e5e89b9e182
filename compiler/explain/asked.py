"""What was asked about the events of an input: about one rule or all, one event or many."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from rulec.explain.explainer import Explainer
from rulec.explain.results import Explanation
from rulec.explain.tally import Distance, Tally
from rulec.runtime.sources import AnyEvent


@dataclass(frozen=True)
class Asked:
    """The answer: ``tallies`` of many events, and explanations of one.

    ``number`` is that of the event that is explained, and ``id`` its auditID if it has one.
    ``true`` are the explanations of the rules that are true of a single event if no rule was
    named; ``explanations`` is that of the rule, or are those of the nearest rules.
    """

    source: str
    rule: str | None
    events: int
    number: int | None
    id: str | None
    tallies: tuple[Tally, ...] = ()
    true: tuple[Explanation, ...] = ()
    explanations: tuple[Explanation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all of it, ready for JSON."""
        return {
            "source": self.source,
            "events": self.events,
            "event": None if self.number is None else {"number": self.number, "auditID": self.id},
            "tallies": [tally.to_dict() for tally in self.tallies],
            "true": [each.to_dict() for each in self.true],
            "explanations": [each.to_dict() for each in self.explanations],
        }


def asked(
    explainer: Explainer,
    source: str,
    rule: str | None,
    events: Iterable[tuple[int, AnyEvent]],
    most: int,
) -> Asked | None:
    """Answer what there is to say of some numbered events; None if there are none.

    Events are looked at as they come, since those of captures are of use only until the next.
    """
    numbered = iter(events)
    head = list(islice(numbered, 1))
    if not head:
        return None
    ((number, first),) = head
    # Whether it is the only one, nobody knows before the next one is read: then it is too late.
    answer = _of_one(explainer, source, rule, number, first, most)
    tallies = _All(explainer, source) if rule is None else _One(explainer, source, rule)
    tallies.add(number, first)
    for each in numbered:
        tallies.add(*each)
    return answer if tallies.events == 1 else tallies.answer()


def _of_one(
    explainer: Explainer, source: str, rule: str | None, number: int, event: AnyEvent, most: int
) -> Asked:
    found = (source, rule, 1, number, _id(event))
    if rule is not None:
        return Asked(*found, explanations=(explainer.explain(event, rule),))
    true = [name for name in explainer.rules(source) if explainer.verdicts(event, name)[0]]
    return Asked(
        *found,
        true=tuple(explainer.explain(event, name) for name in true),
        explanations=tuple(explainer.nearest(event, source, most)),
    )


def _id(event: AnyEvent) -> str | None:
    document = event.document
    found = document.get("auditID") if isinstance(document, dict) else None
    return found if isinstance(found, str) else None


# Most events of a log are alike to a rule: those with the same verdicts on all comparisons
# are as far from it. So many different ones are looked at closely.
_MOST_MEASURED: Final = 500


class _One:
    """What one rule says of the events so far, and the explanation of the nearest of them."""

    def __init__(self, explainer: Explainer, source: str, rule: str) -> None:
        self._explainer = explainer
        self._source = source
        self._rule = rule
        self._known: dict[tuple[bool, ...], Distance] = {}
        self._tally = Tally(explainer.outlines[rule], explainer.obstacles(rule))
        self._nearest: tuple[int, str | None, Explanation] | None = None
        self.events = 0

    def add(self, number: int, event: AnyEvent) -> None:
        """Count an event, and explain it if it is the nearest so far."""
        self.events += 1
        verdicts = self._explainer.verdicts(event, self._rule)
        distance = self._known.get(verdicts)
        if distance is None:
            distance = self._measured(event, verdicts)
        holds = distance.changes == 0
        fires = holds and self._explainer.instead(event, self._rule) is None
        if self._tally.add(distance, fires=fires):
            explanation = self._explainer.explain(event, self._rule)
            self._nearest = (number, _id(event), explanation)

    def _measured(self, event: AnyEvent, verdicts: tuple[bool, ...]) -> Distance:
        if len(self._known) >= _MOST_MEASURED:
            return self._explainer.obstacles(self._rule).distance(verdicts)
        found = self._known[verdicts] = self._explainer.distance(event, self._rule)
        return found

    def answer(self) -> Asked:
        assert self._nearest is not None, "the first event is the nearest until there is another"
        number, id_, explanation = self._nearest
        found = (self._source, self._rule, self.events, number, id_)
        return Asked(*found, tallies=(self._tally,), explanations=(explanation,))


class _All:
    """What all rules for a source say of the events so far."""

    def __init__(self, explainer: Explainer, source: str) -> None:
        self._explainer = explainer
        self._source = source
        self._tallies = [
            Tally(explainer.outlines[rule], explainer.obstacles(rule))
            for rule in explainer.rules(source)
        ]
        self.events = 0

    def add(self, _: int, event: AnyEvent) -> None:
        """Count an event."""
        self.events += 1
        firing = self._explainer.firing(event, self._source)
        for tally in self._tallies:
            rule = tally.outline.rule
            verdicts = self._explainer.verdicts(event, rule)
            tally.add(tally.obstacles.distance(verdicts), fires=rule in firing)

    def answer(self) -> Asked:
        found = tuple(sorted(self._tallies, key=_rank))
        return Asked(self._source, None, self.events, None, None, tallies=found)


def _rank(tally: Tally) -> tuple[int, int, float]:
    """Return what puts the rules first that fire most often, and the nearest of the others."""
    return -tally.fires, -tally.holds, float("inf") if tally.least is None else tally.least
