"""What rules need of some requests to be logged, by whom these are made."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from rulec.cluster.demands import Cell, Demand
from rulec.cluster.entries import Level
from rulec.cluster.facts import Another, Exactly

Verb: TypeAlias = Exactly | Another
Key: TypeAlias = tuple[Cell, Verb]


class Need(NamedTuple):
    """What rules need of some requests."""

    level: Level
    stages: frozenset[str]
    rules: Mapping[str, Level]

    @classmethod
    def of(cls, found: Iterable[tuple[Demand, Level]]) -> "Need":
        pairs = list(found)
        return cls(
            max((level for _, level in pairs), default=Level.NONE),
            frozenset(demand.stage for demand, _ in pairs),
            {demand.rule.name: level for demand, level in pairs},
        )


class Asked(NamedTuple):
    """Who needs what of some requests: anybody's, and those of some users.

    ``named`` holds for the ``users``, and has what anybody's requests need, too.
    ``quiet`` tells whether components' requests are among them.
    """

    anybody: Need
    users: frozenset[str]
    named: Need
    quiet: bool

    def outline(self) -> object:
        """Return the same, but for the rules that need it."""
        return [(users, need.level, need.stages) for users, need in self.entries()]

    def entries(self) -> list[tuple[frozenset[str], Need]]:
        """Return what has to be logged, of whom (nobody: of everybody), the more special first."""
        found = [(self.users, self.named), (frozenset[str](), self.anybody)]
        return [(users, need) for users, need in found[not self.users :] if need.level]
