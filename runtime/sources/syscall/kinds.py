"""Every kind of stream of system calls that is no JSON, one entry each.

A stream is told by its first line that is not blank.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from rulec.runtime.events import EventError, Run
from rulec.runtime.jsonlines import ByteStream
from rulec.runtime.sources.reading import Rejected
from rulec.runtime.sources.syscall.auditd import documents as auditd
from rulec.runtime.sources.syscall.events import SyscallEvent

Reading = tuple[list[SyscallEvent], list[Rejected]]


class Kind(NamedTuple):
    """A kind of stream: what it is, how it begins, and what reads it.

    If it ``goes_on``, its events have to do with those of the stream before it.
    """

    name: str
    begins: Callable[[bytes], bool]
    lines: Callable[[ByteStream, Run], Iterator[tuple[int, Reading | EventError]]]
    goes_on: bool = False


KINDS: Final = (Kind("audit log of Linux", auditd.begins, auditd.lines, goes_on=True),)

# So many bytes of a line tell.
_HEAD: Final = 4096


def kind_of(stream: ByteStream) -> tuple[Kind | None, ByteStream]:
    """Return what kind of stream it is, None for JSON, and a stream to read it from the start."""
    again = _Again(stream)
    head = again.head()
    return next((kind for kind in KINDS if kind.begins(head)), None), again


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
