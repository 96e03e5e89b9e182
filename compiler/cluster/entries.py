"""What a policy consists of: entries, each with how much is logged of which requests."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from rulec.cluster.tables import STAGES
from rulec.nodes import Loaded
from rulec.places import steps_of
from rulec.plan import CheckedRule
from rulec.runtime.fields import steps


class Level(IntEnum):
    """How much of a request is logged; the names are those of Kubernetes."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3

    @property
    def label(self) -> str:
        """What a policy calls it."""
        return {0: "None", 1: "Metadata", 2: "Request", 3: "RequestResponse"}[self]


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a policy. What is empty does not limit it.

    ``resources`` are pairs of an API group and resources in it, ``urls`` paths
    that are no resources. ``rules`` are the names of those that need it, with
    what each needs.
    """

    level: Level
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[tuple[str, tuple[str, ...]], ...] = ()
    urls: tuple[str, ...] = ()
    stages: frozenset[str] = frozenset(STAGES)
    rules: tuple[tuple[str, Level], ...] = ()
    note: str = ""

    @property
    def is_unlimited(self) -> bool:
        """Whether it fits every request."""
        limits = (self.users, self.user_groups, self.verbs, self.resources, self.urls)
        return not any(limits)


@dataclass(frozen=True, slots=True)
class Policy:
    """The entries, in order, and what there is to say about them.

    ``silent`` rules match no request, ``general`` ones may match whatever is asked for.
    ``exposed`` has resources whose bodies may hold credentials and are logged, each with the
    rules that read them.
    """

    entries: tuple[Entry, ...]
    silent: tuple[str, ...]
    exposed: tuple[tuple[str, tuple[str, ...]], ...]
    general: frozenset[str]


# What an event has, whatever its level, besides what is in its JSON.
_BESIDE: Final = frozenset(
    {
        *("time", "number", "relative_time", "plugin", "source"),
        *("is_async", "async_type", "hostname"),
    }
)


def level_for(rule: CheckedRule) -> Level:
    """Return how much of an event a rule and its output read."""
    return max(map(_level_of, rule.reads()), default=Level.METADATA)


def _level_of(loaded: Loaded) -> Level:
    field = loaded.field
    if field.constant is not None or field.attribute in _BESIDE:
        return Level.METADATA
    if field.attribute is not None:
        return Level.REQUEST_RESPONSE  # the whole event
    if field.compute is not None:
        paths = [steps(path) for path in field.reads]
    else:
        paths = [steps_of(field, loaded.argument)]
    tops = {path[0] if path else "" for path in paths}
    # The level of an event is that of the policy, and those who ask for it mean the highest.
    if tops & {"", "responseObject", "level"}:
        return Level.REQUEST_RESPONSE
    return Level.REQUEST if "requestObject" in tops else Level.METADATA


def joined(one: Entry, other: Entry) -> Entry:
    """Return the entry for what two are for, which differ in nothing else."""
    resources: dict[str, dict[str, None]] = {}
    for group, found in (*one.resources, *other.resources):
        resources.setdefault(group, {}).update(dict.fromkeys(found))
    return replace(
        one,
        resources=tuple((group, tuple(found)) for group, found in resources.items()),
        urls=(*one.urls, *other.urls),
        rules=tuple({**dict(one.rules), **dict(other.rules)}.items()),
    )
