"""The structure of rules files: what is accepted, and every complaint with its place."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_files import RULE, define_all, told

from rulec.diagnostics import RulesError
from rulec.documents import read_rules_file
from rulec.files import collect, decode
from rulec.items import (
    EngineRequirement,
    Item,
    ListItem,
    MacroItem,
    PluginRequirements,
    Rule,
    RuleAppend,
    RuleOverride,
    RuleToggle,
)
from rulec.runtime.priority import Priority
from rulec.text import File


def items(content: str) -> list[Item]:
    return [reading.item for reading in read_rules_file(File("f", content)).readings]


def complaints(content: str) -> list[str]:
    readings = read_rules_file(File("f", content)).readings
    return told([diagnostic for reading in readings for diagnostic in reading.diagnostics])


# --- what is accepted -----------------------------------------------------------------


def test_every_key_of_a_rule() -> None:
    (rule,) = items("""\
- rule: r
  desc: d
  condition: a.b = c
  output: "  o "
  priority: info
  source: test
  enabled: no
  tags: [b, a, b, Z]
  warn_evttypes: Off
  skip-if-unknown-filter: y
  capture: TRUE
  capture_duration: 0x10
""")
    assert isinstance(rule, Rule)
    assert (rule.name, str(rule.condition), rule.description) == ("r", "a.b = c", "d")
    assert (str(rule.output), rule.priority) == ("o", Priority.INFORMATIONAL)
    assert (rule.source, rule.enabled, rule.tags) == ("test", False, ("Z", "a", "b"))
    assert (rule.warn_evttypes, rule.skip_if_unknown_filter) == (False, True)
    assert (rule.capture, rule.capture_duration) == (True, 16)


def test_what_a_rule_may_leave_out() -> None:
    (rule,) = items(RULE)
    assert isinstance(rule, Rule)
    assert (rule.source, rule.enabled, rule.tags, rule.exceptions) == ("syscall", True, (), ())
    assert (rule.warn_evttypes, rule.skip_if_unknown_filter, rule.capture) == (True, False, False)


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ("rule: r\n  condition: c\n  override: {condition: append}", RuleOverride),
        ("rule: r\n  condition: c\n  append: true", RuleAppend),
        ("rule: r\n  enabled: true", RuleToggle),
        pytest.param("rule: r\n  enabled: true\n  override:", RuleToggle, id="null is no override"),
        ("macro: m\n  condition: c", MacroItem),
        ("list: l\n  items: []", ListItem),
        ("required_engine_version: 0.31.0", EngineRequirement),
        ("required_plugin_versions: []", PluginRequirements),
        pytest.param(
            "macro: m\n  condition: c\n  list: l\n  items: []",
            ListItem,
            id="a list comes before a macro",
        ),
    ],
)
def test_shapes(item: str, kind: type[Item]) -> None:
    assert [type(found) for found in items(f"- {item}\n")] == [kind]


def test_a_position_in_a_folded_condition() -> None:
    (macro,) = items("- macro: m\n  condition: >\n    a.b = c\n    and d.e = f\n")
    assert isinstance(macro, MacroItem)
    at = str(macro.condition).index("f")
    assert macro.condition.span(at, at + 1).position == (4, 15)


@pytest.mark.parametrize(
    ("value", "version"),
    [("31", "0.31.0"), ("0x10", "0.16.0"), ("0.31.0-rc1", "0.31.0"), ("0.62.0.5", "0.62.0")],
)
def test_engine_versions(value: str, version: str) -> None:
    (item,) = items(f"- required_engine_version: {value}\n")
    assert isinstance(item, EngineRequirement)
    assert item.version == version


# --- what is refused ---------------------------------------------------------------------

STRUCTURE = "LOAD_ERR_YAML_VALIDATE"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("this : is : not : yaml", ["1:11 LOAD_ERR_YAML_PARSE yaml_syntax"]),
        ("just words", [f"1:1 {STRUCTURE} not_yaml_structure"]),
        ("rule: r", [f"1:1 {STRUCTURE} not_an_array"]),
        ("- words\n- [x]", [f"1:3 {STRUCTURE} not_a_map", f"2:3 {STRUCTURE} not_a_map"]),
        ("- rules: r", ["1:3 LOAD_UNKNOWN_ITEM unknown_item"]),
        ("-\n- ~\n", []),
        ("- list:\n  items: [a]", [f"1:3 {STRUCTURE} null_value"]),
        ("- list: [l]\n  items: [a]", [f"1:9 {STRUCTURE} not_a_scalar"]),
        ("- list: l", [f"1:3 {STRUCTURE} missing_key"]),
        ("- list: l\n  items: a", [f"2:10 {STRUCTURE} not_a_sequence"]),
        (
            "- list: l\n  items: [a, ~, [b]]",
            [f"2:14 {STRUCTURE} not_a_scalar", f"2:17 {STRUCTURE} not_a_scalar"],
        ),
        ("- list: l\n  items: [a]\n  append: maybe", [f"3:11 {STRUCTURE} bad_scalar_type"]),
        ("- list: a b\n  items: [a]", ["1:9 LOAD_INVALID_LIST_NAME invalid_name"]),
        ("- list: l\n  items: [a]\n  item: [b]", ["3:3 LOAD_UNKNOWN_KEY unknown_key"]),
        ("- macro: a-b\n  condition: c", ["1:10 LOAD_INVALID_MACRO_NAME invalid_name"]),
        ("- macro: m\n  condition: ''", [f"2:14 {STRUCTURE} empty_value"]),
        ("- macro: m\n  condition: c\n  append: true", ["1:3 LOAD_DEPRECATED_ITEM append_key"]),
        (
            "- macro: m\n  condition: c\n  append: true\n  override: {condition: append}",
            ["1:3 LOAD_DEPRECATED_ITEM append_key", f"1:3 {STRUCTURE} append_and_override"],
        ),
        (
            "- macro: m\n  condition: c\n  override: {condition: prepend}",
            [f"3:25 {STRUCTURE} bad_override_operation"],
        ),
        (
            "- macro: m\n  condition: c\n  override: {name: append}",
            [f"3:14 {STRUCTURE} override_key_not_appendable"],
        ),
        ("- macro: m\n  condition: c\n  override: []", [f"3:13 {STRUCTURE} not_a_map"]),
        ("- required_engine_version: 0.31", [f"1:28 {STRUCTURE} bad_engine_version"]),
        ("- required_plugin_versions: x", [f"1:29 {STRUCTURE} not_a_sequence"]),
        ("- required_plugin_versions: [{version: 0.1.0}]", [f"1:30 {STRUCTURE} missing_key"]),
        (
            "- required_plugin_versions: [{name: a, version: '1'}]",
            ["1:50 LOAD_ERR_VALIDATE bad_plugin_version"],
        ),
        ("- rule: r", [f"1:3 {STRUCTURE} missing_key"]),
        ("- rule: r\n  enabled: 1", [f"2:12 {STRUCTURE} bad_scalar_type"]),
        ("- rule: r\n  enabled: false", ["1:3 LOAD_DEPRECATED_ITEM standalone_enabled"]),
        (
            "- rule: r\n  desc: x\n  override: {condition: append}",
            [f"1:3 {STRUCTURE} override_key_missing", f"2:9 {STRUCTURE} override_key_unlisted"],
        ),
        (
            "- rule: r\n  source: test\n  override: {source: replace}",
            [
                f"3:14 {STRUCTURE} override_key_not_replaceable",
            ],
        ),
        (
            "- rule: r\n  desc:\n  condition: [c]\n  output: ''\n  priority: warn\n  source:\n  tags: x\n",
            [
                f"3:14 {STRUCTURE} not_a_scalar",
                f"4:11 {STRUCTURE} empty_value",
                f"2:3 {STRUCTURE} null_value",
                f"5:13 {STRUCTURE} bad_priority",
                f"6:3 {STRUCTURE} null_value",
                f"7:9 {STRUCTURE} not_a_sequence",
            ],
        ),
        (RULE + "  exceptions: x", [f"6:15 {STRUCTURE} not_a_sequence"]),
        (
            RULE + "  exceptions: [x, {fields: a.b}, {name: e}]",
            [
                f"6:16 {STRUCTURE} not_a_map",
                f"6:19 {STRUCTURE} missing_key",
                f"6:34 {STRUCTURE} missing_key",
            ],
        ),
        (
            RULE + "  exceptions: [{name: e, fields: [a.b], values: x}]",
            [f"6:49 {STRUCTURE} not_a_sequence"],
        ),
        (
            RULE + "  exceptions: [{name: e, fields: [a.b], values: [[~], [{}]]}]",
            [f"6:51 {STRUCTURE} not_a_scalar", f"6:56 {STRUCTURE} not_a_scalar"],
        ),
    ],
)
def test_complaints(content: str, expected: list[str]) -> None:
    assert complaints(content) == expected


def test_a_hint_names_what_was_probably_meant() -> None:
    (reading,) = read_rules_file(File("f", "- macro: m\n  condition: c\n  overide: x\n")).readings
    (diagnostic,) = reading.diagnostics
    assert str(diagnostic) == (
        "f:3:3: LOAD_UNKNOWN_KEY: unknown key 'overide'\n"
        "      overide: x\n"
        "      ^^^^^^^ did you mean 'override'?"
    )


# --- whether a file follows the schema ---------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", "none"),
        ("---\n---\n", "none"),
        (RULE, "ok"),
        (RULE.replace("INFO", "Info"), "failed"),
        (RULE + "  enabled: yes", "failed"),
        (RULE + "  enabled: 'true'", "ok"),
        (RULE + "  tags: [1, x]", "ok"),
        (RULE + "  override: {items: replace}", "ok"),
        (RULE + "  override: {}", "failed"),
        (RULE + "  desc: again", "failed"),
        ("- list: l\n  priority: DEBUG", "ok"),
        ("- list: l\n  items: [~]", "failed"),
        ("-\n- list: l", "failed"),
        ("rule: r", "failed"),
    ],
)
def test_schema(content: str, status: str) -> None:
    assert read_rules_file(File("f", content)).schema.status == status


def test_schema_warnings_name_the_place() -> None:
    schema = read_rules_file(File("f", "- list: l\n  items: [a, ~]\n  tag: x")).schema
    assert schema.warnings == (
        "line 3, [0]: unknown key 'tag'",
        "line 2, [0].items[1]: expected a text",
    )


# --- files -------------------------------------------------------------------------------


def test_directories_stand_for_their_rules_files(tmp_path: Any) -> None:
    (tmp_path / "inner.yaml").mkdir()
    for name in ("b.yaml", "a.yml", "c.txt", "inner.yaml/d.yaml"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf- " + name.encode() + b"\r\n")
    files = collect([tmp_path, tmp_path / "c.txt"])
    assert [file.name.removeprefix(str(tmp_path)) for file in files] == [
        "/a.yml",
        "/b.yaml",
        "/c.txt",
    ]
    assert files[0].content == "- a.yml\r\n"


def test_every_file_that_cannot_be_read_is_reported(tmp_path: Any) -> None:
    with pytest.raises(RulesError) as error:
        collect([tmp_path / "one", tmp_path / "two"])
    assert str(error.value) == "\n".join(
        f"{tmp_path}/{name}:1:1: LOAD_ERR_FILE_READ: cannot read the file: No such file or directory"
        for name in ("one", "two")
    )


# --- whatever a file holds ------------------------------------------------------------------

SAMPLE = (
    RULE
    + """\
  tags: [x, y]
  exceptions:
  - name: e
    fields: [a.b, c.d]
    comps: [in, =]
    values:
    - [[a, "b c"], d]
