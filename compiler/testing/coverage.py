"""Condition coverage: which parts of conditions were seen true, and which false, in tests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from rulec.explain.outline import Outline, OutlinePart
from rulec.nodes import Const
from rulec.passes import simplify
from rulec.text import Span

# A macro, and "not", ask what their only part asks: that is not counted twice.
COUNTED = frozenset({"and", "or", "oneof", "test"})


@dataclass(frozen=True, slots=True)
class PartCoverage:
    """What tests have seen of a part: whether it was ``true``, and whether ``false``.

    ``proven`` is what it says of every event, if the compiler knows; then it is not counted.
    """

    text: str
    span: Span
    true: bool = False
    false: bool = False
    proven: bool | None = None

    @property
    def wanted(self) -> int:
        """How many outcomes it can have: two, or none that would count."""
        return 2 if self.proven is None else 0

    @property
    def seen(self) -> int:
        """How many of them were seen."""
        return self.true + self.false if self.proven is None else 0

    @property
    def missing(self) -> str:
        """What it was not, of what it could be: ``true``, ``false``, or nothing."""
        if self.proven is not None or self.seen == 2:
            return ""
        return "false" if self.true else "true" if self.false else "true or false"


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """The coverage of a rule. ``events`` is of how many events tests have looked at it."""

    rule: str
    source: str
    span: Span
    parts: tuple[PartCoverage, ...]
    events: int = 0

    @property
    def wanted(self) -> int:
        """How many outcomes the parts of its condition can have."""
        return sum(part.wanted for part in self.parts)

    @property
    def seen(self) -> int:
        """How many of them were seen."""
        return sum(part.seen for part in self.parts)

    def added(self, other: "RuleCoverage") -> "RuleCoverage":
        """Return what was seen here or elsewhere of the same rule."""
        parts = tuple(
            replace(one, true=one.true or two.true, false=one.false or two.false)
            for one, two in zip(self.parts, other.parts, strict=True)
        )
        return replace(self, parts=parts, events=self.events + other.events)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of all rules."""

    rules: tuple[RuleCoverage, ...]

    @property
    def wanted(self) -> int:
        """How many outcomes all parts can have."""
        return sum(rule.wanted for rule in self.rules)

    @property
    def seen(self) -> int:
        """How many of them were seen."""
        return sum(rule.seen for rule in self.rules)

    @property
    def percent(self) -> Fraction:
        """How many of a hundred outcomes were seen; all, if there are none."""
        return Fraction(100 * self.seen, self.wanted) if self.wanted else Fraction(100)

    @property
    def proven(self) -> tuple[tuple[str, PartCoverage], ...]:
        """The parts that are not counted, each with the name of its rule."""
        return tuple(
            (rule.rule, part)
            for rule in self.rules
            for part in rule.parts
            if part.proven is not None
        )


def counted(outline: Outline) -> Iterator[OutlinePart]:
    """Yield the parts of a condition that are looked at."""
    for part in outline.root.walk():
        if part.kind in COUNTED or part.kind == "const":
            yield part


def proven(part: OutlinePart) -> bool | None:
    """Return what a part says of every event; None if that depends on the event."""
    simplified = simplify(part.condition)
    return simplified.value if isinstance(simplified, Const) else None


def together(found: Iterable[RuleCoverage]) -> Coverage:
    """Return the coverage of rules, of which the same may be in several sets of rules."""
    rules: dict[tuple[object, ...], RuleCoverage] = {}
    for each in found:
        key = (each.rule, each.span.file, tuple(part.text for part in each.parts))
        rules[key] = rules[key].added(each) if key in rules else each
    return Coverage(tuple(rules.values()))
