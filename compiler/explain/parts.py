"""The parts of a condition with what there is to say of each on an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rulec.explain.outline import OutlinePart
from rulec.explain.probe import Probe
from rulec.explain.results import Part
from rulec.explain.seeing import fields_of, seen, why
from rulec.runtime.sources import AnyEvent, EventSource

# So many comparisons may be in all parts together that are compiled. Parts within each other,
# hundreds of levels deep, would take minutes; no rule that a person has written comes near.
_MOST_COMPILED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Tells what is true of each part of a condition, in the order of their ids.

    The whole, its comparisons and its other parts are asked by themselves. If they are too
    large for that, the largest of these are put together from what is true of their parts.
    """

    _parts: tuple[OutlinePart, ...]
    _probe: Probe
    _places: dict[int, int]

    @classmethod
    def of(cls, root: OutlinePart, source: EventSource) -> "Verdicts":
        """Compile the parts of a condition for its source."""
        parts = tuple(root.walk())
        sizes: dict[int, int] = {}
        for part in reversed(parts):  # a whole comes before its parts
            sizes[part.id] = sum(sizes[inner.id] for inner in part.parts) or 1
        left = _MOST_COMPILED
        asked = [root]
        for part in sorted(parts[1:], key=lambda each: sizes[each.id]):
            left -= sizes[part.id] if part.parts else 0
            if left < 0:
                break
            asked.append(part)
        places = {part.id: place for place, part in enumerate(asked)}
        return cls(parts, Probe.of([part.condition for part in asked], source), places)

    def answers(self, event: AnyEvent) -> tuple[bool, ...]:
        """Return the verdicts on an event that was read before."""
        found = self._probe.answers(event)
        if len(found) == len(self._parts):
            return tuple([found[self._places[part.id]] for part in self._parts])
        verdicts: dict[int, bool] = {}
        for part in reversed(self._parts):
            place = self._places.get(part.id)
            verdicts[part.id] = _joined(part, verdicts) if place is None else found[place]
        return tuple(verdicts[part.id] for part in self._parts)

    def holds(self, event: AnyEvent) -> bool:
        """Return the verdict on the whole, for an event that is decoded."""
        return self._probe.answer(0, event)


def _joined(part: OutlinePart, verdicts: dict[int, bool]) -> bool:
    found = [verdicts[inner.id] for inner in part.parts]
    match part.kind:
        case "and":
            return all(found)
        case "not":
            return not found[0]
        case _:  # one of several, or the only one
            return any(found)


def judged(
    outline: OutlinePart, verdicts: Sequence[bool], event: AnyEvent, *, decisive: bool = True
) -> Part:
    """Return a part and all below it with their verdicts, which are given by their ids."""
    verdict = verdicts[outline.id]
    parts = tuple(
        judged(part, verdicts, event, decisive=decisive and _decides(outline, part, verdicts))
        for part in outline.parts
    )
    is_test = outline.kind == "test"
    return Part(
        outline,
        verdict,
        why(verdict, outline.condition, event) if is_test else None,
        tuple(seen(each, event) for each in fields_of(outline.condition)) if is_test else (),
        parts,
        decisive,
    )


def _decides(outer: OutlinePart, part: OutlinePart, verdicts: Sequence[bool]) -> bool:
    """Return whether a part helped to make that around it what it is."""
    answer, own = verdicts[outer.id], verdicts[part.id]
    match outer.kind:
        case "and":
            return answer or not own
        case "or":
            return own or not answer
        case _:
            return True
