"""What rules mean, so that two texts of them can be compared."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rulec.analysis import Analysis
from rulec.definitions import Definitions
from rulec.lint.patterns import simpler
from rulec.nodes import Condition, Constant, Test, rebuild
from rulec.passes import simplify


def meaning(definitions: Definitions, analysis: Analysis) -> Mapping[str, Any]:
    """Return what each rule means, by name, in the order of the rules.

    Two conditions that differ only in what a fix may change are equal here: a
    regular expression and the operator that says the same, items that are written twice.
    """
    rules = {rule.name: rule for rule in analysis.rules}
    found: dict[str, Any] = {}
    for name, rule in definitions.rules.items():
        checked = rules.get(name)
        condition = None if checked is None else simplify(normal(checked.condition))
        found[name] = (
            condition,
            None if checked is None else checked.output,
            rule.description,
            rule.priority,
            rule.source,
            rule.enabled,
            rule.tags,
            rule.warn_evttypes,
            rule.skip_if_unknown_filter,
            rule.capture,
            rule.capture_duration,
        )
    return found


def normal(node: Condition) -> Condition:
    """Return a condition with each test in its simplest form."""
    if not isinstance(node, Test):
        return rebuild(node, normal)
    node = simpler(node) or node
    if isinstance(node.operand, Constant) and isinstance(node.operand.value, tuple):
        distinct = tuple(dict.fromkeys(node.operand.value))
        return replace(node, operand=replace(node.operand, value=distinct))
    return node
