"""From files of rules to something that matches events: the stages, in order."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from rulec.analysis import Analysis, analyse
from rulec.definitions import Definitions, define
from rulec.diagnostics import Diagnostic, RulesError
from rulec.documents import read_rules_file
from rulec.emit import emit
from rulec.files import collect
from rulec.layout import layout
from rulec.operators import words
from rulec.plan import CheckedRule, plan
from rulec.runtime.loading import execute
from rulec.runtime.priority import parse_priority
from rulec.runtime.ruleset import Manifest, Ruleset
from rulec.runtime.sources import SOURCES, EventSource
from rulec.selection import select_rules
from rulec.text import File
from rulec.version import version

PathLike = str | os.PathLike[str]

RULE_MATCHING: Final = ("first", "all")


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled ruleset as text: one Python module. ``warnings`` came up on the way."""

    code: str
    warnings: tuple[Diagnostic, ...]


def compile_ruleset(
    *paths: PathLike | Iterable[PathLike],
    sources: Collection[str] | None = None,
    rule_matching: str = "first",
    priority: str = "debug",
    rules: Sequence[Mapping[str, Any]] = (),
) -> Ruleset:
    """Compile rules, and return what matches events against them.

    ``paths`` are files or directories, in load order. ``sources`` names the
    event sources to enable (default: every one). ``rule_matching`` is
    ``first`` or ``all``. Rules less severe than ``priority`` are left out.
    ``rules`` enables and disables rules by name or tag, as Falco's setting of
    that name: ``({"disable": {"tag": "network"}},)``.

    :raises RulesError: if there is something wrong with the rules; it holds
        all of it.
    :raises ValueError: if an option has no such value.
    """
    built = build(
        *paths, sources=sources, rule_matching=rule_matching, priority=priority, rules=rules
    )
    return replace(execute(built.code), warnings=built.warnings)


def build(
    *paths: PathLike | Iterable[PathLike],
    sources: Collection[str] | None = None,
    rule_matching: str = "first",
    priority: str = "debug",
    rules: Sequence[Mapping[str, Any]] = (),
) -> Built:
    """Compile rules to the text of a Python module; the options are those of compile_ruleset.

    The same files give the same text, wherever they are.
    """
    files = collect(_flat(paths))
    return build_files(
        files, sources=sources, rule_matching=rule_matching, priority=priority, rules=rules
    )


def build_files(
    files: Sequence[File],
    *,
    sources: Collection[str] | None = None,
    rule_matching: str = "first",
    priority: str = "debug",
    rules: Sequence[Mapping[str, Any]] = (),
) -> Built:
    """Compile the rules in ``files``, which have been read."""
    if rule_matching not in RULE_MATCHING:
        raise ValueError(f"rule_matching is 'first' or 'all', not {rule_matching!r}")
    enabled = SOURCES.keys() if sources is None else _known(sources)
    definitions, analysis, diagnostics = check_files(files)
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        raise RulesError(diagnostics)
    chosen = _chosen(definitions, analysis.rules, enabled, priority, rules)
    module = emit(plan(chosen, rule_matching), _manifest(files))
    return Built(layout(module), diagnostics)


def check_files(
    files: Iterable[File], event_sources: Mapping[str, EventSource] = SOURCES
) -> tuple[Definitions, Analysis, tuple[Diagnostic, ...]]:
    """Read and check rules: what is defined, what it amounts to, what is wrong with it."""
    definitions, diagnostics = Definitions(), list[Diagnostic]()
    for file in files:
        readings = read_rules_file(file).readings
        definitions, found = define(definitions, readings, sources=event_sources, operators=words())
        diagnostics += found
    analysis = analyse(definitions, event_sources)
    return definitions, analysis, (*diagnostics, *analysis.diagnostics)


def _flat(paths: Iterable[PathLike | Iterable[PathLike]]) -> list[PathLike]:
    found: list[PathLike] = []
    for path in paths:
        found += [path] if isinstance(path, str | os.PathLike) else list(path)
    return found


def _known(sources: Collection[str]) -> Collection[str]:
    for source in sources:
        if source not in SOURCES:
            raise ValueError(f"no event source {source!r}; there are: {', '.join(SOURCES)}")
    return sources


def _chosen(
    definitions: Definitions,
    checked: Iterable[CheckedRule],
    sources: Collection[str],
    priority: str,
    selection: Sequence[Mapping[str, Any]],
) -> tuple[CheckedRule, ...]:
    """Return the rules that are to be matched."""
    threshold = parse_priority(priority)
    if threshold is None:
        raise ValueError(f"no priority {priority!r}")
    enabled = set(select_rules(definitions.rules.values(), selection, threshold))
    return tuple(rule for rule in checked if rule.name in enabled and rule.source in sources)


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
