"""What is to be written: each rule with its simplified condition and its output."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rulec.days import by_day, day_field
from rulec.gates import Gates, gates
from rulec.nodes import Condition, Loaded, Value
from rulec.passes import simplify
from rulec.passes.fold import fold
from rulec.places import loaded_by, loaded_in
from rulec.runtime.sources import SOURCES, EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.text import Span
from rulec.type_gates import TYPE, TypeGates, type_gates


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an output where a value goes, at a fixed width if there is one."""

    value: Value
    width: int | None = None


Parts: TypeAlias = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a rule: text and slots, and the fields to report by their names.

    Most fields are reported as the values that they are; some are texts with
    slots themselves.
    """

    parts: Parts
    fields: tuple[tuple[str, Value | Parts], ...]

    def reads(self) -> Iterator[Loaded]:
        """Yield the fields that it reads."""
        for each in (self.parts, *(value for _, value in self.fields)):
            values = (each,) if not isinstance(each, tuple) else _slots(each)
            for value in values:
                yield from loaded_in(value)


def _slots(parts: Parts) -> Iterator[Value]:
    return (part.value for part in parts if isinstance(part, Slot))


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule in which every name has been looked up."""

    name: str
    priority: str
    source: str
    tags: tuple[str, ...]
    span: Span
    condition: Condition
    output: Output

    def reads(self) -> Iterator[Loaded]:
        """Yield the fields that the condition and the output read."""
        yield from loaded_by(self.condition)
        yield from self.output.reads()


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one event source, in order, with gates if they are worth it.

    ``projected`` says whether events are to be seen through a view of what
    the rules read.
    """

    source: EventSource
    rules: tuple[CheckedRule, ...]
    gates: Gates | TypeGates | None = None
    projected: bool = True

    @property
    def bodies(self) -> tuple[Condition, ...]:
        """What is left to ask of each rule where its gate is open."""
        if self.gates is not None:
            return self.gates.bodies
        return tuple(rule.condition for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules to write, by event source, and how they are to be matched.

    ``sources`` are the event sources that the user defined.
    """

    groups: tuple[Group, ...]
    rule_matching: str
    sources: tuple[JsonSource, ...] = ()

    @property
    def rules(self) -> tuple[CheckedRule, ...]:
        """All rules."""
        return tuple(rule for group in self.groups for rule in group.rules)


def plan(
    rules: Sequence[CheckedRule],
    rule_matching: str,
    sources: Mapping[str, EventSource] = SOURCES,
    *,
    plain: bool = False,
) -> Plan:
    """Decide what to compute for each event: as little as the rules allow.

    A ``plain`` plan has nothing but a function for each rule over decoded
    events. It is what the others are measured against.
    """
    by_source: dict[str, list[CheckedRule]] = {}
    for rule in rules:
        simplified = replace(rule, condition=simplify(rule.condition))
        by_source.setdefault(rule.source, []).append(simplified)
    groups = [
        Group(
            sources[source],
            tuple(found),
            None if plain else _gates(sources[source], found),
            projected=not plain,
        )
        for source, found in by_source.items()
    ]
    own = tuple(source for source in sources.values() if isinstance(source, JsonSource))
    return Plan(tuple(groups), rule_matching, own)


def _gates(source: EventSource, rules: Sequence[CheckedRule]) -> Gates | TypeGates | None:
    conditions = [rule.condition for rule in rules]
    if source.event_types:
        return type_gates(conditions, source.fields[TYPE])
    if source.envelope is not None and (day := day_field(source.envelope)) is not None:
        conditions = [by_day(condition, day) for condition in conditions]
    return gates(list(map(fold, conditions)))
