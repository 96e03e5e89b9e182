"""The mutation score: how many small changes of rules some test would notice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from rulec.testing.mutants import Mutant


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant, and whether a test noticed: whether its alerts would be others."""

    mutant: Mutant
    noticed: bool


@dataclass(frozen=True, slots=True)
class Mutation:
    """What came of all mutants. ``equivalent`` counts those that provably change nothing."""

    tried: tuple[Tried, ...]
    equivalent: int = 0

    @property
    def noticed(self) -> int:
        """How many were noticed."""
        return sum(each.noticed for each in self.tried)

    @property
    def kinds(self) -> Mapping[str, tuple[int, int]]:
        """Of each kind of changes, how many were noticed, and how many there are."""
        found: dict[str, tuple[int, int]] = {}
        for each in self.tried:
            noticed, number = found.get(each.mutant.kind, (0, 0))
            found[each.mutant.kind] = (noticed + each.noticed, number + 1)
        return found

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """Those that no test noticed."""
        return tuple(each.mutant for each in self.tried if not each.noticed)

    @property
    def percent(self) -> Fraction:
        """How many of a hundred were noticed; all, if there are none."""
        return Fraction(100 * self.noticed, len(self.tried)) if self.tried else Fraction(100)


def together(found: Iterable[Tried], equivalent: int) -> Mutation:
    """Return what came of mutants, of which the same may be in several sets of rules."""
    mutants: dict[tuple[object, ...], Tried] = {}
    for each in found:
        mutant = each.mutant
        place = (mutant.span.file, mutant.span.position)
        key = (mutant.rule, mutant.part, place, mutant.before, mutant.after)
        known = mutants.get(key)
        noticed = each.noticed or (known is not None and known.noticed)
        mutants[key] = replace(each, noticed=noticed)
    return Mutation(tuple(mutants.values()), equivalent)
