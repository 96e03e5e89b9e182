"""What is known of tests that are about the same value, without looking at an event.

Everything here is sound and some of it incomplete: what is not said may be so all the same. A
test of a missing value is false; an empty list passes no test but ``exists``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, TypeAlias

from rulec.nodes import And, Condition, Constant, Not, Or, Quantifier, Test, Value
from rulec.operators import IN_RANGES, OPERATORS, PLAIN
from rulec.references import several, shape
from rulec.runtime import prepared
from rulec.runtime.encoding import ascii_lower, contains, ends, icontains, starts, utf8
from rulec.runtime.fields import Kind

# Of a value that is compared more often than this, with itself or with constants, less is known.
MOST_PAIRS: Final = 40_000
MOST_ANSWERS: Final = 4_000_000

_MEMBERS: Final = ("in", "intersects")
_LESS: Final = ("<", "<=")
_MORE: Final = (">", ">=")

# A literal of a fact: a test, and whether it holds. One of those of a fact always is true.
Literal: TypeAlias = tuple[Test, bool]
Fact: TypeAlias = tuple[Literal, ...]


def is_constant(test: Test) -> bool:
    """Return whether a test compares with something that is the same for every event."""
    return isinstance(test.operand, Constant)


def spelled_out(test: Test) -> Condition:
    """Return what a comparison with ``!=`` says: that there is a value, and another one."""
    if test.operator == "!=" and test.quantifier is Quantifier.NONE and is_constant(test):
        there = Test(test.value, "exists", span=test.span)
        if shape(test.value).type.kind in PLAIN:
            return And((there, Not(replace(test, operator="="))))
    return test


def members(test: Test) -> tuple[Any, ...] | None:
    """Return the constants that a test looks for; None if it does something else."""
    match test:
        case Test(_, "in" | "intersects", Constant(tuple() as items)):
            return items
        case Test(_, "=", Constant(item)) if shape(test.value).type.kind in PLAIN:
            return (item,)
        case _:
            return None


def split(tests: Iterable[Test]) -> Mapping[Test, Condition]:
    """Return what tests about one value are made of, where they look for constants.

    Constants of which all tests say the same stay together, so lists of hundreds become a few
    parts; the tests of other lists are made of the same ones.
    """
    found = list(tests)
    split_up: dict[Test, Condition] = {}
    for quantifier in (Quantifier.NONE, Quantifier.SOME):
        looking = [
            test
            for test in found
            if test.quantifier is quantifier and members(test) is not None and _is_plain(test)
        ]
        asked = [t for t in found if t.quantifier is quantifier and is_constant(t)]
        if quantifier is Quantifier.SOME:
            asked = looking
        constants = dict.fromkeys(item for test in looking for item in members(test) or ())
        if len(constants) * len(asked) > MOST_ANSWERS:
            continue
        answers = [_answer(test) for test in asked]
        alike: dict[tuple[bool, ...], list[Any]] = {}
        for item in constants:
            alike.setdefault(tuple(answer(item) for answer in answers), []).append(item)
        for test in looking:
            wanted = set(members(test) or ())
            parts = [_among(test, items) for items in alike.values() if items[0] in wanted]
            split_up[test] = parts[0] if len(parts) == 1 else Or(tuple(parts))
    return split_up


def _among(test: Test, items: list[Any]) -> Test:
    operand = Constant(tuple(items), shape(test.value).type)
    operator = "in" if test.quantifier is Quantifier.NONE else "intersects"
    return Test(test.value, operator, operand, test.quantifier, span=test.span)


def _is_plain(test: Test) -> bool:
    return shape(test.value).type.kind in PLAIN


def _answer(test: Test) -> Callable[[Any], bool]:
    """Return what a test with a constant says of an element."""
    assert isinstance(test.operand, Constant)
    meaning = OPERATORS[test.operator].meanings[shape(test.value).type.kind]
    operand = prepared(meaning.prepare, test.operand.value)
    return lambda item: bool(meaning.holds(item, operand))


def facts(value: Value, tests: Iterable[Test]) -> Iterator[Fact]:
    """Yield what always holds for tests about one value."""
    there = Test(value, "exists")
    found = [test for test in dict.fromkeys(tests) if test != there]
    for test in found:
        yield (test, False), (there, True)
    constant = [test for test in found if is_constant(test)]
    constants = sum(len(members(test) or ()) for test in constant)
    if len(constant) ** 2 > MOST_PAIRS or constants * len(constant) > MOST_ANSWERS:
        return
    for number, one in enumerate(constant):
        for other in constant[number + 1 :]:
            if _entails(one, other):
                yield (one, False), (other, True)
            if _entails(other, one):
                yield (other, False), (one, True)
            if _exclude(one, other):
                yield (one, False), (other, False)
            if _cover(one, other):
                yield (there, False), (one, True), (other, True)


# --- two tests ---------------------------------------------------------------------------


def _entails(one: Test, other: Test) -> bool:
    """Return whether the second test holds wherever the first one does."""
    if not _of_each(one, other):
        return False
    if one.quantifier is other.quantifier:
        return True
    # All elements of a list that passes a test, and it has some.
    every = (one.quantifier, other.quantifier) == (Quantifier.EVERY, Quantifier.SOME)
    return every and several(one.value) is None


def _of_each(one: Test, other: Test) -> bool:
    """Return whether an element passes the second test if it passes the first one."""
    kind = shape(one.value).type.kind
    first, second = _operand(one), _operand(other)
    operators = (one.operator, other.operator)
    if kind is Kind.NETWORK:
        return _networks(one, other)
    if (items := members(one)) is not None:
        answer = _answer(other)
        return bool(items) and all(map(answer, items))
    if operators == (IN_RANGES, IN_RANGES):
        return set(first) <= set(second)
    if operators == ("pmatch", "pmatch"):
        return all(path in second or _covered(path, second) for path in first)
    if operators[0] in _LESS and operators[1] in _LESS:
        return _is_within(one, other, kind, lambda a, b: a < b)
    if operators[0] in _MORE and operators[1] in _MORE:
        return _is_within(one, other, kind, lambda a, b: a > b)
    implied = _IMPLIED.get(operators)
    return kind in (Kind.STRING, Kind.BYTES) and implied is not None and implied(first, second)


def _exclude(one: Test, other: Test) -> bool:
    """Return whether no value passes both tests."""
    some = [test for test in (one, other) if test.quantifier is Quantifier.SOME]
    if len(some) == 2 or (some and several(one.value)) or _is_several(one, other):
        return False
    kind = shape(one.value).type.kind
    if kind is Kind.NETWORK:
        return False
    for test, another in ((one, other), (other, one)):
        if (items := members(test)) is not None:
            return not any(map(_answer(another), items))
    first, second = _operand(one), _operand(other)
    match one.operator, other.operator:
        case (("<" | "<="), (">" | ">=")):
            return _is_below(one, other, kind)
        case ((">" | ">="), ("<" | "<=")):
            return _is_below(other, one, kind)
        case ("startswith", "startswith") | ("bstartswith", "bstartswith"):
            return not _bytes(first).startswith(_bytes(second)) and not _bytes(second).startswith(
                _bytes(first)
            )
        case "endswith", "endswith":
            return not _bytes(first).endswith(_bytes(second)) and not _bytes(second).endswith(
                _bytes(first)
            )
        case _:
            return False


def _is_several(one: Test, other: Test) -> bool:
    return several(one.value) is not None and Quantifier.NONE not in (
        one.quantifier,
        other.quantifier,
    )


def _cover(one: Test, other: Test) -> bool:
    """Return whether every value passes at least one of two tests."""
    if one.quantifier is not Quantifier.NONE or other.quantifier is not Quantifier.NONE:
        return False
    if one.operator in _MORE:
        one, other = other, one
    if one.operator not in _LESS or other.operator not in _MORE:
        return False
    kind = shape(one.value).type.kind
    high, low = _ordered(_operand(one), kind), _ordered(_operand(other), kind)
    return bool(low < high) or (low == high and (one.operator, other.operator) != ("<", ">"))


def _is_within(one: Test, other: Test, kind: Kind, closer: Callable[[Any, Any], bool]) -> bool:
    """Return whether the bound of the first test is at least as close as that of the second."""
    first, second = _ordered(_operand(one), kind), _ordered(_operand(other), kind)
    strict = len(one.operator) == 1 or len(other.operator) == 2
    return closer(first, second) or (first == second and strict)


def _is_below(upper: Test, lower: Test, kind: Kind) -> bool:
    """Return whether nothing lies between two bounds."""
    high, low = _ordered(_operand(upper), kind), _ordered(_operand(lower), kind)
    touching = high == low and (upper.operator, lower.operator) != ("<=", ">=")
    return bool(high < low) or touching


def _ordered(operand: Any, kind: Kind) -> Any:
    return utf8(operand) if kind is Kind.STRING else operand


def _operand(test: Test) -> Any:
    assert isinstance(test.operand, Constant)
    return test.operand.value


def _bytes(operand: Any) -> bytes:
    return operand if isinstance(operand, bytes) else utf8(operand)


def _networks(one: Test, other: Test) -> bool:
    """Return whether the networks of the first test lie within those of the second."""
    wanted = ("=", *_MEMBERS)
    if one.operator not in wanted or other.operator not in wanted:
        return False
    inner, outer = (
        found if isinstance(found := _operand(test), tuple) else (found,) for test in (one, other)
    )
    return bool(inner) and all(any(_inside(a, b) for b in outer) for a in inner)


def _inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False


def _covered(path: str, paths: tuple[str, ...]) -> bool:
    """Return whether a path without wildcards is one of some paths, or lies below one."""
    return not set(path) & set("?*[\\") and bool(prepared("Paths", paths).covers(path))


def _in_text(text: str | bytes, part: str | bytes) -> bool:
    return _holds(contains, text, part)


def _in_any_case(text: str, part: str) -> bool:
    return isinstance(text, str) and icontains(text, ascii_lower(part))


def _begins(text: Any, part: Any) -> bool:
    return _holds(starts, text, part)


def _ends(text: Any, part: Any) -> bool:
    return _holds(ends, text, part)


_OF_BYTES: Final[Mapping[Any, Callable[[bytes, bytes], bool]]] = {
    contains: lambda data, part: part in data,
    starts: lambda data, part: data.startswith(part),
    ends: lambda data, part: data.endswith(part),
}


def _holds(ask: Callable[[str, str], bool], text: Any, part: Any) -> bool:
    if isinstance(text, bytes) and isinstance(part, bytes):
        return _OF_BYTES[ask](text, part)
    return isinstance(text, str) and isinstance(part, str) and ask(text, part)


# What the second of two operators says of a value of which the first one was true: its operand
# is asked about the first operand.
_IMPLIED: Final[Mapping[tuple[str, str], Callable[[Any, Any], bool]]] = {
    ("contains", "contains"): _in_text,
    ("contains", "icontains"): _in_any_case,
    ("icontains", "icontains"): _in_any_case,
    ("bcontains", "bcontains"): _in_text,
    ("startswith", "startswith"): _begins,
    ("startswith", "contains"): _in_text,
    ("startswith", "icontains"): _in_any_case,
    ("bstartswith", "bstartswith"): _begins,
    ("bstartswith", "bcontains"): _in_text,
    ("endswith", "endswith"): _ends,
    ("endswith", "contains"): _in_text,
    ("endswith", "icontains"): _in_any_case,
}
