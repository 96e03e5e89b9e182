"""Load rules files the way Falco does, one after the other, and say what it says.

After each file everything that has been defined so far is compiled; the
outcome is the result of that file. Loading ends at the first file with an
error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rulec.analysis import Analysis, analyse
from rulec.definitions import Definitions, define
from rulec.diagnostics import Diagnostic
from rulec.documents import read_rules_file
from rulec.extras import NO_EXTRAS, Extras
from rulec.operators import words
from rulec.runtime.sources import EventSource
from rulec.schema import SchemaStatus
from rulec.text import File


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of loading a file. ``diagnostics`` has all errors and warnings, as found."""

    name: str
    definitions: Definitions
    analysis: Analysis
    diagnostics: tuple[Diagnostic, ...]
    schema: SchemaStatus

    @property
    def error(self) -> Diagnostic | None:
        """The first error: Falco reports no other."""
        return next((d for d in self.diagnostics if d.severity == "error"), None)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings that Falco comes to: those before the first error."""
        if self.error is None:
            return self.diagnostics
        return self.diagnostics[: self.diagnostics.index(self.error)]

    @property
    def verdict(self) -> str:
        """The state of the file in Falco's words."""
        if self.error is not None:
            return "Invalid"
        return "Ok, with warnings" if self.diagnostics else "Ok"

    def to_falco(self) -> dict[str, Any]:
        """Return the entry of the file in Falco's ``falco_load_results``."""
        result: dict[str, Any] = {
            "name": self.name,
            "successful": self.error is None,
            "errors": [self.error.to_falco()] if self.error is not None else [],
            "warnings": [warning.to_falco() for warning in self.warnings],
        }
        if self.schema.status != "none":
            result["schema_valid"] = self.schema.status == "ok"
            result["schema_warnings"] = list(self.schema.warnings)
        return result


def validate(
    files: Iterable[File], sources: Mapping[str, EventSource], extras: Extras = NO_EXTRAS
) -> list[FileResult]:
    """Load files until one has an error, and return the result of each."""
    definitions = Definitions()
    results: list[FileResult] = []
    for file in files:
        rules_file = read_rules_file(file)
        definitions, found = define(
            definitions, rules_file.readings, sources=sources, operators=words()
        )
        analysis = analyse(definitions, sources, extras)
        diagnostics = (*found, *analysis.diagnostics)
        results.append(FileResult(file.name, definitions, analysis, diagnostics, rules_file.schema))
        if results[-1].error is not None:
            break
    return results
