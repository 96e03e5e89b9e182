"""Small changes of conditions, such as people make by mistake: mutants.

A change is made of what was written, and checked as that was: what comes out is a condition
of the same rules language.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from rulec.canonical import canonical, escape_value
from rulec.check import NA, check
from rulec.definitions import ListDefinition
from rulec.diagnostics import ProblemError
from rulec.explain.outline import Outline, OutlinePart
from rulec.nodes import (
    And,
    Check,
    Condition,
    Constant,
    Items,
    Literal,
    Not,
    Or,
    Quantifier,
    Test,
    rebuild,
)
from rulec.operators import SYNONYMS
from rulec.runtime.fields import Catalogue, Kind
from rulec.runtime.sources import EventSource
from rulec.testing.evidence import Bits, joined
from rulec.text import Span

LEFT_OUT: Final = "(left out)"

# What an operator is mistaken for, one entry each. The others are negated.
SWAPS: Final[Mapping[str, str]] = {
    "=": "!=",
    "!=": "=",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "contains": "=",
    "icontains": "contains",
    "startswith": "contains",
    "endswith": "contains",
    "bcontains": "bstartswith",
    "bstartswith": "bcontains",
    "iglob": "glob",
}
# The same for operators that go over lists, where the value is a list itself.
LIST_SWAPS: Final[Mapping[str, str]] = {"in": "intersects", "intersects": "in"}
MODIFIER_SWAPS: Final[Mapping[str, str]] = {"oneof": "anyof", "anyof": "allof", "allof": "anyof"}

# Operators whose constant is no text that could be a little different.
_FIXED: Final = frozenset({"regex", "exists"})


class Known(NamedTuple):
    """What is known when a part is changed: of which events it and others are true.

    ``parts`` are those of the part, ``asked`` the conditions that the mutant asks.
    """

    own: Bits
    parts: tuple[Bits, ...]
    asked: tuple[Bits, ...]
    everything: Bits


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of a part of a rule's condition.

    ``kind`` says of what: operator, constant, item (of a list), join (``and``, ``or``), part
    or not. ``written`` is the part as it would be written then, and ``condition`` what that
    means. ``verdict`` tells of which events it would be true, given what is true of the
    conditions ``asked``. ``before`` and ``after`` say what is changed, ``span`` is where.
    """

    rule: str
    part: int
    kind: str
    before: str
    after: str
    span: Span
    written: Condition
    condition: Condition
    asked: tuple[Condition, ...]
    verdict: Callable[[Known], Bits]


def mutants(
    outline: Outline, source: EventSource, fields: Catalogue, places: "Places"
) -> Iterator[Mutant]:
    """Yield every change of the condition of a rule, in the order of writing.

    Changes are left out that cannot be compiled, or give the same condition.
    """
    maker = _Maker(outline.rule, source, fields, places)
    for part in outline.root.walk():
        for mutant in maker.of(part):
            if mutant.condition != part.condition:
                yield mutant


