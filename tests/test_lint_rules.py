"""What single lints find, and what they leave alone."""

from pathlib import Path

import pytest

from rulec.files import collect
from rulec.lint import LINTS, lint
from rulec.runtime.sources.json_source import JsonSource
from rulec.runtime.sources.syscall.auditd.signatures import SIGNATURES
from rulec.text import File

ROOT = Path(__file__).resolve().parent.parent


def rule(condition: str, name: str = "r", output: str = "o", more: str = "") -> str:
    return f"""\
- rule: {name}
  desc: d
  condition: >
    {condition}
  output: {output}
  priority: INFO
  source: k8s_audit
  tags: [t]
{more}"""


def call(condition: str, output: str = "o") -> str:
    return rule(condition, output=output).replace("source: k8s_audit", "source: syscall")


def messages(lint_id: str, *contents: str) -> list[str]:
    files = [File(f"{number}.yaml", content) for number, content in enumerate(contents)]
    report = lint(files, only=[lint_id])
    assert not report.broken, report.findings
    return [finding.message for finding in report.findings]


def places(lint_id: str, content: str) -> list[str]:
    report = lint([File("rules.yaml", content)], only=[lint_id])
    assert not report.broken, report.findings
    return [
        str(finding.span.text[finding.span.start : finding.span.end]) for finding in report.findings
    ]


# --- all of them ------------------------------------------------------------------------


def test_the_shipped_rules_have_no_findings() -> None:
    report = lint(collect(ROOT / "rules"))
    assert [str(finding) for finding in report.findings] == []
    assert report.rules > 100


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda p: p.name)
def test_no_file_of_them_needs_another_one(path: Path) -> None:
    assert lint(collect(path)).findings == ()


def test_lints_look_at_rules_that_are_fine_beside_broken_ones() -> None:
    content = rule("ka.verb = get and ka.verb = list") + rule("ka.nothing = x", "broken")
    report = lint([File("rules.yaml", content)])
    assert report.broken
    assert [f.lint for f in report.findings] == ["always-false", "LOAD_ERR_COMPILE_CONDITION"]


@pytest.mark.parametrize("lint_id", LINTS)
def test_no_lint_minds_odd_files(lint_id: str) -> None:
    for content in ("", "a: b", "- 1", "- []", "- rule: r", "- list: l", "[", "- {rule: {a: b}}"):
        lint([File("rules.yaml", content)], only=[lint_id])


def test_a_list_that_waits_to_be_filled_is_no_contradiction() -> None:
    content = "- list: known\n  items: []\n" + rule("ka.verb in (known) or not ka.verb in (known)")
    assert lint([File("rules.yaml", content)]).findings == ()


# --- logic ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.verb = get and ka.uri = x and ka.verb = list", "'ka.verb = get' and 'ka.verb = list'"),
        ("m and ka.verb = list", "'m' and 'ka.verb = list' exclude each other"),
        ("(ka.verb = a or ka.uri = b) and ka.verb = c and ka.uri = d", "cannot hold together"),
        ("(ka.verb = a and ka.verb = b)", "'ka.verb = a' and 'ka.verb = b' exclude each other"),
        ("not (ka.verb = a or not ka.verb = a)", "cannot hold"),
    ],
)
def test_what_is_said_of_rules_that_never_match(condition: str, expected: str) -> None:
    (message,) = messages(
        "always-false", "- macro: m\n  condition: ka.verb = get\n" + rule(condition)
    )
    assert message.startswith("rule 'r' never matches: ")
    assert expected in message


def test_exceptions_may_leave_nothing_over() -> None:
    more = "  exceptions:\n  - {name: e, fields: ka.verb, values: [get, list]}\n"
    report = lint([File("f", rule("ka.verb in (get, list)", more=more))], only=["always-false"])
    (finding,) = report.findings
    assert finding.hint == "an exception leaves nothing over"


def test_what_a_macro_says_is_told_at_the_macro() -> None:
    macro = "- macro: m\n  condition: (ka.verb = a and ka.verb = b)\n"
    assert messages("dead-part", macro + rule("m or ka.uri = x")) == ["macro 'm' never holds"]


def test_what_a_list_says_makes_nothing_needless() -> None:
    content = "- list: l\n  items: [a]\n" + rule("ka.verb = a and ka.verb in (l)")
    assert messages("redundant-part", content) == []
    assert len(messages("redundant-part", rule("ka.verb = a and ka.verb in (a, b)"))) == 1
    assert len(messages("redundant-part", content.replace("= a and", "in (l) and"))) == 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.uri = a or ka.uri = a", ["ka.uri = a"]),
        ("ka.uri startswith a or ka.uri = ab", ["ka.uri = ab"]),
        ("not (ka.uri startswith ab and ka.uri startswith a)", ["ka.uri startswith a"]),
        ("ka.verb = a and (ka.uri = x or ka.verb exists)", ["ka.uri = x or ka.verb exists"]),
        ("ka.verb = a or ka.uri = x and not ka.verb = a", ["not ka.verb = a"]),
        ("ka.verb = a or ka.uri = x and not ka.uri = y", ["not ka.uri = y"]),
        ("ka.verb = a or ka.uri = x", []),
    ],
)
def test_what_adds_nothing(condition: str, expected: list[str]) -> None:
    assert places("redundant-part", rule(condition)) == expected


