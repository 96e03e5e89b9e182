"""Audit events inside the records of log services."""

import io
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from compiling import compile_condition
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.events import EventError
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.k8s_audit.documents import lines, read
from rulec.runtime.sources.k8s_audit.wrapped import LEVELS, WRAPPERS, wrapper_of

EVENT: Final = {
    "kind": "Event",
    "auditID": "5d2f",
    "stageTimestamp": "2026-03-02T09:30:00.250000Z",
    "verb": "get",
    "user": {"username": 'mia "the" {brace'},
}
TEXT: Final = json.dumps(EVENT)

Wrap = Callable[[str], Any]


def cloudwatch(text: str) -> Any:
    return {"timestamp": 1772443800250, "logStreamName": "kube-apiserver-audit-7f", "message": text}


def subscription(text: str) -> Any:
    event = {"id": "3719", "timestamp": 1772443800250, "message": text}
    return {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/eks/shop/cluster",
        "logEvents": [event],
    }


def filtered(text: str) -> Any:
    return {"events": [cloudwatch(text)], "searchedLogStreams": [], "nextToken": "f1"}


def event_hub(text: str) -> Any:
    return {"records": [event_hub_record(text)]}


def event_hub_record(text: str) -> Any:
    return {"category": "kube-audit", "properties": {"log": text, "stream": "stdout"}}


def ovh(text: str) -> Any:
    inner = {"version": "1.1", "host": "node", "short_message": text}
    return {"stream": "kube", "message": json.dumps(inner)}


WRAPS: Final = (cloudwatch, subscription, filtered, event_hub, event_hub_record, ovh)


def outcome(document: Any) -> tuple[list[Any], list[tuple[str, str]]]:
    """Return the events of a document, and reason and detail of what was rejected."""
    events, rejected = read(json.dumps(document))
    return [event.data for event in events], [(part.reason, part.detail) for part in rejected]


