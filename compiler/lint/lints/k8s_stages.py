"""Lints about the stages of a request at which a rule alerts."""

from collections.abc import Iterator

from rulec.cluster.facts import ABSENT, OBJECT, RESOURCE, STAGE, SUBRESOURCE, VERB, Exactly, given
from rulec.lint.kubernetes import LASTING, NOT_YET, SESSIONS
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import (
    NEVER,
    AuditRule,
    Facts,
    audit_rules,
    listed,
    named,
    of,
    stages_of,
    without,
)
from rulec.nodes import Condition

_RECEIVED = "RequestReceived"
_STARTED = "ResponseStarted"
_COMPLETE = "ResponseComplete"


def stage_missing(subject: Subject) -> Iterator[Finding]:
    """Find rules that alert more than once of the same request."""
    # Most policies omit RequestReceived: only what is known of one is told.
    omitted = frozenset({_RECEIVED}) if subject.policy is None else subject.policy.omitted
    for rule in audit_rules(subject):
        if rule.asks(STAGE):
            continue
        stages = [_RECEIVED] if without(rule.condition, NOT_YET) != NEVER else []
        stages += [_STARTED] if _names_lasting(rule.condition) else []
        stages = [stage for stage in [*stages, _COMPLETE] if stage not in omitted]
        if len(stages) < 2:
            continue
        message = f"rule {rule.name!r} may alert of one request at {listed(stages)}"
        hint = "begin it with ka.stage = ResponseComplete, or ResponseStarted for what lasts"
        yield Finding(message, rule.span, hint, rule.name)


def _lasting() -> Iterator[Facts]:
    for name, resources in LASTING.items():
        for resource in resources:
            yield {RESOURCE: Exactly(resource), SUBRESOURCE: Exactly(name)}
    yield {VERB: Exactly("watch")}


def _may_be_lasting(condition: Condition) -> bool:
    return any(of(condition, facts) != NEVER for facts in _lasting())


def _names_lasting(condition: Condition) -> bool:
    """Return whether a rule names requests that last, and may match them."""
    names = named(condition, SUBRESOURCE)
    parts = (facts for facts in _lasting() if getattr(facts.get(SUBRESOURCE), "text", "") in names)
    return "watch" in named(condition, VERB) or any(of(condition, each) != NEVER for each in parts)


def stage_never(subject: Subject) -> Iterator[Finding]:
    """Find rules that wait for a stage that such requests never reach."""
    for rule in audit_rules(subject):
        if not rule.asks(STAGE):
            continue
        stages = stages_of(rule.condition)
        reached = [stage for stage in stages if _is_reached(rule, stage)]
        if stages and not reached:
            message = f"rule {rule.name!r} never matches: {_reason(stages[0])}"
            hint = "most requests are told of at ResponseComplete"
            yield Finding(message, rule.span_about(STAGE), hint, rule.name)


def _is_reached(rule: AuditRule, stage: str) -> bool:
    left = given(rule.condition, STAGE, Exactly(stage))
    if stage == _RECEIVED:
        return without(left, NOT_YET) != NEVER
    if stage == _STARTED:
        return _may_be_lasting(left) or given(left, OBJECT, ABSENT) != NEVER
    return True


def _reason(stage: str) -> str:
    if stage == _STARTED:
        return "only watches, logs, and sessions such as exec have the stage ResponseStarted"
    return "at RequestReceived there is no object, no decision and no response yet"


def stage_late(subject: Subject) -> Iterator[Finding]:
    """Find rules about sessions that alert when these are over."""
    for rule in audit_rules(subject):
        late = [
            name
            for name in named(rule.condition, SUBRESOURCE)
            if name in SESSIONS and _is_late(given(rule.condition, SUBRESOURCE, Exactly(name)))
        ]
        if late:
            message = f"rule {rule.name!r} tells of {listed(late)} when the session is over"
            hint = "ask for the stage ResponseStarted (code 101)"
            yield Finding(message, rule.span_about(STAGE), hint, rule.name)


def _is_late(condition: Condition) -> bool:
    stages = stages_of(condition)
    return _COMPLETE in stages and _STARTED not in stages and _RECEIVED not in stages
