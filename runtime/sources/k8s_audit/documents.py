"""From documents to Kubernetes audit events.

A document is what kube-apiserver logs or posts: an ``Event``, an
``EventList``, or an array of those; or a record of a log service with such a
document inside. One bad event in a document costs that event, never the others.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeVar

from rulec.runtime.brackets import NESTING_LIMIT, too_deep
from rulec.runtime.clock import nanoseconds
from rulec.runtime.events import Event, EventError, Run
from rulec.runtime.jsonlines import DOCUMENT_LIMIT, ByteStream
from rulec.runtime.jsontext import compact_size
from rulec.runtime.sources.k8s_audit.wrapped import LEVELS, Wrapper, unreadable, wrapper_of
from rulec.runtime.sources.reading import (
    Envelope,
    Reading,
    Rejected,
    decoded_document,
    read_lines,
    shown_value,
    utf8_document,
)

Taken = TypeVar("Taken")

SOURCE: Final = "k8s_audit"
PLUGIN: Final = "k8saudit"  # Falco's name for what reads such documents

# The largest event, in bytes of compact JSON, that Falco's plugin takes.
EVENT_LIMIT: Final = 256 * 1024

# What kube-apiserver writes about one request, in its order.
ENVELOPE: Final = Envelope(
    members={"kind": "Event", "auditID": None, "stageTimestamp": str},
    time="/stageTimestamp",
    order=(
        "kind",
        "level",
        "auditID",
        "stage",
        "requestURI",
        "verb",
        "user",
        "impersonatedUser",
        "sourceIPs",
        "userAgent",
        "objectRef",
        "responseStatus",
        "requestObject",
        "responseObject",
        "requestReceivedTimestamp",
        "stageTimestamp",
        "annotations",
    ),
    common=frozenset({"/stage", "/requestURI", "/verb", "/user", "/user/username"}),
    numbers=frozenset({"/responseStatus/code"}),
)

_NO_AUDIT: Final[dict[str, Any]] = {}


def new_run() -> Run:
    """Start to number the events of this source."""
    return Run(SOURCE, PLUGIN)


def read(
    document: Any,
    *,
    run: Run | None = None,
    event_limit: int = EVENT_LIMIT,
    document_limit: int = DOCUMENT_LIMIT,
) -> Reading:
    """Return the events in a document, in order, and what was rejected.

    The document is ``bytes`` or ``str``, or a ``dict`` or ``list`` that was
    decoded from JSON, which is taken as it is, whatever its size. ``run``
    goes on numbering where the last document ended. Limits are in bytes.

    :raises EventError: if it is no JSON, too large or no audit document at all.
    """
    if not isinstance(document, bytes | str | bytearray | memoryview):
        return _events(_parts(document), run or new_run(), None)
    data = utf8_document(document)
    if len(data) > document_limit:
        raise EventError(f"the document is larger than {document_limit} bytes", "too_large")
    # A document within the limit holds no event beyond it.
    limit = event_limit if len(data) > event_limit else None
    parts = _shallow_parts(data) if too_deep(data) else _parts(decoded_document(data))
    return _events(parts, run or new_run(), limit)


def lines(
    stream: ByteStream,
    *,
    run: Run | None = None,
    accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
    event_limit: int = EVENT_LIMIT,
    document_limit: int = DOCUMENT_LIMIT,
) -> Iterator[tuple[int, Reading | EventError | Taken]]:
    """Read a stream of documents: one a line, or each over several lines.

    Yields the number of each document's first line and what ``read`` makes
    of it, one after the other; a bad document does not end the reading. What
    ``accept`` makes of a line is yielded instead: nothing if that is True, and
    the above if it is None.
    """
    started = run or new_run()

    def read_document(document: bytes) -> Reading:
        return read(document, run=started, event_limit=event_limit, document_limit=document_limit)

    return read_lines(stream, read_document, document_limit, accept)


# What an event says of its time, its ``stageTimestamp``, in nanoseconds since the epoch.
time: Final = nanoseconds


# --- the shapes of documents ----------------------------------------------------

# An event of a document, or why there is none; and where, if it was inside a record: a path.
Part = tuple[str, dict[str, Any] | Rejected]


def _parts(document: Any) -> Iterator[Part]:
    """Yield the events of a decoded document.

    :raises EventError: if the document as a whole is not recognised.
    """
    parts = _recognised(document, "", 0)
    if parts is None:
        raise EventError(_not_recognised(document), "not_audit")
    return parts


def _recognised(document: Any, place: str, level: int) -> Iterator[Part] | None:
    """Return the events of a document that is inside of so many records; None if it is none."""
    if isinstance(document, list):
        return _elements(document, place, level)
    if not isinstance(document, dict):
        return None
    kind = document.get("kind")
    if kind == "Event":
        return iter(((place, document),))
    if kind == "EventList":
        items = document.get("items")
        if items is None or isinstance(items, list):
            return ((place, _item(item)) for item in items or ())
    elif kind is None and (wrapper := wrapper_of(document)) is not None:
        return _inside(document, wrapper, place, level)
    return None


def _elements(array: list[Any], place: str, level: int) -> Iterator[Part]:
    # Arrays may be in arrays, so this would be a recursion: keep a stack instead.
    waiting = array[::-1]
    while waiting:
        document = waiting.pop()
        if isinstance(document, list):
            waiting.extend(reversed(document))
        elif (parts := _recognised(document, place, level)) is not None:
            yield from parts
        else:
            yield place, Rejected("not_audit", _not_recognised(document))


def _item(item: Any) -> dict[str, Any] | Rejected:
    # Items of a list have no kind; if they have one, nobody looks at it.
    return item if isinstance(item, dict) else Rejected("not_audit", "the item is no object")


def _not_recognised(document: Any) -> str:
    if not isinstance(document, dict):
        return "an audit document is an object or an array"
    return f"not an audit event: its kind is {shown_value(document.get('kind'))}"


def _inside(record: dict[str, Any], wrapper: Wrapper, place: str, level: int) -> Iterator[Part]:
    """Yield the events inside a record."""
    if level == LEVELS:
        yield place, Rejected("too_deep", f"more than {LEVELS} records inside each other")
        return
    for name, found in wrapper.inside(record):
        where = f"{place}.{name}" if place and name else place or name
        if isinstance(found, Rejected):
            yield where, found
        elif isinstance(found, str):
            yield from _inside_text(found, where, level + 1)
        else:
            yield from _elements([found], where, level + 1)


def _inside_text(text: str, place: str, level: int) -> Iterator[Part]:
    if (refusal := unreadable(text)) is not None:
        yield place, refusal
        return
    try:
        data = utf8_document(text)
        if too_deep(data):
            yield from _shallow_parts(data, place, level)
            return
        document = decoded_document(data)
    except EventError as error:
        yield place, Rejected(error.reason, str(error))
    else:
        yield from _elements([document], place, level)


# --- the events -----------------------------------------------------------------


def _events(parts: Iterator[Part], run: Run, limit: int | None) -> Reading:
    events: list[Event] = []
    rejected: list[Rejected] = []
    for place, part in parts:
        found = part if isinstance(part, Rejected) else _event(part, run, limit)
        if isinstance(found, Event):
            events.append(found)
        else:
            detail = f"{place}: {found.detail}" if place else found.detail
            rejected.append(Rejected(found.reason, detail))
    return events, rejected


def _event(data: dict[str, Any], run: Run, limit: int | None) -> Event | Rejected:
    stamp = data.get("stageTimestamp")
    if not isinstance(stamp, str):
        return Rejected("no_time", "stageTimestamp is missing or no text")
    if (when := time(stamp)) is None:
        return Rejected("bad_time", f"stageTimestamp is no RFC 3339 time: {shown_value(stamp)}")
    if limit is not None and (size := compact_size(data)) > limit:
        return Rejected("too_large", f"the event has {size} bytes, more than {limit}")
    # Only documents with an auditID have values for the ka fields.
    return run.event(data, when, data if "auditID" in data else _NO_AUDIT)


# --- documents that are nested too deeply ---------------------------------------

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_BEFORE_ITEMS: Final = re.compile(rb'"items"\s*:\s*\Z')


def _shallow_parts(data: bytes, place: str = "", level: int = 0) -> Iterator[Part]:
    """Yield the events of a document some of which cannot be decoded.

    Whoever can make one such event must not be able to hide the others that
    happen to be in the same list.

    :raises EventError: if the document is neither a list nor an array.
    """
    start, end, pieces = cut(data)
    refusal = f"more than {NESTING_LIMIT} values inside each other"
    around = data[:start] + data[end:]
    if not pieces or too_deep(around):
        raise EventError(f"the document has {refusal}", "too_deep")
    envelope = decoded_document(around)
    in_array = isinstance(envelope, list)
    if not in_array and envelope.get("kind") != "EventList":
        raise EventError(f"the document has {refusal}", "too_deep")
    for piece in pieces:
        # One level is around the pieces of an array, two around those of a list.
        if too_deep(piece, NESTING_LIMIT - (1 if in_array else 2)):
            yield place, Rejected("too_deep", f"the event has {refusal}")
            continue
        try:
            event = decoded_document(piece)
        except EventError as error:
            yield place, Rejected(error.reason, str(error))
            continue
        yield from _elements([event], place, level) if in_array else ((place, _item(event)),)


def cut(data: bytes) -> tuple[int, int, list[bytes]]:
    """Cut the outermost array, or the items of the outermost object, into its elements.

    Only brackets and strings are looked at, so the rest need not be JSON. Returns where
    the elements start and end, and each of them; none if they cannot be told apart.
    """
    level = 1 if data.lstrip()[:1] == b"[" else 2
    depth = 0
    begin = start = -1
    pieces: list[bytes] = []
    for token in _TOKEN.finditer(data):
        at = token.start()
        character = data[at : at + 1]
        if character in (b"[", b"{"):
            depth += 1
            opens = character == b"[" and depth == level and begin < 0
            if opens and (level == 1 or _BEFORE_ITEMS.search(data, max(0, at - 64), at)):
                begin = start = at + 1
        elif character == b"," and depth == level and begin >= 0:
            pieces.append(data[start:at])
            start = at + 1
        elif character in (b"]", b"}"):
            if depth == level and begin >= 0:
                return begin, at, [*pieces, data[start:at]]
            depth -= 1
    return 0, 0, []
