"""The comparisons of a rule, told apart by what they mean, and the fields that they read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rulec.explain.outline import OutlinePart
from rulec.explain.seeing import name_of
from rulec.nodes import Condition, Const, Loaded, Test, leaves
from rulec.passes import simplify
from rulec.places import loaded_by, steps_of
from rulec.runtime.fields import EACH, Kind


@dataclass(frozen=True)
class Atom:
    """A comparison of a rule, wherever and however often it stands there.

    ``part`` is the first of the parts that it is; ``variables`` are the names of the fields
    that it reads. What is ``fixed`` does not depend on the event.
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


class Atoms:
    """The comparisons of a condition, and the fields in it.

    ``numbers`` has the number of the comparison that a part is, by the id of the part.
    ``variables`` are the fields by name; those that are the same place of a document are one
    variable, with the name of one of them.
    """

    def __init__(self, root: OutlinePart) -> None:
        self.variables: dict[str, Loaded] = {}
        self._names: dict[Loaded, str] = {}
        self._name_all(loaded_by(root.condition))
        self.numbers: dict[int, int] = {}
        found: dict[Condition, Atom] = {}
        for part in root.leaves():
            if part.kind != "test":
                continue
            if part.condition not in found:
                found[part.condition] = self._atom(len(found), part)
            self.numbers[part.id] = found[part.condition].number
        self.all = tuple(found.values())

    def __iter__(self) -> Iterator[Atom]:
        return iter(self.all)

    def __getitem__(self, number: int) -> Atom:
        return self.all[number]

    def __len__(self) -> int:
        return len(self.all)

    def name(self, loaded: Loaded) -> str:
        """Return the name of the variable that a field is."""
        return self._names[loaded]

    def _name_all(self, loaded: Iterable[Loaded]) -> None:
        places: dict[object, str] = {}
        for each in loaded:
            if each not in self._names:
                name = places.setdefault(_place(each), name_of(each))
                self._names[each] = name
                self.variables.setdefault(name, each)

    def _atom(self, number: int, part: OutlinePart) -> Atom:
        condition = part.condition
        names = tuple(dict.fromkeys(map(self.name, loaded_by(condition))))
        fixed = isinstance(simplify(condition), Const) or all(
            self.variables[name].field.constant is not None for name in names
        )
        return Atom(number, part, condition, names, fixed)


def _place(loaded: Loaded) -> object:
    """Return what is equal for fields that are the same text of a document, and for no others."""
    declared = loaded.field
    path = steps_of(declared, loaded.argument)
    plain = declared.type.kind is Kind.STRING and declared.convert is None
    return path if path and plain and EACH not in path else loaded
