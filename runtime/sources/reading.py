"""What the readers of all sources share: bytes to documents, and what is no event."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from rulec.runtime import jsonlines
from rulec.runtime.brackets import NESTING_LIMIT, too_deep
from rulec.runtime.events import Event, EventError
from rulec.runtime.jsonlines import ByteStream
from rulec.runtime.jsontext import decode


@dataclass(frozen=True, slots=True)
class Envelope:
    """What makes a document one event of a source, with nothing more to ask.

    ``members`` have to be there: any value, a text (``str``), or the text that
    is given. ``time`` is a JSON pointer to the time of the event, if it has
    one. ``order`` has the members at the top of an event in the order in which
    they usually come, where decoders look for them first.

    Of pointers: every event has a value at those in ``common``, unless somebody made it up, and
    a number at those in ``numbers``, if anything. If that is None, numbers may be anywhere.
    """

    members: Mapping[str, str | type[str] | None] = field(default_factory=dict)
    time: str | None = None
    order: tuple[str, ...] = ()
    common: frozenset[str] = frozenset()
    numbers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part of a document that is no event, and why.

    ``reason`` is a short stable name: ``no_time``, ``bad_time``, ``too_large``,
    ``too_deep``, ``truncated``, ``not_json``, ``other_log``, or ``not_...`` for what the
    source does not know.
    """

    reason: str
    detail: str


Reading = tuple[list[Event], list[Rejected]]
Taken = TypeVar("Taken")
Read = TypeVar("Read")


def read_lines(
    stream: ByteStream,
    read: Callable[[bytes], Read],
    document_limit: int,
    accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
) -> Iterator[tuple[int, Read | EventError | Taken]]:
    """Read each document of a stream; yield its line (from 1) and what came of it."""
    for number, document in jsonlines.documents(stream, document_limit, accept):
        if not isinstance(document, bytes):
            yield number, document
            continue
        try:
            reading = read(document)
        except EventError as error:
            yield number, error
        else:
            yield number, reading


def utf8_document(document: bytes | str | bytearray | memoryview) -> bytes:
    """Return the bytes of a document.

    :raises EventError: if it is text that no bytes stand for.
    """
    if not isinstance(document, str):
        return bytes(document)
    try:
        return document.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise EventError(f"the text is no Unicode: {error.reason}", "not_json") from None


def document_within(document: bytes | str | bytearray | memoryview, limit: int) -> Any:
    """Decode a document of ``limit`` bytes at most, nested no more deeply than is safe.

    :raises EventError: if it is no JSON, or beyond a limit.
    """
    data = utf8_document(document)
    if len(data) > limit:
        raise EventError(f"the document is larger than {limit} bytes", "too_large")
    if too_deep(data):
        message = f"the document has more than {NESTING_LIMIT} values inside each other"
        raise EventError(message, "too_deep")
    return decoded_document(data)


def decoded_document(data: bytes) -> Any:
    """Decode a document, whose depth has been checked.

    :raises EventError: if it is no JSON.
    """
    try:
        return decode(data)
    except ValueError as error:
        raise EventError(f"the document is no JSON: {error}", "not_json") from None


def shown_value(value: Any) -> str:
    """Return a value as it may stand in a message: escaped, and not long."""
    return ascii(value)[:60] if isinstance(value, str | int | None) else "no text"
