"""Explanations: verdicts, values, reasons, and what happens instead of an alert."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from synthetic import SOURCE as TEST

from rulec import EventError, compile_ruleset
from rulec.api import build
from rulec.explain import Explainer, Explanation, Part, Why
from rulec.explain.sentences import SENTENCES
from rulec.operators import IN_RANGES, OPERATORS
from rulec.runtime.loading import load
from rulec.runtime.sources import SOURCES
from rulec.text import File

AUDIT = """\
- macro: changes
  condition: ka.verb in (create, patch)
- rule: Privileged
  desc: d
  condition: >
    changes and ka.target.resource = pods
    and ka.req.pod.containers.privileged intersects (true)
    and not ka.user.name exists
  output: o
  priority: WARNING
  source: k8s_audit
- rule: Any Pod
  desc: d
  condition: ka.target.resource = pods
  output: o
  priority: NOTICE
  source: k8s_audit
- rule: Off
  desc: d
  condition: ka.target.resource = pods
  output: o
  priority: NOTICE
  source: k8s_audit
  enabled: false
- rule: Opened
  desc: d
  condition: evt.type = open and fd.name = /etc/passwd
  output: o
  priority: NOTICE
"""


def explainer(content: str = AUDIT, **options: Any) -> Explainer:
    return Explainer.of([File("rules.yaml", dedent(content))], **options)


def explained(rule: str, event: Any, **options: Any) -> Explanation:
    return explainer(**options).explain(event, rule)


def event(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": "Event",
        "auditID": "a",
        "level": "Request",
        "stage": "ResponseComplete",
        "stageTimestamp": "2026-03-02T09:30:00Z",
        "verb": "get",
        "user": {"username": "mia"},
        "objectRef": {"resource": "pods"},
    }
    return {key: value for key, value in {**found, **more}.items() if value is not None}


def part(explanation: Explanation, text: str) -> Part:
    (found,) = (each for each in explanation.root.walk() if each.outline.text == text)
    return found


def test_every_part_has_a_verdict_and_what_it_saw() -> None:
    found = explained("Privileged", event(requestObject={"spec": {"containers": [{}]}}))
    assert not found.holds
    verb = part(found, "ka.verb in (create, patch)")
    assert (verb.verdict, verb.why) == (False, Why.DIFFERENT)
    assert [(seen.field, seen.value) for seen in verb.seen] == [("ka.verb", "get")]
    assert part(found, "ka.target.resource = pods").why is Why.TRUE
    privileged = part(found, "ka.req.pod.containers.privileged intersects (true)")
    assert (privileged.why, privileged.seen[0].value) == (Why.ABSENT, None)


def test_what_decided_is_marked() -> None:
    found = explained("Privileged", event())
    decisive = [each.outline.text for each in found.root.walk() if each.decisive]
    assert decisive[1:] == [
        "changes",
        "ka.verb in (create, patch)",
        "ka.req.pod.containers.privileged intersects (true)",
        "not ka.user.name exists",
        "ka.user.name exists",
    ]


TRUNCATED = {"annotations": {"audit.k8s.io/truncated": "true"}}


@pytest.mark.parametrize(
    ("more", "why", "because"),
    [
        ({}, Why.ABSENT, "there is nothing at /requestObject"),
        ({"requestObject": {"spec": {}}}, Why.ABSENT, "there is nothing at /requestObject/spec/"),
        (TRUNCATED, Why.UNKNOWABLE, "the event was truncated: requestObject was left out"),
        ({"level": "Metadata"}, Why.UNKNOWABLE,
         "the event was logged at level Metadata, without requestObject"),
        ({**TRUNCATED, "requestObject": {}}, Why.ABSENT, "there is nothing at /requestObject/spec"),
    ],
)  # fmt: skip
def test_absent_is_not_unknowable(more: dict[str, Any], why: Why, because: str) -> None:
    found = part(
        explained("Privileged", event(**more)), "ka.req.pod.containers.privileged intersects (true)"
    )
    assert found.why is why
    assert found.seen[0].absent_because.startswith(because)


def test_what_is_at_other_places_is_no_secret_of_the_level() -> None:
    found = explained("Privileged", event(level="Metadata", verb=None))
    verb = part(found, "ka.verb in (create, patch)")
    assert (verb.why, verb.seen[0].absent_because) == (Why.ABSENT, "there is nothing at /verb")


@pytest.mark.parametrize(
    ("rule", "options", "instead"),
    [
        ("Any Pod", {}, None),
        ("Off", {}, "it is disabled (enabled: false)"),
        ("Off", {"rules": ({"enable": {"rule": "*"}},)},
         "rule 'Any Pod', which comes first, takes the event"),
        ("Off", {"rules": ({"enable": {"rule": "*"}},), "rule_matching": "all"}, None),
        ("Any Pod", {"rules": ({"disable": {"rule": "Any*"}},)}, "it is disabled"),
        ("Any Pod", {"priority": "warning"}, "its priority, Notice, is below the threshold Warning"),
        ("Any Pod", {"sources": ["syscall"]}, "rules for k8s_audit are left out"),
    ],
)  # fmt: skip
def test_what_happens_instead_of_an_alert(
    rule: str, options: dict[str, Any], instead: str | None
) -> None:
    found = explained(rule, event(), **options)
    assert found.holds
    assert (found.fires, found.instead) == (instead is None, instead)


def test_events_in_every_form() -> None:
    explain = explainer()
    documents = SOURCES["k8s_audit"].documents
    (read,), _ = documents.read(event())
    for given in (event(), json.dumps(event()), json.dumps(event()).encode(), [event()], read):
        assert explain.explain(given, "Any Pod").fires
        assert explain.verdicts(given, "Any Pod") == (True,)


def test_calls_and_what_is_wrong_with_events() -> None:
    explain = explainer()
    assert explain.explain({"evt.type": "open", "fd.name": "/etc/passwd"}, "Opened").fires
    with pytest.raises(EventError, match="audit"):
        explain.explain({"kind": "Pod"}, "Any Pod")
    with pytest.raises(ValueError, match="2 events"):
        explain.explain([event(), event()], "Any Pod")
    (read,), _ = SOURCES["k8s_audit"].documents.read(event())
    with pytest.raises(ValueError, match="of k8s_audit, and the rule is about syscall"):
        explain.explain(read, "Opened")
    with pytest.raises(KeyError, match="did you mean 'Any Pod'"):
        explain.explain(event(), "Any Pods")


def test_all_of_it_is_json() -> None:
    found = explained("Privileged", event(level="Metadata")).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["root"]["parts"][0]["origin"] == [
        {"kind": "rule", "name": "Privileged", "file": "rules.yaml", "line": 3, "column": 3}
    ]


# --- rulesets ---------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(AUDIT, "utf-8")
    return path


def test_a_ruleset_explains_its_rules(rules: Path) -> None:
    ruleset = compile_ruleset(rules, priority="notice")
    rules.unlink()  # it knows what it was compiled from
    for known in (ruleset, pickle.loads(pickle.dumps(ruleset))):
        found = known.explain(event(verb="patch"), "Privileged")
        assert not found.holds
        assert part(found, "ka.verb in (create, patch)").verdict
    assert ruleset.explain(event(), "Off").instead == "it is disabled (enabled: false)"


def test_a_ruleset_explains_rules_for_sources_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    item = {"rule": "r", "desc": "d", "condition": "t.u64 = 5 and t.bool = true", "output": "o"}
    path.write_text(json.dumps([{**item, "priority": "INFO", "source": "test"}]), "utf-8")
    ruleset = pickle.loads(pickle.dumps(compile_ruleset(path, sources=[TEST])))
    found = ruleset.explain({"t.u64": 5, "t.bool": False}, "r")
    assert [(each.field, each.value) for each in found.changes[0].settings] == [("t.bool", True)]


def test_a_built_module_says_what_to_do_instead(rules: Path, tmp_path: Path) -> None:
    built = tmp_path / "built.py"
    built.write_text(build(rules).code, "utf-8")
    with pytest.raises(ValueError, match="compile the rules that it was built from"):
        load(built).explain(event(), "Any Pod")


def test_the_runtime_stays_without_the_compiler() -> None:
    code = "import sys, rulec.runtime; print([m for m in sys.modules if m.startswith('rulec.e')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- changes ----------------------------------------------------------------------------


def changes(condition: str, document: dict[str, Any], source: str = "k8s_audit") -> list[Any]:
    rule = {"rule": "r", "desc": "d", "condition": condition, "output": "o", "priority": "INFO"}
    found = explainer(json.dumps([{**rule, "source": source}])).explain(document, "r")
    return [
        (change.how, *((each.field, each.value) for each in change.settings))
        for change in found.changes
    ]


VERB = "ka.verb would have to be "


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.verb = create", [(f"{VERB}create", ("ka.verb", "create"))]),
        ("ka.verb = get", [(f"{VERB}anything but get", ("ka.verb", "other"))]),
        ("ka.verb exists", [(f"{VERB}absent", ("ka.verb", None))]),
        ("not ka.verb exists", [(f"{VERB}absent", ("ka.verb", None))]),
        # What means the same changes together.
        ("ka.verb = create and (ka.uri = /x or ka.verb = create)",
         [(f"{VERB}create", ("ka.verb", "create"))]),
        # What cannot be had at once is no way.
        ("ka.verb = create and ka.verb = patch or ka.uri = /a and ka.stage = b and ka.user.name = c",
         [("ka.uri would have to be /a", ("ka.uri", "/a")),
          ("ka.stage would have to be b", ("ka.stage", "b")),
          ("ka.user.name would have to be c", ("ka.user.name", "c"))]),
        ("not ka.verb exists and ka.verb = get", []),
        # Fields that are the same place of a document have the same value.
        ("ka.target.name = x and ka.req.configmap.name = x",
         [("ka.target.name would have to be x", ("ka.target.name", "x")),
          ("ka.req.configmap.name would have to be x", ("ka.target.name", "x"))]),
        ("ka.target.name = x and ka.req.configmap.name = y", []),
        # Parts of a text are put together.
        ("ka.uri startswith /a and ka.uri contains b and ka.uri endswith c",
         [("ka.uri would have to start with /a", ("ka.uri", "/abc")),
          ("ka.uri would have to contain b", ("ka.uri", "/abc")),
          ("ka.uri would have to end with c", ("ka.uri", "/abc"))]),
        ("tolower(ka.useragent) = curl",
         [("tolower(ka.useragent) would have to be curl", ("ka.useragent", "curl"))]),
        # No value is made up for what nobody can turn around.
        ("ka.uri regex '[a-z]+[0-9]{3}'",
         [("ka.uri would have to be what the regular expression [a-z]+[0-9]{3} matches",)]),
        ("ka.user.groups intersects (a, b)",
         [("ka.user.groups would have to include one of (a, b)",
           ("ka.user.groups", ["a"]))]),
        ("ka.req.pod.containers.privileged intersects (true)",
         [("ka.req.pod.containers.privileged would have to include true",
           ("ka.req.pod.containers.privileged", ["true"]))]),
        ("ka.target.resource = val(ka.verb)",
         [("ka.target.resource would have to be the value of ka.verb",
           ("ka.target.resource", "get"))]),
        ("ka.req.role.rules.verbs in (get, list) and ka.req.role.rules.verbs intersects (list)",
         [("ka.req.role.rules.verbs would have to include nothing but one of (get, list)",
           ("ka.req.role.rules.verbs", ["list"])),
          ("ka.req.role.rules.verbs would have to include list",
           ("ka.req.role.rules.verbs", ["list"]))]),
    ],
)  # fmt: skip
def test_the_smallest_change_with_values(condition: str, expected: list[Any]) -> None:
    assert changes(condition, event()) == expected


def test_changes_of_system_calls() -> None:
    call = {"evt.type": "open", "fd.name": "/tmp/x", "proc.pid": 4, "fd.sip": "10.0.0.1"}
    assert changes("evt.type = open and proc.pid > 10 and fd.sip = 10.0.0.2", call, "syscall") == [
        ("proc.pid would have to be more than 10", ("proc.pid", 11)),
        ("fd.sip would have to be 10.0.0.2", ("fd.sip", "10.0.0.2")),
    ]


def test_what_a_configuration_says_does_not_change(rules: Path) -> None:
    item = {"rule": "r", "desc": "d", "output": "o", "priority": "INFO", "source": "k8s_audit"}
    content = [{**item, "condition": "ka.verb = get and (static.env = dev or ka.uri = /x)"}]
    rules.write_text(json.dumps(content), "utf-8")
    found = compile_ruleset(rules, static_fields={"env": "prod"}).explain(event(), "r")
    assert [change.part.text for change in found.changes] == ["ka.uri = /x"]
    assert part(found, "static.env = dev").seen[0].value == "prod"


def test_rules_about_other_types_of_events_say_so() -> None:
    found = explained("Opened", {"evt.type": "close", "fd.name": "/etc/passwd"})
    note = "the event is of type close, and the rule is about other types: open"
    assert found.notes == (note,)
    assert explained("Opened", {"evt.type": "open", "fd.name": "/x"}).notes == ()


def test_every_operator_has_a_sentence() -> None:
    written = {*OPERATORS} - {IN_RANGES}
    assert {*SENTENCES} == written


# --- nearest ----------------------------------------------------------------------------


def test_the_nearest_rules_come_first() -> None:
    names = [("far", 3), ("near", 1), ("true", 0), ("middle", 2), ("never", 0)]
    tests = ["ka.verb = create", "ka.uri = /x", "ka.stage = x"]
    items = [
        {
            "rule": name,
            "desc": "d",
            "output": "o",
            "priority": "INFO",
            "source": "k8s_audit",
            "condition": " and ".join(
                [
                    "ka.verb in ()" if name == "never" else "ka.target.resource = pods",
                    *tests[:count],
                ]
            ),
        }
        for name, count in names
    ]
    found = explainer(json.dumps(items))
    nearest = found.nearest(event(), "k8s_audit")
    assert [(each.rule, len(each.changes)) for each in nearest] == [
        ("near", 1), ("middle", 2), ("far", 3)
    ]  # fmt: skip
    assert [each.rule for each in found.nearest(event(), "k8s_audit", most=1)] == ["near"]
    assert [each.holds for each in found.explain_all(event(), "k8s_audit")] == [
        False, False, True, False, False
    ]  # fmt: skip


# --- large conditions --------------------------------------------------------------------


def large(condition: str) -> tuple[Explainer, Explanation]:
    rule = {"rule": "r", "desc": "d", "condition": condition, "output": "o", "priority": "INFO"}
    made = explainer(json.dumps([{**rule, "source": "k8s_audit"}]))
    return made, made.explain(event(), "r")


def test_the_parts_of_a_deep_condition_are_put_together() -> None:
    condition = "ka.verb = get"
    for number in range(60):
        word = "and" if number % 2 else "or"
        condition = f"not (ka.uri = /{number} {word} ({condition}))"
    made, found = large(condition)
    ruleset_says = True  # of the innermost comparison
    for number in range(60):
        ruleset_says = not (False if number % 2 else ruleset_says)
    assert found.holds is ruleset_says
    verdicts = made.verdicts(event(), "r")
    for each in found.root.walk():
        parts = [verdicts[inner.outline.id] for inner in each.parts]
        match each.outline.kind:
            case "and":
                assert each.verdict is all(parts)
            case "or":
                assert each.verdict is any(parts)
            case "not":
                assert each.verdict is not parts[0]


def test_a_change_of_very_many_comparisons_is_not_searched_for() -> None:
    _, found = large(" and ".join(f"jevt.value[/x{number}] = a" for number in range(150)))
    assert len(found.changes) == 150
    assert all(change.settings for change in found.changes)
    assert found.notes == ()  # each of them is needed