# --- rules before others ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("ka.verb = get", "ka.verb = get", 1),
        ("ka.verb in (get, list)", "ka.verb = get and ka.uri = x", 1),
        ("ka.verb = get or ka.uri startswith /a", "ka.uri = /a/b", 0),  # about more fields
        ("ka.uri startswith /a or ka.uri endswith b", "ka.uri = /a/b", 1),
        ("not ka.verb = list", "ka.verb = get", 1),
        ("ka.verb = get", "ka.verb in (get, list)", 0),
        ("ka.verb = get and evt.num = 0", "ka.verb = get", 0),
        ("ka.verb = get and not evt.num = 0", "ka.verb = get", 1),
    ],
)
def test_a_rule_behind_another_one(first: str, second: str, found: int) -> None:
    assert len(messages("shadowed-rule", rule(first, "a") + rule(second, "b"))) == found


def test_what_is_disabled_hides_nothing() -> None:
    content = rule("ka.verb = get", "a", more="  enabled: false\n") + rule("ka.verb = get", "b")
    assert messages("shadowed-rule", content) == []


# --- exceptions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        ("{name: e, fields: ka.verb, values: [get]}", ["exception 'e' lets nothing pass: "]),
        ("{name: e, fields: ka.verb, values: [create]}", []),
        (
            "{name: e, fields: ka.verb, values: [create, get]}",
            ["exception 'e' lets nothing pass by"],
        ),
        ("{name: e, fields: ka.uri, values: [a, b, a]}", ["exception 'e' has the value 'a' twice"]),
        ("{name: e, fields: ka.uri}", ["exception 'e' has no values"]),
        (
            "{name: e, fields: [ka.verb, ka.uri], values: [[create, a], [get, b]]}",
            ["exception 'e'"],
        ),
        ("{name: e, fields: [ka.uri], values: [[a], [b]]}", []),
        (
            "{name: e, fields: [ka.uri], comps: [startswith], values: [[a], [ab]]}",
            ["exception 'e'"],
        ),
        ("{name: e, fields: ka.uri, comps: startswith oneof, values: [a, b]}", []),
    ],
)
def test_exceptions_that_let_nothing_pass(exception: str, expected: list[str]) -> None:
    found = messages(
        "exception-idle",
        rule("ka.verb in (create, update)", more=f"  exceptions:\n  - {exception}\n"),
    )
    assert len(found) == len(expected)
    assert all(message.startswith(start) for message, start in zip(found, expected, strict=True))


def test_exceptions_of_a_condition_that_says_nothing_for_certain() -> None:
    more = "  exceptions:\n  - {name: e, fields: ka.uri, values: [a, a]}\n"
    found = messages("exception-idle", rule("ka.verb = a or ka.uri = b", more=more))
    assert found == ["exception 'e' has the value 'a' twice"]


def test_values_of_exceptions_may_change_the_shape_of_a_condition() -> None:
    more = "  exceptions:\n  - {name: e, fields: [ka.verb], values: [['a)or(ka.uri=b']]}\n"
    assert messages("exception-idle", rule("ka.verb = a", more=more)) == []


def test_two_exceptions_for_the_same() -> None:
    more = (
        "  exceptions:\n"
        "  - {name: one, fields: ka.uri, values: [a, b]}\n"
        "  - {name: two, fields: [ka.uri, ka.verb], values: [[a, create]]}\n"
    )
    found = messages("exception-idle", rule("ka.verb in (create, update)", more=more))
    assert found == ["exception 'two' lets nothing pass: others do so already"]


# --- outputs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "output", "found"),
    [
        ("ka.verb = get", "%ka.req.pod.containers.image", 1),
        ("ka.verb in (get, delete)", "%ka.req.pod.containers.image", 1),
        ("ka.verb in (get, create)", "%ka.req.pod.containers.image", 0),
        ("not ka.verb = create", "%ka.req.pod.containers.image", 0),
        ("ka.verb = get", "%jevt.value[/requestObject/a] %tolower(ka.req.service.type)", 2),
        ("ka.verb = delete", "%jevt.value[/requestObject/gracePeriodSeconds]", 0),
        ("ka.verb = get", "%ka.user.name %jevt.value[/responseObject/a] %jevt.obj", 0),
        ("ka.stage = RequestReceived", "%ka.response.code %ka.user.name", 1),
        ("ka.stage in (RequestReceived, ResponseComplete)", "%ka.response.code", 0),
    ],
)
def test_what_requests_do_not_have(condition: str, output: str, found: int) -> None:
    assert len(messages("output-absent", rule(condition, output=f'"{output}"'))) == found


