"""What can be true of an event at once, as far as tests of single values say.

An ``Env`` says of each value which of its cells are left. To assume that a
condition holds takes cells away; when none is left, it cannot hold. Values
are taken to have nothing to do with each other, and what becomes too much work
is left out, so "it cannot hold" is always right, and "it can" need not be.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from rulec.lint.reasoning.domains import domain
from rulec.nodes import (
    And,
    Check,
    Condition,
    Const,
    Constant,
    Loaded,
    Macro,
    Not,
    OneOf,
    Or,
    Test,
    Value,
)
from rulec.passes.fold import ALWAYS_THERE, fold

# How many looks at a part of a condition one question may take, and all of them.
MAX_STEPS: Final = 20_000
MAX_ALL_STEPS: Final = 3_000_000

Env: TypeAlias = Mapping[int, int]
ANYTHING: Final[Env] = {}


@dataclass(frozen=True, slots=True)
class _Test:
    """Holds in the cells ``yes`` of a value, and does not in the cells ``no``."""

    value: int
    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class _Parts:
    """All of the parts hold, or at least one. For one of them that holds alone, see ``also``."""

    parts: "tuple[_Node, ...]"
    every: bool
    also: _Test | None = None


@dataclass(frozen=True, slots=True)
class _Not:
    part: "_Node"


# None stands for what is left open: it may hold, whatever else does.
_Node: TypeAlias = _Test | _Parts | _Not | bool | None


class Space:
    """The values that some conditions are about, and what the conditions say of them.

    A test that ``is_open`` at one of its places may hold or not, whatever other tests say.
    """

    def __init__(
        self, conditions: Iterable[Condition], is_open: Callable[[Test], bool] = lambda test: False
    ) -> None:
        self._full: list[int] = []
        self._tests: dict[Test, _Test | bool | None] = {}
        self._nodes: dict[int, tuple[Condition, _Node]] = {}
        self._one_of: dict[OneOf, _Test] = {}
        self._steps = 0
        self._left = MAX_ALL_STEPS
        found = list(_tests(conditions))
        left_open = frozenset(filter(is_open, found))
        by_value: dict[Value, list[Test]] = {}
        for test in dict.fromkeys(found):
            if is_custom(test):
                self._tests[test] = None
            elif test in left_open:
                self._tests[test] = self._free()
            elif isinstance(test.value, Constant):
                folded = fold(test)
                self._tests[test] = folded.value if isinstance(folded, Const) else self._free()
            else:
                by_value.setdefault(test.value, []).append(test)
        for value, tests in by_value.items():
            self._add(value, tests)

    def _add(self, value: Value, tests: Sequence[Test]) -> None:
        found = domain(value, tests)
        number = len(self._full)
        self._full.append(found.full)
        for test, mask in zip(tests, found.masks, strict=True):
            if mask is None:
                self._tests[test] = self._free()
            else:
                self._tests[test] = _Test(number, mask, found.full & ~mask)

    def _free(self) -> _Test:
        """Return a test that has to do with nothing else."""
        self._full.append(0b11)
        return _Test(len(self._full) - 1, 0b10, 0b01)

    # --- questions ------------------------------------------------------------------

    def assume(self, condition: Condition, holds: bool, env: Env | None = ANYTHING) -> Env | None:
        """Return what is left of ``env`` if a condition holds, or does not; None if nothing is."""
        if env is None:
            return None
        self._steps = min(MAX_STEPS, self._left)
        given = self._steps
        answer = self._assume(self._node(condition), holds, env)
        self._left -= given - max(self._steps, 0)
        return answer

    def meet(self, one: Env | None, other: Env | None) -> Env | None:
        """Return what two environments both leave; None if that is nothing."""
        if one is None or other is None:
            return None
        found = dict(one)
        for value, cells in other.items():
            found[value] = cells & found.get(value, cells)
            if not found[value]:
                return None
        return found

    def about(self, condition: Condition) -> frozenset[int]:
        """Return the numbers of the values that a condition is about."""
        found: set[int] = set()
        pending: list[_Node] = [self._node(condition)]
        while pending:
            match pending.pop():
                case _Test(value):
                    found.add(value)
                case _Parts(parts, also=also):
                    pending += parts
                    if also is not None:
                        found.add(also.value)
                case _Not(part):
                    pending.append(part)
                case bool() | None:
                    pass
        return frozenset(found)

    # --- answers --------------------------------------------------------------------

    def _assume(self, node: _Node, holds: bool, env: Env) -> Env | None:
        self._steps -= 1
        if self._steps < 0:
            return env
        match node:
            case None:
                return env
            case bool():
                return env if node is holds else None
            case _Test(value, yes, no):
                return self._kept(env, value, yes if holds else no)
            case _Not(part):
                return self._assume(part, not holds, env)
            case _Parts(parts, every, also):
                if also is not None:
                    left = self._assume(also, holds, env)
                    return left if left is None or not holds else self._any(parts, True, left)
                if every is holds:
                    return self._all(parts, holds, env)
                return self._any(parts, holds, env)
            case _:
                assert_never(node)

    def _kept(self, env: Env, value: int, cells: int) -> Env | None:
        before = env.get(value, self._full[value])
        after = before & cells
        if after == before:
            return env
        return {**env, value: after} if after else None

    def _all(self, parts: Sequence[_Node], holds: bool, env: Env) -> Env | None:
        """Assume all; twice, because what is learned last may leave less to the first."""
        for _ in range(2):
            before = env
            for part in parts:
                left = self._assume(part, holds, env)
                if left is None:
                    return None
                env = left
            if env is before:
                break
        return env

    def _any(self, parts: Sequence[_Node], holds: bool, env: Env) -> Env | None:
        """Assume at least one: what is left is what any of them leaves."""
        joined: dict[int, int] | None = None
        for part in parts:
            left = self._assume(part, holds, env)
            if left is None:
                continue
            if left is env:
                return env
            if joined is None:
                joined = dict(left)
            else:
                for value in list(joined):
                    if value in left:
                        joined[value] |= left[value]
                    else:
                        del joined[value]
        return joined

    # --- reading --------------------------------------------------------------------

    def _node(self, condition: Condition) -> _Node:
        """Return a condition in terms of cells. Nodes are known by identity, which is quick."""
        known = self._nodes.get(id(condition))
        if known is not None:
            return known[1]
        found = self._read(condition)
        self._nodes[id(condition)] = condition, found
        return found

    def _read(self, condition: Condition) -> _Node:
        match condition:
            case Const(value):
                return value
            case Test():
                return self._tests[condition]
            case Not(operand):
                return _Not(self._node(operand))
            case And(operands) | Or(operands):
                return _Parts(tuple(map(self._node, operands)), isinstance(condition, And))
            case OneOf(operands):
                if condition not in self._one_of:
                    self._one_of[condition] = self._free()
                parts = tuple(map(self._node, operands))
                return _Parts(parts, False, self._one_of[condition])
            case Check() | Macro():
                raise AssertionError(f"{condition!r} has not been checked")
            case _:
                assert_never(condition)


def is_custom(test: Test) -> bool:
    """Return whether a test is a custom of those who write rules, rather than a question.

    What is asked of the number and the time of an event says 'never', until somebody puts
    something else there; an empty list waits to be filled.
    """
    if isinstance(test.operand, Constant) and test.operand.value == ():
        return True
    return isinstance(test.value, Loaded) and test.value.field.attribute in ALWAYS_THERE


def _tests(conditions: Iterable[Condition]) -> Iterable[Test]:
    """Yield the tests in conditions, each node once."""
    seen: set[int] = set()
    pending = list(conditions)
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Test():
                yield node
            case Not(operand):
                pending.append(operand)
            case And(operands) | Or(operands) | OneOf(operands):
                pending.extend(reversed(operands))
            case _:
                pass
