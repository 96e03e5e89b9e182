"""Lints about what an audit policy keeps from rules: requests, stages, objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from rulec.cluster.audit_policy import ANONYMOUS, AuditPolicy, PolicyRule, Requests
from rulec.cluster.entries import Level
from rulec.cluster.facts import (
    ABSENT,
    ANOTHER,
    RESOURCE,
    STAGE,
    SUBRESOURCE,
    USER,
    VERB,
    Absent,
    Begins,
    Exactly,
    Fact,
    given,
)
from rulec.cluster.tables import SUBRESOURCES, VERBS
from rulec.gates import place
from rulec.lint.kubernetes import (
    ACCOUNTS,
    LASTING,
    NAMESPACE,
    NOT_YET,
    REQUEST,
    RESPONSE,
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
    reads_below,
    signed,
    without,
    without_tests,
)
from rulec.nodes import Condition, Constant, Loaded, Test

# Verbs of requests that have an object to look into.
_WITH_OBJECT: Final = ("create", "patch", "update")

# What events of such a level do not have.
_MISSING: Final = {
    Level.METADATA: (REQUEST, RESPONSE),
    Level.REQUEST: (RESPONSE,),
    Level.REQUEST_RESPONSE: (),
}


class Cell(NamedTuple):
    """Requests for objects, or for a part of them, that a rule names."""

    resource: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.resource}/{self.part}" if self.part else self.resource

    def facts(self) -> Facts:
        """Return what is known of these requests."""
        part: Fact = Exactly(self.part) if self.part else ABSENT
        return {RESOURCE: Exactly(self.resource), SUBRESOURCE: part}


@dataclass
class Outcome:
    """What a policy leaves of requests that a rule would match, whoever makes them.

    ``rules`` are the entries that decide (``None``: no entry does), and how much of these
    requests is logged for that. The rule ``matches`` some if they are logged like that; it is
    ``blind`` if it does so without having seen what it asks for.
    """

    rules: dict[PolicyRule | None, Level] = field(default_factory=dict)
    matches: bool = False
    blind: bool = False
    _sights: dict[tuple[int, Level], "Sight"] = field(default_factory=dict)

    def sight(self, condition: Condition, level: Level) -> "Sight":
        """Return what a condition sees at a level; worked out once for each."""
        key = id(condition), level
        if key not in self._sights:
            left = without(condition, _MISSING[level])
            lost = any(reads_below(test, _MISSING[level]) for test, _ in signed(condition))
            self._sights[key] = Sight(condition, left != NEVER, lost)
        return self._sights[key]

    @property
    def likeness(self) -> "Likeness":
        """What there is to say about it."""
        return tuple(self.rules.items()), self.matches


class Sight(NamedTuple):
    """Whether a condition may hold of what is logged, and whether it asks for what is not."""

    condition: Condition
    matches: bool
    lost: bool


Likeness: TypeAlias = tuple[tuple[tuple[PolicyRule | None, Level], ...], bool]
# What is asked for, and with which verb.
Key: TypeAlias = tuple[str, str]


def never_logged(subject: Subject) -> Iterator[Finding]:
    """Find rules of which a policy logs nothing that they could match."""
    for view, found in subject.once(_fared):
        if found and not any(outcome.matches for outcome in found.values()):
            message = f"rule {view.rule.name!r} never matches with this policy"
            yield Finding(message, view.rule.span, view.reason(found.values()), view.rule.name)


def not_logged(subject: Subject) -> Iterator[Finding]:
    """Find requests that a rule names, and of which a policy does not log what it asks for."""
    for view, found in subject.once(_fared):
        if not any(outcome.matches for outcome in found.values()):
            continue
        lost = {key: one for key, one in found.items() if not one.matches or one.blind}
        for what, verbs, outcome in _together(lost):
            if outcome.matches:
                text = f"matches {what} ({verbs}) without seeing what it asks for"
            else:
                text = f"never matches {what} ({verbs})"
            message = f"with this policy, rule {view.rule.name!r} {text}"
            yield Finding(message, view.rule.span, view.reason([outcome]), view.rule.name)


# How much work all rules may be: what would be more is left out.
_MOST: Final = 10_000_000


def _fared(subject: Subject) -> "list[tuple[PolicyView, dict[Key, Outcome]]]":
    found, left = [], _MOST
    for view in views(subject):
        work = view.work()
        if work <= left:
            left -= work
            found.append((view, view.outcomes()))
    return found


def _together(lost: Mapping[Key, Outcome]) -> Iterator[tuple[str, str, Outcome]]:
    """Yield objects, verbs and what becomes of both, put together where that is the same."""
    outcomes = {outcome.likeness: outcome for outcome in lost.values()}
    verbs: dict[tuple[str, Likeness], list[str]] = {}
    for (cell, verb), outcome in lost.items():
        verbs.setdefault((cell, outcome.likeness), []).append(verb)
    cells: dict[tuple[str, Likeness], list[str]] = {}
    for (cell, likeness), found in verbs.items():
        cells.setdefault((listed(found), likeness), []).append(cell)
    for (text, likeness), names in cells.items():
        yield listed(names), text, outcomes[likeness]


def views(subject: Subject) -> Iterator["PolicyView"]:
    """Yield each rule about audit events with the policy, if there is one."""
    if subject.policy is not None:
        for rule in audit_rules(subject):
            yield PolicyView(rule, subject.policy)


@dataclass(frozen=True)
class PolicyView:
    """A rule, and how it fares with a policy."""

    rule: AuditRule
    policy: AuditPolicy

    def work(self) -> int:
        """Return about how many times an entry or a part of the condition is looked at."""
        condition = self.rule.condition
        requests = sum(1 for _ in self.cells()) * (len(named(condition, VERB)) or len(VERBS))
        people = sum(1 for _ in self.users(condition))
        places = sum(1 for _ in self.namespaces(condition))
        size = sum(1 for _ in signed(condition)) + len(self.policy.rules)
        return requests * people * places * size

    def outcomes(self) -> dict[Key, Outcome]:
        """Return what becomes of the requests that the rule names, by object and verb."""
        found: dict[Key, Outcome] = {}
        verbs = named(self.rule.condition, VERB) or VERBS
        for cell in self.cells():
            left = of(self.rule.condition, cell.facts())
            for verb in verbs:
                of_verb = given(left, VERB, Exactly(verb))
                outcome = Outcome(blind=verb in _WITH_OBJECT)
                if self.look(of_verb, cell, verb, outcome):
                    found[str(cell), verb] = outcome
        return found

    def cells(self) -> Iterator[Cell]:
        """Yield the kinds of objects that the rule names."""
        condition = self.rule.condition
        parts = named(condition, SUBRESOURCE)
        resources = named(condition, RESOURCE)
        if not resources:
            resources = [name for part in parts for name in SUBRESOURCES.get(part, ())]
        for resource in dict.fromkeys(resources):
            whole = Cell(resource)
            if of(condition, whole.facts()) != NEVER:
                yield whole
            for part in parts:
                if resource in SUBRESOURCES.get(part, (resource,)):
                    yield Cell(resource, part)

    def look(self, condition: Condition, cell: Cell, verb: str, outcome: Outcome) -> bool:
        """Note what the policy logs of such requests; return whether the rule is about any."""
        is_about = False
        for stage in _stages(cell, verb):
            at_stage = given(condition, STAGE, Exactly(stage))
            if stage == "RequestReceived":
                at_stage = without(at_stage, NOT_YET)
            for user in self.users(at_stage):
                of_user = self.of_user(at_stage, user)
                for namespace in self.namespaces(of_user):
                    left = of_user
                    if self.rule.asks(NAMESPACE):
                        left = given(of_user, NAMESPACE, namespace)
                    if left == NEVER:
                        continue
                    is_about = True
                    part: Exactly | Absent = Exactly(cell.part) if cell.part else ABSENT
                    kind = Requests(Exactly(verb), user, Exactly(cell.resource), part, namespace)
                    self.decide(left, kind, stage, outcome)
        return is_about

    def decide(self, condition: Condition, kind: Requests, stage: str, outcome: Outcome) -> None:
        """Note how much is logged of some requests, and what that leaves of the condition."""
        for level, rule in self.policy.decisions(kind, stage):
            outcome.rules[rule] = max(level, outcome.rules.get(rule, level))
            if level is not Level.NONE:
                sight = outcome.sight(condition, level)
                outcome.matches |= sight.matches
                outcome.blind &= sight.lost

    def users(self, condition: Condition) -> Iterator[Fact]:
        """Yield whom the rule or the policy names, and everybody else."""
        if condition == NEVER:
            return
        yield from map(Begins, sorted(_prefixes(condition)))
        names = {ANONYMOUS, *named(condition, USER)}
        names.update(name for rule in self.policy.rules for name in rule.users)
        groups = {name for rule in self.policy.rules for name in rule.groups}
        yield from map(Exactly, sorted(names))
        for group in sorted(groups):
            if group.startswith("system:serviceaccounts:"):
                yield Begins(f"{ACCOUNTS}{group.removeprefix('system:serviceaccounts:')}:")
        yield from _OTHERS

    def of_user(self, condition: Condition, user: Fact) -> Condition:
        """Return what is left of a condition for a user; others are none of those looked at."""
        if not self.rule.asks(USER):
            return condition
        left = given(condition, USER, user)
        if user in _OTHERS:
            return without_tests(left, lambda test: bool(_prefix_in(test)))
        return left

    def namespaces(self, condition: Condition) -> Iterator[Fact]:
        """Yield the namespaces that the rule or the policy names, all others, and none."""
        if condition == NEVER:
            return
        names = {*named(condition, NAMESPACE)}
        names.update(name for rule in self.policy.rules for name in rule.namespaces if name)
        yield from map(Exactly, sorted(names))
        yield ANOTHER
        yield ABSENT

    def reason(self, found: Iterable[Outcome]) -> str:
        """Say which entries of the policy decide."""
        decided = {rule: level for one in found for rule, level in one.rules.items()}
        name = self.policy.file.name
        said = []
        for rule, level in decided.items():
            if rule is None:
                said.append(f"no entry of {name} is about them")
            elif level is Level.NONE and rule.level is not Level.NONE:
                said.append(f"{name}:{rule.line} omits the stage")
            else:
                said.append(f"{name}:{rule.line} has level {rule.level.label}")
        return "; ".join(said)


# Everybody whom neither the rule nor the policy names, by what their names tell of their groups.
_OTHERS: Final = (Begins(ACCOUNTS), Begins("system:node:"), ANOTHER)


def _prefixes(condition: Condition) -> set[str]:
    """Return how the names of users begin that a condition asks for."""
    return {prefix for test, _ in signed(condition) if (prefix := _prefix_in(test))}


def _prefix_in(test: Test) -> str:
    match test:
        case Test(Loaded() as value, "startswith", Constant(str(prefix))) if place(value) == USER:
            return prefix
        case _:
            return ""


def _stages(cell: Cell, verb: str) -> Iterator[str]:
    yield "RequestReceived"
    if verb == "watch" or cell.resource in LASTING.get(cell.part, ()):
        yield "ResponseStarted"
    yield "ResponseComplete"
