"""Lints about rules that see some containers of a pod, and not the others."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from rulec.lint.kubernetes import CONTAINERS, EPHEMERAL, INIT, LISTS, REQUEST, SPEC, Path
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import (
    Facts,
    audit_rules,
    constants,
    listed,
    of,
    part,
    paths_of,
    signed,
    whole,
)
from rulec.nodes import Condition, Loaded, Quantifier, Test
from rulec.places import loaded_by
from rulec.runtime.fields import EACH, field_text
from rulec.runtime.sources.k8s_audit.containers import PROPERTIES

_FIELDS: Final = "ka.req.pod."
# Fields of old about the containers, by what they are about.
_OLD: Final = "ka.req.container."
_PROPERTIES: Final = frozenset(entry.name for entry in PROPERTIES)
_BY_PATH: Final = {entry.path: entry.name for entry in reversed(PROPERTIES) if entry.path}
_EVERYTHING: Final = ""


class Aspect(NamedTuple):
    """What of the containers in a list a test is about: a property, or all of it."""

    containers: str
    name: str


def other_containers(subject: Subject) -> Iterator[Finding]:
    """Find properties that are asked of regular containers alone."""
    for rule in audit_rules(subject):
        told: set[str] = set()
        for containers, kinds in _KINDS.items():
            left = [of(rule.condition, facts) for facts in kinds]
            for condition in left:
                for loaded, name in _asked_of_regular(condition):
                    if name in told or _is_covered(condition, Aspect(containers, name)):
                        continue
                    told.add(name)
                    unseen = [
                        each
                        for each in _KINDS
                        if any(_misses(of(rule.condition, f), each, name) for f in _KINDS[each])
                    ]
                    yield _only_regular(rule.name, loaded, name, unseen)


# The requests that bring containers of such a list into a pod.
_KINDS: Final[dict[str, tuple[Facts, ...]]] = {
    INIT: tuple(whole("pods", verb) for verb in ("create", "patch", "update")),
    EPHEMERAL: tuple(part("pods", "ephemeralcontainers", verb) for verb in ("patch", "update")),
}


def _asked_of_regular(condition: Condition) -> Iterator[tuple[Loaded, str]]:
    for loaded, aspect in _aspects(condition):
        if aspect.containers == CONTAINERS and aspect.name != _EVERYTHING:
            yield loaded, aspect.name


def _aspects(condition: Condition) -> Iterator[tuple[Loaded, Aspect]]:
    for test, _ in signed(condition):
        for loaded in loaded_by(test):
            for aspect in _aspects_of(loaded):
                yield loaded, aspect


def _aspects_of(loaded: Loaded) -> Iterator[Aspect]:
    name = loaded.field.name
    if name.startswith(_OLD) and name.removeprefix(_OLD) in _PROPERTIES:
        yield Aspect(CONTAINERS, name.removeprefix(_OLD))
        return
    containers, _, rest = name.removeprefix(_FIELDS).partition(".")
    if name.startswith(_FIELDS) and containers in LISTS:
        yield Aspect(containers, rest)
        return
    for path in paths_of(loaded):
        if path in (REQUEST, SPEC):
            yield from (Aspect(each, _EVERYTHING) for each in LISTS)
        elif path[:2] == SPEC and len(path) > 2 and path[2] in LISTS:
            yield Aspect(str(path[2]), _property(path[3:]))


def _property(path: Path) -> str:
    """Return which property of a container a path leads to."""
    steps = [str(step) for step in path if step is not EACH and not str(step).isdigit()]
    text = "".join(f"/{step}" for step in steps)
    return _BY_PATH.get(text, text)


def _is_covered(condition: Condition, aspect: Aspect) -> bool:
    found = {each for _, each in _aspects(condition)}
    return bool(found & {aspect, Aspect(aspect.containers, _EVERYTHING)})


def _misses(condition: Condition, containers: str, name: str) -> bool:
    asked = any(each == name for _, each in _asked_of_regular(condition))
    return asked and not _is_covered(condition, Aspect(containers, name))


def _only_regular(rule: str, loaded: Loaded, name: str, unseen: list[str]) -> Finding:
    text = field_text(loaded.field, loaded.argument)
    kinds = listed([LISTS[each] for each in unseen])
    hint = "look at the other lists of containers as well"
    if name in _PROPERTIES:
        fields = listed([f"{_FIELDS}{each}.{name}" for each in unseen])
        hint = f"ask the same of {fields}"
    message = f"rule {rule!r} looks at {text} alone: {kinds} pass unseen"
    return Finding(message, loaded.span, hint, rule)


# --- one element of many -------------------------------------------------------------------

_LISTS_OF_PODS: Final = (*LISTS, "volumes")
_FIRST: Final = frozenset({f"{_OLD}image", f"{_OLD}image.repository"})


def one_container(subject: Subject) -> Iterator[Finding]:
    """Find tests of a single container, or a single volume, of those that a pod has."""
    for rule in audit_rules(subject):
        for test, _ in signed(rule.condition):
            for loaded in loaded_by(test):
                found = _only_one(loaded)
                if found and test.operator != "exists":
                    text = field_text(loaded.field, loaded.argument)
                    message = f"{text} is about one of the {found} of a pod: the others pass unseen"
                    yield Finding(message, loaded.span, _hint_for_all(loaded), rule.name)


def _only_one(loaded: Loaded) -> str:
    """Return what a field is about one of; nothing if it is about all, or about something else."""
    field = loaded.field
    if field.name in _FIRST:
        return LISTS[CONTAINERS]
    if field.name.startswith(_FIELDS) and loaded.argument is not None:
        kind = field.name.removeprefix(_FIELDS).partition(".")[0]
        return LISTS.get(kind, kind) if kind in _LISTS_OF_PODS else ""
    for path in paths_of(loaded) if field.pointer else ():
        for name, number in pairwise(path):
            if path[:2] == SPEC and name in _LISTS_OF_PODS and str(number).isdigit():
                return LISTS.get(str(name), str(name))
    return ""


def _hint_for_all(loaded: Loaded) -> str:
    name = loaded.field.name
    if name in _FIRST:
        return f"write {_FIELDS}{CONTAINERS}.{name.removeprefix(_OLD)}, a list"
    if not loaded.field.pointer:
        return f"leave out [{loaded.argument}] and ask with intersects or in"
    path = paths_of(loaded)[0]
    name = _property(path[4:])
    if path[2] in LISTS and name in _PROPERTIES:
        return f"write {_FIELDS}{path[2]}.{name} and ask with intersects or in"
    return "a JSON pointer names one element; the fields of pods name them all"


# --- every and some ------------------------------------------------------------------------

# What tells containers and volumes apart, and so stands in lists of what is trusted.
_IDENTITIES: Final = ("name", "image", "image.repository", "hostpath", "flexvolume_driver")


def every_element(subject: Subject) -> Iterator[Finding]:
    """Find tests that hold if all containers are bad, and exceptions that hold if one is good."""
    for rule in audit_rules(subject):
        for test, positive in signed(rule.condition):
            found = _quantified(test)
            if not found:
                continue
            text = field_text(found.field, found.argument)
            if positive and test.quantifier is Quantifier.EVERY:
                message = f"{text} {test.operator} (...) holds only if it does of every element"
                yield Finding(message, test.span, "write intersects: one is enough", rule.name)
            identity = text.endswith(tuple(f".{each}" for each in _IDENTITIES))
            if not positive and test.quantifier is Quantifier.SOME and identity:
                message = f"one element that is listed keeps rule {rule.name!r} silent"
                yield Finding(message, test.span, "write in: every one must be", rule.name)


_OF_MANY: Final = (
    *(f"{_FIELDS}{each}." for each in _LISTS_OF_PODS),
    *("ka.req.role.rules.", "ka.user.groups"),
)


def _quantified(test: Test) -> Loaded | None:
    value = test.value
    if not isinstance(value, Loaded) or value.argument is not None or not constants(test):
        return None
    return value if value.field.name.startswith(_OF_MANY) else None
