"""What came of tests as lines for people."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from rulec.diagnostics import printable
from rulec.runtime.rendering import counted
from rulec.testing.coverage import Coverage
from rulec.testing.mutation import Mutation
from rulec.testing.results import Result, Status, TestReport
from rulec.text import Span

_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "FAILED",
    Status.BROKEN: "BROKEN",
    Status.SKIPPED: "skipped",
}


def lines(report: TestReport, *, verbose: bool = False) -> Iterator[str]:
    """Yield what is to be told of a report: what went wrong, and how much went well.

    If ``verbose``, each test gets a line.
    """
    for result in report.results:
        if verbose or not result.passed:
            yield from _told(result)
    for diagnostic in report.diagnostics:
        yield str(diagnostic)
    yield summary(report)
    if report.coverage is not None:
        yield from coverage_lines(report.coverage)
    if report.mutation is not None:
        yield from mutation_lines(report.mutation)


def _told(result: Result) -> Iterator[str]:
    place = f"{result.suite}:{result.line}"
    yield printable(f"{_WORDS[result.status]} {place}: {result.name}")
    if result.status is not Status.PASSED:
        yield from (f"    {printable(line)}" for line in result.message.split("\n"))


def summary(report: TestReport) -> str:
    """Return how many tests there were, and what came of them, as a line."""
    counts = [
        f"{count:,} {_WORDS[status].lower()}"
        for status in Status
        if (count := report.count(status)) or status is Status.PASSED
    ]
    suites = [suite for suite in report.suites if suite.diagnostics]
    if suites:
        counts.append(f"{counted(len(suites), 'file')} not run")
    return f"{counted(len(report.results), 'test')}: {', '.join(counts)}"


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """Yield what was not seen of conditions, and how much was."""
    for rule in coverage.rules:
        if not rule.events:
            yield f"{_place(rule.span)}: no test looks at it: {printable(rule.rule)}"
    missing = (
        ((_place(part.span), f"never {part.missing}: {_short(part.text)}"), rule.rule)
        for rule in coverage.rules
        for part in rule.parts
        if rule.events and part.missing
    )
    yield from _by_place(missing)
    constant = [
        ((_place(part.span), f"always {str(part.proven).lower()}, not counted: {part.text}"), rule)
        for rule, part in coverage.proven
    ]
    yield from _by_place(constant)
    parts = coverage.wanted // 2
    yield (
        f"coverage: {percent(coverage.percent)} ({coverage.seen:,} of {coverage.wanted:,} outcomes"
        f" of {counted(parts, 'part')} of {counted(len(coverage.rules), 'rule')})"
    )


def mutation_lines(mutation: Mutation) -> Iterator[str]:
    """Yield the changes that no test would notice, and how many would be noticed."""
    survivors = (
        ((_place(each.span), f"not noticed: {_change(each.before, each.after)}"), each.rule)
        for each in mutation.survivors
    )
    yield from _by_place(survivors)
    kinds = [
        f"{kind} {noticed:,} of {number:,}"
        for kind, (noticed, number) in sorted(mutation.kinds.items())
    ]
    if kinds:
        yield f"changes that were noticed: {', '.join(kinds)}"
    same = f", {mutation.equivalent:,} others change nothing" if mutation.equivalent else ""
    yield (
        f"mutation: {percent(mutation.percent)} ({mutation.noticed:,} of"
        f" {counted(len(mutation.tried), 'change')} noticed{same})"
    )


def percent(value: Fraction) -> str:
    """Return a share as text, rounded down: 100 % is all.

    >>> percent(Fraction(100)), percent(Fraction(99999, 1000))
    ('100.0 %', '99.9 %')
    """
    tenths = int(value * 10)
    return f"{tenths // 10}.{tenths % 10} %"


def _place(span: Span) -> str:
    line, column = span.position
    return f"{printable(span.file)}:{line}:{column}"


def _by_place(found: Iterable[tuple[tuple[str, str], str]]) -> Iterator[str]:
    """Yield a line for each place and what is said of it, with the rules that it is said of."""
    rules: dict[tuple[str, str], dict[str, None]] = {}
    for said, rule in found:
        rules.setdefault(said, {})[rule] = None
    for (place, text), names in rules.items():
        yield printable(f"{place}: {text} ({_names(tuple(names))})")


_NAMES = 3


def _names(rules: tuple[str, ...]) -> str:
    shown = ", ".join(rules[:_NAMES])
    return shown if len(rules) <= _NAMES else f"{shown} and {len(rules) - _NAMES} more"


_WIDTH = 120


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _change(before: str, after: str) -> str:
    """Return a change as text; of long ones, what is around it."""
    if len(before) <= _WIDTH and len(after) <= _WIDTH:
        return f"{before} -> {after}"
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = max(0, same - _WIDTH // 2)
    cut = "..." if start else ""
    return " -> ".join(cut + _short(text[start:]) for text in (before, after))
