"""Tests of rules, as ``rulec test`` runs them: what is expected, what comes, and how it is told."""

import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import pytest
from rule_events import audit_event

from rulec import Scenario
from rulec.testing import Result, Status, TestReport, run_tests, running
from rulec.testing.comparing import same
from rulec.testing.results import TOLD_LIMIT
from rulec.testing.values import NO_BINDINGS, Values, as_text, filled, merged, plain
from rulec.testing.why import EXPLAINED_LIMIT
from rulec.text import File
from rulec.yaml_nodes import Scalar
from rulec.yaml_reader import read_yaml

ROOT: Final = Path(__file__).resolve().parent.parent

AUDIT_RULES: Final = """
- list: watched
  items: [db, tokens]
- macro: done
  condition: ka.stage = ResponseComplete
- rule: Secret Read
  desc: A secret was read.
  condition: done and ka.verb in (get, list) and ka.target.resource = secrets
  output: Secret read (user=%ka.user.name secret=%ka.target.name code=%ka.response.code)
  priority: ERROR
  source: k8s_audit
- rule: Watched Secret
  desc: One that matters.
  condition: done and ka.target.name in (watched) and ka.target.resource = secrets
  output: Watched (secret=%ka.target.name)
  priority: WARNING
  source: k8s_audit
- rule: Off
  desc: Not enabled.
  condition: ka.verb = get
  output: Off (verb=%ka.verb)
  priority: INFO
  source: k8s_audit
  enabled: false
"""

SYSCALL_RULES: Final = """
- rule: Shadow Read
  desc: Somebody read the file of passwords.
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: Shadow read (command=%proc.cmdline file=%fd.name)
  priority: WARNING
- rule: Anything Opened
  desc: Somebody opened something.
  condition: evt.type in (open, openat)
  output: Opened (file=%fd.name)
  priority: DEBUG
"""

GET: Final = "{verb: get, stage: ResponseComplete, objectRef: {resource: secrets, name: x}}"


def write(folder: Path, **files: str) -> Path:
    """Write files, by name without ``.yaml``."""
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(dedent(content), encoding="utf-8")
    return folder


def ran(folder: Path, tests: str, rules: str = AUDIT_RULES, head: str = "") -> TestReport:
    """Run the tests of a file, which are about these rules."""
    header = f"rules: rules.yaml\n{head}\n"
    return run_tests(write(folder, rules=rules, a_test=header + "tests:\n" + dedent(tests)))


def only(report: TestReport) -> Result:
    """Return the only result of a report in which nothing is wrong with files."""
    assert [str(each) for each in report.diagnostics] == []
    (result,) = report.results
    return result


def mistakes(report: TestReport) -> list[tuple[int, str]]:
    """Return the line of each mistake, and what is said."""
    assert report.results == ()
    return [(each.line, each.message) for each in report.diagnostics]


# --- what is expected and what comes -----------------------------------------------------


def test_an_alert_that_is_expected(tmp_path: Path) -> None:
    report = ran(
        tmp_path,
        f"""
        - name: read
          event: {GET}
          alerts:
            - rule: Secret Read
              priority: error
              output: "secret=x"
              fields: {{ka.target.name: x, ka.user.name: null}}
        """,
    )
    result = only(report)
    assert (result.status, result.message, result.events) == (Status.PASSED, "", 1)
    assert [came.alert.rule for came in result.came] == ["Secret Read"]
    assert report.passed


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        ("none", "came, but was not expected: Secret Read, for event 1"),
        ("[]", "came, but was not expected: Secret Read, for event 1"),
        ("[Watched Secret]", "expected, but did not come: Watched Secret"),
        ("[Secret Read, Secret Read]", "expected, but did not come: Secret Read"),
        ("[{rule: Secret Read, times: 2}]", "expected, but did not come: Secret Read"),
        ("[{rule: Secret Read, event: 2}]", "expected, but did not come: Secret Read for event 2"),
        ("[{rule: Secret Read, priority: INFO}]", "the priority is Error, not Informational"),
        ("[{rule: Secret Read, output: zzz}]", "the output does not contain 'zzz'"),
        ("[{rule: Secret Read, fields: {ka.target.name: y}}]", "ka.target.name is 'x', not 'y'"),
        ("[{rule: Secret Read, fields: {ka.user.name: y}}]", "ka.user.name is <NA>, not 'y'"),
        (
            "[{rule: Secret Read, fields: {ka.targt.name: y}}]",
            "ka.targt.name is not in the output, did you mean 'ka.target.name'?",
        ),
    ],
)
def test_what_is_different_is_told(tmp_path: Path, alerts: str, told: str) -> None:
    report = ran(tmp_path, f"- {{name: a, event: {GET}, alerts: {alerts}}}")
    result = only(report)
    assert result.status is Status.FAILED
    assert told in result.message
    assert not report.passed


