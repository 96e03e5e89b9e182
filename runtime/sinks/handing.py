"""How a run hands its alerts on: straight to standard output, or to sinks (``sending.py``).

Both take what their ``make`` makes of a rule and an event that it matches, which
may happen in another process.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.stdout import Writer

if TYPE_CHECKING:
    from rulec.runtime.plain import Make
    from rulec.runtime.ruleset import Rule
    from rulec.runtime.sources import AnyEvent


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes lines of alerts."""

    render: Renderer

    def __call__(self, rule: "Rule", event: "AnyEvent") -> str:
        if not self.render.names:
            return self.render(rule.alert(event))
        from rulec.runtime.identity import alert_id, event_key  # most do without

        return self.render(rule.alert(event), alert_id(event_key(event), rule.name))


class Handing(ABC):
    """Takes what ``make`` made of alerts, and hands it on.

    Each method raises ``OutputError`` if alerts cannot be written any more, and
    ``BrokenPipeError`` if nobody reads them.
    """

    make: "Make"

    @abstractmethod
    def take(self, made: Any) -> None:
        """Take one alert, as ``make`` made it."""

    @abstractmethod
    def pause(self) -> None:
        """Be told that another document has been read."""

    @abstractmethod
    def mark(self, mark: int) -> None:
        """Pass on everything that was taken, and note that it was all up to a mark, which grow."""

    @property
    @abstractmethod
    def settled(self) -> int:
        """The last mark up to which nothing will be lost any more; 0 if there is none."""

    @abstractmethod
    def wait(self, mark: int, timeout: float) -> bool:
        """Wait until a mark is settled, for so many seconds; return whether it is."""

    @abstractmethod
    def finish(self) -> Iterator[str]:
        """Hand on what is left; yield a line about each output that did not take all of it."""


class Printing(Handing):
    """Prints lines, in the thread that matches: nothing is quicker."""

    def __init__(self, render: Renderer, writer: Writer) -> None:
        self.make = Lines(render)
        self._writer = writer
        self._marked = 0

    def take(self, made: str) -> None:
        self._writer(made)

    def pause(self) -> None:
        self._writer.pause()

    def mark(self, mark: int) -> None:
        self._writer.flush()
        self._marked = mark

    @property
    def settled(self) -> int:
        return self._marked

    def wait(self, mark: int, timeout: float) -> bool:
        return self._marked >= mark

    def finish(self) -> Iterator[str]:
        self._writer.flush()
        return iter(())
