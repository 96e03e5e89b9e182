"""Documents that are looked at quickly give the same answers as those that are read with care."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event

from rulec import compile_ruleset
from rulec.api import build_files
from rulec.runtime.alert import Alert
from rulec.runtime.events import EventError
from rulec.runtime.fields import MISSING
from rulec.runtime.loading import execute
from rulec.runtime.matcher import Matcher
from rulec.runtime.plain import Outcome
from rulec.runtime.views import Part, Raw, Simple, opened, viewed
from rulec.text import File

SHIPPED = Path(str(files("rulec.rules") / "k8s_audit.yaml"))
MATCHER = compile_ruleset(SHIPPED, rule_matching="all").matcher("k8s_audit")

# Events that rules are about; what is drawn below changes a few places in one of them.
CONTAINER = {"image": "a/b:1", "name": "c", "securityContext": {"privileged": True}}
EVENTS = (
    audit_event(
        verb="create",
        objectRef={"resource": "pods", "namespace": "kube-system", "name": "p"},
        requestObject={"spec": {"containers": [CONTAINER], "hostNetwork": True, "volumes": []}},
        responseObject={"metadata": {"name": "p"}},
        responseStatus={"code": 201},
    ),
    audit_event(
        verb="create",
        objectRef={"resource": "clusterroles", "name": "r"},
        requestObject={"rules": [{"verbs": ["*"], "resources": ["pods/exec"]}, {"verbs": ["get"]}]},
        responseStatus={"code": 201},
    ),
    audit_event(
        verb="get",
        objectRef={"resource": "secrets", "namespace": "shop", "name": "db"},
        responseStatus={"code": 200},
        annotations={"authorization.k8s.io/decision": "allow"},
        user="system:anonymous",
    ),
)

# What may stand where something else is expected, as JSON.
ODD = (
    *("null", "true", "false", "0", "1", "-0", "200", "1.0", "2e2", "9" * 40, "1e999", '""', "[]"),
    *("{}", '"\\u0067et"', '"\\ud800"', '"\\ud83d\\ude00"', '"a\\u0000b"', '[[["x"]]]', '{"a":[]}'),
    *('[{"image":1}]', '{"image":"x"}', '"1970-01-01T00:00:00Z"', '"2026-01-01 00:00:00Z"', '"x"'),
    *(
        '"2026-03-02T09:30:00"',
        "[null]",
        '["*"]',
        '"\xff"',
        "[" * 301 + "]" * 301,
        "tru",
        "1 2",
        "",
    ),
)
PADDING = ("", " ", "\n\t")


def written(draw: Any, value: Any) -> str:
    """Write JSON in an unusual way: odd values, names twice, blanks, escapes."""
    if draw(st.integers(0, 60)) == 0:
        return draw(st.sampled_from(ODD))
    pad = draw(st.sampled_from(PADDING)) if draw(st.integers(0, 9)) == 0 else ""
    match value:
        case dict():
            members = []
            for name, inner in value.items():
                if draw(st.integers(0, 40)) == 0:
                    continue
                for _ in range(2 if draw(st.integers(0, 30)) == 0 else 1):
                    members.append(f"{pad}{name_of(draw, name)}{pad}:{written(draw, inner)}")
            return f"{{{','.join(members)}}}{pad}"
        case list():
            return f"[{','.join(written(draw, inner) for inner in value)}{pad}]"
        case _:
            return json.dumps(value)


def name_of(draw: Any, name: str) -> str:
    if draw(st.integers(0, 30)) == 0:
        return '"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"'
    return json.dumps(name)


def with_care(matcher: Matcher, document: bytes) -> list[Alert] | str:
    """Return the alerts of a document that is not looked at quickly."""
    try:
        events, _ = matcher.source.documents.read(document)
    except EventError as error:
        return error.reason
    return [alert for event in events for alert in matcher.match(event)]


def as_usual(matcher: Matcher, document: bytes) -> list[Alert] | str:
    try:
        return matcher(document)
    except EventError as error:
        return error.reason


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_both_ways_give_the_same_answers(data: st.DataObject) -> None:
    text = written(data.draw, data.draw(st.sampled_from(EVENTS)))
    document = text.encode("latin-1")
    expected = with_care(MATCHER, document)
    assert as_usual(MATCHER, document) == expected
    run = MATCHER.source.documents.new_run()
    accept = MATCHER.accepting(run)
    assert accept is not None
    outcome = accept(document)
    if outcome is not None:
        assert isinstance(outcome, Outcome)
        assert list(outcome.alerts) == expected
        assert run.count == outcome.events == 1
    if isinstance(expected, list):
        for event in MATCHER.source.documents.read(document)[0]:
            found = MATCHER(event.data)
            assert found == MATCHER.match(event), "a decoded document"
        matching = [rule.name for rule in MATCHER.matches(document)]
        assert matching == [alert.rule for alert in expected]


# --- events that were decoded before ------------------------------------------------------


class Name(str):
    __slots__ = ()


# What a caller's objects may hold where rules expect a text: much of it is equal.
OBJECTS = (
    *("get", Name("get"), "200", "1", "true", "null", "", None, True, False, 0, 1, 200, -1),
    *(1.0, 200.0, float("nan"), [], {}, ["get"], {"get": 1}, ("get", 1), MISSING, b"get"),
)
PLACES = ("verb", "stage", "username", "resource", "code", "kind", "auditID", "stageTimestamp")
BY_OBJECTS = "".join(
    f"- rule: r{number}\n  desc: d\n  condition: {condition}\n  output: o %evt.time\n"
    "  priority: INFO\n  source: k8s_audit\n"
    for number, condition in enumerate(
        (
            'ka.verb in (get, "1", "false", "200") and ka.response.code = 200',
            'ka.verb in ("null", "0", "-1", "true") and ka.stage != RequestReceived',
            'ka.response.code in (1, "true", "200.0", "null") and ka.user.name exists',
            'not ka.user.name startswith "sys" and ka.verb != get and ka.response.code = "1.0"',
            'ka.target.resource in ("null", "true", "[]") and ka.user.name in (get, "200")',
            "not ka.target.resource exists and ka.verb = get and jevt.rawtime != 0",
        )
    )
)
BUILT = build_files([File("r.yaml", BY_OBJECTS)], rule_matching="all")
OF_OBJECTS = execute(BUILT.code).matcher("k8s_audit")


def with_objects(objects: dict[str, Any]) -> dict[str, Any]:
    """Return an event with such objects in it; a place that is not given has a usual one."""
    event: dict[str, Any] = audit_event(
        verb="get", objectRef={"resource": "pods"}, responseStatus={"code": 200}, user="mia"
    )
    inner = {
        "username": event["user"],
        "resource": event["objectRef"],
        "code": event["responseStatus"],
    }
    for place, value in objects.items():
        inner.get(place, event)[place] = value
    return event


@given(st.dictionaries(st.sampled_from(PLACES), st.sampled_from(OBJECTS), max_size=4))
@settings(max_examples=600, deadline=None)
def test_objects_that_are_equal_may_have_other_texts(objects: dict[str, Any]) -> None:
    event = with_objects(objects)
    documents = OF_OBJECTS.source.documents
    try:
        read, _ = documents.read(event)
    except EventError as error:
        with pytest.raises(EventError, match=re.escape(str(error))):
            OF_OBJECTS.matches(event)
        return
    expected = [rule.name for each in read for rule in OF_OBJECTS.matching(each)]
    # What comes again and again is remembered at some time.
    for _ in range(9):
        assert [rule.name for rule in OF_OBJECTS.matches(event)] == expected
        assert [alert.rule for alert in OF_OBJECTS(event)] == expected


@pytest.mark.parametrize("place", ["user", "objectRef", "responseStatus", "verb", "stageTimestamp"])
@pytest.mark.parametrize("value", [None, "text", 5, [], [{"username": "get"}], {}])
def test_objects_in_place_of_members(place: str, value: Any) -> None:
    event = with_objects({}) | {place: value}
    without = with_objects({})
    del without[place]
    for each in (event, without):
        read, _ = OF_OBJECTS.source.documents.read(each)
        expected = [rule.name for found in read for rule in OF_OBJECTS.matching(found)]
        assert [rule.name for rule in OF_OBJECTS.matches(each)] == expected


def test_only_unusual_objects_are_read_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(document: Any, **options: Any) -> None:
        raise AssertionError("read with care")

    monkeypatch.setattr(OF_OBJECTS.source.documents, "read", refuse)
    for objects in ({}, {"verb": "create"}, {"code": 500}, {"username": "x", "verb": 5}):
        OF_OBJECTS.matches(with_objects(objects))
    for objects in ({"verb": None}, {"kind": "Other"}, {"code": 200.0}):
        with pytest.raises(AssertionError, match="read with care"):
            OF_OBJECTS.matches(with_objects(objects))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["objectRef"]["resource"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_values_at_every_place(event: dict[str, Any], odd: str) -> None:
    for place in places(event):
        text = json.dumps(event)
        marked = replaced(event, place, "(here)")
        text = json.dumps(marked).replace('"(here)"', odd)
        document = text.encode("latin-1")
        assert as_usual(MATCHER, document) == with_care(MATCHER, document), text


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [path, *(found for key in keys for found in places(value[key], (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    if isinstance(value, dict):
        return {k: replaced(v, path[1:], by) if k == path[0] else v for k, v in value.items()}
    return [replaced(v, path[1:], by) if n == path[0] else v for n, v in enumerate(value)]


def test_plain_events_are_looked_at_quickly() -> None:
    for event in EVENTS:
        assert MATCHER.glimpse(json.dumps(event).encode()) is not None
    for document in (
        b"[]",
        b'{"kind":"Event"}',
        b'{"auditID":"a","stageTimestamp":"x"}',
        b"",
        b"{",
    ):
        assert MATCHER.glimpse(document) is None


@pytest.mark.parametrize("document", [5, None, object(), (), "", "x", bytearray(b"[]"), [], [5]])
def test_documents_of_any_kind(document: Any) -> None:
    assert as_usual(MATCHER, document) == with_care(MATCHER, document)


class Leaf(Part):
    """A part of a part."""

    text: Simple = None  # type: ignore[assignment]


class Branch(Part, rename={"inner": "in"}):  # type: ignore[call-arg]
    """A part with a part, a list of parts and a list of values."""

    inner: Leaf = Leaf()
    leaves: list[Leaf] = ()  # type: ignore[assignment]
    values: Raw = MISSING  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "inner", "leaves", "values"),
    [
        ({}, None, [], MISSING),
        (None, None, [], MISSING),
        ({"in": {"text": None}}, "null", [], MISSING),
        ({"in": {"text": True}}, True, [], MISSING),
        ({"in": []}, None, [], MISSING),
        ({"leaves": [{"text": "a"}, {}]}, None, ["a", None], MISSING),
        ({"leaves": {"text": "a"}}, None, ["a"], MISSING),
        ({"leaves": ["a", {"text": "b"}]}, None, [None, "b"], MISSING),
        ({"leaves": "a"}, None, [], MISSING),
        ({"values": [1, None]}, None, [], [1, None]),
        ({"values": {"a": 1}}, None, [], {"a": 1}),
    ],
)
@pytest.mark.parametrize("raw", [False, True])
def test_whatever_a_value_is_it_has_a_view(
    value: Any, inner: Any, leaves: list[Any], values: Any, raw: bool
) -> None:
    found = viewed(Raw(json.dumps(value).encode()) if raw else value, Branch)
    assert found.inner.text == inner
    assert [leaf.text for leaf in found.leaves] == leaves
    assert opened(found.values) == values
