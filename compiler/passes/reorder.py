"""Ask first what is cheap to know and likely to decide.

Evaluation has no effects and no order that a rule could see, so operands may
be sorted freely: by what they cost for each time that they decide, which is
the order that costs the least if the operands have nothing to do with each
other. The sort is stable: between equals the author's order stays.
"""

from dataclasses import replace
from math import prod
from typing import assert_never

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
    Sequence,
    Test,
    Transformed,
    Value,
    rebuild,
)
from rulec.operators import OPERATORS
from rulec.references import shape
from rulec.runtime.fields import EACH, steps

# How likely a test is to hold. Rules look for what is rare; what they ask to exist mostly does.
_RARE = 0.2
_SELECTIVE = frozenset({"=", "in"})  # holds for even fewer events
_VERY_RARE = 0.19
_HARDLY = 0.001


def reorder(node: Condition) -> Condition:
    """Sort the operands of ``and`` and ``or`` by what they cost and how often they decide."""
    node = rebuild(node, reorder)
    match node:
        case And(operands) | Or(operands):
            ordered = sorted(operands, key=lambda operand: rank(operand, node))
            return replace(node, operands=tuple(ordered))
        case _:
            return node


def rank(operand: Condition, whole: Condition) -> float:
    """Return what the operands of an ``and`` or ``or`` are sorted by.

    Those of equal rank stay as the author has them.
    """
    holds = chance(operand)
    return cost(operand) / (holds if isinstance(whole, Or) else 1 - holds)


def chance(node: Condition) -> float:
    """Estimate how likely a condition is to hold; never certain, in either way."""
    match node:
        case Const(value):
            found = float(value)
        case Test(operand=None):
            found = 1 - _RARE
        case Test(operator=operator):
            found = _VERY_RARE if operator in _SELECTIVE else _RARE
        case Not(operand):
            found = 1 - chance(operand)
        case And(operands):
            found = prod(map(chance, operands))
        case Or(operands) | OneOf(operands):
            found = 1 - prod(1 - chance(operand) for operand in operands)
        case Check() | Macro():
            raise AssertionError(f"{node!r} reached the passes")
        case _:
            assert_never(node)
    return min(max(found, _HARDLY), 1 - _HARDLY)


def cost(node: Condition) -> int:
    """Estimate what evaluating a condition costs, in comparisons of short texts."""
    match node:
        case Const():
            return 0
        case Test(value, operator, operand):
            meaning = OPERATORS[operator].meanings[shape(value).type.kind]
            many = 3 if shape(value).is_list else 1
            return _load(value) + (_load(operand) if operand else 0) + many * meaning.cost
        case Not(operand):
            return cost(operand)
        case And(operands) | Or(operands) | OneOf(operands):
            return sum(map(cost, operands))
        case Check() | Macro():
            raise AssertionError(f"{node!r} reached the passes")
        case _:
            assert_never(node)


def _load(value: Value) -> int:
    match value:
        case Constant():
            return 0
        case Loaded(field):
            paths = field.reads if field.path is None else (field.path,)
            walked = sum(4 if step == EACH else 1 for path in paths for step in steps(path))
            return walked + (6 if field.compute or field.convert else 1)
        case Sequence(parts):
            return sum(map(_load, parts))
        case Transformed(_, arguments):
            return 4 + sum(map(_load, arguments))
        case _:
            assert_never(value)
