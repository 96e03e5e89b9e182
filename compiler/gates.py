"""Find out cheaply which rules an event could match at all.

Most of what tells rules apart is said about a handful of fields: the verb,
the kind of object, the user. For each event source the compiler picks those
*key fields* from the rules. The *gate* of a rule is what its condition says
about them, and an event whose values close the gate needs no second look.
Equal values give equal answers, so the answers are remembered.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jsonpointer import JsonPointer

from rulec.nodes import (
    Condition,
    Const,
    Constant,
    Loaded,
    Not,
    OneOf,
    Quantifier,
    Test,
    leaves,
    rebuild,
)
from rulec.passes.fold import fold
from rulec.runtime.fields import Argument, Field, Kind, pointer_steps

# A key field should tell several rules apart, and a key should be short.
_MOST_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class Key:
    """A key field, with what the gates ask of it.

    Two values outside ``constants`` for which all ``tests`` have the same
    answers are the same to every gate.
    """

    value: Loaded
    constants: tuple[str, ...]
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Gates:
    """The key fields of a source, and the gate of each of its rules, in order."""

    keys: tuple[Key, ...]
    gates: tuple[Condition, ...]


def gates(conditions: Sequence[Condition]) -> Gates | None:
    """Return the gates of the rules of one source; None if they would not help."""
    values = _key_values(conditions)
    if not values:
        return None
    found = tuple(gate(condition, values) for condition in conditions)
    return Gates(tuple(_key(value, found) for value in values), found)


def gate(condition: Condition, keys: Iterable[Loaded]) -> Condition:
    """Return what a condition says about the keys: it never holds where this does not."""
    return fold(_possible(condition, frozenset(keys)))


def _possible(node: Condition, keys: frozenset[Loaded]) -> Condition:
    """Replace what is not about the keys by what makes the condition true."""
    match node:
        case Test():
            return node if _is_about(node, keys) else Const(True)
        case Not(operand):
            return Not(_certain(operand, keys))
        case OneOf():
            whole = all(_is_about(leaf, keys) for leaf in leaves(node))
            return node if whole else Const(True)
        case _:
            return rebuild(node, lambda part: _possible(part, keys))


def _certain(node: Condition, keys: frozenset[Loaded]) -> Condition:
    """Replace what is not about the keys by what makes the condition false."""
    match node:
        case Test():
            return node if _is_about(node, keys) else Const(False)
        case Not(operand):
            return Not(_possible(operand, keys))
        case OneOf():
            whole = all(_is_about(leaf, keys) for leaf in leaves(node))
            return node if whole else Const(False)
        case _:
            return rebuild(node, lambda part: _certain(part, keys))


def _is_about(node: Condition, keys: frozenset[Loaded]) -> bool:
    match node:
        case Const():
            return True
        case Test(value, _, None | Constant(), Quantifier.NONE):
            return value in keys
        case _:
            return False


def _key_values(conditions: Sequence[Condition]) -> tuple[Loaded, ...]:
    """Choose the fields that most rules ask about and that cost little to look at."""
    asking: Counter[Loaded] = Counter()
    for condition in conditions:
        asked = (leaf.value for leaf in leaves(condition) if isinstance(leaf, Test))
        cheap = (value for value in asked if isinstance(value, Loaded) and _is_cheap(value))
        asking.update(dict.fromkeys(cheap).keys())
    # A field that few rules ask about would only make the keys more various.
    enough = max(2, len(conditions) // 8)
    return tuple(value for value, count in asking.most_common(_MOST_KEYS) if count >= enough)


def _is_cheap(value: Loaded) -> bool:
    """Return whether a value is a text at a fixed place near the top of the event."""
    field = value.field
    if field.type.kind is not Kind.STRING or field.is_list or field.convert is not None:
        return False
    return len(place(field, value.argument)) in (1, 2)


def place(field: Field, argument: str | None) -> tuple[str, ...]:
    """Return the names of the members that lead to a field; none if there is more to it."""
    if field.pointer:
        steps = pointer_steps(argument or "")
        return () if any(step.isdigit() for step in steps) else steps
    if field.path is None or field.argument is not Argument.NONE:
        return ()
    return tuple(JsonPointer(field.path).parts)


def _key(value: Loaded, found: Iterable[Condition]) -> Key:
    constants: dict[str, None] = {}
    tests: dict[Test, None] = {}
    for condition in found:
        for leaf in leaves(condition):
            match leaf:
                case Test(asked, "=" | "in", Constant(constant)) if asked == value:
                    texts = constant if isinstance(constant, tuple) else (constant,)
                    constants.update(dict.fromkeys(map(str, texts)))
                case Test(asked, "!=", Constant(str(text))) if asked == value:
                    constants[text] = None
                case Test(asked, _, Constant()) if asked == value:
                    tests[leaf] = None
                case _:
                    pass
    return Key(value, tuple(constants), tuple(tests))
