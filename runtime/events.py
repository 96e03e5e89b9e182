"""Events, as the compiled rules see them."""

import os
from functools import cache
from typing import Any, ClassVar, Final

import msgspec

from rulec.runtime.jsontext import decode, text


@cache
def host_name() -> str:
    """Return the name that alerts give for this machine; FALCO_HOSTNAME overrides it.

    It is looked up once in a process.
    """
    return os.environ.get("FALCO_HOSTNAME") or os.uname().nodename


class Run:
    """What the events of one source have in common while it is read.

    ``start`` is the time of the first event, in nanoseconds since the epoch;
    ``count`` says how many events there were. A run belongs to one reader.
    ``hostname`` is given if it is not the name of this machine. ``enter_events``
    says that events which only say that a call begins count as events, too.
    """

    __slots__ = ("count", "enter_events", "hostname", "plugin", "source", "start")

    def __init__(
        self, source: str | None, plugin: str | None = None, hostname: str | None = None
    ) -> None:
        self.source = source
        self.plugin = plugin
        self.hostname = hostname
        self.start: int | None = None
        self.count = 0
        self.enter_events = False

    def event(self, data: Any, time: int, audit: Any = None, document: Any = None) -> "Event":
        """Make the next event of the run."""
        self.count += 1
        if self.start is None:
            self.start = time
        return Event(data, time, self.count, audit, self, document)


# For events that somebody makes by hand.
NO_RUN: Final = Run(None)


class NoTimeError(Exception):
    """The time of an event was asked for, and turned out to be none."""


class SeenEvent(msgspec.Struct, gc=False, eq=False):
    """One event of a source, as rules see it.

    ``data`` and ``audit`` are the views of it that rules have, or the decoded
    document. ``moment`` is its time in nanoseconds since the epoch, or a
    function that finds it in ``data`` when somebody asks. ``number`` counts the
    events of the source from 1. ``whole`` is the document, decoded or not,
    where ``data`` is not all of it.
    """

    data: Any
    moment: Any
    number: int = 1
    audit: Any = None
    run: Run = NO_RUN
    whole: Any = None

    # Events that Falco puts into a stream by itself do not occur in our sources.
    is_async: ClassVar[bool] = False
    async_type: ClassVar[str | None] = None

    @property
    def time(self) -> int:
        """The time of the event, in nanoseconds since the epoch.

        :raises NoTimeError: if it was yet to be found, and there is none.
        """
        moment = self.moment
        if callable(moment):
            if (found := moment(self.data)) is None:
                raise NoTimeError
            self.moment = moment = found
        time: int = moment
        return time

    @property
    def document(self) -> Any:
        """The whole document, decoded."""
        if self.whole is None:
            return self.data
        if isinstance(self.whole, bytes):
            self.whole = decode(self.whole)
        return self.whole

    @property
    def audit_document(self) -> Any:
        """The whole document, or an empty one if it is no audit event."""
        return self.document if self.audit is self.data else {}

    @property
    def relative_time(self) -> int:
        """Nanoseconds since the first event of the run."""
        start = self.run.start
        return 0 if start is None else self.time - start

    @property
    def source(self) -> str | None:
        """The name of the event source."""
        return self.run.source

    @property
    def plugin(self) -> str | None:
        """The name of the plugin that makes such events in Falco."""
        return self.run.plugin

    @property
    def plugin_info(self) -> str | None:
        """What that plugin says of the event: the whole document as compact JSON."""
        return None if self.plugin is None else text(self.document)

    @property
    def hostname(self) -> str:
        """The name of the machine where the run takes place."""
        return self.run.hostname or host_name()


class Event(SeenEvent, gc=False, eq=False):
    """One event of a source, as it was read.

    ``data`` is the decoded document, ``audit`` the same, or an empty mapping
    when the document is no audit event.
    """

    def __post_init__(self) -> None:
        if self.audit is None:
            self.audit = self.data


class EventError(ValueError):
    """A document is no event of its source; the message says why.

    ``reason`` is a short stable name of what is wrong, for counting.
    """

    def __init__(self, message: str, reason: str = "invalid") -> None:
        super().__init__(message)
        self.reason = reason
