"""Every event source that comes with rulec, one entry each.

Sources that a user defines are in ``json_source``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar, cast

from rulec.runtime.events import EventError, Run, SeenEvent
from rulec.runtime.fields import Catalogue
from rulec.runtime.sources.reading import Envelope
from rulec.runtime.sources.syscall.events import SyscallEvent

# An event of any source: with a document or a view of it inside, or with values by field.
AnyEvent: TypeAlias = SeenEvent | SyscallEvent


class Rejection(Protocol):
    """A part of a document that is no event: a short stable reason, and a sentence."""

    @property
    def reason(self) -> str: ...

    @property
    def detail(self) -> str: ...


Reading = tuple[Sequence[AnyEvent], Sequence[Rejection]]
Taken = TypeVar("Taken")


class Documents(Protocol):
    """What the module ``documents`` of a source has to offer."""

    def new_run(self) -> Run:
        """Start to number events."""

    def read(self, document: Any, *, run: Run | None = None) -> Reading:
        """Return the events of a document, and what was rejected.

        :raises EventError: if it is no document of the source.
        """

    def lines(
        self,
        stream: Any,
        *,
        run: Run | None = None,
        accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
    ) -> Iterator[tuple[int, Reading | EventError | Taken]]:
        """Read a stream of documents; yield the line of each and what it holds.

        What ``accept`` makes of a line is yielded instead: nothing if that is True,
        and what was said above if it is None.
        """

    def time(self, value: Any) -> int | None:
        """Return the time that an event has of what it says of it; None if that is no time."""


class TypedDocuments(Documents, Protocol):
    """The same for a source whose events have types."""

    def lines(
        self,
        stream: Any,
        *,
        run: Run | None = None,
        accept: Callable[[bytes], Taken | Literal[True] | None] | None = None,
        types: frozenset[str] | None = None,
        members: frozenset[str] | None = None,
    ) -> Iterator[tuple[int, Reading | EventError | Taken]]:
        """Do the same; events of other ``types`` may be left out, but count.

        Nobody is going to ask an event for anything but these ``members``, if they are given.
        """

    def type_of(self, document: Any) -> str | None:
        """Return the type of the event that a document is, if it says so at a glance."""

    def glimpse(self, document: bytes) -> tuple[str, int] | None:
        """Return the type and the time of the event in a document, if it says so at a glance."""


class EventSource(Protocol):
    """A stream of events that rules can be about.

    ``lenient`` sources accept what older rules for them rely on: ``<NA>`` as
    a constant for "no value", ``A:B`` for a range of integers, and scalar
    operators on list fields.
    """

    @property
    def name(self) -> str:
        """What rules call the source."""

    @property
    def doc(self) -> str:
        """What its events are, in a sentence."""

    @property
    def lenient(self) -> bool:
        """Whether older forms of rules are accepted."""

    @property
    def fields(self) -> Catalogue:
        """The fields of the source's events, by name."""

    @property
    def event_types(self) -> frozenset[str]:
        """The names of the types of events; none if they have no types."""

    @property
    def documents(self) -> Documents:
        """What reads the documents of the source."""

    @property
    def envelope(self) -> Envelope | None:
        """What makes a document one plain event; None if every document has to be looked into."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An event source that is a package with the modules ``fields`` and ``documents``.

    They are loaded when they are first needed: a built module needs no catalogue.
    If its events are ``typed``, the module ``event_types`` has the names of the types.
    """

    name: str
    doc: str
    package: str
    lenient: bool = False
    typed: bool = False

    @property
    def fields(self) -> Catalogue:
        """The fields of the source's events, by name."""
        found: Catalogue = import_module(f"{self.package}.fields").FIELDS
        return found

    @property
    def event_types(self) -> frozenset[str]:
        """The names of the types of events; none if they have no types."""
        if not self.typed:
            return frozenset()
        found: frozenset[str] = import_module(f"{self.package}.event_types").EVENT_TYPES
        return found

    @property
    def documents(self) -> Documents:
        """The module that reads the documents of the source."""
        return cast(Documents, import_module(f"{self.package}.documents"))

    @property
    def envelope(self) -> Envelope | None:
        """What makes a document one plain event."""
        found: Envelope | None = import_module(f"{self.package}.documents").ENVELOPE
        return found


SOURCES: Final[dict[str, EventSource]] = {
    source.name: source
    for source in (
        BuiltIn(
            "k8s_audit",
            "Kubernetes audit events, as kube-apiserver logs and posts them.",
            f"{__name__}.k8s_audit",
            lenient=True,
        ),
        BuiltIn(
            "syscall",
            "System calls of Linux, as dictionaries of the fields that rules name.",
            f"{__name__}.syscall",
            typed=True,
        ),
    )
}
