"""What all tests share: the summary of the conformance suites."""

import conformance
import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many recorded cases passed, however the tests were run."""
    if conformance.reported:
        terminalreporter.section("conformance")
        for line in conformance.reported:
            terminalreporter.write_line(line)
