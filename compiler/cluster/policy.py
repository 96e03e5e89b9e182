"""From the rules to an audit policy that gives them what they read, and no more.

A policy is a list of entries; the first that fits a request says what is
logged of it. So entries for names come before those for everything else, and
what components ask for all day is left out between the two, if no rule could
match it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from rulec.cluster.demands import (
    REST,
    REST_OF_URLS,
    Cell,
    Demand,
    Names,
    Resource,
    Url,
    demands,
    names,
    users_of,
)
from rulec.cluster.entries import Entry, Level, Policy, joined, level_for
from rulec.cluster.facts import ABSENT, ANOTHER, Begins, Exactly, Fact
from rulec.cluster.needs import Asked, Key, Need, Verb
from rulec.cluster.tables import GROUPS, SUBRESOURCES, SYSTEM_USERS, USER_GROUPS
from rulec.nodes import Condition
from rulec.plan import CheckedRule


class UnknownGroupError(Exception):
    """Rules name resources of which nobody said in which API group they are."""

    def __init__(self, resources: Sequence[str]) -> None:
        super().__init__(", ".join(resources))
        self.resources = tuple(resources)


# Resources whose bodies hold credentials, or often do.
SENSITIVE: Final = (
    Resource(Exactly("secrets"), ABSENT),
    Resource(Exactly("configmaps"), ABSENT),
    Resource(Exactly("tokenreviews"), ABSENT),
    Resource(Exactly("serviceaccounts"), Exactly("token")),
)

_ANYBODY: Final = "\0anybody"  # no user is called this


def policy(rules: Sequence[CheckedRule], groups: Mapping[str, Sequence[str]]) -> Policy:
    """Return the policy for some rules of the source ``k8s_audit``.

    ``groups`` adds API groups for resources to those that are known.

    :raises UnknownGroupError: if it is not known where some resources are.
    """
    known = {
        name: tuple(dict.fromkeys((*GROUPS.get(name, ()), *more)))
        for name, more in {**dict.fromkeys(GROUPS, ()), **groups}.items()
    }
    found = _names(rules)
    if unknown := [name for name in found.resources if name not in known]:
        raise UnknownGroupError(unknown)
    return _Policy(rules, found, known).build()


def _names(rules: Sequence[CheckedRule]) -> Names:
    """Return the names in rules, with those of what is sensitive."""
    found = names(rules)
    parts = {*found.subresources, "token"}
    whole = {resource for part in parts for resource in SUBRESOURCES.get(part, ())}
    sensitive = {cell.resource.text for cell in SENSITIVE if isinstance(cell.resource, Exactly)}
    return replace(
        found,
        resources=tuple(sorted({*found.resources, *whole, *sensitive})),
        subresources=tuple(sorted(parts)),
    )


class _Policy:
    """What is worked out on the way to a policy."""

    def __init__(
        self, rules: Sequence[CheckedRule], found: Names, groups: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.rules = rules
        self.groups = groups
        self.levels = {rule.name: level_for(rule) for rule in rules}
        self.facts: dict[str, Fact] = {
            **{name: Exactly(name) for name in sorted({*SYSTEM_USERS, *found.users})},
            **{f"\0{group}": Begins(prefix) for group, prefix in USER_GROUPS.items()},
            _ANYBODY: ANOTHER,
        }
        self.known_users: dict[Condition, frozenset[str]] = {}
        self.demands: dict[Key, list[Demand]] = {}
        for demand in demands(rules, found):
            self.demands.setdefault((_place(demand.cell), demand.verb), []).append(demand)
        self.urls = [Url(Exactly(path)) for path in found.urls]

    def build(self) -> Policy:
        loud = {
            user
            for (cell, _), found in self.demands.items()
            if cell in (REST, REST_OF_URLS)
            for demand in found
            for user in self.users(demand)
        }
        self.quiet = self.facts.keys() - loud - {_ANYBODY}
        self.asked = {key: self.ask(found) for key, found in self.demands.items()}
        first = self.first()
        second = self.asked.keys() - first
        second -= self.redundant(second)
        entries = [
            *self.section(first),
            *(self.left_out() if any(self.asked[key].anybody.level for key in second) else ()),
            *self.section(second, last=True),
        ]
        if not entries or not entries[-1].is_unlimited:
            entries.append(Entry(Level.NONE, note="Everything else: no rule can match it."))
        spoken = {name for asked in self.asked.values() for name in asked.named.rules}
        silent = tuple(rule.name for rule in self.rules if rule.name not in spoken)
        general = {
            name
            for (cell, _), asked in self.asked.items()
            if cell == REST
            for name in asked.named.rules
        }
        return Policy(tuple(entries), silent, tuple(self.exposed()), frozenset(general))

    def users(self, demand: Demand) -> frozenset[str]:
        if demand.users not in self.known_users:
            self.known_users[demand.users] = users_of(demand.users, self.facts)
        return self.known_users[demand.users]

    def ask(self, found: Sequence[Demand]) -> Asked:
        of_anybody, of_some = [], []
        users: set[str] = set()
        for demand in found:
            who = self.users(demand)
            pair = demand, self.levels[demand.rule.name]
            if any(name.startswith("\0") for name in who):
                of_anybody.append(pair)
            elif who:
                of_some.append(pair)
                users |= who
        anybody, named = Need.of(of_anybody), Need.of([*of_anybody, *of_some])
        quiet = any(self.users(demand) & self.quiet for demand in found)
        if (anybody.level, anybody.stages) == (named.level, named.stages):
            return Asked(named, frozenset(), named, quiet)
        return Asked(anybody, frozenset(users), named, quiet)

    def first(self) -> set[Key]:
        """Return what comes before components are left out: what they do, and all in its way."""
        found = {key for key, asked in self.asked.items() if asked.quiet}
        while more := {
            key
            for key in self.asked.keys() - found
            if any(cell.covers(key[0]) and verb in (ANOTHER, key[1]) for cell, verb in found)
        }:
            found |= more
        return found

    def redundant(self, keys: Set[Key]) -> set[Key]:
        """Return what a more general entry says just as well, where none is in between."""

        def is_like(key: Key, other: Key) -> bool:
            return other in keys and self.asked[key].outline() == self.asked[other].outline()

        found = set()
        for cell, verb in keys:
            if cell in self.kept_back():
                continue
            above = _above(cell)
            if above and all(is_like((cell, verb), (each, verb)) for each in above):
                found.add((cell, verb))
        # An entry for whatever verb would come before the general ones.
        unlimited = {cell for cell, verb in keys - found if verb == ANOTHER}
        return {key for key in found if key[0] not in unlimited}

    def who(self, *cells: Cell) -> set[str]:
        """Return by whom some kinds of requests may be such that a rule matches."""
        found = ((cell, each) for (cell, _), every in self.demands.items() for each in every)
        return {user for cell, demand in found if cell in cells for user in self.users(demand)}

    def left_out(self) -> Iterator[Entry]:
        note = "No rule can match what is left of their requests."
        users = tuple(name for name in sorted(self.quiet) if not name.startswith("\0"))
        groups = tuple(name[1:] for name in sorted(self.quiet) if name.startswith("\0"))
        if users:
            yield Entry(Level.NONE, users=users, note=note)
        if groups:
            yield Entry(Level.NONE, user_groups=groups, note=note)

    def section(self, keys: Iterable[Key], last: bool = False) -> list[Entry]:
        """Return the entries for some requests, those for names before all others."""
        found: dict[tuple[object, ...], Entry] = {}
        ranked = [*self.limited(keys), *(self.nothing() if last else ())]
        for rank, entry in sorted(ranked, key=lambda pair: pair[0]):
            about = bool(entry.urls), entry.users, entry.verbs
            alike = (rank, entry.level, entry.stages, about, entry.note)
            same = found.get(alike)
            found[alike] = entry if same is None else joined(same, entry)
        return list(found.values())

    def limited(self, keys: Iterable[Key]) -> Iterator[tuple[tuple[int, bool, bool], Entry]]:
        """Yield entries for one kind of object each, with how general they are."""
        needs: dict[tuple[Cell, frozenset[str], Level, frozenset[str]], list[Verb]] = {}
        rules: dict[object, dict[str, Level]] = {}
        for key in sorted(keys, key=_order):
            asked = self.asked[key]
            for users, need in asked.entries():
                alike = (key[0], users, need.level, need.stages)
                needs.setdefault(alike, []).append(key[1])
                rules.setdefault(alike, {}).update(need.rules)
        for (cell, users, level, stages), verbs in needs.items():
            named = [verb.text for verb in verbs if isinstance(verb, Exactly)]
            unlimited = len(named) < len(verbs)
            entry = Entry(
                level,
                users=tuple(sorted(users)),
                verbs=() if unlimited else tuple(named),
                stages=stages,
                rules=tuple(rules[cell, users, level, stages].items()),
            )
            rank = _generality(cell), unlimited, not users
            yield rank, self.about(cell, entry)

    def nothing(self) -> Iterator[tuple[tuple[int, bool, bool], Entry]]:
        """Yield entries that keep requests from the more general ones, where no rule needs them."""
        of_urls = self.who(REST_OF_URLS)
        of_all = self.who(REST)
        for url in self.urls:
            here = self.who(url)
            silent = sorted((of_urls | of_all) - here)
            if _ANYBODY in silent:
                entry = Entry(Level.NONE, note="No rule can match these.")
                yield (0, True, True), self.about(url, entry)
            elif users := tuple(name for name in silent if not name.startswith("\0")):
                note = "No rule can match these of such users."
                entry = Entry(Level.NONE, users=users, note=note)
                yield (0, False, False), self.about(url, entry)
        if _ANYBODY in of_all - of_urls:
            entry = Entry(Level.NONE, note="No rule can match these.", urls=("*",))
            yield (2, True, True), entry
        for cell in self.kept_back():
            note = "They may hold credentials, and no rule reads them."
            yield (0, True, True), self.about(cell, Entry(Level.NONE, note=note))

    def kept_back(self) -> Sequence[Resource]:
        """Return what a more general entry must not log with its bodies."""
        needs = [asked.named for (cell, _), asked in self.asked.items() if cell == REST]
        return SENSITIVE if any(need.level > Level.METADATA for need in needs) else ()

    def about(self, cell: Cell, entry: Entry) -> Entry:
        """Limit an entry to a kind of requests."""
        if isinstance(cell, Url):
            return replace(entry, urls=(getattr(cell.path, "text", "*"),))
        if not isinstance(cell.resource, Exactly):
            return entry
        name = cell.resource.text
        if cell.subresource == ANOTHER:
            name = f"{name}/*"
        elif isinstance(cell.subresource, Exactly):
            name = f"{name}/{cell.subresource.text}"
        groups = self.groups[cell.resource.text]
        return replace(entry, resources=tuple((group, (name,)) for group in groups))

    def exposed(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what is logged although it may hold credentials, with the rules that read it."""
        for cell in SENSITIVE:
            rules = {
                name: None
                for (place, _), asked in self.asked.items()
                if place == cell
                for name, level in asked.named.rules.items()
                if level > Level.METADATA
            }
            if rules:
                part = f"/{cell.subresource.text}" if isinstance(cell.subresource, Exactly) else ""
                assert isinstance(cell.resource, Exactly)
                yield f"{cell.resource.text}{part}", tuple(rules)


def _place(cell: Cell) -> Cell:
    """Return the kind of requests for which an entry can be written that has these among them."""
    return REST if isinstance(cell, Resource) and cell.resource == ANOTHER else cell


def _above(cell: Cell) -> list[Cell]:
    """Return the more general kinds of requests that these are among."""
    if isinstance(cell, Url):
        return [REST] if cell == REST_OF_URLS else [REST_OF_URLS, REST]
    if cell == REST:
        return []
    is_part = isinstance(cell.subresource, Exactly)
    return [*([cell._replace(subresource=ANOTHER)] if is_part else []), REST]


def _generality(cell: Cell) -> int:
    """Return how general an entry for a kind of requests is: what is less comes first."""
    if cell == REST:
        return 3
    if cell == REST_OF_URLS:
        return 2
    if isinstance(cell, Url):
        return 0
    return int(ANOTHER in cell)


def _order(key: Key) -> tuple[object, ...]:
    cell, verb = key
    where = tuple(getattr(part, "text", "\uffff" if part == ANOTHER else "") for part in cell)
    return isinstance(cell, Url), where, getattr(verb, "text", "\uffff")
