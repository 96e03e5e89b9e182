"""Fields that cannot have a value in the events that a rule matches."""

from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import Final

from rulec.diagnostics import ProblemError
from rulec.event_types import event_types
from rulec.lint.reasoning import Space
from rulec.nodes import Condition, Constant, Loaded, Test
from rulec.places import steps_of
from rulec.plan import CheckedRule
from rulec.runtime.events import Run
from rulec.runtime.extract import extract
from rulec.runtime.fields import CHARBUF, Step, is_index, steps
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.syscall.capture.events import kinds

# Says why a field has no value, or nothing.
Absent = Callable[[Loaded], str]

_READING: Final = ("get", "list", "watch")
_DELETING: Final = ("delete", "deletecollection")
# What a request to delete something may say: how, and not what.
_DELETE_OPTIONS: Final = frozenset(
    {
        *("apiVersion", "kind", "gracePeriodSeconds", "preconditions", "orphanDependents"),
        *("propagationPolicy", "dryRun", "ignoreStoreReadErrorWithClusterBreakingPotential"),
    }
)


def absent(rule: CheckedRule, resolved: Condition) -> Absent:
    """Return what tells of a field why it has no value where the rule matches.

    ``resolved`` is the condition of the rule before names were looked up.
    """
    match rule.source:
        case "k8s_audit":
            return _of_requests(rule)
        case "syscall":
            return _of_calls(resolved)
        case _:
            return lambda loaded: ""


# --- requests to Kubernetes -----------------------------------------------------------


def _of_requests(rule: CheckedRule) -> Absent:
    deleting = _only(rule, "ka.verb", (*_READING, *_DELETING))
    reading = deleting and _only(rule, "ka.verb", _READING)
    received = _only(rule, "ka.stage", ("RequestReceived",))

    def why(loaded: Loaded) -> str:
        paths = list(_paths(loaded))
        if not paths or not _needs_its_paths(loaded):
            return ""
        if received and all(path[0] in ("responseObject", "responseStatus") for path in paths):
            return "nothing has been answered when a request is received"
        of_request = all(path[0] == "requestObject" for path in paths)
        if of_request and reading:
            return "requests that get, list or watch send no object"
        if of_request and deleting and all(_is_of_object(path) for path in paths):
            return "requests that delete something do not send what it is"
        return ""

    return why


def _is_of_object(path: tuple[Step, ...]) -> bool:
    return len(path) > 1 and path[1] not in _DELETE_OPTIONS


def _only(rule: CheckedRule, name: str, values: Collection[str]) -> bool:
    """Return whether a field has one of some values in all events that a rule matches."""
    field = SOURCES[rule.source].fields[name]
    test = Test(Loaded(field), "in", Constant(tuple(values), CHARBUF))
    space = Space([rule.condition, test])
    matched = space.assume(rule.condition, True)
    return matched is not None and space.assume(test, False, matched) is None


def _paths(loaded: Loaded) -> Iterator[tuple[Step, ...]]:
    """Yield the places in an event that a field reads; nothing if that is not known."""
    field = loaded.field
    if field.attribute is not None or field.constant is not None or field.named:
        return
    if field.compute is not None:
        found = [steps(path) for path in field.reads]
    else:
        found = [steps_of(field, loaded.argument)]
    if all(found):
        yield from found


def _needs_its_paths(loaded: Loaded) -> bool:
    """Return whether a field has no value where there is nothing at the places that it reads."""
    return extract(loaded.field, loaded.argument, Run(None).event({}, 0)) is None


# --- system calls ---------------------------------------------------------------------


def _of_calls(resolved: Condition) -> Absent:
    try:
        types = event_types(resolved)
    except ProblemError:
        return lambda loaded: ""
    if types.all_but or not types.names:
        return lambda loaded: ""
    names = sorted(types.names)
    arguments = frozenset().union(*map(_arguments, names))
    described = any(map(has_descriptor, names))
    calls = ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])}, ..."

    def why(loaded: Loaded) -> str:
        name, argument = loaded.field.name, loaded.argument
        if name in ("evt.arg", "evt.rawarg") and argument and not is_index(argument):
            return "" if argument in arguments else f"no argument of {calls} has this name"
        if name.startswith("fd.") and not described:
            return f"no descriptor belongs to {calls}"
        return ""

    return why


@cache
def _arguments(name: str) -> frozenset[str]:
    """Return the names of the arguments of a type of events, in all forms that it has had."""
    found = [kind for kind in kinds() if kind is not None and kind.name == name]
    if not found:
        found = [kind for kind in kinds() if kind is not None and kind.id.startswith("GENERIC")]
    return frozenset(parameter.name for kind in found for parameter in kind.parameters)


@cache
def has_descriptor(name: str) -> bool:
    """Return whether events of a type have to do with a descriptor, in any of their forms."""
    return any(
        not kind.flags.isdisjoint(("creates", "uses", "destroys"))
        for kind in kinds()
        if kind is not None and kind.name == name
    )
