"""Text that remembers where it was written.

A condition is rarely written in one place: lists are substituted into it,
files append to it, exceptions are folded into it. A ``Text`` is the result
with the origin of every character, so that an error can point into the file
that a person has to edit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class File:
    """A file of rules: the name it is reported by, and its whole content."""

    name: str
    content: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts += [i + 1 for i, c in enumerate(self.content) if c == "\n"]
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, both counted from 1, of a character."""
        from bisect import bisect_right

        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def start_of(self, line: int) -> int:
        """Return where a line (from 1) begins; behind the last one, the end of the file."""
        return self._line_starts[line - 1] if line <= len(self._line_starts) else len(self.content)

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1, without its end."""
        start = self._line_starts[number - 1]
        end = self.content.find("\n", start)
        return self.content[start : len(self.content) if end < 0 else end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters with one origin.

    ``verbatim`` characters stand one after the other in the file from
    ``offset`` on; the others (a substituted list, a glue word) are all
    reported at ``offset``, where the thing they stand for has ``width``.
    """

    characters: str
    file: File
    offset: int
    verbatim: bool = True
    width: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Characters with their origins. Behaves like a string where that matters.

    >>> file = File("rules.yaml", "condition: a and b")
    >>> text = Text.verbatim(file, 11, 18)
    >>> str(text), str(text[6:]), text.span(6, 7).position
    ('a and b', 'b', (1, 18))
    """

    pieces: tuple[Piece, ...] = ()

    @classmethod
    def of(cls, characters: str, name: str = "<condition>") -> "Text":
        """Make a text that is its own file, as for a condition given by hand."""
        return cls((Piece(characters, File(name, characters), 0),))

    @classmethod
    def verbatim(cls, file: File, start: int, end: int) -> "Text":
        """Take the characters of ``file`` from ``start`` to ``end`` as they are."""
        return cls((Piece(file.content[start:end], file, start),))

    @classmethod
    def standing_for(cls, characters: str, place: "Span") -> "Text":
        """Make characters that were not written, but come from ``place``."""
        file, offset = place.origin
        return cls((Piece(characters, file, offset, verbatim=False, width=place.width),))

    def __str__(self) -> str:
        return "".join(piece.characters for piece in self.pieces)

    def __len__(self) -> int:
        return sum(len(piece.characters) for piece in self.pieces)

    def __add__(self, other: "Text") -> "Text":
        return Text(self.pieces + other.pieces)

    def __getitem__(self, part: slice) -> "Text":
        start, stop, _ = part.indices(len(self))
        return Text(tuple(self._between(start, stop)))

    def _between(self, start: int, stop: int) -> Iterator[Piece]:
        at = 0
        for piece in self.pieces:
            size = len(piece.characters)
            low, high = max(start - at, 0), min(stop - at, size)
            if low < high:
                offset = piece.offset + (low if piece.verbatim else 0)
                yield Piece(
                    piece.characters[low:high], piece.file, offset, piece.verbatim, piece.width
                )
            at += size

    def span(self, start: int, end: int | None = None) -> "Span":
        """Return the part from ``start`` to ``end`` (default: to the end) as a place."""
        return Span(self, start, len(self) if end is None else end)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, as a place that can be reported."""

    text: Text
    start: int
    end: int

    @property
    def origin(self) -> tuple[File, int]:
        """The file and the offset in it (characters, from 0) where the part begins."""
        at = 0
        last = (File("<nowhere>", ""), 0)
        for piece in self.text.pieces:
            size = len(piece.characters)
            inside = self.start - at
            if inside < size:
                return piece.file, piece.offset + (inside if piece.verbatim else 0)
            # The end of a text is just behind its last character.
            last = (piece.file, piece.offset + (size if piece.verbatim else piece.width))
            at += size
        return last

    @property
    def width(self) -> int:
        """How many characters of the file's first line the part covers, at least 1."""
        file, offset = self.origin
        at, covered = 0, 1
        for piece in self.text.pieces:
            size = len(piece.characters)
            if at + size > self.start and at < self.end and piece.file == file:
                if piece.verbatim:
                    reached = piece.offset + min(self.end - at, size)
                else:
                    reached = piece.offset + piece.width
                covered = max(covered, reached - offset)
            at += size
        end_of_line = file.content.find("\n", offset)
        if end_of_line >= 0:
            covered = min(covered, max(1, end_of_line - offset))
        return covered

    @property
    def stands_for(self) -> str | None:
        """What was written where this part was substituted, such as the name of a list."""
        file, offset = self.origin
        at = 0
        places = set()
        for piece in self.text.pieces:
            size = len(piece.characters)
            if at + size > self.start and at < self.end:
                places.add(None if piece.verbatim else (piece.offset, piece.width, piece.file.name))
            at += size
        if len(places) != 1 or None in places:
            return None
        return file.content[offset : offset + self.width]

    @property
    def file(self) -> str:
        """The name of the file where the part begins."""
        return self.origin[0].name

    @property
    def position(self) -> tuple[int, int]:
        """The line and the column (both from 1) where the part begins."""
        file, offset = self.origin
        return file.position(offset)


NOWHERE = Span(Text(), 0, 0)
