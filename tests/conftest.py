"""What all tests share: the time zone, and the summary of the conformance suites."""

import os
import time

import conformance
import pytest

from rulec.runtime.events import host_name

# Alerts have local times: wherever tests run, these are those of UTC.
os.environ["TZ"] = "UTC"
time.tzset()


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "write the generated modules to tests/golden instead of comparing with them"
    parser.addoption("--accept", action="store_true", help=help_text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many recorded cases passed, however the tests were run."""
    if conformance.reported:
        terminalreporter.section("conformance")
        for line in conformance.reported:
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _fresh_host_name() -> None:
    """Let tests say what this machine is called: it is looked up once in a process."""
    host_name.cache_clear()
