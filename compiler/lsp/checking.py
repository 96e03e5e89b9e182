"""What is known of a rule set after it was checked: the base of everything that is shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from rulec.analysis import Analysis
from rulec.api import check_files
from rulec.definitions import Definitions
from rulec.diagnostics import Diagnostic
from rulec.documents import read_rules_file
from rulec.lsp.latest import latest
from rulec.lsp.naming import NAMED, Kind, naming
from rulec.lsp.structure import MAX_CHARACTERS, Item, structure
from rulec.mentions import condition_fields
from rulec.nodes import Condition
from rulec.plan import plan
from rulec.references import References
from rulec.runtime.sources import EventSource
from rulec.shadowing import shadowed_rules
from rulec.text import File

if TYPE_CHECKING:
    from rulec.lint.model import Finding

# A rules file is read anew only if it has changed.
_read = latest(read_rules_file)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A rule, macro or list: the items that define and change it, with their files."""

    kind: Kind
    name: str
    items: tuple[tuple[str, Item], ...]


@dataclass(frozen=True)
class Snapshot:
    """A rule set as it was when it was last checked.

    * ``symbols``: what it defines, by kind and name; what is in an item that is no YAML at
      the moment is as it was before.
    * ``sources``: the event sources that the rules in a file are for.
    * ``fitting``: the event sources that have all fields of a macro.
    * ``too_large``: the names of files that were not looked at.
    * ``findings``: what was found if there was a lint. The diagnostics are among it, but for
      those that a comment suppresses.
    """

    files: tuple[File, ...] = ()
    definitions: Definitions = field(default_factory=Definitions)
    analysis: Analysis | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: "tuple[Finding, ...] | None" = None
    symbols: Mapping[tuple[Kind, str], Symbol] = field(default_factory=dict)
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    fitting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    too_large: tuple[str, ...] = ()

    def named(self, kind: Kind) -> Iterator[Symbol]:
        """Yield everything of a kind that is defined."""
        return (symbol for (found, _), symbol in self.symbols.items() if found is kind)

    def source_of(self, rule: str) -> str | None:
        """Return the event source of a rule that is defined."""
        found = self.definitions.rules.get(rule)
        return found.source if found is not None else None


EMPTY: Final = Snapshot()


def check(
    files: Sequence[File],
    sources: Mapping[str, EventSource],
    before: Snapshot = EMPTY,
) -> Snapshot:
    """Check a rule set; ``before`` is what was known of it."""
    looked_at = tuple(file for file in files if len(file.content) <= MAX_CHARACTERS)
    definitions, analysis, diagnostics = check_files(looked_at, sources, read=_read)
    if not any(diagnostic.severity == "error" for diagnostic in diagnostics):
        enabled = [rule for rule in analysis.rules if definitions.rules[rule.name].enabled]
        diagnostics = (*diagnostics, *shadowed_rules(plan(enabled, "first", sources).rules))
    return Snapshot(
        looked_at,
        definitions,
        analysis,
        diagnostics,
        None,
        _symbols(looked_at, before),
        {file.name: _sources(file) for file in looked_at},
        {name: _fitting(condition, sources) for name, condition in analysis.macros.items()},
        frozenset(_words(looked_at, Kind.TAG)),
        tuple(file.name for file in files if file not in looked_at),
    )


def _symbols(files: Sequence[File], before: Snapshot) -> Mapping[tuple[Kind, str], Symbol]:
    found: dict[tuple[Kind, str], list[tuple[str, Item]]] = {}
    for file in files:
        read = structure(file)
        for item in read.items:
            if item.kind in NAMED and item.name:
                found.setdefault((NAMED[item.kind], item.name), []).append((file.name, item))
        if not read.is_whole:
            for key, symbol in before.symbols.items():
                kept = [(name, item) for name, item in symbol.items if name == file.name]
                if kept:
                    found.setdefault(key, kept)
    return {key: Symbol(*key, tuple(items)) for key, items in found.items()}


def _sources(file: File) -> frozenset[str]:
    """Return the event sources that the rules in a file are for."""
    rules = [i for i in structure(file).items if i.kind == "rule" and not i.is_change]
    named = [next((str(entry.text) for entry in rule.texts("source")), "syscall") for rule in rules]
    return frozenset(named)


def _fitting(condition: Condition, sources: Mapping[str, EventSource]) -> frozenset[str]:
    """Return the event sources that have all fields of a condition."""
    used = set(condition_fields(condition))
    return frozenset(
        name
        for name, source in sources.items()
        if all(map(References(source.fields, [], suggest=False).known, used))
    )


def _words(files: Sequence[File], kind: Kind) -> Iterator[str]:
    return (m.name for file in files for m in naming(file).mentions if m.kind is kind)


# --- lints ------------------------------------------------------------------------------
#
# They take three times as long as the check, so they are looked for when that has been shown.


def linted(snapshot: Snapshot, sources: Mapping[str, EventSource]) -> Snapshot:
    """Return what is known of a rule set, with what is doubtful in it."""
    from rulec.lint import lint

    report = lint(snapshot.files, sources=sources)
    return replace(snapshot, findings=tuple(report.findings))


def is_safe(finding: "Finding", files: Sequence[File], sources: Mapping[str, EventSource]) -> bool:
    """Return whether the rules mean the same once the fix of a finding is made.

    ``files`` are those in which it was found: no other files will do, equal or not.
    """
    from rulec.lint.fixing import fix

    found_in = {id(file) for file in files}
    if finding.fix is None or not all(id(edit.file) in found_in for edit in finding.fix.edits):
        return False
    return bool(fix(files, [finding], sources).applied)
