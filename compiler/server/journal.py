"""The journal: what was accepted, in order, on disk before anybody is told so.

It is a row of files, its *segments*, of records. A position is a count of
bytes since the journal began; a segment has the position of its first record
as its name. Positions only grow, also when segments are removed.
"""

import fcntl
import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from rulec.server.records import Record, RecordFile, header, sync_folder, write_all

# How long a segment gets before the next one begins, in bytes.
SEGMENT: Final = 64 * 1024 * 1024

_SUFFIX: Final = ".journal"
_DIGITS: Final = 20


class JournalError(Exception):
    """A folder cannot hold a journal: another server has it, or it cannot be written."""


class FolderLock:
    """Keeps a folder for one process at a time, until it is closed or the process ends.

    :raises JournalError: if another process has it, or there can be no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"cannot use {folder}: {error.strerror}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise JournalError(f"another server uses {folder}") from None

    def close(self) -> None:
        """Let others have the folder."""
        os.close(self._descriptor)


class Journal:
    """Records in a folder, which one thread appends to and another one reads.

    ``floor`` is a position that the journal has had before: it goes on there if
    its files are gone. ``damaged`` is told how many bytes could not be read where
    there had been records. Reading goes on behind them.

    :raises OSError: if the files cannot be read or written.
    """

    def __init__(
        self,
        folder: Path,
        floor: int = 0,
        segment: int = SEGMENT,
        damaged: Callable[[int], object] = lambda size: None,
    ) -> None:
        self._folder = folder
        self._segment = segment
        self._damaged = damaged
        self._lock = Lock()  # for the list of segments
        self._directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._reader: tuple[int, int] | None = None  # a segment, and its descriptor
        self._roll = False
        self._bases = sorted(
            int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal()
        )
        self.end = self._recovered_end() if self._bases else floor
        if self._bases and self.end >= floor:
            self._writer = os.open(self._path(self._bases[-1]), os.O_RDWR | os.O_CLOEXEC)
        else:
            self.end = floor
            self._writer = self._begin_segment()

    @property
    def start(self) -> int:
        """The position of the oldest record that is kept."""
        return self._bases[0]

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self.end - self._bases[0]

    def append(self, contents: Sequence[bytes]) -> None:
        """Write records, all or none, and return when they are safe on disk.

        :raises OSError: if that fails; the journal is as it was before.
        """
        if self._roll or self.end - self._bases[-1] >= self._segment:
            self._next_segment()
        position = self.end
        parts: list[bytes] = []
        for content in contents:
            head = header(position, content)
            parts += (head, content)
            position += len(head) + len(content)
        offset = self.end - self._bases[-1]
        try:
            write_all(self._writer, b"".join(parts), offset)
        except OSError:
            self._take_back(offset)
            # If the disk is full, it may be full of what can be removed with the whole segment.
            with suppress(OSError):
                self._next_segment()
            raise
        try:
            os.fdatasync(self._writer)
        except OSError:
            # The system may believe from now on that what it lost is safe: leave this file.
            self._roll = True
            self._take_back(offset)
            raise
        self.end = position
        if position - self._bases[-1] >= self._segment:
            # A full segment is in the way of what comes next until it is not the last one.
            with suppress(OSError):
                self._next_segment()

    def read(self, position: int, most: int) -> tuple[list[Record], int]:
        """Return records from a position on, and the position to go on at.

        They have about as many bytes as are wanted; if there are any, it is one at
        least.

        :raises OSError: if they cannot be read.
        """
        records: list[Record] = []
        end = self.end  # beyond it nothing is safe yet
        position = max(position, self.start)
        while position < end and most > 0:
            file, stop = self._segment_at(position)
            stop = min(stop, end)
            record = file.read(position, stop)
            if record is None:
                record = file.next_good(position, stop)
                good = stop if record is None else record.position
                self._damaged(good - position)
                position = good
            if record is not None:
                records.append(record)
                most -= len(record.content)
                position = record.end
        return records, position

    def forget(self, position: int) -> None:
        """Remove the segments that end before a position, as far as that is possible."""
        with self._lock:
            keep = max(0, bisect_right(self._bases, position) - 1)
            gone, self._bases = self._bases[:keep], self._bases[keep:]
        for base in gone:
            with suppress(OSError):
                self._path(base).unlink()

    def close(self) -> None:
        """Close the files."""
        os.close(self._writer)
        if self._reader is not None:
            os.close(self._reader[1])
        os.close(self._directory)

    # --- segments -------------------------------------------------------------------

    def _path(self, base: int) -> Path:
        return self._folder / f"{base:0{_DIGITS}}{_SUFFIX}"

    def _begin_segment(self) -> int:
        """Begin a segment at the end; return its descriptor."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # Nothing good is in a segment that begins here already.
        self._path(self.end).unlink(missing_ok=True)
        descriptor = os.open(self._path(self.end), flags, 0o600)
        try:
            sync_folder(self._directory)
        except OSError:
            os.close(descriptor)
            raise
        with self._lock:
            if self.end not in self._bases:
                self._bases.append(self.end)
        return descriptor

    def _next_segment(self) -> None:
        """Begin a segment, unless the last one has nothing in it that could be lost."""
        if self.end == self._bases[-1] and not self._roll:
            return
        writer = self._begin_segment()
        os.close(self._writer)
        self._writer = writer
        self._roll = False

    def _take_back(self, offset: int) -> None:
        """Remove what was written of records that failed."""
        try:
            os.ftruncate(self._writer, offset)
        except OSError:
            # It stays where it is: no good record, or one that nobody was told of.
            self._roll = True

    def _segment_at(self, position: int) -> tuple[RecordFile, int]:
        """Return the segment that a position is in, and where it ends."""
        with self._lock:
            index = bisect_right(self._bases, position) - 1
            base = self._bases[index]
            last = index + 1 == len(self._bases)
            stop = self.end if last else self._bases[index + 1]
        if self._reader is None or self._reader[0] != base:
            descriptor = os.open(self._path(base), os.O_RDONLY | os.O_CLOEXEC)
            if self._reader is not None:
                os.close(self._reader[1])
            self._reader = base, descriptor
        return RecordFile(self._reader[1], base), stop

    def _recovered_end(self) -> int:
        """Find the end of the last good record, and cut off what a crash left behind it."""
        base = self._bases[-1]
        descriptor = os.open(self._path(base), os.O_RDWR | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            end = base
            for record in RecordFile(descriptor, base).all(base + size):
                end = record.end
            if end < base + size:
                os.ftruncate(descriptor, end - base)
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        return end