def test_alerts_come_in_the_order_of_events_and_rules(tmp_path: Path) -> None:
    db = GET.replace("x}", "db}")
    tests = f"""
        - name: right
          events: [{GET}, {db}]
          rule_matching: all
          alerts: [Secret Read, Secret Read, Watched Secret]
        - name: wrong
          events: [{GET}, {db}]
          rule_matching: all
          alerts: [Secret Read, Watched Secret, Secret Read]
        - name: by number
          events: [{GET}, {db}]
          rule_matching: all
          alerts:
            - {{rule: Secret Read, event: 1}}
            - {{rule: Secret Read, event: 2}}
            - {{rule: Watched Secret, event: 2}}
    """
    report = ran(tmp_path, tests)
    assert [result.passed for result in report.results] == [True, False, True]


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ("", ["Secret Read"]),
        ("rule_matching: first", ["Secret Read"]),
        ("rule_matching: all", ["Secret Read", "Watched Secret"]),
        ("only: Watched Secret", ["Watched Secret"]),
        ("only: [Watched Secret, Off]", ["Watched Secret"]),
        ("{only: [Off]}", ["Off"]),
        ("{enable: O*, rule_matching: all}", ["Secret Read", "Watched Secret", "Off"]),
    ],
)
def test_the_rules_that_a_test_looks_at(tmp_path: Path, said: str, rules: list[str]) -> None:
    more = said.strip("{}")
    event = GET.replace("x}", "db}")
    report = ran(tmp_path, f"- {{name: a, event: {event}, alerts: {json.dumps(rules)}, {more}}}")
    assert only(report).message == ""


def test_files_may_say_what_tests_do_not(tmp_path: Path) -> None:
    head = """
enable: ["*"]
rule_matching: all
source: k8s_audit
defaults:
  event: {verb: get, stage: ResponseComplete, objectRef: {resource: secrets, name: db}}
"""
    tests = """
        - {name: all, event: {user: {username: a}}, alerts: [Secret Read, Watched Secret, "Off"]}
        - {name: first, event: {}, rule_matching: first, alerts: [Secret Read]}
        - {name: deep, event: {objectRef: {name: x}}, alerts: [Secret Read, "Off"]}
        - {name: gone, event: {objectRef: null}, alerts: ["Off"]}
    """
    report = ran(tmp_path, tests, head=head)
    assert [result.message for result in report.results] == ["", "", "", ""]


def test_what_makes_an_audit_event_need_not_be_written(tmp_path: Path) -> None:
    written = f"- {{name: a, event: {GET}, alerts: [Secret Read]}}"
    (came,) = only(ran(tmp_path, written)).came
    assert came.alert.time == 1_767_225_600 * 10**9
    # What is there is taken.
    event = GET.replace("{verb", "{stageTimestamp: '2026-03-02T00:00:00Z', verb")
    (came,) = only(ran(tmp_path, written.replace(GET, event))).came
    assert came.alert.time == 1_772_409_600 * 10**9


def test_a_test_can_be_skipped(tmp_path: Path) -> None:
    report = ran(tmp_path, f"- {{name: a, event: {GET}, alerts: none, skip: not yet}}")
    result = only(report)
    assert (result.status, result.message, report.passed) == (Status.SKIPPED, "not yet", True)


# --- a matrix ----------------------------------------------------------------------------


