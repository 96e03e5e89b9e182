"""What all tests share: the summary of the conformance suites."""

import conformance
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "write the generated modules to tests/golden instead of comparing with them"
    parser.addoption("--accept", action="store_true", help=help_text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many recorded cases passed, however the tests were run."""
    if conformance.reported:
        terminalreporter.section("conformance")
        for line in conformance.reported:
            terminalreporter.write_line(line)
