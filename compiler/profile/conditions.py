"""Conditions that count and time what they are asked, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rulec.nodes import And, Condition, Not, OneOf, Or, Test, leaves
from rulec.places import loaded_by
from rulec.profile.alternatives import alternatives
from rulec.profile.clock import Answer, Overhead, Twins, Watch
from rulec.profile.results import Alternative, Part
from rulec.text import Span


def questions(condition: Condition) -> Iterator[Condition]:
    """Yield what has to be compiled to measure a condition.

    These are its tests, what might replace them, and no more than the loading
    of what they read.
    """
    for leaf in leaves(condition):
        yield leaf
        yield from alternatives(leaf)
        yield from _loads(leaf)


def _loads(node: Condition) -> tuple[Test, ...]:
    """Return tests that do little more than to load what a test reads."""
    if not isinstance(node, Test):
        return ()
    return tuple(Test(value, "exists") for value in dict.fromkeys(loaded_by(node)))


@dataclass(slots=True)
class _Alternative:
    """A simpler test, asked beside the original."""

    node: Test
    function: Answer
    agreed: int = 0
    watch: Watch = field(default_factory=Watch)

    def result(self, overhead: Overhead) -> Alternative:
        return Alternative(self.node, self.agreed, self.watch.without(overhead.call))


@dataclass(slots=True)
class MeasuredPart:
    """A part of a condition, with the function that answers it if it is a leaf."""

    node: Condition
    span: Span
    parts: tuple["MeasuredPart", ...]
    function: Answer | None
    alternatives: tuple[_Alternative, ...]
    loads: tuple[Answer, ...]
    evaluations: int = 0
    true: int = 0
    watch: Watch = field(default_factory=Watch)
    again: Watch = field(default_factory=Watch)
    loading: Watch = field(default_factory=Watch)

    @classmethod
    def of(
        cls, node: Condition, place: Span, functions: Mapping[Condition, Answer]
    ) -> "MeasuredPart":
        """Prepare a condition; what the passes made up is reported at ``place``."""
        span = node.span if node.span.text.pieces else place
        parts = tuple(cls.of(part, span, functions) for part in _operands(node))
        others = tuple(_Alternative(each, functions[each]) for each in alternatives(node))
        loads = tuple(functions[load] for load in _loads(node))
        return cls(node, span, parts, None if parts else functions.get(node), others, loads)

    def holds(self, event: Twins) -> bool:
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
                answer = self._asked(event)
        self.evaluations += 1
        self.true += answer
        return answer

    def _asked(self, event: Twins) -> bool:
        assert self.function is not None, "every leaf was compiled"
        answer = self.watch.timed(self.function, event)
        # The first one to read a value has to decode it. What is compared is asked behind that.
        self.again.timed(self.function, event)
        for load in self.loads:
            self.loading.timed(load, event)
        for other in self.alternatives:
            other.agreed += other.watch.timed(other.function, event) is answer
        return answer

    def result(self, overhead: Overhead) -> Part:
        """Return what was measured."""
        parts = tuple(part.result(overhead) for part in self.parts)
        others = tuple(each.result(overhead) for each in self.alternatives)
        spent = sum(part.nanoseconds for part in parts) + self.watch.without(overhead.call)
        again = sum(part.again for part in parts) + self.again.without(overhead.call)
        loading = self.loading.without(overhead.call)
        own = sum(part.own for part in parts) + max(0, self.again.without(overhead.call) - loading)
        return Part(
            self.node, self.span, self.evaluations, self.true, spent, again, own, parts, others
        )


def _operands(node: Condition) -> tuple[Condition, ...]:
    match node:
        case Not(operand):
            return (operand,)
        case And(operands) | Or(operands) | OneOf(operands):
            return operands
        case _:
            return ()
