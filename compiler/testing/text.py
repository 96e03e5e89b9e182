"""What came of tests as lines for people."""

from collections.abc import Iterator

from rulec.diagnostics import printable
from rulec.runtime.rendering import counted
from rulec.testing.results import Result, Status, TestReport

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
