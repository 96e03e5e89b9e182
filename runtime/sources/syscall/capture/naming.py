"""What an event is called: the value of ``evt.type``."""

from typing import TYPE_CHECKING, Final

from rulec.runtime.sources.syscall.capture.events import coded
from rulec.runtime.sources.syscall.capture.syscalls import CODES, X86_64

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.capture.event import CaptureEvent

GENERIC: Final = frozenset(coded("GENERIC_E", "GENERIC_X"))
ASYNC: Final = coded("ASYNCEVENT_E")[0]

# The events that have their names in them.
NAMED_BY_VALUE: Final = GENERIC | {ASYNC}


def event_name(event: "CaptureEvent") -> str:
    """Return the name of an event."""
    code = event.code
    if code in GENERIC:
        return call_name(event.value(0) or 0, event.value(1))
    if code == ASYNC:
        return event.value(1) or event.kind.name
    return event.kind.name


def call_name(number: int, native: int | None) -> str:
    """Return the name of a call by the driver's number, or else by that of x86-64.

    >>> call_name(4, None), call_name(0, 221), call_name(0, None)
    ('write', 'fadvise64', 'unknown')
    """
    if not number and native is not None and native < len(X86_64) and X86_64[native] != "-":
        return X86_64[native]
    return CODES[number] if number < len(CODES) else "unknown"
