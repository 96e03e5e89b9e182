"""Measuring put into a compiled ruleset: it gives the same verdicts, and counts.

This is the only place that knows how compiled rules are called. The gate and
each rule are wrapped; a wrapped rule is timed as it is, and then its
condition is asked part by part.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter_ns
from typing import Final

from rulec.emit import emit
from rulec.layout import layout
from rulec.nodes import And, Condition, Loaded, Not, OneOf, Or, Test, leaves
from rulec.plan import CheckedRule, Output, Plan
from rulec.profile.alternatives import alternatives
from rulec.profile.results import Alternative, GateProfile, Part, RuleProfile
from rulec.runtime.events import Event
from rulec.runtime.gate import Gate
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Manifest, Rule, Ruleset
from rulec.text import Span
from rulec.version import version
from rulec.written import field_name

Answer = Callable[[Event], bool]

# How often the clock is tried to find out what looking at it takes.
_TRIALS: Final = 2000


def compiled(plan: Plan) -> Ruleset:
    """Return the ruleset of a plan, as ``rulec run`` has it."""
    return execute(layout(emit(plan, Manifest(version(), ()))))


def answers(conditions: Iterable[Condition], source: str, plan: Plan) -> Mapping[Condition, Answer]:
    """Compile each condition to a function of its own, as if it were a whole rule."""
    distinct = tuple(dict.fromkeys(conditions))
    rules = tuple(
        CheckedRule(f"part {number}", "Debug", source, (), node.span, node, Output((), ()))
        for number, node in enumerate(distinct)
    )
    functions = (rule.matches for rule in compiled(Plan(rules, "all", sources=plan.sources)).rules)
    return dict(zip(distinct, functions, strict=True))


def key_fields(plan: Plan, source: str) -> tuple[Loaded, ...]:
    """Return the values that the gate of a source looks at, if it has one."""
    gates = plan.gates.get(source)
    return tuple(key.value for key in gates.keys) if gates else ()


# --- the clock -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overhead:
    """What measuring takes, in nanoseconds.

    ``clock`` is the time between two looks at the clock, ``call`` the same
    with the call of a function between them that does nothing.
    """

    clock: float
    call: float

    @classmethod
    def measured(cls) -> "Overhead":
        """Try it."""
        looks, calls = [], []
        for _ in range(_TRIALS):
            began = perf_counter_ns()
            looks.append(perf_counter_ns() - began)
            began = perf_counter_ns()
            _nothing(None)
            calls.append(perf_counter_ns() - began)
        return cls(median(looks), median(calls))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep what the compiler left behind out of garbage collections.

    They take long then, and would be put down to whatever is asked just now.
    """
    gc.collect()
    thawed = gc.get_freeze_count() == 0
    gc.freeze()
    try:
        yield
    finally:
        if thawed:
            gc.unfreeze()


def _nothing(event: object) -> bool:
    return False


@dataclass(slots=True)
class _Watch:
    """A sum of times."""

    total: int = 0
    looks: int = 0

    def timed(self, function: Answer, event: Event) -> bool:
        """Call a function twice, and add the shorter time.

        A long one says that the machine had something else to do, or that
        nobody had looked at the event before.
        """
        began = perf_counter_ns()
        answer = function(event)
        first = perf_counter_ns() - began
        began = perf_counter_ns()
        function(event)
        self.total += min(first, perf_counter_ns() - began)
        self.looks += 1
        return answer

    def without(self, overhead: float) -> int:
        return max(0, round(self.total - self.looks * overhead))


# --- conditions ------------------------------------------------------------------------


@dataclass(slots=True)
class _Alternative:
    """A simpler test, asked beside the original."""

    node: Test
    function: Answer
    agreed: int = 0
    watch: _Watch = field(default_factory=_Watch)

    def result(self, overhead: Overhead) -> Alternative:
        return Alternative(self.node, self.agreed, self.watch.without(overhead.call))


