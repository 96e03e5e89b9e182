"""Recorded verdicts of single conditions: operators, transformers, comparisons."""

from collections import Counter
from typing import Any

import pytest
from compiling import compile_condition
from conformance import cases, report
from reference import holds
from synthetic import SOURCE, document

from rulec.diagnostics import ProblemError
from rulec.runtime.events import Event
from rulec.runtime.sources import SOURCES

pytestmark = pytest.mark.conformance


def verdict(case: dict[str, Any]) -> str | None:
    """Return what is wrong with our answer to a case; None if nothing is."""
    try:
        compiled = compile_condition(case["condition"], SOURCE)
    except ProblemError as error:
        if case["expect_compile"]:
            return f"refused: {error.problem.kind}"
        if "error_kind" in case and error.problem.kind != case["error_kind"]:
            return f"{error.problem.kind} instead of {case['error_kind']}"
        return None
    if not case["expect_compile"]:
        return f"accepted instead of {case.get('error_kind')}"
    if "expect" in case:
        event = Event(document(case["fields"]), 0)
        if compiled.matches(event) is not case["expect"]:
            return f"not {case['expect']}"
        if holds(compiled.parsed, event, SOURCE) is not case["expect"]:
            return "the reference interpreter differs"
    found = sorted(warning.kind for warning in compiled.warnings)
    if "warnings" in case and found != sorted(case["warnings"]):
        return f"warnings {found} instead of {case['warnings']}"
    return None


@pytest.mark.parametrize("name", ["operators", "transformers"])
def test_conditions(name: str) -> None:
    passed, quirks, complaints = 0, Counter[bool](), []
    expected = list(cases(f"language/{name}.jsonl"))
    for case in expected:
        complaint = verdict(case)
        if "quirk" in case:
            quirks[complaint is None] += 1
            continue
        passed += complaint is None
        if complaint is not None:
            complaints.append(f"{case['id']} {case['condition']!r} {case['fields']}: {complaint}")
    print("\n".join(complaints))
    report(name, passed, len(expected) - quirks.total())


def test_comparisons_of_audit_fields() -> None:
    passed, total = 0, 0
    for case in cases("k8s_audit/compare.jsonl"):
        values = [f'"{value}"' if value else '""' for value in case["values"]]
        match case["op"]:
            case "exists":
                operand = ""
            case "in" | "intersects" | "pmatch":
                operand = f"({', '.join(values)})"
            case _:
                operand = values[0]
        condition = f"{case['field']} {case['op']} {operand}"
        compiled = compile_condition(condition, SOURCES["k8s_audit"])
        (event,), _ = SOURCES["k8s_audit"].documents.read(case["event"])
        answers = {
            compiled.matches(event),
            holds(compiled.parsed, event, SOURCES["k8s_audit"]),
        }
        total += 1
        if answers == {case["expect"]}:
            passed += 1
        else:
            print(case["id"], condition, answers, case)
    report("k8s_audit: compare", passed, total)
