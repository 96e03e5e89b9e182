"""Find out which rules an event could match from its type alone.

Rules about system calls name the types of events that they are about. For
each type that some rule names, the compiler works out which rules are left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rulec.gates import left_of, possible
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
    Test,
    leaves,
)
from rulec.passes.fold import fold
from rulec.runtime.fields import Field

# The field with the type of an event.
TYPE: Final = "evt.type"


@dataclass(frozen=True, slots=True)
class TypeGates:
    """For each rule of a source, in order, its gate and its body, by the type of the event.

    ``types`` has the numbers of the rules that are left by a type (None: an event
    without one), ``others`` those for all types that are not in it. A rule matches
    where its gate is open and its body holds.
    """

    value: Loaded
    types: Mapping[str | None, tuple[int, ...]]
    others: tuple[int, ...]
    gates: tuple[Condition, ...]
    bodies: tuple[Condition, ...]

    @property
    def values(self) -> tuple[Loaded, ...]:
        """The key fields: the type."""
        return (self.value,)

    def with_shut(self, bodies: Iterable[Condition]) -> "TypeGates":
        """Return these gates, and behind them such that are always shut."""
        added = tuple(bodies)
        shut = (Const(False),) * len(added)
        return replace(self, gates=(*self.gates, *shut), bodies=(*self.bodies, *added))


def type_gates(conditions: Sequence[Condition], field: Field) -> TypeGates:
    """Return the gates of the rules of one source, in whose events ``field`` is the type."""
    value = Loaded(field)

    def decides(node: Condition) -> bool:
        match node:
            case Const():
                return True
            case Test(asked, "=" | "!=" | "in" | "exists", None | Constant(), Quantifier.NONE):
                return asked == value
            case _:
                return False

    gates = tuple(possible(fold(condition), decides) for condition in conditions)
    bodies = tuple(left_of(fold(condition), decides) for condition in conditions)
    named = sorted({name for gate in gates for name in _named(gate)})
    others = _open(gates, _OTHER)
    found: dict[str | None, tuple[int, ...]] = {name: _open(gates, name) for name in named}
    found[None] = _open(gates, None)
    types = {name: numbers for name, numbers in found.items() if numbers != others}
    return TypeGates(value, types, others, gates, bodies)


# Stands for all types that no rule names: no constant has a NUL byte in it.
_OTHER: Final = "\0"


def _named(gate: Condition) -> Iterator[str]:
    for leaf in leaves(gate):
        match leaf:
            case Test(_, _, Constant(constant)):
                texts = constant if isinstance(constant, tuple) else (constant,)
                yield from map(str, texts)
            case _:
                pass


def _open(gates: Sequence[Condition], type_: str | None) -> tuple[int, ...]:
    return tuple(number for number, gate in enumerate(gates) if _holds(gate, type_))


def _holds(gate: Condition, type_: str | None) -> bool:
    """Return whether a gate is open for a type of events."""
    match gate:
        case Const(value):
            return value
        case Not(operand):
            return not _holds(operand, type_)
        case And(operands):
            return all(_holds(operand, type_) for operand in operands)
        case Or(operands):
            return any(_holds(operand, type_) for operand in operands)
        case OneOf(operands):
            return sum(_holds(operand, type_) for operand in operands) == 1
        case Test(_, "exists"):
            return type_ is not None
        case Test(_, "in", Constant(tuple(names))):
            return type_ in names
        case Test(_, "=", Constant(name)):
            return type_ == name
        case Test(_, "!=", Constant(name)):
            return type_ is not None and type_ != name
        case _:
            raise AssertionError(f"{gate!r} is no question about the type")
