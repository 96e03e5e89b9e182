"""What lints are given, what is left out, and what the command says."""

import pytest

from rulec.lint import LintReport, lint
from rulec.text import File

RULE = """\
- rule: Read
  desc: Somebody read something.
  condition: ka.stage = ResponseComplete and ka.verb exists and ka.user.name in (verbs)
  output: Read (user=%ka.user.name)
  priority: INFO
  source: k8s_audit
  tags: [k8s]
"""

LIST = "- list: verbs\n  items: [get, list, get]\n"


def report(content: str, **options: object) -> LintReport:
    return lint([File("rules.yaml", content)], **options)  # type: ignore[arg-type]


def told(content: str, **options: object) -> list[str]:
    """Return each finding on a line: place and lint."""
    return [
        f"{finding.position[0]}:{finding.position[1]} {finding.lint}"
        for finding in report(content, **options).findings
    ]


def test_a_finding_has_its_place_and_says_what_to_do() -> None:
    (finding,) = report(LIST + RULE).findings
    assert str(finding) == (
        "rules.yaml:2:22: note: 'get' is in list 'verbs' already [duplicate-item]\n"
        "      items: [get, list, get]\n"
        "                         ^^^ it is there in line 2"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            "- list: verbs\n  items: [get, get] # rulec: ignore[duplicate-item]: why\n",
            [],
            id="at the end of the line",
        ),
        pytest.param(
            "- list: verbs\n  # rulec: ignore[duplicate-item]: why\n  items: [get, get]\n",
            [],
            id="alone on the line before",
        ),
        pytest.param(
            "# rulec: ignore[duplicate-item]: why\n- list: verbs\n  items:\n  - get\n  - get\n",
            [],
            id="before an item, for all of it",
        ),
        pytest.param(
            "- list: verbs\n  items: # rulec: ignore[duplicate-item]: why\n  - get\n  - get\n",
            [],
            id="at a key, for all of its value",
        ),
        pytest.param(
            "- list: verbs # rulec: ignore[duplicate-item]: why\n  items: [get, get]\n",
            ["1:15 suppression-unused", "2:16 duplicate-item"],
            id="at the first key of an item, only for that",
        ),
        pytest.param(
            "# rulec: ignore[duplicate-item]: why\n\n- list: verbs\n  items: [get, get]\n",
            ["1:1 suppression-unused", "4:16 duplicate-item"],
            id="not for what is further down",
        ),
        pytest.param(
            "# rulec: ignore[duplicate-item, LOAD_UNUSED_LIST]: why\n"
            "- list: unused\n  items: [get, get]\n- list: verbs\n  items: []\n",
            [],
            id="several, and a code of the compiler",
        ),
        pytest.param(
            "# rulec: ignore[duplicate-items]: why\n- list: verbs\n  items: [get, get]\n",
            ["1:1 suppression-unused", "3:16 duplicate-item"],
            id="a lint that does not exist",
        ),
        pytest.param(
            "# rulec: ignore[duplicate-item]\n- list: verbs\n  items: [get, get]\n",
            ["1:1 suppression-without-reason"],
            id="without a reason",
        ),
        pytest.param(
            "# rulec: ignore[]: why\n- list: verbs\n  items: [get, get]\n",
            ["1:1 suppression-without-reason", "3:16 duplicate-item"],
            id="without a name",
        ),
        pytest.param(
            "- list: verbs\n  items: [get, get]\n# rulec: ignore-file[duplicate-item]: why\n",
            [],
            id="anywhere, for the file",
        ),
        pytest.param(
            "# rulec: ignore-file[duplicate-item]: why\n- list: verbs\n  items: [get]\n",
            ["1:1 suppression-unused"],
            id="for the file, where there is nothing",
        ),
        pytest.param(
            "- list: verbs\n  items: [get, get, ' # rulec: ignore[duplicate-item]: why']\n",
            ["2:16 duplicate-item"],
            id="in a text, which is no comment",
        ),
    ],
)
def test_what_a_comment_suppresses(content: str, expected: list[str]) -> None:
    assert told(content + RULE) == expected


def test_what_is_suppressed_is_kept_with_its_reason() -> None:
    found = report("# rulec: ignore[duplicate-item]: by a program\n" + LIST + RULE)
    assert not found.findings
    assert [(each.finding.lint, each.reason) for each in found.suppressed] == [
        ("duplicate-item", "by a program")
    ]


def test_a_comment_is_not_unused_if_nobody_looked() -> None:
    content = "# rulec: ignore[duplicate-item]: why\n- list: verbs\n  items: [get]\n" + RULE
    assert told(content) == ["1:1 suppression-unused"]
    assert told(content, without=["duplicate-item"]) == []
    assert told(content, only=["suppression-unused"]) == []
    assert told(content, only=["suppression-unused", "duplicate-item"]) == [
        "1:1 suppression-unused"
    ]


def test_errors_are_findings_that_no_comment_suppresses() -> None:
    content = "# rulec: ignore[LOAD_ERR_COMPILE_CONDITION]: why\n" + RULE.replace("ka.verb", "ka.v")
    found = report(LIST + content, only=["duplicate-item"])
    assert found.broken
    assert [finding.lint for finding in found.findings] == [
        "duplicate-item",
        "LOAD_ERR_COMPILE_CONDITION",
    ]


def test_an_unknown_lint_is_refused() -> None:
    with pytest.raises(ValueError, match="no lint 'nope'"):
        report(RULE, only=["nope"])


def test_no_rules_at_all() -> None:
    assert lint([]).findings == ()
    assert told("") == []


def test_what_is_no_yaml_is_a_finding() -> None:
    assert told("- list: [") == ["1:10 LOAD_ERR_YAML_PARSE"]
