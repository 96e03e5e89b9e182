"""The tests of the shipped rules pass, and leave no part of a condition untried."""

from pathlib import Path
from typing import Final

import pytest

from rulec import compile_ruleset
from rulec.testing import TestReport, run_tests

RULES: Final = Path(__file__).resolve().parent.parent / "rules"

# In percent of the small changes of conditions, without those that leave an item out of a list:
# the tests are not meant to repeat long lists.
NOTICED: Final = 90


@pytest.fixture(scope="module")
def report() -> TestReport:
    return run_tests(RULES, mutate=True)


def test_all_of_them_pass(report: TestReport) -> None:
    assert not report.diagnostics
    assert len(report.results) > 1000
    assert [f"{each}: {each.message}" for each in report.results if not each.passed] == []


def test_every_part_of_every_condition_was_true_and_false(report: TestReport) -> None:
    assert report.coverage is not None
    shipped = {rule.name for rule in compile_ruleset(RULES).rules}
    assert shipped <= {rule.rule for rule in report.coverage.rules}
    missing = [
        f"{rule.rule}: {part.missing}: {part.text}"
        for rule in report.coverage.rules
        for part in rule.parts
        if part.seen < part.wanted
    ]
    assert missing == []
    assert report.coverage.percent == 100


def test_most_changes_would_be_noticed(report: TestReport) -> None:
    assert report.mutation is not None
    counts = [counts for kind, counts in report.mutation.kinds.items() if kind != "item"]
    noticed, tried = map(sum, zip(*counts, strict=True))
    assert 100 * noticed >= NOTICED * tried
