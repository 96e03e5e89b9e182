"""Every kind of stream of system calls that is no JSON, one entry each.

A stream is told by how it begins.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, cast

from rulec.runtime.events import EventError, Run
from rulec.runtime.jsonlines import ByteStream
from rulec.runtime.sources.reading import Rejected
from rulec.runtime.sources.syscall.auditd.beginning import begins as begins_audit_log
from rulec.runtime.sources.syscall.capture.stream import begins as begins_capture
from rulec.runtime.sources.syscall.events import SyscallEvent

Reading = tuple[list[SyscallEvent], list[Rejected]]
Names = frozenset[str] | None  # None for all
Lines = Iterator[tuple[int, Reading | EventError]]


class Kind(NamedTuple):
    """A kind of stream: what it is, how it begins, and what reads it.

    Whoever reads it may leave out events whose types are not among those given, and what only
    other fields than those given depend on.
    If it ``goes_on``, its events have to do with those of the stream before it.
    """

    name: str
    begins: Callable[[bytes], bool]
    lines: Callable[[Any, Run, Names, Names], Lines]
    goes_on: bool = False


def _recorded(stream: Any, run: Run, types: Names, fields: Names) -> Lines:
    """Read a capture, whose events count in a run, and have numbers and a state of their own."""
    # Most streams are none, and this is a lot to load.
    from rulec.runtime.sources.syscall.capture.reader import Capture

    before = run.count
    capture = Capture(stream, types, fields=fields, enter_events=run.enter_events)
    for event in capture:
        run.count = before + capture.events
        yield event.number, ([event], [])
    run.count = before + capture.events
    for notice in capture.notices:
        yield capture.events, EventError(notice, "damaged")


def _audited(stream: Any, run: Run, types: Names, fields: Names) -> Lines:
    from rulec.runtime.sources.syscall.auditd.documents import lines  # as above

    return lines(stream, run)


KINDS: Final = (
    Kind("capture", begins_capture, _recorded),
    Kind("audit log of Linux", begins_audit_log, _audited, goes_on=True),
)

# So many bytes tell.
_HEAD: Final = 4096


def kind_of(stream: ByteStream) -> tuple[Kind | None, ByteStream]:
    """Return what kind of stream it is, None for JSON, and a stream to read it from the start."""
    head, again = _head(stream)
    return next((kind for kind in KINDS if kind.begins(head)), None), again


def _head(stream: Any) -> tuple[bytes, ByteStream]:
    """Return how a stream begins, and a stream to read it from there."""
    if (peek := getattr(stream, "peek", None)) is not None:
        head: bytes = peek(_HEAD)[:_HEAD]
        if head.strip():
            return head, cast(ByteStream, stream)
    again = _Again(stream)
    return again.head(), again


class _Again:
    """A stream whose first lines are read twice."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._before = b""

    def head(self) -> bytes:
        """Return the beginning of the first line that is not blank, and what is before it."""
        while not self._before.strip() and (line := self._stream.readline(_HEAD)):
            self._before += line
            if len(self._before) >= _HEAD:
                break
        return self._before

    def inside(self, number: int | None) -> None:
        """Say where something begins that goes on in what follows; None that nothing does."""
        if (tell := getattr(self._stream, "inside", None)) is not None:
            tell(number)

    def readline(self, size: int, /) -> bytes:
        """Return the next line with its end, or only its first ``size`` bytes."""
        if not self._before:
            return self._stream.readline(size)
        end = self._before.find(b"\n") + 1 or len(self._before)
        line, self._before = self._before[: min(end, size)], self._before[min(end, size) :]
        if self._before or line.endswith(b"\n") or len(line) == size:
            return line
        return line + self._stream.readline(size - len(line))

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, as many at most."""
        if not self._before:
            read: Callable[[int], bytes] = self._stream.read  # type: ignore[attr-defined]
            return read(size)
        data, self._before = self._before[:size], self._before[size:]
        return data
