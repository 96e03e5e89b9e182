"""How a condition hangs together, and which comparisons would have to change to turn it.

A goal is a condition, or its opposite, as alternatives and requirements over
comparisons. Comparisons that mean the same are one: they change together.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rulec.explain.outline import OutlinePart

# How often the goal may be looked at as a whole before the search is given up, for each
# set that is looked for; and how much work that may be, in parts of the goal.
_MOST_LOOKS: Final = 20_000
_MOST_WORK: Final = 300_000


@dataclass(frozen=True, slots=True)
class Literal:
    """A comparison, by its number, that is to be true, or to be false."""

    atom: int
    sign: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts all of which are needed, or one of which is enough (``any_``).

    Parts of one of the ``groups`` share comparisons; those of two groups do not.
    """

    any_: bool
    parts: tuple["Goal", ...]
    groups: tuple[tuple[int, ...], ...]
    size: int


Goal: TypeAlias = Literal | Joined

# What has to change: the comparisons by their numbers.
Flips: TypeAlias = frozenset[int]


def goal(root: OutlinePart, atoms: dict[int, int], wanted: bool) -> Goal:
    """Return a condition as a goal; ``atoms`` has the number of each test by the id of its part."""
    match root.kind:
        case "test":
            return Literal(atoms[root.id], wanted)
        case "const":
            return joined(wanted is not root_value(root), ())
        case "macro":
            return goal(root.parts[0], atoms, wanted)
        case "not":
            return goal(root.parts[0], atoms, not wanted)
        case kind:
            parts = tuple(goal(part, atoms, wanted) for part in root.parts)
            return joined((kind == "or") is wanted, parts)


def root_value(part: OutlinePart) -> bool:
    """Return what a part is that is the same for all events."""
    return bool(getattr(part.condition, "value", False))


def joined(any_: bool, parts: tuple[Goal, ...]) -> Goal:
    """Return parts as one: all of them, or one of them if ``any_``."""
    if len(parts) == 1:
        return parts[0]
    groups: list[tuple[set[int], list[int]]] = []
    for number, part in enumerate(parts):
        atoms = set(_atoms(part))
        shared = [group for group in groups if not group[0].isdisjoint(atoms)]
        numbers = [number]
        for group in shared:
            groups.remove(group)
            atoms |= group[0]
            numbers += group[1]
        groups.append((atoms, numbers))
    size = 1 + sum(part.size if isinstance(part, Joined) else 1 for part in parts)
    return Joined(any_, parts, tuple(tuple(sorted(numbers)) for _, numbers in groups), size)


def _atoms(node: Goal) -> Iterator[int]:
    pending = [node]
    while pending:
        match pending.pop():
            case Literal(atom):
                yield atom
            case Joined(_, parts):
                pending.extend(parts)


def reached(node: Goal, values: Sequence[bool]) -> bool:
    """Return whether a goal is reached with these values of the comparisons."""
    match node:
        case Literal(atom, sign):
            return values[atom] is sign
        case Joined(True, parts):
            return any(reached(part, values) for part in parts)
        case Joined(_, parts):
            return all(reached(part, values) for part in parts)


class GaveUpError(Exception):
    """The search took too long."""


class Search:
    """Looks for the smallest sets of comparisons whose change reaches a goal.

    ``values`` are those of the comparisons now. Those that are ``fixed`` cannot change.
    ``possible`` tells whether some changes can be had at once. No set is smaller than ``least``.
    """

    def __init__(
        self,
        wanted: Goal,
        values: Sequence[bool],
        fixed: Sequence[bool],
        possible: Callable[[Flips], bool] = lambda flips: True,
    ) -> None:
        self._goal = wanted
        self._values = list(values)
        self._decided = list(fixed)
        self._possible = possible
        self._looks = 0
        size = wanted.size if isinstance(wanted, Joined) else 1
        self._most = max(200, min(_MOST_LOOKS, _MOST_WORK // size))
        self.least = self._distance(wanted)[0]

    def sets(self) -> Iterator[Flips]:
        """Yield the sets of comparisons whose change reaches the goal, smaller ones first.

        :raises GaveUpError: if that takes too long.
        """
        if self.least == float("inf"):
            return
        for size in range(int(self.least), len(self._values) + 1):
            # What was not found before has exactly this size.
            yield from (found for found in self._dive(frozenset(), size) if len(found) == size)

    def _dive(self, flips: Flips, left: int) -> Iterator[Flips]:
        self._looks += 1
        if self._looks > self._most:
            raise GaveUpError
        distance, reason = self._distance(self._goal)
        if distance == 0:
            yield flips
            return
        if distance > left:
            return
        tried = []
        for atom in reason:
            if self._decided[atom]:
                continue
            more = flips | {atom}
            self._decided[atom] = True
            tried.append(atom)
            if not self._possible(more):
                continue
            self._values[atom] = not self._values[atom]
            try:
                yield from self._dive(more, left - 1)
            finally:
                self._values[atom] = not self._values[atom]
        # None of them is to change beside what others of them do: that was tried.
        for atom in tried:
            self._decided[atom] = False

    def _distance(self, node: Goal) -> tuple[float, tuple[int, ...]]:
        """Return how many changes a goal takes at least, and a reason why it is not reached.

        A reason is a set of comparisons one of which must change.
        """
        match node:
            case Literal(atom, sign):
                if self._values[atom] is sign:
                    return 0, ()
                return _NEVER if self._decided[atom] else (1, (atom,))
            case Joined(True, parts):
                found = [self._distance(part) for part in parts]
                least = min((distance for distance, _ in found), default=float("inf"))
                if least in (0, float("inf")):
                    return least, ()
                return least, tuple(dict.fromkeys(a for _, reason in found for a in reason))
            case Joined(_, parts, groups):
                found = [self._distance(part) for part in parts]
                total = sum(max(found[number][0] for number in group) for group in groups)
                if total in (0, float("inf")):
                    return total, ()
                reasons = [reason for distance, reason in found if distance]
                return total, min(reasons, key=len)


_NEVER: Final[tuple[float, tuple[int, ...]]] = (float("inf"), ())


def some_set(wanted: Goal, values: Sequence[bool], fixed: Sequence[bool]) -> Flips | None:
    """Return comparisons whose change reaches a goal, though fewer may do; None if none was found.

    This never takes long.
    """
    now = list(values)
    flips: set[int] = set()
    for atom in _cheapest(wanted, values, fixed)[1]:
        flips.add(atom)
        now[atom] = not now[atom]
    return frozenset(flips) if reached(wanted, now) else None


def _cheapest(
    node: Goal, values: Sequence[bool], fixed: Sequence[bool]
) -> tuple[float, tuple[int, ...]]:
    match node:
        case Literal(atom, sign):
            if values[atom] is sign:
                return 0, ()
            return _NEVER if fixed[atom] else (1, (atom,))
        case Joined(True, parts):
            found = [_cheapest(part, values, fixed) for part in parts]
            return min(found, key=lambda each: each[0], default=_NEVER)
        case Joined(_, parts):
            found = [_cheapest(part, values, fixed) for part in parts]
            atoms = tuple(dict.fromkeys(atom for _, reason in found for atom in reason))
            return sum(distance for distance, _ in found), atoms
