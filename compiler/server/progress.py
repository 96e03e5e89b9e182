"""How far the journal has been dealt with, and which events were among it lately.

Both go into one file, a record for each step: the position up to which
everything is settled, and the digests of the events since the step before. So
a digest is never known without the position behind it, whenever a crash
comes. Two such files are kept; when the newer one is long enough, another
begins and the oldest is removed.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final

from rulec.server.records import RecordFile, header, sync_folder, write_all

# How long a digest is, in bytes.
DIGEST: Final = 16

_POSITION: Final = Struct(">Q")
_SUFFIX: Final = ".progress"


class Progress:
    """The settled position of a journal in the same folder, and the events seen before it.

    Of the digests of events, ``window`` at most are remembered, and at least half
    of that.

    :raises OSError: if its files cannot be read or written.
    """

    def __init__(self, folder: Path, window: int) -> None:
        self._folder = folder
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
        if numbers:
            self._file = self._load(numbers[-1])
            self._number = numbers[-1]
        else:
            self._file, self._number, self._size = -1, 0, 0
            self._begin_file()

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
        content = _POSITION.pack(position) + b"".join(digests)
        if self._size > self._half * DIGEST:
            self._begin_file()
        record = header(self._size, content) + content
        write_all(self._file, record, self._size)
        os.fdatasync(self._file)
        self._size += len(record)
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
        file = RecordFile(descriptor, 0)
        size = os.fstat(descriptor).st_size
        end = 0
        while (record := file.read(end, size)) is not None:
            end = record.end
            (position,) = _POSITION.unpack_from(record.content)
            self.position = max(self.position, position)
            for start in range(_POSITION.size, len(record.content), DIGEST):
                self.is_new(record.content[start : start + DIGEST])
        if end < size:
            os.ftruncate(descriptor, end)
        self._size = end
        return descriptor

    def _begin_file(self) -> None:
        """Begin the next file, and remove the last but one before it."""
        number = self._number + 1
        content = _POSITION.pack(self.position)
        record = header(0, content) + content
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self._path(number), flags, 0o600)
        try:
            write_all(descriptor, record, 0)
            os.fdatasync(descriptor)
            sync_folder(self._directory)
        except OSError:
            os.close(descriptor)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._number, self._size = descriptor, number, len(record)
        for old in self._folder.glob(f"*{_SUFFIX}"):
            if old.stem.isdecimal() and int(old.stem) < number - 1:
                with suppress(OSError):
                    old.unlink()
