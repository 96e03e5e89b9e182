"""A queue on disk: what was put in comes out in the order it went in, also after a crash.

A spool is a folder with *segments*, files of records that are only appended
to and removed as a whole, and a *cursor*, which says how far they have been
handed on. The cursor is not forced to the disk: after a power cut some records
may come out once more, but none is lost.
"""

import errno
import fcntl
import os
import zlib
from contextlib import suppress
from pathlib import Path
from struct import Struct
from threading import Lock
from typing import Final

from rulec.runtime.sinks.records import Found, packed, read, read_all
from rulec.runtime.sinks.sink import MIB

# How large a segment becomes, in bytes, and how many there are at least in a full spool.
_SEGMENT: Final = 8 * MIB
_SEGMENTS: Final = 8

# The number of a segment, a place in it, and the CRC-32 of both.
_CURSOR: Final = Struct(">QQI")
_PLACE: Final = Struct(">QQ")

_SUFFIX: Final = ".spool"


class Spool:
    """A queue of payloads in a folder, of at most ``limit`` bytes on disk.

    One thread may append while another one takes out. ``count`` says how many
    records are in it, ``damaged`` how many places were found where there is no
    whole record, ``cut`` how many bytes were cut off because the last record
    was not written to its end.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.count = self.damaged = self.cut = 0
        self._limit = limit
        self._segment = min(_SEGMENT, limit // _SEGMENTS)
        self._lock = Lock()
        self._known = False  # what is in it
        self._held: list[int] = []  # numbers of files that are open until the spool is closed
        self._sizes: dict[int, int] = {}  # of segments by their number, in order
        self._tail = -1  # the segment that is appended to, as an open file
        self._head: tuple[int, int] | None = None  # the segment that is read: number, open file
        self._at = 0  # how far the first segment has been handed on
        self._next = 0  # where what was looked at last ends

    # --- begin and end ------------------------------------------------------------------

    def open(self) -> None:
        """Open the spool, and repair it if whoever used it last was killed.

        :raises OSError: if that cannot be, or another process uses it.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(self.folder.parent)
        try:
            self._lock_folder()
            self._cursor = self._opened("cursor")
            self._find()
            self._known = True
        except BaseException:
            self.close()
            raise

    def _opened(self, name: str) -> int:
        file = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._held.append(file)
        return file

    def _lock_folder(self) -> None:
        try:
            fcntl.flock(self._opened("lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{self.folder} is used by another process"
            raise OSError(errno.EWOULDBLOCK, message) from None

    def _find(self) -> None:
        """Find what is in the segments, from the cursor on."""
        first, self._at = self._read_cursor()
        self._last = first  # no new segment has a number that there was before
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if not path.stem.isdigit():
                continue
            number = int(path.stem)
            if number < first:
                with suppress(OSError):
                    path.unlink()
            else:
                self._sizes[number] = path.stat().st_size
        if not self._sizes:
            self._at = 0
            self._write_cursor(first)
            return
        if (oldest := next(iter(self._sizes))) != first:
            self._at = 0
        self._last = max(self._last, *self._sizes)
        self._at = min(self._at, self._sizes[oldest])
        for number in self._sizes:
            self._count(number, self._at if number == oldest else 0)
        self._write_cursor(oldest)  # so that there is room for it, also on a disk that becomes full

    def _count(self, number: int, at: int) -> None:
        """Count the records of a segment, and cut off what breaks off at its end."""
        file = os.open(self._path(number), os.O_RDWR | os.O_CLOEXEC)
        try:
            size = self._sizes[number]
            for found in read_all(file, at, size):
                if found.payload is not None:
                    self.count += 1
                elif found.end == size and number == self._last:
                    os.ftruncate(file, at)
                    self.cut, self._sizes[number] = size - at, at
                at = found.end
        finally:
            os.close(file)

    def close(self) -> None:
        """Let go of the folder; where nothing is left, nothing stays."""
        with self._lock:
            self._end_segment()
            if self._known and not self.count:
                for number in list(self._sizes):
                    self._remove_segment(number)
            self._known = False
            if self._head is not None:
                os.close(self._head[1])
                self._head = None
            while self._held:
                os.close(self._held.pop())

    # --- put in -------------------------------------------------------------------------

    def append(self, payload: bytes) -> None:
        """Put a payload in; it is safe after ``sync``.

        :raises OSError: if there is no room for it; then nothing has changed.
        """
        record = packed(payload)
        with self._lock:
            if self.count and sum(self._sizes.values()) + len(record) > self._limit:
                raise OSError(errno.ENOSPC, f"the spool is full ({self._limit:,} bytes)")
            if self._tail < 0 or self._sizes[self._last] >= self._segment:
                self._begin_segment()
            size = self._sizes[self._last]
            try:
                if os.write(self._tail, record) < len(record):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                self._take_back(size)
                raise
            self._sizes[self._last] = size + len(record)
            self.count += 1

    def _begin_segment(self) -> None:
        number = self._last + 1
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        if self._tail >= 0:
            os.fdatasync(self._tail)
        file = os.open(self._path(number), flags, 0o600)
        self._end_segment()
        self._tail, self._last, self._sizes[number] = file, number, 0
        _sync_folder(self.folder)

    def _end_segment(self) -> None:
        if self._tail >= 0:
            os.close(self._tail)
            self._tail = -1

    def _take_back(self, size: int) -> None:
        """Undo what may have been written of a record."""
        try:
            os.ftruncate(self._tail, size)
        except OSError:
            # Reading skips it; the next record begins another segment.
            self._sizes[self._last] = os.fstat(self._tail).st_size
            self._end_segment()

    def sync(self) -> None:
        """See to it that everything that was put in is on disk.

        :raises OSError: if it is not.
        """
        with self._lock:
            if self._tail < 0:
                return
            tail = os.dup(self._tail)
        try:
            os.fdatasync(tail)
        finally:
            os.close(tail)

    # --- take out -----------------------------------------------------------------------

    def first(self) -> bytes | None:
        """Return the oldest payload, which stays in; None if there is none.

        :raises OSError: if it cannot be read.
        """
        with self._lock:
            while self._sizes:
                number = next(iter(self._sizes))
                found = self._look(number)
                if found is None:
                    if number == self._last and self._tail >= 0:
                        break
                    self._remove_segment(number)
                elif found.payload is None:
                    self.damaged += 1
                    self._at = found.end
                else:
                    self._next = found.end
                    return found.payload
            self.count = 0  # what was there before has been damaged since
            return None

    def _look(self, number: int) -> Found | None:
        """Return what comes next in a segment; None if it has been read, or is there no more."""
        try:
            return read(self._opened_head(number), self._at, self._sizes[number])
        except FileNotFoundError:
            self.damaged += 1
            if number == self._last:
                self._end_segment()
            return None

    def remove(self) -> None:
        """Take the payload out that ``first`` gave."""
        with self._lock:
            self._at = self._next
            self.count -= 1
            number = next(iter(self._sizes))
            if not self.count and self._sizes[number] >= self._segment:
                if number == self._last:
                    self._end_segment()
                self._remove_segment(number)
            else:
                self._write_cursor(number)

    def _opened_head(self, number: int) -> int:
        if self._head is None or self._head[0] != number:
            if self._head is not None:
                os.close(self._head[1])
                self._head = None
            self._head = number, os.open(self._path(number), os.O_RDONLY | os.O_CLOEXEC)
        return self._head[1]

    def _remove_segment(self, number: int) -> None:
        self._at = 0
        del self._sizes[number]
        self._write_cursor(number + 1)
        with suppress(OSError):
            self._path(number).unlink()

    # --- files --------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:016}{_SUFFIX}"

    def _write_cursor(self, number: int) -> None:
        place = _PLACE.pack(number, self._at)
        with suppress(OSError):  # without it, records come out once more after a crash
            os.pwrite(self._cursor, _CURSOR.pack(number, self._at, zlib.crc32(place)), 0)

    def _read_cursor(self) -> tuple[int, int]:
        """Return the number of the first segment and how far it was handed on; zeros if unknown."""
        written = os.pread(self._cursor, _CURSOR.size, 0)
        if len(written) == _CURSOR.size:
            number, at, checksum = _CURSOR.unpack(written)
            if zlib.crc32(_PLACE.pack(number, at)) == checksum:
                return number, at
        return 0, 0


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
