"""The events of tests, to be gone through as often as somebody wants to know something of them."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from rulec.diagnostics import RulesError
from rulec.item_reader import suggest
from rulec.runtime.clock import SECOND
from rulec.runtime.events import EventError, Run
from rulec.runtime.inputs import opened
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.runtime.sources.k8s_audit.documents import ENVELOPE
from rulec.runtime.sources.syscall.documents import OUTPUT_FIELDS, TIMES
from rulec.scenarios.model import Scenario
from rulec.scenarios.play import Recording, recording
from rulec.testing.model import FromFile, Given, Inline
from rulec.text import Span
from rulec.type_gates import TYPE

SYSCALL: Final = "syscall"
K8S_AUDIT: Final = "k8s_audit"
_READ_ERRORS: Final = (OSError, EOFError, zlib.error)


class EventsError(Exception):
    """The events of a test cannot be read. ``span`` is where they are written, or named."""

    def __init__(self, message: str, span: Span, *, unreadable: bool = False) -> None:
        super().__init__(message)
        self.span = span
        self.unreadable = unreadable


@dataclass(frozen=True)
class Feed:
    """The events of a test."""

    given: Given
    source: EventSource

    def events(self) -> Iterator[AnyEvent]:
        """Yield the events, one after the other; those of a capture are gone when the next comes.

        :raises EventsError: if there is something else among them, or nothing.
        """
        run = self.source.documents.new_run()
        found = False
        match self.given:
            case Inline(documents):
                events = self._inline(documents, run)
            case FromFile() as file if file.is_scenario:
                events = self._played(file)
            case FromFile() as file:
                events = self._read(file, run)
        for event in events:
            found = True
            yield event
        if not found and isinstance(self.given, FromFile):
            raise EventsError(f"{self.given.path} holds no events", self.given.span)

    @cached_property
    def played(self) -> tuple[Scenario, Recording]:
        """The scenario of the test, and what came of it.

        :raises EventsError: if there is something wrong with it.
        """
        assert isinstance(self.given, FromFile), "only files are scenarios"
        path = self.given.path
        if not path.is_file():
            raise EventsError(f"cannot read {path}: no such file", self.given.span, unreadable=True)
        if self.source.name != SYSCALL:
            message = f"a scenario is about system calls, and this test is about {self.source.name}"
            raise EventsError(message, self.given.span)
        try:
            return _played(path, path.stat().st_mtime_ns)
        except RulesError as error:
            raise EventsError(str(error), self.given.span) from None

    @property
    def steps(self) -> tuple[int, ...]:
        """The number of the step, from 0, of each event of a scenario."""
        return self.played[1].steps

    def _inline(self, documents: tuple[tuple[Any, Span], ...], run: Run) -> Iterator[AnyEvent]:
        for document, span in documents:
            if told := unknown_member(document, self.source):
                raise self._none(told, span)
            try:
                events, rejected = self.source.documents.read(
                    completed(document, self.source), run=run
                )
            except EventError as error:
                raise self._none(str(error), span) from None
            if rejected or not events:
                raise self._none(rejected[0].detail if rejected else "there is nothing in it", span)
            yield from events

    def _none(self, detail: str, span: Span) -> EventsError:
        return EventsError(f"this is no event of {self.source.name}: {detail}", span)

    def _played(self, file: FromFile) -> Iterator[AnyEvent]:
        from rulec.runtime.sources.syscall.capture.reader import Capture

        _, recorded = self.played
        yield from Capture(io.BytesIO(recorded.data))

    def _read(self, file: FromFile, run: Run) -> Iterator[AnyEvent]:
        try:
            # Not by a name that stands for standard input.
            with opened(str(file.path.absolute())) as stream:
                for number, found in self.source.documents.lines(stream, run=run):
                    if isinstance(found, EventError):
                        raise EventsError(f"{file.path}:{number}: {found}", file.span)
                    events, rejected = found
                    if rejected:
                        message = f"{file.path}:{number}: {rejected[0].detail}"
                        raise EventsError(message, file.span)
                    yield from events
        except _READ_ERRORS as error:
            reason = getattr(error, "strerror", None) or error
            message = f"cannot read {file.path}: {reason}"
            raise EventsError(message, file.span, unreadable=True) from None


@lru_cache(maxsize=32)
def _played(path: Path, changed: int) -> tuple[Scenario, Recording]:
    """Return a scenario and what came of it; many tests may be about one."""
    scenario = Scenario.from_yaml(path)
    return scenario, recording(scenario)


# What makes an object an audit event, and says nothing that rules would ask for.
_AUDIT: Final = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "00000000-0000-4000-8000-000000000000",
    "stageTimestamp": "2026-01-01T00:00:00.000000Z",
}
_MEMBERS: Final = {*ENVELOPE.order, "authenticationMetadata"} - _AUDIT.keys()
# The same time, so that a test says the same whenever it is run.
_SYSCALL: Final = {"evt.rawtime": 1_767_225_600 * SECOND}
_KNOWN: Final = _MEMBERS | _AUDIT.keys()


def completed(event: dict[str, Any], source: EventSource) -> dict[str, Any]:
    """Return an event with what every one of its source has, if it has anything of an event."""
    if source.name == K8S_AUDIT and event.get("kind", "Event") == "Event":
        return event if _MEMBERS.isdisjoint(event) else _AUDIT | event
    if source.name == SYSCALL and event and event.keys().isdisjoint((OUTPUT_FIELDS, *TIMES)):
        return event | _SYSCALL
    return event


def unknown_member(event: dict[str, Any], source: EventSource) -> str:
    """Return what is to be said of a member that no rule could ask for; nothing if there is none.

    Of members of audit events, only those are told that look like others: there may be new ones.
    """
    if source.name == SYSCALL and OUTPUT_FIELDS not in event:
        from rulec.runtime.sources.syscall.dictionaries import declaration

        for name in event:
            if declaration(name) is None:
                hint = suggest(name, source.fields)
                return f"there is no field {name!r}{', ' * bool(hint)}{hint}"
        if (type_ := event.get(TYPE)) not in (None, *source.event_types):
            hint = suggest(str(type_), source.event_types)
            return f"there is no type of events {type_!r}{', ' * bool(hint)}{hint}"
    if source.name == K8S_AUDIT and event.get("kind", "Event") == "Event":
        for name in event:
            if name not in _KNOWN and (hint := suggest(name, _KNOWN)):
                return f"there is no member {name!r} in it, {hint}"
    return ""
