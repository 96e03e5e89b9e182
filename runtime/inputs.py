"""Inputs of the command line: files, directories, compressed files, standard input."""

import gzip
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """An input: its name, and the event source whose rules it is for; None if it has to tell."""

    name: str
    source: str | None = None


def expand(names: Iterable[str]) -> Iterator[str]:
    """Yield the inputs that ``names`` stand for.

    A directory stands for the files in it (not for those in its directories),
    the oldest first, as Falco reads them; hidden files are left out.

    :raises OSError: if a directory cannot be read.
    """
    for name in names:
        path = Path(name)
        if name == STDIN or not path.is_dir():
            yield name
            continue
        found = [entry for entry in path.iterdir() if entry.is_file() and entry.name[0] != "."]
        found.sort(key=lambda entry: (entry.stat().st_mtime_ns, entry.name))
        yield from map(str, found)


def is_live(name: str) -> bool:
    """Return whether an input may be a stream that somebody still writes to, not a file.

    Such a one can be read once only.
    """
    if name == STDIN:
        return True
    try:
        return not S_ISREG(Path(name).stat().st_mode)
    except (OSError, ValueError):  # whoever opens it will tell
        return False


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open an input for reading; what ends in ``.gz`` is decompressed on the way.

    Whoever reads captures decompresses them as well, and keeps what can be saved of them.

    :raises OSError: if it cannot be read.
    """
    if name == STDIN:
        yield sys.stdin.buffer
    elif name.endswith(".gz") and not name.endswith(".scap.gz"):
        with gzip.open(name, "rb") as stream:
            yield cast(BinaryIO, stream)
    else:
        with Path(name).open("rb") as stream:
            yield stream


@contextmanager
def opened_live(name: str, read: Callable[[Callable[[], int]], int]) -> Iterator[BinaryIO]:
    """Open an input that may have nothing to read for long.

    ``read`` calls what it is given, which waits for something to read.

    :raises OSError: if it cannot be read.
    """
    with _raw(name) as raw:
        stream = cast(BinaryIO, io.BufferedReader(_Live(raw, read), _BUFFER))
        if name.endswith(".gz"):
            with gzip.open(stream, "rb") as decompressed:
                yield cast(BinaryIO, decompressed)
        else:
            yield stream


_BUFFER = 64 * 1024  # bytes that are read at once


@contextmanager
def _raw(name: str) -> Iterator[BinaryIO]:
    """Open an input so that reads return what there is."""
    if name != STDIN:
        with Path(name).open("rb", buffering=0) as file:
            yield cast(BinaryIO, file)
        return
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):  # a stand-in, which is no file
        yield sys.stdin.buffer
        return
    # Not with the buffer of standard input: Python cannot end while a thread waits with that.
    with open(number, "rb", buffering=0, closefd=False) as file:
        yield cast(BinaryIO, file)


class _Live(io.RawIOBase):
    """A stream each of whose reads is made by a function."""

    def __init__(self, raw: BinaryIO, read: Callable[[Callable[[], int]], int]) -> None:
        self._raw = raw
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        return self._read(lambda: _what_there_is(self._raw, buffer))


class Replayed(io.RawIOBase):
    """A stream with what was read of it before: from the start once more."""

    def __init__(self, before: bytes, stream: BinaryIO) -> None:
        self._before = memoryview(before)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if self._before:
            count = min(len(view), len(self._before))
            view[:count] = self._before[:count]
            self._before = self._before[count:]
            return count
        return _what_there_is(self._stream, view)


def _what_there_is(stream: Any, buffer: "WriteableBuffer") -> int:
    """Read into a buffer what there is, and return how many bytes that is; wait for the first."""
    # A stream with a buffer would otherwise wait until it has as much as was asked for.
    read = getattr(stream, "readinto1", None) or stream.readinto
    return read(buffer) or 0
