"""What is to be written: each rule with its simplified condition and its output."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

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
    """The rules to write, in order, and the strategy to match them with."""

    rules: tuple[CheckedRule, ...]
    rule_matching: str
    sources: tuple[JsonSource, ...] = ()


def plan(
    rules: Sequence[CheckedRule], rule_matching: str, sources: Sequence[JsonSource] = ()
) -> Plan:
    """Decide what to compute for each event: as little as the rules allow."""
    simplified = (replace(rule, condition=simplify(rule.condition)) for rule in rules)
    return Plan(tuple(simplified), rule_matching, tuple(sources))
