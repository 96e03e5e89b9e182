"""Lints about rules that look for something where the object of a request has nothing."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from rulec.cluster.facts import ABSENT, RESOURCE, SUBRESOURCE, VERB, Exactly
from rulec.gates import place
from rulec.lint.kubernetes import (
    BODILESS,
    CODE,
    DELETING,
    OF_PODS,
    REQUEST,
    SESSIONS,
    SPEC,
    TEMPLATES,
    Path,
)
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import (
    NEVER,
    AuditRule,
    Facts,
    audit_rules,
    constants,
    listed,
    named,
    of,
    paths_of,
    reads_below,
    resources_of,
    signed,
    without,
    without_tests,
)
from rulec.nodes import Condition, Loaded, Test
from rulec.places import loaded_by
from rulec.runtime.fields import field_text
from rulec.text import Span


def absent_body(subject: Subject) -> Iterator[Finding]:
    """Find verbs, and parts of pods, whose requests have no object, in rules that need one."""
    for rule in audit_rules(subject):
        verbs = [
            verb
            for verb in named(rule.condition, VERB)
            if verb in (*BODILESS, *DELETING) and _needs(rule, {VERB: Exactly(verb)})
        ]
        parts = [
            name
            for name in named(rule.condition, SUBRESOURCE)
            if name in SESSIONS and _needs(rule, {SUBRESOURCE: Exactly(name)})
        ]
        for names, what in ((verbs, "verb"), (parts, "subresource")):
            if names:
                test = _first_below(rule.condition, (REQUEST,))
                message = (
                    f"rule {rule.name!r} never matches requests with {what} {listed(names)}:"
                    f" they have no object for {_text_of(test)}"
                )
                yield Finding(message, test.span, "ask for it with other verbs only", rule.name)


def _needs(rule: AuditRule, facts: Facts) -> bool:
    """Return whether a rule may match such requests if they have an object, and only then."""
    left = of(rule.condition, facts)
    return left != NEVER and without(left, (REQUEST,)) == NEVER


def _first_below(condition: Condition, places: tuple[Path, ...]) -> Test:
    return next(test for test, _ in signed(condition) if reads_below(test, places))


def _text_of(test: Test, places: tuple[Path, ...] = (REQUEST,)) -> str:
    """Return the field of a test that is about one of the places, as it is written."""
    for loaded in loaded_by(test):
        if any(path[: len(each)] == each for path in paths_of(loaded) for each in places):
            return field_text(loaded.field, loaded.argument)
    raise AssertionError("the test was chosen for reading there")


def workload_fields(subject: Subject) -> Iterator[Finding]:
    """Find fields of pods in rules about the objects that make pods."""
    for rule in audit_rules(subject):
        names = [name for name in resources_of(rule) if name in TEMPLATES]
        lost: dict[Span, tuple[Test, list[str]]] = {}
        for name in names:
            left = of(rule.condition, {RESOURCE: Exactly(name), SUBRESOURCE: ABSENT})
            for test, _ in signed(left):
                if reads_below(test, OF_PODS):
                    lost.setdefault(test.span, (test, []))[1].append(name)
        for test, resources in lost.values():
            where = TEMPLATES[resources[0]]
            message = f"{_text_of(test, OF_PODS)} has no value for {listed(resources)}"
            hint = f"their pod is in the template: jevt.value[/requestObject{where}/...]"
            yield Finding(message, test.span, hint, rule.name)


# --- what a patch has ------------------------------------------------------------------------


def patch_body(subject: Subject) -> Iterator[Finding]:
    """Find rules that look into the object of patches, which have what is changed and no more."""
    for rule in audit_rules(subject):
        if "patch" not in named(rule.condition, VERB):
            continue
        # What is answered with 201 is server-side apply, and has the whole object.
        left = of(rule.condition, {VERB: Exactly("patch"), CODE: Exactly("200")})
        inside = [test for test, _ in signed(left) if _is_inside(test)]
        if inside and without_tests(left, _is_inside) == NEVER:
            test = inside[0]
            text = _text_of(test)
            message = f"{text} of a patch has what is changed, and of a JSON patch nothing"
            hint = "what comes of it is in jevt.value[/responseObject/...]"
            yield Finding(message, test.span, hint, rule.name)


def _is_inside(test: Test) -> bool:
    """Return whether a test is about a member of the object, and not about all of it as a text."""
    paths = [path for loaded in loaded_by(test) for path in paths_of(loaded)]
    return any(path[:1] == REQUEST and len(path) > 1 for path in paths)


# --- what is left out ------------------------------------------------------------------------


class Default(NamedTuple):
    """What holds where an object leaves something out, and how to ask for it."""

    value: str
    instead: str


_DEFAULTS: Final[Mapping[str, Default]] = {
    "privileged": Default("false", "not ... intersects (true)"),
    "read_only_fs": Default("false", "not ... in (true)"),
    "allow_privilege_escalation": Default("true", "not ... in (false)"),
    "host_ipc": Default("false", "not ... = true"),
    "host_network": Default("false", "not ... = true"),
    "host_pid": Default("false", "not ... = true"),
}
_BY_PATH: Final[Mapping[Path, Default]] = {
    (*SPEC, "hostIPC"): _DEFAULTS["host_ipc"],
    (*SPEC, "hostNetwork"): _DEFAULTS["host_network"],
    (*SPEC, "hostPID"): _DEFAULTS["host_pid"],
    (*SPEC, "automountServiceAccountToken"): Default("true", "not ... = false"),
}


def default_value(subject: Subject) -> Iterator[Finding]:
    """Find tests for a value that nobody writes, because it is the one by default."""
    for rule in audit_rules(subject):
        for test, positive in signed(rule.condition):
            default = _default_of(test)
            if default is None or not positive or not _asks_for(test, default.value):
                continue
            text = _text_of(test)
            message = (
                f"{text} has no value where it is left out, which means {default.value}:"
                f" rule {rule.name!r} does not match then"
            )
            yield Finding(message, test.span, f"write {default.instead}", rule.name)


def _default_of(test: Test) -> Default | None:
    value = test.value
    if not isinstance(value, Loaded):
        return None
    name = value.field.name
    if name.startswith("ka.req.pod."):
        return _DEFAULTS.get(name.rpartition(".")[2])
    return _BY_PATH.get(place(value))


def _asks_for(test: Test, value: str) -> bool:
    texts = constants(test)
    match test.operator:
        case "=" | "in" | "intersects":
            return value in texts
        case "!=":
            return value not in texts
        case _:
            return False
