"""Conditions as trees that know where each part comes from.

A tree is of the condition as it was written: the name of a macro is a part, with the
condition of the macro below it, and a comparison is one test, whatever it is spelled out to.
Lists, exceptions, and what other files added or replaced show in the origin of a part.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Final

from rulec.analysis import Analysis
from rulec.canonical import canonical
from rulec.check import check
from rulec.definitions import Amendment, Definitions
from rulec.exceptions import fold_exceptions, place_of
from rulec.extras import NO_EXTRAS, Extras
from rulec.items import Context, Rule
from rulec.lists import Lists, ListText, expand_lists
from rulec.nodes import And, Check, Condition, Const, Macro, Not, OneOf, Or, Test, rebuild
from rulec.parse import parse_condition
from rulec.plan import CheckedRule
from rulec.runtime.sources import EventSource
from rulec.text import File, Piece, Span, Text
from rulec.yaml_reader import place


@dataclass(frozen=True, slots=True)
class Origin:
    """One step of where a part comes from.

    ``kind`` is ``rule``, ``macro``, ``list``, ``exception``, ``append`` (added by another
    item) or ``override`` (put in the place of something by another item); ``span`` is where
    that begins, and ``name`` what it is called, or what it was added to.
    """

    kind: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class OutlinePart:
    """A part of a condition.

    ``id`` is its number in the rule, in the order of writing, a whole before its parts: 0 is
    the whole condition. ``kind`` is ``and``, ``or``, ``not``, ``macro``, ``test`` (a
    comparison), or ``const`` (a comparison that is the same for all events, such as ``in ()``).
    ``written`` is what was parsed, ``condition`` what it means, with macros replaced.
    ``origin`` is where it comes from, outermost first.
    """

    id: int
    kind: str
    written: Condition = field(compare=False, repr=False)
    condition: Condition = field(repr=False)
    origin: tuple[Origin, ...] = field(repr=False)
    span: Span = field(repr=False)
    parts: tuple["OutlinePart", ...] = field(repr=False)

    @property
    def text(self) -> str:
        """The part as Falco prints it, with the names of macros in it."""
        return canonical(self.written)

    def walk(self) -> Iterator["OutlinePart"]:
        """Yield the part and all parts below it, in the order of their numbers."""
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            pending.extend(reversed(part.parts))

    def leaves(self) -> Iterator["OutlinePart"]:
        """Yield the parts that have no parts themselves."""
        return (part for part in self.walk() if not part.parts)


@dataclass(frozen=True, slots=True)
class Outline:
    """The condition of a rule, with its exceptions; ``span`` is where the rule begins."""

    rule: str
    source: str
    root: OutlinePart
    span: Span


def outlines(
    definitions: Definitions,
    analysis: Analysis,
    sources: Mapping[str, EventSource],
    extras: Extras = NO_EXTRAS,
) -> Mapping[str, Outline]:
    """Return the outline of every rule that could be checked, by its name."""
    outliner = Outliner(definitions, sources, extras)
    return {rule.name: outliner.outline(rule) for rule in analysis.rules}


class Outliner:
    """Makes outlines of the rules among some definitions."""

    def __init__(
        self, definitions: Definitions, sources: Mapping[str, EventSource], extras: Extras
    ) -> None:
        self._definitions = definitions
        self._sources = sources
        self._extras = extras
        texts, _ = expand_lists(definitions.lists)
        self._lists = Lists(texts)
        self._list_texts = {text.name: text for text in texts}
        self._amendments = _Amendments(definitions.amendments)
        self._macros: dict[tuple[str, str], OutlinePart] = {}

    def outline(self, checked: CheckedRule) -> Outline:
        """Return the outline of a rule that has been checked."""
        rule = self._definitions.rules[checked.name]
        text, _ = fold_exceptions(rule)
        begins = Origin("rule", rule.name, checked.span)
        root = self._parsed(text, rule.source, (begins,), rule)
        return Outline(rule.name, rule.source, _numbered(root, (), count()), checked.span)

    def _parsed(
        self, text: Text, source: str, origin: tuple[Origin, ...], rule: Rule | None = None
    ) -> OutlinePart:
        """Return the parts of a condition, which are yet to be numbered."""
        substituted, _ = self._lists.substitute(text)
        node = parse_condition(substituted)
        drafts = _Drafts(self, source, _Pieces(substituted))
        return drafts.whole(node, origin, rule)

    def macro(self, name: str, source: str) -> OutlinePart:
        """Return the condition of a macro as rules for a source have it, with its origin."""
        if (name, source) not in self._macros:
            macro = self._definitions.macros[name]
            begins = Origin("macro", name, _begin(macro.context))
            self._macros[name, source] = self._parsed(macro.condition, source, (begins,))
        return self._macros[name, source]

    def checked(self, node: Check, source: str) -> Condition:
        """Return what a comparison means."""
        found = self._sources[source]
        return check(node, found, self._extras.fields(found.fields)).condition

    def list_origins(self, name: str) -> Iterator[Origin]:
        """Yield where a list comes from, and what was added to it; then the lists within it."""
        pending, met = [name], set[str]()
        while pending:
            name = pending.pop()
            if name in met:
                continue
            met.add(name)
            yield Origin("list", name, _begin(self._definitions.lists[name].context))
            yield from self._amendments.of_list(self._definitions.lists[name].items)
            text: ListText = self._list_texts[name]
            pending.extend(reversed(text.uses))

    def is_list(self, name: str) -> bool:
        """Return whether there is a list of this name."""
        return name in self._list_texts

    def amended(self, piece: Piece) -> Origin | None:
        """Return what wrote a piece of a text, if it was no first definition."""
        return self._amendments.of(piece)


def _begin(context: Context) -> Span:
    last = context[-1]
    return place(last.file, last.at)


def _numbered(draft: OutlinePart, outer: tuple[Origin, ...], numbers: Iterator[int]) -> OutlinePart:
    """Return a part with numbers, coming from somewhere inside of ``outer``."""
    number, origin = next(numbers), (*outer, *draft.origin)
    # The condition of a macro is used by many, and knows only where it comes from itself.
    inner = origin if draft.kind == "macro" else outer
    parts = tuple(_numbered(part, inner, numbers) for part in draft.parts)
    return OutlinePart(
        number, draft.kind, draft.written, draft.condition, origin, draft.span, parts
    )


_KINDS: Final[Mapping[type[Condition], str]] = {
    And: "and",
    Or: "or",
    Not: "not",
}


class _Drafts:
    """Makes the parts of one condition, as yet without numbers."""

    def __init__(self, outliner: Outliner, source: str, pieces: "_Pieces") -> None:
        self._outliner = outliner
        self._source = source
        self._pieces = pieces

    def whole(self, node: Condition, origin: tuple[Origin, ...], rule: Rule | None) -> OutlinePart:
        """Return the part for a whole condition; that of a rule may have exceptions at its end."""
        exceptions = {
            place_of(each).origin: Origin("exception", each.name, place_of(each))
            for each in (() if rule is None else rule.exceptions)
            if each.values
        }
        if not exceptions or not isinstance(node, And):
            return self.part(node, origin)
        parts = []
        for operand in node.operands:
            first = self._pieces.first(operand.span)
            at = None if first is None or first.verbatim else (first.file, first.offset)
            found = exceptions.get(at) if at is not None and isinstance(operand, Not) else None
            parts.append(self.part(operand, origin if found is None else (*origin, found)))
        return self._joined(node, tuple(parts), origin)

    def part(self, node: Condition, origin: tuple[Origin, ...]) -> OutlinePart:
        match node:
            case Macro(name):
                inner = self._outliner.macro(name, self._source)
                own = (*origin, *self._amended(node.span))
                return OutlinePart(0, "macro", node, inner.condition, own, node.span, (inner,))
            case Check():
                condition = self._outliner.checked(node, self._source)
                kind = "const" if isinstance(condition, Const) else "test"
                own = (*origin, *self._origins(node.span))
                return OutlinePart(0, kind, node, condition, own, node.span, ())
            case Not(operand):
                return self._joined(node, (self.part(operand, origin),), origin)
            case And(operands) | Or(operands):
                parts = tuple(self.part(operand, origin) for operand in operands)
                return self._joined(node, parts, origin)
            case Const() | Test() | OneOf():
                raise AssertionError(f"{node!r} is nothing that is parsed")

    def _joined(
        self, node: Condition, parts: tuple[OutlinePart, ...], origin: tuple[Origin, ...]
    ) -> OutlinePart:
        conditions = iter(parts)
        condition = rebuild(node, lambda _: next(conditions).condition)
        own = (*origin, *self._amended(node.span))
        return OutlinePart(0, _KINDS[type(node)], node, condition, own, node.span, parts)

    def _amended(self, span: Span) -> tuple[Origin, ...]:
        """Return what wrote all of a part that was not there at first."""
        written = [piece for piece in self._pieces.of(span) if piece.verbatim]
        found = {self._outliner.amended(piece) for piece in written[:1] + written[-1:]}
        return tuple(each for each in found if each is not None) if len(found) == 1 else ()

    def _origins(self, span: Span) -> tuple[Origin, ...]:
        """Return the lists in a comparison, and what wrote any of it later than the rest."""
        found: dict[Origin, None] = {}
        for piece in self._pieces.of(span):
            if piece.verbatim:
                amended = self._outliner.amended(piece)
                found |= {} if amended is None else {amended: None}
                continue
            name = piece.file.content[piece.offset : piece.offset + piece.width]
            if self._outliner.is_list(name):
                found |= dict.fromkeys(self._outliner.list_origins(name))
        return tuple(found)


class _Pieces:
    """The pieces of a text, found by where they are in it."""

    def __init__(self, text: Text) -> None:
        self._pieces = text.pieces
        self._starts = list(accumulate((len(p.characters) for p in text.pieces), initial=0))

    def of(self, span: Span) -> Iterator[Piece]:
        """Yield the pieces of a part of the text, the first and the last one perhaps cut."""
        at = bisect_right(self._starts, span.start) - 1
        while at < len(self._pieces) and self._starts[at] < span.end:
            piece, start = self._pieces[at], self._starts[at]
            low = max(span.start - start, 0)
            high = min(span.end - start, len(piece.characters))
            if low < high:
                offset = piece.offset + (low if piece.verbatim else 0)
                characters = piece.characters[low:high]
                yield Piece(characters, piece.file, offset, piece.verbatim, piece.width)
            at += 1

    def first(self, span: Span) -> Piece | None:
        """Return the piece with which a part begins; None if there is nothing."""
        return next(self.of(span), None)


class _Amendments:
    """What wrote which places of which files, if it was no first definition."""

    def __init__(self, amendments: tuple[Amendment, ...]) -> None:
        places: dict[File, list[tuple[int, int, Origin]]] = {}
        for each in amendments:
            origin = Origin(each.kind, each.name, _begin(each.context))
            for text in each.texts:
                for piece in text.pieces:
                    end = piece.offset + len(piece.characters)
                    places.setdefault(piece.file, []).append((piece.offset, end, origin))
        self._places = {
            file: sorted(found, key=lambda each: each[:2]) for file, found in places.items()
        }

    def of(self, piece: Piece) -> Origin | None:
        found = self._places.get(piece.file, [])
        at = bisect_right(found, piece.offset, key=lambda each: each[0]) - 1
        return found[at][2] if at >= 0 and piece.offset < found[at][1] else None

    def of_list(self, items: tuple[Text, ...]) -> tuple[Origin, ...]:
        """Return what wrote items of a list that were not there at first."""
        found = (self.of(piece) for item in items for piece in item.pieces[:1])
        return tuple(dict.fromkeys(each for each in found if each is not None))
