"""The smallest change that would turn a verdict.

Two things have to come together: comparisons whose change turns the condition, and values
of fields that change just these, or nothing else that matters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, product
from typing import Any, Final

from rulec.explain.atoms import Atom
from rulec.explain.candidates import Wanted, are_exact, candidates
from rulec.explain.edits import edited, is_editable
from rulec.explain.formula import Flips, GaveUpError, Search, goal, reached, some_set
from rulec.explain.outline import OutlinePart
from rulec.explain.whatif import WhatIf
from rulec.nodes import Loaded
from rulec.runtime.sources import AnyEvent

# So many sets of comparisons are looked at, so many values for each field in them, so many
# of their combinations, and so many times an event is changed to see what comes of it.
# A set of more comparisons is not looked for: nobody would read it.
_MOST_SETS: Final = 40
_LARGEST: Final = 24
_MOST_FOUND: Final = 12
_MOST_LOOKS: Final = 4000
_MOST_COMBINED: Final = 200
_MOST_EDITS: Final = 24

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Turning:
    """Comparisons whose change turns the verdict, and the values that fields are given for it.

    ``certain`` says that there is no smaller set. Comparisons without values are
    ``unfound``. ``rank`` is 0 if the changed event was asked, 1 if values were asked, 2 if
    some comparisons are only supposed to change.
    """

    flips: Flips
    settings: Settings
    rank: int
    certain: bool = True
    unfound: Flips = frozenset()


@dataclass(frozen=True)
class Nothing:
    """No change was found; if that is ``certain``, there is none."""

    certain: bool


@dataclass
class Turner:
    """Looks for the smallest change that would turn the verdict on one event.

    ``asks`` answers whether the condition holds for an event.
    """

    root: OutlinePart
    whatif: WhatIf
    event: AnyEvent
    holds: bool
    asks: Callable[[AnyEvent], bool]
    _known: dict[Flips, list[Settings] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = self.whatif.values(self.event)
        self.now = self.whatif.answers(self.values)
        self.goal = goal(self.root, self.whatif.atoms.numbers, not self.holds)

    def smallest(self) -> Turning | Nothing:
        """Return the smallest change, one with values if there is such."""
        if reached(self.goal, self.now):  # a value has no part in this that can be looked at
            return Nothing(certain=False)
        fixed = [atom.fixed for atom in self.whatif.atoms]
        search = Search(self.goal, self.now, fixed, self._possible)
        if _LARGEST < search.least < float("inf"):
            return self._supposed(some_set(self.goal, self.now, fixed), search.least)
        best: Turning | None = None
        doubt = False
        enough = 0 if is_editable(self.event) else 1
        try:
            for number, flips in enumerate(search.sets()):
                if best is not None and (len(flips) > len(best.flips) or number > _MOST_SETS):
                    return best
                found = self._turning(flips)
                doubt |= found is None
                if found is not None and (best is None or found.rank < best.rank):
                    best = found
                if best is not None and best.rank <= enough:
                    return best
        except GaveUpError:
            return best or self._supposed(some_set(self.goal, self.now, fixed), search.least)
        return best or Nothing(certain=not doubt)

    def alone(self) -> tuple[Atom, ...]:
        """Return the comparisons of which one is enough."""
        found = []
        for atom in self.whatif.atoms:
            turned = list(self.now)
            turned[atom.number] = not turned[atom.number]
            flips = frozenset({atom.number})
            if not atom.fixed and reached(self.goal, turned) and self._turning(flips):
                found.append(atom)
        return tuple(found)

    def _supposed(self, flips: Flips | None, least: float) -> Turning | Nothing:
        if flips is None:
            return Nothing(certain=False)
        return self._turning(flips, certain=len(flips) <= least) or Nothing(certain=False)

    # --- values for comparisons -----------------------------------------------------------

    def _possible(self, flips: Flips) -> bool:
        """Return whether comparisons may change at once, as far as anybody knows."""
        return all(self._settings(each) != [] for each in self._components(flips))

    def _components(self, flips: Flips) -> list[Flips]:
        """Return comparisons in groups: those of two groups are about different fields."""
        found: list[tuple[set[str], set[int]]] = []
        for number in sorted(flips):
            names, numbers = set(self._atom(number).variables), {number}
            for group in [group for group in found if not group[0].isdisjoint(names)]:
                found.remove(group)
                names |= group[0]
                numbers |= group[1]
            found.append((names, numbers))
        return [frozenset(numbers) for _, numbers in found]

    def _settings(self, component: Flips) -> list[Settings] | None:
        """Return values of fields with which comparisons change, those that do least first.

        None if none were found, and there may be some; nothing if there are none.
        """
        if component not in self._known:
            self._known[component] = self._found(component)
        return self._known[component]

    def _found(self, component: Flips) -> list[Settings] | None:
        wanted = [Wanted(self._atom(n), not self.now[n]) for n in sorted(component)]
        names = dict.fromkeys(name for each in wanted for name in each.atom.variables)
        open_ = [name for name in names if self._variable(name).field.constant is None]
        looks = _Looks(_MOST_LOOKS)
        # Of a large condition, the first values have to do.
        most = max(1, min(_MOST_FOUND, _MOST_LOOKS // len(self.whatif.atoms)))
        found = list(islice(self._trials(open_, wanted, looks), most))
        if not found:
            exact = are_exact(each.atom for each in wanted) and not looks.spent
            return [] if exact and len(open_) == 1 else None
        if len(found) == 1:
            return found
        return sorted(found, key=lambda settings: self._side_effects(settings, component))

    def _trials(
        self, names: Sequence[str], wanted: Sequence[Wanted], looks: "_Looks"
    ) -> Iterator[Settings]:
        """Yield values with which all comparisons are as they are wanted, for few fields first."""
        for size in range(1, min(len(names), 3) + 1):
            for chosen in combinations(names, size):
                about = [
                    [each for each in wanted if name in each.atom.variables] for name in chosen
                ]
                values = [
                    candidates(name, own, self.whatif, self.values)
                    for name, own in zip(chosen, about, strict=True)
                ]
                # Of several fields at once, only the likeliest values.
                few = (islice(each, 30) for each in values)
                for combined in zip(*values, strict=True) if size == 1 else product(*few):
                    if looks.spend():
                        return
                    settings = dict(zip(chosen, combined, strict=True))
                    trial = {**self.values, **settings}
                    if all(self.whatif.answer(e.atom.number, trial) is e.verdict for e in wanted):
                        yield settings

    def _side_effects(self, settings: Settings, component: Flips) -> int:
        trial = {**self.values, **settings}
        return sum(
            self.whatif.answer(atom.number, trial) is not self.now[atom.number]
            for atom in self.whatif.atoms
            if atom.number not in component and not settings.keys().isdisjoint(atom.variables)
        )

    def _atom(self, number: int) -> Atom:
        return self.whatif.atoms[number]

    def _variable(self, name: str) -> Loaded:
        return self.whatif.atoms.variables[name]

    # --- all of it together -----------------------------------------------------------------

    def _turning(self, flips: Flips, *, certain: bool = True) -> Turning | None:
        """Return how comparisons can be changed; None if that does not turn the verdict."""
        components = self._components(flips)
        options = [(each, self._settings(each)) for each in components]
        if any(found == [] for _, found in options):
            return None
        unfound = frozenset(n for each, found in options if found is None for n in each)
        known = [found for _, found in options if found]
        edits = 0
        for chosen in islice(product(*known), _MOST_COMBINED):
            settings = {name: value for each in chosen for name, value in each.items()}
            trial = {**self.values, **settings}
            if unfound:
                answers = self.whatif.answers(trial)
                for number in unfound:
                    answers[number] = not self.now[number]
                if reached(self.goal, answers):
                    return Turning(flips, settings, 2, certain, unfound)
                continue
            if self.whatif.holds(trial) is self.holds:
                continue
            changed = edited(self.event, {self._variable(n): v for n, v in settings.items()})
            if changed is None:
                return Turning(flips, settings, 1, certain)
            if self.asks(changed) is not self.holds:
                return Turning(flips, settings, 0, certain)
            edits += 1  # fields may have to do with each other in ways that nobody knows here
            if edits > _MOST_EDITS:
                break
        return None


class _Looks:
    """How often something may still be looked at."""

    def __init__(self, most: int) -> None:
        self._left = most

    def spend(self) -> bool:
        """Count a look; return whether there were too many."""
        self._left -= 1
        return self._left < 0

    @property
    def spent(self) -> bool:
        """Whether there were too many."""
        return self._left < 0
