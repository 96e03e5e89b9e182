"""What can be wrong with files of tests, with its place, and what the command says of all of it."""

import json
import os
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner
from click.testing import Result as Done
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_rule_tests import AUDIT_RULES, GET, ran, write

from rulec.cli import BAD_INPUT, BAD_RULES, BAD_USAGE, FOUND, cli
from rulec.testing import run_tests
from rulec.testing.alert_reader import ALERT_KEYS
from rulec.testing.combinations import CASES_LIMIT
from rulec.testing.reading import FILE_KEYS, MISTAKES_LIMIT, TEST_KEYS, read_suite
from rulec.testing.values import VALUES_LIMIT
from rulec.text import File

# What a text is put into; an ``@`` in it is where the mistake is to be told.
TEST: Final = "tests:\n- {name: a, event: {verb: get}, alerts: none, %s}\n"
ALERT: Final = "tests:\n- {name: a, event: {verb: get}, alerts: [%s]}\n"
MATRIX: Final = "tests:\n- {name: a, event: %s, alerts: none, matrix: {verb: [a], m: [{x: 1}]}}\n"

MISTAKES: Final = [
    ("@", "the file describes no tests"),
    ("@- rule: x", "the file describes no tests"),
    ("@a: 1\n---\nb: 2", "the file describes no tests"),
    ("a: [@", "expected the node content, but found the end of the file while parsing a flow node"),
    ("@tets: []\n" + TEST % "", "unknown key 'tets'"),
    ("tests: @[]", "the file has no tests"),
    ("tests: @{}", "the file has no tests"),
    ("tests: [@x]", "a test is a mapping"),
    ("tests: [@{event: {}, alerts: none}]", "test has no 'name'"),
    ("tests: [@{name: a, event: {}}]", "test has no 'alerts'"),
    ("tests: [@{name: a, alerts: none}]", "test has no events"),
    ("tests: [@{name: a, event: {}, file: x, alerts: none}]", "test has event and file"),
    ("tests: [@{name: a, file: x.jsonl}]", "test has no 'alerts'"),
    ("tests: [{name: a, events: @[], alerts: none}]", "'events' is a list of events"),
    ("tests: [{name: a, events: @{}, alerts: none}]", "'events' is a list of events"),
    ("tests: [{name: a, event: @x, alerts: none}]", "an event is a mapping"),
    ("tests: [{name: a, events: [{}, @[]], alerts: none}]", "an event is a mapping"),
    ("tests: [{name: @[], event: {}, alerts: none}]", "a text belongs here"),
    ("tests: [{name: @'', event: {}, alerts: none}]", "'name' is empty"),
    (TEST % "@nam: x", "unknown key 'nam'"),
    (TEST % "@name: x", "'name' is written twice"),
    (TEST % "only: @[]", "'only' names nothing"),
    (TEST % "only: [@{}]", "a text belongs here"),
    (TEST % "rule_matching: @some", "'some' is no way to match rules"),
    (TEST % "matrix: @[]", "a matrix is a mapping from names to lists"),
    (TEST % "matrix: {a: @b}", "'a' is no list"),
    (TEST % "matrix: {a: @[]}", "'a' is no list"),
    (TEST % "cases: @{}", "'cases' is a list of mappings"),
    (TEST % "cases: @[]", "'cases' is a list of mappings"),
    (TEST % "cases: [@a]", "a case is a mapping"),
    (TEST % "cases: [{a: 1, @a: 2}]", "this is no name, or one that is taken"),
    (TEST % "cases: [{a: 1}, @{b: 1, a: 2}]", "the first case has no 'b'"),
    (TEST % "cases: [{a: 1, b: 1}, @{a: 2}]", "this case has no 'b'"),
    (
        "tests:\n- @{name: a, event: {}, alerts: none, cases: [{a: 1}], matrix: {a: [1]}}",
        "'a' has values twice",
    ),
    ("tests:\n- {name: a, event: {}, alerts: '{x}', cases: [{x: @y}]}", "these are no alerts"),
    (TEST % "skip: @", "a text belongs here"),
    (f"{TEST % ''}- {{name: @a, event: {{}}, alerts: none}}", "'a' is the name of another test"),
    ("defaults: @x\ntests: [{name: a, event: {}, alerts: none}]", "'defaults' is a mapping"),
    ("defaults: {@evnt: {}}\ntests: [{name: a, event: {}, alerts: none}]", "unknown key 'evnt'"),
    (
        "defaults: {event: @[]}\ntests: [{name: a, event: {}, alerts: none}]",
        "the event of 'defaults' is a mapping",
    ),
    ("tests: [{name: a, event: {}, alerts: @nonee}]", "these are no alerts"),
    ("tests: [{name: a, event: {}, alerts: @{}}]", "these are no alerts"),
    (ALERT % "@[]", "this is no alert"),
    (ALERT % "@{}", "alert has no 'rule'"),
    (ALERT % "{rule: @[]}", "this is not the name of a rule"),
    (ALERT % "{rule: Off, @filds: 1}", "unknown key 'filds'"),
    (ALERT % "{rule: Off, fields: @1}", "'fields' is a mapping from fields to values"),
    (ALERT % "{rule: Off, priority: @warn}", "'warn' is no priority"),
    (ALERT % "{rule: Off, event: @0}", "'event' is a number from 1 to 10,000"),
    (ALERT % "{rule: Off, times: @x}", "'times' is a number from 1 to 10,000"),
    (MATRIX % "{verb: {@verb}}", "in YAML, this is a mapping"),
    (MATRIX % "{verb: '@{verv}'}", "there is no 'verv' in the matrix"),
    (MATRIX % "{verb: '@a {m}'}", "'m' is no text: it cannot be a part of one"),
    (MATRIX % "{'@{m}': 1}", "what is filled in here is no text"),
    (MATRIX % "{a: 1, '@a': 2}", "'a' is written twice"),
    (MATRIX % "{@[]: 1}", "this key is no text"),
    (MATRIX % "{<<: @1}", "only a mapping can be taken over by '<<'"),
    # What only shows when the rules are known.
    (ALERT % "@Of", "there is no rule 'Of'"),
    (ALERT % "@Off", "the rule is not enabled, so it cannot alert"),
    (TEST % "only: @Secret Rea", "there is no rule 'Secret Rea'"),
    (TEST % "enable: @x*", "there is no rule 'x*'"),
    ("tests:\n- @{name: a, event: {}, alerts: none, source: k8s}", "no event source 'k8s'"),
    (
        "tests:\n- {name: a, event: {}, only: [Secret Read], alerts: [@Watched Secret]}",
        "'only' leaves this rule out",
    ),
    (
        "tests: [{name: a, source: syscall, event: {}, alerts: [@Secret Read]}]",
        "the rule is about k8s_audit, and the test about syscall",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    before, _, after = text.partition("@")
    head = "rules: rules.yaml\n" if "tests" in text else ""
    content = head + before + after
    write(tmp_path, rules=AUDIT_RULES)
    (tmp_path / "a_test.yaml").write_text(content, encoding="utf-8")
    report = run_tests(tmp_path)
    assert report.results == ()
    found = [(each.message, each.line, each.column) for each in report.diagnostics]
    line, column = File("", content).position(len(head + before))
    assert [each[0] for each in found] == [message], found
    # The end of a file is a place, too; a mapping begins with its brace, or with its first key.
    assert found[0][1:] == (line, column) or not after


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    tests = """
        - {name: a, event: x, alerts: nonee}
        - {nam: b}
        - {name: c, event: {}, alerts: [{rule: x, priorty: y}]}
    """
    report = ran(tmp_path, tests, head="sorce: x")
    assert [(each.line, each.message) for each in report.diagnostics] == [
        (2, "unknown key 'sorce'"),
        (5, "an event is a mapping"),
        (5, "these are no alerts"),
        (6, "unknown key 'nam'"),
        (6, "test has no 'name'"),
        (6, "test has no 'alerts'"),
        (6, "test has no events"),
        (7, "unknown key 'priorty'"),
    ]


def test_a_mistake_is_told_as_in_rules(tmp_path: Path) -> None:
    report = ran(tmp_path, f"- name: a\n  event: {GET}\n  alerts: [Secret Reed]")
    (told,) = map(str, report.diagnostics)
    assert told.splitlines() == [
        f"{tmp_path}/a_test.yaml:6:12: LOAD_ERR_YAML_VALIDATE: there is no rule 'Secret Reed'",
        "      alerts: [Secret Reed]",
        "               ^^^^^^^^^^^ did you mean 'Secret Read'?",
    ]


def test_rules_that_cannot_be_loaded_do_not_keep_other_tests_from_running(tmp_path: Path) -> None:
    write(tmp_path, bad="- macro: a\n  condition: (", b_test="rules: bad.yaml\n" + TEST % "")
    write(tmp_path, c_test="rules: gone.yaml\n" + TEST % "", d_test=TEST % "")
    report = ran(tmp_path, "- {name: a, event: {verb: get}, alerts: none}")
    assert [result.passed for result in report.results] == [True]
    names = [suite.name for suite in report.suites if suite.diagnostics]
    assert [Path(name).name for name in names] == ["b_test.yaml", "c_test.yaml", "d_test.yaml"]
    assert [each.message for each in report.diagnostics][1:] == [
        "cannot read the file: No such file or directory",
        "the tests do not say which rules they are about",
    ]
    assert not report.passed


# --- limits --------------------------------------------------------------------------------


def test_small_files_cannot_stand_for_too_much(tmp_path: Path) -> None:
    bomb = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 8))
    text = (
        f"defaults:\n event:\n  l0: &l0 [1]\n{bomb}tests: [{{name: a, event: {{}}, alerts: none}}]"
    )
    _, (told, *_) = read_suite(File("t", text))
    assert told.message == f"the tests of this file consist of more than {VALUES_LIMIT:,} values"
    side = f"[{', '.join(map(str, range(200)))}]"
    matrix = f"{{a: {side}, b: {side}}}"
    _, (told, *_) = read_suite(File("t", TEST % f"matrix: {matrix}"))
    assert told.message == f"there are 40,000 combinations, and {CASES_LIMIT:,} are the most"
    tests = "".join(
        f"- {{name: 't{n}', event: {{}}, alerts: none, matrix: {{a: {side}, b: [{', '.join('xyz')}]}}}}\n"
        for n in range(40)
    )
    suite, (told, *_) = read_suite(File("t", f"tests:\n{tests}"))
    assert told.message == f"what stands behind here is not read behind {CASES_LIMIT:,} tests"
    assert len(suite.cases) == CASES_LIMIT + 1


