"""A difference as text, for people."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from rulec.diagnostics import printable
from rulec.difference.causes import Cause
from rulec.difference.order import Move
from rulec.difference.parts import Part
from rulec.difference.proof import Relation
from rulec.difference.rules import Attribute, ConditionChange, Fate, RuleChange
from rulec.difference.verdicts import Replay, Verdict
from rulec.profile.words import clipped
from rulec.runtime.clock import date_time_utc
from rulec.runtime.rendering import counted
from rulec.text import Span

_LONGEST: Final = 160
_MOST: Final = 8  # names in one line

_RELATIONS: Final = {
    Relation.SAME: "the same, written in another way",
    Relation.WIDER: "wider: it matches all that it matched, and more",
    Relation.NARROWER: "narrower: it matches nothing new, and less",
    Relation.CHANGED: "changed",
}


def lines(changes: Sequence[RuleChange]) -> Iterator[str]:
    """Yield the lines about all rules that differ, and a summary."""
    for change in changes:
        yield from map(printable, _rule(change))
    yield _summary(changes)


def _rule(change: RuleChange) -> Iterator[str]:
    of = f" (was {change.was!r})" if change.was else ""
    runs = "" if change.runs else ", disabled"
    yield f"{change.name}: {change.fate.value}{runs}{of} ({where(change.span)})"
    if change.condition is not None:
        yield from _condition(change.condition, change.span)
    for attribute in change.attributes:
        yield from _attribute(attribute)
    if change.move is not None:
        yield f"  order: {_moved(change.move)}"
    if change.hidden:
        yield f"  hidden: {change.hidden}"


def _condition(change: ConditionChange, rule: Span) -> Iterator[str]:
    also = "; no event can meet it any more" if change.never else ""
    yield f"  condition: {_RELATIONS[change.relation]}{also}"
    for part in change.parts:
        yield f"    {_part(part, rule)}"
    for cause in change.causes:
        yield f"    because of {_cause(cause)}"


def _part(part: Part, rule: Span) -> str:
    sign = "+" if part.added else "-"
    place = part.span if part.span.text.pieces else rule
    effect = {True: "wider", False: "narrower", None: ""}[part.widens]
    note = f"{effect}, {where(place)}" if effect else where(place)
    return f"{sign} {clipped(part.text, _LONGEST)} ({note})"


def _cause(cause: Cause) -> str:
    if cause.kind == "condition":
        return f"its condition ({where(cause.span)})"
    items = [f"+ {name} ({where(span)})" for name, span in cause.added]
    items += [f"- {name} ({where(span)})" for name, span in cause.removed]
    more = f": {_some(items)}" if items else ""
    return f"{cause.kind} {cause.name!r} ({where(cause.span)}){more}"


def _attribute(attribute: Attribute) -> Iterator[str]:
    old, new = _shown(attribute.old), _shown(attribute.new)
    if len(old) + len(new) <= 60:
        yield f"  {attribute.name}: {old} -> {new}"
        return
    yield f"  {attribute.name}:"
    yield f"    - {clipped(old, _LONGEST)}"
    yield f"    + {clipped(new, _LONGEST)}"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value) or "none"
        case _:
            return str(value) or "none"


def _moved(move: Move) -> str:
    parts = []
    if move.before:
        parts.append(f"now before {_some(map(repr, move.before))}")
    if move.after:
        parts.append(f"now after {_some(map(repr, move.after))}")
    return ", ".join(parts) if parts else "another place, among rules for other events"


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _MOST:,} more" if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + more


def _summary(changes: Sequence[RuleChange]) -> str:
    if not changes:
        return "no rule differs"
    differing = [change for change in changes if change.matters]
    words = []
    for fate in Fate:
        if count := sum(change.fate is fate for change in differing):
            words.append(f"{count:,} {fate.value}")
    if others := len(changes) - len(differing):
        words.append(f"{others:,} the same in effect")
    return f"{counted(len(differing), 'rule')} differ{'s' * (len(differing) == 1)}: " + ", ".join(
        words
    )


def replayed(found: Replay) -> Iterator[str]:
    """Yield the lines about a log."""
    alerts = found.kept + found.gone.total(), found.kept + found.new.total()
    yield (
        f"log: {counted(found.events, 'event')}, {found.changed:,} judged differently; "
        f"{counted(alerts[0], 'alert')} before, {alerts[1]:,} now"
    )
    for name in sorted({*found.gone, *found.new}):
        yield printable(f"  {name}: {_counts(found, name)}")
    for verdict in found.verdicts:
        yield printable(f"  {_verdict(verdict)}")
    if found.changed > len(found.verdicts):
        yield f"  and {counted(found.changed - len(found.verdicts), 'more event')} (--limit)"


def _counts(found: Replay, name: str) -> str:
    parts = []
    if found.gone[name]:
        parts.append(f"{found.gone[name]:,} gone")
    if found.new[name]:
        parts.append(f"{found.new[name]:,} new")
    return ", ".join(parts)


def _verdict(verdict: Verdict) -> str:
    name = verdict.id or f"event {verdict.number:,}"
    signs = [f"- {rule}" for rule in verdict.gone] + [f"+ {rule}" for rule in verdict.new]
    return f"{date_time_utc(verdict.time)} {verdict.source} {name}: {', '.join(signs)}"


def where(span: Span) -> str:
    """Return a place as a file and a line."""
    return f"{span.file}:{span.position[0]}"
