"""Write the condition function of a rule: does an event meet its condition?"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from rulec.bodies import Body, described
from rulec.nodes import (
    And,
    Check,
    Condition,
    Const,
    Constant,
    Loaded,
    Macro,
    Not,
    OneOf,
    Or,
    Quantifier,
    Test,
    Transformed,
    Value,
)
from rulec.operators import OPERATORS, PLAIN, Meaning
from rulec.places import loaded_by
from rulec.python import (
    assign,
    call,
    compare,
    every,
    identifier,
    is_present,
    method,
    name,
    negated,
    some,
)
from rulec.references import shape
from rulec.runtime.encoding import is_utf8

if TYPE_CHECKING:
    from rulec.module import Module

# Conditions deeper than this are cut into steps: Python cannot read more than
# 200 parentheses inside each other, and nobody can read more than a few.
_DEEP: Final = 12


def condition_body(condition: Condition, source: str, module: "Module") -> list[ast.stmt]:
    """Write the statements that decide whether an event meets a condition.

    Each part of an ``and`` or an ``or`` is a statement of its own, so that the fields
    that only later parts need are not loaded when an early part has decided.
    """
    body = ConditionBody(source, module)
    body.decide(condition)
    return body.statements


@dataclass
class ConditionBody(Body):
    """The body of a condition function while it is written."""

    present: set[Value] = field(default_factory=set)  # values that are known to be there

    def parameter(self, value: Loaded) -> str:
        """Return the name of a parameter that holds a value, so that it need not be loaded."""
        self.variables[value] = identifier(described(value), self.names)
        return self.variables[value]

    def decide(self, condition: Condition) -> None:
        """Write statements that return whether the condition holds."""
        match condition:
            case And(operands) if operands:
                for operand in operands[:-1]:
                    self.leave(negated(self.expression(operand)), False)
                    self.present |= required(operand)
                self.decide(operands[-1])
            case Or(operands) if operands:
                for value in self.worth_asking(condition):
                    self.leave(negated(is_present(self.value(value))), False)
                    self.present.add(value)
                for operand in operands[:-1]:
                    self.leave(self.expression(operand), True)
                    self.present |= required(Not(operand))
                self.decide(operands[-1])
            case Not(And(operands)) if _reads_more_and_more(operands):
                for operand in operands[:-1]:
                    self.leave(negated(self.expression(operand)), True)
                    self.present |= required(operand)
                self.decide(Not(operands[-1]))
            case Not(Or(operands) as asked) if _reads_more_and_more(
                operands
            ) and not self.worth_asking(asked):
                for operand in operands[:-1]:
                    self.leave(self.expression(operand), False)
                    self.present |= required(Not(operand))
                self.decide(Not(operands[-1]))
            case _:
                self.statements.append(ast.Return(self.expression(condition)))

    def leave(self, decided: ast.expr, answer: bool) -> None:
        self.statements.append(ast.If(decided, [ast.Return(ast.Constant(answer))], []))

    def expression(self, node: Condition) -> ast.expr:
        """Write a condition as an expression; what it needs is written before it."""
        return self._expression(node)[0]

    def _expression(self, node: Condition) -> tuple[ast.expr, int]:
        match node:
            case Const(value):
                return ast.Constant(value), 0
            case Test():
                return self.test(node), 1
            case Not(operand):
                written, depth = self._expression(operand)
                return self.shallow(negated(written), depth + 1)
            case Or() if asked := self.worth_asking(node):
                return self.asked_once(node, asked)
            case And() | Or() | OneOf():
                parts = list(self.operands(node))
                depth = max((depth for _, depth in parts), default=0) + 1
                return self.shallow(self.joined(node, [written for written, _ in parts]), depth)
            case Check() | Macro():
                raise AssertionError(f"{node!r} reached the emitter")
            case _:
                assert_never(node)

    def operands(self, node: And | Or | OneOf) -> Iterator[tuple[ast.expr, int]]:
        """Write the operands; the next need not ask what those before it have found out."""
        known = set(self.present)
        in_order = not isinstance(node, OneOf) and not _may_be_cut(node)
        for operand in node.operands:
            yield self._expression(operand)
            if in_order:
                self.present |= required(operand if isinstance(node, And) else Not(operand))
        self.present = known

    def worth_asking(self, node: Or) -> list[Value]:
        """Return the values that every alternative needs and more than one would ask for."""
        if _may_be_cut(node):
            return []
        asking = [
            operand.value
            for operand in node.operands
            if isinstance(operand, Test) and not _is_total(operand)
        ]
        needed = required(node) - self.present
        return [
            value for value in dict.fromkeys(asking) if value in needed and asking.count(value) > 1
        ]

    def asked_once(self, node: Or, values: list[Value]) -> tuple[ast.expr, int]:
        """Write alternatives behind the question whether their values are there at all."""
        questions = [is_present(self.value(value)) for value in values]
        known = set(self.present)
        self.present.update(values)
        alternatives, depth = self._expression(node)
        self.present = known
        return every([*questions, alternatives]), depth + 1

    def joined(self, node: And | Or | OneOf, parts: list[ast.expr]) -> ast.expr:
        match node:
            case And():
                return every(parts)
            case Or():
                return some(parts)
            case OneOf():
                return call("exactly_one", *parts)

    def shallow(self, written: ast.expr, depth: int) -> tuple[ast.expr, int]:
        """Give an expression that has become too deep a name of its own."""
        if depth < _DEEP:
            return written, depth
        step = identifier("step 1", self.names)
        self.statements.append(assign(step, written))
        return name(step), 0

    def test(self, node: Test) -> ast.expr:
        """Write a test, false when the value or the operand is missing."""
        value = self.value(node.value)
        is_known = isinstance(node.value, Constant) or node.value in self.present
        present = [] if is_known else [is_present(value)]
        if node.quantifier is Quantifier.EVERY and isinstance(node.value, Transformed):
            # getopt() may give a list without elements, and nothing is true of those.
            present.append(compare(value, ast.NotEq(), ast.Tuple([], ast.Load())))
        if node.operand is None:
            return every(present)
        meaning = OPERATORS[node.operator].meanings[shape(node.value).type.kind]
        if isinstance(node.operand, Constant):
            operand, total = self.constant_operand(meaning, node), meaning.total
        else:
            dynamic = self.value(node.operand)
            if node.operand not in self.present:
                present.append(is_present(dynamic))
            operand, total = self.dynamic_operand(meaning, dynamic), False
        holds = self.quantified(node, meaning, value, operand)
        if total and node.quantifier is Quantifier.NONE:
            return holds
        return every([*present, holds])

    def constant_operand(self, meaning: Meaning, node: Test) -> ast.expr:
        assert isinstance(node.operand, Constant)
        inline = node.quantifier is Quantifier.NONE
        return self.module.operand(meaning.prepare, node.operand, inline=inline)

    def dynamic_operand(self, meaning: Meaning, operand: ast.expr) -> ast.expr:
        if meaning.prepare is None:
            return operand
        return call(meaning.prepare, operand)

    def quantified(
        self, node: Test, meaning: Meaning, value: ast.expr, operand: ast.expr
    ) -> ast.expr:
        """Write the comparison, over the elements if the value is a list."""
        emit = meaning.emit
        if meaning.bytewise is not None and not _is_known_utf8(operand):
            emit = partial(call, meaning.bytewise)
        if node.quantifier is Quantifier.NONE:
            return emit(value, operand)
        some_element = node.quantifier is Quantifier.SOME
        if meaning.prepare == "frozenset":
            if some_element and (only := _only_item(node.operand)) is not None:
                return compare(self.module.operand(None, only), ast.In(), value)
            if some_element:
                return negated(method(operand, "isdisjoint", value))
            return method(operand, "issuperset", value)
        # One of several values equals it, or none of both.
        if emit is meaning.emit and shape(node.value).type.kind in PLAIN:
            if some_element and node.operator == "=":
                return compare(operand, ast.In(), value)
            if not some_element and node.operator == "!=":
                return compare(operand, ast.NotIn(), value)
        element = ast.comprehension(ast.Name("item", ast.Store()), value, [], 0)
        holds = emit(name("item"), operand)
        return call("any" if some_element else "all", ast.GeneratorExp(holds, [element]))


def required(node: Condition) -> frozenset[Value]:
    """Return the values that must be there for a condition to hold."""
    match node:
        case Test(value, _, operand):
            needed = {value} if operand is None else {value, operand}
            return frozenset(each for each in needed if isinstance(each, Loaded | Transformed))
        case And(operands):
            return frozenset().union(*map(required, operands))
        case Or(operands) if operands:
            first, *others = map(required, operands)
            return first.intersection(*others)
        case Not(Not(operand)):
            return required(operand)
        case _:
            return frozenset()


def deeper(node: Condition, levels: int) -> bool:
    """Return whether a condition has more than so many levels."""
    match node:
        case Not(operand):
            return levels <= 1 or deeper(operand, levels - 1)
        case And(operands) | Or(operands) | OneOf(operands):
            return levels <= 1 or any(deeper(operand, levels - 1) for operand in operands)
        case _:
            return levels < 1


def _reads_more_and_more(operands: Sequence[Condition]) -> bool:
    """Return whether later operands read something that the first one does not."""
    if not operands:
        return False
    at_once = set(loaded_by(operands[0]))
    return any(value not in at_once for later in operands[1:] for value in loaded_by(later))


def _only_item(operand: Value | None) -> Constant | None:
    """Return the only constant among the operands of a list test."""
    match operand:
        case Constant((only,)):
            return replace(operand, value=only)
        case _:
            return None


def _may_be_cut(node: Condition) -> bool:
    """Return whether a step may be written before the condition.

    That step does not know what the condition has found out by then. A level
    with a question in it is written as two.
    """
    return deeper(node, _DEEP // 2)


def _is_total(node: Test) -> bool:
    """Return whether a test is written without asking whether there is a value."""
    if node.quantifier is not Quantifier.NONE or not isinstance(node.operand, Constant):
        return False
    return OPERATORS[node.operator].meanings[shape(node.value).type.kind].total


def _is_known_utf8(operand: ast.expr) -> bool:
    match operand:
        case ast.Constant(str(text)):
            return is_utf8(text)
        case _:
            return False
