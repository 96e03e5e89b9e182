"""Drop what cannot change the answer."""

from dataclasses import replace
from typing import Final

from rulec.nodes import (
    And,
    Condition,
    Const,
    Constant,
    Loaded,
    Not,
    OneOf,
    Or,
    Quantifier,
    Sequence,
    Test,
    Transformed,
    Value,
    rebuild,
)
from rulec.operators import OPERATORS
from rulec.runtime import prepared
from rulec.runtime.fields import Field
from rulec.transformers import TRANSFORMERS

# The attributes that every event has.
ALWAYS_THERE: Final = frozenset({"number", "relative_time", "time"})


def fold(node: Condition) -> Condition:
    """Flatten nested lists, drop repeats and constants, cancel double negation."""
    node = rebuild(node, fold)
    match node:
        case Test():
            return _test(replace(node, value=known(node.value)))
        case Not(Const(value)):
            return Const(not value)
        case Not(Not(operand)):
            return operand
        case And():
            return _join(node, absorbing=False)
        case Or():
            return _join(node, absorbing=True)
        case OneOf():
            return _one_of(node)
        case _:
            return node


def _join(node: And | Or, *, absorbing: bool) -> Condition:
    kind = type(node)
    kept: dict[Condition, None] = {}  # a set that remembers the order of writing
    for operand in node.operands:
        for part in operand.operands if isinstance(operand, kind) else (operand,):
            if part == Const(absorbing):
                return Const(absorbing)
            if part != Const(not absorbing):
                kept[part] = None
    match tuple(kept):
        case ():
            return Const(not absorbing)
        case (only,):
            return only
        case parts:
            return kind(parts, span=node.span)


def _one_of(node: OneOf) -> Condition:
    # Repeats count here: "= oneof (a, a)" never holds.
    open_parts = tuple(part for part in node.operands if not isinstance(part, Const))
    true_parts = sum(part == Const(True) for part in node.operands)
    if true_parts > 1 or not node.operands:
        return Const(False)
    if true_parts == 1:
        return fold(And(tuple(Not(part) for part in open_parts)))
    if len(open_parts) == 1:
        return open_parts[0]
    return replace(node, operands=open_parts) if open_parts else Const(False)


def _test(node: Test) -> Condition:
    match node:
        case Test(Loaded(field), "exists") if field.attribute in ALWAYS_THERE:
            return Const(True)
        case Test(Loaded(Field(attribute="number")), symbol, Constant(operand)) if (
            answer := _by_number(symbol, operand)
        ) is not None:
            return Const(answer)
        case Test(Constant(None)) | Test(_, "in" | "intersects" | "pmatch", Constant(())):
            return Const(False)
        case Test(_, "in" | "intersects", Constant((only,)) as operand, Quantifier.NONE):
            return _test(replace(node, operator="=", operand=replace(operand, value=only)))
        case Test(Constant(value), symbol, None | Constant() as operand):
            if operand is None:
                return Const(True)
            meaning = OPERATORS[symbol].meanings[node.value.type.kind]  # type: ignore[union-attr]
            return Const(meaning.holds(value, prepared(meaning.prepare, operand.value)))
        case _:
            return node


def _by_number(symbol: str, operand: object) -> bool | None:
    """Return what a comparison says of the number of every event; None if that depends.

    Events are numbered from 1. By custom, rules that ask for number 0 are not to match.
    """
    match symbol, operand:
        case ("=", 0) | ("<", 0 | 1) | ("<=", 0):
            return False
        case ("!=", 0) | (">", 0) | (">=", 0 | 1):
            return True
        case "in" | "intersects", tuple(numbers) if not any(numbers):
            return False
        case _:
            return None


def known(value: Value) -> Value:
    """Compute a value that is the same for every event."""
    match value:
        case Transformed():
            arguments = tuple(known(argument) for argument in value.arguments)
            value = replace(value, arguments=arguments)
            if value.is_list or not all(map(_is_known, arguments)):
                return value
            selector = () if value.selector is None else (value.selector,)
            meaning = TRANSFORMERS[value.transformer].meaning
            result = meaning(*map(_known_value, arguments), *selector)
            return Constant(result, value.type, span=value.span)
        case Sequence(parts):
            return replace(value, parts=tuple(known(part) for part in parts))
        case _:
            return value


def _is_known(value: Value) -> bool:
    match value:
        case Constant():
            return True
        case Sequence(parts):
            return all(map(_is_known, parts))
        case _:
            return False


def _known_value(value: Value) -> object:
    match value:
        case Constant(found):
            return found
        case Sequence(parts):
            return tuple(map(_known_value, parts))
        case _:
            raise AssertionError(f"{value!r} depends on the event")
