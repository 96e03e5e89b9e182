"""One event of a capture, as rules see it."""

from typing import TYPE_CHECKING, Any

from rulec.runtime.sources.syscall.capture.events import Kind
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.runtime.sources.syscall.state.descriptors import Descriptor
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.threads import Thread

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.capture.reader import Capture


class CaptureEvent(SyscallEvent):
    """An event of a capture, and a dict from the text of a field to its value.

    A value is worked out when it is first asked for. What it depends on changes with the next
    event, so an event is of use only until its capture is read on. ``parts`` are its parameters
    as they were recorded, in their present shape; ``number`` counts events from 1.
    ``descriptor`` is what the event is about, and ``fd`` the number of that (-1 if there is none).
    """

    __slots__ = (
        "capture",
        "code",
        "cpu",
        "descriptor",
        "fd",
        "kind",
        "machine",
        "name_changed",
        "parts",
        "thread",
        "tid",
    )

    capture: "Capture"
    code: int
    cpu: int
    descriptor: Descriptor | None
    fd: int
    kind: Kind
    machine: Machine
    name_changed: bool
    parts: list[bytes]
    thread: Thread | None
    tid: int

    def __missing__(self, text: str) -> Any:
        work, argument = self.capture.works[text]
        value = self[text] = work(self, argument)
        return value

    @property
    def document(self) -> Any:
        """Where, when and to whom it happened, and its parameters as they were recorded."""
        return {
            "host": self.machine.hostname,
            "number": self.number,
            "cpu": self.cpu,
            "thread": self.tid,
            "kind": self.kind.id,
            "parameters": self.parts,
        }

    def value(self, position: int) -> Any:
        """Return a parameter by its place; None if it is empty, or the event has no such one."""
        parts = self.parts
        if position < len(parts) and (data := parts[position]):
            decoders = self.kind.decoders
            return decoders[position](data) if position < len(decoders) else None
        return None

    def named(self, name: str) -> Any:
        """Return the first parameter of a name; None if it is empty, or there is none."""
        position = self.kind.positions.get(name)
        return None if position is None else self.value(position)

    @property
    def result(self) -> int | None:
        """What the call returned; None if the event is not the end of a call."""
        kind = self.kind
        if kind.code & 1 and kind.code > 1 and kind.origin == "syscall" and self.parts:
            value = self.value(0)
            return value if isinstance(value, int) else None
        return None
