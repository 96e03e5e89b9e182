"""Fields about an event as such: when it was, and which one it is."""

import os
from collections.abc import Mapping
from typing import Final

from rulec.runtime import clock
from rulec.runtime.events import host_name
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.naming import ASYNC
from rulec.runtime.sources.syscall.values.working import Work, nothing, plain


def relative_time(event: CaptureEvent) -> int:
    """Return the nanoseconds since the first real event; before it, the time itself."""
    start = event.run.start
    return event.time if start is None else max(0, event.time - start)


def _is_async(event: CaptureEvent) -> bool:
    return event.kind.origin == "metaevent"


def _async_type(event: CaptureEvent) -> str | None:
    if event.code == ASYNC:
        name: str | None = event.value(1)
        return name
    return event.kind.name if _is_async(event) else None


def _since_last(event: CaptureEvent) -> int:
    """Return the nanoseconds since the event that was asked for this before."""
    capture = event.capture
    if capture.asked is None or capture.asked[0] != event.number:
        capture.asked_before = None if capture.asked is None else capture.asked[1]
        capture.asked = event.number, event.time
    before = capture.asked_before
    return 0 if before is None else max(0, event.time - before)


def _count(event: CaptureEvent) -> int:
    """Return how often this was asked."""
    event.capture.counted += 1
    return event.capture.counted


def _host_name(event: CaptureEvent) -> str:
    """Return the name of the machine that was recorded; FALCO_HOSTNAME overrides it."""
    return os.environ.get("FALCO_HOSTNAME") or event.machine.hostname or host_name()


_TIMES: Final = {
    "evt.time": clock.local_time,
    "evt.time.s": clock.local_time_seconds,
    "evt.time.iso8601": clock.utc_time,
    "evt.datetime": clock.local_date_time,
    "evt.datetime.s": clock.local_date_time_seconds,
    "evt.outputtime": clock.utc_time,
}

MOMENT_VALUES: Final[Mapping[str, Work]] = {
    "evt.num": plain(lambda event: event.number),
    **{name: plain(lambda event, f=f: f(event.time)) for name, f in _TIMES.items()},  # type: ignore[misc]
    "evt.rawtime": plain(lambda event: event.time),
    "evt.rawtime.s": plain(lambda event: clock.seconds(event.time)),
    "evt.rawtime.ns": plain(lambda event: clock.fraction(event.time)),
    "evt.reltime": plain(relative_time),
    "evt.reltime.s": plain(lambda event: clock.seconds(relative_time(event))),
    "evt.reltime.ns": plain(lambda event: clock.fraction(relative_time(event))),
    "evt.deltatime": plain(_since_last),
    "evt.deltatime.s": plain(lambda event: clock.seconds(_since_last(event))),
    "evt.deltatime.ns": plain(lambda event: clock.fraction(_since_last(event))),
    "util.cnt": plain(_count),
    "evt.pluginname": nothing,
    "evt.plugininfo": nothing,
    "evt.source": plain(lambda event: "syscall"),
    "evt.is_async": plain(_is_async),
    "evt.asynctype": plain(_async_type),
    "evt.hostname": plain(_host_name),
}