@pytest.mark.parametrize("wrap", WRAPS, ids=lambda wrap: wrap.__name__)
@pytest.mark.parametrize(
    ("inside", "events"),
    [
        (EVENT, 1),
        ([EVENT, [EVENT]], 2),
        ({"kind": "EventList", "items": [EVENT, EVENT, EVENT]}, 3),
    ],
    ids=["event", "array", "list"],
)
def test_records_hold_documents(wrap: Wrap, inside: Any, events: int) -> None:
    assert outcome(wrap(json.dumps(inside))) == ([EVENT] * events, [])
    assert outcome([wrap(json.dumps(inside)), EVENT]) == ([EVENT] * (events + 1), [])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(), json_values, max_size=4),
    st.sampled_from(WRAPS),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_an_event_in_a_record_is_the_event(
    members: dict[str, Any], wrap: Wrap, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps({**members, **EVENT}, ensure_ascii=ascii_only, indent=indent)
    (plain,), _ = read(text)
    ((found,), rejected) = read(json.dumps(wrap(text)))
    assert not rejected
    assert found.data == plain.data
    assert (found.time, found.audit is found.data) == (plain.time, True)


def test_numbers_and_strange_texts_come_through_as_they_were_written() -> None:
    text = TEXT[:-1] + r', "n": 1.50e3, "half": "\ud800", "nul": "\u0000"}'
    (plain,), _ = read(text)
    (found,), _ = read(json.dumps(cloudwatch(text)))
    assert found.data == plain.data
    assert found.data["n"].text == "1.50e3"


def test_what_is_no_event_costs_only_its_record() -> None:
    records = [
        {"properties": {"log": text}}
        for text in (
            TEXT,
            "I1125 09:30:00.000000 1 leaderelection.go:258] attempting to acquire",
            '{"kind": "Event", "auditID": "1"',
            '{"kind": "Event", "auditID": "1", "stageTimestamp": "yesterday"}',
            '{"kind": "Pod"}',
            "",
            TEXT,
        )
    ]
    events, rejected = outcome({"records": [*records, 7, {"category": "guard"}]})
    assert events == [EVENT, EVENT]
    assert [(reason, detail.partition(": ")[0]) for reason, detail in rejected] == [
        ("other_log", "records[1].properties.log"),
        ("not_json", "records[2].properties.log"),
        ("bad_time", "records[3].properties.log"),
        ("not_audit", "records[4].properties.log"),
        ("other_log", "records[5].properties.log"),
        ("not_audit", "records[7]"),
        ("not_audit", "records[8]"),
    ]
    assert rejected[2][1] == (
        "records[3].properties.log: stageTimestamp is no RFC 3339 time: 'yesterday'"
    )


def test_events_that_were_cut_short_are_counted_apart() -> None:
    cut = TEXT[:60] + "[Truncated...]"
    document = {"logEvents": [{"message": cut}, {"message": TEXT}, {"message": "[Truncated...]"}]}
    assert outcome(document) == (
        [EVENT],
        [
            (
                "truncated",
                "logEvents[0].message: the log service has cut the event with the auditID 5d2f short",
            ),
            ("truncated", "logEvents[2].message: the log service has cut the event short"),
        ],
    )


def test_a_control_message_holds_nothing() -> None:
    message = "CWL CONTROL MESSAGE: Checking health of destination"
    document = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": message}]}
    assert outcome(document) == ([], [])


@pytest.mark.parametrize("document", [{}, {"message": 5}, {"records": {}}, {"properties": "x"}])
def test_what_looks_like_no_record_is_refused(document: Any) -> None:
    with pytest.raises(EventError, match="not an audit event"):
        read(json.dumps(document))


def test_objects_of_kubernetes_are_no_records() -> None:
    with pytest.raises(EventError, match="its kind is 'Status'"):
        read({"kind": "Status", "message": TEXT})
    assert outcome({**EVENT, "message": "x", "records": []})[0] == [
        {**EVENT, "message": "x", "records": []}
    ]


def test_records_are_inside_each_other_up_to_a_limit() -> None:
    text = TEXT
    for _ in range(LEVELS):
        text = json.dumps({"message": text})
    assert outcome(json.loads(text)) == ([EVENT], [])
    assert outcome([{"message": text}, EVENT]) == (
        [EVENT],
        [("too_deep", ".".join(["message"] * LEVELS) + ": more than 4 records inside each other")],
    )
    everything: Any = {"records": []}
    for _ in range(100):
        everything = {"records": [everything]}
    assert [reason for reason, _ in outcome(everything)[1]] == ["too_deep"]


def test_a_text_that_is_nested_too_deeply_costs_only_its_event() -> None:
    deep = TEXT[:-1] + f', "y": "{"y" * 13_000}", "x": ' + "[" * 5000 + "]" * 5000 + "}"
    events, rejected = outcome({"records": [event_hub_record(deep), event_hub_record(TEXT)]})
    assert (events, [reason for reason, _ in rejected]) == ([EVENT], ["too_deep"])
    events, rejected = outcome(cloudwatch(f"[{TEXT}, {deep}, {TEXT}]"))
    assert (events, [reason for reason, _ in rejected]) == ([EVENT] * 2, ["too_deep"])


def test_large_events_are_measured_by_themselves() -> None:
    large = json.dumps({**EVENT, "pad": "x" * 2000})
    document = json.dumps({"records": [event_hub_record(large), event_hub_record(TEXT)]})
    events, rejected = read(document, event_limit=1000)
    assert len(events) == 1
    assert rejected[0].reason == "too_large"
    assert rejected[0].detail.startswith("records[0].properties.log: the event has 2")


@given(
    st.recursive(
        st.sampled_from([TEXT, "x", '{"message": "{}"}', 1, None, EVENT]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["message", "records", "events", "logEvents", "properties", "log", "logName"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=20,
    )
)
def test_odd_records_are_read_or_refused(document: Any) -> None:
    try:
        events, rejected = read(json.dumps(document))
    except EventError:
        return
    assert all(event.data["auditID"] == "5d2f" for event in events)
    assert all(part.detail for part in rejected)


def test_files_of_records_are_read_and_numbered() -> None:
    content = "\n".join(json.dumps(wrap(TEXT)) for wrap in WRAPS)
    content += "\n" + json.dumps([cloudwatch(TEXT)] * 3, indent=2)
    found = []
    for number, result in lines(io.BytesIO(content.encode())):
        assert not isinstance(result, EventError)
        found.append((number, [event.number for event in result[0]]))
    assert found == [(n, [n]) for n in range(1, 7)] + [(7, [7, 8, 9])]


def test_rules_see_what_is_inside() -> None:
    rule = compile_condition("ka.verb = get", SOURCES["k8s_audit"], "%jevt.value[/user/username]")
    matcher = execute(rule.code).matcher("k8s_audit")
    for wrap in WRAPS:
        for form in (wrap(TEXT), json.dumps(wrap(TEXT)).encode()):
            (alert,) = matcher(form)
            assert alert.message == 'mia "the" {brace'
            assert alert.time == 1772443800250000000


def test_each_shape_has_an_entry_that_is_found() -> None:
    assert len({wrapper.service for wrapper in WRAPPERS}) == len(WRAPPERS)
    assert wrapper_of(EVENT) is None


# --- GKE --------------------------------------------------------------------------

PAYLOAD: Final = {
    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
    "serviceName": "k8s.io",
    "methodName": "io.k8s.core.v1.pods.create",
    "resourceName": "core/v1/namespaces/shop/pods/web",
    "authenticationInfo": {"principalEmail": "mia@example.com"},
    "requestMetadata": {"callerIp": "10.0.0.7", "callerSuppliedUserAgent": "kubectl/v1.30"},
    "request": {"@type": "core.k8s.io/v1.Pod", "metadata": {"name": "web"}},
    "response": {"metadata": {"name": "web", "uid": "u1"}},
}
ENTRY: Final = {
    "insertId": "b1e0",
    "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {
        "type": "k8s_cluster",
        "labels": {"cluster_name": "prod", "location": "europe-west1", "project_id": "shop"},
    },
    "labels": {"authorization.k8s.io/decision": "allow", "cluster_name": "overlaid"},
    "protoPayload": PAYLOAD,
    "timestamp": "2026-03-02T09:29:59Z",
    "receiveTimestamp": "2026-03-02T09:30:00.123456789Z",
}


def entry(**payload: Any) -> dict[str, Any]:
    return {**ENTRY, "protoPayload": {**PAYLOAD, **payload}}


def test_an_entry_becomes_an_event() -> None:
    ((event,), rejected) = read(ENTRY)
    assert not rejected
    assert event.time == 1772443800123456000
    assert event.data == {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": "b1e0",
        "stage": "ResponseComplete",
        "requestURI": "/core/v1/namespaces/shop/pods/web",
        "verb": "create",
        "user": {"username": "mia@example.com"},
        "sourceIPs": ["10.0.0.7"],
        "userAgent": "kubectl/v1.30",
        "objectRef": {
            "apiGroup": "core",
            "apiVersion": "v1",
            "namespace": "shop",
            "resource": "pods",
            "name": "web",
        },
        "responseStatus": {"code": 201, "reason": "Created (inferred)"},
        "requestObject": PAYLOAD["request"],
        "responseObject": PAYLOAD["response"],
        "requestReceivedTimestamp": "2026-03-02T09:30:00.123456Z",
        "stageTimestamp": "2026-03-02T09:30:00.123456Z",
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "cluster_name": "prod",
            "location": "europe-west1",
            "project_id": "shop",
        },
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("core/v1/namespaces/a/pods/b", "namespace=a resource=pods name=b"),
        ("apps/v1/namespaces/a/deployments", "namespace=a resource=deployments"),
        ("core/v1/namespaces/a/pods/b/log", "namespace=a resource=pods name=b subresource=log"),
        (
            "core/v1/namespaces/a/pods/b/proxy/x",
            "namespace=a resource=pods name=b subresource=proxy",
        ),
        ("rbac/v1/clusterroles/admin", "resource=clusterroles name=admin"),
        ("core/v1/namespaces/a", "resource=namespaces name=a"),
        ("core/v1/nodes/n1/proxy", "resource=nodes name=n1 subresource=proxy"),
        ("core/v1/nodes/n1/proxy/metrics", "resource=nodes name=n1 subresource=proxy"),
        ("core/v1/nodes", None),
        ("", None),
    ],
)
def test_the_name_of_a_resource_says_which_object(name: str, expected: str | None) -> None:
    (event,), _ = read(entry(resourceName=name))
    assert event.data["requestURI"] == f"/{name}"
    found = event.data.get("objectRef")
    if found is not None:
        assert [found.pop("apiGroup"), found.pop("apiVersion")] == name.split("/")[:2]
        found = " ".join(f"{member}={value}" for member, value in found.items())
    assert found == expected


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("io.k8s.core.v1.pods.create", "pods/b", (201, "Created", "ResponseComplete")),
        ("io.k8s.core.v1.pods.delete", "pods/b", (200, "OK", "ResponseComplete")),
        (
            "io.k8s.core.v1.pods.exec.create",
            "pods/b/exec",
            (101, "Switching Protocols", "ResponseStarted"),
        ),
        (
            "io.k8s.core.v1.pods.attach.get",
            "pods/b/attach",
            (101, "Switching Protocols", "ResponseStarted"),
        ),
        (
            "io.k8s.core.v1.pods.eviction.create",
            "pods/b/eviction",
            (201, "Created", "ResponseComplete"),
        ),
    ],
)
def test_the_outcome_is_inferred(method: str, name: str, expected: tuple[int, str, str]) -> None:
    found = entry(methodName=method, resourceName=f"core/v1/namespaces/a/{name}")
    (event,), _ = read(found)
    status = event.data["responseStatus"]
    code, reason, stage = expected
    assert status == {"code": code, "reason": f"{reason} (inferred)"}
    level = "Request" if code == 101 else "RequestResponse"
    assert (event.data["stage"], event.data["level"]) == (stage, level)
    assert event.data["verb"] == method.rsplit(".")[-1]


