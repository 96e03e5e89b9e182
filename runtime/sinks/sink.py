"""What a sink is: one place that alerts go to."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, NamedTuple, TypeAlias

from rulec.runtime.alert import Alert
from rulec.runtime.sinks.renderer import Renderer

Notice: TypeAlias = Callable[[str], object]

MIB: Final = 1024 * 1024

# How much is told of what a stranger says, in characters.
_SHOWN: Final = 200


class Delivery(NamedTuple):
    """An alert on its way to sinks, with its name (see ``alert_id``) if one of them wants it."""

    alert: Alert
    id: str = ""


class Counters(NamedTuple):
    """What has become of the alerts that one sink was given; numbers of alerts, but for ``failed``.

    ``delivered`` have arrived where they belong. ``failed`` attempts were made
    besides. ``spooled`` are in a spool on disk now, ``waiting`` in memory.
    ``dropped`` will never arrive: they were refused, or a spool was damaged.
    """

    delivered: int = 0
    failed: int = 0
    spooled: int = 0
    waiting: int = 0
    dropped: int = 0


class RefusedError(Exception):
    """An alert was refused for what it is, and always will be; the message says why."""


class GoneError(Exception):
    """A sink takes nothing any more, for good; the message says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What sinks may be told besides their argument.

    ``render`` gives the form of alerts. ``spool`` is the folder where those
    that cannot be delivered are kept, in no more than ``spool_limit`` bytes for
    each sink. ``ca_file`` has the certificates that servers are checked with,
    in PEM, instead of those of the system; ``certificate`` that of this
    client, with its key.
    """

    render: Renderer = field(default_factory=Renderer)
    spool: Path | None = None
    spool_limit: int = 1024 * MIB
    ca_file: Path | None = None
    certificate: Path | None = None


class Sink(ABC):
    """One place that alerts go to; ``name`` says which, as the user wrote it.

    It belongs to one thread at a time. What raises ``OSError`` can be tried
    again: it is as if it had not been called, but takes up where it was.
    """

    # Whether it wants to know the names of alerts.
    identifies: bool = False

    # How many alerts are written before they are flushed, at most.
    batch: ClassVar[int] = 256

    # The longest pause before it is tried again, in seconds. There is no need to spare a disk.
    longest_pause: ClassVar[float] = 30.0

    # How long it may take to let go of everything when its time is over, in seconds.
    grace: ClassVar[float] = 1.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.notice: Notice = lambda line: None

    def open(self) -> None:  # noqa: B027 - most have something to do, but not all
        """Get ready.

        :raises OSError: if that cannot be.
        """

    @abstractmethod
    def write(self, delivery: Delivery) -> None:
        """Take an alert.

        :raises OSError: if it could not be taken this time.
        :raises RefusedError: if it will never be; a ``ValueError`` means the same.
        :raises GoneError: if nothing will ever be.
        """

    def flush(self) -> None:  # noqa: B027
        """See to it that what was written is safe.

        :raises OSError: if that was not possible this time.
        :raises GoneError: if it will never be.
        """

    def reopen(self) -> None:  # noqa: B027
        """Look anew where alerts belong, after somebody has moved a file away.

        :raises OSError: if that cannot be; then nothing has changed.
        """

    def abort(self) -> None:  # noqa: B027
        """Break off what its thread is waiting for. This is called by another thread."""

    def close(self, timeout: float) -> bool:
        """Hand on what is left, within so many seconds, and let go of everything.

        Return whether nothing is left.
        """
        return True

    @property
    def error(self) -> str:
        """What is wrong at the moment beyond what was raised, or nothing."""
        return ""

    def count(self, counters: Counters) -> Counters:
        """Complete the numbers that were counted outside of the sink."""
        return counters


class LineSink(Sink):
    """A sink that takes a line for each alert, in the form that ``render`` gives it."""

    def __init__(self, name: str, render: Renderer) -> None:
        super().__init__(name)
        self._render = render
        self.identifies = render.names

    def line(self, delivery: Delivery) -> str:
        """Return the line for an alert, without its end."""
        return self._render(delivery.alert, delivery.id)

    def encoded_line(self, delivery: Delivery) -> bytes:
        """Return the line for an alert as bytes, with its end."""
        return self.line(delivery).encode("utf-8", "backslashreplace") + b"\n"


def reason(error: BaseException) -> str:
    """Return in one line why something went wrong."""
    return shown(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def shown(text: str) -> str:
    """Return what a stranger says for people: one line, not too long, no control characters."""
    line = " ".join(text[:_SHOWN].split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)
