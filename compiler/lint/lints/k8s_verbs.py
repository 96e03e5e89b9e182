"""Lints about verbs that a rule forgets."""

from collections.abc import Iterator, Sequence

from rulec.cluster.facts import RESOURCE, SUBRESOURCE, VERB, Exactly
from rulec.lint.kubernetes import (
    CODE,
    LASTING,
    NOT_KEPT,
    PROXY_VERBS,
    REQUEST,
    SESSION_VERBS,
    SESSIONS,
)
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import (
    NEVER,
    AuditRule,
    Facts,
    audit_rules,
    listed,
    named,
    of,
    part,
    resources_of,
    told_elsewhere,
    verbs_of,
    whole,
)


def update_without_patch(subject: Subject) -> Iterator[Finding]:
    """Find rules about changes that forget most of them."""
    rules = audit_rules(subject)
    for rule in rules:
        named_here = named(rule.condition, VERB)
        verbs = verbs_of(rule.condition)
        if "update" not in named_here or "patch" in verbs:
            continue
        if _is_told_elsewhere(rule, rules, "update", "patch"):
            continue
        message = f"rule {rule.name!r} sees changes by update, and not by patch"
        hint = "kubectl apply, edit, patch, label and annotate send patches: add patch"
        yield Finding(message, rule.span_about(VERB), hint, rule.name)


def server_side_apply(subject: Subject) -> Iterator[Finding]:
    """Find rules that look into new objects, and do not see those that are applied."""
    for rule in _of_new_objects(subject):
        if rule.asks(REQUEST):
            message = (
                f"rule {rule.name!r} does not see objects that server-side apply makes:"
                " their verb is patch"
            )
            yield Finding(message, rule.span_about(VERB), _APPLIED, rule.name)


def create_only(subject: Subject) -> Iterator[Finding]:
    """Find rules that tell of new objects, but for those that are applied."""
    for rule in _of_new_objects(subject):
        if not rule.asks(REQUEST):
            message = (
                f"rule {rule.name!r} does not tell of objects that server-side apply makes:"
                " their verb is patch"
            )
            yield Finding(message, rule.span_about(VERB), _APPLIED, rule.name)


_APPLIED = "such a patch is answered with 201: or ka.verb = patch and ka.response.code = 201"


def _of_new_objects(subject: Subject) -> Iterator[AuditRule]:
    """Yield the rules about new objects that do not see those that are made with a patch."""
    rules = audit_rules(subject)
    for rule in rules:
        if "create" not in named(rule.condition, VERB):
            continue
        if {"update", "patch"} & {*verbs_of(rule.condition)}:
            continue
        kept = [name for name in resources_of(rule) if name not in NOT_KEPT]
        if any(_is_untold(rule, rules, name) for name in kept):
            yield rule


def _is_untold(rule: AuditRule, rules: Sequence[AuditRule], resource: str) -> bool:
    created = {**whole(resource, "create"), CODE: Exactly("201")}
    applied = {**whole(resource, "patch"), CODE: Exactly("201")}
    may = of(rule.condition, created) != NEVER
    return may and not told_elsewhere(rule, created, rules, applied)


def _is_told_elsewhere(rule: AuditRule, rules: Sequence[AuditRule], verb: str, other: str) -> bool:
    """Return whether another rule tells of the same with another verb, of all that is named."""
    resources = resources_of(rule)
    kinds: list[Facts] = [{RESOURCE: Exactly(name)} for name in resources] or [{}]
    return all(
        told_elsewhere(rule, {**kind, VERB: Exactly(verb)}, rules, {**kind, VERB: Exactly(other)})
        for kind in kinds
    )


def session_verbs(subject: Subject) -> Iterator[Finding]:
    """Find rules about sessions in pods that see only one way to open them."""
    rules = audit_rules(subject)
    for rule in rules:
        found: dict[tuple[str, ...], list[str]] = {}
        for name in named(rule.condition, SUBRESOURCE) if rule.asks(VERB) else ():
            missing = _missing(rule, rules, name)
            if missing:
                found.setdefault(missing, []).append(name)
        for verbs, names in found.items():
            yield _one_way(rule, names, verbs)


def _missing(rule: AuditRule, rules: Sequence[AuditRule], name: str) -> tuple[str, ...]:
    """Return the verbs with which nobody sees requests that a rule sees with others."""
    wanted = SESSION_VERBS if name in SESSIONS else PROXY_VERBS if name == "proxy" else ()
    resources = [
        each for each in LASTING.get(name, ()) if rule.may_match({RESOURCE: Exactly(each)})
    ]
    seen = [verb for verb in wanted if _sees(rule, resources, name, verb)]
    return tuple(
        verb
        for verb in wanted
        if seen
        and verb not in seen
        and not any(
            told_elsewhere(rule, part(each, name, seen[0]), rules, part(each, name, verb))
            for each in resources
        )
    )


def _sees(rule: AuditRule, resources: Sequence[str], name: str, verb: str) -> bool:
    return any(rule.may_match(part(each, name, verb)) for each in resources)


def _one_way(rule: AuditRule, names: Sequence[str], missing: tuple[str, ...]) -> Finding:
    message = f"rule {rule.name!r} does not see {listed(names)} with verb {listed(missing)}"
    hint = "what is passed on may be asked with any verb: leave the verb out"
    if names[0] in SESSIONS:
        newer = missing == ("get",)
        client = "newer" if newer else "older"
        way = "a WebSocket, which is opened with get" if newer else "SPDY, with create"
        hint = f"{client} clients use {way}: ask for create and get"
    return Finding(message, rule.span_about(VERB), hint, rule.name)
