"""Lists: what they hold, and their substitution into conditions.

Falco replaces names of lists in the text of a condition, one list after the
other, before anybody reads it. So a list may stand for any part of a
condition, a later list may stand within an earlier one, and the result has to
be the same to the letter.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from rulec.definitions import ListDefinition
from rulec.diagnostics import Problem, ProblemError
from rulec.text import Piece, Text

# Lists within lists can make a condition exponentially longer than what was written.
MAX_CONDITION = 8_000_000


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a list holds when the lists in it have been replaced, and which those are."""

    name: str
    items: tuple[Text, ...]
    uses: tuple[str, ...] = ()
