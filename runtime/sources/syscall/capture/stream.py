"""Blocks of a capture, out of a file or a pipe that still grows, compressed or not.

Nothing is held but what has not been read yet: at most one block and a piece of the input.
"""

import re
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from rulec.runtime.sources.syscall.capture.blocks import BLOCK_LIMIT

PIECE: Final = 1 << 18  # bytes that are asked for at once

# How much a compressed capture may grow: real ones do so by 5 to 20 times.
GROWTH_LIMIT: Final = 100
GROWTH_FREE: Final = 1 << 26

_GZIP: Final = b"\x1f\x8b"
_SECTION: Final = b"\n\r\r\n"

# Where a block may begin: the numbers of the types of blocks, in both byte orders. Each pattern
# begins with the byte that is rarest among zeros, and looks back for the others: so it is found
# by leaps. There is no other way to get through millions of bytes of damage quickly.
_BEGINNING: Final = {
    "little": re.compile(
        rb"[\n\xcd\x01-\x22](?=(?<!\xcd)\x02\x00\x00|(?<=\n)\r\r\n|(?<=\xcd)\xab[\x00-\x14]\x80)",
        re.DOTALL,
    ),
    "big": re.compile(
        rb"[\n\x02\x80](?=(?<=\x00\x00\x02)[\x01-\x22]|(?<=\n)\r\r\n|(?<=\x80)[\x00-\x14]\xab\xcd)",
        re.DOTALL,
    ),
}
# How far in front of what is found a block begins, if that is the byte it is found by.
_AHEAD: Final = {"little": b"", "big": b"\x02"}


class Source(Protocol):
    """What is read from: a file opened in binary mode, or anything like it."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        ...


def begins(head: bytes) -> bool:
    """Return whether a stream with such a beginning is a capture."""
    return head.startswith((_SECTION, _GZIP))


def reader(stream: Source) -> Callable[[int], bytes]:
    """Return what reads what there is of a stream, and waits only where there is nothing."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    return read


class Inflater:
    """Reads a stream that may be compressed with gzip, piece by piece.

    ``given`` counts the bytes that it gave. ``problem`` says what is wrong with the
    compressed stream, as soon as something is.
    """

    def __init__(self, stream: Source) -> None:
        self._read = reader(stream)
        self._member: Any = None
        self._waiting = b""
        self._begun = False
        self._compressed = False
        self._taken = 0
        self.given = 0
        self.problem = ""

    def read(self) -> bytes:
        """Return the next piece; none at the end, or where it cannot go on."""
        if not self._begun:
            self._begin()
        if not self._compressed:
            waiting, self._waiting = self._waiting, b""
            return waiting or self._read(PIECE)
        return self._inflated()

    def _begin(self) -> None:
        self._begun = True
        while len(self._waiting) < 2 and (piece := self._read(PIECE)):
            self._waiting += piece
        self._compressed = self._waiting.startswith(_GZIP)
        self._taken = len(self._waiting)

    def _inflated(self) -> bytes:
        while not self.problem:
            if not self._waiting:
                try:
                    self._waiting = self._read(PIECE)
                except OSError as error:
                    self.problem = f"it cannot be read on: {error}"
                    return b""
                self._taken += len(self._waiting)
                if not self._waiting:
                    if self._member is not None:
                        self.problem = "the compressed file breaks off"
                    return b""
            if self._member is None:
                if not self._waiting.startswith(_GZIP[: len(self._waiting)]):
                    self.problem = "behind the compressed capture is something else"
                    return b""
                self._member = zlib.decompressobj(wbits=31)
            try:
                piece: bytes = self._member.decompress(self._waiting, PIECE)
            except zlib.error as error:
                self.problem = f"the compressed file is damaged: {error}"
                return b""
            if self._member.eof:
                self._waiting = self._member.unused_data
                self._member = None
            else:
                self._waiting = self._member.unconsumed_tail
            self.given += len(piece)
            if self.given > GROWTH_FREE and self.given > GROWTH_LIMIT * self._taken:
                self.problem = f"it grows to more than {GROWTH_LIMIT} times its size"
                return b""
            if piece:
                return piece
        return b""


def next_beginning(data: bytes, at: int, order: str, final: bool) -> int:
    """Return where the next block seems to begin, behind damage.

    It is the length of ``data``, less what may be the beginning of one, if there is none.
    A block that ends behind ``data`` is taken for one only if more data may come.
    """
    end = len(data)
    for found in _BEGINNING[order].finditer(data, at):
        begin = found.start()
        if found[0] == _AHEAD[order]:
            begin -= 2
        if begin < at:
            continue
        if begin + 8 > end:
            return begin
        length = int.from_bytes(data[begin + 4 : begin + 8], order)  # type: ignore[arg-type]
        if length < 12 or length > BLOCK_LIMIT or length % 4:
            continue
        if begin + length > end:
            if final:
                continue
            return begin
        if data[begin + length - 4 : begin + length] == data[begin + 4 : begin + 8]:
            return begin
    return max(at, end - 7)
