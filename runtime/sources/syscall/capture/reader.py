"""Captures, read event by event."""

from collections.abc import Generator, Iterator
from typing import Final

from rulec.runtime.events import Run
from rulec.runtime.rendering import counted
from rulec.runtime.sources.syscall.capture import blocks, lists
from rulec.runtime.sources.syscall.capture.blocks import EVENT, LAYOUTS, OLD_EVENT, SMALLEST_EVENT
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import (
    FD_POSITIONS,
    OLD_CONTAINERS,
    UNOFFERED,
    coded,
)
from rulec.runtime.sources.syscall.capture.interest import Act, interest
from rulec.runtime.sources.syscall.capture.naming import NAMED_BY_VALUE, event_name
from rulec.runtime.sources.syscall.capture.stream import Inflater, Source, next_beginning
from rulec.runtime.sources.syscall.capture.upgrade import Plan, plan
from rulec.runtime.sources.syscall.state.machine import THREADS_LIMIT, Machine
from rulec.runtime.sources.syscall.state.processes import CLONES
from rulec.runtime.sources.syscall.state.threads import Thread
from rulec.runtime.sources.syscall.values import Works

_NOTICES_LIMIT: Final = 100

# Events that make no thread known: those of threads that begin, end, or wait.
_OF_STRANGERS: Final = frozenset(
    CLONES + coded("SCHEDSWITCH_1_E", "SCHEDSWITCH_6_E", "PROCEXIT_1_E")
)

_new: Final = CaptureEvent.__new__