def test_every_combination_of_a_matrix(tmp_path: Path) -> None:
    tests = """
        - name: "{verb} by somebody"
          matrix: {verb: [get, create], user: [{username: a}, null], code: [200, "404"]}
          event:
            verb: "{verb}"
            user: "{user}"
            stage: ResponseComplete
            responseStatus: {code: "{code}"}
            objectRef: {resource: secrets, name: "n-{verb}-{{verb}}-{other}"}
          alerts:
            - rule: Secret Read
              fields: {ka.target.name: "n-{verb}-{{verb}}-{other}", ka.response.code: "{code}"}
    """
    report = ran(tmp_path, tests)
    # What the name does not say stands behind it: texts, or the number of the combination.
    assert [(result.name, result.passed) for result in report.results] == [
        ("get by somebody [code=200, #1]", True),
        ("get by somebody [code=404, #2]", True),
        ("get by somebody [user=null, code=200]", True),
        ("get by somebody [user=null, code=404]", True),
        ("create by somebody [code=200, #5]", False),
        ("create by somebody [code=404, #6]", False),
        ("create by somebody [user=null, code=200]", False),
        ("create by somebody [user=null, code=404]", False),
    ]
    (came, *_) = report.results[0].came
    assert came.alert.output_fields["ka.target.name"] == "n-get-{verb}-{other}"
    assert came.alert.output_fields["ka.user.name"] == "a"


def test_cases_are_a_table(tmp_path: Path) -> None:
    tests = """
        - name: "{verb} of {resource}"
          cases:
            - {verb: get, resource: secrets, alerts: [{rule: Secret Read, event: 1}]}
            - {verb: list, resource: secrets, alerts: [Secret Read]}
            - {verb: get, resource: pods, alerts: none}
          matrix: {user: [a, b]}
          event:
            verb: "{verb}"
            stage: ResponseComplete
            user: {username: "{user}"}
            objectRef: {resource: "{resource}", name: x}
          alerts: "{alerts}"
    """
    report = ran(tmp_path, tests)
    assert [(result.name, result.message, len(result.came)) for result in report.results] == [
        ("get of secrets [user=a]", "", 1),
        ("list of secrets [user=a]", "", 1),
        ("get of pods [user=a]", "", 0),
        ("get of secrets [user=b]", "", 1),
        ("list of secrets [user=b]", "", 1),
        ("get of pods [user=b]", "", 0),
    ]


def test_the_rule_may_come_from_the_matrix(tmp_path: Path) -> None:
    tests = f"""
        - name: only {{rule}}
          matrix: {{rule: [Secret Read, "Off"]}}
          event: {GET}
          only: "{{rule}}"
          alerts: ["{{rule}}"]
    """
    assert [result.message for result in ran(tmp_path, tests).results] == ["", ""]


# --- values ------------------------------------------------------------------------------


