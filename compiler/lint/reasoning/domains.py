"""All that tests of one value can say together, as a finite set of cells.

Each cell is a way in which some values answer all tests: no value at all, one of
the constants that the tests name, or some other value. Real values may leave
cells empty, and no value is outside of all cells: what holds in no cell never holds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise, product
from typing import Any, Final, TypeAlias

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
    """The cells of a value: ``full`` has a bit for each, ``masks`` those in which each test holds.

    A test without a mask is to be taken for anything.
    """

    full: int
    masks: tuple[int | None, ...]


def domain(value: Value, tests: Sequence[Test]) -> Domain:
    """Return the cells of a value that some tests are about."""
    asked = [_Asked(test) for test in tests if not _is_open(test)]
    if several(value) is not None or shape(value).is_list:
        full, masks = _of_lists(asked)
    elif (kind := shape(value).type.kind) in (*NUMBERS, Kind.BOOL):
        full, masks = _of_samples(asked, list(_numbers(kind, asked)))
    elif kind in PLAIN:
        full, masks = _of_texts(asked)
    else:
        full, masks = _of_signs(asked, [])
    found = dict(zip((each.test for each in asked), masks, strict=True))
    return Domain(full, tuple(map(found.get, tests)))


_Cells: TypeAlias = tuple[int, list[int | None]]


def _is_open(test: Test) -> bool:
    """Return whether nothing is known of a test: it asks for something else than a constant."""
    if isinstance(test.value, Loaded) and test.value.field.within:
        return True
    return not (test.operand is None or isinstance(test.operand, Constant))


class _Asked:
    """A test of a value, ready to be asked many times."""

    def __init__(self, test: Test) -> None:
        self.test = test
        self.operator = test.operator
        self.constants: tuple[Any, ...] = ()
        self.operand: Any = None
        self.holds: Callable[[Any, Any], bool] = lambda value, operand: True
        if isinstance(test.operand, Constant):
            found = test.operand.value
            self.constants = found if isinstance(found, tuple) else (found,)
            meaning = OPERATORS[test.operator].meanings[shape(test.value).type.kind]
            self.holds = meaning.holds
            self.operand = prepared(meaning.prepare, found)

    def __call__(self, value: Any) -> bool:
        return self.holds(value, self.operand)

    @property
    def is_filled(self) -> bool:
        """Whether it asks whether there is an element, not only a list."""
        return self.operator == "exists" and self.test.quantifier is Quantifier.EVERY


def _distinct(asked: Iterable[_Asked]) -> list[Any]:
    return list(dict.fromkeys(constant for each in asked for constant in each.constants))


def _bits(answers: Iterable[bool]) -> int:
    return sum(1 << number for number, answer in enumerate(answers) if answer)


def _of_samples(asked: Sequence[_Asked], samples: Sequence[Any]) -> _Cells:
    """Return the cell of no value, and one for each sample."""
    if len(samples) * len(asked) > MAX_ANSWERS:
        return 1, [None] * len(asked)
    masks: list[int | None] = [_bits(map(each, samples)) << 1 for each in asked]
    return (2 << len(samples)) - 1, masks


def _numbers(kind: Kind, asked: Iterable[_Asked]) -> Iterator[Any]:
    """Yield numbers that answer the tests in every way in which a number can."""
    if kind is Kind.BOOL:
        yield from (False, True)
        return
    named = sorted(number for number in _distinct(asked) if number == number)  # NaN equals nothing
    if kind is Kind.DOUBLE:
        yield from map(float, ("nan", "-inf", "inf"))
        yield from ((low + high) / 2 for low, high in pairwise(named))
    else:
        yield from ((named[0] - 1, named[-1] + 1) if named else (0,))
        yield from (low + 1 for low, high in pairwise(named) if high - low > 1)
    yield from named


# --- texts ----------------------------------------------------------------------------


def _of_texts(asked: Sequence[_Asked]) -> _Cells:
    """Return a cell for each text that is named, and for all other ways to answer."""
    signs = [each for each in asked if each.operator not in _EQUAL]
    named = _distinct(each for each in asked if each.operator in _EQUAL)
    full, masks = _of_samples(asked, named)
    if full == 1 and named:
        return full, masks
    ways, known = _ways(signs)
    shift = 1 + len(named)
    others = ((1 << len(ways)) - 1) << shift
    numbers = {id(each): number for number, each in enumerate(signs)}
    for index, each in enumerate(asked):
        mask = masks[index] or 0
        if each.operator in ("exists", "!="):
            masks[index] = mask | others
        elif (number := numbers.get(id(each))) is not None:
            bit = 1 << number
            holding = _bits(bool(way & bit) for way in ways) << shift
            masks[index] = mask | holding if known & bit else None
    return full | others, masks


def _ways(signs: Sequence[_Asked]) -> tuple[list[int], int]:
    """Return the ways in which a text that is not named answers, and what is known of.

    A way has a bit for each test that holds.
    """
    begins = _chains(signs, _PREFIX)
    ends = _chains(signs, _SUFFIX)
    if len(begins) > MAX_CELLS:
        begins = [0]
    if len(begins) * len(ends) > MAX_CELLS:
        ends = [0]
    rest = [n for n, each in enumerate(signs) if each.operator not in _PREFIX | _SUFFIX]
    rest = rest[: (MAX_CELLS // (len(begins) * len(ends))).bit_length() - 1]
    always = _bits_of(number for number in rest if _is_trivial(signs[number]))
    implied = _implied_parts(signs, rest)
    choices = [_bits_of(compress(rest, answers)) for answers in product((0, 1), repeat=len(rest))]
    ways = []
    for chosen in choices:
        for begin, end in product(begins, ends):
            way = begin | end | chosen
            if way & always == always and all(
                way & part or not way & having for part, having in implied
            ):
                ways.append(way)
    known = _bits_of(rest)
    for each in (*begins, *ends):
        known |= each
    return ways, known


def _bits_of(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def _is_trivial(asked: _Asked) -> bool:
    """Return whether a test asks for a part without characters, which is in everything."""
    return asked.operator in _WITHIN and not asked.operand


def _implied_parts(signs: Sequence[_Asked], rest: Iterable[int]) -> list[tuple[int, int]]:
    """Return the bit of each part, with the bits of what has the part in it."""
    return [
        (
            1 << number,
            _bits(o.operator in _TEXTUAL and signs[number](o.constants[0]) for o in signs),
        )
        for number in rest
        if signs[number].operator in _WITHIN
    ]


# What is in a value for which such a test holds; icontains only tells it in lower case.
_TEXTUAL: Final = _PREFIX | _SUFFIX | frozenset({"contains", "bcontains"})


def _chains(signs: Sequence[_Asked], operators: frozenset[str]) -> list[int]:
    """Return the ways in which a value can begin (or end): each way is what then holds.

    Of two beginnings of one value, one is a beginning of the other.
    """
    ours = [(1 << n, each) for n, each in enumerate(signs) if each.operator in operators]
    if len(ours) > MAX_CELLS:
        return [0]
    ways = {sum(bit for bit, other in ours if other(each.constants[0])) for _, each in ours}
    return sorted({*ways, sum(bit for bit, each in ours if not each.operand)})


# --- what is known by signs only -------------------------------------------------------


def _of_lists(asked: Sequence[_Asked]) -> _Cells:
    """Return the cells of a list, or of one of several values: what it answers, all in all."""
    sets = {id(each): frozenset(each.constants) for each in asked if _is_set(each.test)}

    def may_be(holding: Sequence[_Asked], failing: Sequence[_Asked]) -> bool:
        true = [(each.test, sets[id(each)]) for each in holding if id(each) in sets]
        for each in failing:
            if (those := sets.get(id(each))) is not None and any(
                _implies(test, these, each.test, those) for test, these in true
            ):
                return False
        for one, these in true:
            if any(_excludes(one, these, test, those) for test, those in true):
                return False
        asks = any(each.test.quantifier is not Quantifier.NONE for each in holding)
        return not (asks and any(each.is_filled for each in failing))

    return _of_signs(asked, [may_be])


def _is_set(test: Test) -> bool:
    """Return whether a test asks whether elements are among its constants."""
    asked = test.quantifier is not Quantifier.NONE and test.operator in ("=", "in", "intersects")
    return asked and shape(test.value).type.kind in PLAIN


def _implies(one: Test, found: frozenset[Any], other: Test, those: frozenset[Any]) -> bool:
    weaker = other.quantifier in (Quantifier.SOME, one.quantifier)
    return weaker and found <= those


def _excludes(one: Test, found: frozenset[Any], other: Test, those: frozenset[Any]) -> bool:
    return Quantifier.EVERY in (one.quantifier, other.quantifier) and found.isdisjoint(those)


_MayBe: TypeAlias = Callable[[Sequence[_Asked], Sequence[_Asked]], bool]


def _of_signs(asked: Sequence[_Asked], conditions: Sequence[_MayBe]) -> _Cells:
    """Return a cell for each way in which a value can answer, and the one of no value."""
    chosen = [n for n, each in enumerate(asked) if each.operator != "exists" or each.is_filled]
    chosen = chosen[: MAX_CELLS.bit_length() - 1]
    ways = []
    for answers in product((False, True), repeat=len(chosen)):
        holding = [asked[n] for n, answer in zip(chosen, answers, strict=True) if answer]
        failing = [asked[n] for n, answer in zip(chosen, answers, strict=True) if not answer]
        if all(condition(holding, failing) for condition in conditions):
            ways.append(answers)
    full = (2 << len(ways)) - 1
    masks: list[int | None] = [None] * len(asked)
    for index, number in enumerate(chosen):
        masks[number] = _bits(way[index] for way in ways) << 1
    for number, each in enumerate(asked):
        if each.operator == "exists" and not each.is_filled:
            masks[number] = full & ~1
    return full, masks
