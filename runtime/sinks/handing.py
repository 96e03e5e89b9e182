"""How a run hands its alerts on: straight to standard output, or to sinks (``sending.py``).

Both take what their ``make`` makes of a rule and an event that it matches, which
may happen in another process.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rulec.runtime.events import SeenEvent
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.stdout import Writer

if TYPE_CHECKING:
    from rulec.runtime.matcher import Make
    from rulec.runtime.ruleset import Rule


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes lines of alerts."""

    render: Renderer

    def __call__(self, rule: "Rule", event: SeenEvent) -> str:
        return self.render(rule.alert(event))


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
    def finish(self) -> Iterator[str]:
        """Hand on what is left; yield a line about each output that did not take all of it."""


class Printing(Handing):
    """Prints lines, in the thread that matches: nothing is quicker."""

    def __init__(self, render: Renderer, writer: Writer) -> None:
        self.make = Lines(render)
        self._writer = writer

    def take(self, made: str) -> None:
        self._writer(made)

    def pause(self) -> None:
        self._writer.pause()

    def finish(self) -> Iterator[str]:
        self._writer.flush()
        return iter(())
