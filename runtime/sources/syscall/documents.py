"""From documents to events of the syscall source.

A document is a field dictionary: an object with the values of an event under
the texts of fields, as ``sysdig -j`` and callers have it, or Falco's alert with
such an object in it. An array holds several. One bad event costs that event,
never the others.
"""

import time as clock
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar

import msgspec

from rulec.runtime.brackets import can_be_skipped
from rulec.runtime.clock import nanoseconds
from rulec.runtime.convert import integer
from rulec.runtime.events import EventError, Run
from rulec.runtime.jsonlines import DOCUMENT_LIMIT, ByteStream
from rulec.runtime.rendering import NA
from rulec.runtime.sources.reading import (
    Envelope,
    Rejected,
    document_within,
    read_lines,
    shown_value,
)
from rulec.runtime.sources.syscall.dictionaries import FieldEvent, declaration, is_given
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.runtime.sources.syscall.kinds import kind_of
from rulec.runtime.sources.syscall.runs import SyscallRun

Taken = TypeVar("Taken")
Reading = tuple[list[SyscallEvent], list[Rejected]]

SOURCE: Final = "syscall"

# Every document has to be looked into: what there is of an event has many names.
ENVELOPE: Final[Envelope | None] = None

# The member of Falco's alerts that is a field dictionary.
OUTPUT_FIELDS: Final = "output_fields"

# Where the time of an event may be given, best first. Falco and sysdig give nanoseconds there.
TIMES: Final = (
    "evt.rawtime",
    "evt.time",
    "evt.time.iso8601",
    "evt.datetime",
    "evt.time.s",
    "evt.datetime.s",
    "evt.outputtime",
)

# Times before 1970 and after 2262 are none: they do not fit into the 64 bits of nanoseconds.
_LATEST: Final = 2**63 - 1


def new_run() -> Run:
    """Start to number events of this source."""
    return SyscallRun(SOURCE)


def read(document: Any, *, run: Run | None = None, document_limit: int = DOCUMENT_LIMIT) -> Reading:
    """Return the events in a document, in order, and what was rejected.

    The document is ``bytes`` or ``str``, a ``dict`` or ``list``, or an event that
    was read before. Limits are in bytes.

    :raises EventError: if it is no JSON, too large, or neither an object nor an array.
    """
    if isinstance(document, SyscallEvent):
        return [document], []
    if isinstance(document, bytes | str | bytearray | memoryview):
        document = document_within(document, document_limit)
    if isinstance(document, Mapping):
        document = (document,)
    elif not isinstance(document, list | tuple):
        raise EventError("an event is an object", "not_object")
    started = run or new_run()
    events: list[SyscallEvent] = []
    rejected: list[Rejected] = []
    for part in document:
        found = _event(part, started)
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            events.append(found)
    return events, rejected


def lines(
    stream: ByteStream,
    *,
    run: Run | None = None,
    accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
    document_limit: int = DOCUMENT_LIMIT,
    types: frozenset[str] | None = None,
    members: frozenset[str] | None = None,
) -> Iterator[tuple[int, Reading | EventError | Taken]]:
    """Read a stream of documents, or one of another kind (see ``kinds``).

    Yields the line where each document or event begins, and what it holds; in a
    capture, the number of the event. Of a capture, only events of some ``types``
    are yielded, if they are given; all count. If ``members`` are given, these are the fields
    that events are going to be asked for.
    """
    started = run or new_run()
    kind, stream = kind_of(stream)
    if kind is not None:
        yield from kind.lines(stream, started, types, members)
        return

    def read_document(document: bytes) -> Reading:
        return read(document, run=started, document_limit=document_limit)

    yield from read_lines(stream, read_document, document_limit, accept)


