"""Ask first what is cheap to know and likely to decide.

Evaluation has no effects and no order that a rule could see, so operands may
be sorted freely. The sort is stable: between equals the author's order stays.
"""

from dataclasses import replace
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

# Operators that few events pass: worth asking before others of the same cost.
_SELECTIVE = frozenset({"=", "in"})


def reorder(node: Condition) -> Condition:
    """Sort the operands of ``and`` and ``or`` by what they cost."""
    node = rebuild(node, reorder)
    match node:
        case And(operands) | Or(operands):
            return replace(node, operands=tuple(sorted(operands, key=rank)))
        case _:
            return node


def rank(node: Condition) -> tuple[int, bool]:
    """Return what operands are sorted by; those of equal rank stay as the author has them."""
    selective = isinstance(node, Test) and node.operator in _SELECTIVE
    return cost(node), not selective


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
