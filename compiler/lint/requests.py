"""What rules about Kubernetes may match, asked one fact after the other.

The questions are those of ``rulec.cluster.facts``: whatever cannot be told is
taken for possible, so what is said to be impossible is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from rulec.cluster.demands import of_these_days
from rulec.cluster.facts import (
    ABSENT,
    RESOURCE,
    STAGE,
    SUBRESOURCE,
    USER,
    VERB,
    Exactly,
    Fact,
    given,
)
from rulec.cluster.tables import GROUPS, STAGES, VERBS
from rulec.gates import place
from rulec.lint.kubernetes import NAMESPACE, Path
from rulec.lint.model import Subject
from rulec.nodes import And, Condition, Const, Constant, Loaded, Not, OneOf, Or, Test, rebuild
from rulec.passes.fold import fold
from rulec.places import loaded_by, steps_of
from rulec.plan import CheckedRule
from rulec.runtime.fields import Step, steps
from rulec.text import Span, Text

SOURCE = "k8s_audit"
NEVER = Const(False)

Facts: TypeAlias = Mapping[Path, Fact]


@dataclass(frozen=True, slots=True)
class AuditRule:
    """A rule about audit events that may match some; ``condition`` is simplified.

    ``written`` is the condition without what macros stand for.
    """

    rule: CheckedRule
    condition: Condition
    written: Text
    _asked: dict[Path, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name, as it is told."""
        return self.rule.name

    @property
    def span(self) -> Span:
        """Where the rule begins."""
        return self.rule.span

    def span_about(self, path: Path) -> Span:
        """Return where it asks for what is at a place; where it begins, if a macro does that."""
        for test, _ in signed(self.condition):
            is_about = isinstance(test.value, Loaded) and place(test.value) == path
            if is_about and self.has_written(test.span):
                return test.span
        return self.span

    def has_written(self, span: Span) -> bool:
        """Return whether a place is in the condition of the rule itself."""
        file, offset = span.origin
        return any(
            piece.file == file and piece.offset <= offset <= piece.offset + len(piece.characters)
            for piece in self.written.pieces
            if piece.verbatim
        )

    def may_match(self, facts: Facts) -> bool:
        """Return whether it may match an event about which this is known."""
        return of(self.condition, facts) != NEVER

    def asks(self, path: Path) -> bool:
        """Return whether it asks for what is at a place, or below it."""
        if path not in self._asked:
            self._asked[path] = any(
                each[: len(path)] == path
                for loaded in loaded_by(self.condition)
                for each in paths_of(loaded)
            )
        return self._asked[path]


def audit_rules(subject: Subject) -> list[AuditRule]:
    """Return the rules about audit events that may match some."""
    return list(subject.once(_audit_rules))


# How much work a rule may be, and all of them: leaves of its condition, once for each name in
# it. What is more is left out, and nothing is said of it.
_MOST_OF_ONE: Final = 20_000
_MOST_OF_ALL: Final = 1_000_000


def _audit_rules(subject: Subject) -> tuple[AuditRule, ...]:
    found, left = [], _MOST_OF_ALL
    for rule in subject.analysis.rules:
        if rule.source != SOURCE or not subject.may_match(rule.name):
            continue
        condition = of_these_days(rule.condition)
        work = _work(condition)
        if condition != NEVER and work <= min(left, _MOST_OF_ONE):
            left -= work
            written = subject.definitions.rules[rule.name].condition
            found.append(AuditRule(rule, condition, written))
    return tuple(found)


_NAMED: Final = frozenset({VERB, RESOURCE, SUBRESOURCE, STAGE, USER, NAMESPACE})


def _work(condition: Condition) -> int:
    tests = [test for test, _ in signed(condition)]
    names = 0
    for test in tests:
        if isinstance(test.value, Loaded) and place(test.value) in _NAMED:
            names += len(constants(test))
    return len(tests) * (1 + names)


def of(condition: Condition, facts: Facts) -> Condition:
    """Return what is left of a condition where all this is known."""
    for path, fact in facts.items():
        condition = given(condition, path, fact)
        if condition == NEVER:
            break
    return condition