@pytest.mark.parametrize(
    ("condition", "output", "found"),
    [
        ("evt.type in (open, openat)", "%evt.arg.name %evt.arg.filename %evt.rawarg.fd", 1),
        ("evt.type = execve", "%fd.name %evt.arg.exe %evt.arg[0]", 1),
        ("evt.type in (execve, open)", "%fd.name", 0),
        ("evt.type != open", "%evt.arg.filename", 0),
        ("proc.name = x", "%evt.arg.filename", 0),
        ("evt.type = getpid", "%evt.arg.filename %fd.num", 2),
    ],
)
def test_what_calls_do_not_have(condition: str, output: str, found: int) -> None:
    assert len(messages("output-absent", call(condition, output=f'"{output}"'))) == found


def test_audit_logs_have_no_arguments_that_are_said_not_to_be_there() -> None:
    for name, arguments in SIGNATURES.items():
        shown = " ".join(f"%evt.arg.{argument.name}" for argument in arguments)
        assert messages("output-absent", call(f"evt.type = {name}", output=f'"{shown}"')) == []


# --- operators --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("ka.target.namespace != x", 1),
        ("ka.verb != x", 0),
        ("ka.target.namespace != x and ka.target.namespace exists", 0),
        ("ka.target.namespace != x and ka.target.namespace startswith a", 0),
        ("ka.target.namespace != x and ka.target.name exists", 1),
        ("not ka.target.namespace != x", 1),
        ("not ka.verb != x", 1),
        ("(ka.verb = a or ka.target.namespace != x)", 0),
    ],
)
def test_unequal_to_something_that_is_missing(condition: str, found: int) -> None:
    assert len(messages("not-equal-absent", rule(condition))) == found


def test_fields_of_own_sources_may_be_missing(tmp_path: Path) -> None:
    described = tmp_path / "orders.yaml"
    described.write_text(
        "source: orders\ntime: /at\nfields:\n  - {name: order.state, pointer: /state}\n", "utf-8"
    )
    content = rule("order.state != paid").replace("k8s_audit", "orders")
    sources = {"orders": JsonSource.from_yaml(described)}
    report = lint([File("f", content)], sources, only=["not-equal-absent"])
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        (
            "ka.uri regex '/a.*'",
            "write 'startswith /a'; other than '.*', it also takes line breaks",
        ),
        ("ka.uri regex '/a|/b'", "write 'in (/a, /b)'"),
        ("ka.uri regex 'a b'", "write '= 'a b''"),
        ("ka.uri regex 'listed'", "write '= 'listed''"),
        pytest.param("ka.uri regex listed", None, id="the item of a list"),
        ("ka.uri regex '[a]'", None),
        pytest.param("ka.uri regex '3:4'", None, id="a range of numbers"),
        pytest.param("ka.user.groups regex a", None, id="'=' of a list is about every element"),
        pytest.param("ka.uri regex '<NA>'", None, id="not the text <NA>"),
    ],
)
def test_regular_expressions_that_need_not_be(condition: str, hint: str | None) -> None:
    content = "- list: listed\n  items: [x]\n" + rule(condition)
    report = lint([File("f", content)], only=["regex-simpler"])
    assert [finding.hint for finding in report.findings] == ([] if hint is None else [hint])


def test_the_compiler_says_no_more_about_what_a_lint_says_better() -> None:
    file = File("f", rule("ka.uri regex '/a.*'"))
    assert [finding.lint for finding in lint([file]).findings] == ["regex-simpler"]
    found = lint([file], without=["regex-simpler"]).findings
    assert [finding.lint for finding in found] == ["LOAD_COMPILE_CONDITION"]


@pytest.mark.parametrize(
    ("constant", "found"), [(r'"\ a"', 1), (r"'a\ '", 1), (r'"a\\ b"', 0), ("'a b'", 0), ("a\\", 0)]
)
def test_blanks_behind_a_backslash(constant: str, found: int) -> None:
    assert len(messages("lost-blank", rule(f"ka.uri contains {constant} or ka.uri = x"))) == found


# --- items ------------------------------------------------------------------------------


def test_definitions_in_other_files_are_no_mistakes() -> None:
    assert messages("redefined-item", rule("ka.verb = a"), rule("ka.verb = b")) == []
    assert len(messages("redefined-item", rule("ka.verb = a") + rule("ka.verb = b"))) == 1


def test_a_rule_that_is_only_enabled_is_no_definition() -> None:
    content = rule("ka.verb = a", more="  enabled: false # why\n")
    change = "- rule: r\n  enabled: true\n  override: {enabled: replace}\n"
    assert messages("redefined-item", content + change) == []


@pytest.mark.parametrize(
    ("more", "before", "found"),
    [
        ("  enabled: false\n", "", 1),
        ("  enabled: false # why\n", "", 0),
        ("  enabled: false\n", "# why\n", 0),
        ("  enabled: true\n", "", 0),
    ],
)
def test_why_a_rule_is_disabled(more: str, before: str, found: int) -> None:
    content = before + rule("ka.verb = a", more=more)
    assert len(messages("disabled-without-reason", content)) == found


def test_a_rule_may_get_its_tags_in_another_file() -> None:
    untagged = rule("ka.verb = a").replace("  tags: [t]\n", "")
    assert messages("rule-undescribed", untagged) == ["rule 'r' has no tags"]
    tags = "- rule: r\n  tags: [t]\n  override: {tags: append}\n"
    assert messages("rule-undescribed", untagged, tags) == []
