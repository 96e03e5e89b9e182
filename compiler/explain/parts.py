"""The parts of a condition with what there is to say of each on an event."""

from collections.abc import Sequence

from rulec.explain.outline import OutlinePart
from rulec.explain.results import Part
from rulec.explain.seeing import fields_of, seen, why
from rulec.runtime.sources import AnyEvent


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
