"""What a profile says: numbers, and what they are about. Nothing here changes.

Times are in nanoseconds and without the time that measuring took.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rulec.nodes import And, Condition, Const, Loaded, Not, OneOf, Or, Test
from rulec.text import Span
from rulec.written import field_name, written


@dataclass(frozen=True, slots=True)
class Alternative:
    """A simpler test, asked of the same events.

    It gave the same answer as often as it ``agreed``. Its ``nanoseconds`` are
    to be compared with those that the test took ``again``.
    """

    node: Test
    agreed: int
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition as it was compiled, and what became of it.

    ``evaluations`` counts how often it was asked: not when an earlier part
    had decided. ``true`` counts the answers. ``parts`` are its operands in
    the order of asking; its ``nanoseconds`` are theirs, and those of a test
    include the loading of what it reads. What an earlier one has read is
    decoded already; ``again`` are the nanoseconds where that is so of
    everything, and ``own`` those of them that are not for loading.
    """

    node: Condition
    span: Span
    evaluations: int
    true: int
    nanoseconds: int
    again: int
    own: int
    parts: tuple["Part", ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    @property
    def text(self) -> str:
        """The condition in the form that Falco prints."""
        return written(self.node)

    @property
    def kind(self) -> str:
        """``test``, or how the parts are joined: ``and``, ``or``, ``not``, ``oneof``.

        ``const`` is what does not depend on the event.
        """
        match self.node:
            case And():
                return "and"
            case Or():
                return "or"
            case Not():
                return "not"
            case OneOf():
                return "oneof"
            case Const():
                return "const"
            case _:
                return "test"

    @property
    def each(self) -> float:
        """Nanoseconds for one evaluation, 0 if there was none."""
        return self.nanoseconds / self.evaluations if self.evaluations else 0.0

    def walk(self) -> Iterator["Part"]:
        """Yield the part and all parts of it, in the order of asking."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def tests(self) -> Iterator["Part"]:
        """Yield the tests, which have no parts themselves."""
        return (part for part in self.walk() if part.kind == "test")


@dataclass(frozen=True, slots=True)
class RuleProfile:
    """A rule: on how many events it could have matched, was tried, and matched.

    ``gate`` is what its condition says about the key fields, and ``body`` what
    is left of the condition where that holds. If the source has no gate, it is
    None, and the body is the condition.

    ``open`` counts the events whose key fields left the rule possible (all
    events if there is no gate), ``evaluations`` those on which it was tried:
    an earlier rule may have matched. ``nanoseconds`` are those of the compiled
    body itself, on events that no other rule has looked at.
    """

    name: str
    span: Span
    gate: Condition | None
    open: int
    evaluations: int
    matches: int
    nanoseconds: int
    body: Part

    @property
    def each(self) -> float:
        """Nanoseconds for one evaluation, 0 if there was none."""
        return self.nanoseconds / self.evaluations if self.evaluations else 0.0


@dataclass(frozen=True, slots=True)
class GateProfile:
    """The look at the key fields that comes before the rules.

    ``keys`` are the key fields, ``closed`` counts the events for which no rule
    had to be tried, ``distinct`` the different values that the key fields had
    together.
    """

    keys: tuple[Loaded, ...]
    closed: int
    distinct: int
    nanoseconds: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the key fields."""
        return tuple(map(field_name, self.keys))


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rules for one event source did on a log.

    ``gate`` is None if the compiler found none worth having. ``skipped``
    counts by reason what was no event; ``unreadable`` are the inputs that
    could not be read to their end.
    """

    source: str
    events: int
    alerts: int
    skipped: Mapping[str, int]
    unreadable: tuple[str, ...]
    gate: GateProfile | None
    rules: tuple[RuleProfile, ...]

    @property
    def nanoseconds(self) -> int:
        """The time of all rules together, without that of the gate."""
        return sum(rule.nanoseconds for rule in self.rules)

    def share(self, rule: RuleProfile) -> float:
        """Return the part of the time of all rules that one took, from 0 to 1."""
        return rule.nanoseconds / self.nanoseconds if self.nanoseconds else 0.0

    def dearest(self) -> list[RuleProfile]:
        """Return the rules that were tried, those that took most time first."""
        tried = (rule for rule in self.rules if rule.evaluations)
        return sorted(tried, key=lambda rule: -rule.nanoseconds)
