"""Run tests: read them, match their events, compare."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from rulec.diagnostics import Diagnostic, RulesError
from rulec.files import collect
from rulec.testing.comparing import differences
from rulec.testing.feeds import EventsError
from rulec.testing.finding import files_of_tests
from rulec.testing.model import Expected, Suite
from rulec.testing.reading import read_suite
from rulec.testing.resolving import Prepared, Resolver, chosen, complaint
from rulec.testing.results import Came, Result, Status, SuiteResult, TestReport
from rulec.testing.rulebooks import Rulebooks
from rulec.testing.why import explained

# Of a test, so many alerts may come.
ALERTS_LIMIT: Final = 100_000

PathLike = str | os.PathLike[str]
# Is told how many tests have been run, and how many there are.
Progress = Callable[[int, int], object]


@dataclass
class _Loaded:
    """A file of tests with what can be run of it."""

    name: str
    tests: Sequence[Prepared] = ()
    diagnostics: Sequence[Diagnostic] = ()


@dataclass
class Runner:
    """Runs tests of one or more files. ``keep`` are texts of which a test has to have one."""

    rulebooks: Rulebooks = field(default_factory=Rulebooks)
    keep: tuple[str, ...] = ()
    loaded: list[_Loaded] = field(default_factory=list)

    def load(self, paths: Iterable[PathLike]) -> None:
        """Read the files of tests that there are under paths, and the rules that they name.

        :raises OSError: if a directory cannot be read.
        """
        for path in files_of_tests(paths):
            self.loaded.append(self._load(path))

    def _load(self, path: Path) -> _Loaded:
        try:
            (file,) = collect(path)
        except RulesError as error:
            return _Loaded(str(path), diagnostics=error.diagnostics)
        suite, diagnostics = read_suite(file)
        if diagnostics:
            return _Loaded(file.name, diagnostics=diagnostics)
        if not suite.rules and not self.rulebooks.rules:
            return _Loaded(file.name, diagnostics=[_no_rules(suite)])
        try:
            book = self.rulebooks.book(suite.rules, suite.source_files)
        except RulesError as error:
            return _Loaded(file.name, diagnostics=error.diagnostics)
        resolver = Resolver(suite, book)
        tests = resolver.prepared()
        if resolver.diagnostics:
            return _Loaded(file.name, diagnostics=resolver.diagnostics)
        return _Loaded(file.name, list(chosen(tests, file.name, self.keep)))

    @property
    def tests(self) -> list[Prepared]:
        """Every test that is to be run."""
        return [test for loaded in self.loaded for test in loaded.tests]

    def run(self, progress: Progress = lambda done, of: None) -> TestReport:
        """Run the tests."""
        number, done = len(self.tests), 0
        suites = []
        for loaded in self.loaded:
            results = []
            for test in loaded.tests:
                results.append(run_test(test, loaded.name))
                done += 1
                progress(done, number)
            if results or loaded.diagnostics:
                suites.append(SuiteResult(loaded.name, tuple(results), tuple(loaded.diagnostics)))
        return TestReport(tuple(suites))


def _no_rules(suite: Suite) -> Diagnostic:
    message = "the tests do not say which rules they are about"
    hint = "write 'rules: [../rules.yaml]', or give -r"
    return complaint("missing_key", message, suite.file, suite.cases[0].span, hint)


def run_test(test: Prepared, suite: str) -> Result:
    """Run one test."""
    case = test.case
    if case.skip is not None:
        return Result(suite, case, Status.SKIPPED, reason=case.skip)
    began = perf_counter()
    matcher = test.book.matcher(test.source, test.looked_at, test.rule_matching)
    came: list[Came] = []
    events = 0
    try:
        for event in test.feed.events():
            events += 1
            if alerts := matcher.match(event):
                label = test.label(event)
                came += (Came(label, alert, test.unit) for alert in alerts)
            if len(came) > ALERTS_LIMIT:
                message = f"there are more than {ALERTS_LIMIT:,} alerts"
                raise EventsError(message, case.span)
        expected = _named_by_steps(test) if case.expected is None else case.expected
        found = explained(test, differences(expected, came), came)
    except EventsError as error:
        return Result(
            suite,
            case,
            Status.BROKEN,
            events,
            perf_counter() - began,
            reason=str(error),
            unreadable=error.unreadable,
            place=error.span,
        )
    status = Status.FAILED if found else Status.PASSED
    seconds = perf_counter() - began
    return Result(suite, case, status, events, seconds, expected, tuple(came), found)


def _named_by_steps(test: Prepared) -> tuple[Expected, ...]:
    """Return the alerts that the steps of a scenario name."""
    scenario, _ = test.feed.played
    most = 1 if test.rule_matching == "first" else None
    return tuple(
        Expected(name, test.case.span, event=number, unit=test.unit)
        for number, step in enumerate(scenario.steps, start=1)
        for name in [name for name in step.alerts if _is_looked_at(name, test)][:most]
    )


def _is_looked_at(name: str, test: Prepared) -> bool:
    return test.case.only is None or name in test.looked_at
