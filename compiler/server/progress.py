"""How far the journal has been dealt with, and which events were among it lately.

Both go into one file, a record for each step: the position up to which
everything is settled, and the digests of the events since the step before. So
a digest is never known without the position behind it, whenever a crash
comes. Two such files are kept; when the newer one has enough digests, another
begins and the oldest is removed. One with many steps and few digests is
written anew as a single step.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final

from rulec.server.records import Record, RecordFile, header, sync_folder, write_all

# How long a digest is, in bytes.
DIGEST: Final = 16

# How much longer than its digests a file gets before it is written anew, in bytes.
SLACK: Final = 1024 * 1024

_POSITION: Final = Struct(">Q")
_SUFFIX: Final = ".progress"


class Progress:
    """The settled position of a journal in the same folder, and the events seen before it.

    Of the digests of events, ``window`` at most are remembered, and at least half
    of that.

    :raises OSError: if its files cannot be read or written.
    """

    def __init__(self, folder: Path, window: int, slack: int = SLACK) -> None:
        self._folder = folder
        self._slack = slack
        self._half = max(1, window // 2)
        self._recent: set[bytes] = set()
        self._older: set[bytes] = set()
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.position = 0
        numbers = sorted(
            int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal()
        )
        for number in numbers[-2:-1]:
            os.close(self._load(number))
        self._file, self._number = -1, 0
        self._size = self._digests = 0  # bytes of the file, and how many digests are in it
        if numbers:
            self._number = numbers[-1]
            self._file = self._load(self._number)
        else:
            self._begin(1, b"")

    def is_new(self, digest: bytes) -> bool:
        """Return whether an event has not been seen lately, and remember it."""
        if digest in self._recent or digest in self._older:
            return False
        if len(self._recent) >= self._half:
            self._older, self._recent = self._recent, set()
        self._recent.add(digest)
        return True

    def advance(self, position: int, digests: Iterable[bytes]) -> None:
        """Note that everything before a position is settled, with these events in it.

        When this returns, it is safe on disk.

        :raises OSError: if that fails; nothing has been noted then.
        """
        content = b"".join(digests)
        if self._digests >= self._half:
            self._begin(self._number + 1, b"")
        elif self._size > self._digests * DIGEST + self._slack:
            self._begin(self._number, self._all_digests())
        record = _record(self._size, position, content)
        write_all(self._file, record, self._size)
        os.fdatasync(self._file)
        self._size += len(record)
        self._digests += len(content) // DIGEST
        self.position = position

    def close(self) -> None:
        """Close the files."""
        os.close(self._file)
        os.close(self._directory)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}{_SUFFIX}"

    def _load(self, number: int) -> int:
        """Take in what a file says, cut off what a crash left behind that, and return it open."""
        descriptor = os.open(self._path(number), os.O_RDWR | os.O_CLOEXEC)
        size = os.fstat(descriptor).st_size
        self._size = self._digests = 0
        for record in _steps(descriptor, size):
            self._size = record.end
            (position,) = _POSITION.unpack_from(record.content)
            self.position = max(self.position, position)
            for start in range(_POSITION.size, len(record.content), DIGEST):
                self.is_new(record.content[start : start + DIGEST])
                self._digests += 1
        if self._size < size:
            os.ftruncate(descriptor, self._size)
        return descriptor

    def _all_digests(self) -> bytes:
        """Return the digests in the file."""
        steps = _steps(self._file, self._size)
        return b"".join(record.content[_POSITION.size :] for record in steps)

    def _begin(self, number: int, digests: bytes) -> None:
        """Begin a file, or the same one anew; remove the last but one before it."""
        record = _record(0, self.position, digests)
        new = self._folder / "progress.new"
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, record, 0)
            os.fdatasync(descriptor)
            new.replace(self._path(number))
            sync_folder(self._directory)
        except OSError:
            os.close(descriptor)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._number = descriptor, number
        self._size, self._digests = len(record), len(digests) // DIGEST
        for old in self._folder.glob(f"*{_SUFFIX}"):
            if old.stem.isdecimal() and int(old.stem) < number - 1:
                with suppress(OSError):
                    old.unlink()


def _record(at: int, position: int, digests: bytes) -> bytes:
    content = _POSITION.pack(position) + digests
    return header(at, content) + content


def _steps(descriptor: int, size: int) -> Iterator[Record]:
    """Yield the records of an open file, up to where it is damaged if it is."""
    file = RecordFile(descriptor, 0)
    end = 0
    while (record := file.read(end, size)) is not None:
        yield record
        end = record.end
