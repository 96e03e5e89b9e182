"""Audit logs as inputs of the syscall source."""

from collections.abc import Iterator

from rulec.runtime.events import EventError, Run
from rulec.runtime.jsonlines import ByteStream
from rulec.runtime.sources.reading import Rejected
from rulec.runtime.sources.syscall.auditd.event import AuditEvent
from rulec.runtime.sources.syscall.auditd.reader import Memory, Reader, Told
from rulec.runtime.sources.syscall.auditd.records import LINE_LIMIT
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.runtime.sources.syscall.runs import SyscallRun

Reading = tuple[list[SyscallEvent], list[Rejected]]


def lines(
    stream: ByteStream, run: Run, line_limit: int = LINE_LIMIT
) -> Iterator[tuple[int, Reading | EventError]]:
    """Read an audit log; yield the line where each event begins, and the event.

    They come in the order in which they are complete. What is wrong is yielded
    in between. ``run`` numbers the events, and remembers the processes
    for the next log if it is one of this source.

    A stream that has a method ``inside`` is told the line of the first event that is
    not complete, and None if all are: it may raise an error at its end, and be read
    again from there. Nothing is yielded twice then.
    """
    reader = Reader(run, _memory(run))
    for place, found in _told(reader, stream, line_limit):
        yield place, ([found], []) if isinstance(found, AuditEvent) else found


def _told(reader: Reader, stream: ByteStream, limit: int) -> Iterator[Told]:
    inside = getattr(stream, "inside", None)
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit and not line.endswith(b"\n"):
            _skip_rest_of_line(stream, limit)
            yield reader.too_long(number, limit)
        else:
            told = reader.line(number, line)
            if inside is not None:
                inside(reader.unfinished)
            yield from told
    yield from reader.end()


def _memory(run: Run) -> Memory:
    if not isinstance(run, SyscallRun):
        return Memory()
    if not isinstance(run.memory, Memory):
        run.memory = Memory()
    return run.memory


def _skip_rest_of_line(stream: ByteStream, limit: int) -> None:
    while (piece := stream.readline(limit + 1)) and not piece.endswith(b"\n"):
        pass
