"""Audit policies as they are given to kube-apiserver, and what they log of requests.

The first entry that fits a request says how much of it is logged. What is
asked here is about kinds of requests: some things about them are known, others
are not. So an entry may fit for sure, or perhaps, or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from rulec.cluster.entries import Level
from rulec.cluster.facts import ABSENT, Absent, Another, Begins, Exactly, Fact
from rulec.cluster.tables import GROUPS
from rulec.text import File, Span


class Fits(IntEnum):
    """Whether an entry is about some requests."""

    NO = 0
    PERHAPS = 1
    SURELY = 2


@dataclass(frozen=True, slots=True)
class GroupOfResources:
    """Resources of an API group: all of it if none are named."""

    group: str
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One entry of a policy, and where it is written. What is empty does not limit it."""

    level: Level
    span: Span
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupOfResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    omitted: frozenset[str] = frozenset()

    @property
    def line(self) -> int:
        """The line where the entry begins."""
        return self.span.position[0]


class Requests(NamedTuple):
    """What is known of some requests. A request for no resource has a ``url``."""

    verb: Fact
    user: Fact
    resource: Exactly | Another | Absent = ABSENT
    subresource: Exactly | Another | Absent = ABSENT
    namespace: Fact | None = None  # None: it may have any, or none
    url: Fact | None = None


class Decision(NamedTuple):
    """How much is logged of some requests at a stage, and which entry says so, if one does."""

    level: Level
    rule: PolicyRule | None


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """The entries of a policy, in order. At the stages ``omitted``, nothing is logged."""

    file: File
    rules: tuple[PolicyRule, ...]
    omitted: frozenset[str] = frozenset()

    def decisions(self, requests: Requests, stage: str) -> Iterator[Decision]:
        """Yield what may be decided about some requests at a stage, in the order of entries."""
        for rule in self.rules:
            fits = fitting(rule, requests)
            if fits is Fits.NO:
                continue
            silent = stage in self.omitted | rule.omitted
            yield Decision(Level.NONE if silent else rule.level, rule)
            if fits is Fits.SURELY:
                return
        yield Decision(Level.NONE, None)


def fitting(rule: PolicyRule, requests: Requests) -> Fits:
    """Return whether an entry is about some requests."""
    return min(
        _listed(rule.users, requests.user),
        _of_groups(rule.groups, requests.user),
        _listed(rule.verbs, requests.verb),
        _of_target(rule, requests),
    )


def _listed(names: tuple[str, ...], fact: Fact) -> Fits:
    if not names:
        return Fits.SURELY
    match fact:
        case Exactly(text):
            return Fits.SURELY if text in names else Fits.NO
        case Begins(prefix):
            return Fits.PERHAPS if any(name.startswith(prefix) for name in names) else Fits.NO
        case Another() | Absent():
            return Fits.NO


# The groups that a user is in because of the name, and those that users with other names
# are never in.
_AUTHENTICATED: Final = "system:authenticated"
_UNAUTHENTICATED: Final = "system:unauthenticated"
_ACCOUNTS: Final = "system:serviceaccount:"
ANONYMOUS: Final = "system:anonymous"


def _of_groups(groups: tuple[str, ...], user: Fact) -> Fits:
    """Return whether a user is in one of the groups, as far as the name tells."""
    if not groups:
        return Fits.SURELY
    if user == Exactly(ANONYMOUS):
        return Fits.SURELY if _UNAUTHENTICATED in groups else Fits.NO
    if _AUTHENTICATED in groups:
        return Fits.SURELY
    name = getattr(user, "text", getattr(user, "prefix", ""))
    if name.startswith(_ACCOUNTS):
        of_account = ["system:serviceaccounts"]
        namespace, colon, _ = name.removeprefix(_ACCOUNTS).partition(":")
        if colon:
            of_account.append(f"system:serviceaccounts:{namespace}")
        if {*groups} & {*of_account}:
            return Fits.SURELY
        known = any(group.startswith("system:serviceaccounts") for group in groups)
        return Fits.PERHAPS if known and not colon else Fits.NO
    if name.startswith("system:node:") and "system:nodes" in groups:
        return Fits.SURELY
    others = [
        group
        for group in groups
        if group != _UNAUTHENTICATED and not group.startswith("system:serviceaccounts")
    ]
    return Fits.PERHAPS if others else Fits.NO


def _of_target(rule: PolicyRule, requests: Requests) -> Fits:
    if rule.resources or rule.namespaces:
        if requests.resource == ABSENT:
            return Fits.NO
        return min(_of_namespaces(rule.namespaces, requests), _of_resources(rule, requests))
    if rule.urls:
        return _of_urls(rule.urls, requests.url) if requests.resource == ABSENT else Fits.NO
    return Fits.SURELY


def _of_namespaces(names: tuple[str, ...], requests: Requests) -> Fits:
    if not names:
        return Fits.SURELY
    match requests.namespace:
        case None:
            return Fits.PERHAPS
        case Absent():
            return Fits.SURELY if "" in names else Fits.NO
        case fact:
            return _listed(names, fact)


def _of_resources(rule: PolicyRule, requests: Requests) -> Fits:
    if not rule.resources:
        return Fits.SURELY
    return max(_of_group(each, requests) for each in rule.resources)


def _of_group(entry: GroupOfResources, requests: Requests) -> Fits:
    resource, part = requests.resource, requests.subresource
    if not isinstance(resource, Exactly):
        # It may be in this group, and be called like this.
        return Fits.PERHAPS
    groups = GROUPS.get(resource.text)
    if groups is not None and entry.group not in groups:
        return Fits.NO
    found = Fits.SURELY
    if entry.resources:
        found = max(_of_pattern(text, resource.text, part) for text in entry.resources)
    in_doubt = groups is None or len(groups) > 1 or entry.names
    return min(found, Fits.PERHAPS) if in_doubt else found


def _of_pattern(pattern: str, resource: str, part: Exactly | Another | Absent) -> Fits:
    if pattern == "*":
        return Fits.SURELY
    match part:
        case Absent():
            return Fits.SURELY if pattern == resource else Fits.NO
        case Exactly(text):
            names = (f"{resource}/{text}", f"{resource}/*", f"*/{text}")
            return Fits.SURELY if pattern in names else Fits.NO
        case Another():
            if pattern == f"{resource}/*":
                return Fits.SURELY
            whole, slash, _ = pattern.partition("/")
            return Fits.PERHAPS if slash and whole in ("*", resource) else Fits.NO


def _of_urls(patterns: tuple[str, ...], url: Fact | None) -> Fits:
    if "*" in patterns:
        return Fits.SURELY
    if not isinstance(url, Exactly):
        return Fits.PERHAPS
    exact = url.text in patterns
    below = any(url.text.startswith(each[:-1]) for each in patterns if each.endswith("*"))
    return Fits.SURELY if exact or below else Fits.NO
