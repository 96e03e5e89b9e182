"""A ruleset to compare: what its files define, and which of its rules run."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rulec.analysis import Analysis
from rulec.api import check_files
from rulec.definitions import Definitions
from rulec.dependencies import Dependencies
from rulec.diagnostics import RulesError
from rulec.items import Rule
from rulec.plan import CheckedRule
from rulec.runtime.priority import parse_priority
from rulec.runtime.sources import EventSource
from rulec.selection import select_rules
from rulec.text import File


@dataclass(frozen=True)
class Side:
    """One of the two rulesets. ``running`` are the rules that are matched, by name."""

    definitions: Definitions
    analysis: Analysis
    sources: Mapping[str, EventSource]
    rules: tuple[CheckedRule, ...]
    running: frozenset[str]

    @classmethod
    def of(
        cls,
        files: Iterable[File],
        sources: Mapping[str, EventSource],
        only: Collection[str],
        priority: str = "debug",
    ) -> "Side":
        """Read and check rules.

        ``sources`` are the event sources that there are, ``only`` those whose rules are
        compared. Rules less severe than ``priority`` do not run.

        :raises RulesError: if there is something wrong with the rules.
        """
        definitions, analysis, diagnostics = check_files(files, sources)
        if any(diagnostic.severity == "error" for diagnostic in diagnostics):
            raise RulesError(diagnostics)
        threshold = parse_priority(priority)
        if threshold is None:
            raise ValueError(f"no priority {priority!r}")
        enabled = select_rules(definitions.rules.values(), (), threshold)
        rules = tuple(rule for rule in analysis.rules if rule.source in only)
        return cls(definitions, analysis, sources, rules, frozenset(enabled))

    @cached_property
    def dependencies(self) -> Dependencies:
        """Which macros and lists are used where."""
        return Dependencies(self.definitions)

    @cached_property
    def by_name(self) -> Mapping[str, CheckedRule]:
        """The rules by their names, in order."""
        return {rule.name: rule for rule in self.rules}

    def defined(self, name: str) -> Rule:
        """Return a rule as it was defined."""
        return self.definitions.rules[name]

    def runs(self, name: str) -> bool:
        """Return whether a rule is matched."""
        return name in self.running and name in self.by_name
