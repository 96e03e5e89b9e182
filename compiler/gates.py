"""Find out cheaply which rules an event could match at all.

Most of what tells rules apart is said about a handful of fields: the verb,
the kind of object, the user. For each event source the compiler picks those
*key fields* from the rules. The *gate* of a rule is what its condition says
about them, and an event whose values close the gate needs no second look.
Equal values give equal answers, so the answers are remembered.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rulec.nodes import (
    And,
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
from rulec.places import reads_of, steps_of
from rulec.runtime.clock import day
from rulec.runtime.fields import EACH, Kind, Step

# A key field should tell several rules apart, and a key should be short.
_MOST_KEYS: Final = 8
# With so many key fields in it, a gate is likely to be closed; a field that no other rule asks
# about is only taken for a gate with fewer.
_ENOUGH: Final = 3
_ENOUGH_OF_ITS_OWN: Final = 2
# A value that is mostly searched for something is no name, but a long text or an object that is
# different in each event: to look at it is dear, and there is little to remember.
_SEARCHES: Final = frozenset({"contains", "icontains", "endswith", "glob", "iglob", "regex"})
# What asks for a certain value, which few events have.
_NAMES: Final = frozenset({"=", "!=", "in"})


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
    """The key fields of a source, and for each of its rules, in order, its gate and its body.

    A rule matches where its gate is open and its body holds.
    """

    keys: tuple[Key, ...]
    gates: tuple[Condition, ...]
    bodies: tuple[Condition, ...]

    @property
    def values(self) -> tuple[Loaded, ...]:
        """The key fields."""
        return tuple(key.value for key in self.keys)

    def with_shut(self, bodies: Iterable[Condition]) -> "Gates":
        """Return these gates, and behind them such that are always shut."""
        added = tuple(bodies)
        shut = (Const(False),) * len(added)
        return replace(self, gates=(*self.gates, *shut), bodies=(*self.bodies, *added))


# Tells whether the gate knows the answer to a part of a condition that has no parts itself.
Decides = Callable[[Condition], bool]


def gates(conditions: Sequence[Condition]) -> Gates | None:
    """Return the gates of the rules of one source; None if they would not help."""
    values = _key_values(conditions)
    if not values:
        return None
    found = tuple(gate(condition, values) for condition in conditions)
    bodies = tuple(body(condition, values) for condition in conditions)
    asked = {leaf.value for gate in found for leaf in leaves(gate) if isinstance(leaf, Test)}
    return Gates(tuple(_key(value, found) for value in values if value in asked), found, bodies)


def gate(condition: Condition, keys: Iterable[Loaded]) -> Condition:
    """Return what a condition says about the keys: it never holds where this does not."""
    return possible(condition, _about(keys))


def body(condition: Condition, keys: Iterable[Loaded]) -> Condition:
    """Return what is left to ask of a condition when its gate is open."""
    return left_of(condition, _about(keys))


def possible(condition: Condition, decides: Decides) -> Condition:
    """Return a condition without what a gate does not decide: true wherever it may hold."""
    return fold(_possible(condition, decides))


def left_of(condition: Condition, decides: Decides) -> Condition:
    """Return a condition without what a gate has decided already."""
    parts = condition.operands if isinstance(condition, And) else (condition,)
    left = [part for part in parts if not _is_decided(part, decides)]
    return fold(And(tuple(left), span=condition.span))


def _is_decided(condition: Condition, decides: Decides) -> bool:
    return all(decides(leaf) for leaf in leaves(condition))


def _possible(node: Condition, decides: Decides) -> Condition:
    """Replace what is not decided by what makes the condition true."""
    match node:
        case Test():
            return node if decides(node) else Const(True)
        case Not(operand):
            return Not(_certain(operand, decides))
        case OneOf():
            return node if _is_decided(node, decides) else Const(True)
        case _:
            return rebuild(node, lambda part: _possible(part, decides))


def _certain(node: Condition, decides: Decides) -> Condition:
    """Replace what is not decided by what makes the condition false."""
    match node:
        case Test():
            return node if decides(node) else Const(False)
        case Not(operand):
            return Not(_possible(operand, decides))
        case OneOf():
            return node if _is_decided(node, decides) else Const(False)
        case _:
            return rebuild(node, lambda part: _certain(part, decides))


def _about(keys: Iterable[Loaded]) -> Decides:
    known = frozenset(keys)

    def is_about(node: Condition) -> bool:
        match node:
            case Const():
                return True
            case Test(value, _, None | Constant(), Quantifier.NONE):
                return value in known
            case _:
                return False

    return is_about


def _key_values(conditions: Sequence[Condition]) -> tuple[Loaded, ...]:
    """Choose the fields that tell rules apart and that cost little to look at.

    No more than it takes to keep the gates closed: each makes the keys longer
    and more various.
    """
    tests = {test for condition in conditions for test in _tests(condition)}
    questions = Counter(test.value for test in tests)
    searches = Counter(test.value for test in tests if test.operator in _SEARCHES)
    named = {test.value for test in tests if test.operator in _NAMES}
    asked = [
        [value for value in _cheap_values(condition) if 2 * searches[value] <= questions[value]]
        for condition in conditions
    ]
    counts = Counter(value for values in asked for value in values)
    chosen: dict[Loaded, None] = {}
    for value, count in counts.most_common(_MOST_KEYS):
        # What nearly all ask for in the same way does not tell them apart.
        if count >= max(2, len(conditions) / 8) and questions[value] > 1:
            chosen[value] = None
    for value, count in counts.most_common():
        enough = _ENOUGH if count > 1 else _ENOUGH_OF_ITS_OWN
        lacking = (values for values in asked if len(chosen.keys() & values) < enough)
        tells = value in named and len(chosen) < _MOST_KEYS
        if tells and any(value in values for values in lacking):
            chosen[value] = None
    # Days are the same for long, and are asked for only where it helps.
    days = [value for value in counts if value.field.convert is not None]
    worthwhile = days or any(count > 1 for count in counts.values())
    return tuple(dict.fromkeys([*chosen, *days])) if worthwhile else ()


def _tests(condition: Condition) -> Iterator[Test]:
    return (leaf for leaf in leaves(condition) if isinstance(leaf, Test))


def _cheap_values(condition: Condition) -> list[Loaded]:
    """Return the fields that a condition asks about and that could be key fields, once each."""
    asked = (test.value for test in _tests(condition))
    cheap = (value for value in asked if isinstance(value, Loaded) and _is_cheap(value))
    return list(dict.fromkeys(cheap))


def _is_cheap(value: Loaded) -> bool:
    """Return whether a value is a text at a fixed place near the top of the event."""
    if value.field.structured:
        return False
    return value.field.type.kind is Kind.STRING and is_short(place(value))


def is_short(path: tuple[Step, ...]) -> bool:
    """Return whether a path leads to a value near the top of an event."""
    return len(path) in (1, 2)


def place(value: Loaded) -> tuple[Step, ...]:
    """Return the names of the members that lead to a value; none if there is more to it."""
    field = value.field
    if field.is_list or field.compute is not None or field.convert not in (None, day):
        return ()
    path = steps_of(field, value.argument)
    declared = [read.path for read in reads_of(field, value.argument)]
    return path if declared == [path] and EACH not in path else ()


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
