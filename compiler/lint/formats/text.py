"""Findings for people: a line to jump from, the place, and what to do."""

from rulec.lint.linter import LintReport


def text(report: LintReport) -> str:
    """Return the findings one below the other."""
    return "".join(f"{finding}\n" for finding in report.findings)
