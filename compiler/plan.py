"""What is to be written: each rule with its simplified condition and its output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from rulec.gates import Gates, gates
from rulec.nodes import Condition, Value
from rulec.passes import simplify
from rulec.runtime.sources.json_source import JsonSource
from rulec.text import Span


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


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules to write, in order, and how they are to be matched.

    ``gates`` has the gate of each event source that is worth one.
    """

    rules: tuple[CheckedRule, ...]
    rule_matching: str
    gates: Mapping[str, Gates] = field(default_factory=dict)
    sources: tuple[JsonSource, ...] = ()


def plan(
    rules: Sequence[CheckedRule], rule_matching: str, sources: Sequence[JsonSource] = ()
) -> Plan:
    """Decide what to compute for each event: as little as the rules allow."""
    simplified = tuple(replace(rule, condition=simplify(rule.condition)) for rule in rules)
    conditions: dict[str, list[Condition]] = {}
    for rule in simplified:
        conditions.setdefault(rule.source, []).append(rule.condition)
    found = {source: gates(each) for source, each in conditions.items()}
    useful = {source: each for source, each in found.items() if each is not None}
    return Plan(simplified, rule_matching, useful, tuple(sources))
