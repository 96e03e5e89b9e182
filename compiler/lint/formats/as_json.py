"""Findings as one JSON document, for programs."""

from typing import Any

from rulec.lint.formats.documents import encoded
from rulec.lint.formats.regions import Region
from rulec.lint.linter import LintReport
from rulec.lint.model import Finding


def as_json(report: LintReport) -> str:
    """Return everything in a report, on one line."""
    document = {
        "rules": report.rules,
        "broken": report.broken,
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [
            {**_finding(each.finding), "reason": each.reason} for each in report.suppressed
        ],
    }
    return encoded(document)


def _finding(finding: Finding) -> dict[str, Any]:
    region = Region.of(finding.span)
    found: dict[str, Any] = {
        "lint": finding.lint,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "subject": finding.subject,
        "file": finding.file.name,
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }
    if finding.fix is not None:
        edits = [
            {"file": edit.file.name, "start": edit.start, "end": edit.end, "text": edit.text}
            for edit in finding.fix.edits
        ]
        found["fix"] = {"description": finding.fix.description, "edits": edits}
    return found