@dataclass(slots=True)
class _Part:
    """A part of a condition that counts what it is asked."""

    node: Condition
    span: Span
    parts: tuple["_Part", ...]
    function: Answer | None
    alternatives: tuple[_Alternative, ...]
    evaluations: int = 0
    true: int = 0
    watch: _Watch = field(default_factory=_Watch)

    @classmethod
    def of(cls, node: Condition, place: Span, functions: Mapping[Condition, Answer]) -> "_Part":
        """Prepare a condition; what the passes made up is reported at ``place``."""
        span = node.span if node.span.text.pieces else place
        parts = tuple(cls.of(part, span, functions) for part in _operands(node))
        others = tuple(_Alternative(each, functions[each]) for each in alternatives(node))
        return cls(node, span, parts, functions.get(node), others)

    def holds(self, event: Event) -> bool:
        """Answer as compiled code does: no part is asked once the answer is known."""
        match self.node:
            case Not():
                answer = not self.parts[0].holds(event)
            case And():
                answer = all(part.holds(event) for part in self.parts)
            case Or():
                answer = any(part.holds(event) for part in self.parts)
            case OneOf():
                answer = sum([part.holds(event) for part in self.parts]) == 1
            case _:
                answer = self.tested(event)
        self.evaluations += 1
        self.true += answer
        return answer

    def tested(self, event: Event) -> bool:
        assert self.function is not None, "every test was compiled"
        answer = self.watch.timed(self.function, event)
        for other in self.alternatives:
            other.agreed += other.watch.timed(other.function, event) is answer
        return answer

    def result(self, overhead: Overhead) -> Part:
        parts = tuple(part.result(overhead) for part in self.parts)
        others = tuple(each.result(overhead) for each in self.alternatives)
        spent = sum(part.nanoseconds for part in parts)
        spent += self.watch.without(overhead.call)
        return Part(self.node, self.span, self.evaluations, self.true, spent, parts, others)


def _operands(node: Condition) -> tuple[Condition, ...]:
    match node:
        case Not(operand):
            return (operand,)
        case And(operands) | Or(operands) | OneOf(operands):
            return operands
        case _:
            return ()


# --- rules and gates -------------------------------------------------------------------


@dataclass(slots=True)
class _Rule:
    """A rule that counts and times what it is asked."""

    rule: Rule
    planned: CheckedRule
    condition: _Part
    open: int = 0
    matched: int = 0
    watch: _Watch = field(default_factory=_Watch)

    def matches(self, event: Event) -> bool:
        answer = self.watch.timed(self.rule.matches, event)
        self.matched += answer
        self.condition.holds(event)
        return answer

    def result(self, overhead: Overhead, events: int | None) -> RuleProfile:
        return RuleProfile(
            self.planned.name,
            self.planned.span,
            self.open if events is None else events,
            self.watch.looks,
            self.matched,
            self.watch.without(overhead.clock),
            self.condition.result(overhead),
        )


class _Gate(Gate):
    """A gate that counts what it lets through."""

    def __init__(self, gate: Gate, rules: tuple[_Rule, ...]) -> None:
        self.key = gate.key
        self._gate = gate
        self._rules = rules
        self._total = self._events = self._closed = 0
        self._distinct: set[tuple[str | None, ...]] = set()

    def __call__(self, event: Event) -> tuple[int, ...]:
        began = perf_counter_ns()
        found = self._gate(event)
        self._total += perf_counter_ns() - began
        self._events += 1
        self._closed += not found
        self._distinct.add(self.key(event))
        for number in found:
            self._rules[number].open += 1
        return found

    def result(self, keys: tuple[str, ...], overhead: Overhead) -> GateProfile:
        spent = max(0, round(self._total - self._events * overhead.clock))
        return GateProfile(keys, self._closed, len(self._distinct), spent)


class Instruments:
    """The rules of one source, with what measures them."""

    def __init__(self, plan: Plan, source: str) -> None:
        planned = [rule for rule in plan.rules if rule.source == source]
        tests = [test for rule in planned for test in _tests(rule.condition)]
        functions = answers(tests, source, plan)
        ruleset = compiled(plan)
        rules = [rule for rule in ruleset.rules if rule.source == source]
        self._rules = tuple(
            _Rule(rule, each, _Part.of(each.condition, each.span, functions))
            for rule, each in zip(rules, planned, strict=True)
        )
        self._keys = tuple(field_name(value) for value in key_fields(plan, source))
        self._gate = _Gate(ruleset.gates[source], self._rules) if self._keys else None
        self._overhead = Overhead.measured()
        measured = (replace(each.rule, matches=each.matches) for each in self._rules)
        gates = {} if self._gate is None else {source: self._gate}
        self.ruleset = replace(ruleset, rules=tuple(measured), gates=gates)

    def results(self, events: int) -> tuple[GateProfile | None, tuple[RuleProfile, ...]]:
        """Return what was measured on so many events."""
        everything = events if self._gate is None else None
        rules = tuple(rule.result(self._overhead, everything) for rule in self._rules)
        if self._gate is None:
            return None, rules
        return self._gate.result(self._keys, self._overhead), rules


def _tests(condition: Condition) -> Iterable[Condition]:
    """Yield the tests of a condition, and those that might replace them."""
    for leaf in leaves(condition):
        yield leaf
        yield from alternatives(leaf)
