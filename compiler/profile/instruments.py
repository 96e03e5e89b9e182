"""Measuring put into a compiled ruleset: it gives the same verdicts, and counts.

This is the only place that knows how compiled rules are called. The gate and
the body of each rule are wrapped. A wrapped body is timed as it is, and then
asked part by part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter_ns
from typing import Any

from rulec.emit import emit
from rulec.gates import Gates
from rulec.layout import layout
from rulec.nodes import Condition
from rulec.plan import CheckedRule, Group, Output, Plan
from rulec.profile.clock import Answer, Overhead, Twins, Watch
from rulec.profile.conditions import MeasuredPart, questions
from rulec.profile.results import GateProfile, RuleProfile
from rulec.runtime.events import Event
from rulec.runtime.gate import ByType, Gate
from rulec.runtime.jsontext import text
from rulec.runtime.loading import execute
from rulec.runtime.matcher import Matcher
from rulec.runtime.ruleset import Manifest, Rule, Ruleset
from rulec.runtime.sources import AnyEvent
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.runtime.views import Seen
from rulec.type_gates import TypeGates
from rulec.version import version


def compiled(plan: Plan) -> Ruleset:
    """Return the ruleset of a plan, as ``rulec run`` has it."""
    return execute(layout(emit(plan, Manifest(version(), ()))))


def with_questions(group: Group, conditions: Sequence[Condition]) -> Group:
    """Return the rules of a group, and behind them each condition as if it were one more.

    The conditions only read what the bodies of the rules read. So they see
    events as those do, and are compiled to what they are as parts of a body.
    """
    rules = tuple(
        CheckedRule(f"part {number}", "Debug", group.source.name, (), node.span, node, _NO_OUTPUT)
        for number, node in enumerate(conditions)
    )
    gates = None if group.gates is None else group.gates.with_shut(conditions)
    return replace(group, rules=(*group.rules, *rules), gates=gates)


_NO_OUTPUT = Output((), ())


class _Eyes:
    """How the rules of a program see events: each time as if nobody had looked before.

    What a rule asks for is decoded, and what several rules ask for is kept.
    The time of a rule must not depend on which others were tried before.
    """

    def __init__(self, matcher: Matcher, seen: Seen | None) -> None:
        self._matcher = matcher
        self._seen = seen

    def twins(self, event: AnyEvent) -> Twins:
        return self._anew(event), self._anew(event)

    def _anew(self, event: AnyEvent) -> AnyEvent:
        if isinstance(event, SyscallEvent):
            return event.anew()
        whole, time, number, run = event.whole, event.time, event.number, event.run
        if self._seen is not None and isinstance(whole, bytes):
            view = self._matcher.glimpse(whole)
            return self._seen.event(view, time, number, view, run, whole)
        return self._matcher.seen(Event(event.document, time, number, event.audit_document, run))


# --- rules and gates -------------------------------------------------------------------


@dataclass(slots=True)
class _Rule:
    """A rule that counts and times what it is asked.

    Its body is asked part by part of events as ``by_part`` sees them.
    """

    rule: Rule
    planned: CheckedRule
    gate: Condition | None
    body: MeasuredPart
    eyes: _Eyes
    by_part: _Eyes
    open: int = 0
    matched: int = 0
    watch: Watch = field(default_factory=Watch)

    def condition(self, event: AnyEvent) -> bool:
        answer = self.watch.timed(self.rule.condition, self.eyes.twins(event))
        self.matched += answer
        self.body.holds(self.by_part.twins(event))
        return answer

    def result(self, overhead: Overhead, events: int | None) -> RuleProfile:
        return RuleProfile(
            self.planned.name,
            self.planned.span,
            self.gate,
            self.open if events is None else events,
            self.watch.looks,
            self.matched,
            self.watch.without(overhead.clock),
            self.body.result(overhead),
        )


def _unused(*key: Any) -> tuple[Any, ...]:
    raise AssertionError("the wrapped gate is asked instead")


@dataclass(slots=True)
class _Looks:
    """What a gate has let through so far, and how long it took."""

    rules: Sequence[_Rule]
    nanoseconds: int = 0
    looks: int = 0
    closed: int = 0
    distinct: set[tuple[str | None, ...]] = field(default_factory=set)

    def add(self, began: int) -> None:
        """Count a look at the clock, from ``began`` until now."""
        self.nanoseconds += perf_counter_ns() - began
        self.looks += 1

    def told(self, key: tuple[str | None, ...], found: Sequence[int]) -> None:
        """Count what the gate said of an event."""
        self.closed += not found
        self.distinct.add(key)
        for number in found:
            self.rules[number].open += 1

    def result(self, gates: Gates | TypeGates, overhead: Overhead) -> GateProfile:
        spent = max(0, round(self.nanoseconds - self.looks * overhead.clock))
        return GateProfile(gates.values, self.closed, len(self.distinct), spent)


class _Gate(Gate):
    """A gate that counts what it lets through. It is asked once for each event."""

    def __init__(self, gate: Gate, looks: _Looks) -> None:
        super().__init__(self._timed_key, _unused, _unused)
        self._gate = gate
        self._looks = looks

    def _timed_key(self, data: Any, audit: Any) -> tuple[Any, ...]:
        began = perf_counter_ns()
        key = self._gate.key(data, audit)
        self._looks.add(began)
        return key

    def find(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        began = perf_counter_ns()
        found = self._gate.look_up(key)
        self._looks.add(began)
        self._looks.told(tuple(map(text, key)), found)
        return found


class _TypeGate(ByType):
    """The same for a gate by the type of an event."""

    def __init__(self, gate: ByType, looks: _Looks) -> None:
        super().__init__(gate.name, {}, ())
        self._gate = gate
        self._looks = looks

    @property
    def asked(self) -> None:
        """All types: every event is counted here."""

    def __call__(self, event: Any) -> tuple[int, ...]:
        began = perf_counter_ns()
        found = self._gate(event)
        self._looks.add(began)
        self._looks.told((event[self.name],), found)
        return found

    def of(self, type_: str | None) -> tuple[int, ...]:
        began = perf_counter_ns()
        found = self._gate.of(type_)
        if not found:  # else the event is looked at, and the gate is asked for it
            self._looks.add(began)
            self._looks.told((type_,), found)
        return found


class Instruments:
    """The rules of one source, with what measures them."""

    def __init__(self, plan: Plan, source: str) -> None:
        groups = tuple(group for group in plan.groups if group.source.name == source)
        self._overhead = Overhead.measured()
        self._rules: tuple[_Rule, ...] = ()
        self._gates: Gates | TypeGates | None = None
        self._looks: _Looks | None = None
        self.ruleset = compiled(replace(plan, groups=groups))
        if groups:
            self._measure(groups[0], plan)

    def _measure(self, group: Group, plan: Plan) -> None:
        (program,) = self.ruleset.programs
        self._rules = _measured(group, self.ruleset, plan)
        self._gates = group.gates
        gate = program.gate
        if gate is not None:
            self._looks = _Looks(self._rules)
            counts = _TypeGate if isinstance(gate, ByType) else _Gate
            gate = counts(gate, self._looks)  # type: ignore[arg-type]
        rules = tuple(replace(each.rule, condition=each.condition) for each in self._rules)
        measured = replace(program, rules=rules, gate=gate)
        self.ruleset = replace(self.ruleset, programs=(measured,))

    def results(self, events: int) -> tuple[GateProfile | None, tuple[RuleProfile, ...]]:
        """Return what was measured on so many events."""
        everything = events if self._looks is None else None
        rules = tuple(rule.result(self._overhead, everything) for rule in self._rules)
        if self._looks is None or self._gates is None:
            return None, rules
        return self._looks.result(self._gates, self._overhead), rules


def _measured(group: Group, ruleset: Ruleset, plan: Plan) -> tuple[_Rule, ...]:
    source = group.source.name
    asked = tuple(dict.fromkeys(each for body in group.bodies for each in questions(body)))
    by_part = compiled(replace(plan, groups=(with_questions(group, asked),)))
    behind = by_part.programs[0].rules[len(group.rules) :]
    functions: Mapping[Condition, Answer] = {
        node: rule.condition for node, rule in zip(asked, behind, strict=True)
    }
    own, parted = (
        _Eyes(each.matcher(source), each.programs[0].seen) for each in (ruleset, by_part)
    )
    gates = [None] * len(group.rules) if group.gates is None else group.gates.gates
    return tuple(
        _Rule(rule, planned, gate, MeasuredPart.of(body, planned.span, functions), own, parted)
        for rule, planned, gate, body in zip(
            ruleset.programs[0].rules, group.rules, gates, group.bodies, strict=True
        )
    )