def value(text: str, **bindings: Any) -> Any:
    (node,) = read_yaml(File("v.yaml", text))
    return Values().of(node, bindings or NO_BINDINGS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[true, False, yes, on, n]", [True, False, "yes", "on", "n"]),
        ("[1, -2, +3, 007, 0x10, 1_000]", [1, -2, 3, "007", "0x10", "1_000"]),
        ("[1.5, -.5, 1e3, 1e999, .inf, 01.5]", [1.5, -0.5, 1000.0, "1e999", ".inf", "01.5"]),
        ("[~, null, '', '~', \"null\"]", [None, None, "", "~", "null"]),
        ("[2026-01-01, 12:30:00, '1']", ["2026-01-01", "12:30:00", "1"]),
        ("{a: {b: [1]}, 1: x}", {"a": {"b": [1]}, "1": "x"}),
        ("- &x {a: 1, b: 2}\n- {<<: *x, b: 3}", [{"a": 1, "b": 2}, {"a": 1, "b": 3}]),
        ("{<<: [{a: 1}, {a: 2, b: 2}], c: 3}", {"a": 1, "b": 2, "c": 3}),
        ("{'<<': 1}", {"<<": 1}),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_values_of_a_matrix_keep_their_types() -> None:
    text = '{"{k}": "{v}", plain: "a{v}", n: "{n}", "in": "<{n}>", b: "{b}"}'
    assert value(text, k="key", v="1", n=1, b=True) == {
        "key": "1",
        "plain": "a1",
        "n": 1,
        "in": "<1>",
        "b": True,
    }


def test_merging_does_not_change_what_is_merged() -> None:
    under, over = {"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}
    assert merged(under, over) == {"a": {"b": 1, "d": 2}, "c": [2]}
    assert (under, over) == ({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]})


@pytest.mark.parametrize(
    ("expected", "found", "answer"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (200, "200", True),
        (200, "201", False),
        ("200", 200, True),
        (True, "true", True),
        (True, 1, False),
        (1, True, False),
        (1.5, 1.5, True),
        (["a", "b"], ("a", "b"), True),
        (["a"], ("a", "b"), False),
        (["a"], "a", False),
        ("a", ("a",), False),
        (None, None, True),
        ("", None, False),
        (None, "", False),
        ("a.", b"a\x00", True),
    ],
)
def test_when_a_field_has_the_value_that_is_written(
    expected: Any, found: Any, answer: bool
) -> None:
    assert same(expected, found) is answer


def test_helpers_of_values() -> None:
    assert filled(Scalar("{a}{{a}}{b}", 0, 0), {"a": "x"}) == "x{a}{b}"
    assert [as_text(each) for each in (None, False, 1, "a", [])] == [
        "null",
        "false",
        "1",
        "a",
        None,
    ]
    assert plain("1" * 31) == "1" * 31


# --- other sources, and files of events --------------------------------------------------


def test_system_calls_as_fields(tmp_path: Path) -> None:
    tests = """
        - name: a
          event: {evt.type: open, fd.name: /etc/shadow, proc.cmdline: cat /etc/shadow}
          alerts: [{rule: Shadow Read, fields: {proc.cmdline: cat /etc/shadow}}]
    """
    assert only(ran(tmp_path, tests, SYSCALL_RULES)).message == ""


SCENARIO: Final = """
processes: [{pid: 100, command: bash}]
events:
  - open: /etc/shadow
    alerts: [Shadow Read, Anything Opened]
  - open: /etc/hosts
    alerts: [Anything Opened]
  - exit: 0
"""


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("rule_matching: all", True),
        ("rule_matching: first", True),
        ("", True),
        ("only: Shadow Read", True),
        ("alerts: [Shadow Read, Anything Opened]", True),
        ("alerts: [Shadow Read]", False),
        ("{rule_matching: all, alerts: [Shadow Read, Anything Opened, Anything Opened]}", True),
    ],
)
def test_scenarios(tmp_path: Path, said: str, passes: bool) -> None:
    write(tmp_path, s=SCENARIO)
    more = said.strip("{}")
    report = ran(tmp_path, f"- {{name: a, file: s.yaml, {more}}}", SYSCALL_RULES)
    result = only(report)
    assert (result.passed, result.events) == (passes, 3)


def test_what_a_scenario_says_may_be_wrong(tmp_path: Path) -> None:
    write(tmp_path, s=SCENARIO.replace("[Anything Opened]", "[Shadow Read, Anything Opened]"))
    result = only(ran(tmp_path, "- {name: a, file: s.yaml}", SYSCALL_RULES))
    assert result.message.startswith("expected, but did not come: Shadow Read for step 2")


def test_captures(tmp_path: Path) -> None:
    with (tmp_path / "s.scap").open("wb") as stream:
        Scenario.from_yaml(write(tmp_path, s=SCENARIO) / "s.yaml").write(stream)
    tests = "- {name: a, file: s.scap, alerts: [Shadow Read, {rule: Anything Opened, event: 2}]}"
    result = only(ran(tmp_path, tests, SYSCALL_RULES))
    assert (result.message, result.events) == ("", 3)


def test_documents_in_files(tmp_path: Path) -> None:
    events = [audit_event(resource="secrets", name=name) for name in ("a", "b")]
    (tmp_path / "e.jsonl").write_text("\n".join(map(json.dumps, events)))
    (tmp_path / "e.json").write_text(json.dumps({"kind": "EventList", "items": events}, indent=1))
    tests = """
        - name: "{file}"
          matrix: {file: [e.jsonl, e.json]}
          file: "{file}"
          alerts:
            - {rule: Secret Read, fields: {ka.target.name: a}}
            - {rule: Secret Read, fields: {ka.target.name: b}}
    """
    report = ran(tmp_path, tests)
    assert [(result.message, result.events) for result in report.results] == [("", 2), ("", 2)]