class Capture:
    """The events of a capture that rules ask for, in a stream of bytes.

    ``wanted`` has the values of ``evt.type`` that are asked for, ``fields`` the names of the
    fields; None stands for all. Other events are read for what they change only.
    ``enter_events`` says that events which begin a call are offered, too, as old captures have
    them. An event is of use until the next one is read.

    ``events`` counts all events so far, ``failed_blocks`` blocks that were damaged,
    ``unknown_events`` events that are newer than this reader, ``unknown_shapes`` those with a
    number of parameters that it does not know (they are read as they are). ``notices`` says in
    sentences what went wrong.
    """

    def __init__(
        self,
        stream: Source,
        wanted: frozenset[str] | None = None,
        *,
        fields: frozenset[str] | None = None,
        enter_events: bool = False,
    ) -> None:
        self.machine = Machine()
        self.works = Works()
        self.run = Run("syscall")
        self.events = 0
        self.failed_blocks = 0
        self.unknown_events = 0
        self.unknown_shapes = 0
        self.notices: list[str] = []
        # The event that evt.deltatime was asked of last (its number and time), and the time before.
        self.asked: tuple[int, int] | None = None
        self.asked_before: int | None = None
        self.counted = 0  # how often util.cnt was asked for
        self._enter_events = enter_events
        self._interest = interest(wanted, fields, enter_events)
        self._input = Inflater(stream)
        self._layout = LAYOUTS["little"]
        self._plans: dict[int, Plan | None] = {}
        self._sections = 0
        self._lost = False  # whether the beginning of a block is looked for
        self._fresh = True  # whether lists were read since the last event
        self._place = 0  # of the buffer, in the input

    def __iter__(self) -> Iterator[CaptureEvent]:
        buffer, at, more = b"", 0, True
        while True:
            at = yield from self._plain_events(buffer, at)
            at, needed, event = self._block(buffer, at, more)
            if event is not None:
                yield event
            if needed > len(buffer) - at:
                if not more:
                    break
                self._place += at
                buffer, more = self._refilled(buffer[at:], needed)
                at = 0
        self._finish(len(buffer) - at)

    # --- blocks ---------------------------------------------------------------------

    def _plain_events(self, buffer: bytes, at: int) -> Generator[CaptureEvent, None, int]:
        """Read plain events, one behind the other; return where there is something else."""
        end = len(buffer)
        acts, event_at = self._interest.acts, self._event
        header, word = self._layout.event, self._layout.word
        read, count_only, unknown = Act.READ, Act.COUNT, Act.UNKNOWN
        started, threads = self.run.start is not None, self.machine.threads
        while end - at >= SMALLEST_EVENT:
            type_, length, cpu, time, tid, size, code, count = header(buffer, at)
            if type_ != EVENT and type_ != OLD_EVENT:
                break
            stop = at + length
            if stop > end or length < SMALLEST_EVENT or word(buffer, stop - 4)[0] != length:
                break
            act = acts[code]
            if act is count_only:
                self.events += 1
                if tid not in threads:
                    self._meet(tid, code)
                if not started:
                    started = self._begin(code, time)
            elif act is read:
                if type_ == EVENT:
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

    def _block(self, buffer: bytes, at: int, more: bool) -> tuple[int, int, CaptureEvent | None]:
        """Read one block of any type.

        Return where to go on, how many bytes there must be then, and an event, if it has one.
        """
        left = len(buffer) - at
        if left < blocks.FRAME:
            return at, blocks.FRAME if more else left + 1, None
        type_, length = self._layout.block(buffer, at)
        if type_ == blocks.SECTION:
            order = blocks.ORDERS.get(buffer[at + 8 : at + 12], "")
            if order and order != self._layout.order:
                self._layout = LAYOUTS[order]
                length = self._layout.block(buffer, at)[1]
        if length < blocks.FRAME or length % 4 or length > blocks.limit(type_):
            return self._damaged(buffer, at, more, "a block has a length that cannot be")
        if length > left:
            if more:
                return at, length, None
            return self._damaged(buffer, at, more, "a block has no end")
        if self._layout.word(buffer, at + length - 4)[0] != length:
            return self._damaged(buffer, at, more, "a block has two lengths")
        self._lost = False
        event = None
        if type_ in blocks.EVENTS:
            event = self._any_event(buffer, at, length, type_)
        else:
            self._list(buffer[at + 8 : at + length - 4], type_, self._place + at)
        return at + length, 0, event

    def _damaged(
        self, buffer: bytes, at: int, more: bool, problem: str
    ) -> tuple[int, int, CaptureEvent | None]:
        """Look for the next block behind damage."""
        if not self._lost:
            self._lost = True
            self._fail(problem, self._place + at)
        at = next_beginning(buffer, at + 1, self._layout.order, not more)
        return at, blocks.FRAME if more else 0, None

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
        if self.failed_blocks > _NOTICES_LIMIT:
            self.notices.append(f"{self.failed_blocks} blocks were damaged in all")
        if self.unknown_events:
            newer = counted(self.unknown_events, "event")
            verb = "is" if self.unknown_events == 1 else "are"
            self.notices.append(f"{newer} {verb} newer than this reader")
        if self.machine.left_out:
            self.notices.append(f"{self.machine.left_out} threads or descriptors were too many")

    def _list(self, data: bytes, type_: int, place: int) -> None:
        """Read a block without events: a list, or the beginning of a capture."""
        machine = self.machine
        body = lists.Bytes(data, self._layout.order)
        try:
            if type_ == blocks.SECTION:
                self._section(body)
            elif (read := lists.READERS.get(type_)) is not None:
                read(machine, body)
                self._fresh = True
        except lists.DamageError:
            self._fail("a list is damaged", place)

    def _section(self, body: lists.Bytes) -> None:
        """Begin to read a capture: what was known is of another one."""
        body.take(4)
        major, known = body.number(2), blocks.SECTION_VERSION[0]
        if major > known:
            self._tell(f"this is version {major} of the format: version {known} is known")
        self._sections += 1
        self.machine = Machine(self._layout.order)

    # --- events ---------------------------------------------------------------------

    def _any_event(self, buffer: bytes, at: int, length: int, type_: int) -> CaptureEvent | None:
        """Read an event in any type of block."""
        flagged, counts = blocks.EVENTS[type_]
        begin = 8 + (6 if flagged else 2) + (blocks.HEADER if counts else blocks.OLD_HEADER)
        if length < begin + 4:
            self._fail("an event is too short", self._place + at)
            return None
        # What is read behind an old header is no count, and may lie behind the buffer.
        head = buffer[at : at + begin] + bytes(4)
        flags = 0
        if flagged:
            _, _, cpu, flags, time, tid, size, code, count = self._layout.flagged(head)
        else:
            _, _, cpu, time, tid, size, code, count = self._layout.event(head)
        act = self._interest.acts[code]
        if act is Act.COUNT:
            self.events += 1
            self._begin(code, time)
            self._meet(tid, code)
        elif act is Act.UNKNOWN:
            self.unknown_events += 1
        if act is not Act.READ:
            return None
        count = count if counts else -1
        stop = at + length - 4
        event = self._event(buffer, at + begin, stop, cpu, time, tid, size, code, count)
        return None if flags & blocks.STATE_ONLY else event

    def _begin(self, code: int, time: int) -> bool:
        """Take the time of an event for the start, if it is the first real one."""
        kind = self.machine.kinds[code]
        if self.run.start is None and kind is not None and kind.origin != "metaevent":
            self.run.start = time
        return self.run.start is not None

    def _meet(self, tid: int, code: int) -> Thread | None:
        """Return what stands for the thread of an event, if it was not known before."""
        if tid <= 0 or code in _OF_STRANGERS or tid in self.machine.threads:
            return None
        return self.machine.placeholder(tid)

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
        """Read an event: change what is known, and return it if a rule asks for it.

        Its parameters begin at ``at``; ``count`` is -1 if it does not say how many there are.
        """
        if self._fresh:
            self._fresh = False
            self.machine.settle_lists()
        machine = self.machine
        recorded = machine.kinds[code]
        assert recorded is not None, "others are not read"
        if count >= 0:
            parts = self._layout.parts(buffer, at, stop, size, code, count)
        else:
            most = len(recorded.parameters)
            parts = self._layout.old_parts(buffer, at, stop, size, code, most)
        if parts is None:
            self._fail("an event is damaged", self._place + at)
            return None
        parts, now, dropped = self._upgraded(machine, tid, code, parts)
        if dropped and not self._enter_events:
            return None
        self.events += 1
        if self.run.start is None:
            self._begin(code, time)
        if machine.closing is not None or machine.ending is not None:
            machine.settle()
        asked = self._interest
        effect = None if dropped else asked.effects.get(now)
        offered = now in asked.offered and (self._enter_events or code not in OLD_CONTAINERS)
        if effect is None and not offered:
            return None
        event = _new(CaptureEvent)
        event.capture, event.run, event.machine = self, self.run, machine
        event.kind = kind = machine.kinds[now] or recorded
        event.code, event.parts = now, parts
        event.time, event.tid, event.cpu, event.number = time, tid, cpu, self.events
        event.name_changed = False
        event.fd, event.descriptor = -1, None
        event.thread = thread = machine.threads.get(tid) or self._meet(tid, now)
        position = FD_POSITIONS.get(now, len(parts))
        if thread is not None and position < len(parts) and (data := parts[position]):
            event.fd = fd = kind.decoders[position](data)
            event.descriptor = thread.process.descriptors.get(fd)
        if effect is not None:
            effect(machine, event)
            if not offered:
                return None
        if now in NAMED_BY_VALUE and asked.names is not None:
            return event if event_name(event) in asked.names else None
        return event

    def _upgraded(
        self, machine: Machine, tid: int, code: int, parts: list[bytes]
    ) -> tuple[list[bytes], int, bool]:
        """Return an event in its present shape: parameters, code, whether nobody gets to see it."""
        key = code << 8 | len(parts)
        try:
            made = self._plans[key]
        except KeyError:
            made = self._plans[key] = plan(code, len(parts))
        if made is None:
            self.unknown_shapes += 1
            return parts, code, False
        if made.make is not None:
            kept = machine.began.get(tid) if made.begun >= 0 else None
            begun = None
            if kept is not None and kept[0] == made.begun:
                begun = kept[1]
                # What a call was given when it began is looked at again, if it may change.
                if made.begun not in UNOFFERED:
                    del machine.began[tid]
            parts = made.make(parts, begun)
        if made.keep:
            if len(machine.began) >= THREADS_LIMIT:
                machine.began.clear()
            machine.began[tid] = (made.code, parts)
        return parts, code if made.drop else made.code, made.drop
