"""Every comparison operator, one entry each.

An entry says for each kind of value what the operator means, twice: as a
plain Python function, which the tests and the reference interpreter trust,
and as the Python expression that the compiler writes. To add an operator,
add an entry; nothing else changes.
"""

import ast
import operator as python
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from rulec.nodes import Quantifier
from rulec.python import call, compare, method
from rulec.runtime import encoding, values
from rulec.runtime.fields import Kind

Emit = Callable[[ast.expr, ast.expr], ast.expr]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an operator does to a present value of one kind and its operand.

    ``prepare`` names the function of the runtime that turns an operand into
    what ``holds`` and ``emit`` take; for a constant that is done once for all
    events. ``total`` says that the emitted
    expression is simply false for a missing value, so nobody has to ask.
    ``bytewise`` names the function to call instead of ``emit`` when the operand
    is not known to be UTF-8: part of a character may match then.
    """

    holds: Callable[[Any, Any], bool]
    emit: Emit
    prepare: str | None = None
    total: bool = False
    cost: int = 1  # relative to comparing two short texts
    bytewise: str | None = None


class Takes(Enum):
    """What stands to the right of an operator."""

    NOTHING = "nothing"
    ONE = "one value"
    MANY = "a list of values"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: what is written, what it takes, what it means for each kind.

    ``on_lists`` is the quantifier that a list field gets; ``None`` means that
    list fields cannot be asked. ``lenient`` is the one for sources that allow
    the scalar operators on lists, too. ``fields`` tells whether the operand
    may be another field. ``modifiable`` operators may be followed by oneof,
    anyof, allof.
    """

    symbol: str
    takes: Takes
    meanings: Mapping[Kind, Meaning]
    on_lists: Quantifier | None = None
    lenient: Quantifier | None = None
    fields: bool = True
    modifiable: bool = False


def _infix(operator: Callable[[], ast.cmpop]) -> Emit:
    return lambda a, b: compare(a, operator(), b)


def _method(attribute: str) -> Emit:
    return lambda a, b: method(a, attribute, b)


def _contains(a: ast.expr, b: ast.expr) -> ast.expr:
    return compare(b, ast.In(), a)


def _through(function: str, emit: Emit) -> Emit:
    """Write the value wrapped in a runtime function, as the operand already is."""
    return lambda a, b: emit(call(function, a), b)


