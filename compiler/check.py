"""Look every name of a condition up in the tables, and check types and constants.

What comes out means exactly one thing: fields are declarations, operators
are entries of the table, constants are values of the field's type, and the
conveniences of the language (modifiers, ranges, ``<NA>``) are spelled out as
plain tests. All problems of a condition are found in one go.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from rulec.advice import advice
from rulec.constants import constant
from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import (
    And,
    Check,
    Condition,
    Const,
    Constant,
    FieldRef,
    Items,
    Literal,
    Loaded,
    Not,
    OneOf,
    Or,
    Quantifier,
    Reference,
    Test,
    Value,
    checks,
    rebuild,
)
from rulec.operators import (
    COMPARABLE_LISTS,
    IN_RANGES,
    OPERATORS,
    SYNONYMS,
    Operator,
    Takes,
)
from rulec.references import References, several, shape
from rulec.runtime.fields import CHARBUF, Catalogue, Kind, Several
from rulec.runtime.sources import EventSource
from rulec.text import NOWHERE, Span
from rulec.transformers import Shape

NA: Final = "<NA>"

# Comparisons in which "<NA>" has been used to mean "no value".
NA_OPERATORS: Final = frozenset({"=", "!=", "in", "intersects", "pmatch"})

# Fields that hold the name of a type of events.
TYPE_FIELDS: Final = frozenset({"evt.type", "evt.asynctype"})

_RANGE: Final = re.compile(r"[+-]?[0-9]+:[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition that can be compiled if there are no problems."""

    condition: Condition
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(condition: Condition, source: EventSource, fields: Catalogue | None = None) -> Checked:
    """Check a resolved condition against its event source.

    ``fields`` are those of the source unless a configuration adds to them.
    """
    checker = _Checker(source, source.fields if fields is None else fields)
    checker.warnings += _unsafe_checks(condition)
    checked = checker.condition(condition)
    return Checked(checked, tuple(checker.problems), tuple(checker.warnings))


