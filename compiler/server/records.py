"""Records in files: how they are written, and how they are found again in what a crash left.

A record begins with a mark, its length and a checksum of where it stands, its
length and its content. So neither a torn record nor an old one that was
overwritten in part passes for one, and reading can go on behind a damaged one.
"""

import os
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

# The mark, the bytes of content, the CRC-32.
_HEADER: Final = Struct(">4sII")
_COVERED: Final = Struct(">QI")
_MARK: Final = b"\xf7rul"

HEADER_SIZE: Final = _HEADER.size

# No record has more content, in bytes: a length beyond it is damage.
LONGEST: Final = 256 * 1024 * 1024

# So much is looked through at a time for the next record, in bytes.
_STRETCH: Final = 1024 * 1024


class Record(NamedTuple):
    """A record: where it begins, where the next one does, and its content."""

    position: int
    end: int
    content: bytes


def header(position: int, content: bytes) -> bytes:
    """Return what stands before some content at a position."""
    return _HEADER.pack(_MARK, len(content), _checksum(position, content))


def _checksum(position: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(_COVERED.pack(position, len(content))))


class RecordFile:
    """An open file of records, the first of which is at position ``base``."""

    def __init__(self, descriptor: int, base: int) -> None:
        self._descriptor = descriptor
        self.base = base

    def read(self, position: int, end: int) -> Record | None:
        """Return the record at a position, if a good one is there and ends by ``end``.

        :raises OSError: if the file cannot be read.
        """
        head = self._bytes(position, HEADER_SIZE)
        if len(head) < HEADER_SIZE:
            return None
        mark, length, checksum = _HEADER.unpack(head)
        begin = position + HEADER_SIZE
        if mark != _MARK or length > LONGEST or begin + length > end:
            return None
        content = self._bytes(begin, length)
        if len(content) < length or _checksum(position, content) != checksum:
            return None
        return Record(position, begin + length, content)

    def next_good(self, position: int, end: int) -> Record | None:
        """Return the first good record behind a bad one at a position.

        :raises OSError: if the file cannot be read.
        """
        at = position + 1
        while at < end:
            stretch = self._bytes(at, min(_STRETCH, end - at))
            found = stretch.find(_MARK)
            while found >= 0:
                if (record := self.read(at + found, end)) is not None:
                    return record
                found = stretch.find(_MARK, found + 1)
            if at + len(stretch) >= end or len(stretch) < len(_MARK):
                return None
            # A mark may lie across the end of the stretch.
            at += len(stretch) - len(_MARK) + 1
        return None

    def all(self, end: int) -> Iterator[Record]:
        """Yield all good records that end by ``end``, whatever is between them.

        :raises OSError: if the file cannot be read.
        """
        record = self.read(self.base, end) or self.next_good(self.base, end)
        while record is not None:
            yield record
            position = record.end
            record = self.read(position, end) or self.next_good(position, end)

    def _bytes(self, position: int, size: int) -> bytes:
        """Return so many bytes at a position, or fewer if the file ends before."""
        found = os.pread(self._descriptor, size, position - self.base)
        if len(found) in (0, size):
            return found
        parts = [found]
        missing = size - len(found)
        while missing:
            more = os.pread(self._descriptor, missing, position - self.base + size - missing)
            if not more:
                break
            parts.append(more)
            missing -= len(more)
        return b"".join(parts)


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all bytes at an offset of a file.

    :raises OSError: if that fails; some of them may have been written.
    """
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view = view[written:]
        offset += written


def sync_folder(descriptor: int) -> None:
    """Make safe which files there are in an open folder.

    :raises OSError: if that fails.
    """
    os.fsync(descriptor)
