"""A difference as JSON, for programs: the keys are stable."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rulec.difference.causes import Cause
from rulec.difference.parts import Part
from rulec.difference.rules import ConditionChange, RuleChange
from rulec.difference.verdicts import Replay, Verdict
from rulec.runtime.clock import date_time_utc
from rulec.runtime.encoding import sanitised
from rulec.text import Span


def document(changes: Sequence[RuleChange], replay: Replay | None) -> str:
    """Return what differs as one line of JSON."""
    found: dict[str, Any] = {"rules": [_rule(change) for change in changes]}
    if replay is not None:
        found["log"] = _log(replay)
    return msgspec.json.encode(_clean(found)).decode()


def _rule(change: RuleChange) -> dict[str, Any]:
    move = change.move
    return {
        "rule": change.name,
        "source": change.source,
        "fate": change.fate.value,
        "was": change.was or None,
        "enabled": change.runs,
        "matters": change.matters,
        **_place(change.span),
        "condition": None if change.condition is None else _condition(change.condition, change),
        "attributes": {each.name: {"old": each.old, "new": each.new} for each in change.attributes},
        "hidden": change.hidden or None,
        "moved": None if move is None else {"before": move.before, "after": move.after},
    }


def _condition(condition: ConditionChange, change: RuleChange) -> dict[str, Any]:
    return {
        "relation": condition.relation.value,
        "never": condition.never,
        "parts": [_part(part, change.span) for part in condition.parts],
        "causes": [_cause(cause) for cause in condition.causes],
    }


def _part(part: Part, rule: Span) -> dict[str, Any]:
    return {
        "change": "added" if part.added else "removed",
        "condition": part.text,
        "effect": {True: "wider", False: "narrower", None: None}[part.widens],
        **_place(part.span if part.span.text.pieces else rule),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "name": cause.name,
        **_place(cause.span),
        "added": [{"item": name, **_place(span)} for name, span in cause.added],
        "removed": [{"item": name, **_place(span)} for name, span in cause.removed],
    }


def _log(found: Replay) -> dict[str, Any]:
    return {
        "events": found.events,
        "changed": found.changed,
        "kept": found.kept,
        "rules": {
            name: {"gone": found.gone[name], "new": found.new[name]}
            for name in sorted({*found.gone, *found.new})
        },
        "verdicts": [_verdict(verdict) for verdict in found.verdicts],
        "skipped": dict(found.skipped),
        "unreadable": found.unreadable,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "source": verdict.source,
        "number": verdict.number,
        "id": verdict.id or None,
        "time": date_time_utc(verdict.time),
        "gone": verdict.gone,
        "new": verdict.new,
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.position[0]}


def _clean(value: Any) -> Any:
    """Return a value without bytes that are no UTF-8, which JSON cannot have."""
    match value:
        case str():
            return sanitised(value)
        case dict():
            return {sanitised(key): _clean(each) for key, each in value.items()}
        case list() | tuple():
            return list(map(_clean, value))
        case _:
            return value
