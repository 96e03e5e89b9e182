"""A profile as JSON, for programs: the keys are stable."""

from typing import Any

import msgspec

from rulec.profile.advice import advise
from rulec.profile.evidence import Advice
from rulec.profile.results import GateProfile, Part, Profile, RuleProfile
from rulec.runtime.encoding import sanitised
from rulec.text import Span
from rulec.written import written


def document(profile: Profile) -> str:
    """Return a profile and what it advises as one line of JSON."""
    found = {
        "source": profile.source,
        "events": profile.events,
        "alerts": profile.alerts,
        "skipped": dict(profile.skipped),
        "unreadable": list(map(sanitised, profile.unreadable)),
        "time_ns": profile.nanoseconds,
        "gate": None if profile.gate is None else _gate(profile.gate),
        "rules": [_rule(rule, profile) for rule in profile.rules],
        "advice": [_advice(advice) for advice in advise(profile)],
    }
    return msgspec.json.encode(found).decode()


def _gate(gate: GateProfile) -> dict[str, Any]:
    return {
        "keys": list(gate.names),
        "closed": gate.closed,
        "distinct": gate.distinct,
        "time_ns": gate.nanoseconds,
    }


def _rule(rule: RuleProfile, profile: Profile) -> dict[str, Any]:
    return {
        "rule": sanitised(rule.name),
        **_place(rule.span),
        "gate": None if rule.gate is None else sanitised(written(rule.gate)),
        "open": rule.open,
        "evaluations": rule.evaluations,
        "matches": rule.matches,
        "time_ns": rule.nanoseconds,
        "time_share": round(profile.share(rule), 6),
        "body": _part(rule.body),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "condition": sanitised(part.text),
        **_place(part.span),
        "evaluations": part.evaluations,
        "true": part.true,
        "time_ns": part.nanoseconds,
        "parts": [_part(each) for each in part.parts],
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "kind": advice.kind,
        "rule": sanitised(advice.rule),
        **_place(advice.span),
        "message": sanitised(advice.message),
        "hint": sanitised(advice.hint),
        "evidence": dict(advice.evidence),
    }


def _place(span: Span) -> dict[str, Any]:
    line, column = span.position
    return {"file": sanitised(span.file), "line": line, "column": column}
