"""Which types of events a condition can be true of.

A rule about system calls is only tried on events of these types. Leaving the
others out never changes a verdict: a type is left out only when the names in
the condition exclude it.
"""

import re
from dataclasses import dataclass
from typing import Final

from rulec.diagnostics import Problem, ProblemError
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
    Not,
    Operand,
    Or,
)

TYPE_FIELDS: Final = frozenset({"evt.type", "syscall.type"})
NUMBER_FIELD: Final = "evt.num"

_UNSIGNED: Final = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class EventTypes:
    """A set of types: those in ``names``, or all but those."""

    names: frozenset[str]
    all_but: bool = False

    def inverted(self) -> "EventTypes":
        """Return all other types."""
        return EventTypes(self.names, not self.all_but)

    def __or__(self, other: "EventTypes") -> "EventTypes":
        if self.all_but and other.all_but:
            return EventTypes(self.names & other.names, True)
        if self.all_but:
            return EventTypes(self.names - other.names, True)
        if other.all_but:
            return EventTypes(other.names - self.names, True)
        return EventTypes(self.names | other.names)

    def __and__(self, other: "EventTypes") -> "EventTypes":
        return (self.inverted() | other.inverted()).inverted()

    def among(self, known: frozenset[str]) -> frozenset[str]:
        """Return the names of these types, of all that are known."""
        return known - self.names if self.all_but else known & self.names


ALL: Final = EventTypes(frozenset(), True)
NONE: Final = EventTypes(frozenset())


def event_types(condition: Condition) -> EventTypes:
    """Return the types of events that a condition (as written) can be true of.

    :raises ProblemError: if the type of the event is transformed or compared
        with a field, so that nobody can tell.
    """
    return _types(condition, negated=False)


def _types(node: Condition, *, negated: bool) -> EventTypes:
    match node:
        case Not(operand):
            return _types(operand, negated=not negated)
        case And(operands) | Or(operands):
            parts = [_types(operand, negated=negated) for operand in operands]
            together = isinstance(node, And) is not negated
            found = ALL if together else NONE
            for part in parts:
                found = found & part if together else found | part
            return found
        case Check(left, _, right):
            _refuse(left)
            if right is not None:
                _refuse(right)
            types = _decided(node)
            if types is None:
                return ALL
            return types.inverted() if negated else types
        case Const(value):
            return ALL if value is not negated else NONE
        case _:
            return ALL


def _decided(node: Check) -> EventTypes | None:
    """Return the types that a check decides about; None if it says nothing about types."""
    if not isinstance(node.left, FieldRef) or node.left.argument is not None:
        return None
    if isinstance(node.right, FieldRef | Call) and node.left.name in TYPE_FIELDS:
        raise ProblemError(_unclear(node.right))
    texts = _texts(node.right)
    if node.left.name == NUMBER_FIELD:
        return _by_number(node.operator, texts)
    if node.left.name not in TYPE_FIELDS:
        return None
    match node.operator:
        case "=" | "==" | "in":
            return EventTypes(frozenset(texts))
        case "!=":
            return EventTypes(frozenset(texts), True)
        case "exists":
            return ALL
        case _:
            return None


def _texts(right: Operand | None) -> tuple[str, ...]:
    match right:
        case Literal(text):
            return (text,)
        case Items(items):
            return tuple(item.text for item in items)
        case _:
            return ()


def _by_number(operator: str, texts: tuple[str, ...]) -> EventTypes | None:
    """Decide what can be known from events being numbered from 1."""
    if not all(_UNSIGNED.fullmatch(text) for text in texts):
        return None
    numbers = [int(text) for text in texts]
    match operator, numbers:
        case ("=" | "==", [0]) | ("<", [0 | 1]) | ("<=", [0]):
            return NONE
        case ("!=", [0]) | (">", [0]) | (">=", [0 | 1]):
            return ALL
        case "in", _ if not any(numbers):
            return NONE
        case _:
            return None


def _refuse(value: Operand | Group) -> None:
    """Complain if the type of the event is an argument of a transformer."""
    if not isinstance(value, Call | Group):
        return
    for part in value.arguments if isinstance(value, Call) else value.items:
        if isinstance(part, FieldRef) and part.name in TYPE_FIELDS:
            raise ProblemError(_unclear(part))
        if isinstance(part, Call | Group):
            _refuse(part)


def _unclear(value: FieldRef | Call) -> Problem:
    text = "the type of an event cannot be transformed or compared with a field"
    hint = "Falco must know from the rule which types of events it is about"
    return Problem("event_type_not_constant", text, value.span, hint)
