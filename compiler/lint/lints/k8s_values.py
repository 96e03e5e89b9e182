"""Lints about values that no audit event has."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rulec.cluster.entries import Level
from rulec.cluster.facts import RESOURCE, STAGE, SUBRESOURCE, USER, VERB
from rulec.cluster.tables import GROUPS, STAGES, SUBRESOURCES, VERBS
from rulec.gates import place
from rulec.item_reader import suggest
from rulec.lint.kubernetes import (
    ACCOUNTS,
    CODE,
    DECISION,
    IMPERSONATED,
    LEVEL,
    METHODS,
    SHORT_NAMES,
    WELL_KNOWN_GROUPS,
    WELL_KNOWN_USERS,
    Path,
)
from rulec.lint.model import Finding, Subject
from rulec.lint.requests import audit_rules, constants, signed
from rulec.nodes import Loaded, Test
from rulec.places import steps_of
from rulec.runtime.fields import EACH, field_text

_OPERATORS: Final = frozenset({"=", "!=", "in", "intersects"})
_GROUPS: Final = ("user", "groups", EACH)

# What a value must be like; told to be wrong with a hint, or not at all.
Judge = Callable[[str], str | None]


def impossible_value(subject: Subject) -> Iterator[Finding]:
    """Find values that are compared with, and that no event has there."""
    return _look(subject, _JUDGES, "is never {value!r}")


def user_and_group(subject: Subject) -> Iterator[Finding]:
    """Find names of groups where users are asked for, and the other way round."""
    return _look(subject, _OF_USERS, "is never {value!r}")


def _look(subject: Subject, judges: Mapping[Path, Judge], words: str) -> Iterator[Finding]:
    for rule in audit_rules(subject):
        for test, _ in signed(rule.condition):
            judge = judges.get(_place(test))
            if judge is None or test.operator not in _OPERATORS:
                continue
            for value in constants(test):
                hint = judge(value) if isinstance(value, str) else None
                if hint is not None:
                    assert isinstance(test.value, Loaded)
                    text = field_text(test.value.field, test.value.argument)
                    message = f"{text} {words.format(value=value)}"
                    yield Finding(message, test.span, hint, rule.name)


def _place(test: Test) -> Path:
    value = test.value
    if not isinstance(value, Loaded):
        return ()
    return place(value) or steps_of(value.field, value.argument)


def _one_of(*known: str) -> Judge:
    def judge(value: str) -> str | None:
        return None if value in known else _near(value, known)

    return judge


def _near(value: str, known: tuple[str, ...]) -> str:
    lower = {name.lower(): name for name in known}
    found = lower.get(value.lower())
    if found:
        return f"write {found}"
    return suggest(value, known) or f"there are {', '.join(known)}"


def _verb(value: str) -> str | None:
    known = (*VERBS, *METHODS)
    if value in known:
        return None
    if value.lower() in SUBRESOURCES:
        return f"that is a subresource: ka.target.subresource = {value.lower()}"
    if value.lower() in ("annotate", "apply", "edit", "label"):
        return "kubectl sends patch for it"
    return _near(value, VERBS)


def _resource(value: str) -> str | None:
    name, slash, part = value.partition("/")
    if slash:
        return f"ask for ka.target.resource = {name} and ka.target.subresource = {part}"
    if value in GROUPS:
        return None
    lower = value.lower()
    plural = SHORT_NAMES.get(lower) or _PLURALS.get(lower) or (lower if lower in GROUPS else None)
    if plural is not None:
        return f"write {plural}"
    return f"resources have names in lower case: {lower}" if value != lower else None


def _singular(plural: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + instead
    return plural


_PLURALS: Final = {_singular(name): name for name in GROUPS}


def _subresource(value: str) -> str | None:
    name, slash, part = value.rpartition("/")
    if slash:
        return f"ask for ka.target.resource = {name} and ka.target.subresource = {part}"
    lower = value.lower()
    return f"write {lower}" if lower in SUBRESOURCES and value != lower else None


def _code(value: str) -> str | None:
    if len(value) == 3 and value.isascii() and value.isdigit():
        return None
    if value[:1] in tuple("12345") and value[1:].lower().strip("x*") == "":
        return f"write ka.response.code startswith {value[0]}"
    return "it is a status of HTTP, such as 403; its name is in ka.response.reason"


_JUDGES: Final[Mapping[Path, Judge]] = {
    STAGE: _one_of(*STAGES),
    LEVEL: _one_of(*(level.label for level in Level if level is not Level.NONE)),
    DECISION: _one_of("allow", "forbid"),
    VERB: _verb,
    RESOURCE: _resource,
    SUBRESOURCE: _subresource,
    CODE: _code,
}


def _user(value: str) -> str | None:
    if value in WELL_KNOWN_GROUPS or value.startswith("system:serviceaccounts:"):
        return "that is a group: ka.user.groups intersects (...)"
    account = value.removeprefix("system:").removeprefix("serviceaccount:")
    if account == value or not value.removeprefix("system:").startswith("serviceaccount:"):
        return None
    namespace, colon, name = account.partition(":")
    if value.startswith(ACCOUNTS) and namespace and name and ":" not in name:
        return None
    if not colon and value.startswith(ACCOUNTS):
        return f"for all of a namespace, write startswith {ACCOUNTS}{namespace}:"
    return f"service accounts are called {ACCOUNTS}NAMESPACE:NAME"


def _group(value: str) -> str | None:
    if value in WELL_KNOWN_USERS or value.startswith((ACCOUNTS, "system:node:")):
        return "that is a user: ka.user.name"
    return None


_OF_USERS: Final[Mapping[Path, Judge]] = {
    USER: _user,
    IMPERSONATED: _user,
    _GROUPS: _group,
}