def whole(resource: str, verb: str) -> Facts:
    """Return what is known of requests for objects, and not for parts of them."""
    return {RESOURCE: Exactly(resource), SUBRESOURCE: ABSENT, VERB: Exactly(verb)}


def part(resource: str, subresource: str, verb: str) -> Facts:
    """Return what is known of requests for parts of objects."""
    return {
        RESOURCE: Exactly(resource),
        SUBRESOURCE: Exactly(subresource),
        VERB: Exactly(verb),
    }


def without(condition: Condition, places: Iterable[Path]) -> Condition:
    """Return what is left of a condition where nothing is at these places, and below them."""
    gone = tuple(places)
    return without_tests(condition, lambda test: reads_below(test, gone))


def without_tests(condition: Condition, fails: Callable[[Test], bool]) -> Condition:
    """Return what is left of a condition where some tests do not hold."""

    def change(node: Condition) -> Condition:
        if isinstance(node, Test):
            return NEVER if fails(node) else node
        return rebuild(node, change)

    return fold(change(condition))


def reads_below(test: Test, places: Iterable[Path]) -> bool:
    """Return whether a test is about what is at one of these places, or below it."""
    paths = [path for loaded in loaded_by(test) for path in paths_of(loaded)]
    return any(path[: len(each)] == each for path in paths for each in places)


def paths_of(loaded: Loaded) -> list[tuple[Step, ...]]:
    """Return the places of an event that a field reads."""
    field = loaded.field
    if field.compute is not None:
        return [steps(path) for path in field.reads]
    if field.path is None and not field.pointer:
        return []
    return [steps_of(field, loaded.argument)]


def signed(condition: Condition, positive: bool = True) -> Iterator[tuple[Test, bool]]:
    """Yield the tests of a condition, and whether it takes that they hold, or that they do not.

    Of tests of which exactly one has to hold, both are yielded.
    """
    match condition:
        case Test():
            yield condition, positive
        case Not(operand):
            yield from signed(operand, not positive)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from signed(operand, positive)
        case OneOf(operands):
            for operand in operands:
                yield from signed(operand, positive)
                yield from signed(operand, not positive)
        case _:
            pass


def constants(test: Test) -> tuple[object, ...]:
    """Return what a test compares with."""
    match test.operand:
        case Constant(tuple(values)):
            return values
        case Constant(value):
            return (value,)
        case _:
            return ()


def named(condition: Condition, path: Path) -> list[str]:
    """Return the names at a place that a condition asks for, and may be true of."""
    found: dict[str, None] = {}
    for test, _ in signed(condition):
        match test:
            case Test(Loaded() as value, "=" | "in") if place(value) == path:
                found.update((text, None) for text in constants(test) if isinstance(text, str))
            case _:
                pass
    return [name for name in found if given(condition, path, Exactly(name)) != NEVER]


def verbs_of(condition: Condition) -> list[str]:
    """Return the verbs that a condition may be true of, of those for resources."""
    return [verb for verb in VERBS if given(condition, VERB, Exactly(verb)) != NEVER]


def stages_of(condition: Condition) -> list[str]:
    """Return the stages that a condition may be true of."""
    return [stage for stage in STAGES if given(condition, STAGE, Exactly(stage)) != NEVER]


def resources_of(rule: AuditRule) -> list[str]:
    """Return the resources that a rule names and may match."""
    return named(rule.condition, RESOURCE)


def known_resources(rule: AuditRule) -> list[str]:
    """Return the resources of Kubernetes that a rule names and may match."""
    return [name for name in resources_of(rule) if name in GROUPS]


def parts_of(condition: Condition) -> frozenset[Condition]:
    """Return what must hold for a condition to hold."""
    match condition:
        case Const(True):
            return frozenset()
        case And(operands):
            return frozenset(operands)
        case other:
            return frozenset({other})


def told_elsewhere(rule: AuditRule, here: Facts, others: Iterable[AuditRule], there: Facts) -> bool:
    """Return whether what one rule tells of some requests, another tells of others."""
    needed = parts_of(of(rule.condition, here))
    for other in others:
        left = of(other.condition, there)
        if left != NEVER and parts_of(left) <= needed:
            return True
    return False


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names as a sentence has them.

    >>> listed(["a", "b", "c"]), listed(["a"], "or")
    ('a, b and c', 'a')
    """
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
