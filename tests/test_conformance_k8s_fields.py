"""Fields and documents of audit events, compared with what was recorded of Falco."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conformance import cases, folder, report

from rulec.runtime.clock import nanoseconds
from rulec.runtime.events import Event, EventError
from rulec.runtime.extract import extract
from rulec.runtime.fields import Argument, argument_problem
from rulec.runtime.sources.k8s_audit.documents import read
from rulec.runtime.sources.k8s_audit.fields import FIELDS

pytestmark = pytest.mark.conformance


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show local times in UTC, as the cases do."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def check(name: str, failed: list[str], total: int) -> None:
    """Print which cases failed, and report how many did not."""
    print(*failed, sep="\n")
    report(name, total - len(failed), total)


def event_of(document: dict[str, Any]) -> Event:
    """Make an event of a document; those of the json plugin's tests have no time."""
    stamp = document.get("stageTimestamp", "1970-01-01T00:00:00Z")
    moment = nanoseconds(stamp)
    assert moment is not None
    return Event(document, moment, audit=document if "auditID" in document else {})


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_single_fields() -> None:
    failed = []
    found = list(cases("k8s_audit/extract.jsonl"))
    for case in found:
        field, argument, event = FIELDS[case["field"]], case["arg"], event_of(case["event"])
        if argument_problem(field, argument):
            result: Any = {"load_error": True}
        else:
            result = plain(extract(field, argument, event))
        expected = case["expect"]
        if case["id"].startswith("json/rawtime"):
            expected = str(event.time)  # the file only describes it
        if result != expected:
            failed.append(f"{case['id']}: {result!r} is not {expected!r}")
    check("k8s_audit: extract", failed, len(found))


def test_all_fields_of_traces() -> None:
    failed = []
    found = list(cases("k8s_audit/extract_traces.jsonl"))
    fields = [
        field
        for field in FIELDS.values()
        if field.name.startswith("ka.") and field.argument in (Argument.NONE, Argument.INDEX)
    ]
    for case in found:
        lines = (folder() / "k8s_audit" / case["trace"]).read_bytes().splitlines()
        (event,), _ = read(lines[case["line"] - 1])
        values = {field.name: plain(extract(field, None, event)) for field in fields}
        present = {name: value for name, value in values.items() if value is not None}
        if present != case["expect"]:
            failed.append(f"{case['trace']}:{case['line']}")
    check("k8s_audit: extract_traces", failed, len(found))


ARGUMENTS = {
    "none": Argument.NONE,
    "index_optional": Argument.INDEX,
    "key_required": Argument.KEY,
}


def test_catalogue() -> None:
    found = list(cases("k8s_audit/fields.jsonl"))
    failed = []
    for case in found:
        field = FIELDS.get(case["name"])
        if field is None or (field.is_list, field.argument) != (
            case["list"],
            ARGUMENTS[case["arg"]],
        ):
            failed.append(case["name"])
    check("k8s_audit: fields", failed, len(found))


def test_catalogue_as_falco_lists_it() -> None:
    found = list(cases("describe/fields_k8s_audit.jsonl"))
    shown = {
        Argument.NONE: None,
        Argument.INDEX: {"required": False, "type": ["INDEX"]},
        Argument.KEY: {"required": True, "type": ["KEY"]},
    }
    failed = []
    for case in found:
        field = FIELDS.get(case["name"])
        expected = (case["type"], case["is_list"], case["argument"])
        if field is None or (field.type.name, field.is_list, shown[field.argument]) != expected:
            failed.append(case["name"])
    check("describe: fields of k8s_audit", failed, len(found))
    only_before = {"jevt.time", "jevt.time.iso8601"}
    assert set(FIELDS) - {case["name"] for case in found} == only_before


# Falco's plugin drops a whole array because of one unknown element; we drop the element.
BETTER = {"one_bad_document_in_array": 2}


def test_documents() -> None:
    found = list(cases("k8s_audit/documents.jsonl"))
    event = found[0]["payload"]
    failed = []
    for case in found:
        payload = case["payload"]
        if payload == "@repeat":
            payload = json.dumps({**json.loads(event), "pad": "x" * 262144})
        try:
            events, _ = read(payload.encode())
        except EventError:
            events = []
        if len(events) != BETTER.get(case["id"], case["plugin"]["events"]):
            failed.append(f"{case['id']}: {len(events)} events")
    check("k8s_audit: documents", failed, len(found))
