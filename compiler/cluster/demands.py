"""Which requests each rule may match: by stage, by verb, by what is asked for.

The kinds of requests are finite: names that some rule compares with stand for
themselves, and all others are one more kind. ``facts`` says for each kind
whether a condition may be true of it, and errs to the side of yes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias

from rulec.cluster.facts import (
    ABSENT,
    ANOTHER,
    OBJECT,
    RESOURCE,
    STAGE,
    SUBRESOURCE,
    URI,
    USER,
    VERB,
    Absent,
    Another,
    Begins,
    Exactly,
    Fact,
    Path,
    compared,
    given,
)
from rulec.cluster.tables import PROBES, STAGES, SUBRESOURCES, VERBS, WITHOUT_PARTS
from rulec.nodes import Condition, Const, Constant, Loaded, Test, rebuild
from rulec.passes.fold import fold
from rulec.plan import CheckedRule

Subresource: TypeAlias = Exactly | Another | Absent


class Resource(NamedTuple):
    """Requests for a resource: by name, or for all that no rule names."""

    resource: Exactly | Another
    subresource: Subresource

    def covers(self, other: "Cell") -> bool:
        """Return whether an entry of a policy for this one may match the other's requests."""
        if not isinstance(other, Resource):
            return self == REST
        return self == REST or (
            self.resource == other.resource
            and (
                self.subresource == other.subresource
                or (self.subresource == ANOTHER and other.subresource != ABSENT)
            )
        )


class Url(NamedTuple):
    """Requests for no resource: for a path, or for all that no rule names."""

    path: Exactly | Another

    def covers(self, other: "Cell") -> bool:
        """Return whether an entry of a policy for this one may match the other's requests."""
        return isinstance(other, Url) and self.path in (ANOTHER, other.path)


Cell: TypeAlias = Resource | Url

# How the URI of every request for a resource begins.
_API: Final = Begins("/api")

# Everything that is not asked for by a name that some rule knows.
REST: Final = Resource(ANOTHER, ABSENT)
REST_OF_URLS: Final = Url(ANOTHER)


class Demand(NamedTuple):
    """A rule may match such requests at a stage; ``users`` is what is left to ask of it."""

    rule: CheckedRule
    cell: Cell
    verb: Exactly | Another
    stage: str
    users: Condition


@dataclass(frozen=True, slots=True)
class Names:
    """The names that the rules compare with, by what they are names of, in order.

    Not all URLs are among them if some have signs that mean something in a policy.
    """

    resources: tuple[str, ...]
    subresources: tuple[str, ...]
    verbs: tuple[str, ...]
    users: tuple[str, ...]
    urls: tuple[str, ...]
    has_all_urls: bool = True

    def parts_of(self, resource: Exactly | Another) -> tuple[Subresource, ...]:
        """Return the parts that a resource may have, as far as Kubernetes goes."""
        name = resource.text if isinstance(resource, Exactly) else ""
        if name in WITHOUT_PARTS:
            return ()
        parts = (part for part in self.subresources if name in SUBRESOURCES.get(part, (name,)))
        return (*map(Exactly, parts), ANOTHER)


def names(rules: Sequence[CheckedRule]) -> Names:
    """Collect the names that rules compare with."""
    found: dict[Path, set[str]] = {}
    for rule in rules:
        for path, text in compared(rule.condition):
            found.setdefault(path, set()).add(text)
    urls = {text.partition("?")[0] for text in found.get(URI, ()) if text.startswith("/")}
    plain = {url for url in urls if url.isascii() and not {*url} & {"*", "%"}}
    return Names(
        tuple(sorted(found.get(RESOURCE, ()))),
        tuple(sorted(found.get(SUBRESOURCE, ()))),
        (*VERBS, *sorted(found.get(VERB, set()) - {*VERBS})),
        tuple(sorted(found.get(USER, ()))),
        tuple(sorted({*plain, *PROBES})),
        plain == urls,
    )


def demands(rules: Sequence[CheckedRule], names: Names) -> Iterator[Demand]:
    """Yield what each rule demands, for all kinds of requests with such names."""
    for rule in rules:
        condition = of_these_days(rule.condition)
        for stage in STAGES:
            at_stage = given(condition, STAGE, Exactly(stage))
            if at_stage != Const(False):
                for cell, left in _cells(at_stage, names):
                    yield from _verbs(rule, cell, stage, left, names.verbs)


def _cells(condition: Condition, names: Names) -> Iterator[tuple[Cell, Condition]]:
    of_some = given(condition, URI, _API)
    resources: tuple[Exactly | Another, ...] = (*map(Exactly, names.resources), ANOTHER)
    for resource in resources:
        of_resource = given(of_some, RESOURCE, resource)
        if of_resource == Const(False):
            continue
        for subresource in (ABSENT, *names.parts_of(resource)):
            left = given(of_resource, SUBRESOURCE, subresource)
            if left != Const(False):
                yield Resource(resource, subresource), left
    of_none = given(condition, OBJECT, ABSENT)
    for path in names.urls:
        # What follows a question mark is part of the URI, and not of the path.
        facts: tuple[Fact, ...] = (Exactly(path), Begins(f"{path}?"))
        for fact in facts:
            left = given(of_none, URI, fact)
            if left != Const(False):
                yield Url(Exactly(path)), left
    left = given(of_none, URI, ANOTHER) if names.has_all_urls else of_none
    if left != Const(False):
        yield REST_OF_URLS, left


def _verbs(
    rule: CheckedRule, cell: Cell, stage: str, condition: Condition, verbs: Collection[str]
) -> Iterator[Demand]:
    facts: tuple[Exactly | Another, ...] = (*map(Exactly, verbs), ANOTHER)
    for verb in facts:
        left = given(condition, VERB, verb)
        if left != Const(False):
            yield Demand(rule, cell, verb, stage, left)


# Rules that are turned off ask for a time that was long ago. Before this time nobody
# wrote events of audit.k8s.io/v1 (Kubernetes 1.12).
_FIRST_EVENT: Final = int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()) * 10**9
_TIMES: Final = frozenset({"jevt.rawtime", "json.rawtime", "evt.rawtime"})


def of_these_days(condition: Condition) -> Condition:
    """Return a condition for events that are written from now on."""

    def change(node: Condition) -> Condition:
        match node:
            case Test(Loaded(field), "=" | "in", Constant(constant)) if field.name in _TIMES:
                times = constant if isinstance(constant, tuple) else (constant,)
                return Const(False) if all(map(_is_past, times)) else node
            case _:
                return rebuild(node, change)

    return fold(change(condition))


def _is_past(time: object) -> bool:
    text = str(time)
    return len(text) < 20 and text.isascii() and text.isdigit() and int(text) < _FIRST_EVENT


def users_of(condition: Condition, facts: Mapping[str, Fact]) -> frozenset[str]:
    """Return which users, by what they are called in ``facts``, a condition may be true of."""
    return frozenset(
        name for name, fact in facts.items() if given(condition, USER, fact) != Const(False)
    )
