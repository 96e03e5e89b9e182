"""Event sources that a user defines: any stream of JSON objects.

Which fields the events have, the compiler has to know; at run time only
the time of an event is left to be found.
"""

import os
import time as clock
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from rulec.runtime.clock import nanoseconds
from rulec.runtime.convert import double
from rulec.runtime.events import Event, EventError, Run
from rulec.runtime.extract import follow
from rulec.runtime.fields import MISSING, Catalogue, pointer_steps
from rulec.runtime.jsonlines import DOCUMENT_LIMIT, ByteStream
from rulec.runtime.jsontext import Number
from rulec.runtime.sources.reading import (
    Envelope,
    Reading,
    Rejected,
    document_within,
    read_lines,
    shown_value,
)

if TYPE_CHECKING:
    from rulec.runtime.sources import Documents

Taken = TypeVar("Taken")

# The times that have a date: from the year 1 up to the year 10000.
_FIRST: Final = -62_135_596_800 * 10**9
_LAST: Final = 253_402_300_800 * 10**9

# How many nanoseconds a unit of time has.
UNITS: Final[Mapping[str, int]] = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class JsonSource:
    """An event source over any stream of JSON objects.

    ``time`` is a JSON pointer to the time of an event: RFC 3339 text, or a
    number (or its digits as text) in ``time_unit`` (s, ms, us, ns) since the
    epoch. Without one, the time of an event is the moment when it is read.
    ``events`` is a pointer to the array of events in documents that hold
    several; without one, a document is an event, or an array of events.
    """

    name: str
    doc: str = ""
    time: str | None = None
    time_unit: str = "s"
    events: str | None = None
    fields: Catalogue = field(default_factory=dict, compare=False, repr=False)
    lenient: bool = field(default=False, init=False)
    event_types: frozenset[str] = field(default=frozenset(), init=False, repr=False)

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> "JsonSource":
        """Read the description of a source from a YAML file.

        :raises RulesError: if it is wrong; it holds everything that is.
        """
        from rulec.source_files import read_source

        return read_source(path)

    @property
    def documents(self) -> "Documents":
        """What reads the documents of the source."""
        return JsonDocuments(self)

    @property
    def envelope(self) -> Envelope | None:
        """What makes a document one plain event; None if events are inside of documents."""
        return Envelope(time=self.time) if self.events is None else None


class JsonDocuments:
    """Reads the documents of a user-defined source."""

    def __init__(self, source: JsonSource) -> None:
        self._source = source
        self._time = None if source.time is None else pointer_steps(source.time)
        self._events = None if source.events is None else pointer_steps(source.events)
        self._unit = UNITS[source.time_unit]

    def new_run(self) -> Run:
        """Start to number the events of this source."""
        return Run(self._source.name)

    def read(
        self, document: Any, *, run: Run | None = None, document_limit: int = DOCUMENT_LIMIT
    ) -> Reading:
        """Return the events in a document, in order, and what was rejected.

        :raises EventError: if it is no JSON, or neither an object nor an array.
        """
        if isinstance(document, bytes | str | bytearray | memoryview):
            document = document_within(document, document_limit)
        run = run or self.new_run()
        events: list[Event] = []
        rejected: list[Rejected] = []
        for part in self._parts(document):
            found = self._event(part, run)
            if isinstance(found, Event):
                events.append(found)
            else:
                rejected.append(found)
        return events, rejected

    def lines(
        self,
        stream: ByteStream,
        *,
        run: Run | None = None,
        accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
        document_limit: int = DOCUMENT_LIMIT,
    ) -> Iterator[tuple[int, Reading | EventError | Taken]]:
        """Read a stream of documents; yield the line of each and what it holds."""
        started = run or self.new_run()

        def read_document(document: bytes) -> Reading:
            return self.read(document, run=started, document_limit=document_limit)

        return read_lines(stream, read_document, document_limit, accept)

    def _parts(self, document: Any) -> list[Any]:
        if self._events is not None and isinstance(document, dict):
            found = follow(document, self._events)
            if isinstance(found, list):
                return found
            raise EventError(f"there is no array of events at {self._source.events}", "no_events")
        if isinstance(document, list):
            return document
        if isinstance(document, dict):
            return [document]
        raise EventError("an event is an object", "not_object")

    def _event(self, data: Any, run: Run) -> Event | Rejected:
        if not isinstance(data, dict):
            return Rejected("not_object", f"an event is an object, not {shown_value(data)}")
        value = None if self._time is None else follow(data, self._time)
        if value is MISSING:
            return Rejected("no_time", f"there is nothing at {self._source.time}")
        when = self.time(value)
        if when is None:
            return Rejected("bad_time", f"{shown_value(value)} is no time")
        return run.event(data, when)

    def time(self, value: Any) -> int | None:
        """Return the time that a value means, if it is one between the years 1 and 9999.

        Without a place for it, the time of an event is now.
        """
        if self._time is None:
            return clock.time_ns()
        if isinstance(value, str) and (found := nanoseconds(value)) is not None:
            return found
        if double(value) is None:
            return None
        # Exactly: a float has too few digits for nanoseconds since 1970.
        digits = value.text if isinstance(value, Number) else value
        try:
            number = Decimal(digits) * self._unit
        except ArithmeticError:  # an exponent of very many digits
            return None
        return int(number) if _FIRST <= number < _LAST else None
