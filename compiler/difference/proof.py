"""What can be proven of two checked conditions, whatever the event is.

Two conditions are taken together as statements about their tests, and asked whether the first
can hold where the second does not. What is known of tests about the same value is added. A
proof is a proof; without one, nothing is known.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import combinations
from typing import Final

from rulec.difference.solver import EFFORT, Clause, contradictory
from rulec.difference.values import facts, spelled_out, split
from rulec.nodes import (
    And,
    Condition,
    Const,
    Not,
    OneOf,
    Or,
    Test,
    Value,
    leaves,
    rebuild,
)
from rulec.passes.fold import fold

# A comparison "oneof" with more parts is taken as a whole.
_MOST_PARTS: Final = 40


class Relation(Enum):
    """How the events that a condition holds for have changed."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    CHANGED = "changed"


def relation(old: Condition, new: Condition) -> Relation:
    """Return how the second condition is proven to differ from the first one.

    ``WIDER``: it holds wherever the first one does, and perhaps elsewhere; ``NARROWER``: it
    holds nowhere else; ``CHANGED``: neither could be proven.
    """
    old, new = fold(old), fold(new)
    if old == new:
        return Relation.SAME
    both = Statements((old, new))
    stays, grows_not = both.entail(old, new), both.entail(new, old)
    if stays and grows_not:
        return Relation.SAME
    if stays:
        return Relation.WIDER
    return Relation.NARROWER if grows_not else Relation.CHANGED


def never(condition: Condition) -> bool:
    """Return whether it is proven that no event meets a condition."""
    condition = fold(condition)
    return condition == Const(False) or Statements((condition,)).exclude(condition)


def apart(one: Condition, other: Condition) -> bool:
    """Return whether it is proven that no event meets both conditions."""
    one, other = fold(one), fold(other)
    # Where many pairs of rules are asked about, none of them is worth much thought.
    return Statements((one, other)).exclude(one, other, effort=EFFORT // 10)


class Statements:
    """Folded conditions as clauses: a variable for each part, the same for equal parts."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        found = tuple(conditions)
        self._numbers: dict[Condition, int] = {}
        self._clauses: list[Clause] = []
        self._parts = _split_up(found)
        self._roots = {condition: self._number(condition) for condition in found}
        tests: dict[Value, list[Test]] = {}
        for node in list(self._numbers):
            if isinstance(node, Test) and self._parts.get(node, node) == node:
                tests.setdefault(node.value, []).append(node)
        for value, about in tests.items():
            for fact in facts(value, about):
                self._add(*(self._number(t) if holds else -self._number(t) for t, holds in fact))

    def entail(self, one: Condition, other: Condition) -> bool:
        """Return whether the second condition is proven to hold where the first one does."""
        assumed = ((self._roots[one],), (-self._roots[other],))
        return contradictory((*self._clauses, *assumed))

    def exclude(self, *conditions: Condition, effort: int = EFFORT) -> bool:
        """Return whether it is proven that the conditions never hold together."""
        assumed = ((self._roots[condition],) for condition in conditions)
        return contradictory((*self._clauses, *assumed), effort)

    def _add(self, *literals: int) -> None:
        self._clauses.append(literals)

    def _number(self, node: Condition) -> int:
        """Return the literal that stands for a condition, after saying what it means."""
        if isinstance(node, Not):
            return -self._number(node.operand)
        if node in self._numbers:
            return self._numbers[node]
        number = self._numbers[node] = len(self._numbers) + 1
        match node:
            case Const(value):
                self._add(number if value else -number)
            case And(operands):
                self._join(number, [self._number(operand) for operand in operands])
            case Or(operands):
                self._join(-number, [-self._number(operand) for operand in operands])
            case OneOf(operands) if len(operands) <= _MOST_PARTS:
                self._one_of(number, [self._number(operand) for operand in operands])
            case Test() if (parts := self._parts.get(node, node)) != node:
                meant = self._number(parts)
                self._add(-number, meant)
                self._add(number, -meant)
            case _:
                pass
        return number

    def _join(self, number: int, parts: list[int]) -> None:
        """Say that a literal is true exactly if all parts are."""
        for part in parts:
            self._add(-number, part)
        self._add(number, *(-part for part in parts))

    def _one_of(self, number: int, parts: list[int]) -> None:
        self._add(-number, *parts)
        for one, other in combinations(parts, 2):
            self._add(-number, -one, -other)
        for at, part in enumerate(parts):
            self._add(number, -part, *parts[:at], *parts[at + 1 :])


def _split_up(conditions: Iterable[Condition]) -> dict[Test, Condition]:
    """Return what tests stand for, where they are made of simpler ones."""
    by_value: dict[Value, dict[Test, None]] = {}
    meant: dict[Test, Condition] = {}
    for test in _tests(conditions):
        meant[test] = spelled_out(test)
        for part in _tests((meant[test],)):
            by_value.setdefault(part.value, {})[part] = None
    parts: dict[Test, Condition] = {}
    for tests in by_value.values():
        parts.update(split(tests))

    def made_of(node: Condition) -> Condition:
        return parts.get(node, node) if isinstance(node, Test) else rebuild(node, made_of)

    return {test: made_of(condition) for test, condition in meant.items()} | parts


def _tests(conditions: Iterable[Condition]) -> Iterator[Test]:
    for condition in conditions:
        yield from (leaf for leaf in leaves(condition) if isinstance(leaf, Test))
