"""What several items of one name add up to."""

import pytest
from rules_files import RULE, define_all, told

from rulec.runtime.priority import Priority, parse_priority
from rulec.versions import is_compatible, unmet_requirements

VALIDATE = "LOAD_ERR_VALIDATE"


def rule_after(change: str) -> dict[str, object]:
    definitions, diagnostics = define_all(RULE + "  tags: [x]\n", change)
    assert [d for d in diagnostics if d.severity == "error"] == []
    rule = definitions.rules["r"]
    values = {
        "condition": str(rule.condition),
        "output": str(rule.output),
        "desc": rule.description,
        "priority": rule.priority,
        "tags": rule.tags,
        "enabled": rule.enabled,
        "capture": rule.capture,
    }
    before = {
        "condition": "a.b = c",
        "output": "o",
        "desc": "d",
        "priority": Priority.INFORMATIONAL,
        "tags": ("x",),
        "enabled": True,
        "capture": False,
    }
    return {key: value for key, value in values.items() if value != before[key]}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ("- rule: r\n  append: true\n  condition: or x", {"condition": "a.b = c or x"}),
        pytest.param(
            "- rule: r\n  append: true\n  condition: or x\n  output: [1]\n  priority: bogus",
            {"condition": "a.b = c or x"},
            id="append ignores other keys",
        ),
        ("- rule: r\n  enabled: false", {"enabled": False}),
        (
            "- rule: r\n  condition: and x\n  override: {condition: append}",
            {"condition": "a.b = c and x"},
        ),
        ("- rule: r\n  condition: x\n  override: {condition: replace}", {"condition": "x"}),
        (
            "- rule: r\n  output: p\n  desc: e\n  tags: [a]\n  override: {output: append, desc: append, tags: append}",
            {"output": "o p", "desc": "d e", "tags": ("a", "x")},
        ),
        (
            "- {rule: r, output: ' p ', tags: [], priority: ALERT, override: {output: replace, tags: replace, priority: replace}}",
            {"output": " p ", "tags": (), "priority": Priority.ALERT},
        ),
        (
            "- {rule: r, capture: true, override: {capture: replace}}",
            {"capture": True},
        ),
        (RULE.replace("a.b = c", "new"), {"condition": "new", "tags": ()}),
        pytest.param(
            "- rule: r\n  append: true\n  source: ''\n  condition: or x",
            {"condition": "a.b = c or x"},
            id="an empty source is no source",
        ),
    ],
)
def test_changes_of_a_rule(change: str, changed: dict[str, object]) -> None:
    assert rule_after(change) == changed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "- list: l\n  items: [a]\n  override: {items: append}",
            [f"1:3 {VALIDATE} append_without_previous"],
        ),
        ("- list: l\n  items: [a]\n  override: {items: replace}", []),
        (
            "- macro: m\n  condition: c\n  override: {condition: append}",
            [f"1:3 {VALIDATE} append_without_previous"],
        ),
        ("- macro: m\n  condition: c\n  override: {condition: replace}", []),
        (
            "- rule: r\n  condition: c\n  override: {condition: append}",
            [f"1:3 {VALIDATE} append_without_previous"],
        ),
        (
            "- rule: r\n  condition: c\n  override: {condition: replace}",
            [f"1:3 {VALIDATE} replace_without_previous"],
        ),
        (
            "- rule: r\n  enabled: true",
            [
                "1:3 LOAD_DEPRECATED_ITEM standalone_enabled",
                f"1:3 {VALIDATE} enable_without_previous",
            ],
        ),
        (
            RULE + "- rule: r\n  append: true",
            ["6:3 LOAD_DEPRECATED_ITEM append_key", f"6:3 {VALIDATE} append_nothing"],
        ),
        (RULE + RULE + "  source: test", [f"6:3 {VALIDATE} source_mismatch"]),
        (
            RULE + "- rule: r\n  source: test\n  condition: x\n  override: {condition: replace}",
            [f"6:3 {VALIDATE} source_mismatch"],
        ),
        (RULE + "  source: nosuch", ["1:3 LOAD_UNKNOWN_SOURCE unknown_source"]),
        ("- required_engine_version: 0.62.0", []),
        ("- required_engine_version: 0.62.1", [f"1:3 {VALIDATE} engine_version_mismatch"]),
        pytest.param(
            "- rule: r\n  desc: d\n- rule: r\n  condition: c\n  override: {condition: append}",
            ["1:3 LOAD_ERR_YAML_VALIDATE missing_key"] * 3,
            id="what a broken rule leads to is not reported",
        ),
    ],
)
def test_inconsistencies(content: str, expected: list[str]) -> None:
    assert told(define_all(content)[1]) == expected