def _matcher(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.Call(b, [a], [])


def _for(kinds: tuple[Kind, ...], meaning: Meaning) -> dict[Kind, Meaning]:
    return dict.fromkeys(kinds, meaning)


NUMBERS: Final = (Kind.INTEGER, Kind.PORT, Kind.DOUBLE)
PLAIN: Final = (Kind.STRING, Kind.BYTES, *NUMBERS, Kind.BOOL, Kind.ADDRESS)
ANY: Final = tuple(Kind)

# A constant network contains the address that the field holds.
_WITHIN: Final = Meaning(values.within, _infix(ast.In), cost=4)
_OUTSIDE: Final = Meaning(lambda a, b: a not in b, _infix(ast.NotIn), cost=4)


def _equality(holds: Callable[[Any, Any], bool], operator: Callable[[], ast.cmpop]) -> Meaning:
    # None equals no constant, so only "!=" has to look whether there is a value.
    return Meaning(holds, _infix(operator), total=operator is ast.Eq)


def _order(
    holds: Callable[[Any, Any], bool], operator: Callable[[], ast.cmpop]
) -> dict[Kind, Meaning]:
    texts = Meaning(
        lambda a, b: holds(encoding.byte_order(a), b),
        _through("byte_order", _infix(operator)),
        prepare="byte_order",
        cost=3,
    )
    return {Kind.STRING: texts, **_for(NUMBERS, Meaning(holds, _infix(operator)))}


def _member(prepare: str, *, total: bool, cost: int = 1) -> Meaning:
    return Meaning(lambda a, b: a in b, _infix(ast.In), prepare, total, cost)


_SET: Final = {
    **_for(PLAIN, _member("frozenset", total=True)),
    Kind.NETWORK: _member("Networks", total=False, cost=8),
}

IN_RANGES: Final = "in ranges"

OPERATORS: Final[Mapping[str, Operator]] = {
    entry.symbol: entry
    for entry in (
        Operator(
            "exists",
            Takes.NOTHING,
            _for(ANY, Meaning(lambda a, _: True, lambda a, _: ast.Constant(True), cost=1)),
            on_lists=Quantifier.NONE,
        ),
        Operator(
            "=",
            Takes.ONE,
            {**_for(PLAIN, _equality(python.eq, ast.Eq)), Kind.NETWORK: _WITHIN},
            lenient=Quantifier.EVERY,
            modifiable=True,
        ),
        Operator(
            "!=",
            Takes.ONE,
            {**_for(PLAIN, _equality(python.ne, ast.NotEq)), Kind.NETWORK: _OUTSIDE},
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator("<", Takes.ONE, _order(python.lt, ast.Lt), lenient=Quantifier.SOME),
        Operator("<=", Takes.ONE, _order(python.le, ast.LtE), lenient=Quantifier.SOME),
        Operator(">", Takes.ONE, _order(python.gt, ast.Gt), lenient=Quantifier.SOME),
        Operator(">=", Takes.ONE, _order(python.ge, ast.GtE), lenient=Quantifier.SOME),
        Operator(
            "contains",
            Takes.ONE,
            {
                Kind.STRING: Meaning(encoding.contains, _contains, cost=3, bytewise="contains"),
                Kind.BYTES: Meaning(python.contains, _contains, cost=3),
            },
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "icontains",
            Takes.ONE,
            {
                Kind.STRING: Meaning(
                    encoding.icontains,
                    _through("ascii_lower", _contains),
                    prepare="ascii_lower",
                    cost=6,
                    bytewise="icontains",
                )
            },
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "bcontains",
            Takes.ONE,
            {Kind.BYTES: Meaning(python.contains, _contains, cost=3)},
            modifiable=True,
        ),
        Operator(
            "startswith",
            Takes.ONE,
            {
                Kind.STRING: Meaning(
                    encoding.starts, _method("startswith"), cost=2, bytewise="starts"
                ),
                Kind.BYTES: Meaning(bytes.startswith, _method("startswith"), cost=2),
            },
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "bstartswith",
            Takes.ONE,
            {Kind.BYTES: Meaning(bytes.startswith, _method("startswith"), cost=2)},
            modifiable=True,
        ),
        Operator(
            "endswith",
            Takes.ONE,
            {
                Kind.STRING: Meaning(encoding.ends, _method("endswith"), cost=2, bytewise="ends"),
                Kind.BYTES: Meaning(bytes.endswith, _method("endswith"), cost=2),
            },
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "glob",
            Takes.ONE,
            {Kind.STRING: Meaning(lambda a, b: b(a), _matcher, prepare="glob", cost=10)},
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "iglob",
            Takes.ONE,
            {Kind.STRING: Meaning(lambda a, b: b(a), _matcher, prepare="iglob", cost=12)},
            lenient=Quantifier.SOME,
            modifiable=True,
        ),
        Operator(
            "regex",
            Takes.ONE,
            {Kind.STRING: Meaning(lambda a, b: b(a), _matcher, prepare="regex", cost=20)},
            lenient=Quantifier.SOME,
            fields=False,
            modifiable=True,
        ),
        Operator(
            "pmatch",
            Takes.MANY,
            {
                Kind.STRING: Meaning(
                    lambda a, b: b.covers(a),
                    lambda a, b: method(b, "covers", a),
                    prepare="Paths",
                    cost=10,
                )
            },
            lenient=Quantifier.EVERY,
            fields=False,
        ),
        Operator("in", Takes.MANY, _SET, on_lists=Quantifier.EVERY),
        Operator("intersects", Takes.MANY, _SET, on_lists=Quantifier.SOME),
        # What "=", "in" and "intersects" become for sources in which a constant
        # "30:40" also stands for the integers from 30 to 40. Its symbol has a
        # blank in it, so that no rule can be written with it.
        Operator(
            IN_RANGES,
            Takes.MANY,
            {Kind.STRING: _member("Members", total=False, cost=5)},
            fields=False,
        ),
    )
}

SYNONYMS: Final[Mapping[str, str]] = {"==": "="}
MODIFIERS: Final = ("oneof", "anyof", "allof")

# Lists of these types can be compared; others can only be asked whether they exist.
COMPARABLE_LISTS: Final = frozenset(
    {"CHARBUF", "UINT64", "RELTIME", "ABSTIME", "BOOL", "IPADDR", "IPNET"}
)


def words() -> frozenset[str]:
    """Return every way to write an operator, with modifiers, as exceptions do."""
    plain = {*OPERATORS, *SYNONYMS} - {"exists", IN_RANGES}
    modifiable = [s for s in plain if OPERATORS[SYNONYMS.get(s, s)].modifiable]
    return frozenset(plain | {f"{s} {modifier}" for s in modifiable for modifier in MODIFIERS})
