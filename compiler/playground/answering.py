"""What the page is told: what is wrong, which events alert, why, and the code."""

from time import perf_counter
from typing import Any, Final

import msgspec

from rulec.diagnostics import printable
from rulec.playground import events as pane
from rulec.playground.explaining import explained
from rulec.playground.loaded import Loaded, load, told
from rulec.playground.model import Question
from rulec.runtime.alert import Alert
from rulec.runtime.encoding import sanitised
from rulec.runtime.rendering import shown
from rulec.runtime.sources import EventSource

# How many alerts are told.
MOST_ALERTS: Final = 500

Answer = dict[str, Any]


def answer(question: Question) -> bytes:
    """Return the answer to a question, as JSON."""
    begun = perf_counter()
    loaded = load(question.files, question.rule_matching)
    found: Answer = {
        "sources": list(loaded.sources),
        "loads": loaded.ruleset is not None,
        "diagnostics": told(loaded.diagnostics),
        "diagnostics_in_all": len(loaded.diagnostics),
        "rules": [
            {
                "name": rule.name,
                "source": rule.source,
                "priority": rule.priority,
                "file": rule.span.file,
                "line": rule.span.position[0],
            }
            for rule in loaded.rules
        ],
        **_matched(question, loaded),
    }
    found["code"] = _code(question, loaded, found.get("rule"))
    found["milliseconds"] = round((perf_counter() - begun) * 1000, 1)
    return msgspec.json.encode(_clean(found))


def _matched(question: Question, loaded: Loaded) -> Answer:
    """Return what the events are, and what the rules make of them."""
    source, trouble = _source(question, loaded)
    read = pane.read(question.event, source)
    found: Answer = {
        "source": None if source is None else source.name,
        "trouble": trouble,
        "mistakes": [
            {"line": each.line, "column": each.column, "message": printable(each.message)}
            for each in read.mistakes
        ],
        "more": read.more,
    }
    alerts: list[Answer] = []
    raised = [0] * len(read.found)
    if source is not None and loaded.ruleset is not None:
        match = loaded.ruleset.matcher(source.name).match
        places = {rule.name: rule.span for rule in loaded.rules}
        for number, each in enumerate(read.found):
            for alert in match(each.event):
                raised[number] += 1
                if len(alerts) < MOST_ALERTS:
                    place = places[alert.rule]
                    where = {"file": place.file, "line": place.position[0]}
                    alerts.append({"event": number, **_alert(alert), **where})
    at = _chosen(question, raised)
    found |= {
        "events": [
            {"line": each.line, "what": printable(pane.summary(each.event)), "alerts": count}
            for each, count in zip(read.found, raised, strict=True)
        ],
        "alerts": alerts,
        "alerts_in_all": sum(raised),
        "at": at,
        "rule": None,
        "verdicts": [],
        "complete": True,
        "explanation": None,
        "remedy": None,
    }
    if at is not None and source is not None and loaded.ruleset is not None:
        found |= explained(loaded, read.found[at], question.event, source, question.rule)
    elif loaded.rules:
        names = [rule.name for rule in loaded.rules]
        found["rule"] = question.rule if question.rule in names else names[0]
    return found


def _source(question: Question, loaded: Loaded) -> tuple[EventSource | None, str | None]:
    """Return the source of the event, or what there is to say if it is not known."""
    if question.source:
        source = loaded.sources.get(question.source)
        return source, None if source else f"there is no event source {question.source!r}"
    if not question.event.strip():
        return None, None
    found = pane.source_of(question.event, loaded.candidates())
    if not isinstance(found, str):
        return found, None
    # As long as nothing can be matched, it does not matter what the event would be.
    return None, found if loaded.rules else None


def _chosen(question: Question, raised: list[int]) -> int | None:
    """Return the number of the event that is looked at; None if there is no event."""
    if question.at is not None and 0 <= question.at < len(raised):
        return question.at
    alerting = (number for number, count in enumerate(raised) if count)
    return next(alerting, 0) if raised else None


def _alert(alert: Alert) -> Answer:
    return {
        "rule": alert.rule,
        "priority": alert.priority,
        "text": alert.text(),
        "message": printable(alert.message),
        "tags": list(alert.tags),
        "fields": [
            {"name": name, "value": printable(shown(value)), "absent": value is None}
            for name, value in alert.output_fields.items()
        ],
        "json": alert.json(),
    }


def _code(question: Question, loaded: Loaded, rule: str | None) -> Answer | None:
    if question.whole and loaded.code:
        return {"rule": None, "text": loaded.code}
    if rule is None or all(each.name != rule for each in loaded.rules):
        return None
    return {"rule": rule, "text": loaded.code_of(rule)}


def _clean(value: Any) -> Any:
    """Return a value without bytes that are no UTF-8, which JSON cannot have."""
    match value:
        case str():
            return sanitised(value)
        case dict():
            return {_clean(key): _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
        case _:
            return value
