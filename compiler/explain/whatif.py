"""Conditions asked about values instead of events: what would be true if a field were different.

The comparisons of a rule are compiled once more, over fields that have just the values
that somebody gives them. So nothing here knows what a comparison means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rulec.explain.outline import OutlinePart
from rulec.explain.probe import Probe
from rulec.explain.seeing import name_of, value_of
from rulec.nodes import (
    Condition,
    Const,
    Constant,
    Loaded,
    Test,
    Transformed,
    Value,
    leaves,
    rebuild,
)
from rulec.nodes import (
    Sequence as Parts,
)
from rulec.passes import simplify
from rulec.places import loaded_by, steps_of
from rulec.runtime.fields import EACH, Argument, Kind
from rulec.runtime.sources import AnyEvent, EventSource

# The values of an event by the names of fields: None for no value.
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Atom:
    """A comparison of a rule, wherever and however often it stands there.

    ``part`` is the first of the parts that it is; ``variables`` are the names of the fields
    that it reads.
    """

    number: int
    part: OutlinePart
    condition: Condition
    variables: tuple[str, ...]
    fixed: bool

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """The tests that the comparison is spelled out to."""
        return tuple(leaf for leaf in leaves(self.condition) if isinstance(leaf, Test))


class WhatIf:
    """The comparisons of a rule, and its whole condition, as questions about values.

    Fields that are the same place of a document are one variable, with the name of one.
    """

    def __init__(self, root: OutlinePart, source: EventSource) -> None:
        self.variables: dict[str, Loaded] = {}
        self._names: dict[Loaded, str] = {}
        self._name_all(loaded_by(root.condition))
        self.numbers: dict[int, int] = {}
        found: dict[Condition, Atom] = {}
        for part in root.leaves():
            if part.kind == "test":
                atom = found.setdefault(part.condition, self._atom(len(found), part))
                self.numbers[part.id] = atom.number
        self.atoms = tuple(found.values())
        asked = [self._named(root.condition), *(self._named(a.condition) for a in self.atoms)]
        self._probe = Probe.of(asked, source)

    def _name_all(self, loaded: Iterable[Loaded]) -> None:
        places: dict[object, str] = {}
        for each in loaded:
            if each not in self._names:
                name = places.setdefault(_place(each), name_of(each))
                self._names[each] = name
                self.variables.setdefault(name, each)

    def _atom(self, number: int, part: OutlinePart) -> Atom:
        condition = part.condition
        names = tuple(dict.fromkeys(self._names[each] for each in loaded_by(condition)))
        # What does not depend on the event is no question.
        fixed = isinstance(simplify(condition), Const) or all(
            self.variables[name].field.constant is not None for name in names
        )
        return Atom(number, part, condition, names, fixed)

    def values(self, event: AnyEvent) -> dict[str, Any]:
        """Return the values that the fields of the rule have in an event."""
        return {name: value_of(loaded, event) for name, loaded in self.variables.items()}

    def name(self, loaded: Loaded) -> str:
        """Return the name of the variable that a field is."""
        return self._names[loaded]

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
                    name=self._names[value],
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
            case Parts(parts):
                return replace(value, parts=tuple(map(self._named_value, parts)))
            case Transformed(_, arguments):
                return replace(value, arguments=tuple(map(self._named_value, arguments)))
            case Constant():
                return value


def _place(loaded: Loaded) -> object:
    """Return what is equal for fields that are the same text of a document, and for no others."""
    declared = loaded.field
    path = steps_of(declared, loaded.argument)
    plain = declared.type.kind is Kind.STRING and declared.convert is None
    return path if path and plain and EACH not in path else loaded
