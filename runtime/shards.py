"""Divide inputs into parts that several processes can read, each by itself.

A file of JSON documents is cut where one ends and the next one begins, which
can be told without reading what is before. Compressed files and captures cannot be cut.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from rulec.runtime.inputs import is_live, opened
from rulec.runtime.jsonlines import DOCUMENT_LIMIT
from rulec.runtime.sources.syscall.capture.stream import begins as begins_capture

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How much one process is given to read at once, in bytes: far more than it takes to say so.
SHARD: Final = 8 * 1024 * 1024

# How many bytes are in a byte of a compressed file of events, more or less.
_COMPRESSION: Final = 10

# How much is read of a file at once, in bytes.
_BUFFER: Final = 256 * 1024

# What a part of a file shows of the document behind it: that there is one. A document
# that breaks off is told apart from one that the input ends in.
_FOLLOWING: Final = b"{\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an input: its bytes from ``start`` to ``end``, or to the end of the input."""

    name: str
    start: int = 0
    end: int | None = None


# What one process reads at once: one part of an input, or some small inputs.
Shard = tuple[Part, ...]


def shards(names: Iterable[str], size: int = SHARD) -> Iterator[Shard | str]:
    """Yield the parts of inputs in order, of about ``size`` bytes together.

    An input that can be read only once, such as standard input, is yielded by
    its name.
    """
    held: list[Part] = []
    room = size
    for name in names:
        if is_live(name):
            if held:
                yield tuple(held)
            yield name
            held, room = [], size
            continue
        for part, weight in _parts(name, size):
            held.append(part)
            room -= weight
            if room <= 0:
                yield tuple(held)
                held, room = [], size
    if held:
        yield tuple(held)


def to_read(name: str) -> int:
    """Return how many bytes there are to read in a file, more or less; 0 if nobody can tell."""
    try:
        size = Path(name).stat().st_size
    except (OSError, ValueError):
        return 0
    return size * _COMPRESSION if name.endswith(".gz") else size


def _parts(name: str, size: int) -> Iterator[tuple[Part, int]]:
    """Yield the parts of a file, and how many bytes there are to read in each."""
    start, total = 0, to_read(name)
    if name.endswith(".gz"):
        yield Part(name), total
        return
    try:
        with Path(name).open("rb") as stream:
            if begins_capture(stream.peek()):
                yield Part(name), total
                return
            # What is behind the last cut is read to its end, wherever that will be.
            while total - start > size and (cut := _cut(stream, start + size)) is not None:
                yield Part(name, start, cut), cut - start
                start = cut
    except (OSError, ValueError):
        # Whoever reads on from here will meet the same, and tell.
        total = start
    yield Part(name, start), total - start


def _cut(stream: BinaryIO, position: int) -> int | None:
    """Return the first place behind a position where a file can be cut; None for nowhere.

    There a line begins with an opening bracket, and the last line before it
    that is not blank ends with a closing one. Nothing goes on like this inside a
    document, without a comma. So whatever the reader thinks it is in, it
    begins a new document there.
    """
    stream.seek(position)
    closed = begins = False
    while line := stream.readline(DOCUMENT_LIMIT + 1):
        complete = line.endswith(b"\n")
        # What is too long to be read is no document, and is told as that.
        if begins and closed and line[0] in b"{[" and (complete or len(line) <= DOCUMENT_LIMIT):
            return position
        position += len(line)
        begins = complete
        if text := line.rstrip():
            closed = text[-1] in b"}]"
    return None


@contextmanager
def opened_part(part: Part) -> Iterator[BinaryIO]:
    """Open a part of an input for reading.

    What has an end is followed by a line that stands for the document behind
    it, which a reader will find to be broken.

    :raises OSError: if it cannot be read.
    """
    if part.start == 0 and part.end is None:
        with opened(part.name) as stream:
            yield stream
    elif part.end is None:
        with Path(part.name).open("rb") as stream:
            stream.seek(part.start)
            yield stream
    else:
        with Path(part.name).open("rb", buffering=0) as file:
            file.seek(part.start)
            bytes_ = _PartOfFile(file, part.end - part.start)
            yield cast(BinaryIO, io.BufferedReader(bytes_, _BUFFER))


class _PartOfFile(io.RawIOBase):
    """So many bytes of a file, and a line that stands for what follows."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file = file
        self._left = size
        self._following = _FOLLOWING

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._left:
            count = self._file.readinto(view[: self._left])
            if not count:
                raise EOFError("the file has become shorter while it was read")
            self._left -= count
            return count
        count = len(self._following)
        view[:count] = self._following
        self._following = b""
        return count
