"""How blocks are laid out: their types, and where events have their parameters."""

from collections.abc import Callable
from struct import Struct
from typing import Final

SECTION: Final = 0x0A0D0D0A
SECTION_VERSION: Final = (1, 2)
MAGIC: Final = 0x1A2B3C4D

# The byte orders, by what the magic number looks like in them.
ORDERS: Final = {MAGIC.to_bytes(4, "little"): "little", MAGIC.to_bytes(4, "big"): "big"}

EVENT: Final = 0x216
OLD_EVENT: Final = 0x204
LARGE_EVENT: Final = 0x221

# Blocks of events: whether they have flags, and whether events say how many parameters they have.
EVENTS: Final = {
    OLD_EVENT: (False, False),
    0x8010ABCD: (False, False),
    0x208: (True, False),
    EVENT: (False, True),
    0x217: (True, True),
    LARGE_EVENT: (False, True),
    0x222: (True, True),
}
STATE_ONLY: Final = 1  # the flag of an event that no rule is to see

# How long blocks may be, in bytes: those of events that are not large, and all others.
EVENT_LIMIT: Final = 1 << 20
BLOCK_LIMIT: Final = 1 << 26
_SMALL: Final = frozenset({OLD_EVENT, 0x8010ABCD, 0x208, EVENT, 0x217})

FRAME: Final = 12  # bytes around what is in a block
SMALLEST_EVENT: Final = 36  # bytes of a block with an event without parameters

# Bytes before the lengths of the parameters of an event: with and without their count.
HEADER: Final = 26
OLD_HEADER: Final = 22

# Events whose parameters have lengths of four bytes.
LARGE: Final = frozenset({322, 324, 402})
# Events of which the first writers said that they were three bytes longer than they are.
_MISCOUNTED: Final = frozenset({280, 286})
PARAMETERS_LIMIT: Final = 255


def limit(kind: int) -> int:
    """Return how many bytes a block of a type may have."""
    return EVENT_LIMIT if kind in _SMALL else BLOCK_LIMIT


class _Lengths(dict[int, Callable[[bytes, int], tuple[int, ...]]]):
    """What reads some numbers, by how many there are."""

    def __init__(self, mark: str, letter: str) -> None:
        self._mark = mark
        self._letter = letter

    def __missing__(self, count: int) -> Callable[[bytes, int], tuple[int, ...]]:
        found = self[count] = Struct(f"{self._mark}{count}{self._letter}").unpack_from
        return found


class Layout:
    """How numbers are read in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order
        mark = "<" if order == "little" else ">"
        # The block with its length, then cpu, time, thread, size, code, count of parameters.
        self.event = Struct(mark + "IIHQqIHI").unpack_from
        self.flagged = Struct(mark + "IIHIQqIHI").unpack_from
        self.block = Struct(mark + "II").unpack_from
        self.word = Struct(mark + "I").unpack_from
        self._short = _Lengths(mark, "H")
        self._long = _Lengths(mark, "I")

    def parts(
        self, buffer: bytes, at: int, stop: int, size: int, code: int, count: int
    ) -> list[bytes] | None:
        """Return the parameters of an event; None if it is damaged.

        ``size`` is what it says of its size, with its header. There must be ``count`` of them.
        """
        lengths_at, width = (self._long, 4) if code in LARGE else (self._short, 2)
        begin = at + count * width
        if count > PARAMETERS_LIMIT or begin > stop:
            return None
        lengths = lengths_at[count](buffer, at)
        if begin + sum(lengths) > stop or size != HEADER + count * width + sum(lengths):
            return None
        found = []
        for length in lengths:
            found.append(buffer[begin : begin + length])
            begin += length
        return found

    def old_parts(
        self, buffer: bytes, at: int, stop: int, size: int, code: int, most: int
    ) -> list[bytes] | None:
        """Do the same for an event that does not say how many parameters it has: ``most``, or less.

        There are as many as make up its size.
        """
        size += HEADER - OLD_HEADER - (3 if code in _MISCOUNTED else 0)
        for count in range(most, -1, -1):
            if (found := self.parts(buffer, at, stop, size, code, count)) is not None:
                return found
        return None


LAYOUTS: Final = {order: Layout(order) for order in ("little", "big")}
