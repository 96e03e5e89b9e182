"""What a condition means, in the plainest way: interpreted as it was written.

Nothing here is fast, shared with the compiler's passes or clever. It reads
parsed conditions (before names are looked up), and answers for one event.
People can check it by eye; the tests check the compiler against it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rulec.constants import constant
from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    Const,
    FieldRef,
    Group,
    Items,
    Literal,
    Macro,
    Not,
    OneOf,
    Or,
)
from rulec.operators import SYNONYMS
from rulec.references import References, several, shape
from rulec.runtime import prepared
from rulec.runtime.events import Event
from rulec.runtime.extract import extract
from rulec.runtime.fields import Kind, Several
from rulec.runtime.sources import EventSource
from rulec.transformers import TRANSFORMERS


def holds(
    node: Condition, event: Event, source: EventSource, macros: Mapping[str, Condition] = {}
) -> bool:
    """Return whether an event meets a condition that has been checked to be valid."""

    def inner(part: Condition) -> bool:
        return holds(part, event, source, macros)

    match node:
        case Const(value):
            return value
        case Macro(name):
            return inner(macros[name])
        case Not(operand):
            return not inner(operand)
        case And(operands):
            return all(inner(operand) for operand in operands)
        case Or(operands):
            return any(inner(operand) for operand in operands)
        case OneOf(operands):
            return sum(inner(operand) for operand in operands) == 1
        case Check():
            return _check(node, event, source)
    raise AssertionError(f"{node!r} has already been checked")


def value_of(node: Any, event: Event, source: EventSource) -> Any:
    """Return the value of a field, a transformer call or a literal; ``None`` if missing."""
    match node:
        case FieldRef():
            found = References(source.fields, []).field(node)
            return extract(found.field, found.argument, event)
        case Literal(text):
            return text
        case Group(items):
            return tuple(value_of(item, event, source) for item in items)
        case Call(name, arguments, selector):
            values = [value_of(argument, event, source) for argument in arguments]
            chosen = () if selector is None else (selector,)
            return TRANSFORMERS[name].meaning(*values, *chosen)
    raise AssertionError(node)


def _check(node: Check, event: Event, source: EventSource) -> bool:
    left = shape(References(source.fields, []).value(node.left))
    value = value_of(node.left, event, source)
    word, _, modifier = node.operator.partition(" ")
    word = SYNONYMS.get(word, word)
    if several(References(source.fields, []).value(node.left)) and word != "exists":
        return _several(node, value, source)
    if value == () and word != "exists":
        return False  # that it is there is all that is true of an empty list
    if isinstance(node.right, FieldRef | Call):
        return _compare_values(word, value, value_of(node.right, event, source), left)
    literals = _literals(node.right)
    texts = [literal.text for literal in literals]
    if source.lenient and left.type.kind is Kind.STRING and not modifier:
        na = "<NA>" in texts and word in ("=", "in", "intersects", "pmatch")
        if value is None:
            return na
        if word in ("=", "!=", "in", "intersects"):
            return _with_ranges(word, value, texts)
    if value is None:
        return False
    if word == "exists":
        return True
    constants = [constant(literal, left.type, word) for literal in literals]
    if modifier:
        ask = _list if left.is_list else _one
        answers = [ask(word, left.type.kind, value, [c] if left.is_list else c) for c in constants]
        count = sum(answers)
        return {
            "oneof": count == 1,
            "anyof": count >= 1,
            "allof": count == len(answers) and count > 0,
        }[modifier]
    if left.is_list:
        return _list(word, left.type.kind, value, constants)
    if word in ("in", "intersects"):
        return any(_one("=", left.type.kind, value, c) for c in constants)
    if word == "pmatch":
        return any(_prefix(value, c) for c in constants)
    return _one(word, left.type.kind, value, constants[0])


def _several(node: Check, values: tuple[Any, ...] | None, source: EventSource) -> bool:
    """Compare a field that stands for several values, of which one decides."""
    if values is None:
        return False
    found = References(source.fields, []).value(node.left)
    kind = shape(found).type.kind
    word, _, modifier = node.operator.partition(" ")
    word = SYNONYMS.get(word, word)
    constants = [constant(each, shape(found).type, word) for each in _literals(node.right)]

    def compare(operand: Any) -> bool:
        scalar = "=" if word in ("in", "intersects") else word
        answers = [
            _prefix(value, operand) if word == "pmatch" else _one(scalar, kind, value, operand)
            for value in values
        ]
        # Of a connection, both ends must be different.
        both = several(found) is Several.ENDS and word == "!="
        return all(answers) if both else any(answers)

    count = sum(map(compare, constants))
    if modifier == "allof":
        return count == len(constants) and count > 0
    return count == 1 if modifier == "oneof" else count > 0


def _literals(right: Any) -> tuple[Literal, ...]:
    if right is None:
        return ()
    return right.items if isinstance(right, Items) else (right,)


def _compare_values(word: str, value: Any, other: Any, left: Any) -> bool:
    if value is None or other is None:
        return False
    if left.is_list:
        inside = [item in other for item in value]
        return all(inside) if word == "in" else any(inside)
    return _one("=" if word in ("in", "intersects") else word, left.type.kind, value, other)


def _list(word: str, kind: Kind, value: tuple[Any, ...], constants: list[Any]) -> bool:
    def among(item: Any, scalar: str) -> bool:
        return any(_one(scalar, kind, item, c) for c in constants)

    match word:
        case "in":
            return all(among(item, "=") for item in value)
        case "intersects":
            return any(among(item, "=") for item in value)
        case "=":
            return all(among(item, "=") for item in value)
        case "!=":
            return not all(among(item, "=") for item in value)
        case "pmatch":
            return all(any(_prefix(item, c) for c in constants) for item in value)
        case _:
            return any(among(item, word) for item in value)


def _with_ranges(word: str, value: Any, texts: list[str]) -> bool:
    def among(item: str) -> bool:
        return any(item == text or _in_range(item, text) for text in texts)

    items = value if isinstance(value, tuple) else (value,)
    if word == "intersects":
        return any(map(among, items))
    every = all(map(among, items))
    return not every if word == "!=" else every


def _in_range(item: str, text: str) -> bool:
    from rulec.runtime.values import ranges_of

    return any(low <= int(item) <= high for low, high in ranges_of([text]) if _is_integer(item))


def _is_integer(text: str) -> bool:
    digits = text[1:] if text[:1] in ("+", "-") else text
    return digits.isascii() and digits.isdigit() and len(digits) < 4000


def _prefix(value: str, operand: str) -> bool:
    """pmatch, for one operand: component by component, with globs in each."""
    wanted = [part for part in operand.split("/") if part]
    found = [part for part in value.split("/") if part]
    if len(wanted) > len(found):
        return False
    return all(
        prepared("glob", pattern)(part) if set(pattern) & set("?*[") else pattern == part
        for pattern, part in zip(wanted, found, strict=False)
    )


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def _lower(value: bytes) -> bytes:
    return bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in value)


_TEXT: Mapping[str, Callable[[bytes, bytes], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "contains": lambda a, b: b in a,
    "icontains": lambda a, b: _lower(b) in _lower(a),
    "bcontains": lambda a, b: b in a,
    "startswith": lambda a, b: a[: len(b)] == b,
    "bstartswith": lambda a, b: a[: len(b)] == b,
    "endswith": lambda a, b: len(a) >= len(b) and a[len(a) - len(b) :] == b,
}

_NUMBER: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _one(word: str, kind: Kind, value: Any, operand: Any) -> bool:
    """Compare one value with one operand."""
    if word in ("glob", "iglob", "regex"):
        return bool(prepared(word, operand)(value))
    if kind is Kind.NETWORK:
        inside = value.version == operand.version and value in operand
        return inside if word == "=" else not inside
    if kind in (Kind.STRING, Kind.BYTES):
        return _TEXT[word](_bytes(value), _bytes(operand))
    return _NUMBER[word](value, operand)
