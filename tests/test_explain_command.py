"""``rulec explain`` as people and scripts meet it."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rule_events import audit_event

from rulec.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "docs" / "samples"

RULES = """\
- list: watched
  items: [db, cache, a01, a02, a03, a04, a05, a06, a07, a08, a09, payments]
- macro: deleted
  condition: ka.verb = delete and ka.stage = ResponseComplete
- rule: Secret Deleted
  desc: d
  condition: deleted and ka.target.resource = secrets and ka.target.name in (watched)
  output: o
  priority: WARNING
  source: k8s_audit
- rule: Something Deleted
  desc: d
  condition: deleted
  output: o
  priority: INFO
  source: k8s_audit
- rule: Never
  desc: d
  condition: ka.verb = get and ka.verb = list
  output: o
  priority: INFO
  source: k8s_audit
"""

SECRET = audit_event(verb="delete", resource="secrets", name="payments")
OTHER = audit_event(verb="delete", resource="secrets", name="mine", auditID="b")
POD = audit_event(verb="get", resource="pods")
CALL = {"evt.type": "open", "fd.name": "/etc/shadow"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with rules and a log in it, which is the current one."""
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    lines = "".join(f"{json.dumps(event)}\n" for event in (POD, OTHER, SECRET, POD))
    (tmp_path / "audit.log").write_text(lines, "utf-8")
    (tmp_path / "one.json").write_text(json.dumps(OTHER), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


Call = Any


@pytest.fixture
def explain(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: object, status: int = 0, rules: object = "rules.yaml") -> str:
        with pytest.raises(SystemExit) as left:
            main(["explain", "-r", str(rules), *map(str, arguments)])
        printed = capsys.readouterr()
        assert left.value.code == status, printed.err
        return printed.err if status else printed.out

    return call


def test_one_rule_and_one_event(explain: Call) -> None:
    out = explain("one.json", "--rule", "Secret Deleted")
    assert out == (
        "Secret Deleted does not fire: its condition is false\n"
        "rules.yaml:5, source k8s_audit\n"
        "\n"
        "false and\n"
        "├── true macro deleted (and)  rules.yaml:3\n"
        "├── true ka.target.resource = secrets\n"
        "│        ka.target.resource is secrets\n"
        "└── false ka.target.name in (db, cache, a01, a02, a03, a04, ... 12 in all)"
        "  list watched rules.yaml:1\n"
        "          ka.target.name is mine\n"
        "\n"
        "It would be true if this were different:\n"
        "  ka.target.name would have to be one of (db, cache, a01, a02, a03, a04, ... 12 in all)\n"
        "      set ka.target.name to db\n"
    )


def test_lists_are_clipped_around_what_matters(explain: Call) -> None:
    out = explain("audit.log", "--nth", 3, "--rule", "Secret Deleted")
    assert "true ka.target.name in (db, ..., payments, ... 12 in all)" in out
    assert "Secret Deleted fires\n" in out


def test_everything_can_be_shown(explain: Call) -> None:
    assert "ka.stage" not in explain("one.json", "--rule", "Secret Deleted")
    assert "ka.stage is ResponseComplete" in explain(
        "one.json", "--rule", "Secret Deleted", "--whole"
    )


def test_no_rule_tells_which_fire_and_which_are_nearest(explain: Call) -> None:
    out = explain("one.json")
    assert out.startswith("Something Deleted fires\n\nNearest are:\nSecret Deleted: 1 comparison ")
    assert "Never" not in out
    taken = explain("audit.log", "--nth", 3)
    assert (
        "Something Deleted does not fire: rule 'Secret Deleted', which comes first, takes the event"
        in taken
    )
    assert explain("audit.log", "--nth", 1).startswith("No rule is true of the event.\n")


def test_many_events_and_a_rule(explain: Call) -> None:
    out = explain("audit.log", "--rule", "Secret Deleted")
    assert out.startswith(
        "Secret Deleted: true of 1 of 4 events, fires on 1\n"
        "comparisons that would have to change: 1 by 1, 2 by 3\n"
        "events  not true only because of"
    )
    assert re.search(r"\n +1  ka.target.name in \(watched|\n +1  ka.target.name in \(db", out)
    assert "\nevent 3 is the nearest:\n\nSecret Deleted fires\n" in out


def test_many_events_and_no_rule(explain: Call) -> None:
    assert [line.split() for line in explain("audit.log").splitlines()] == [
        ["true", "of", "fires", "on", "changes", "rule"],
        ["2", "1", "Something", "Deleted"],
        ["1", "1", "Secret", "Deleted"],
        ["0", "0", "1", "or", "more", "Never"],
    ]


def test_events_are_chosen_by_their_id(explain: Call) -> None:
    out = explain("audit.log", "--id", "b", "--rule", "Secret Deleted")
    assert out.startswith("Secret Deleted does not fire")
    assert "there is no event with auditID c" in explain("audit.log", "--id", "c", status=4)
    assert "there is no event number 5" in explain("audit.log", "--nth", 5, status=4)


def test_json(explain: Call) -> None:
    found = json.loads(explain("audit.log", "--rule", "Secret Deleted", "--format", "json"))
    assert found["event"] == {"number": 3, "auditID": SECRET["auditID"]}
    (tally,) = found["tallies"]
    assert (tally["events"], tally["holds"], tally["fires"]) == (4, 1, 1)
    assert tally["away"] == {"1": 1, "3": 2}
    assert [each["text"][:17] for each in tally["only_because"]] == ["ka.target.name in"]
    (explanation,) = found["explanations"]
    assert explanation["fires"] is True
    one = json.loads(explain("one.json", "--format", "json"))
    assert [each["rule"] for each in one["true"]] == ["Something Deleted"]
    assert one["explanations"][0]["changes"][0]["set"] == [
        {"field": "ka.target.name", "value": "db"}
    ]


def test_what_can_never_be(explain: Call) -> None:
    out = explain("one.json", "--rule", "Never")
    assert out.endswith("note: no event could make it true\n")


@pytest.mark.parametrize("form", ["gz", "list", "stdin"])
def test_inputs_in_every_form(
    explain: Call, folder: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "input"
    if form == "gz":
        name = "audit.log.gz"
        (folder / name).write_bytes(gzip.compress((folder / "audit.log").read_bytes()))
    elif form == "list":
        content = json.dumps({"kind": "EventList", "items": [POD, OTHER, SECRET, POD]})
        (folder / name).write_text(content)
    else:
        name = "-"
    with (folder / "audit.log").open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert "true of 1 of 4 events" in explain(name, "--rule", "Secret Deleted")


def test_captures_and_scenarios(explain: Call) -> None:
    rules, rule = ROOT / "rules", "Container Runtime Used from Container"
    told = [
        explain(SAMPLES / name, "--rule", rule, rules=rules)
        for name in ("attack.scap", "attack.yaml")
    ]
    assert told[0] == told[1]
    assert f"{rule}: true of 1 of 97 events, fires on 1\n" in told[0]
    assert "fd.name is " in told[0]
    nth = explain(SAMPLES / "attack.scap", "--nth", 1, rules=rules)
    assert "Nearest are:" in nth


def test_sources_of_the_users_own(explain: Call, folder: Path) -> None:
    (folder / "github.yaml").write_text(
        "source: github\nfields:\n  - {name: gh.action, pointer: /action}\n", "utf-8"
    )
    (folder / "own.yaml").write_text(
        "- {rule: r, desc: d, condition: gh.action = push, output: o, priority: INFO,"
        " source: github}\n",
        "utf-8",
    )
    (folder / "own.json").write_text('{"action": "pull"}', "utf-8")
    out = explain("own.json", "--rule", "r", "--source-file", "github.yaml", rules="own.yaml")
    assert "gh.action is pull" in out
    assert "set gh.action to push" in out


def test_a_rule_for_another_source_is_said_to_be(explain: Call) -> None:
    err = explain(SAMPLES / "attack.scap", "--rule", "Never", status=3)
    assert "rule 'Never' is about k8s_audit, and " in err
    assert "attack.scap holds syscall events" in err


def test_wrong_usage_and_inputs(explain: Call, folder: Path) -> None:
    assert "did you mean 'Never'" in explain("one.json", "--rule", "Nevr", status=3)
    assert "cannot be read: No such file" in explain("none.json", status=4)
    assert "cannot be read: Is a directory" in explain(".", status=4)
    (folder / "bad.yaml").write_text("- macro: m\n  condition: a and\n", "utf-8")
    assert "LOAD_ERR_COMPILE_CONDITION" in explain("one.json", status=2, rules="bad.yaml")
    (folder / "compiled.py").write_text("", "utf-8")
    assert "give the rules that it was built from" in explain(
        "one.json", status=3, rules="compiled.py"
    )
    (folder / "empty.log").write_text("", "utf-8")
    assert "there is no event" in explain("empty.log", status=4)
    (folder / "bad.log").write_text('{"kind": "Pod"}\n' + json.dumps(OTHER), "utf-8")
    assert "Something Deleted fires" in explain("bad.log")


def test_what_is_no_event_is_told(explain: Call, folder: Path) -> None:
    (folder / "bad.log").write_text('{"kind": "Pod"}\n', "utf-8")
    err = explain("bad.log", status=4)
    assert err.splitlines()[0].startswith("bad.log:1: ")


def test_hostile_names_reach_no_terminal(explain: Call, folder: Path) -> None:
    name = "\x1b[31mred"
    (folder / "one.json").write_text(json.dumps(audit_event(name=name, resource="secrets")))
    out = explain("one.json", "--rule", "Secret Deleted")
    assert "\x1b" not in out
    assert "ka.target.name is \ufffd[31mred" in out


def test_it_is_among_the_commands() -> None:
    assert "explain" in COMMANDS


def test_macros_may_be_nested_as_deeply_as_the_compiler_takes_them(tmp_path: Path) -> None:
    lines = ["- macro: m0", "  condition: ka.verb = get"]
    for number in range(1, 245):
        lines += [f"- macro: m{number}", f"  condition: not m{number - 1}"]
    lines += ["- rule: R", "  desc: d", "  condition: m244", "  output: o", "  priority: INFO"]
    (tmp_path / "deep.yaml").write_text("\n".join([*lines, "  source: k8s_audit", ""]))
    (tmp_path / "event.json").write_text(json.dumps(audit_event(verb="get")))
    code = "from rulec.cli import main; main()"
    for command in (
        ["explain", "-r", "deep.yaml", "--rule", "R", "event.json"],
        ["explain", "-r", "deep.yaml", "--format", "json", "event.json"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "R fires" in done.stdout or '"fires":true' in done.stdout