def time(value: Any) -> int | None:
    """Return the time, in nanoseconds since the epoch, that a value stands for.

    It is a number of nanoseconds, or RFC 3339 text, in which the zone may lack its colon.

    >>> time(5), time("1970-01-01T00:00:01.5+0000"), time("00:00:01")
    (5, 1500000000, None)
    """
    if isinstance(value, str) and not value.isdecimal():
        return nanoseconds(value.replace("+0000", "Z"))
    found = integer(value)
    return found if found is not None and 0 <= found <= _LATEST else None


# --- at a glance ------------------------------------------------------------------

# What a look at an event tells, in JSON: the type and the times. In an alert they are elsewhere.
_Look: Final = msgspec.defstruct(
    "Look",
    [
        ("type", str),
        (OUTPUT_FIELDS, None, None),
        *((f"time_{place}", int | None, None) for place in range(len(TIMES))),
    ],
    rename={"type": "evt.type", **{f"time_{place}": name for place, name in enumerate(TIMES)}},
    gc=False,
)
_look: Final = msgspec.json.Decoder(_Look).decode
_MISFITS: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


def type_of(document: Any) -> str | None:
    """Return the type of the event that a document is; None if it takes a closer look."""
    if type(document) is bytes:
        return None if (found := _looked_at(document)) is None else _type(found.type)
    if type(document) is not dict or OUTPUT_FIELDS in document:
        return None
    return _type(document.get("evt.type"))


def glimpse(document: bytes) -> tuple[str, int] | None:
    """Return the type and the time of the event in a document; None if it takes a closer look."""
    if (found := _looked_at(document)) is None or (type_ := _type(found.type)) is None:
        return None
    for when in msgspec.structs.astuple(found)[-len(TIMES) :]:
        if when is not None:
            return (type_, when) if 0 <= when <= _LATEST else None
    return None


def _looked_at(document: bytes) -> Any:
    try:
        return _look(document) if can_be_skipped(document) else None
    except _MISFITS:
        return None


def _type(value: Any) -> str | None:
    return value if type(value) is str and value != NA else None


# --- with care --------------------------------------------------------------------


def _event(part: Any, run: Run) -> SyscallEvent | Rejected:
    if isinstance(part, SyscallEvent):
        return part
    if not isinstance(part, Mapping):
        return Rejected("not_object", f"an event is an object, not {shown_value(part)}")
    alert = part.get(OUTPUT_FIELDS)
    given = part
    if isinstance(alert, Mapping):
        if part.get("source", SOURCE) != SOURCE:
            return Rejected("not_syscall", f"the alert is about {shown_value(part['source'])}")
        # Where it happened, the alert says beside the fields.
        given = {"evt.hostname": part.get("hostname"), **alert}
    elif not any(map(_is_field, part)):
        return Rejected("no_fields", "the object has no member that is a field of system calls")
    when = _time(given, {} if given is part else part)
    return when if isinstance(when, Rejected) else _numbered(given, when, run)


def _time(given: Mapping[str, Any], alert: Mapping[str, Any]) -> int | Rejected:
    bad = None
    for value in (*map(given.get, TIMES), alert.get("time")):
        if not is_given(value):
            continue
        if (found := time(value)) is not None:
            return found
        bad = value
    if bad is not None:
        return Rejected("bad_time", f"{shown_value(bad)} is no time in nanoseconds")
    return clock.time_ns()


def _numbered(given: Mapping[str, Any], when: int, run: Run) -> FieldEvent:
    run.count += 1
    if run.start is None:
        run.start = when
    number = integer(given.get("evt.num"))
    return FieldEvent(given, when, number if number and number > 0 else run.count, run)


# No text of a field that is worth remembering is longer.
_LONGEST_TEXT: Final = 256


def _is_field(text: Any) -> bool:
    """Return whether a member of an object can be the value of a field."""
    return isinstance(text, str) and len(text) <= _LONGEST_TEXT and _is_known(text)


@lru_cache(maxsize=4096)
def _is_known(text: str) -> bool:
    return declaration(text) is not None
