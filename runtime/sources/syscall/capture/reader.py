"""Captures, read event by event."""

from collections.abc import Callable, Generator, Iterator
from struct import Struct
from typing import Final

from rulec.runtime.events import Run
from rulec.runtime.sources.syscall.capture import lists
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import (
    FD_POSITIONS,
    OLD_CONTAINERS,
    UNOFFERED,
    coded,
)
from rulec.runtime.sources.syscall.capture.interest import Act, Interest
from rulec.runtime.sources.syscall.capture.naming import NAMED_BY_VALUE, event_name
from rulec.runtime.sources.syscall.capture.stream import (
    BLOCK_LIMIT,
    Inflater,
    Source,
    next_beginning,
)
from rulec.runtime.sources.syscall.capture.upgrade import Plan, plan
from rulec.runtime.sources.syscall.state.machine import THREADS_LIMIT, Machine

SECTION: Final = 0x0A0D0D0A
_MAGIC: Final = {b"\x4d\x3c\x2b\x1a": "little", b"\x1a\x2b\x3c\x4d": "big"}

# Blocks of events: whether they have flags, and whether events say how many parameters they have.
_EVENTS: Final = {
    0x204: (False, False),
    0x8010ABCD: (False, False),
    0x208: (True, False),
    0x216: (False, True),
    0x217: (True, True),
    0x221: (False, True),
    0x222: (True, True),
}
_SMALL_EVENTS: Final = frozenset({0x204, 0x8010ABCD, 0x208, 0x216, 0x217})
EVENT_LIMIT: Final = 1 << 20  # bytes of a block with an event that is not large

_MAJOR: Final = 1  # version of the format
_OLD_HEADER: Final = 22  # bytes before the lengths of parameters
_HEADER: Final = 26
_STATE_ONLY: Final = 1  # the flag of an event that no rule is to see

# Codes whose first writers said that they were three bytes longer than they are.
_MISCOUNTED: Final = frozenset({280, 286})
_LARGE: Final = frozenset({322, 324, 402})
_PARAMETERS_LIMIT: Final = 255

# Events that make no thread known.
_NO_PLACEHOLDER: Final = frozenset(
    coded(
        "SYSCALL_CLONE_20_X",
        "SYSCALL_FORK_20_X",
        "SYSCALL_VFORK_20_X",
        "SYSCALL_CLONE3_X",
        "SCHEDSWITCH_6_E",
        "PROCEXIT_1_E",
    )
)
_NOTICES_LIMIT: Final = 100
_SMALLEST: Final = 36  # bytes of a block with an event