- rule: r
  exceptions: [{name: e, values: [[q, r]]}]
  override: {exceptions: append}
- &m
  macro: m
  condition: >
    a.b = 'it''s' and
    not "x\\n"
- list: l
  items: [a, *m]
  append: true
- required_plugin_versions: [{name: json, version: 0.1.0}]
""".replace("*m", "m")
).encode()

FRAGMENTS = st.sampled_from(
    [
        b"- ",
        b": ",
        b"\n",
        b"  ",
        b'"',
        b"'",
        b"[",
        b"]",
        b"{",
        b"}",
        b"*m",
        b"&m ",
        b"|\n",
        b"#",
        b"~",
        b"\t",
    ]
) | st.binary(max_size=3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 9), FRAGMENTS), max_size=4))
def test_a_damaged_file_gives_diagnostics_with_positions(
    changes: list[tuple[int, int, bytes]],
) -> None:
    content = SAMPLE
    for at, size, fragment in changes:
        content = content[:at] + fragment + content[at + size :]
    check_told(decode(content))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_shuffled_lines_give_diagnostics_with_positions(seed: int) -> None:
    lines = SAMPLE.decode().splitlines(keepends=True)
    random.Random(seed).shuffle(lines)
    check_told("".join(lines[:12]))


def check_told(content: str) -> None:
    _, diagnostics = define_all(content)
    for diagnostic in diagnostics:
        assert diagnostic.file == "rules.yaml"
        assert diagnostic.line >= 1
        assert diagnostic.column >= 1
        assert diagnostic.message
        assert diagnostic.to_falco()["context"]["locations"]
        assert str(diagnostic)
