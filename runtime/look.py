"""The look at a document: whether any rule could match it, before one is tried.

A built module has the function for it, written for the fields that its rules turn on. Here
is what that function is made of, and what it is given.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from rulec.runtime.gate import Gate
from rulec.runtime.views import MISFITS, View

# Where there is no object, none of its members are there.
NOTHING: Final[Mapping[str, Any]] = {}

# What a look at a document raises if there is anything unusual about it.
ODDITIES: Final = (*MISFITS, LookupError, AttributeError, TypeError)

# From a document, its view if there is one yet, and the numbers of the rules that could match
# it, to what is to be told of it.
Closer: TypeAlias = Callable[[Any, View | None, Sequence[int]], Sequence[Any]]

# From any document to what is to be told of it.
Look: TypeAlias = Callable[[Any], Sequence[Any]]


class MakesLook(Protocol):
    """Makes the look at the documents of a source.

    ``decode`` brings bytes into the view that the rules have of a document. ``closer``
    goes on with documents that rules could match, ``unusual`` with those that have something
    unusual in them, or are of another kind.
    """

    def __call__(
        self, gate: Gate, decode: Callable[[bytes], Any], closer: Closer, unusual: Look, /
    ) -> Look: ...
