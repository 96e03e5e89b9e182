"""Small changes of conditions, such as people make by mistake: mutants.

A change is made of what was written, and checked as that was: what comes out is a condition
of the same rules language.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from rulec.canonical import canonical, escape_value
from rulec.check import NA, check
from rulec.diagnostics import ProblemError
from rulec.explain.outline import Outline, OutlinePart
from rulec.nodes import And, Check, Condition, Items, Literal, Not, Or, Quantifier, Test, rebuild
from rulec.operators import SYNONYMS
from rulec.runtime.fields import Catalogue
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
    or not. ``condition`` is what the part means then. ``verdict`` tells of which events it
    would be true, given what is true of the conditions ``asked``.
    """

    rule: str
    part: int
    kind: str
    before: str
    after: str
    span: Span
    condition: Condition
    asked: tuple[Condition, ...]
    verdict: Callable[[Known], Bits]


def mutants(outline: Outline, source: EventSource, fields: Catalogue) -> Iterator[Mutant]:
    """Yield every change of the condition of a rule, in the order of writing.

    Changes are left out that cannot be compiled, or give the same condition.
    """
    maker = _Maker(outline.rule, source, fields)
    for part in outline.root.walk():
        for mutant in maker.of(part):
            if mutant.condition != part.condition:
                yield mutant


@dataclass(frozen=True)
class _Maker:
    rule: str
    source: EventSource
    fields: Catalogue

    def of(self, part: OutlinePart) -> Iterator[Mutant]:
        match part.kind:
            case "and" | "or":
                yield self._swapped(part)
                yield from self._shortened(part)
            case "not":
                (inner,) = part.parts
                change = (part.text, inner.text)
                yield self._mutant(part, "not", *change, inner.condition, (), lambda k: k.parts[0])
            case "test" if isinstance(part.written, Check):
                yield from self._of_test(part, part.written)

    def _mutant(
        self,
        part: OutlinePart,
        kind: str,
        before: str,
        after: str,
        condition: Condition,
        asked: tuple[Condition, ...],
        verdict: Callable[[Known], Bits],
        span: Span | None = None,
    ) -> Mutant:
        place = part.span if span is None else span
        return Mutant(self.rule, part.id, kind, before, after, place, condition, asked, verdict)

    # --- what joins parts -----------------------------------------------------------------

    def _swapped(self, part: OutlinePart) -> Mutant:
        kind, join = ("or", Or) if part.kind == "and" else ("and", And)
        conditions = tuple(each.condition for each in part.parts)
        written = join(tuple(each.written for each in part.parts))

        def verdict(known: Known) -> Bits:
            return joined(kind, known.parts, known.everything)

        change = (part.text, canonical(written))
        return self._mutant(part, "join", *change, join(conditions), (), verdict)

    def _shortened(self, part: OutlinePart) -> Iterator[Mutant]:
        join = And if part.kind == "and" else Or
        for number, left_out in enumerate(part.parts):
            others = part.parts[:number] + part.parts[number + 1 :]

            def verdict(known: Known, number: int = number) -> Bits:
                parts = known.parts[:number] + known.parts[number + 1 :]
                return joined(part.kind, parts, known.everything)

            condition = join(tuple(each.condition for each in others))
            change = (left_out.text, LEFT_OUT)
            yield self._mutant(part, "part", *change, condition, (), verdict, left_out.span)

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
            changed = replace(check, operator=other)
            yield from self._asking(part, "operator", changed)
        else:
            change = (part.text, canonical(Not(part.written)))
            negated = Not(part.condition)
            yield self._mutant(
                part, "operator", *change, negated, (), lambda k: k.everything & ~k.own
            )

    def _other_constant(
        self, part: OutlinePart, check: Check, literal: Literal
    ) -> Iterator[Mutant]:
        symbol = check.operator.partition(" ")[0]
        if symbol in _FIXED or literal.text == NA:
            return
        other = replace(literal, text=_other(literal.text, symbol))
        right = Items((other,)) if isinstance(check.right, Items) else other
        yield from self._asking(part, "constant", replace(check, right=right))

    def _asking(self, part: OutlinePart, kind: str, changed: Check) -> Iterator[Mutant]:
        """Yield the change of a test to another one, if that can be compiled."""
        if (condition := self._checked(changed)) is not None:
            change = (part.text, canonical(changed))
            yield self._mutant(part, kind, *change, condition, (condition,), lambda k: k.asked[0])

    def _without_items(
        self, part: OutlinePart, check: Check, items: Sequence[Literal]
    ) -> Iterator[Mutant]:
        texts = [item.text for item in items]
        simple = isinstance(part.condition, Test) and not _is_over_a_list(part.condition)
        for number, item in enumerate(items):
            if texts.count(item.text) > 1:
                continue  # it would still be there
            change = (escape_value(item.text), LEFT_OUT)
            equal = self._equal(check, item) if simple and check.operator == "in" else None
            if equal is not None:
                # What a long list says without an item is told by the list and the item.
                condition = And((part.condition, Not(equal)))
                yield self._mutant(
                    part,
                    "item",
                    *change,
                    condition,
                    (equal,),
                    lambda k: k.own & ~k.asked[0],
                    item.span,
                )
                continue
            others = (*items[:number], *items[number + 1 :])
            shorter = self._checked(replace(check, right=Items(others)))
            if shorter is not None:
                yield self._mutant(
                    part, "item", *change, shorter, (shorter,), lambda k: k.asked[0], item.span
                )

    def _equal(self, check: Check, item: Literal) -> Test | None:
        found = self._checked(Check(check.left, "=", item))
        return found if isinstance(found, Test) and found.operator == "=" else None

    def _checked(self, changed: Check) -> Condition | None:
        try:
            found = check(changed, self.source, self.fields)
        except ProblemError:
            return None
        return None if found.problems else found.condition


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
