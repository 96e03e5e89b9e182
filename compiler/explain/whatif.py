"""Conditions asked about values instead of events: what would be true if a field were different.

The comparisons of a rule are compiled once more, over fields that have just the values
that somebody gives them. So nothing here knows what a comparison means.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rulec.explain.atoms import Atoms
from rulec.explain.outline import OutlinePart
from rulec.explain.probe import Probe
from rulec.explain.seeing import value_of
from rulec.nodes import Condition, Constant, Loaded, Sequence, Test, Transformed, Value, rebuild
from rulec.runtime.fields import Argument
from rulec.runtime.sources import AnyEvent, EventSource

# The values of an event by the names of fields: None for no value.
Values = Mapping[str, Any]


class WhatIf:
    """The comparisons of a rule, and its whole condition, as questions about values."""

    def __init__(self, root: OutlinePart, atoms: Atoms, source: EventSource) -> None:
        self.atoms = atoms
        asked = [self._named(root.condition), *(self._named(each.condition) for each in atoms)]
        self._probe = Probe.of(asked, source)

    def values(self, event: AnyEvent) -> dict[str, Any]:
        """Return the values that the fields of the rule have in an event."""
        return {name: value_of(loaded, event) for name, loaded in self.atoms.variables.items()}

    def holds(self, values: Values) -> bool:
        """Return whether the whole condition holds."""
        return self._probe.answer(0, values)

    def answer(self, atom: int, values: Values) -> bool:
        """Return whether a comparison is true."""
        return self._probe.answer(atom + 1, values)

    def answers(self, values: Values) -> list[bool]:
        """Return whether each comparison is true."""
        return [self.answer(atom.number, values) for atom in self.atoms]

    def _named(self, node: Condition) -> Condition:
        """Return a condition whose fields are looked up by the names of their variables."""
        if not isinstance(node, Test):
            return rebuild(node, self._named)
        operand = None if node.operand is None else self._named_value(node.operand)
        return replace(node, value=self._named_value(node.value), operand=operand)

    def _named_value(self, value: Value) -> Value:
        match value:
            case Loaded(declared):
                # Only what comparisons need to know of the field is left.
                found = replace(
                    declared,
                    name=self.atoms.name(value),
                    path=None,
                    reads=(),
                    compute=None,
                    attribute=None,
                    pointer=False,
                    constant=None,
                    named=True,
                    argument=Argument.NONE,
                )
                return Loaded(found)
            case Sequence(parts):
                return replace(value, parts=tuple(map(self._named_value, parts)))
            case Transformed(_, arguments):
                return replace(value, arguments=tuple(map(self._named_value, arguments)))
            case Constant():
                return value
