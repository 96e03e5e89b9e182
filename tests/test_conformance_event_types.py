"""Recorded cases about the types of events that conditions are about."""

import pytest
from conformance import cases, report

from rulec.diagnostics import ProblemError
from rulec.event_types import ALL, EventTypes, event_types
from rulec.parse import parse_condition
from rulec.text import Text

pytestmark = pytest.mark.conformance


def inferred(condition: str) -> EventTypes | None:
    try:
        return event_types(parse_condition(Text.of(condition)))
    except ProblemError:
        return None


def expected(case: dict[str, object]) -> EventTypes | None:
    match case.get("event_types"):
        case "ALL":
            return ALL
        case list(names):
            return EventTypes(frozenset(names))
        case {"not": names}:
            return EventTypes(frozenset(names), True)
    return inferred(str(case["same_event_types_as"]))


def test_event_types() -> None:
    passed = total = 0
    for case in cases("language/evttypes.jsonl"):
        found = inferred(case["condition"])
        total += 1
        agrees = (found is not None) is case["ok"] if "ok" in case else found == expected(case)
        passed += agrees
        if not agrees:
            print(case, found)
    report("event types", passed, total)
