"""Findings as commands of workflows on GitHub, which shows them beside the lines."""

from typing import Final

from rulec.lint.formats.regions import Region
from rulec.lint.linter import LintReport
from rulec.lint.model import Finding, Severity
from rulec.runtime.encoding import sanitised

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def github(report: LintReport) -> str:
    """Return a command for each finding, one a line."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    region = Region.of(finding.span)
    properties = {
        "file": finding.file.name,
        "line": region.line,
        "endLine": region.end_line,
        "col": region.column,
        "endColumn": region.end_column,
        "title": finding.lint,
    }
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    message = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return sanitised(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
