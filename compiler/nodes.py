"""What a condition means, once it has been read.

Nodes are plain immutable values. Two nodes are equal when they mean the same
thing, wherever they were written: that is what lets the compiler share work.
Behaviour lives in the stages and passes, not here.

A condition goes through three forms that share ``Const``, ``Not``, ``And``
and ``Or``. As parsed, its leaves are ``Check`` and ``Macro``. ``resolve``
replaces each macro by what it stands for. ``check`` looks every name up in
the tables and replaces each ``Check`` by ``Test``s.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from rulec.runtime.fields import Field, Type
from rulec.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of a condition."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# --- values, as written -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant, as text: escapes are decoded, nothing else has been done to it.

    Bytes that are no UTF-8 (from ``\\xHH``) are kept as lone surrogates.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Items(Node):
    """``(a, b, c)`` on the right of a list operator."""

    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class FieldRef(Node):
    """``name`` or ``name[argument]``; on the right-hand side written ``val(name)``.

    An empty argument is not the same as none.
    """

    name: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Group(Node):
    """``(a, b)`` as an argument of a transformer."""

    items: "tuple[FieldRef | Call | Literal, ...]"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``transformer(argument, ...)`` or ``transformer(argument, ...)[selector]``."""

    name: str
    arguments: "tuple[Argument, ...]"
    selector: str | None = None


Reference: TypeAlias = FieldRef | Call
Argument: TypeAlias = FieldRef | Call | Literal | Group
Operand: TypeAlias = Literal | Items | FieldRef | Call


# --- conditions ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Const(Node):
    """Always or never."""

    value: bool


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """The name of a macro."""

    name: str


@dataclass(frozen=True, slots=True)
class Check(Node):
    """``left operator right`` as written.

    ``operator`` keeps its spelling (``=`` or ``==``) and its modifier
    (``startswith oneof``); ``right`` is ``None`` for ``exists``.
    """

    left: Reference
    operator: str
    right: Operand | None


@dataclass(frozen=True, slots=True)
class Not(Node):
    """``not operand``."""

    operand: "Condition"


@dataclass(frozen=True, slots=True)
class And(Node):
    """``a and b and ...``; true when there are no operands."""

    operands: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Or(Node):
    """``a or b or ...``; false when there are no operands."""

    operands: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """Exactly one of the operands holds."""

    operands: "tuple[Condition, ...]"


# --- values and tests, checked ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loaded(Node):
    """The value of a field of the event; ``argument`` has been checked."""

    field: Field
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value that is the same for every event, as a runtime value of ``type``."""

    value: object
    type: Type


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    """A list put together from parts, for a transformer."""

    parts: "tuple[Value, ...]"


@dataclass(frozen=True, slots=True)
class Transformed(Node):
    """What a transformer makes of its arguments, or nothing when one is missing."""

    transformer: str
    arguments: "tuple[Value, ...]"
    selector: str | None
    type: Type
    is_list: bool


Value: TypeAlias = Loaded | Constant | Sequence | Transformed


class Quantifier(Enum):
    """How a test treats the elements of a list."""

    NONE = "the value is no list"
    EVERY = "every element"
    SOME = "at least one element"


@dataclass(frozen=True, slots=True)
class Test(Node):
    """``value operator operand``; false when the value or the operand is missing.

    ``operator`` is a key of the operator table, without synonyms or
    modifiers. ``operand`` is what the operator takes (see the table), or
    another value of the event.
    """

    value: Value
    operator: str
    operand: "Constant | Value | None" = None
    quantifier: Quantifier = Quantifier.NONE


Condition: TypeAlias = Const | Macro | Check | Test | Not | And | Or | OneOf


def rebuild(node: Condition, change: Callable[[Condition], Condition]) -> Condition:
    """Return ``node`` with ``change`` applied to each direct child."""
    match node:
        case Not(operand):
            return replace(node, operand=change(operand))
        case And(operands) | Or(operands) | OneOf(operands):
            return replace(node, operands=tuple(map(change, operands)))
        case Const() | Macro() | Check() | Test():
            return node


def leaves(condition: Condition) -> Iterator[Condition]:
    """Yield the parts of a condition that have no parts themselves, in order."""
    pending = [condition]
    while pending:
        match pending.pop():
            case Not(operand):
                pending.append(operand)
            case And(operands) | Or(operands) | OneOf(operands):
                pending.extend(reversed(operands))
            case leaf:
                yield leaf


def checks(condition: Condition) -> Iterator[Check]:
    """Yield the comparisons of a condition, in order."""
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Check))
