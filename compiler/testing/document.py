"""What came of tests, and what was measured, as JSON for programs."""

import json
from typing import Any

from rulec.diagnostics import Diagnostic
from rulec.testing.coverage import Coverage, PartCoverage, RuleCoverage
from rulec.testing.mutants import Mutant
from rulec.testing.mutation import Mutation
from rulec.testing.results import Came, Difference, Result, TestReport
from rulec.text import Span


def document(report: TestReport) -> str:
    """Return a report as JSON, on one line."""
    found: dict[str, Any] = {
        "passed": report.passed,
        "tests": [_result(result) for result in report.results],
        "mistakes": [_mistake(each) for each in report.diagnostics],
    }
    if report.coverage is not None:
        found["coverage"] = _coverage(report.coverage)
    if report.mutation is not None:
        found["mutation"] = _mutation(report.mutation)
    return json.dumps(found)


def _result(result: Result) -> dict[str, Any]:
    return {
        "file": result.suite,
        "line": result.line,
        "name": result.name,
        "status": result.status.value,
        "reason": result.reason,
        "events": result.events,
        "seconds": round(result.seconds, 6),
        "alerts": [_came(each) for each in result.came],
        "differences": [_difference(each) for each in result.differences],
    }


def _came(came: Came) -> dict[str, Any]:
    alert = json.loads(came.alert.json(include_output=False, include_message=True))
    return {came.unit: came.event, **alert}


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "expected": None if difference.expected is None else difference.expected.rule,
        "came": None if difference.came is None else difference.came.alert.rule,
        "details": list(difference.details),
        "why": list(difference.why),
        "text": list(difference.lines()),
    }


def _mistake(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "code": diagnostic.code,
        "kind": diagnostic.kind,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "outcomes": coverage.wanted,
        "seen": coverage.seen,
        "percent": float(coverage.percent),
        "rules": [_rule(rule) for rule in coverage.rules],
    }


def _rule(rule: RuleCoverage) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "source": rule.source,
        **_place(rule.span),
        "events": rule.events,
        "outcomes": rule.wanted,
        "seen": rule.seen,
        "parts": [_part(part) for part in rule.parts],
    }


def _part(part: PartCoverage) -> dict[str, Any]:
    return {
        "text": part.text,
        **_place(part.span),
        "true": part.true,
        "false": part.false,
        "proven": part.proven,
    }


def _mutation(mutation: Mutation) -> dict[str, Any]:
    return {
        "changes": len(mutation.tried),
        "noticed": mutation.noticed,
        "percent": float(mutation.percent),
        "equivalent": mutation.equivalent,
        "kinds": {
            kind: {"noticed": noticed, "changes": number}
            for kind, (noticed, number) in sorted(mutation.kinds.items())
        },
        "survivors": [_mutant(each) for each in mutation.survivors],
    }


def _mutant(mutant: Mutant) -> dict[str, Any]:
    return {
        "rule": mutant.rule,
        **_place(mutant.span),
        "kind": mutant.kind,
        "before": mutant.before,
        "after": mutant.after,
    }


def _place(span: Span) -> dict[str, Any]:
    line, column = span.position
    return {"file": span.file, "line": line, "column": column}
