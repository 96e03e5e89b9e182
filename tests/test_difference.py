"""``rulec diff``: what became of rules, and which events are judged differently."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event

from rulec import compile_ruleset
from rulec.cli import main
from rulec.difference.order import moves

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "samples" / "audit.jsonl"

OLD = """\
- list: reading
  items: [get, list]
- list: quiet
  items: [alice]
- macro: done
  condition: ka.stage = ResponseComplete
- macro: secret
  condition: ka.target.resource = secrets
- rule: Secret Read
  desc: Somebody read a secret.
  condition: done and secret and ka.verb in (reading) and not ka.user.name in (quiet)
  output: Secret read (user=%ka.user.name)
  priority: WARNING
  source: k8s_audit
  tags: [k8s]
- rule: Pod Made
  desc: Somebody made a pod.
  condition: done and ka.target.resource = pods and ka.verb = create
  output: Pod made (user=%ka.user.name)
  priority: NOTICE
  source: k8s_audit
- rule: Anything Deleted
  desc: Somebody deleted something.
  condition: done and ka.verb = delete
  output: Deleted (user=%ka.user.name)
  priority: INFO
  source: k8s_audit
  exceptions:
    - name: janitors
      fields: ka.user.name
      comps: in
      values: [janitor]
"""

Diff = Callable[..., tuple[int, str, str]]


@pytest.fixture
def diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Diff:
    """Return a function that compares old and new rules, which may be given as text."""
    monkeypatch.chdir(tmp_path)

    def call(old: str, new: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "old.yaml").write_text(old, "utf-8")
        (tmp_path / "new.yaml").write_text(new, "utf-8")
        return run(capsys, "old.yaml", "new.yaml", *arguments)

    return call


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["diff", *arguments])
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out, printed.err


def rules_of(diff: Diff, new: str, *arguments: str) -> dict[str, Any]:
    """Return what became of the rules, by name."""
    status, out, err = diff(OLD, new, "--format", "json", *arguments)
    assert (status, err) == (0, "")
    return {rule["rule"]: rule for rule in json.loads(out)["rules"]}


def changed(old: str, new: str) -> str:
    assert OLD.count(old) == 1, old
    return OLD.replace(old, new)


def in_one(found: dict[str, Any]) -> Any:
    (rule,) = found.values()
    return rule


# --- rules ------------------------------------------------------------------------------------


def test_nothing_differs(diff: Diff) -> None:
    assert diff(OLD, OLD, "--exit-code") == (0, "no rule differs\n", "")
    assert diff(OLD, f"# A comment.\n\n{OLD}", "--exit-code")[1] == "no rule differs\n"


def test_a_list_makes_a_condition_wider(diff: Diff) -> None:
    status, out, _ = diff(OLD, changed("[get, list]", "[get, list, watch]"), "--exit-code")
    assert status == 1
    assert out.splitlines() == [
        "Secret Read: changed (new.yaml:9)",
        "  condition: wider: it matches all that it matched, and more",
        "    + ka.verb in (watch) (wider, new.yaml:11)",
        "    because of list 'reading' (new.yaml:1): + watch (new.yaml:2)",
        "1 rule differs: 1 changed",
    ]


def test_what_happens_under_a_not_is_turned_around(diff: Diff) -> None:
    rule = in_one(rules_of(diff, changed("[alice]", "[alice, bob]")))
    assert rule["condition"]["relation"] == "narrower"
    (part,) = rule["condition"]["parts"]
    assert (part["change"], part["condition"]) == ("added", "ka.user.name in (bob)")
    assert part["effect"] == "narrower"


def test_a_macro_changes_all_rules_that_use_it(diff: Diff) -> None:
    found = rules_of(diff, changed("ka.stage = ResponseComplete", "ka.stage exists"))
    assert {name: rule["condition"]["relation"] for name, rule in found.items()} == {
        "Secret Read": "wider",
        "Pod Made": "wider",
        "Anything Deleted": "wider",
    }
    for rule in found.values():
        (cause,) = rule["condition"]["causes"]
        assert (cause["kind"], cause["name"], cause["line"]) == ("macro", "done", 6)


def test_exceptions_and_overrides_are_seen(
    diff: Diff, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = in_one(rules_of(diff, changed("[janitor]", "[janitor, cleaner]")))
    (cause,) = rule["condition"]["causes"]
    assert (rule["condition"]["relation"], cause["kind"], cause["name"]) == (
        "narrower",
        "exception",
        "janitors",
    )
    (tmp_path / "local.yaml").write_text(
        "- rule: Pod Made\n  condition: and not ka.user.name = ci\n"
        "  tags: [local]\n  override: {condition: append, tags: append}\n"
    )
    arguments = ("--old", "old.yaml", "--new", "old.yaml", "--new", "local.yaml")
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert out.splitlines() == [
        "Pod Made: changed (old.yaml:16)",
        "  condition: narrower: it matches nothing new, and less",
        "    + not ka.user.name = ci (narrower, local.yaml:2)",
        "    because of its condition (local.yaml:2)",
        "  tags: none -> local",
        "1 rule differs: 1 changed",
    ]


def test_what_is_only_written_in_another_way(diff: Diff) -> None:
    new = changed("ka.verb in (reading)", "(ka.verb = list or ka.verb = get)")
    status, out, _ = diff(OLD, new, "--exit-code")
    assert status == 0
    assert "  condition: the same, written in another way\n" in out
    assert out.endswith("0 rules differ: 1 the same in effect\n")


def test_what_cannot_be_proven_is_only_said_to_have_changed(diff: Diff) -> None:
    new = changed("ka.verb in (reading)", "ka.verb glob g*")
    rule = in_one(rules_of(diff, new))
    assert rule["condition"]["relation"] == "changed"
    assert [(p["change"], p["condition"]) for p in rule["condition"]["parts"]] == [
        ("removed", "ka.verb in (get, list)"),
        ("added", "ka.verb glob g*"),
    ]


def test_a_condition_that_nothing_meets_any_more(diff: Diff) -> None:
    new = changed("and ka.verb = create", "and ka.verb = create and ka.verb = delete")
    assert in_one(rules_of(diff, new))["condition"]["never"] is True
    assert "no event can meet it any more" in diff(OLD, new)[1]


def test_added_removed_and_renamed(diff: Diff) -> None:
    new = OLD.replace("- rule: Pod Made", "- rule: Pod Created")
    new = new[: new.index("- rule: Anything")] + new[new.index("- rule: Anything") :].replace(
        "Anything Deleted", "Everything Deleted"
    ).replace("= delete", "= patch")
    found = rules_of(diff, new)
    assert {name: (rule["fate"], rule["was"]) for name, rule in found.items()} == {
        "Pod Created": ("renamed", "Pod Made"),
        "Everything Deleted": ("added", None),
        "Anything Deleted": ("removed", None),
    }


def test_attributes(diff: Diff) -> None:
    new = changed("priority: NOTICE", "priority: ERROR\n  enabled: false")
    new = new.replace("Pod made", "A pod was made")
    rule = in_one(rules_of(diff, new))
    assert rule["attributes"] == {
        "enabled": {"old": True, "new": False},
        "priority": {"old": "Notice", "new": "Error"},
        "output": {
            "old": "Pod made (user=%ka.user.name)",
            "new": "A pod was made (user=%ka.user.name)",
        },
    }
    assert rule["condition"] is None
    # Below the threshold, a rule does not run.
    found = rules_of(
        diff, changed("priority: NOTICE", "priority: DEBUG"), "--priority", "informational"
    )
    assert in_one(found)["attributes"]["enabled"] == {"old": True, "new": False}


def test_another_source(diff: Diff) -> None:
    condition = 'condition: evt.type = open\n  output: x\n  priority: INFO\n  source: "{}"\n'
    rule = "- rule: r\n  desc: d\n  " + condition
    (tmp := Path("own.yaml")).write_text(
        "source: own\nfields:\n  - {name: evt.type, pointer: /type, description: A type.}\n"
    )
    _, out, _ = diff(rule.format("syscall"), rule.format("own"), "--source-file", str(tmp))
    assert "  source: syscall -> own\n" in out


def test_order_matters_where_rules_may_match_the_same_events(diff: Diff) -> None:
    start, middle, end = (OLD.index(f"- rule: {n}") for n in ("Secret", "Pod", "Anything"))
    first, pod, deleted = OLD[start:middle], OLD[middle:end], OLD[end:]
    moved = OLD[:start] + pod + first + deleted
    rule = in_one(rules_of(diff, moved))
    assert rule["moved"] == {"before": [], "after": []}
    assert rule["matters"] is False
    overlapping = changed("and ka.verb = create", "and ka.verb in (create, delete)")
    pod = overlapping[overlapping.index("- rule: Pod") : overlapping.index("- rule: Anything")]
    status, out, _ = diff(overlapping, OLD[:start] + first + deleted + pod)
    assert "order: now after 'Anything Deleted'" in out or "now before 'Pod Made'" in out
    assert diff(overlapping, OLD[:start] + first + deleted + pod, "--rule-matching", "all")[1] == (
        "no rule differs\n"
    )
    assert status == 0


def test_rules_that_never_alert_any_more(diff: Diff) -> None:
    first = OLD.index("- rule: Secret")
    wide = "- rule: All\n  desc: d\n  condition: done\n  output: x\n  priority: INFO\n"
    new = OLD[:first] + wide + "  source: k8s_audit\n" + OLD[first:]
    found = rules_of(diff, new)
    assert {name: bool(rule["hidden"]) for name, rule in found.items()} == {
        "All": False,
        "Secret Read": True,
        "Pod Made": True,
        "Anything Deleted": True,
    }
    out = diff(OLD, new)[1]
    assert "  hidden: rule 'Pod Made' never alerts: 'All' (line 9) always matches first\n" in out
    assert rules_of(diff, new, "--rule-matching", "all").keys() == {"All"}
    # That it was so before is no difference.
    _, out, _ = diff(new, new.replace("output: x", "output: y"), "--format", "json")
    assert [rule["rule"] for rule in json.loads(out)["rules"]] == ["All"]


@settings(derandomize=True, database=None, deadline=None)
@given(st.permutations("abcdef"), st.permutations("abcdxy"))
def test_as_few_rules_as_possible_were_moved(old: list[str], new: list[str]) -> None:
    found = moves(old, new, lambda one, other: False)
    stayed = [name for name in new if name in old and name not in found]
    assert stayed == [name for name in old if name in stayed]
    for name, move in found.items():
        assert all(old.index(name) > old.index(other) for other in move.before)
        assert all(new.index(name) < new.index(other) for other in move.before)
        assert all(old.index(name) < old.index(other) for other in move.after)


# --- a log ------------------------------------------------------------------------------------


def log(path: Path, *events: dict[str, Any]) -> str:
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    return str(path)


def test_events_that_are_judged_differently(diff: Diff, tmp_path: Path) -> None:
    events = [
        audit_event(verb="watch", resource="secrets", user="eve", auditID="one"),
        audit_event(verb="get", resource="secrets", user="bob", auditID="two"),
        audit_event(verb="get", resource="secrets", user="eve", auditID="three"),
        audit_event(verb="delete", resource="secrets", user="eve", auditID="four"),
    ]
    given_log = log(tmp_path / "audit.jsonl", *events)
    new = changed("[get, list]", "[get, list, watch]").replace("[alice]", "[alice, bob]")
    status, out, err = diff(OLD, new, "--log", given_log, "--exit-code")
    assert (status, err) == (1, "")
    about = out[out.index("log:") :].splitlines()
    assert about == [
        "log: 4 events, 2 judged differently; 3 alerts before, 3 now",
        "  Secret Read: 1 gone, 1 new",
        "  2026-03-02T09:15:00.012345000Z k8s_audit one: + Secret Read",
        "  2026-03-02T09:15:00.012345000Z k8s_audit two: - Secret Read",
    ]
    _, out, _ = diff(OLD, new, "--log", given_log, "--format", "json", "--limit", "1")
    found = json.loads(out)["log"]
    assert found["rules"] == {"Secret Read": {"gone": 1, "new": 1}}
    assert (found["events"], found["changed"], found["kept"]) == (4, 2, 2)
    assert found["verdicts"] == [
        {
            "source": "k8s_audit",
            "number": 1,
            "id": "one",
            "time": "2026-03-02T09:15:00.012345000Z",
            "gone": [],
            "new": ["Secret Read"],
        }
    ]
    assert "and 1 more event" in diff(OLD, new, "--log", given_log, "--limit", "1")[1]


def test_rules_that_take_events_from_others(diff: Diff, tmp_path: Path) -> None:
    """With the first rule alone, an event may pass from one rule to another."""
    first = OLD.index("- rule: Secret")
    wide = "- rule: All\n  desc: d\n  condition: done\n  output: x\n  priority: INFO\n"
    new = OLD[:first] + wide + "  source: k8s_audit\n" + OLD[first:]
    given_log = log(tmp_path / "audit.jsonl", audit_event(verb="delete", resource="pods"))
    call = ("--log", given_log, "--format", "json")
    (verdict,) = json.loads(diff(OLD, new, *call)[1])["log"]["verdicts"]
    assert (verdict["gone"], verdict["new"]) == (["Anything Deleted"], ["All"])
    (verdict,) = json.loads(diff(OLD, new, *call, "--rule-matching", "all")[1])["log"]["verdicts"]
    assert (verdict["gone"], verdict["new"]) == ([], ["All"])


@pytest.mark.parametrize("matching", ["first", "all"])
def test_the_verdicts_are_those_of_both_rulesets(diff: Diff, tmp_path: Path, matching: str) -> None:
    """On the sample, with half of the shipped rules changed."""
    old = (ROOT / "rules" / "k8s_audit.yaml").read_text("utf-8")
    new = old.replace("ka.verb in (create, update, patch)", "ka.verb in (create)")
    new = new.replace("ka.verb = get", "ka.verb in (get, list, create)")
    assert new != old
    arguments = ("--log", str(SAMPLE), "--format", "json", "--limit", "1000")
    _, out, _ = diff(old, new, *arguments, "--rule-matching", matching)
    found = json.loads(out)["log"]
    before, after = (alerts(name, matching) for name in ("old.yaml", "new.yaml"))
    assert before != after
    expected = {n for n in {*before, *after} if before.get(n, []) != after.get(n, [])}
    assert {verdict["number"] for verdict in found["verdicts"]} == expected
    for verdict in found["verdicts"]:
        one, other = (side.get(verdict["number"], []) for side in (before, after))
        assert verdict["gone"] == [name for name in one if name not in other]
        assert verdict["new"] == [name for name in other if name not in one]


def alerts(path: str, matching: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    ruleset = compile_ruleset(path, rule_matching=matching)
    lines = SAMPLE.read_bytes().splitlines()
    for number, alert in ruleset.match_many(lines, source="k8s_audit"):
        found.setdefault(number + 1, []).append(alert.rule)
    return found


def test_logs_of_several_sources(diff: Diff) -> None:
    capture = ROOT / "docs" / "samples" / "attack.scap"
    rule = "- rule: Ran\n  desc: d\n  condition: {}\n  output: x\n  priority: INFO\n"
    old = OLD + rule.format("evt.type = execve and proc.name = nothing")
    new = OLD + rule.format("evt.type = execve")
    call = ("--log", str(capture), "--log", str(SAMPLE), "--format", "json")
    found = json.loads(diff(old, new, *call)[1])["log"]
    assert found["events"] == 93 + 97
    assert found["rules"]["Ran"]["new"] == found["changed"] > 3
    assert {verdict["source"] for verdict in found["verdicts"]} == {"syscall"}
    assert {verdict["id"] for verdict in found["verdicts"]} == {None}


def test_a_rule_that_was_renamed_is_no_news_in_a_log(diff: Diff) -> None:
    new = OLD.replace("Secret Read", "Secret Seen")
    _, out, _ = diff(OLD, new, "--log", str(SAMPLE), "--format", "json")
    assert json.loads(out)["log"]["changed"] == 0
    assert json.loads(out)["log"]["kept"] > 0


# --- usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("old.yaml",), 3, "give the old rules and the new rules"),
        (("old.yaml", "new.yaml", "new.yaml"), 3, "give the old rules and the new rules"),
        (("--old", "old.yaml"), 3, "give the old rules and the new rules"),
        (("old.yaml", "new.yaml", "--old", "old.yaml"), 3, "not both"),
        (("old.yaml", "new.yaml", "--source", "nope"), 3, "'nope' is none of"),
        (("old.yaml", "compiled.py"), 3, "compiled.py is compiled: give the rules"),
        (("old.yaml", "missing.yaml"), 2, "cannot read the file"),
        (("old.yaml", "broken.yaml"), 2, "unknown field 'ka.verv'"),
        (("old.yaml", "new.yaml", "--log", "missing.jsonl"), 4, "missing.jsonl: cannot be read"),
    ],
)
def test_wrong_usage(
    diff: Diff,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    diff(OLD, OLD)
    Path("broken.yaml").write_text(OLD.replace("ka.verb", "ka.verv"))
    found, _, err = run(capsys, *arguments)
    assert found == status
    assert message in err


def test_rules_of_a_revision_are_read_from_a_pipe(diff: Diff, tmp_path: Path) -> None:
    """As in ``rulec diff <(git show REV:file) file``."""
    diff(OLD, changed("[get, list]", "[get]"))
    command = f"'{sys.executable}' -m rulec diff <(cat old.yaml) new.yaml"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "  condition: narrower" in done.stdout
