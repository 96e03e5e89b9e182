"""What lints are given, and what they find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from rulec.analysis import Analysis
from rulec.definitions import Definitions
from rulec.diagnostics import Diagnostic, Problem, printable
from rulec.lint.written import WrittenItem
from rulec.plan import CheckedRule
from rulec.runtime.sources import EventSource
from rulec.text import File, Span

if TYPE_CHECKING:
    from rulec.cluster.audit_policy import AuditPolicy
    from rulec.lint.conditions import Part, Reader, RuleCondition
    from rulec.lint.reasoning import Space
    from rulec.lint.suppressions import Suppression

T = TypeVar("T")


class Severity(Enum):
    """How bad it is if nobody does anything about a finding."""

    ERROR = "error"  # a rule does not do what it is there for
    WARNING = "warning"  # something is probably not what was meant
    NOTE = "note"  # the same could be said better


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for the characters of a file from ``start`` to ``end``."""

    file: File
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together, and what they do: 'write startswith'.

    Only what is safe is a fix: the rules mean the same afterwards, which is
    looked at before a file is written.
    """

    description: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: what, where, what to do, and the name that it is about.

    A lint leaves out ``lint`` and ``severity``: those of its entry are filled in.
    """

    message: str
    span: Span
    hint: str = ""
    subject: str = ""
    fix: Fix | None = None
    lint: str = ""
    severity: Severity = Severity.NOTE

    @property
    def file(self) -> File:
        """The file that is to be looked at."""
        return self.span.origin[0]

    @property
    def position(self) -> tuple[int, int]:
        """The line and the column, both from 1."""
        return self.span.position

    def __str__(self) -> str:
        """Return the finding for people: a line that editors can jump from, and the place."""
        line, column = self.position
        head = f"{self.file.name}:{line}:{column}: {self.severity.value}: {self.message}"
        lines = [f"{printable(head)} [{self.lint}]"]
        caret = Diagnostic(self.lint, Problem(self.lint, "", self.span)).caret
        lines += ["    " + each for each in caret.split("\n") if caret]
        if self.hint and caret:
            lines[-1] += f" {printable(self.hint)}"
        elif self.hint:
            lines.append(f"    {printable(self.hint)}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Subject:
    """The rules that are looked at, in every form that lints need.

    ``items`` are what the files have in them, in order; ``analysis`` has the
    rules that could be checked. ``policy`` is what the audit log is written by,
    if that is known.
    """

    files: tuple[File, ...]
    items: tuple[WrittenItem, ...]
    definitions: Definitions
    analysis: Analysis
    sources: Mapping[str, EventSource]
    suppressions: "tuple[Suppression, ...]" = ()
    policy: "AuditPolicy | None" = None
    _done: dict[object, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def rules(self) -> Mapping[str, CheckedRule]:
        """The rules that could be checked, by name."""
        return {rule.name: rule for rule in self.analysis.rules}

    @cached_property
    def conditions(self) -> "Mapping[str, RuleCondition]":
        """The conditions of these rules, as they are written."""
        definitions = self.definitions.rules
        return {name: self._reader.rule(definitions[name]) for name in self.rules}

    @cached_property
    def macros(self) -> "Mapping[tuple[str, str], Part]":
        """The conditions of macros that these rules use, by name and event source."""
        return dict(self._reader.macros(self.conditions))

    def written(self) -> "Iterator[tuple[str, EventSource, Part]]":
        """Yield the conditions of rules and macros: whose each is, for which source, and it."""
        for name, condition in self.conditions.items():
            yield name, self.sources[self.rules[name].source], condition.own
        for (name, source), part in self.macros.items():
            yield name, self.sources[source], part

    @cached_property
    def spaces(self) -> "Mapping[str, Space]":
        """What can be true of an event at once, for the condition of each rule."""
        from rulec.lint.reasoning import Space

        return {name: Space([each.whole]) for name, each in self.conditions.items()}

    def may_match(self, name: str) -> bool:
        """Return whether a rule may match some event, as far as its condition tells."""
        return self.spaces[name].assume(self.conditions[name].whole, True) is not None

    def once(self, work: "Callable[[Subject], T]") -> T:
        """Return what ``work`` makes of the subject, worked out once for all lints that ask."""
        if work not in self._done:
            self._done[work] = work(self)
        result: T = self._done[work]
        return result

    @cached_property
    def _reader(self) -> "Reader":
        from rulec.lint.conditions import Reader

        return Reader(self.definitions, self.analysis.macros, self.sources)


@dataclass(frozen=True, slots=True)
class Lint:
    """One thing to look for.

    ``summary`` fits into a line. ``fixes`` says whether it proposes edits, ``replaces`` are
    kinds of warnings of the compiler that it tells better.
    """

    id: str
    severity: Severity
    summary: str
    look: Callable[[Subject], Iterator[Finding]]
    fixes: bool = False
    replaces: frozenset[str] = frozenset()