class _Layout:
    """How numbers are read in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order
        mark = "<" if order == "little" else ">"
        # The block with its length, then cpu, time, thread, size, code, count of parameters.
        self.event = Struct(mark + "IIHQqIHI").unpack_from
        self.flagged = Struct(mark + "IIHIQqIHI").unpack_from
        self.block = Struct(mark + "II").unpack_from
        self.word = Struct(mark + "I").unpack_from
        self.short = [Struct(f"{mark}{n}H").unpack_from for n in range(_PARAMETERS_LIMIT + 1)]
        self.long = [Struct(f"{mark}{n}I").unpack_from for n in range(_PARAMETERS_LIMIT + 1)]


_new: Final = CaptureEvent.__new__

_LAYOUTS: Final = {order: _Layout(order) for order in ("little", "big")}


class Capture:
    """The events of a capture that rules ask for, in a stream of bytes.

    ``wanted`` has the values of ``evt.type`` that are asked for, ``fields`` the names of the
    fields; None stands for all. Other events are read for what they change only.
    ``enter_events`` says that events which begin a call are offered, too, as old captures have
    them. ``events`` counts all events so far, ``failed_blocks`` blocks that were damaged,
    ``unknown_events`` events that are newer than this reader, ``unknown_shapes`` those with a
    number of parameters that it does not know (they are read as they are).
    ``notices`` says in sentences what went wrong.
    """

    def __init__(
        self,
        stream: Source,
        wanted: frozenset[str] | None = None,
        *,
        fields: frozenset[str] | None = None,
        enter_events: bool = False,
        run: Run | None = None,
    ) -> None:
        self.run = Run("syscall") if run is None else run
        self.machine = Machine()
        self.events = 0
        self.failed_blocks = 0
        self.unknown_events = 0
        self.unknown_shapes = 0
        self.notices: list[str] = []
        self.asked: int | None = None  # the time of the event that evt.deltatime was asked of
        self.asked_before: int | None = None
        self.counted = 0  # how often util.cnt was asked for
        self.enter_events = enter_events
        self._interest = Interest(wanted, fields, enter_events)
        self._input = Inflater(stream)
        self._layout = _LAYOUTS["little"]
        self._plans: dict[int, Plan | None] = {}
        self._sections = 0
        self._lost = False  # whether the beginning of a block is looked for
        self._fresh = True  # whether lists were read since the last event
        self._place = 0  # of the buffer, in the input

    def __iter__(self) -> Iterator[CaptureEvent]:
        buffer, at, more = b"", 0, True
        while True:
            at = yield from self._run(buffer, at)
            at, needed, event = self._next(buffer, at, more)
            if event is not None:
                yield event
            if needed > len(buffer) - at:
                if not more:
                    break
                self._place += at
                buffer, more = self._refilled(buffer[at:], needed)
                at = 0
        self._finish(len(buffer) - at)

    def _run(self, buffer: bytes, at: int) -> Generator[CaptureEvent, None, int]:
        """Read plain events, one behind the other; return where there is something else."""
        end = len(buffer)
        acts, event_at = self._interest.acts, self._event
        header, word = self._layout.event, self._layout.word
        read, count_only, unknown = Act.READ, Act.COUNT, Act.UNKNOWN
        while end - at >= _SMALLEST:
            kind, length, cpu, time, tid, size, code, count = header(buffer, at)
            if kind != 0x216 and kind != 0x204:
                break
            stop = at + length
            if stop > end or length < _SMALLEST or word(buffer, stop - 4)[0] != length:
                break
            act = acts[code]
            if act is count_only:
                self.events += 1
            elif act is read:
                if kind == 0x216:
                    body = at + 36
                else:
                    body, count = at + 32, -1
                event = event_at(buffer, body, stop - 4, cpu, time, tid, size, code, count)
                if event is not None:
                    yield event
            elif act is unknown:
                self.unknown_events += 1
            at = stop
        return at

    def _refilled(self, left: bytes, needed: int) -> tuple[bytes, bool]:
        """Return what is left with more of the input, and whether there may be more yet."""
        pieces, size = [left], len(left)
        while size < needed:
            piece = self._input.read()
            if not piece:
                return b"".join(pieces), False
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces), True

    def _next(self, buffer: bytes, at: int, more: bool) -> tuple[int, int, CaptureEvent | None]:
        """Read one block of any kind.

        Return where to go on, how many bytes there must be then, and an event, if it has one.
        """
        left = len(buffer) - at
        if left < 8:
            return at, 8 if more else left + 1, None
        kind, length = self._layout.block(buffer, at)
        if kind == SECTION:
            if left < 12 and more:
                return at, 12, None
            order = _MAGIC.get(buffer[at + 8 : at + 12], "")
            if order and order != self._layout.order:
                self._layout = _LAYOUTS[order]
                length = self._layout.block(buffer, at)[1]
        limit = EVENT_LIMIT if kind in _SMALL_EVENTS else BLOCK_LIMIT
        if length < 12 or length % 4 or length > limit:
            return self._damaged(buffer, at, more, "a block has a length that cannot be")
        if length > left:
            if more:
                return at, length, None
            return self._damaged(buffer, at, more, "a block has no end")
        if self._layout.word(buffer, at + length - 4)[0] != length:
            return self._damaged(buffer, at, more, "a block has two lengths")
        self._lost = False
        event = None
        if kind in _EVENTS:
            event = self._any_event(buffer, at, length, kind)
        else:
            self._list(buffer[at + 8 : at + length - 4], kind, self._place + at)
        return at + length, 0, event

    def _damaged(
        self, buffer: bytes, at: int, more: bool, problem: str
    ) -> tuple[int, int, CaptureEvent | None]:
        if not self._lost:
            self._lost = True
            self._fail(problem, self._place + at)
        at = next_beginning(buffer, at + 1, self._layout.order, not more)
        return at, 8 if more else 0, None

    def _fail(self, problem: str, place: int) -> None:
        self.failed_blocks += 1
        self._tell(f"{problem}, at byte {place}")

    def _tell(self, notice: str) -> None:
        if len(self.notices) < _NOTICES_LIMIT:
            self.notices.append(notice)

    def _finish(self, left: int) -> None:
        if self._input.problem:
            self._tell(self._input.problem)
        if not self._sections:
            self._tell("this is no capture: it does not begin as one")
        elif left and not self._lost:
            self._fail("the capture breaks off", self._place)
        if self.machine.left_out:
            self._tell(f"{self.machine.left_out} threads or descriptors were too many")

    # The blocks before the events

    def _list(self, data: bytes, kind: int, place: int) -> None:
        machine = self.machine
        body = lists.Bytes(data, self._layout.order)
        try:
            if kind == SECTION:
                self._section(body)
            elif kind in lists.PROCESSES:
                lists.read_processes(machine, body, lists.PROCESSES[kind])
            elif kind in lists.DESCRIPTORS:
                lists.read_descriptors(machine, body, lists.DESCRIPTORS[kind])
            elif kind in lists.INTERFACES:
                lists.read_interfaces(machine, body, lists.INTERFACES[kind])
            elif kind in lists.USERS:
                lists.read_users(machine, body, lists.USERS[kind])
            elif kind in lists.MACHINE:
                lists.read_machine(machine, body)
            self._fresh = True
        except lists.DamageError:
            self._fail("a list breaks off", place)

    def _section(self, body: lists.Bytes) -> None:
        """Begin to read a capture: what was known is of another one."""
        body.take(4)
        major = body.number(2)
        if major > _MAJOR:
            self._tell(f"this is version {major} of the format: version {_MAJOR} is known")
        self._sections += 1
        self.machine = Machine(self._layout.order)

    def _settle_lists(self) -> None:
        self._fresh = False
        self.machine.orient()

    # Events

    def _any_event(self, buffer: bytes, at: int, length: int, kind: int) -> CaptureEvent | None:
        """Read an event in any kind of block."""
        flagged, counts = _EVENTS[kind]
        layout = self._layout
        begin = 8 + (6 if flagged else 2) + (26 if counts else 22)
        if length < begin + 4:
            self._fail("an event is too short", self._place + at)
            return None
        flags = 0
        # What stands behind the header may be read with it, or lie behind the buffer.
        head = buffer[at : at + begin] + bytes(4)
        if flagged:
            _, _, cpu, flags, time, tid, size, code, count = layout.flagged(head)
        else:
            _, _, cpu, time, tid, size, code, count = layout.event(head)
        act = self._interest.acts[code]
        if act is Act.COUNT:
            self.events += 1
        elif act is Act.UNKNOWN:
            self.unknown_events += 1
        if act is not Act.READ:
            return None
        event = self._event(
            buffer,
            at + begin,
            at + length - 4,
            cpu,
            time,
            tid,
            size,
            code,
            count if counts else -1,
        )
        return None if flags & _STATE_ONLY else event

    def _split(
        self, buffer: bytes, at: int, stop: int, size: int, code: int, count: int
    ) -> list[bytes] | None:
        """Return the parameters of an event; None if it is damaged.

        ``size`` is that of the event with its header; ``count`` is -1 if it is not told.
        """
        numbers = self._layout.long if code in _LARGE else self._layout.short
        width = 4 if code in _LARGE else 2
        if count < 0:
            size -= _OLD_HEADER
            if code in _MISCOUNTED:
                size -= 3
            lengths = self._counted(buffer, at, stop, size, code, numbers, width)
        else:
            size -= _HEADER
            if count > _PARAMETERS_LIMIT or at + count * width > stop:
                return None
            lengths = numbers[count](buffer, at)
            if size != sum(lengths) + count * width:
                return None
        if lengths is None or size < 0 or at + size > stop:
            return None
        at += len(lengths) * width
        parts = []
        for length in lengths:
            parts.append(buffer[at : at + length])
            at += length
        return parts

    def _counted(
        self,
        buffer: bytes,
        at: int,
        stop: int,
        size: int,
        code: int,
        numbers: "list[Callable[[bytes, int], tuple[int, ...]]]",
        width: int,
    ) -> tuple[int, ...] | None:
        """Return the lengths of the parameters of an event that does not tell how many it has."""
        kind = self.machine.kinds[code]
        for count in range(0 if kind is None else len(kind.parameters), -1, -1):
            if count * width <= size and at + count * width <= stop:
                lengths = numbers[count](buffer, at)
                if sum(lengths) + count * width == size:
                    return lengths
        return None

    def _event(
        self,
        buffer: bytes,
        at: int,
        stop: int,
        cpu: int,
        time: int,
        tid: int,
        size: int,
        code: int,
        count: int,
    ) -> CaptureEvent | None:
        """Read an event: change what is known, and return it if a rule asks for it."""
        parts = self._split(buffer, at, stop, size, code, count)
        if parts is None:
            self._fail("an event is damaged", self._place + at)
            return None
        if self._fresh:
            self._settle_lists()
        key = code << 8 | len(parts)
        try:
            made = self._plans[key]
        except KeyError:
            made = self._plans[key] = plan(code, len(parts))
        machine = self.machine
        recorded = code
        if made is None:
            self.unknown_shapes += 1
        else:
            begun_code = made.begun
            if made.make is not None:
                begun = None
                if begun_code >= 0 and (kept := machine.began.get(tid)) is not None:
                    if kept[0] == begun_code:
                        begun = kept[1]
                        if begun_code not in UNOFFERED:
                            del machine.began[tid]
                parts = made.make(parts, begun)
            code = made.code
            if made.keep:
                if len(machine.began) >= THREADS_LIMIT:
                    machine.began.clear()
                machine.began[tid] = (code, parts)
            if made.drop:
                if not self.enter_events:
                    return None
                code = recorded
        self.events += 1
        if machine.closing is not None or machine.ending is not None:
            machine.settle()
        interest = self._interest
        effect = interest.effects.get(code)
        offered = code in interest.offered and (self.enter_events or recorded not in OLD_CONTAINERS)
        if effect is None and not offered:
            return None
        thread = machine.threads.get(tid)
        if thread is None and tid > 0 and code not in _NO_PLACEHOLDER:
            thread = machine.placeholder(tid)
        kind = machine.kinds[code]
        event = _new(CaptureEvent)
        event.capture = self
        event.run = self.run
        event.machine = machine
        event.kind = kind
        event.code = code
        event.time = time
        event.tid = tid
        event.cpu = cpu
        event.number = self.events
        event.parts = parts
        event.thread = thread
        event.name_changed = False
        event.fd = -1
        event.descriptor = None
        if thread is not None and (position := FD_POSITIONS.get(code)) is not None:
            if position < len(parts) and (data := parts[position]):
                event.fd = fd = kind.decoders[position](data)
                event.descriptor = thread.process.descriptors.get(fd)
        if self.run.start is None and kind.origin != "metaevent":
            self.run.start = time
        if effect is not None:
            effect(machine, event)
            if not offered:
                return None
        if interest.names is not None and code in NAMED_BY_VALUE:
            return event if event_name(event) in interest.names else None
        return event
