"""What the functions that work fields out have in common."""

from collections.abc import Callable
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.state.threads import Thread

Work = Callable[[CaptureEvent, str | None], Any]

_INDEX_DIGITS: Final = 9


def plain(function: Callable[[CaptureEvent], Any]) -> Work:
    """Return a function for a field that takes no argument."""
    return lambda event, argument: function(event)


def of_thread(function: Callable[[Thread], Any]) -> Work:
    """Return a function for a field that depends on the thread alone."""

    def work(event: CaptureEvent, argument: str | None) -> Any:
        thread = event.thread
        return None if thread is None else function(thread)

    return work


def index(argument: str | None) -> int | None:
    """Return the number that an argument is; None if it is none."""
    if argument is not None and argument.isdecimal() and len(argument) <= _INDEX_DIGITS:
        return int(argument)
    return None


def nothing(event: CaptureEvent, argument: str | None) -> None:
    """Return that a field has no value: there is nothing behind it any more."""
