"""What the lints say about Falco's own rules is what the page about it says."""

import re
from functools import cache

import pytest
from conformance import ROOT, folder, report
from lint_report import BEGIN, PAGE, SETS, Looked, generated, looked, tables

pytestmark = pytest.mark.conformance


@cache
def found() -> list[Looked]:
    return looked()


def test_the_tables_are_those_of_the_lints() -> None:
    made, written = tables(found()).strip().splitlines(), generated().strip().splitlines()
    assert written == made, "run python tests/lint_report.py"
    report("lint report: findings", *(2 * [sum(len(each.findings) for each in found())]))


def test_each_lint_that_finds_something_is_judged_by_hand() -> None:
    by_hand, _, _ = PAGE.read_text("utf-8").partition(BEGIN)
    judged = set(re.findall(r"^\| \[([a-z0-9-]+)\]", by_hand, re.MULTILINE))
    assert judged == {finding.lint for each in found() for finding in each.findings}


def test_nothing_of_the_rules_is_copied() -> None:
    """No six words that stand in a condition, a description or an output are in the page."""
    page = " ".join(PAGE.read_text("utf-8").split())
    names = [name for each in found() for name in each.names]
    for name in sorted(names, key=len, reverse=True):
        page = page.replace(name, "")
    for each in SETS:
        for path in each.files:
            words = (folder() / path).read_text("utf-8").split()
            for start in range(len(words) - 5):
                run = " ".join(words[start : start + 6])
                assert run not in page, (path, run)


def test_the_page_names_no_machine() -> None:
    text = PAGE.read_text("utf-8")
    assert str(ROOT) not in text
    assert str(folder()) not in text
