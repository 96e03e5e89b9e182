"""What somebody edited that changed a condition: its own text, macros, lists, exceptions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rulec.canonical import canonical
from rulec.dependencies import Item, Kind
from rulec.diagnostics import ProblemError
from rulec.difference.sides import Side
from rulec.items import RuleException
from rulec.parse import parse_condition
from rulec.text import Span, Text
from rulec.yaml_reader import place


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that was edited: ``kind`` and ``name`` say what, ``span`` where.

    ``added`` and ``removed`` are the items of a list, each with its place.
    """

    kind: str  # "condition", "exception", "macro" or "list"
    name: str
    span: Span
    added: tuple[tuple[str, Span], ...] = ()
    removed: tuple[tuple[str, Span], ...] = ()


def causes(old: Side, before: str, new: Side, after: str) -> Iterator[Cause]:
    """Yield what was edited of a rule's condition, and of all that it uses.

    The rule is called ``before`` in the old ruleset and ``after`` in the new one.
    """
    one, other = old.defined(before), new.defined(after)
    if not _same(one.condition, other.condition):
        yield Cause("condition", after, _first_difference(one.condition, other.condition))
    yield from _exceptions(one.exceptions, other.exceptions)
    items = dict.fromkeys(
        (
            *old.dependencies.everything(Item(Kind.RULE, before)),
            *new.dependencies.everything(Item(Kind.RULE, after)),
        )
    )
    for item in items:
        match item.kind:
            case Kind.MACRO:
                yield from _macro(old, new, item)
            case Kind.LIST:
                yield from _list(old, new, item)
            case Kind.RULE:
                pass


def _macro(old: Side, new: Side, item: Item) -> Iterator[Cause]:
    one, other = (side.definitions.macros.get(item.name) for side in (old, new))
    if one is None or other is None:
        side = old if other is None else new
        yield Cause("macro", item.name, side.dependencies.place(item))
    elif not _same(one.condition, other.condition):
        span = _first_difference(one.condition, other.condition)
        yield Cause("macro", item.name, span)


def _list(old: Side, new: Side, item: Item) -> Iterator[Cause]:
    one, other = (side.definitions.lists.get(item.name) for side in (old, new))
    if one is None or other is None:
        side = old if other is None else new
        yield Cause("list", item.name, side.dependencies.place(item))
        return
    before, after = ({str(text): text for text in each.items} for each in (one, other))
    added = tuple((name, text.span(0)) for name, text in after.items() if name not in before)
    removed = tuple((name, text.span(0)) for name, text in before.items() if name not in after)
    if added or removed:
        yield Cause("list", item.name, new.dependencies.place(item), added, removed)


def _exceptions(old: tuple[RuleException, ...], new: tuple[RuleException, ...]) -> Iterator[Cause]:
    before, after = ({each.name: each for each in exceptions} for exceptions in (old, new))
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None or _plain(one) != _plain(other):
            found = other or one
            assert found is not None
            last = found.context[-1]
            yield Cause("exception", name, place(last.file, last.at))


def _plain(exception: RuleException) -> Any:
    """Return what an exception says, without where it says so."""
    return tuple(map(_strings, (exception.fields, exception.operators, exception.values or ())))


def _strings(entry: Any) -> Any:
    return tuple(map(_strings, entry)) if isinstance(entry, tuple) else str(entry)


def _same(old: Text, new: Text) -> bool:
    """Return whether two conditions differ in their layout at most, before lists are replaced."""
    if str(old).split() == str(new).split():
        return True
    try:
        return canonical(parse_condition(old)) == canonical(parse_condition(new))
    except ProblemError:
        return False


def _first_difference(old: Text, new: Text) -> Span:
    """Return where the new text begins to be another one."""
    before, after = str(old), str(new)
    at = next(
        (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    while at < len(after) and after[at].isspace():
        at += 1
    return new.span(min(at, max(0, len(after) - 1)))
