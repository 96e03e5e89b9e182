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
from rulec.nodes import Condition, Const
from rulec.plan import CheckedRule, Group, Output, Plan
from rulec.profile.clock import Answer, Overhead, Twins, Watch
from rulec.profile.conditions import MeasuredPart, questions
from rulec.profile.results import GateProfile, RuleProfile
from rulec.runtime.events import Event, SeenEvent
from rulec.runtime.gate import Gate
from rulec.runtime.jsontext import text
from rulec.runtime.loading import execute
from rulec.runtime.matcher import Matcher
from rulec.runtime.ruleset import Manifest, Rule, Ruleset
from rulec.runtime.views import Seen
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
    gates = group.gates
    if gates is not None:
        closed = tuple(Const(False) for _ in conditions)
        gates = Gates(gates.keys, (*gates.gates, *closed), (*gates.bodies, *conditions))
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

    def twins(self, event: SeenEvent) -> Twins:
        return self._anew(event), self._anew(event)

    def _anew(self, event: SeenEvent) -> SeenEvent:
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

    def condition(self, event: SeenEvent) -> bool:
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


class _Gate(Gate):
    """A gate that counts what it lets through. It is asked once for each event."""

    def __init__(self, gate: Gate, rules: Sequence[_Rule]) -> None:
        super().__init__(self._timed_key, _unused, _unused)
        self._gate = gate
        self._rules = rules
        self._total = self._looks = self._closed = 0
        self._distinct: set[tuple[str | None, ...]] = set()

    def _timed_key(self, data: Any, audit: Any) -> tuple[Any, ...]:
        began = perf_counter_ns()
        key = self._gate.key(data, audit)
        self._total += perf_counter_ns() - began
        self._looks += 1
        return key

    def find(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        began = perf_counter_ns()
        found = self._gate.look_up(key)
        self._total += perf_counter_ns() - began
        self._looks += 1
        self._closed += not found
        self._distinct.add(tuple(map(text, key)))
        for number in found:
            self._rules[number].open += 1
        return found

    def result(self, gates: Gates, overhead: Overhead) -> GateProfile:
        spent = max(0, round(self._total - self._looks * overhead.clock))
        keys = tuple(key.value for key in gates.keys)
        return GateProfile(keys, self._closed, len(self._distinct), spent)


class Instruments:
    """The rules of one source, with what measures them."""

    def __init__(self, plan: Plan, source: str) -> None:
        groups = tuple(group for group in plan.groups if group.source.name == source)
        self._overhead = Overhead.measured()
        self._rules: tuple[_Rule, ...] = ()
        self._gates: Gates | None = None
        self._gate: _Gate | None = None
        self.ruleset = compiled(replace(plan, groups=groups))
        if groups:
            self._measure(groups[0], plan)

    def _measure(self, group: Group, plan: Plan) -> None:
        (program,) = self.ruleset.programs
        self._rules = _measured(group, self.ruleset, plan)
        self._gates = group.gates
        if program.gate is not None:
            self._gate = _Gate(program.gate, self._rules)
        rules = tuple(replace(each.rule, condition=each.condition) for each in self._rules)
        measured = replace(program, rules=rules, gate=self._gate)
        self.ruleset = replace(self.ruleset, programs=(measured,))

    def results(self, events: int) -> tuple[GateProfile | None, tuple[RuleProfile, ...]]:
        """Return what was measured on so many events."""
        everything = events if self._gate is None else None
        rules = tuple(rule.result(self._overhead, everything) for rule in self._rules)
        if self._gate is None or self._gates is None:
            return None, rules
        return self._gate.result(self._gates, self._overhead), rules


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
