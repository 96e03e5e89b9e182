"""Every event that changes what is known of a machine: what it changes, one function each."""

from collections.abc import Callable
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import coded
from rulec.runtime.sources.syscall.state.machine import Machine

Effect = Callable[[Machine, CaptureEvent], None]

# The functions by the codes of events.
EFFECTS: Final[dict[int, Effect]] = {}


def effect(*ids: str) -> Callable[[Effect], Effect]:
    """Make a function the effect of some events."""

    def register(function: Effect) -> Effect:
        for code in coded(*ids):
            EFFECTS[code] = function
        return function

    return register


def succeeded(event: CaptureEvent) -> bool:
    """Return whether the call that an event ends was successful."""
    result: Any = event.value(0)
    return result is not None and result >= 0
