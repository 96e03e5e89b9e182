"""Read what is in the event's pane: documents one after the other, each with its place.

A document is JSON, over one line or several. System calls may also be given as an
audit log of Linux. Every mistake has a line and a column.
"""

import io
import json
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

from rulec.runtime.events import EventError
from rulec.runtime.recognition import UnknownInputError, recognised
from rulec.runtime.sources import AnyEvent, EventSource, Reading
from rulec.runtime.sources.syscall.auditd.beginning import begins as begins_audit_log
from rulec.runtime.sources.syscall.documents import type_of
from rulec.runtime.sources.syscall.events import SyscallEvent

# How many events are matched, and how many mistakes are told.
MOST_EVENTS: Final = 1000
MOST_MISTAKES: Final = 50

_SYSCALL: Final = "syscall"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What cannot be read, and where: the line and the column are counted from 1."""

    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """An event, and the line where its document begins, counted from 1.

    ``written`` is where the document stands in the text, in characters, if it is this event
    and nothing else.
    """

    line: int
    event: AnyEvent
    written: slice | None = None


@dataclass(slots=True)
class Events:
    """What a text holds; ``more`` says that there are more events than are looked at."""

    found: list[Found] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    more: bool = False


def source_of(text: str, candidates: Sequence[EventSource]) -> EventSource | str:
    """Return the event source of a text, of those that may be, or why it cannot be told."""
    if len(candidates) == 1:
        return candidates[0]
    by_name = {source.name: source for source in candidates}
    document = _first(text)
    # Whoever writes by hand writes no more than the fields.
    if _SYSCALL in by_name and isinstance(document, dict) and type_of(document) is not None:
        return by_name[_SYSCALL]
    try:
        name = recognised(io.BytesIO(_encoded(text)), candidates)
    except UnknownInputError as error:
        return f"the event {error}: choose its source"
    return "there is no event" if name is None else by_name[name]


def _first(text: str) -> Any:
    """Return the first document of a text, or None if there is none."""
    try:
        return _DECODER.raw_decode(text, _blank(text, 0))[0]
    except (ValueError, RecursionError):
        return None


def read(text: str, source: EventSource | None) -> Events:
    """Return the events of a source that a text holds, and what is wrong with it.

    If the source is not known, there are no events, only what is no JSON. The same text gives
    the very same events, as long as it is one of the last few.
    """
    return _read(text, cast(Hashable, source))


@lru_cache(maxsize=4)
def _read(text: str, source: EventSource | None) -> Events:
    events = Events()
    for line, column, where, found in _parts(text, source):
        if isinstance(found, EventError):
            events.mistakes.append(Mistake(line, column, str(found)))
        else:
            read_events, rejected = found
            alone = where if len(read_events) + len(rejected) == 1 else None
            events.found += (Found(line, event, alone) for event in read_events)
            events.mistakes += (Mistake(line, column, each.detail) for each in rejected)
        if len(events.found) > MOST_EVENTS or len(events.mistakes) > MOST_MISTAKES:
            events.more = True
            del events.found[MOST_EVENTS:], events.mistakes[MOST_MISTAKES:]
            break
    return events


# Where a document begins, counted from 1; where it stands, if it is JSON; and what it holds.
Part = tuple[int, int, slice | None, Reading | EventError]


def _parts(text: str, source: EventSource | None) -> Iterator[Part]:
    if source is None:
        yield from _documents(text, lambda document: ((), ()))
        return
    documents, run = source.documents, source.documents.new_run()
    if source.name == _SYSCALL and begins_audit_log(_encoded(text[:4096])):
        for line, found in documents.lines(io.BytesIO(_encoded(text)), run=run):
            yield line, 1, None, found
    else:
        yield from _documents(text, lambda document: documents.read(document, run=run))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# --- JSON documents, and the places of mistakes in them ----------------------------------------

_DECODER: Final = json.JSONDecoder()
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_ALONE: Final = re.compile(r"[{\[]\s*")
_NEXT_LINE: Final = re.compile(r"^[{\[]", re.MULTILINE)


def _blank(text: str, at: int) -> int:
    """Return where the blanks end that begin at a place."""
    blank = _BLANK.match(text, at)
    assert blank is not None, "it matches nothing, too"
    return blank.end()


def _documents(text: str, read_document: Callable[[bytes], Reading]) -> Iterator[Part]:
    """Yield what the JSON documents of a text hold; a broken line costs that line only."""
    at = _blank(text, 0)
    while at < len(text):
        line, column = _place(text, at)
        try:
            _, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            message = error.msg[:1].lower() + error.msg[1:]
            yield error.lineno, error.colno, None, EventError(f"no JSON: {message}")
            at = _recovered(text, at, error.pos)
            continue
        except RecursionError:
            yield line, column, None, EventError("the document is nested too deeply", "too_deep")
            return
        try:
            yield line, column, slice(at, end), read_document(_encoded(text[at:end]))
        except EventError as error:
            yield line, column, None, error
        at = _blank(text, end)


def _recovered(text: str, start: int, wrong: int) -> int:
    """Return where to go on behind a broken document: at the next line, if lines are documents."""
    end = text.find("\n", start)
    if end < 0:
        return len(text)
    following = _NEXT_LINE.match(text, end + 1)
    alone = _ALONE.fullmatch(text, start, end)
    if alone or not (following or wrong <= end):
        return len(text)
    found = following or _NEXT_LINE.search(text, end + 1)
    return found.start() if found else len(text)


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


# --- what an event is, in a few words ----------------------------------------------------------


def summary(event: AnyEvent) -> str:
    """Return what tells an event from others when one looks at a list of them."""
    if isinstance(event, SyscallEvent):
        words = [event[name] for name in ("evt.type", "proc.name", "fd.name")]
    else:
        document = event.document if isinstance(event.document, dict) else {}
        target = _mapping(document.get("objectRef"))
        names = [target.get("resource"), target.get("subresource"), target.get("name")]
        path = "/".join(name for name in names if isinstance(name, str))
        user = _mapping(document.get("user")).get("username")
        words = [document.get("verb"), path, f"by {user}" if isinstance(user, str) else None]
    found = " ".join(str(word) for word in words if isinstance(word, str) and word)
    return found if len(found) <= 80 else f"{found[:79]}…"


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
