"""What came of tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from rulec.diagnostics import Diagnostic
from rulec.runtime.alert import Alert
from rulec.testing.coverage import Coverage
from rulec.testing.model import Case, Expected
from rulec.testing.mutation import Mutation
from rulec.text import Span

# Of a test, so many differences are told.
TOLD_LIMIT: Final = 50


class Status(Enum):
    """What came of a test. A broken one could not be run."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Came:
    """An alert that came, and the number of its event, or step (``unit``), from 1."""

    event: int
    alert: Alert
    unit: str = "event"


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected or came, but not both; or both, with what is different about it.

    ``why`` says why a rule did not fire, in few lines.
    """

    expected: Expected | None
    came: Came | None
    details: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the lines that tell it."""
        if self.came is None:
            assert self.expected is not None, "it is about one of them"
            of = (
                ""
                if self.expected.event is None
                else f" for {self.expected.unit} {self.expected.event}"
            )
            yield f"expected, but did not come: {self.expected.rule}{of}"
        elif self.expected is None:
            yield f"came, but was not expected: {self.came.alert.rule}, {self._place}"
            yield f"    {self.came.alert.priority} {self.came.alert.message}"
        else:
            yield f"came different: {self.came.alert.rule}, {self._place}"
        yield from (f"    {line}" for line in (*self.details, *self.why))

    @property
    def _place(self) -> str:
        return "" if self.came is None else f"for {self.came.unit} {self.came.event}"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a test. ``reason`` says why it could not be run, or was not to be."""

    suite: str
    case: Case
    status: Status
    events: int = 0
    seconds: float = 0.0
    expected: tuple[Expected, ...] = ()
    came: tuple[Came, ...] = ()
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    unreadable: bool = False
    place: Span | None = None

    @property
    def name(self) -> str:
        """The name of the test."""
        return self.case.name

    @property
    def passed(self) -> bool:
        """Whether there is nothing to complain about."""
        return self.status in (Status.PASSED, Status.SKIPPED)

    @property
    def line(self) -> int:
        """The line of the test, or of what is wrong with it, from 1."""
        return (self.place or self.case.span).position[0]

    @property
    def message(self) -> str:
        """What was expected, what came, and why, in some lines; nothing if it passed."""
        if self.reason:
            return self.reason
        found = [line for each in self.differences[:TOLD_LIMIT] for line in each.lines()]
        if len(self.differences) > TOLD_LIMIT:
            found.append(f"and {len(self.differences) - TOLD_LIMIT:,} more differences")
        return "\n".join(found)

    def __str__(self) -> str:
        return f"{self.suite}: {self.name}"


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What came of a file of tests; ``diagnostics`` is what is wrong with it, or with its rules."""

    name: str
    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class TestReport:
    """What came of all tests; and how well they try the rules, if that was asked for."""

    __test__: ClassVar[bool] = False  # nothing that pytest would have to run

    suites: tuple[SuiteResult, ...]
    coverage: Coverage | None = None
    mutation: Mutation | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        """What came of each test."""
        return tuple(result for suite in self.suites for result in suite.results)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong with files of tests, and with rules."""
        found = (each for suite in self.suites for each in suite.diagnostics)
        return tuple(dict.fromkeys(found))

    @property
    def passed(self) -> bool:
        """Whether every test could be run, and passed."""
        return not self.diagnostics and all(result.passed for result in self.results)

    def count(self, status: Status) -> int:
        """Return of how many tests this came."""
        return sum(result.status is status for result in self.results)
