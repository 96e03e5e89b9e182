"""Which rules run."""

from typing import Any

import pytest
from rules_files import define_all

from rulec.runtime.priority import Priority
from rulec.selection import SelectionError, matches_wildcard, select_rules


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("", "", True),
        ("", "x", False),
        ("rule", "rule", True),
        ("rule", "a rule", False),
        ("*", "", True),
        ("my*", "my rule", True),
        ("My*", "my rule", False),
        ("*rule", "my rule", True),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "aXbYcZ", False),
        ("?y", "my", False),
        pytest.param("*ab", "abab", False, id="each part is looked for once only"),
        ("*ab*", "abab", True),
        ("a*a", "a", False),
    ],
)
def test_wildcards(pattern: str, name: str, expected: bool) -> None:
    assert matches_wildcard(pattern, name) is expected


RULES = "".join(
    f"- {{rule: {name}, desc: d, condition: c, output: o, priority: {priority}, tags: {tags}, enabled: {enabled}}}\n"
    for name, priority, tags, enabled in [
        ("one", "ALERT", "[a, b]", "true"),
        ("two", "DEBUG", "[b]", "false"),
        ("three", "NOTICE", "[]", "true"),
    ]
)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ([], "one three"),
        ([{"disable": {"rule": "*"}}], ""),
        ([{"disable": {"rule": "*"}}, {"enable": {"tag": "b"}}], "one two"),
        ([{"enable": {"tag": "b"}}, {"disable": {"tag": "a"}}], "two three"),
        ([{"disable": {"rule": "t*", "tag": "a"}}], ""),
        ([{"disable": {"rule": "ONE"}}], "one three"),
    ],
)
def test_selection(selection: list[dict[str, Any]], expected: str) -> None:
    rules = define_all(RULES)[0].rules.values()
    assert " ".join(select_rules(rules, selection)) == expected


def test_nothing_enables_a_rule_below_the_threshold() -> None:
    rules = define_all(RULES)[0].rules.values()
    assert select_rules(rules, [{"enable": {"rule": "*"}}], Priority.NOTICE) == ("one", "three")


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"enable": {}},
        {"enable": {"name": "x"}},
        {"enable": "x"},
        {"enable": {"tag": "x"}, "disable": {"tag": "y"}},
    ],
)
def test_a_wrong_selection_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(SelectionError):
        select_rules((), [entry])
