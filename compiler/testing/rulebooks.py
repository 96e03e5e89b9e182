"""The rules that tests are about, compiled once for all tests of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rulec.api import Chosen, choose
from rulec.diagnostics import RulesError
from rulec.emit import emit
from rulec.explain.explainer import Explainer
from rulec.explain.outline import Outline
from rulec.files import collect
from rulec.items import Rule
from rulec.layout import layout
from rulec.plan import CheckedRule
from rulec.runtime.loading import execute
from rulec.runtime.matcher import Matcher
from rulec.runtime.ruleset import Manifest, Ruleset
from rulec.runtime.sources import SOURCES, EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.selection import matches_wildcard
from rulec.text import File
from rulec.version import version


@dataclass(frozen=True)
class Rulebook:
    """Rules, all of them compiled, also those that are not enabled."""

    chosen: Chosen
    ruleset: Ruleset
    _matchers: dict[tuple[str, frozenset[str], str], Matcher] = field(default_factory=dict)
    _enabled: dict[tuple[str, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[File], own: Iterable[JsonSource] = ()) -> "Rulebook":
        """Compile rules.

        :raises RulesError: if there is something wrong with them.
        """
        everything = ({"enable": {"rule": "*"}},)
        sources: list[str | JsonSource] = [*SOURCES, *own]
        chosen = choose(files, sources=sources, rules=everything, rule_matching="all")
        module = emit(chosen.plan(), Manifest(version(), ()))
        return cls(chosen, execute(layout(module)))

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules as they are defined, by name and in order."""
        return self.chosen.definitions.rules

    @property
    def sources(self) -> Mapping[str, EventSource]:
        """The event sources that are known, by name."""
        return self.chosen.sources

    @property
    def about(self) -> tuple[str, ...]:
        """The sources that the rules are about."""
        return tuple(dict.fromkeys(rule.source for rule in self.chosen.rules))

    @cached_property
    def explainer(self) -> Explainer:
        """What explains the rules."""
        return Explainer(self.chosen)

    @property
    def outlines(self) -> Mapping[str, Outline]:
        """The conditions of the rules as trees."""
        return self.explainer.outlines

    def checked(self, source: str) -> tuple[CheckedRule, ...]:
        """Return the rules for a source that can be matched, in order."""
        return tuple(rule for rule in self.chosen.rules if rule.source == source)

    def enabled(self, source: str, patterns: Iterable[str] = ()) -> frozenset[str]:
        """Return the names of the rules for a source that are enabled, or made so by patterns."""
        key = (source, tuple(patterns))
        if key not in self._enabled:
            self._enabled[key] = frozenset(
                rule.name
                for rule in self.checked(source)
                if self.rules[rule.name].enabled
                or any(matches_wildcard(pattern, rule.name) for pattern in key[1])
            )
        return self._enabled[key]

    def matcher(self, source: str, names: frozenset[str], rule_matching: str) -> Matcher:
        """Return what matches the events of a source against some of the rules."""
        key = (source, names, rule_matching)
        if key not in self._matchers:
            chosen = replace(self.ruleset, only=names, rule_matching=rule_matching)
            self._matchers[key] = chosen.matcher(source)
        return self._matchers[key]


@dataclass
class Rulebooks:
    """The rules of several files of tests. ``rules`` are for those that name none themselves."""

    rules: tuple[Path, ...] = ()
    source_files: tuple[Path, ...] = ()
    _books: dict[tuple[tuple[Path, ...], ...], Rulebook | RulesError] = field(default_factory=dict)

    def book(self, rules: tuple[Path, ...], source_files: tuple[Path, ...]) -> Rulebook:
        """Return the rules that a file of tests names, compiled when they are first asked for.

        :raises RulesError: if there is something wrong with them.
        """
        paths = (rules or self.rules, (*self.source_files, *source_files))
        key = tuple(tuple(path.resolve() for path in some) for some in paths)
        if key not in self._books:
            self._books[key] = _compiled(*paths)
        found = self._books[key]
        if isinstance(found, RulesError):
            raise found
        return found


def _compiled(rules: tuple[Path, ...], source_files: tuple[Path, ...]) -> Rulebook | RulesError:
    try:
        own = [JsonSource.from_yaml(path) for path in source_files]
        return Rulebook.of(collect(rules), own)
    except RulesError as error:
        return error
