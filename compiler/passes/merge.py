"""Look once instead of several times: ``a = x or a = y`` becomes ``a in (x, y)``."""

from dataclasses import replace

from rulec.nodes import Condition, Constant, Or, Quantifier, Test, Value, rebuild
from rulec.operators import PLAIN
from rulec.references import shape
from rulec.text import Span


def merge(node: Condition) -> Condition:
    """Join the alternatives that compare the same value with constants."""
    node = rebuild(node, merge)
    if not isinstance(node, Or):
        return node
    groups: dict[Value, list[object]] = {}
    places: dict[Value, Span] = {}
    for operand in node.operands:
        if (found := _constants(operand)) is not None:
            value, constants = found
            groups.setdefault(value, []).extend(constants)
            places.setdefault(value, operand.span)
    members = {value: _member(value, groups[value], place) for value, place in places.items()}
    operands: dict[Condition, None] = {}  # each group once, where its first member stood
    for operand in node.operands:
        found = _constants(operand)
        alone = found is None or len(groups[found[0]]) == len(found[1])
        operands[operand if alone or found is None else members[found[0]]] = None
    return replace(node, operands=tuple(operands))


def _constants(node: Condition) -> tuple[Value, tuple[object, ...]] | None:
    """Return the value and the constants one of which it equals, for such a test."""
    match node:
        case Test(value, "=" | "in", Constant(constant), Quantifier.NONE):
            if shape(value).type.kind not in PLAIN:
                return None
            return value, (constant if isinstance(constant, tuple) else (constant,))
        case _:
            return None


def _member(value: Value, constants: list[object], place: Span) -> Condition:
    distinct = tuple(dict.fromkeys(constants))
    return Test(value, "in", Constant(distinct, shape(value).type), span=place)