@pytest.mark.parametrize(
    ("changed", "reason", "report"),
    [
        ({"logName": "projects/p/logs/events"}, "other_log", "the entry is of another log: "),
        (
            {"resource": {"type": "gce_instance"}},
            "other_log",
            "the entry is about no cluster, but ",
        ),
        ({"resource": None}, "other_log", "the entry is about no cluster, but about None"),
        (
            {"protoPayload": None, "textPayload": "x"},
            "other_log",
            "the entry's payload is no audit",
        ),
        (
            {"protoPayload": {**PAYLOAD, "serviceName": "container.googleapis.com"}},
            "other_log",
            "the entry is of another service: 'container",
        ),
        ({"receiveTimestamp": None}, "no_time", "receiveTimestamp is missing or no text"),
        ({"receiveTimestamp": "now"}, "bad_time", "receiveTimestamp is no RFC 3339 time: 'now'"),
    ],
)
def test_entries_of_something_else_are_counted(
    changed: dict[str, Any], reason: str, report: str
) -> None:
    events, rejected = outcome([ENTRY, {**ENTRY, **changed}, ENTRY])
    assert len(events) == 2
    assert [found for found, _ in rejected] == [reason]
    assert rejected[0][1].startswith(report)


def test_both_logs_of_an_audit_are_read() -> None:
    log = "projects/shop/logs/cloudaudit.googleapis.com%2Fdata_access"
    assert len(outcome({**ENTRY, "logName": log})[0]) == 1


@given(
    st.dictionaries(st.sampled_from(sorted(PAYLOAD)[1:]), json_values, max_size=3),
    st.dictionaries(st.sampled_from(["insertId", "labels", "resource"]), json_values, max_size=2),
)
def test_odd_entries_are_read_or_counted(payload: dict[str, Any], other: dict[str, Any]) -> None:
    events, rejected = outcome({**entry(**payload), **other})
    assert len(events) + len(rejected) == 1


def test_rules_know_the_cluster() -> None:
    rule = compile_condition(
        "ka.cluster.name = prod and ka.target.resource = pods",
        SOURCES["k8s_audit"],
        "%ka.cluster.name %ka.user.name %ka.response.code %ka.sourceips %ka.auth.decision",
    )
    matcher = execute(rule.code).matcher("k8s_audit")
    for form in (ENTRY, json.dumps(ENTRY).encode()):
        (alert,) = matcher(form)
        assert alert.message == "prod mia@example.com 201 (10.0.0.7) allow"
