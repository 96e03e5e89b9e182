"""The places in an event that rules read, as a tree.

A field says where its value comes from as data. All those places together are
what has to be known of an event; whatever is beside them need not be decoded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from rulec.nodes import Condition, Constant, Loaded, Sequence, Test, Transformed, Value, leaves
from rulec.runtime.fields import EACH, Each, Field, Step, field_text, pointer_steps, steps


@dataclass(frozen=True, slots=True)
class Read:
    """A path that is read, and whether the reader expects neither an object nor an array there."""

    path: tuple[Step, ...]
    simple: bool = False


@dataclass(slots=True)
class Place:
    """A place in an event, and what is read there.

    The value itself if it is ``whole``, also if it is an object or an array;
    or if it is ``simple``, for readers who expect neither. Otherwise members
    of an object, or the elements of an array.
    """

    whole: bool = False
    simple: bool = False
    members: dict[str, "Place"] = field(default_factory=dict)
    element: "Place | None" = None

    def add(self, path: Iterable[Step], simple: bool = False) -> None:
        """Note that the value at the end of a path is read."""
        place = self
        for step in path:
            if isinstance(step, Each):
                place.element = place.element or Place()
                place = place.element
            else:
                place = place.members.setdefault(step, Place())
        place.simple |= simple
        place.whole |= not simple

    def fits(self, read: "Read") -> bool:
        """Return whether a read changes nothing about how other values are read."""
        place = self
        for step in read.path:
            if place.simple or place.whole:
                return place.whole
            if isinstance(step, Each):
                following = place.element
                if place.members:
                    return False
            else:
                following = place.members.get(step)
                if place.element is not None:
                    return False
            if following is None:
                return True
            place = following
        return place.whole or (place.simple and read.simple)

    def settle(self) -> None:
        """Take a value as a whole where it is read as one, or in more than one way."""
        ways = (self.simple, bool(self.members), self.element is not None)
        if self.whole or sum(ways) > 1:
            self.whole, self.simple, self.members, self.element = True, False, {}, None
        for place in self.members.values():
            place.settle()
        if self.element is not None:
            self.element.settle()


def tree(reads: Iterable[Read]) -> Place:
    """Return the tree of what is read, from the top of an event.

    >>> found = tree(Read(steps(path)) for path in ("/a/b", "/a/c[]/d", "/e/f", "/e"))
    >>> list(found.members), list(found.members["a"].members), list(found.members["e"].members)
    (['a', 'e'], ['b', 'c'], [])
    """
    top = Place()
    for read in reads:
        top.add(read.path, read.simple)
    for place in top.members.values():
        place.settle()
    return top


def reads_of(read: Field, argument: str | None) -> Iterator[Read]:
    """Yield the places that a field reads.

    Where a path cannot be declared any further, the place is taken as a whole.
    The whole event is no place.
    """
    if read.attribute is not None or read.constant is not None or read.named:
        return
    if read.compute is not None:
        found = [Read(declarable(steps(path))) for path in read.reads]
    else:
        path = steps_of(read, argument)
        declared = declarable(names(path) if read.pointer else path)
        simple = declared == path and not (read.pointer or read.structured)
        found = [Read(declared, simple)]
    yield from (each for each in found if each.path)


def steps_of(read: Field, argument: str | None) -> tuple[Step, ...]:
    """Return the way to the only place that a field reads; none if it has no such place."""
    if read.pointer:
        return pointer_steps(argument or "")
    return () if read.path is None else steps(read.path, argument)


def names(pointer: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps of a JSON pointer that can only be names of members.

    A number may be the index of an element.

    >>> names(("spec", "ports", "0", "name"))
    ('spec', 'ports')
    """
    return tuple(takewhile(lambda step: step is EACH or not step.isdigit(), pointer))


# What the decoder does not look for in the names of members.
_UNDECLARED: Final = re.compile(r'[\x00-\x1f"\\\ud800-\udfff]')


def declarable(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the first steps of a path that a view can declare.

    >>> declarable(("a", 'say "hi"', "b"))
    ('a',)
    """
    return tuple(takewhile(lambda step: step is EACH or not _UNDECLARED.search(step), path))


def loaded_by(condition: Condition) -> Iterator[Loaded]:
    """Yield the fields that a condition reads."""
    for leaf in leaves(condition):
        if isinstance(leaf, Test):
            yield from loaded_in(leaf.value)
            if leaf.operand is not None:
                yield from loaded_in(leaf.operand)


def members_read(loaded: Iterable[Loaded]) -> tuple[str, ...]:
    """Return the names of the members at the top of an event that some fields read, sorted.

    The members of an event of a system call are called what rules write for its fields.
    """
    found: set[str] = set()
    for each in loaded:
        if each.field.named:
            found.add(field_text(each.field, each.argument))
        for read in reads_of(each.field, each.argument):
            if isinstance(read.path[0], str):
                found.add(read.path[0])
    return tuple(sorted(found))


def loaded_in(value: Value) -> Iterator[Loaded]:
    """Yield the fields that a value is made of."""
    match value:
        case Loaded():
            yield value
        case Sequence(parts) | Transformed(_, parts):
            for part in parts:
                yield from loaded_in(part)
        case Constant():
            pass
