"""From files of rules to something that matches events: the stages, in order."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from rulec.analysis import Analysis, analyse
from rulec.definitions import Definitions, define
from rulec.diagnostics import Diagnostic, RulesError
from rulec.documents import RulesFile, read_rules_file
from rulec.emit import emit
from rulec.event_sources import known_sources
from rulec.extras import NO_EXTRAS, Extras
from rulec.files import collect
from rulec.layout import layout
from rulec.operators import words
from rulec.plan import CheckedRule, Plan, plan
from rulec.plugins import plugin_findings
from rulec.recipe import Recipe
from rulec.runtime.loading import execute
from rulec.runtime.priority import parse_priority
from rulec.runtime.ruleset import Manifest, Ruleset
from rulec.runtime.sources import SOURCES, EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.selection import select_rules
from rulec.shadowing import shadowed_rules
from rulec.text import File
from rulec.version import version

if TYPE_CHECKING:
    pass

PathLike = str | os.PathLike[str]

RULE_MATCHING: Final = ("first", "all")


class Options(TypedDict, total=False):
    """What can be set about compiling rules; the names are Falco's.

    ``rule_matching`` is ``first`` or ``all``. Rules less severe than
    ``priority`` (default ``debug``) are left out. ``rules`` enables and
    disables rules by name or tag: ``({"disable": {"tag": "network"}},)``.
    ``append_output`` adds text and fields to the outputs of rules, and
    ``static_fields`` defines fields ``static.name`` with fixed texts.
    """

    rule_matching: str
    priority: str
    rules: Sequence[Mapping[str, Any]]
    append_output: Sequence[Mapping[str, Any]]
    static_fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled ruleset as text: one Python module.

    ``rules`` counts the rules in it; ``warnings`` came up on the way.
    """

    code: str
    rules: int
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rules that were read and checked, and which of them are to be matched.

    ``enabled`` are the names of the event sources whose rules are, of those that are known
    (``sources``). ``diagnostics`` are warnings.
    """

    definitions: Definitions
    analysis: Analysis
    sources: Mapping[str, EventSource]
    extras: Extras
    enabled: Collection[str]
    rules: tuple[CheckedRule, ...]
    priority: str
    rule_matching: str
    diagnostics: tuple[Diagnostic, ...]

    def plan(self) -> Plan:
        """Decide what to compute for each event."""
        return plan(self.rules, self.rule_matching, self.sources)


def compile_ruleset(
    *paths: PathLike | Iterable[PathLike],
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> Ruleset:
    """Compile rules, and return what matches events against them.

    ``paths`` are files or directories, in load order. ``sources`` are the
    event sources to enable: names, or sources of your own (see
    ``Source.from_yaml``); the default is every source that comes with rulec.
    The options (see ``Options``) are those of Falco's configuration.

    :raises RulesError: if there is something wrong with the rules; it holds
        all of it.
    :raises ValueError: if an option has no such value.
    """
    files = collect(_flat(paths))
    built = build_files(files, sources=sources, **options)
    recipe = Recipe(tuple(files), None if sources is None else tuple(sources), options)
    return replace(execute(built.code), warnings=built.warnings, recipe=recipe)


def build(
    *paths: PathLike | Iterable[PathLike],
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> Built:
    """Compile rules to the text of a Python module.

    The arguments and what is raised are those of ``compile_ruleset``. The
    same files give the same text, wherever they are.
    """
    return build_files(collect(_flat(paths)), sources=sources, **options)


def build_files(
    files: Sequence[File],
    *,
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> Built:
    """Compile the rules in ``files``, which have been read."""
    planned, diagnostics = plan_files(files, sources=sources, **options)
    return Built(written(planned, files), len(planned.rules), diagnostics)


def written(planned: Plan, files: Iterable[File]) -> str:
    """Return the text of the module for a plan that was made from ``files``."""
    return layout(emit(planned, _manifest(files)))


def plan_files(
    files: Iterable[File],
    *,
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """Read, check and plan the rules in ``files``; return warnings with the plan.

    The options and what is raised are those of ``compile_ruleset``.
    """
    chosen = choose(files, sources=sources, **options)
    planned, diagnostics = chosen.plan(), chosen.diagnostics
    if chosen.rule_matching == "first":
        diagnostics = (*diagnostics, *shadowed_rules(planned.rules))
    return planned, diagnostics


def choose(
    files: Iterable[File],
    *,
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> Chosen:
    """Read and check the rules in ``files``, and choose those that are to be matched.

    The options and what is raised are those of ``compile_ruleset``.
    """
    rule_matching = options.get("rule_matching", "first")
    if rule_matching not in RULE_MATCHING:
        raise ValueError(f"rule_matching is 'first' or 'all', not {rule_matching!r}")
    own = [source for source in sources or () if isinstance(source, JsonSource)]
    known = known_sources(own)
    enabled = _enabled(sources, known)
    extras = Extras(options.get("append_output", ()), options.get("static_fields", {}))
    definitions, analysis, diagnostics = check_files(files, known, extras)
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise RulesError(diagnostics)
    priority, selection = options.get("priority", "debug"), options.get("rules", ())
    rules = _chosen(definitions, analysis, enabled, priority, selection)
    return Chosen(
        definitions,
        analysis,
        known,
        extras,
        enabled,
        rules,
        priority,
        rule_matching,
        diagnostics,
    )


def check_files(
    files: Iterable[File],
    sources: Mapping[str, EventSource] = SOURCES,
    extras: Extras = NO_EXTRAS,
    read: Callable[[File], RulesFile] = read_rules_file,
) -> tuple[Definitions, Analysis, tuple[Diagnostic, ...]]:
    """Read and check rules: what is defined, what it amounts to, what is wrong with it.

    Whoever checks the same files again and again has a ``read`` that remembers them.
    """
    definitions, diagnostics = Definitions(), list[Diagnostic]()
    for file in files:
        readings = read(file).readings
        definitions, found = define(definitions, readings, sources=sources, operators=words())
        diagnostics += found
    analysis = analyse(definitions, sources, extras)
    diagnostics += plugin_findings(definitions.plugin_requirements)
    return definitions, analysis, (*diagnostics, *analysis.diagnostics)


def _flat(paths: Iterable[PathLike | Iterable[PathLike]]) -> list[PathLike]:
    found: list[PathLike] = []
    for path in paths:
        found += [path] if isinstance(path, str | os.PathLike) else list(path)
    return found


def _enabled(
    sources: Collection[str | JsonSource] | None, known: Mapping[str, EventSource]
) -> Collection[str]:
    """Return the names of the sources whose rules are to be matched."""
    if sources is None:
        return known.keys()
    names = [source if isinstance(source, str) else source.name for source in sources]
    for name in names:
        if name not in known:
            raise ValueError(f"no event source {name!r}; there are: {', '.join(known)}")
    return names


def _chosen(
    definitions: Definitions,
    analysis: Analysis,
    sources: Collection[str],
    priority: str,
    selection: Sequence[Mapping[str, Any]],
) -> tuple[CheckedRule, ...]:
    """Return the rules that are to be matched."""
    threshold = parse_priority(priority)
    if threshold is None:
        raise ValueError(f"no priority {priority!r}")
    enabled = set(select_rules(definitions.rules.values(), selection, threshold))
    return tuple(rule for rule in analysis.rules if rule.name in enabled and rule.source in sources)


def _manifest(files: Iterable[File]) -> Manifest:
    """Describe the files by name and content: neither depends on where they are."""
    return Manifest(
        version(),
        tuple(
            (
                Path(file.name).name,
                sha256(file.content.encode("utf-8", "surrogateescape")).hexdigest(),
            )
            for file in files
        ),
    )
