"""Captures with something wrong in them: mutations of bytes, of blocks, of what is in events.

``mutant`` makes one from a few seeds. The same random numbers give the same mutant.
"""

import gzip
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

LARGEST: Final = 1 << 20  # bytes of a mutant, before it is compressed

# Numbers at the edges of what fields of blocks can hold.
_EDGES: Final = (0, 1, 11, 12, 13, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x100000, 0x7FFFFFFF, 0xFFFFFFFF)

_Pieces = list[bytes]


def mutant(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one of the seeds with one to six mutations, sometimes compressed."""
    pieces = _split(random.choice(seeds))
    other = _split(random.choice(seeds))
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        mutate = random.choice(_MUTATIONS)
        mutate(pieces, other, random)
        pieces = pieces or [b""]
    found = b"".join(pieces)[:LARGEST]
    if random.random() < 0.15:
        return _compressed(found, random)
    return found


def _split(data: bytes) -> _Pieces:
    """Return the blocks of a capture, in either byte order; what is none is one piece."""
    mark = ">" if data[8:12] == b"\x1a\x2b\x3c\x4d" else "<"
    found, at = [], 0
    while at + 12 <= len(data):
        length = struct.unpack_from(mark + "I", data, at + 4)[0]
        if length < 12:
            break
        found.append(data[at : at + length])
        at += length
    return [*found, data[at:]] if at < len(data) else found


def _compressed(data: bytes, random: Random) -> bytes:
    found = bytearray(gzip.compress(data, 1, mtime=0))
    match random.randrange(4):
        case 0:
            found[random.randrange(len(found))] ^= 1 << random.randrange(8)
        case 1:
            del found[random.randrange(len(found)) :]
        case 2:
            found += random.choice((b"\0", b"\x1f", b"\x1f\x8b", bytes(found)))
        case _:
            # A lot that compresses well: blocks of a type that nobody knows.
            length = 1 << 16
            frame = struct.pack("<I", length)
            nothing = struct.pack("<I", 0x21F) + frame + bytes(length - 12) + frame
            found += gzip.compress(nothing * random.choice((16, 256, 1024)), 6, mtime=0)
    return bytes(found)


# --- single mutations ---------------------------------------------------------------


def _place(pieces: _Pieces, random: Random) -> int:
    return random.randrange(len(pieces))


def _change(data: bytes, random: Random) -> bytes:
    """Return some bytes with one, or a number among them, changed."""
    if not data:
        return random.randbytes(4)
    found = bytearray(data)
    at = random.randrange(len(found))
    match random.randrange(5):
        case 0:
            found[at] = random.randrange(256)
        case 1:
            width = random.choice((2, 4, 8))
            value = random.choice(_EDGES) & (1 << 8 * width) - 1
            found[at : at + width] = value.to_bytes(width, random.choice(("little", "big")))
        case 2:
            del found[at : at + random.randint(1, 40)]
        case 3:
            found[at:at] = found[at : at + random.randint(1, 80)]
        case _:
            found[at : at + 12] = random.randbytes(12)
    return bytes(found)


def _bytes_changed(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    at = _place(pieces, random)
    pieces[at] = _change(pieces[at], random)


def _body_changed(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    """Change what is in a block, and have the block around it be sound."""
    at = _place(pieces, random)
    block = pieces[at]
    body = _change(block[8:-4], random)
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    pieces[at] = block[:4] + length + body + length


def _header_changed(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    """Change the head of an event: time, thread, size, code, count, or the lengths behind it."""
    at = _place(pieces, random)
    block = bytearray(pieces[at])
    place = random.choice((8, 10, 18, 26, 30, 32, 36, 38, 40))
    width = random.choice((1, 2, 4))
    if place + width <= len(block) - 4:
        value = random.choice((random.randrange(420), random.choice(_EDGES)))
        block[place : place + width] = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
    pieces[at] = bytes(block)


def _drop(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    del pieces[_place(pieces, random)]


def _again(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    at = _place(pieces, random)
    times = random.choice((1, 1, 3, 30, 3000))
    pieces[at:at] = [pieces[at]] * min(times, LARGEST // (len(pieces[at]) or 1))


def _swap(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    one, two = _place(pieces, random), _place(pieces, random)
    pieces[one], pieces[two] = pieces[two], pieces[one]


def _from_other(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    begin = random.randrange(len(other))
    at = _place(pieces, random)
    pieces[at:at] = other[begin : begin + random.choice((1, 1, 5, 50))]


def _cut(pieces: _Pieces, other: _Pieces, random: Random) -> None:
    at = _place(pieces, random)
    piece = pieces[at]
    pieces[at:] = [piece[: random.randint(0, len(piece))]]


_MUTATIONS: Final[tuple[Callable[[_Pieces, _Pieces, Random], None], ...]] = (
    _bytes_changed,
    _bytes_changed,
    _body_changed,
    _body_changed,
    _body_changed,
    _header_changed,
    _header_changed,
    _drop,
    _again,
    _swap,
    _from_other,
    _cut,
)
