"""What a rule says of many events, and which comparisons stand in its way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rulec.explain.atoms import Atom, Atoms
from rulec.explain.formula import GaveUpError, Search, goal, reached, some_set
from rulec.explain.outline import Outline, OutlinePart

# Most events of a log are alike: so many different verdicts are remembered.
_MOST_KNOWN: Final = 50_000


@dataclass(frozen=True, slots=True)
class Distance:
    """How many comparisons of a rule would have to change for it to be true; None if none helps.

    ``alone`` are those of which one is enough.
    """

    changes: int | None
    alone: tuple[Atom, ...]


TRUE: Final = Distance(0, ())
NEVER: Final = Distance(None, ())


class Obstacles:
    """What stands in the way of a rule, given the verdicts on its parts.

    Only how the condition hangs together is looked at here, not whether there are values
    with which comparisons change: a distance is a lower bound.
    """

    def __init__(self, outline: Outline) -> None:
        self.atoms = Atoms(outline.root)
        self._goal = goal(outline.root, self.atoms.numbers, wanted=True)
        self._fixed = [atom.fixed for atom in self.atoms]
        self._known: dict[tuple[bool, ...], Distance] = {}

    def distance(self, verdicts: Sequence[bool]) -> Distance:
        """Return how far a rule is from being true, by the verdicts on all of its parts."""
        if verdicts[0]:
            return TRUE
        values = tuple(verdicts[atom.part.id] for atom in self.atoms)
        if values not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[values] = self._distance(values)
        return self._known[values]

    def _distance(self, values: tuple[bool, ...]) -> Distance:
        try:
            found = next(Search(self._goal, values, self._fixed).sets(), None)
        except GaveUpError:
            found = some_set(self._goal, values, self._fixed)
        if found is None:
            return NEVER
        alone = self._alone(values) if len(found) == 1 else ()
        return Distance(len(found), alone)

    def _alone(self, values: tuple[bool, ...]) -> tuple[Atom, ...]:
        turned = list(values)
        found = []
        for atom in self.atoms:
            if not atom.fixed:
                turned[atom.number] = not values[atom.number]
                if reached(self._goal, turned):
                    found.append(atom)
                turned[atom.number] = values[atom.number]
        return tuple(found)


@dataclass
class Tally:
    """What was found out about one rule on the events so far.

    ``holds`` and ``fires`` count events; ``away`` counts the others by the number of
    comparisons that would have to change (None: no change helps); ``alone`` counts by
    comparison the events on which it would have been enough that this one changed.
    ``least`` is the number of changes for the nearest event.
    """

    outline: Outline
    obstacles: Obstacles
    events: int = 0
    holds: int = 0
    fires: int = 0
    away: Counter[int | None] = field(default_factory=Counter)
    alone: Counter[int] = field(default_factory=Counter)
    least: int | None = None

    def add(self, distance: Distance, *, fires: bool) -> bool:
        """Count an event; return whether it is nearer than all before it."""
        self.events += 1
        if distance.changes == 0:
            self.holds += 1
            self.fires += fires
        else:
            self.away[distance.changes] += 1
            self.alone.update(atom.number for atom in distance.alone)
        if distance.changes is None:  # there has to be one that is explained
            return self.events == 1
        nearer = self.least is None or distance.changes < self.least
        self.least = distance.changes if nearer else self.least
        return nearer

    def only_because(self) -> list[tuple[OutlinePart, int]]:
        """Return the comparisons that alone kept the rule from being true, and how often."""
        return [
            (self.obstacles.atoms[number].part, count) for number, count in self.alone.most_common()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, ready for JSON."""
        return {
            "rule": self.outline.rule,
            "events": self.events,
            "holds": self.holds,
            "fires": self.fires,
            "away": {
                "never" if changes is None else str(changes): count
                for changes, count in sorted(
                    self.away.items(), key=lambda each: (each[0] is None, each[0] or 0)
                )
            },
            "only_because": [
                {
                    "id": part.id,
                    "text": part.text,
                    "file": part.span.file,
                    "line": part.span.position[0],
                    "events": count,
                }
                for part, count in self.only_because()
            ],
        }
