"""Positions as editors count them: lines, and code units in a line.

The compiler counts characters from the beginning of a file. An editor counts
lines, which may end in three ways, and in a line mostly units of UTF-16.
"""

import re
from bisect import bisect_right
from typing import Final

from lsprotocol.types import Position, PositionEncodingKind, Range

_BREAK: Final = re.compile(r"\r\n|\r|\n")

# How many units a character takes from the first code point on that takes so many.
_UNITS: Final = {
    PositionEncodingKind.Utf8: ((0x10000, 4), (0x800, 3), (0x80, 2)),
    PositionEncodingKind.Utf16: ((0x10000, 2),),
    PositionEncodingKind.Utf32: (),
}


class Lines:
    """The lines of a text, for turning offsets (characters, from 0) into positions and back.

    >>> lines = Lines("a\\r\\n\\U0001f600b")
    >>> lines.position(4), lines.offset(Position(1, 2))
    (1:2, 4)
    """

    def __init__(
        self, text: str, encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16
    ) -> None:
        self.text = text
        self._wide = _UNITS[PositionEncodingKind(encoding)]
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def position(self, offset: int) -> Position:
        """Return the position of a character; what lies behind the text is at its end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        before = self.text[self._starts[line] : offset]
        return Position(line, self._units(before))

    def offset(self, position: Position) -> int:
        """Return the character at a position; what lies behind a line is at its end."""
        if position.line < 0:
            return 0
        if position.line >= len(self._starts):
            return len(self.text)
        start, line = self._starts[position.line], self.line(position.line)
        if not self._wide or line.isascii():
            return start + min(max(position.character, 0), len(line))
        units = 0
        for index, character in enumerate(line):
            units += self._units(character)
            if units > position.character:
                return start + index
        return start + len(line)

    def range(self, start: int, end: int) -> Range:
        """Return the positions of the characters from ``start`` to ``end``."""
        return Range(self.position(start), self.position(end))

    def line(self, number: int) -> str:
        """Return a line, counted from 0, without its end."""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def _units(self, text: str) -> int:
        if not self._wide or text.isascii():
            return len(text)
        return sum(self._width(ord(character)) for character in text)

    def _width(self, code: int) -> int:
        return next((units for first, units in self._wide if code >= first), 1)
