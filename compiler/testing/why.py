"""Why a rule did not fire in a test, in one or two lines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import inf
from typing import Final

from rulec.explain.outline import OutlinePart
from rulec.explain.results import Change, Explanation, Part
from rulec.item_reader import suggest
from rulec.runtime.sources import AnyEvent
from rulec.testing.comparing import told
from rulec.testing.resolving import Prepared
from rulec.testing.results import Came, Difference

# Of a test: how many alerts that did not come are explained, and how many events are looked at.
EXPLAINED_LIMIT: Final = 10
EVENTS_LIMIT: Final = 10_000
_LINES: Final = 2
# The distance of an event for which no change of comparisons would make a rule fire.
_NEVER: Final = 1_000_000


def explained(
    test: Prepared, differences: Sequence[Difference], came: Sequence[Came]
) -> tuple[Difference, ...]:
    """Return differences with the reasons why expected alerts did not come."""
    found, explained = [], 0
    for each in differences:
        if each.came is None and each.expected is not None and explained < EXPLAINED_LIMIT:
            lines = _why(test, each.expected.rule, each.expected.event, came)
            found.append(replace(each, why=tuple(lines)))
            explained += 1
        else:
            found.append(each)
    return tuple(found)


def _why(test: Prepared, rule: str, number: int | None, came: Sequence[Came]) -> Iterator[str]:
    """Yield why a rule did not fire for the event that came nearest to it."""
    if rule not in test.looked_at:
        yield _left_out(test, rule)
        return
    explainer = test.book.explainer
    obstacles = explainer.obstacles(rule)
    fired = {each.event for each in came if each.alert.rule == rule}
    nearest, place = inf, None
    for at, event in islice(_numbered(test), EVENTS_LIMIT):
        label = test.label(event)
        if label in fired or number not in (None, label):
            continue
        changes = obstacles.distance(explainer.verdicts(event, rule)).changes
        distance = _NEVER if changes is None else changes
        if distance < nearest:
            nearest, place = distance, at
    if place is None:
        return
    event = next(event for at, event in _numbered(test) if at == place)
    yield from _lines(test, event, explainer.explain(event, rule), came)


def _left_out(test: Prepared, rule: str) -> str:
    """Return why a rule that a scenario names is not looked at."""
    if rule not in test.book.outlines:
        hint = suggest(rule, test.book.outlines)
        return f"there is no such rule{', ' * bool(hint)}{hint}"
    return "the rule is not enabled: name it under 'enable'"


def _numbered(test: Prepared) -> Iterator[tuple[int, AnyEvent]]:
    return enumerate(test.feed.events())


def _lines(
    test: Prepared, event: AnyEvent, found: Explanation, came: Sequence[Came]
) -> Iterator[str]:
    what = f"{test.unit} {test.label(event)}"
    if found.holds:
        others = [each.alert.rule for each in came if each.event == test.label(event)]
        if others and test.rule_matching == "first":
            yield f"{what}: its condition is true, but {others[0]!r} comes first, and takes it"
        return
    changes = found.changes
    for change in changes[:_LINES]:
        yield f"{what}: {change.how}{_seen(change, found)} ({_place(change.part)})"
    if len(changes) > _LINES:
        yield f"    and {len(changes) - _LINES} more of its comparisons would have to change"
    if not changes:
        parts = [part for part in found.root.walk() if part.decisive and not part.parts]
        for part in parts[:_LINES]:
            verdict = str(part.verdict).lower()
            yield f"{what}: {part.outline.text} is {verdict} ({_place(part.outline)})"


def _seen(change: Change, found: Explanation) -> str:
    """Return what there was instead of what would have to be."""
    part: Part = next(each for each in found.root.walk() if each.outline.id == change.part.id)
    if len(part.seen) != 1:
        return ""
    (seen,) = part.seen
    if seen.value is None:
        return f", and there is none: {seen.absent_because}" if seen.absent_because else ""
    return f", and it is {told(seen.value)}"


def _place(part: OutlinePart) -> str:
    line, column = part.span.position
    return f"{part.span.file}:{line}:{column}"
