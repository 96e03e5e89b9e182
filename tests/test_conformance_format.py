"""Recorded outputs: the text of alerts, their fields, their JSON."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from compiling import alert_of
from conformance import cases, report

from rulec.diagnostics import ProblemError
from rulec.runtime.alert import Alert

pytestmark = pytest.mark.conformance

Case = dict[str, Any]


@contextmanager
def zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def check_template(case: Case) -> str | None:
    """Text and fields of a format, as far as alerts have them (they show all that is missing)."""
    try:
        alert = alert_of(case["format"], case["fields"])
    except ProblemError as error:
        return f"refused: {error.problem.message}" if case["ok"] else None
    if not case["ok"]:
        return "accepted"
    if case["text_complete"] and alert.message != case["text"]:
        return f"text {alert.message!r}"
    if case["json_complete"] and not case["resolve_transformed"]:
        found = json.loads(alert.json())["output_fields"]
        del found["evt.time"]
        if found != (json.loads(case["json"]) or {}):
            return f"fields {found}"
    return None


def check_alert(case: Case) -> str | None:
    cfg = case["cfg"]
    extra = [
        key if is_raw else {key: form} for key, (form, is_raw) in case.get("extra", {}).items()
    ]
    with zone(case["tz"]):
        alert = alert_of(
            case["output"],
            case["fields"],
            time=case["ts"],
            rule=case["rule"],
            priority=case["priority"],
            tags=tuple(case["tags"]),
            hostname=case["hostname"],
            iso8601=cfg.get("iso8601", False),
            extra_fields=extra,
        )
        return None if rendered(alert, case) else f"{alert.json()} {alert.text(escape=False)!r}"


def rendered(alert: Alert, case: Case) -> bool:
    if not case["json"]:
        return alert.text(escape=False) == case["expect_text"]
    cfg = {f"include_{key}": value for key, value in case["cfg"].items() if key != "iso8601"}
    line = alert.json(**cfg)
    return line == case["expect_json_line"] and json.loads(line) == case["expect_json"]


def check(case: Case) -> str | None:
    match case["kind"]:
        case "field_format":
            return check_template(case)
        case "alert":
            return check_alert(case)
        case _:
            return None  # an example for people


# What we do differently on purpose, with the reason.
DECIDED = {
    "alert-011": "the length of a text is shown as a number",
    "alert-012": "the length of a text is shown as a number",
    "fmt-0135": "lists are not cut at 1023 bytes",
}


def test_outputs() -> None:
    passed = total = 0
    for case in cases("language/format.jsonl"):
        if case["id"] in DECIDED:
            assert check(case) is not None, f"{case['id']} is as recorded: take it off the table"
            continue
        total += 1
        complaint = check(case)
        passed += complaint is None
        if complaint is not None:
            print(case["id"], complaint, json.dumps(case))
    report("format", passed, total)
