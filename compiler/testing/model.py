"""What a file of tests says: the rules, the events, and the alerts that are expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from rulec.text import File, Span


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that is expected.

    Of the ``fields`` of its output, some may be given. ``output`` is a part of its text, and
    ``event`` the number of the event, or of what ``unit`` says, from 1. What is not given may be
    anything.
    """

    rule: str
    span: Span
    fields: Mapping[str, Any] = field(default_factory=dict)
    priority: str | None = None
    output: str | None = None
    event: int | None = None
    unit: str = "event"


@dataclass(frozen=True, slots=True)
class Inline:
    """Events that stand in the test: documents, as decoded JSON, each with its place."""

    documents: tuple[tuple[Any, Span], ...]


@dataclass(frozen=True, slots=True)
class FromFile:
    """Events that stand in a file of their own: documents, a capture or a scenario."""

    path: Path
    span: Span

    @property
    def is_scenario(self) -> bool:
        """Whether the file describes what happens, and no events."""
        return self.path.suffix in (".yaml", ".yml")


Given: TypeAlias = Inline | FromFile


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a rule, and where it is written."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Case:
    """One test: of a matrix, one combination.

    ``source`` is None if that of the rules is meant. ``expected`` is None if the scenario says
    it. ``only`` are the rules that the test looks at, if it does not look at all; ``enable``
    are patterns of rules that it switches on. ``skip`` says why it is not run.
    """

    name: str
    span: Span
    source: str | None
    given: Given
    expected: tuple[Expected, ...] | None
    only: tuple[Named, ...] | None = None
    enable: tuple[Named, ...] = ()
    rule_matching: str | None = None
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """A file of tests. ``rules`` and ``source_files`` are paths; no rules: those of the call."""

    file: File
    rules: tuple[Path, ...]
    source_files: tuple[Path, ...]
    cases: tuple[Case, ...]
