"""Tell which event source an input belongs to, by what it begins with."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from rulec.runtime import jsonlines
from rulec.runtime.events import EventError
from rulec.runtime.jsonlines import DOCUMENT_LIMIT, ByteStream
from rulec.runtime.jsontext import decode
from rulec.runtime.sources import EventSource

# How much of an input is looked at, in bytes: more than one document, if it is not the largest.
HEAD: Final = 1024 * 1024
_MAGIC: Final = 16


class Kind(NamedTuple):
    """A kind of input: the source that it belongs to, and how to tell.

    By its first bytes, if ``begins`` is given, or by a document that was decoded.
    """

    source: str
    what: str
    begins: Callable[[bytes], bool] | None = None
    holds: Callable[[Any], bool] | None = None


class UnknownInputError(ValueError):
    """Nobody can tell which source an input belongs to; the message says why."""


def _holds_audit_events(document: Any) -> bool:
    from rulec.runtime.sources.k8s_audit.documents import read

    return _has_events(read, document)


def _begins_capture(head: bytes) -> bool:
    from rulec.runtime.sources.syscall.capture.stream import begins

    return begins(head)


def _begins_audit_log(head: bytes) -> bool:
    from rulec.runtime.sources.syscall.auditd.beginning import begins

    return begins(head)


def _holds_fields_of_system_calls(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("output_fields"), dict)
        and document.get("source", "syscall") == "syscall"
    )


# The kinds of inputs of the sources that come with rulec, one entry each. The first that fits is
# taken.
KINDS: Final = (
    Kind("k8s_audit", "Kubernetes audit documents", holds=_holds_audit_events),
    Kind("syscall", "captures of system calls", begins=_begins_capture),
    Kind("syscall", "audit logs of Linux", begins=_begins_audit_log),
    Kind("syscall", "alerts of Falco, as JSON", holds=_holds_fields_of_system_calls),
)


def recognised(stream: ByteStream, candidates: Sequence[EventSource]) -> str | None:
    """Return the name of the source, of those that may be, whose documents a stream holds.

    It is read up to the first document that tells, or ``HEAD`` bytes; None if it ends before.

    :raises UnknownInputError: if none or several of the sources can read what is there.
    """
    names = {source.name for source in candidates}
    kinds = [kind for kind in KINDS if kind.source in names]
    built_in = {kind.source for kind in KINDS}
    own = [source for source in candidates if source.name not in built_in]
    read = _Read(stream)
    for kind in kinds:
        if kind.begins is not None and kind.begins(read.first()):
            return kind.source
    for _, text in jsonlines.documents(read):
        document = _decoded(text)
        for kind in kinds:
            if kind.holds is not None and kind.holds(document):
                return kind.source
        found = [source.name for source in own if _has_events(source.documents.read, document)]
        if len(found) > 1:
            choose = "write SOURCE=INPUT to choose"
            raise UnknownInputError(f"may belong to {' or to '.join(found)}: {choose}")
        if found:
            return found[0]
        if read.size > HEAD:
            break
    if not read.size:
        return None
    raise UnknownInputError(f"belongs neither to {' nor to '.join(s.name for s in candidates)}")


def _decoded(text: bytes | EventError) -> Any:
    """Return a document, or None if it is none."""
    try:
        return None if isinstance(text, EventError) else decode(text)
    except ValueError:
        return None


def _has_events(read: Callable[[Any], Any], document: Any) -> bool:
    try:
        return bool(read(document)[0])
    except EventError:
        return False


class _Read:
    """What is read of a stream: the first lines are kept, to be seen twice."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._kept: list[bytes] = []
        self.size = 0

    def first(self) -> bytes:
        """Return the first bytes, more than any magic number has, if there are so many."""
        while sum(map(len, self._kept)) < _MAGIC:
            if not (line := self._stream.readline(DOCUMENT_LIMIT + 1)):
                break
            self._kept.append(line)
        return b"".join(self._kept)

    def readline(self, size: int, /) -> bytes:
        """Return the next line."""
        line = self._kept.pop(0) if self._kept else self._stream.readline(size)
        self.size += len(line)
        return line