def test_not_all_mistakes_are_told() -> None:
    _, told = read_suite(File("t", "tests:\n" + "- {nam: a}\n" * 1000))
    assert MISTAKES_LIMIT < len(told) <= MISTAKES_LIMIT + 4


KEYS: Final = sorted({*FILE_KEYS, *TEST_KEYS, *ALERT_KEYS, "{a}", "<<", ""})
NODES: Final = st.recursive(
    st.sampled_from(["none", "", "x", "{a}", "1", "all", "Off", "~", "true", "x.yaml", "é\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(NODES, st.lists(st.dictionaries(st.sampled_from(KEYS), NODES, max_size=6), max_size=3))
def test_whatever_is_written_is_read_or_told(head: object, tests: list[object]) -> None:
    root = {**head, "tests": tests} if isinstance(head, dict) else {"rules": head, "tests": tests}
    suite, told = read_suite(File("t", json.dumps(root)))
    assert told or suite.cases
    for diagnostic in told:
        assert str(diagnostic)


# --- the command ---------------------------------------------------------------------------


def rulec(*arguments: object) -> Done:
    return CliRunner().invoke(cli, ["test", *map(str, arguments)], catch_exceptions=False)


PASSES: Final = f"- {{name: passes, event: {GET}, alerts: [Secret Read]}}\n"
FAILS: Final = f"- {{name: fails <&>, event: {GET}, alerts: none}}\n"
BREAKS: Final = "- {name: breaks, file: gone.jsonl, alerts: none}\n"
SKIPS: Final = f"- {{name: skips, event: {GET}, alerts: none, skip: not yet}}\n"


@pytest.mark.parametrize(
    ("tests", "status", "last"),
    [
        (PASSES, 0, "1 test: 1 passed"),
        (PASSES + SKIPS, 0, "2 tests: 1 passed, 1 skipped"),
        (PASSES + FAILS, FOUND, "2 tests: 1 passed, 1 failed"),
        (FAILS + BREAKS, BAD_INPUT, "2 tests: 0 passed, 1 failed, 1 broken"),
        ("- {name: a}", BAD_RULES, "0 tests: 0 passed, 1 file not run"),
    ],
)
def test_the_exit_status(tmp_path: Path, tests: str, status: int, last: str) -> None:
    ran(tmp_path, tests)
    done = rulec(tmp_path)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (status, last)


def test_what_is_printed(tmp_path: Path) -> None:
    ran(tmp_path, PASSES + FAILS)
    name = tmp_path / "a_test.yaml"
    told = [
        f"FAILED {name}:5: fails <&>",
        "    came, but was not expected: Secret Read, for event 1",
        "        Error Secret read (user=<NA> secret=x code=<NA>)",
        "2 tests: 1 passed, 1 failed",
    ]
    assert rulec(name).stdout.splitlines() == told
    assert rulec(name, "-v").stdout.splitlines() == [f"passed {name}:4: passes", *told]


def test_tests_are_chosen_by_their_names(tmp_path: Path) -> None:
    ran(tmp_path, PASSES + FAILS)
    assert rulec(tmp_path, "-k", "PASS").exit_code == 0
    assert rulec(tmp_path, "-k", "a_test.yaml: pass").exit_code == 0
    assert rulec(tmp_path, "-k", "pass", "-k", "fail").stdout.endswith("1 passed, 1 failed\n")
    done = rulec(tmp_path, "-k", "x y", "-k", "z")
    assert done.exit_code != 0
    assert "no test has 'x y' or 'z' in its name" in done.stderr


def test_files_of_tests_are_found_by_their_names(tmp_path: Path) -> None:
    ran(tmp_path, PASSES)
    content = (tmp_path / "a_test.yaml").read_text().replace("rules.yaml", "../rules.yaml")
    for name in ("b.test.yaml", "c_test.yml", "d_tests.yaml", "rules.yaml", ".e_test.yaml"):
        (tmp_path / "inner").mkdir(exist_ok=True)
        (tmp_path / "inner" / name).write_text(content)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "f_test.yaml").write_text(content)
    report = run_tests(tmp_path)
    assert report.passed
    found = [os.path.relpath(suite.name, tmp_path) for suite in report.suites]
    assert found == ["a_test.yaml", "inner/b.test.yaml", "inner/c_test.yml"]
    # A file that is named is one of tests, whatever it is called; none is read twice.
    report = run_tests(
        [tmp_path / "inner", tmp_path / "inner" / "d_tests.yaml", tmp_path / "inner"]
    )
    found = [os.path.relpath(suite.name, tmp_path) for suite in report.suites]
    assert found == ["inner/b.test.yaml", "inner/c_test.yml", "inner/d_tests.yaml"]


def test_tests_among_rules_are_refused_with_a_hint(tmp_path: Path) -> None:
    """Falco takes every YAML file of a directory for rules; directories in it are left alone."""
    ran(tmp_path, PASSES)
    done = CliRunner().invoke(cli, ["check", str(tmp_path)])
    assert done.exit_code == BAD_RULES
    assert "these are tests: keep them in a directory of their own" in done.stdout
    (tmp_path / "tests").mkdir()
    (tmp_path / "a_test.yaml").rename(tmp_path / "tests" / "a_test.yaml")
    assert CliRunner().invoke(cli, ["check", str(tmp_path)]).exit_code == 0


def test_rules_may_be_given_with_the_call(tmp_path: Path) -> None:
    write(tmp_path, rules=AUDIT_RULES, a_test="tests:\n" + PASSES)
    assert rulec(tmp_path, "-r", tmp_path / "rules.yaml").exit_code == 0
    done = rulec(tmp_path)
    assert done.exit_code == BAD_RULES
    assert "write 'rules: [../rules.yaml]', or give -r" in done.stdout


def test_where_there_are_no_tests(tmp_path: Path) -> None:
    done = rulec(tmp_path)
    assert done.exit_code != 0
    assert "name files like rules_test.yaml" in done.stderr
    done = rulec(tmp_path / "gone")
    assert (done.exit_code, "No such file" in done.stderr) == (BAD_INPUT, True)


def test_junit(tmp_path: Path) -> None:
    ran(tmp_path, PASSES + FAILS + BREAKS + SKIPS)
    write(tmp_path, b_test="tests: []")
    (tmp_path / "c_test.yaml").write_text('tests: [{name: "\\x01\\uFFFE]]>", x: 1}]')
    done = rulec(tmp_path, "--junit", tmp_path / "out.xml")
    assert done.exit_code == BAD_RULES
    content = (tmp_path / "out.xml").read_text(encoding="utf-8")
    root = Xml.fromstring(content)
    counts = ("tests", "failures", "errors", "skipped")
    assert [root.get(name) for name in counts] == ["6", "1", "3", "1"]
    suites = root.findall("testsuite")
    assert [[each.get(name) for name in counts] for each in suites] == [
        ["4", "1", "1", "1"],
        ["1", "0", "1", "0"],
        ["1", "0", "1", "0"],
    ]
    cases = suites[0].findall("testcase")
    assert [(case.get("name"), case.get("line")) for case in cases] == [
        ("passes", "4"),
        ("fails <&>", "5"),
        ("breaks", "6"),
        ("skips", "7"),
    ]
    assert [[child.tag for child in case] for case in cases] == [
        [],
        ["failure"],
        ["error"],
        ["skipped"],
    ]
    (failure,) = cases[1]
    assert failure.get("message") == "came, but was not expected: Secret Read, for event 1"
    assert str(failure.text).startswith(str(failure.get("message")))
    # As the only thing on standard output.
    done = rulec(tmp_path, "--junit", "-")
    assert Xml.fromstring(done.stdout).get("tests") == "6"
    assert "4 tests: 1 passed, 1 failed, 1 broken, 1 skipped, 2 files not run" in done.stderr


def test_junit_that_cannot_be_written(tmp_path: Path) -> None:
    ran(tmp_path, PASSES)
    done = rulec(tmp_path, "--junit", tmp_path / "gone" / "out.xml")
    assert (done.exit_code, "cannot write" in done.stderr) == (BAD_INPUT, True)


def test_usage() -> None:
    done = CliRunner().invoke(cli, ["test"])
    assert done.exit_code != 0
    assert BAD_USAGE == 3
    done = rulec("--help")
    assert done.exit_code == 0
    assert "alerts: none" in done.stdout
