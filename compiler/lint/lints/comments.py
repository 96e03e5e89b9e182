"""Lints about the comments that suppress findings."""

from collections.abc import Iterator

from rulec.lint.model import Finding, Subject


def suppression_without_reason(subject: Subject) -> Iterator[Finding]:
    """Find comments that suppress something and do not say why."""
    for suppression in subject.suppressions:
        if not suppression.lints:
            hint = "write '# rulec: ignore[always-false]: why'"
            yield Finding("the comment names no lint", suppression.span, hint)
        elif not suppression.reason:
            names = ", ".join(suppression.lints)
            hint = f"write '# rulec: ignore[{names}]: why'"
            yield Finding("the finding is suppressed without a reason", suppression.span, hint)


def suppression_unused(subject: Subject) -> Iterator[Finding]:
    """Find nothing yet: what is unused shows when all other findings are there."""
    yield from ()
