"""Values that might make comparisons true or false.

These are guesses, and it does no harm if some are wrong: whether a value does what it is
meant to do, compiled code says. They are good guesses where a comparison is with constants.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import islice, product
from typing import Any, Final

from rulec.explain.atoms import Atom
from rulec.explain.samples import equal, inverse, near, of_pattern, samples
from rulec.explain.whatif import Values, WhatIf
from rulec.nodes import Constant, Loaded, Test, Value
from rulec.operators import IN_RANGES
from rulec.references import several
from rulec.runtime.fields import Kind

# Of the constants of a comparison that is not to change, so many are tried.
_FEW: Final = 12
# So many values are tried for a field, and so many ways to put lists together.
MOST_VALUES: Final = 4000
_MOST_LISTS: Final = 200

# Values of each kind that are equal to no constant that is likely to be in rules.
OTHERS: Final[dict[Kind, tuple[Any, ...]]] = {
    Kind.STRING: ("other", "x", ""),
    Kind.BYTES: (b"other", b""),
    Kind.INTEGER: (0, 1, 7),
    Kind.PORT: (0, 1, 60007),
    Kind.DOUBLE: (0.0, 1.0, 7.5),
    Kind.BOOL: (True, False),
    Kind.ADDRESS: (IPv4Address("192.0.2.7"), IPv6Address("2001:db8::7")),
    Kind.NETWORK: (IPv4Address("192.0.2.7"), IPv6Address("2001:db8::7")),
    Kind.OPAQUE: ("x",),
}

# Operators that leave open what a value has to be, though all values that fit are known.
_EXACT: Final = frozenset(
    {"exists", "=", "!=", "in", "intersects", IN_RANGES, "<", "<=", ">", ">="}
)


def are_exact(atoms: Iterable[Atom]) -> bool:
    """Return whether values can be found for some comparisons at once, if there are any."""
    tests = [test for atom in atoms for test in atom.tests]
    return all(
        isinstance(test.value, Loaded)
        and test.operator in _EXACT
        and (test.operand is None or isinstance(test.operand, Constant))
        for test in tests
    )


@dataclass(frozen=True)
class Wanted:
    """A comparison, and what it is to be."""

    atom: Atom
    verdict: bool


def candidates(
    variable: str, wanted: Sequence[Wanted], whatif: WhatIf, values: Values
) -> Iterator[Any]:
    """Yield values for a field, the likeliest first, each once; None for no value comes last.

    ``wanted`` are comparisons of the field that are to become something; ``values`` are
    those that the fields have now.
    """
    loaded = whatif.atoms.variables[variable]
    is_list = loaded.field.is_list or several(loaded) is not None
    make = _lists if is_list else _singles
    found = make(variable, wanted, whatif, values)
    met: set[tuple[type, Any]] = set()
    for value in islice(found, MOST_VALUES):
        if value == () and is_list:  # no field has an empty list: it has no value then
            continue
        if (key := (type(value), value)) not in met:
            met.add(key)
            yield value
    if loaded.field.attribute is None:  # those are always there
        yield None


def _singles(
    variable: str, wanted: Sequence[Wanted], whatif: WhatIf, values: Values
) -> Iterator[Any]:
    loaded, now = whatif.atoms.variables[variable], values[variable]
    fits = _fitting(loaded)
    own = [test for each in wanted for test in each.atom.tests]
    if not any(each.verdict for each in wanted):
        yield from filter(fits, OTHERS[loaded.field.type.kind])
    yield from filter(fits, _together(variable, wanted, whatif))
    yield from filter(fits, _of_tests(variable, own, whatif, values, MOST_VALUES))
    if now is not None:
        yield from filter(fits, near(now))
    yield from filter(fits, OTHERS[loaded.field.type.kind])
    others = [test for atom in whatif.atoms if variable in atom.variables for test in atom.tests]
    yield from filter(fits, _of_tests(variable, others, whatif, values, _FEW))


def _fitting(loaded: Loaded) -> Callable[[Any], bool]:
    """Return the function that tells whether a value can be one of a field."""
    kind = loaded.field.type.kind
    low, high = _RANGES.get(kind, (-(2**63), 2**64 - 1))

    def fits(value: Any) -> bool:
        if isinstance(value, bool) or kind is Kind.BOOL:
            return isinstance(value, bool) and kind is Kind.BOOL
        return isinstance(value, _TYPES[kind]) and not (
            isinstance(value, int) and not low <= value <= high
        )

    return fits


_ADDRESS: Final = (IPv4Address, IPv6Address)
_TYPES: Final[Mapping[Kind, tuple[type, ...]]] = {
    Kind.STRING: (str,),
    Kind.OPAQUE: (str,),
    Kind.BYTES: (bytes,),
    Kind.INTEGER: (int,),
    Kind.PORT: (int,),
    Kind.DOUBLE: (int, float),
    Kind.ADDRESS: _ADDRESS,
    Kind.NETWORK: _ADDRESS,
}

# Others who work values out may give numbers that the type of a field does not have.
_RANGES: Final[Mapping[Kind, tuple[int, int]]] = {Kind.PORT: (0, 2**16 - 1)}


# --- of comparisons ---------------------------------------------------------------------


def _of_tests(
    variable: str, tests: Iterable[Test], whatif: WhatIf, values: Values, most: int
) -> Iterator[Any]:
    """Yield what tests compare a field with, and what is close to that."""
    is_meant = _is(variable, whatif)
    for test in tests:
        for side, other in ((test.value, test.operand), (test.operand, test.value)):
            if side is None or isinstance(side, Constant):
                continue
            for constant in islice(_constants(test, other, whatif, values), most):
                yield from inverse(side, constant, is_meant)


def _is(variable: str, whatif: WhatIf) -> Callable[[Loaded], bool]:
    """Return the function that tells whether a field is a variable."""
    return lambda loaded: whatif.atoms.name(loaded) == variable


def _constants(test: Test, other: Value | None, whatif: WhatIf, values: Values) -> Iterator[Any]:
    """Yield values for one side of a test, given the other one."""
    match other:
        case None:
            return
        case Constant(tuple(constants)):
            for constant in constants:
                yield from samples(test, constant)
        case Constant(constant):
            yield from samples(test, constant)
        case Loaded():
            now = values.get(whatif.atoms.name(other))
            for value in now if isinstance(now, tuple) else (now,):
                if value is not None:
                    yield from samples(test, value)
        case _:
            return


def _together(variable: str, wanted: Sequence[Wanted], whatif: WhatIf) -> Iterator[str]:
    """Yield texts of which several tests may be true that are each about a part of a text."""
    begins, ends, inner = [""], [""], list[str]()
    for each in wanted:
        for test in each.atom.tests if each.verdict else ():
            text = test.operand.value if isinstance(test.operand, Constant) else None
            if not isinstance(text, str) or not isinstance(test.value, Loaded):
                continue
            match test.operator:
                case "startswith":
                    begins.append(text)
                case "endswith":
                    ends.append(text)
                case "contains" | "icontains":
                    inner.append(text)
                case "glob" | "iglob" | "pmatch":
                    inner += islice(of_pattern(text), 1)
    if len(begins) + len(ends) + len(inner) < 4:
        return
    begin, end = max(begins, key=len), max(ends, key=len)
    yield begin + "".join(inner) + end
    for size in range(min(len(begin), len(end)), 0, -1):
        if begin.endswith(end[:size]):
            yield begin + end[size:]


# --- lists --------------------------------------------------------------------------------


def _lists(
    variable: str, wanted: Sequence[Wanted], whatif: WhatIf, values: Values
) -> Iterator[tuple[Any, ...]]:
    loaded, now = whatif.atoms.variables[variable], values[variable] or ()
    fits = _fitting(loaded)
    own = [
        _scalars(_of_tests(variable, each.atom.tests, whatif, values, MOST_VALUES), fits)
        for each in wanted
    ]
    # What is there already, as far as it does no harm, and with something more.
    kept = tuple(
        item
        for item in now
        if all(
            whatif.answer(each.atom.number, {**values, variable: (item,)}) is each.verdict
            for each in wanted
        )
    )
    others = OTHERS[loaded.field.type.kind]
    if not any(each.verdict for each in wanted):
        yield from ((*kept, other) for other in others)
        yield from ((other,) for other in others)
    for each in (kept, now) if kept else (now,):
        for scalars in own:
            yield from ((*each, scalar) for scalar in scalars[:_FEW])
    yield from ((scalar,) for scalars in own for scalar in scalars)
    if kept:
        yield kept
    for chosen in islice(product(*(scalars for scalars in own if scalars)), _MOST_LISTS):
        yield tuple(dict.fromkeys(chosen))
    for test in (test for each in wanted for test in each.atom.tests):
        yield from islice(_wholes(test, variable, whatif), _FEW)
    yield from ((other,) for other in others)
    yield from ((*now, other) for other in others)


def _scalars(found: Iterable[Any], fits: Callable[[Any], bool]) -> list[Any]:
    """Return the values that can be elements of a list, once each."""
    flat = (part for each in found for part in (each if isinstance(each, tuple) else (each,)))
    return list(dict.fromkeys(filter(fits, flat)))


def _wholes(test: Test, variable: str, whatif: WhatIf) -> Iterator[tuple[Any, ...]]:
    """Yield whole lists of which a test may be true, such as those of some length."""
    is_meant = _is(variable, whatif)
    if isinstance(test.operand, Constant) and not isinstance(test.value, Loaded):
        operand = test.operand.value
        constants = operand if isinstance(operand, tuple) else (operand,)
        for constant in constants:
            for value in equal(constant):
                for whole in inverse(test.value, value, is_meant):
                    if isinstance(whole, tuple) and whole:
                        yield whole