def test_a_source_of_your_own(tmp_path: Path) -> None:
    source = """
        source: github
        fields:
          - {name: github.action, pointer: /action}
          - {name: github.size, pointer: /size, type: uint64}
    """
    rules = """
        - rule: Deleted
          desc: Something was deleted.
          condition: github.action = deleted and github.size > 3
          output: Deleted (action=%github.action size=%github.size)
          priority: INFO
          source: github
    """
    tests = """
        - {name: a, event: {action: deleted, size: 4}, alerts: [{rule: Deleted, fields: {github.size: 4}}]}
        - {name: b, event: {action: deleted, size: 3}, alerts: none}
    """
    write(tmp_path, github=source)
    report = ran(tmp_path, tests, dedent(rules), head="source_files: github.yaml")
    assert [result.message for result in report.results] == ["", ""]
    # The description may also be given with the call.
    write(tmp_path, a_test=f"source: github\ntests:{tests}")
    for given in (tmp_path / "github.yaml", [str(tmp_path / "github.yaml")]):
        report = run_tests(tmp_path, rules=tmp_path / "rules.yaml", source_files=given)
        assert report.passed


@pytest.mark.parametrize(
    ("given", "told", "unreadable"),
    [
        ("file: gone.jsonl", "cannot read", True),
        ("file: gone.yaml", "gone.yaml: no such file", True),
        ("file: bad.jsonl", "bad.jsonl:2: ", False),
        ("file: pods.jsonl", "not an audit event", False),
        ("file: nothing.jsonl", "holds no events", False),
        ("file: broken.json.gz", "cannot read", True),
        ("file: rules.yaml", "a scenario is about system calls", False),
        ("event: {vreb: get}", "there is no member 'vreb' in it, did you mean 'verb'?", False),
        ("event: {kind: Pod}", "this is no event of k8s_audit", False),
        ("event: {kind: EventList, items: []}", "there is nothing in it", False),
        ("event: {verb: get, stageTimestamp: yesterday}", "this is no event of k8s_audit", False),
    ],
)
def test_events_that_are_none(tmp_path: Path, given: str, told: str, unreadable: bool) -> None:
    good = json.dumps(audit_event())
    (tmp_path / "bad.jsonl").write_text(f"{good}\n{{\n")
    (tmp_path / "pods.jsonl").write_text('{"kind": "Pod"}\n')
    (tmp_path / "nothing.jsonl").write_text("")
    (tmp_path / "broken.json.gz").write_bytes(b"\x1f\x8b\x08")
    result = only(ran(tmp_path, f"- {{name: a, {given}, alerts: none}}"))
    assert (result.status, result.unreadable) == (Status.BROKEN, unreadable)
    assert told in result.message


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("{evt.typ: open}", "there is no field 'evt.typ', did you mean 'evt.type'?"),
        ("{evt.type: open, 'proc.aname[2': x}", "there is no field 'proc.aname[2'"),
        ("{evt.type: open, evt.time: yesterday}", "is no time"),
        ("{evt.type: opne}", "there is no type of events 'opne', did you mean 'open'?"),
    ],
)
def test_fields_that_are_none(tmp_path: Path, event: str, told: str) -> None:
    write(
        tmp_path, a_test=f"rules: rules.yaml\ntests:\n- name: a\n  alerts: none\n  event: {event}"
    )
    write(tmp_path, rules=SYSCALL_RULES)
    result = only(run_tests(tmp_path))
    assert (result.status, told in result.message) == (Status.BROKEN, True)


def test_a_scenario_with_mistakes(tmp_path: Path) -> None:
    write(tmp_path, s="events: [{opne: x}]")
    result = only(ran(tmp_path, "- {name: a, file: s.yaml}", SYSCALL_RULES))
    assert result.status is Status.BROKEN
    assert "did you mean 'open'?" in result.message


