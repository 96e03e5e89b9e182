"""One file that grows, and what has been read of it.

A file is read in rounds, each up to the end that it has then. What is told of
a place in it is exact: everything before was matched, and nothing behind.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

from rulec.runtime.jsonlines import is_whole

# So many bytes before a place tell whether a file is still the one that was read up to there:
# far more than it takes to hold the id of an event.
ANCHOR: Final = 512

# So much is read of a file in one round, in bytes, if there is so much.
_ROUND: Final = 4 * 1024 * 1024

# How much is read at once, in bytes.
_BUFFER: Final = 64 * 1024
_PIECE: Final = 1024 * 1024

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file that was read: its bytes and whole lines before, and the last of them."""

    offset: int = 0
    lines: int = 0
    anchor: bytes = b""

    @classmethod
    def end_of(cls, file: BinaryIO) -> "Mark":
        """Return the place behind the last whole line of a file."""
        lines = offset = behind = 0
        file.seek(0)
        while piece := file.read(_PIECE):
            lines += piece.count(b"\n")
            if (last := piece.rfind(b"\n")) >= 0:
                offset = behind + last + 1
            behind += len(piece)
        size = min(ANCHOR, offset)
        return cls(offset, lines, os.pread(file.fileno(), size, offset - size))

    def after(self, line: bytes) -> "Mark":
        """Return the place behind a line that was read."""
        anchor = line[-ANCHOR:] if len(line) >= ANCHOR else (self.anchor + line)[-ANCHOR:]
        return Mark(self.offset + len(line), self.lines + line.endswith(b"\n"), anchor)

    def is_in(self, file: BinaryIO) -> bool:
        """Return whether a file has the same before this place, as far as that can be told."""
        size = len(self.anchor)
        return os.pread(file.fileno(), size, self.offset - size) == self.anchor

    @property
    def digest(self) -> str:
        """What stands for the bytes before this place, where they may not be kept."""
        return sha256(self.anchor).hexdigest()


class UnfinishedError(Exception):
    """A document goes on behind the end that the file has now."""


class Tail:
    """A file that is followed: ``name`` is what the user calls it, ``mark`` how far it was read."""

    def __init__(self, path: Path, identity: Identity, mark: Mark, name: str) -> None:
        self.path = path
        self.identity = identity
        self.mark = mark
        self.name = name
        self.has_more = True  # than what was read, as far as is known
        self.last_change = 0  # in nanoseconds since the epoch
        self._seen: tuple[int, int] | None = None
        self._file: BinaryIO | None = None

    def opened(self) -> BinaryIO:
        """Return the file, opened.

        :raises OSError: if it cannot be, or is another one by now.
        """
        if self._file is None:
            file = self.path.open("rb", buffering=_BUFFER)
            if identity_of(os.fstat(file.fileno())) != self.identity:
                file.close()
                raise FileNotFoundError(f"{self.path} is another file")
            self._file = file
        return self._file

    def close(self) -> None:
        """Close the file; it can be opened again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def is_open(self) -> bool:
        """Whether the file is open: what is written to it can be read, whatever becomes of it."""
        return self._file is not None

    def has_changed(self, status: os.stat_result) -> bool:
        """Return whether somebody has written to the file since this was asked."""
        seen = (status.st_size, status.st_ctime_ns)
        changed, self._seen = seen != self._seen, seen
        self.last_change = status.st_mtime_ns
        return changed

    def was_cut(self) -> bool:
        """Return whether what was read of the file is no longer in it.

        :raises OSError: if it cannot be read.
        """
        return not self.mark.is_in(self.opened())

    @contextmanager
    def round(self, final: bool) -> Iterator["Round"]:
        """Read on from the mark, which is at the end of what was read then.

        ``final`` says that nothing more will come.

        :raises OSError: if the file cannot be read.
        """
        found = Round(self.opened(), self.mark, final)
        try:
            yield found
        except UnfinishedError:
            pass
        finally:
            self.mark = found.done
            self.has_more = found.was_long


class Round:
    """The stream of what there is to read of a file: whole lines, or documents that are whole.

    ``done`` is the place up to which everything was made use of.
    """

    def __init__(self, file: BinaryIO, start: Mark, final: bool) -> None:
        file.seek(start.offset)
        self._file = file
        self._final = final
        self._end = start.offset + _ROUND
        self._at = self.done = start
        self.was_long = False  # there is more for another round
        self._within_line = False
        # Documents over several lines: the first line of one, and where the lines began that were
        # read since there was none.
        self._inside = False
        self._number = 0
        self._starts: dict[int, Mark] = {}

    def inside(self, number: int | None) -> None:
        """Take note of a document that begins with a line, or of its end."""
        self._inside = number is not None
        if number is not None:
            self.done = self._starts[number]

    def readline(self, size: int, /) -> bytes:
        """Return the next line with its end, or so many bytes of it; nothing for the end.

        :raises UnfinishedError: if the end is inside of a document.
        """
        if not (self._inside or self._within_line):
            self.done = self._at
            self._starts.clear()
            if self._at.offset >= self._end:
                self.was_long = True
                return b""
        line = self._file.readline(size)
        complete = line.endswith(b"\n")
        if not (complete or len(line) == size):
            if not self._final:
                if self._inside or self._within_line:
                    raise UnfinishedError
                if not _is_whole_document(line):
                    return b""
            complete = True
        if not self._within_line:
            self._number += 1
            self._starts[self._number] = self._at
        self._within_line = not complete and bool(line)
        self._at = self._at.after(line)
        return line


def _is_whole_document(line: bytes) -> bool:
    """Return whether nothing can be missing from a line that does not end."""
    text = line.strip()
    return bool(text) and is_whole(text)


def identity_of(status: os.stat_result) -> Identity:
    """Return what tells a file from all others that exist now: its device and its number there."""
    return status.st_dev, status.st_ino


def is_regular(status: os.stat_result) -> bool:
    """Return whether a file is one that has a size and places in it."""
    return S_ISREG(status.st_mode)