@dataclass
class _Checker:
    source: EventSource
    fields: Catalogue
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.references = References(self.fields, self.warnings)

    def condition(self, node: Condition) -> Condition:
        if not isinstance(node, Check):
            return rebuild(node, self.condition)
        try:
            return self.check(node)
        except ProblemError as error:
            self.problems.append(error.problem)
            return Const(False)

    def check(self, node: Check) -> Condition:
        references = self.references
        value = references.value(node.left)
        symbol, _, modifier = node.operator.partition(" ")
        operator = OPERATORS[SYNONYMS.get(symbol, symbol)]
        quantifier = self.quantifier(operator, shape(value), node)
        if several(value) and operator.symbol != "exists":
            quantifier = _over_several(value, operator)
        if isinstance(value, Loaded) and value.field.within:
            operator = _within(value, operator, node)
        match node.right:
            case None:
                return Test(value, operator.symbol, span=node.span)
            case Literal() | Items() as right:
                literals = right.items if isinstance(right, Items) else (right,)
                self.known_types(value, literals, node)
                constants = self.constants(literals, operator, shape(value), node)
                tests = _Tests(value, operator, quantifier, literals, constants, node.span)
                return self.spelled_out(tests, modifier, node)
            case right:
                operand = references.value(right)
                self.comparable(operator, value, operand, right)
                symbol = operator.symbol
                if operator.takes is Takes.MANY and quantifier is Quantifier.NONE:
                    symbol = "="  # the one value of a field
                return Test(value, symbol, operand, quantifier, span=node.span)

    def quantifier(self, operator: Operator, left: Shape, node: Check) -> Quantifier:
        """Return how the operator goes over the value, or complain that it cannot."""
        mismatch = Problem(
            "operator_type_mismatch",
            f"{operator.symbol!r} cannot be asked of a {_described(left)}",
            node.span,
            f"these can: {', '.join(askable(left))}",
        )
        if not left.is_list:
            if left.type.kind not in operator.meanings:
                raise ProblemError(mismatch)
            return Quantifier.NONE
        if operator.symbol != "exists" and left.type.name not in COMPARABLE_LISTS:
            text = f"lists of {left.type.name} can only be asked whether they exist"
            raise ProblemError(Problem("list_type_not_comparable", text, node.span))
        if operator.on_lists is not None:
            return operator.on_lists
        if not self.source.lenient or operator.lenient is None:
            raise ProblemError(mismatch)
        amount = operator.lenient.value
        text = f"{operator.symbol!r} on a list: taken as {amount!r}; Falco refuses the rule"
        hint = "use 'in' (every element) or 'intersects' (at least one)"
        self.warnings.append(Problem("list_field_operator", text, node.span, hint))
        return operator.lenient

    def known_types(self, value: Value, literals: tuple[Literal, ...], node: Check) -> None:
        """Complain about names that no type of event has."""
        known = self.source.event_types
        if not known or not isinstance(value, Loaded) or value.field.name not in TYPE_FIELDS:
            return
        for literal in literals:
            if literal.text not in known:
                near = get_close_matches(literal.text, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else ""
                text = f"unknown event type {literal.text!r}"
                problem = Problem("unknown_event_type", text, literal.span, hint)
                self.problems.append(replace(problem, check=node.span))

    def constants(
        self, literals: tuple[Literal, ...], operator: Operator, left: Shape, node: Check
    ) -> tuple[object, ...]:
        found = []
        for literal in literals:
            self.warnings += advice(literal, operator.symbol, self.known_field)
            try:
                found.append(constant(literal, left.type, operator.symbol))
            except ProblemError as error:
                self.problems.append(replace(error.problem, check=node.span))
        return tuple(found)

    def known_field(self, text: str) -> bool:
        """Return whether a text is the name of a field, with a fitting argument."""
        return References(self.fields, []).known(text)

    def comparable(
        self, operator: Operator, value: Value, operand: Value, right: Reference
    ) -> None:
        """Complain when the two sides of a field comparison do not go together."""
        left_shape, right_shape = shape(value), shape(operand)
        # What lenient sources allow is a comparison of the elements with constants.
        element_wise = left_shape.is_list and operator.on_lists is None
        if element_wise or not operator.fields or left_shape.type.kind is Kind.NETWORK:
            text = f"{operator.symbol!r} cannot compare a {_described(left_shape)} with a field"
            raise ProblemError(Problem("rhs_field_not_allowed", text, right.span))
        for side in (value, operand):
            declared = getattr(side, "field", None)
            if declared is not None and not declared.comparable:
                text = f"{declared.name} cannot be compared with another field"
                raise ProblemError(Problem("rhs_field_not_allowed", text, right.span))
        same = (left_shape.type, left_shape.is_list) == (right_shape.type, right_shape.is_list)
        if not same:
            text = f"a {_described(left_shape)} is compared with a {_described(right_shape)}"
            hint = "both sides must have the same type"
            raise ProblemError(Problem("rhs_type_mismatch", text, right.span, hint))

    def spelled_out(self, tests: "_Tests", modifier: str, node: Check) -> Condition:
        """Return the plain tests that a comparison with constants stands for."""
        if modifier:
            parts = tuple(tests.single(constant) for constant in tests.constants)
            if not parts:
                return Const(False)
            return _MODIFIERS[modifier](parts, span=node.span)
        symbol = tests.operator.symbol
        words = [literal.text for literal in tests.literals]
        if not self.source.lenient or tests.kind is not Kind.STRING:
            return tests.plain()
        plain = tests.with_ranges() if any(map(_RANGE.fullmatch, words)) else tests.plain()
        if NA in words and symbol in NA_OPERATORS and symbol != "!=":
            return Or((Not(tests.exists()), plain), span=node.span)
        return plain


def _within(value: Loaded, operator: Operator, node: Check) -> Operator:
    """Return what an operator means for a field that can only be asked how large it is at most."""
    if operator.symbol == "=" and isinstance(node.right, Literal):
        return OPERATORS["<="]
    if operator.symbol == "exists":
        return operator
    text = f"{node.operator!r} cannot be asked of {value.field.name}"
    raise ProblemError(Problem("operator_type_mismatch", text, node.span, "only '=' can"))


def _over_several(value: Value, operator: Operator) -> Quantifier:
    """Return how an operator goes over a field that stands for several values."""
    both = several(value) is Several.ENDS and operator.symbol == "!="
    return Quantifier.EVERY if both else Quantifier.SOME


def _unsafe_checks(condition: Condition) -> Iterator[Problem]:
    """Yield a warning for each comparison of an audit field with "<NA>"."""
    for node in checks(condition):
        operator = SYNONYMS.get(node.operator, node.operator)
        if operator not in NA_OPERATORS or not isinstance(node.left, FieldRef):
            continue
        literals = node.right.items if isinstance(node.right, Items) else (node.right,)
        named = any(isinstance(each, Literal) and each.text == NA for each in literals)
        if named and node.left.name.startswith(("ka.", "jevt.")):
            text = "comparing with <NA> does not ask whether there is no value in Falco"
            hint = "write 'not ... exists'"
            yield Problem("unsafe_na_check", text, node.span, hint)


_MODIFIERS: Final[dict[str, Callable[..., Condition]]] = {
    "anyof": Or,
    "allof": And,
    "oneof": OneOf,
}


@dataclass(frozen=True, slots=True)
class _Tests:
    """The ways to write a comparison of a value with constants as tests.

    All of them are reported where the comparison stands: at ``span``.
    """

    value: Value
    operator: Operator
    quantifier: Quantifier
    literals: tuple[Literal, ...]
    constants: tuple[object, ...]
    span: Span

    @property
    def kind(self) -> Kind:
        return shape(self.value).type.kind

    def single(self, value: object, span: Span = NOWHERE) -> Condition:
        operand = Constant(value, shape(self.value).type, span=span)
        return Test(self.value, self.operator.symbol, operand, self.quantifier, span=self.span)

    def exists(self, quantifier: Quantifier = Quantifier.NONE) -> Condition:
        return Test(self.value, "exists", quantifier=quantifier, span=self.span)

    def plain(self) -> Condition:
        if self.operator.takes is Takes.MANY:
            return self.single(self.constants, self.literals_span())
        if len(self.constants) != 1:
            return Const(False)  # the one constant was refused
        if self.operator.symbol == "!=" and shape(self.value).is_list:
            operand = Constant(self.constants[0], shape(self.value).type)
            test = Test(self.value, "=", operand, Quantifier.EVERY, span=self.span)
            return self.denied(test)
        return self.single(self.constants[0])

    def literals_span(self) -> Span:
        """Return where all the constants stand."""
        if not self.literals:
            return NOWHERE
        first, last = self.literals[0].span, self.literals[-1].span
        return Span(first.text, first.start, last.end)

    def denied(self, test: Test) -> Condition:
        """Return that there is a value, and that it does not pass the test."""
        there = self.exists(test.quantifier)
        return And((there, Not(test, span=self.span)), span=self.span)

    def with_ranges(self) -> Condition:
        """Return the test in which a constant ``A:B`` also stands for integers."""
        symbol = self.operator.symbol
        if symbol not in ("=", "!=", "in", "intersects"):
            return self.plain()
        quantifier = self.quantifier
        if quantifier is not Quantifier.NONE and symbol in ("=", "!="):
            quantifier = Quantifier.EVERY
        operand = Constant(self.constants, CHARBUF)
        test = Test(self.value, IN_RANGES, operand, quantifier, span=self.span)
        return self.denied(test) if symbol == "!=" else test


def _described(left: Shape) -> str:
    return f"list of {left.type.name}" if left.is_list else f"{left.type.name} field"


def askable(left: Shape) -> list[str]:
    """Return the operators that can be asked of a value."""
    return [
        symbol
        for symbol, operator in OPERATORS.items()
        if symbol != IN_RANGES
        and left.type.kind in operator.meanings
        and not (left.is_list and operator.on_lists is None)
    ]