# --- why a rule did not fire -------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "rule", "lines"),
    [
        (
            GET.replace("get", "create"),
            "Secret Read",
            [
                "event 1: ka.verb would have to be one of (get, list), and it is 'create' (PLACE:8:23)"
            ],
        ),
        (
            GET.replace("stage: ResponseComplete, ", ""),
            "Secret Read",
            ["event 1: ka.stage would have to be ResponseComplete, and there is none: REASON"],
        ),
        (
            GET.replace("x}", "db}"),
            "Watched Secret",
            ["event 1: its condition is true, but 'Secret Read' comes first, and takes it"],
        ),
        (
            "{verb: a, stage: b, objectRef: {resource: c}}",
            "Secret Read",
            [
                "event 1: ka.stage would have to be ResponseComplete, and it is 'b' (PLACE:5:14)",
                "event 1: ka.verb would have to be one of (get, list), and it is 'a' (PLACE:8:23)",
                "    and 1 more of its comparisons would have to change",
            ],
        ),
    ],
)
def test_why_a_rule_did_not_fire(tmp_path: Path, event: str, rule: str, lines: list[str]) -> None:
    result = only(ran(tmp_path, f"- {{name: a, event: {event}, alerts: [{rule}]}}"))
    missing = next(each for each in result.differences if each.came is None)
    for found, line in zip(missing.why, lines, strict=True):
        pattern = re.escape(line.replace("PLACE", str(tmp_path / "rules.yaml")))
        assert re.match(pattern.replace("REASON", ".+"), found), found


def test_of_several_events_the_nearest_is_explained(tmp_path: Path) -> None:
    far, near = "{verb: a, stage: b}", GET.replace("get", "watch")
    tests = f"""
        - {{name: a, events: [{far}, {GET}, {near}, {far}], alerts: [Secret Read, Secret Read]}}
        - {{name: b, events: [{far}, {near}], alerts: [{{rule: Secret Read, event: 1}}]}}
    """
    report = ran(tmp_path, tests)
    ((first, *_), (second, *_)) = [each.differences[0].why for each in report.results]
    assert first.startswith("event 3: ka.verb would have to be one of (get, list)")
    assert second.startswith("event 1: ")


@pytest.mark.parametrize(
    ("name", "enabled", "told"),
    [
        ("Shadow Raed", "true", "there is no such rule, did you mean 'Shadow Read'?"),
        ("Shadow Read", "false", "the rule is not enabled: name it under 'enable'"),
    ],
)
def test_rules_that_a_scenario_names(tmp_path: Path, name: str, enabled: str, told: str) -> None:
    write(tmp_path, s=SCENARIO.replace("Shadow Read", name))
    rules = SYSCALL_RULES.replace("- rule: Any", f"  enabled: {enabled}\n- rule: Any")
    result = only(ran(tmp_path, "- {name: a, file: s.yaml}", rules))
    assert result.differences[0].why == (told,)


def test_only_so_much_is_explained(tmp_path: Path) -> None:
    event = GET.replace("get", "create")
    tests = f"- {{name: a, event: {event}, alerts: [{{rule: Secret Read, times: 100}}]}}"
    result = only(ran(tmp_path, tests))
    assert sum(bool(each.why) for each in result.differences) == EXPLAINED_LIMIT


def test_only_so_much_is_told(tmp_path: Path) -> None:
    tests = f"- {{name: a, event: {GET}, alerts: [{{rule: Secret Read, times: 1000}}]}}"
    result = only(ran(tmp_path, tests))
    assert len(result.differences) == 999
    assert result.message.endswith(f"and {999 - TOLD_LIMIT} more differences")


def test_only_so_many_alerts_may_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ALERTS_LIMIT", 2)
    tests = f"- {{name: a, events: [{GET}, {GET}, {GET}], alerts: none}}"
    result = only(ran(tmp_path, tests))
    assert (result.status, result.message) == (Status.BROKEN, "there are more than 2 alerts")


def test_events_of_system_calls_have_a_fixed_time(tmp_path: Path) -> None:
    tests = """
        - {name: a, event: {evt.type: open}, alerts: [Anything Opened]}
        - {name: b, event: {evt.type: open, evt.time: 5}, alerts: [Anything Opened]}
    """
    report = ran(tmp_path, tests, SYSCALL_RULES)
    times = [came.alert.time for result in report.results for came in result.came]
    assert times == [1_767_225_600 * 10**9, 5]
