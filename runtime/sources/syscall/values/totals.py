"""Fields that are made to be summed up."""

from collections.abc import Mapping
from typing import Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.values.calls import category, failed
from rulec.runtime.sources.syscall.values.working import Work, plain


def _failed(event: CaptureEvent, *kinds: str) -> int | None:
    if not failed(event):
        return None
    return 1 if not kinds or category(event) in kinds else None


def _failed_otherwise(event: CaptureEvent) -> int | None:
    return _failed(event) and (None if category(event) in ("file", "net", "memory") else 1)


def _length(event: CaptureEvent, flag: str = "", kind: str = "") -> int | None:
    """Return how many bytes a call moved, in one direction and on one kind of descriptor."""
    flags = event.kind.flags
    result = event.result
    if result is None or result < 0 or event.descriptor is None:
        return None
    if (flag and flag not in flags) or not flags & {"reads", "writes"}:
        return None
    return None if kind and category(event) != kind else result


TOTAL_VALUES: Final[Mapping[str, Work]] = {
    "evt.count": plain(lambda event: 1),
    "evt.count.error": plain(_failed),
    "evt.count.error.file": plain(lambda event: _failed(event, "file")),
    "evt.count.error.net": plain(lambda event: _failed(event, "net")),
    "evt.count.error.memory": plain(lambda event: _failed(event, "memory")),
    "evt.count.error.other": plain(_failed_otherwise),
    "evt.count.exit": plain(lambda event: 1 if event.kind.is_exit else None),
    "evt.count.procinfo": plain(
        lambda event: (
            1
            if event.kind.name == "procinfo" and event.thread is not None and event.thread.is_leader
            else None
        )
    ),
    "evt.count.threadinfo": plain(lambda event: 1 if event.kind.name == "procinfo" else None),
    "evt.buflen.in": plain(lambda event: _length(event, "reads")),
    "evt.buflen.out": plain(lambda event: _length(event, "writes")),
    "evt.buflen.file": plain(lambda event: _length(event, "", "file")),
    "evt.buflen.file.in": plain(lambda event: _length(event, "reads", "file")),
    "evt.buflen.file.out": plain(lambda event: _length(event, "writes", "file")),
    "evt.buflen.net": plain(lambda event: _length(event, "", "net")),
    "evt.buflen.net.in": plain(lambda event: _length(event, "reads", "net")),
    "evt.buflen.net.out": plain(lambda event: _length(event, "writes", "net")),
}
