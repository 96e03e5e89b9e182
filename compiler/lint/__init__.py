"""Lints: what is allowed in rules, and probably not what was meant.

Each lint looks for one thing, in a module of ``lints/``, and has one entry in
``LINTS`` and one page in ``docs/lints/``.
"""

from rulec.lint.catalogue import LINTS, known_ids
from rulec.lint.linter import LintReport, Suppressed, lint
from rulec.lint.model import Edit, Finding, Fix, Lint, Severity, Subject

__all__ = [
    "LINTS",
    "Edit",
    "Finding",
    "Fix",
    "Lint",
    "LintReport",
    "Severity",
    "Subject",
    "Suppressed",
    "known_ids",
    "lint",
]
