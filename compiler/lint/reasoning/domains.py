"""All that tests of one value can say together, as a finite set of cells.

Each cell is a way in which some values answer all tests: no value at all, one of
the constants that the tests name, or some other value. Real values may leave
cells empty, and no value is outside of all cells: what holds in no cell never holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, Final

from rulec.nodes import Constant, Loaded, Quantifier, Test, Value
from rulec.operators import NUMBERS, OPERATORS, PLAIN
from rulec.references import several, shape
from rulec.runtime import prepared
from rulec.runtime.fields import Kind

# More cells than this are not looked at, and no more answers than that worked out.
MAX_CELLS: Final = 512
MAX_ANSWERS: Final = 200_000

_EQUAL: Final = frozenset({"exists", "=", "!=", "in", "intersects"})
_PREFIX: Final = frozenset({"startswith", "bstartswith"})
_SUFFIX: Final = frozenset({"endswith"})
_WITHIN: Final = frozenset({"contains", "icontains", "bcontains"})


@dataclass(frozen=True, slots=True)
class Domain:
    """The cells of a value: ``full`` has a bit for each, ``masks`` those in which a test holds."""

    full: int
    masks: dict[Test, int]


def domain(value: Value, tests: Sequence[Test]) -> Domain:
    """Return the cells of a value that some tests are about.

    Tests that are not in it are to be taken for anything.
    """
    tests = [test for test in tests if not _is_opaque(test)]
    if several(value) is not None or shape(value).is_list:
        return _list_domain(tests)
    kind = shape(value).type.kind
    if kind in (*NUMBERS, Kind.BOOL):
        return _of_samples(tests, list(_numbers(kind, tests)))
    if kind in PLAIN:
        return _of_texts(tests)
    return _of_signs(tests, [])


def _is_opaque(test: Test) -> bool:
    """Return whether nothing is known of a test: it asks for something else than a constant."""
    if isinstance(test.value, Loaded) and test.value.field.within:
        return True
    return not (test.operand is None or isinstance(test.operand, Constant))


class _Asked:
    """A test of a single value, ready to be asked many times."""

    def __init__(self, test: Test) -> None:
        self.test = test
        self.operand: Any = None
        self.holds: Callable[[Any, Any], bool] = lambda value, operand: True
        if isinstance(test.operand, Constant):
            meaning = OPERATORS[test.operator].meanings[shape(test.value).type.kind]
            self.holds = meaning.holds
            self.operand = prepared(meaning.prepare, test.operand.value)

    def __call__(self, value: Any) -> bool:
        return self.holds(value, self.operand)


def _constants(test: Test) -> tuple[Any, ...]:
    if not isinstance(test.operand, Constant):
        return ()
    found = test.operand.value
    return found if isinstance(found, tuple) else (found,)


def _distinct(tests: Sequence[Test]) -> list[Any]:
    return list(dict.fromkeys(constant for test in tests for constant in _constants(test)))


def _of_samples(tests: Sequence[Test], samples: Sequence[Any]) -> Domain:
    """Return the cell of no value, and one for each sample."""
    if len(samples) * len(tests) > MAX_ANSWERS:
        return Domain(1, {})
    masks = {}
    for test in tests:
        asked = _Asked(test)
        masks[test] = sum(2 << number for number, each in enumerate(samples) if asked(each))
    return Domain((2 << len(samples)) - 1, masks)


def _numbers(kind: Kind, tests: Sequence[Test]) -> Iterator[Any]:
    """Yield numbers that answer the tests in every way in which a number can."""
    if kind is Kind.BOOL:
        yield from (False, True)
        return
    named = sorted(number for number in _distinct(tests) if number == number)  # NaN equals nothing
    if kind is Kind.DOUBLE:
        yield from map(float, ("nan", "-inf", "inf"))
        yield from ((low + high) / 2 for low, high in pairwise(named))
    else:
        ends = (named[0] - 1, named[-1] + 1) if named else (0,)
        yield from ends
        yield from (low + 1 for low, high in pairwise(named) if high - low > 1)
    yield from named


# --- texts ----------------------------------------------------------------------------


def _of_texts(tests: Sequence[Test]) -> Domain:
    """Return a cell for each text that is named, and for all other ways to answer."""
    signs = [test for test in tests if test.operator not in _EQUAL]
    named = _distinct([test for test in tests if test.operator in _EQUAL])
    if len(named) * len(tests) > MAX_ANSWERS:
        return Domain(1, {})
    others, known = _others(signs)
    sampled = _of_samples(tests, named)
    shift = 1 + len(named)
    full = sampled.full | (((1 << len(others)) - 1) << shift)
    masks = {}
    for test, mask in sampled.masks.items():
        if test.operator in ("=", "in", "intersects"):
            masks[test] = mask
        elif test.operator in _EQUAL:
            masks[test] = mask | (full >> shift << shift)
        elif test in known:
            holding = sum(1 << number for number, cell in enumerate(others) if test in cell)
            masks[test] = mask | (holding << shift)
    return Domain(full, masks)


def _others(signs: Sequence[Test]) -> tuple[list[frozenset[Test]], frozenset[Test]]:
    """Return the ways in which a text that is not named answers, and what they are about.

    A way is the set of tests that hold.
    """
    begins = _chains([test for test in signs if test.operator in _PREFIX])
    ends = _chains([test for test in signs if test.operator in _SUFFIX])
    rest = [test for test in signs if test.operator not in _PREFIX | _SUFFIX]
    if len(begins) * len(ends) > MAX_CELLS:
        ends = [frozenset()]
    if len(begins) > MAX_CELLS:
        begins = [frozenset()]
    while len(begins) * len(ends) * 2 ** len(rest) > MAX_CELLS:
        rest.pop()
    parts = [_Asked(test) for test in rest if test.operator in _WITHIN]
    ways = []
    for begin, end, answers in product(begins, ends, product((False, True), repeat=len(rest))):
        chosen = {test for test, answer in zip(rest, answers, strict=True) if answer}
        known = [_only(test) for test in (*begin, *end, *chosen) if test.operator in _TEXTUAL]
        implied = (each.test for each in parts if not each.operand or any(map(each, known)))
        if chosen.issuperset(implied):
            ways.append(begin | end | chosen)
    about = frozenset(test for way in (*begins, *ends) for test in way) | frozenset(rest)
    return ways, about


# What is in a value for which such a test holds; icontains only tells it in lower case.
_TEXTUAL: Final = _PREFIX | _SUFFIX | frozenset({"contains", "bcontains"})


def _only(test: Test) -> Any:
    (constant,) = _constants(test)
    return constant


def _chains(tests: Sequence[Test]) -> list[frozenset[Test]]:
    """Return the ways in which a value can begin (or end): each way is what then holds.

    Of two beginnings of one value, one is a beginning of the other.
    """
    asked = [_Asked(test) for test in tests]
    ways = {frozenset(each.test for each in asked if each(_only(test))) for test in tests}
    ways.add(frozenset(each.test for each in asked if not each.operand))
    return sorted(ways, key=len)


# --- what is known by signs only -------------------------------------------------------


def _list_domain(tests: Sequence[Test]) -> Domain:
    """Return the cells of a list, or of one of several values: what it answers, all in all."""
    sets = [(test, found) for test in tests if (found := _set(test)) is not None]

    def may_be(holding: frozenset[Test]) -> bool:
        true = [(test, found) for test, found in sets if test in holding]
        for test, found in sets:
            if test not in holding:
                if any(_implies(other, these, test, found) for other, these in true):
                    return False
            elif any(_excludes(other, these, test, found) for other, these in true):
                return False
        asked = any(test.quantifier is not Quantifier.NONE for test in holding)
        filled = [t for t in tests if t.operator == "exists" and t.quantifier is Quantifier.EVERY]
        return not asked or holding.issuperset(filled)

    return _of_signs(tests, [may_be])


def _set(test: Test) -> frozenset[Any] | None:
    """Return the constants of which elements must be, for a test that asks for that."""
    asked = test.quantifier is not Quantifier.NONE and test.operator in ("=", "in", "intersects")
    kind = shape(test.value).type.kind
    return frozenset(_constants(test)) if asked and kind in PLAIN else None


def _implies(one: Test, found: frozenset[Any], other: Test, those: frozenset[Any]) -> bool:
    weaker = other.quantifier in (Quantifier.SOME, one.quantifier)
    return weaker and found <= those


def _excludes(one: Test, found: frozenset[Any], other: Test, those: frozenset[Any]) -> bool:
    return Quantifier.EVERY in (one.quantifier, other.quantifier) and found.isdisjoint(those)


def _of_signs(
    tests: Sequence[Test], conditions: Sequence[Callable[[frozenset[Test]], bool]]
) -> Domain:
    """Return a cell for each way in which a value can answer, and the one of no value."""
    asked = [test for test in tests if test.operator != "exists" or _is_filled(test)]
    asked = asked[: MAX_CELLS.bit_length() - 1]
    ways = []
    for answers in product((False, True), repeat=len(asked)):
        holding = frozenset(t for t, answer in zip(asked, answers, strict=True) if answer)
        if all(condition(holding) for condition in conditions):
            ways.append(holding)
    full = (2 << len(ways)) - 1
    masks = {
        test: sum(2 << number for number, way in enumerate(ways) if test in way) for test in asked
    }
    for test in tests:
        if test.operator == "exists" and not _is_filled(test):
            masks[test] = full & ~1
    return Domain(full, masks)


def _is_filled(test: Test) -> bool:
    """Return whether a test asks whether there is an element, not only a list."""
    return test.quantifier is Quantifier.EVERY