@dataclass(frozen=True)
class _Maker:
    rule: str
    source: EventSource
    fields: Catalogue
    places: "Places"

    def of(self, part: OutlinePart) -> Iterator[Mutant]:
        match part.kind:
            case "and" | "or":
                yield self._swapped(part)
                yield from self._shortened(part)
            case "not":
                (inner,) = part.parts
                means = (inner.written, inner.condition)
                yield self._mutant(part, "not", *means, lambda known: known.parts[0])
            case "test" if isinstance(part.written, Check):
                yield from self._of_test(part, part.written)

    def _mutant(
        self,
        part: OutlinePart,
        kind: str,
        written: Condition,
        condition: Condition,
        verdict: Callable[[Known], Bits],
        asked: tuple[Condition, ...] = (),
        *,
        left_out: tuple[str, Span] | None = None,
    ) -> Mutant:
        before, after, span = part.text, canonical(written), part.span
        if left_out is not None:
            before, after, span = left_out[0], LEFT_OUT, left_out[1]
        return Mutant(
            self.rule, part.id, kind, before, after, span, written, condition, asked, verdict
        )

    # --- what joins parts -----------------------------------------------------------------

    def _swapped(self, part: OutlinePart) -> Mutant:
        kind, join = ("or", Or) if part.kind == "and" else ("and", And)
        written = join(tuple(each.written for each in part.parts))
        condition = join(tuple(each.condition for each in part.parts))

        def verdict(known: Known) -> Bits:
            return joined(kind, known.parts, known.everything)

        return self._mutant(part, "join", written, condition, verdict)

    def _shortened(self, part: OutlinePart) -> Iterator[Mutant]:
        join = And if part.kind == "and" else Or
        for number, left_out in enumerate(part.parts):
            others = part.parts[:number] + part.parts[number + 1 :]

            def verdict(known: Known, number: int = number) -> Bits:
                parts = known.parts[:number] + known.parts[number + 1 :]
                return joined(part.kind, parts, known.everything)

            written = join(tuple(each.written for each in others))
            condition = join(tuple(each.condition for each in others))
            what = (left_out.text, left_out.span)
            yield self._mutant(part, "part", written, condition, verdict, left_out=what)

    # --- tests ------------------------------------------------------------------------------

    def _of_test(self, part: OutlinePart, check: Check) -> Iterator[Mutant]:
        yield from self._other_operator(part, check)
        match check.right:
            case Items(items) if len(items) > 1:
                yield from self._without_items(part, check, items)
            case Items((only,)):
                yield from self._other_constant(part, check, only)
            case Literal() as literal:
                yield from self._other_constant(part, check, literal)

    def _other_operator(self, part: OutlinePart, check: Check) -> Iterator[Mutant]:
        symbol, blank, modifier = check.operator.partition(" ")
        symbol = SYNONYMS.get(symbol, symbol)
        other = None
        if modifier:
            other = f"{symbol}{blank}{MODIFIER_SWAPS[modifier]}"
        elif symbol in SWAPS:
            other = SWAPS[symbol]
        elif symbol in LIST_SWAPS and _is_over_a_list(part.condition):
            other = LIST_SWAPS[symbol]
        if other is not None:
            yield from self._asking(part, "operator", replace(check, operator=other))
        else:
            negated = (Not(check), Not(part.condition))
            yield self._mutant(part, "operator", *negated, lambda k: k.everything & ~k.own)

    def _other_constant(
        self, part: OutlinePart, check: Check, literal: Literal
    ) -> Iterator[Mutant]:
        symbol = check.operator.partition(" ")[0]
        if symbol in _FIXED or literal.text == NA:
            return
        other = replace(literal, text=_other(literal.text, symbol))
        right = Items((other,)) if isinstance(check.right, Items) else other
        yield from self._asking(part, "constant", replace(check, right=right))

    def _asking(
        self,
        part: OutlinePart,
        kind: str,
        changed: Check,
        left_out: tuple[str, Span] | None = None,
    ) -> Iterator[Mutant]:
        """Yield the change of a test to another one, if that can be compiled."""
        if (condition := self._checked(changed)) is not None:
            means, asked = (changed, condition), (condition,)
            yield self._mutant(
                part, kind, *means, lambda known: known.asked[0], asked, left_out=left_out
            )

    def _without_items(
        self, part: OutlinePart, check: Check, items: Sequence[Literal]
    ) -> Iterator[Mutant]:
        equals = self._equals(part, check, items)
        counts = Counter(equals or (item.text for item in items))
        for number, item in enumerate(items):
            if counts[equals[number] if equals else item.text] > 1:
                continue  # it would still be there
            shorter = replace(check, right=Items((*items[:number], *items[number + 1 :])))
            what = (escape_value(item.text), self.places.of(item))
            if not equals:
                yield from self._asking(part, "item", shorter, what)
                continue
            # What a long list says without an item is told by the list and the item.
            equal = equals[number]
            means, asked = (shorter, And((part.condition, Not(equal)))), (equal,)
            yield self._mutant(
                part, "item", *means, lambda k: k.own & ~k.asked[0], asked, left_out=what
            )

    def _equals(self, part: OutlinePart, check: Check, items: Sequence[Literal]) -> list[Condition]:
        """Return what asks for each of the items alone; nothing if that is not as simple."""
        if not isinstance(part.condition, Test) or part.condition.operator != "in":
            return []
        if _is_over_a_list(part.condition):
            return []
        found = [self._checked(Check(check.left, "=", item)) for item in items]
        simple = [
            each
            for each in found
            if isinstance(each, Test)
            and each.operator == "="
            and isinstance(each.operand, Constant)
            and each.operand.type.kind is not Kind.NETWORK  # one may contain another
        ]
        return list(simple) if len(simple) == len(items) else []

    def _checked(self, changed: Check) -> Condition | None:
        try:
            found = check(changed, self.source, self.fields)
        except ProblemError:
            return None
        return None if found.problems else found.condition


@dataclass(frozen=True)
class Places:
    """Where the items of lists are written that stand in conditions by the names of the lists."""

    lists: Mapping[str, ListDefinition]
    _found: dict[str, dict[str, Span]] = field(default_factory=dict)

    def of(self, item: Literal) -> Span:
        """Return where an item is written."""
        name = item.span.stands_for
        if name is None or name not in self.lists:
            return item.span
        if name not in self._found:
            self._found[name] = dict(self._items(name))
        return self._found[name].get(item.text, item.span)

    def _items(self, name: str) -> Iterator[tuple[str, Span]]:
        pending, met = [name], {name}
        while pending:
            for text in self.lists[pending.pop()].items:
                word = str(text)
                if word not in self.lists:
                    yield word.strip("\"'"), text.span(0)
                elif word not in met:
                    met.add(word)
                    pending.append(word)


def _is_over_a_list(condition: Condition) -> bool:
    return isinstance(condition, Test) and condition.quantifier is not Quantifier.NONE


_SWITCHED: Final = {"true": "false", "false": "true"}


def _other(text: str, symbol: str) -> str:
    """Return a constant that is a little different from another."""
    if text in _SWITCHED:
        return _SWITCHED[text]
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return str(int(text) + 1)
    return f"~{text}" if symbol == "endswith" else f"{text}~"


def replaced(outline: Outline, mutant: Mutant) -> Condition:
    """Return the whole condition of a rule as a mutant has it, with macros replaced."""
    return _replaced(outline.root, mutant)


def _replaced(part: OutlinePart, mutant: Mutant) -> Condition:
    if part.id == mutant.part:
        return mutant.condition
    if part.kind == "macro":
        return _replaced(part.parts[0], mutant)
    parts = iter(part.parts)
    if not part.parts:
        return part.condition
    return rebuild(part.condition, lambda _: _replaced(next(parts), mutant))
