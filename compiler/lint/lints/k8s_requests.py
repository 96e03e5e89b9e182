"""Lints about requests that a rule matches, or does not, against what it seems to say."""

from collections.abc import Iterator

from rulec.cluster.facts import ANOTHER, RESOURCE, SUBRESOURCE, USER, VERB, Begins, Exactly
from rulec.gates import place
from rulec.lint.kubernetes import (
    ACCOUNTS,
    CONTROLLER_USERS,
    OF_PODS,
    OFTEN,
    SPEC,
    TEMPLATES,
)
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import (
    NEVER,
    AuditRule,
    audit_rules,
    listed,
    named,
    of,
    part,
    reads_below,
    signed,
    whole,
    without,
)
from rulec.nodes import Loaded, Test


def subresources(subject: Subject) -> Iterator[Finding]:
    """Find rules about objects that match requests for parts of them, of which there are many."""
    for rule in audit_rules(subject):
        if rule.asks(SUBRESOURCE):
            continue
        resources = named(rule.condition, RESOURCE)
        verbs = named(rule.condition, VERB)
        found = [
            f"{resource}/{name}"
            for (resource, verb), names in OFTEN.items()
            if resource in resources and verb in verbs
            for name in names
            if _matches_part(rule, resource, name, verb)
        ]
        if found:
            parts = listed(dict.fromkeys(found))
            message = f"rule {rule.name!r} matches requests for {parts} as well"
            hint = "add: and not ka.target.subresource exists"
            yield Finding(message, rule.span_about(RESOURCE), hint, rule.name)


def _matches_part(rule: AuditRule, resource: str, name: str, verb: str) -> bool:
    left = of(rule.condition, part(resource, name, verb))
    # What updates a status is the object; the others have an object of their own.
    return left != NEVER and (name == "status" or without(left, (SPEC,)) != NEVER)


def controllers_excluded(subject: Subject) -> Iterator[Finding]:
    """Find rules about pods that leave out those who make most of them."""
    for rule in _of_pods_alone(subject):
        excluded = [
            user
            for user in CONTROLLER_USERS
            if not rule.may_match({**whole("pods", "create"), USER: Exactly(user)})
        ]
        if excluded and rule.may_match({**whole("pods", "create"), USER: ANOTHER}):
            kinds = _kinds(excluded)
            message = f"rule {rule.name!r} sees no pods of {kinds}: it leaves their controllers out"
            hint = "look at the template of these objects as well, or let their controllers in"
            yield Finding(message, rule.span_about(USER), hint, rule.name)


def workload_pods(subject: Subject) -> Iterator[Finding]:
    """Find rules about pods that name a controller instead of the user who is behind it."""
    for rule in _of_pods_alone(subject):
        if all(
            rule.may_match({**whole("pods", "create"), USER: Exactly(user)})
            for user in CONTROLLER_USERS
        ):
            message = (
                f"rule {rule.name!r} sees the pods of deployments, jobs and the like,"
                " but not who asked for them: the user is a controller"
            )
            hint = "look at the template of these objects as well"
            yield Finding(message, rule.span_about(RESOURCE), hint, rule.name)


def _of_pods_alone(subject: Subject) -> Iterator[AuditRule]:
    """Yield the rules that look into new pods, and into nothing that makes pods."""
    for rule in audit_rules(subject):
        left = of(rule.condition, whole("pods", "create"))
        looks = any(reads_below(test, OF_PODS) for test, _ in signed(left))
        if not looks or "pods" not in named(rule.condition, RESOURCE):
            continue
        if not any(rule.may_match({RESOURCE: Exactly(name)}) for name in TEMPLATES):
            yield rule


def _kinds(users: list[str]) -> str:
    """Return the objects whose controllers these are."""
    names = (user.rpartition(":")[2].removesuffix("-controller") for user in users)
    return listed([_OF_CONTROLLER[name] for name in names])


_OF_CONTROLLER = {
    "daemon-set": "daemon sets",
    "job": "jobs",
    "replicaset": "deployments",
    "replication": "replication controllers",
    "statefulset": "stateful sets",
}

# Names that are no longer than this leave all service accounts out.
_PREFIXES = tuple(ACCOUNTS[:length] for length in range(1, len(ACCOUNTS) + 1))


def service_accounts_excluded(subject: Subject) -> Iterator[Finding]:
    """Find rules that leave all service accounts out, with which every pod may ask."""
    for rule in audit_rules(subject):
        if rule.may_match({USER: Begins(ACCOUNTS)}) or not rule.may_match({USER: ANOTHER}):
            continue
        for test, positive in signed(rule.condition):
            match test:
                case Test(Loaded() as value, "startswith", operand) if (
                    place(value) == USER and not positive
                ):
                    prefix = getattr(operand, "value", "")
                    if prefix in _PREFIXES:
                        message = (
                            f"rule {rule.name!r} leaves out all service accounts,"
                            " which is what an attacker in a pod is"
                        )
                        hint = "leave out those that are known to do this"
                        span = test.span if rule.has_written(test.span) else rule.span
                        yield Finding(message, span, hint, rule.name)
                        break
                case _:
                    pass
