"""Explanations: verdicts, values, reasons, and what happens instead of an alert."""

import json
from textwrap import dedent
from typing import Any

import pytest

from rulec import EventError
from rulec.explain import Explainer, Explanation, Part, Why
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
