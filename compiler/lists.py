"""Lists: what they hold, and their substitution into conditions.

Falco replaces the names of lists in the text of a condition, one list after
the other, before anybody reads it. So a list may stand for any part of a
condition, and a later list may stand within an earlier one. The result here is
the same to the letter, but lists whose names do not occur cost nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import accumulate, dropwhile

from rulec.definitions import ListDefinition
from rulec.diagnostics import Diagnostic, Problem, ProblemError
from rulec.phrases import needs_quotes
from rulec.text import Piece, Text

# Lists within lists could make a condition exponentially longer than the files.
MAX_CONDITION = 8_000_000
MAX_REPLACED = 2000  # names of one list, in one condition
MAX_REPEATED = 400_000  # characters that one list adds to one condition, besides two copies
MAX_ITEMS = 2_000_000

_DELIMITERS = re.compile(r"[ \t\n\r(),=]+")
_DELIMITER = frozenset(" \t\n\r(),=")
_BLANK = " \t\n\r"
_BLANKS = frozenset(_BLANK)


@dataclass(frozen=True)
class ListText:
    """A list as it is substituted; ``uses`` are the lists whose items are among its own."""

    name: str
    items: tuple[str, ...]
    uses: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """What is put into conditions. An empty item disappears at the beginning only."""
        items = [f'"{item}"' if needs_quotes(item) else item for item in self.items]
        return ", ".join(dropwhile(lambda item: not item, items))

    @cached_property
    def words(self) -> frozenset[str]:
        """What could be the name of another list in the text."""
        return frozenset(_DELIMITERS.split(self.text))


def expand_lists(
    lists: Mapping[str, ListDefinition],
) -> tuple[tuple[ListText, ...], list[Diagnostic]]:
    """Return the lists, in order, with the items of lists that they name.

    One level only, and only lists that were first defined before the latest
    definition of the list that names them: a name that is left may still be
    replaced when the conditions are.
    """
    texts: list[ListText] = []
    diagnostics: list[Diagnostic] = []
    total = 0
    for definition in lists.values():
        items: list[str] = []
        uses: dict[str, None] = {}
        for item in map(str, definition.items):
            inner = lists.get(item)
            if inner is None or inner.first >= definition.latest:
                items.append(item)
                continue
            uses[item] = None
            if total + len(items) + len(inner.items) <= MAX_ITEMS:
                items += map(str, inner.items)
            elif not diagnostics:
                diagnostics.append(_too_long(definition))
        total += len(items)
        texts.append(ListText(definition.name, tuple(items), tuple(uses)))
    return tuple(texts), diagnostics


def _too_long(definition: ListDefinition) -> Diagnostic:
    message = f"lists have more than {MAX_ITEMS:,} items when those within them are replaced"
    problem = Problem("list_too_long", message, definition.items[0].span(0))
    return Diagnostic("LOAD_ERR_VALIDATE", problem, definition.context)


class Lists:
    """All lists, ready to be substituted into conditions."""

    def __init__(self, lists: Iterable[ListText]) -> None:
        self._lists = tuple(lists)
        self._numbers = {each.name: number for number, each in enumerate(self._lists)}
        # Names that are no words cannot be looked up by the words of a condition.
        self._odd = [
            number for number, each in enumerate(self._lists) if _DELIMITERS.search(each.name)
        ]

    def substitute(self, text: Text) -> tuple[Text, tuple[str, ...]]:
        """Return a condition with all lists replaced, and the names of those lists.

        What is inserted stands for the name that it replaces.
        """
        characters = str(text)
        waiting = [*self._odd, *self._numbers_of(_DELIMITERS.split(characters))]
        heapify(waiting)
        used: dict[str, None] = {}
        last = -1
        while waiting:
            number = heappop(waiting)
            if number <= last:
                continue  # it was waiting twice, or its turn is over
            last = number
            each = self._lists[number]
            pieces = _replaced(text, characters, each)
            if pieces is None:
                continue
            used[each.name] = None
            text = Text(tuple(pieces))
            characters = str(text)
            for found in self._numbers_of(each.words):
                heappush(waiting, found)
        return text, tuple(used)

    def _numbers_of(self, words: Iterable[str]) -> Iterator[int]:
        numbers = self._numbers
        return (numbers[word] for word in words if word in numbers)


def _replaced(text: Text, characters: str, each: ListText) -> list[Piece] | None:
    """Return the pieces of a text in which a list has been replaced, if it occurs."""
    pieces: list[Piece] = []
    cut = _Cut(text)
    done, length, replaced = 0, len(characters), 0
    while (at := _find(characters, each.name, done)) >= 0:
        pieces += cut.between(done, at)
        _strip(pieces, _BLANK)
        done = at + len(each.name)
        while characters[done : done + 1] in _BLANKS:
            done += 1
        if not each.items and pieces and pieces[-1].characters.endswith(","):
            _strip(pieces, ",", limit=1)
        elif not each.items and characters.startswith(",", done):
            done += 1
        inserted = f" {each.text} " if pieces else f"{each.text} "
        length += len(inserted)
        replaced += 1
        repeated = (replaced - 2) * len(inserted)
        if length > MAX_CONDITION or replaced > MAX_REPLACED or repeated > MAX_REPEATED:
            raise _condition_too_long(text, at, each, length)
        pieces.append(cut.standing_for(inserted, at, len(each.name)))
    return [*pieces, *cut.between(done, len(characters))] if done else None


def _find(characters: str, name: str, start: int) -> int:
    """Return where ``name`` stands between delimiters, or -1. There is one before ``start``."""
    at = characters.find(name, start)
    while at >= 0:
        before = characters[at - 1] if at > start else " "
        after = characters[at + len(name) : at + len(name) + 1] or " "
        if before in _DELIMITER and after in _DELIMITER:
            return at
        at = characters.find(name, at + 1)
    return -1


def _strip(pieces: list[Piece], what: str, limit: int | None = None) -> None:
    """Drop characters from the end of the pieces."""
    while pieces:
        characters = pieces[-1].characters
        kept = characters[:-1] if limit else characters.rstrip(what)
        if kept:
            pieces[-1] = replace(pieces[-1], characters=kept)
            return
        pieces.pop()
        if limit:
            return


class _Cut:
    """Cuts pieces out of a text without counting from its beginning each time."""

    def __init__(self, text: Text) -> None:
        self.pieces = text.pieces
        self.starts = list(accumulate((len(p.characters) for p in text.pieces), initial=0))

    def between(self, start: int, end: int) -> Iterator[Piece]:
        index = bisect_right(self.starts, start) - 1
        while start < end:
            piece, low = self.pieces[index], start - self.starts[index]
            high = min(end - self.starts[index], len(piece.characters))
            if low < high:
                offset = piece.offset + (low if piece.verbatim else 0)
                part = piece.characters[low:high]
                yield Piece(part, piece.file, offset, piece.verbatim, piece.width)
            index += 1
            start = self.starts[index]

    def standing_for(self, characters: str, at: int, size: int) -> Piece:
        """Return characters that are reported where ``size`` others began at ``at``."""
        index = bisect_right(self.starts, at) - 1
        piece = self.pieces[index]
        if not piece.verbatim:
            return replace(piece, characters=characters)
        offset = piece.offset + at - self.starts[index]
        return Piece(characters, piece.file, offset, verbatim=False, width=size)


def _condition_too_long(text: Text, at: int, each: ListText, length: int) -> ProblemError:
    size = f"is longer than {MAX_CONDITION:,} characters with its lists replaced"
    if length <= MAX_CONDITION:
        size = f"has list {each.name!r} in it too often"
    message = f"the condition {size}"
    place = text.span(at, at + len(each.name))
    return ProblemError(Problem("condition_too_long", message, place, subject=each.name))
