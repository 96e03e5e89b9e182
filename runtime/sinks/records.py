"""Records in files that may break off or be damaged: each says how long it is, and has a checksum.

Behind what is damaged, reading goes on with the next record that is whole. So
payloads must not contain the mark that records begin with; JSON never does.
"""

import os
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

# A control character first: in JSON text there is none.
MARK: Final = b"\x1eRLC"

# The mark, the size of the payload in bytes, and the CRC-32 of both size and payload.
_HEADER: Final = Struct(">4sII")
_SIZE: Final = Struct(">I")

# How much is searched at once for the next record, in bytes.
_BLOCK: Final = 1024 * 1024


class Found(NamedTuple):
    """What is at some place of a file: a payload, or None for damage; and where it ends."""

    payload: bytes | None
    end: int


def packed(payload: bytes) -> bytes:
    """Return a record of a payload."""
    return _HEADER.pack(MARK, len(payload), _checksum(payload)) + payload


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_SIZE.pack(len(payload))))


def read(file: int, at: int, end: int) -> Found | None:
    """Return what is at a place of a file that is ``end`` bytes long; None behind its end.

    ``file`` is the number of an open file.

    :raises OSError: if it cannot be read.
    """
    if at >= end:
        return None
    header = os.pread(file, _HEADER.size, at)
    if len(header) == _HEADER.size:
        mark, size, checksum = _HEADER.unpack(header)
        start = at + _HEADER.size
        if mark == MARK and size <= end - start:
            payload = os.pread(file, size, start)
            if len(payload) == size and _checksum(payload) == checksum:
                return Found(payload, start + size)
    return Found(None, _next_mark(file, at + 1, end))


def _next_mark(file: int, at: int, end: int) -> int:
    """Return where the next record may begin; the end of the file if there is none."""
    while at < end:
        # A mark may lie across the end of a block.
        block = os.pread(file, min(_BLOCK, end - at) + len(MARK) - 1, at)
        if (found := block.find(MARK)) >= 0:
            return at + found
        at += _BLOCK
    return end


def read_all(file: int, at: int, end: int) -> Iterator[Found]:
    """Yield everything from a place of a file on.

    :raises OSError: if it cannot be read.
    """
    while (found := read(file, at, end)) is not None:
        yield found
        at = found.end
