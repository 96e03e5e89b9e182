"""The rules that are in the editor, compiled; or what is wrong with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

from rulec.api import choose, written
from rulec.diagnostics import Diagnostic, RulesError, in_file_order
from rulec.event_sources import known_sources
from rulec.explain.explainer import Explainer
from rulec.plan import CheckedRule, plan
from rulec.playground.listing import listing
from rulec.playground.model import GivenFile
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.shadowing import shadowed_rules
from rulec.source_files import source_in
from rulec.text import File

# How many diagnostics are told.
MOST_DIAGNOSTICS: Final = 200


@dataclass(frozen=True)
class Loaded:
    """Rules as far as they could be loaded: ``ruleset`` is None if they are wrong.

    ``rules`` are those that are matched, ``code`` is the module that they are compiled to.
    """

    files: tuple[File, ...]
    own: tuple[JsonSource, ...]
    diagnostics: tuple[Diagnostic, ...]
    rules: tuple[CheckedRule, ...] = ()
    code: str = ""
    ruleset: Ruleset | None = None
    explainer: Explainer | None = None
    _listings: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def sources(self) -> Mapping[str, EventSource]:
        """All event sources that there are, by name."""
        return known_sources(self.own)

    def candidates(self) -> list[EventSource]:
        """Return the event sources that the rules are about; without rules, all that there are."""
        names = dict.fromkeys(rule.source for rule in self.rules)
        return [self.sources[name] for name in names or self.sources]

    def code_of(self, name: str) -> str:
        """Return the code of one rule, compiled alone: so all of its tests are in its function."""
        if name not in self._listings:
            (rule,) = (rule for rule in self.rules if rule.name == name)
            alone = written(plan([rule], "first", self.sources), self.files)
            self._listings[name] = listing(alone)
        return self._listings[name]


@lru_cache(maxsize=4)
def load(given: tuple[GivenFile, ...], rule_matching: str) -> Loaded:
    """Compile what is in the editor; the last few are remembered, as only the event may change."""
    files = [File(each.name, each.content) for each in given if each.kind == "rules"]
    own: list[JsonSource] = []
    diagnostics: list[Diagnostic] = []
    for each in given:
        if each.kind == "source":
            try:
                own.append(source_in(File(each.name, each.content)))
            except RulesError as error:
                diagnostics += error.diagnostics
    if diagnostics:
        # Without its source, every rule for it would be said to be wrong as well.
        return Loaded(tuple(files), tuple(own), tuple(diagnostics))
    names: list[str | JsonSource] = [*known_sources(), *own]
    try:
        chosen = choose(files, sources=names, rule_matching=rule_matching)
    except RulesError as error:
        return Loaded(tuple(files), tuple(own), error.diagnostics)
    planned = chosen.plan()
    warnings = chosen.diagnostics
    if rule_matching == "first":
        warnings = (*warnings, *shadowed_rules(planned.rules))
    code = written(planned, files)
    return Loaded(
        tuple(files),
        tuple(own),
        in_file_order(warnings),
        planned.rules,
        code,
        execute(code),
        Explainer(chosen),
    )


def told(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Return diagnostics as the page shows them, the first of them only if there are many."""
    return [_told(each) for each, _ in zip(diagnostics, range(MOST_DIAGNOSTICS), strict=False)]


def _told(diagnostic: Diagnostic) -> dict[str, Any]:
    span = diagnostic.problem.span
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "kind": diagnostic.kind,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "width": span.width if span.text.pieces else 1,
        "text": str(diagnostic),
    }