@pytest.mark.parametrize("broken", ["- rule: [", "rule: r"])
def test_what_a_broken_file_leads_to_is_not_reported(broken: str) -> None:
    change = "- rule: r\n  condition: c\n  override: {condition: append}"
    assert len(define_all(broken, change)[1]) == 1


def test_a_name_keeps_its_first_place() -> None:
    other = RULE.replace("rule: r", "rule: s")
    definitions, _ = define_all(RULE + other + RULE.replace("a.b = c", "new"))
    assert list(definitions.rules) == ["r", "s"]
    assert str(definitions.rules["r"].condition) == "new"


def test_a_macro_sees_what_was_defined_before_its_latest_definition() -> None:
    definitions, _ = define_all(
        "- {macro: a, condition: x}\n- {macro: b, condition: x}\n",
        "- {macro: a, condition: y}\n- {macro: c, condition: x}\n",
    )
    a, b, c = definitions.macros.values()
    sees = [(m.name, o.name) for m in (a, b, c) for o in (a, b, c) if m.sees(o)]
    assert sees == [("a", "a"), ("a", "b"), ("b", "a"), ("c", "a"), ("c", "b")]


def test_appended_text_is_found_where_it_was_written() -> None:
    definitions, _ = define_all(
        "- {macro: a, condition: x}\n- {macro: a, condition: or y, append: true}\n"
    )
    condition = definitions.macros["a"].condition
    assert str(condition) == "x or y"
    assert [condition.span(at, at + 1).position for at in (0, 1, 2, 5)] == [
        (1, 25),
        (1, 26),
        (2, 25),
        (2, 28),
    ]


def test_the_greatest_required_engine_version_is_remembered() -> None:
    definitions, _ = define_all("- required_engine_version: 31\n- required_engine_version: 0.9.5\n")
    assert definitions.required_engine_version == "0.31.0"


# --- versions and priorities ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "required", "expected"),
    [
        ("0.62.0", "0.61.9", True),
        ("0.62.0", "0.62.1", False),
        ("0.10.0", "0.9.0", True),
        ("2.0.0", "1.9.9", False),
        ("0.3.0", "0.3.0-rc1", True),
        ("0.3.0", "0.3", False),
    ],
)
def test_versions(available: str, required: str, expected: bool) -> None:
    assert is_compatible(available, required) is expected


REQUIREMENT = """\
- required_plugin_versions:
  - {name: json, version: 0.3.0, alternatives: [{name: json2, version: 0.1.0}]}
"""


@pytest.mark.parametrize(
    ("plugins", "met"),
    [
        ({"json": "0.3.1"}, True),
        ({"json2": "0.1.0"}, True),
        ({}, False),
        pytest.param(
            {"json": "0.2.0", "json2": "0.1.0"}, False, id="the first that is there decides"
        ),
    ],
)
def test_plugin_requirements(plugins: dict[str, str], met: bool) -> None:
    definitions, _ = define_all(REQUIREMENT)
    assert (unmet_requirements(definitions.plugin_requirements, plugins) == []) is met


def test_priorities_are_read_in_any_case() -> None:
    assert [priority.text for priority in Priority] == [
        "Emergency",
        "Alert",
        "Critical",
        "Error",
        "Warning",
        "Notice",
        "Informational",
        "Debug",
    ]
    assert [parse_priority(word) for word in ("wArNing", "info", "warn", "7", "")] == [
        Priority.WARNING,
        Priority.INFORMATIONAL,
        None,
        None,
        None,
    ]
