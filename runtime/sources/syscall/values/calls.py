"""Fields about a call: what it is, what it was given, what came of it."""

from collections.abc import Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import Variant
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import coded
from rulec.runtime.sources.syscall.capture.naming import event_name
from rulec.runtime.sources.syscall.paths import joined
from rulec.runtime.sources.syscall.state.descriptors import (
    INET_TYPES,
    O_CREAT,
    O_CREATED,
    O_READ,
    O_TMPFILE,
    O_WRITE,
)
from rulec.runtime.sources.syscall.values.arguments import all_texts, argument_text, error_name
from rulec.runtime.sources.syscall.values.working import Work, index, nothing, plain

# The calls that open a file with flags: which parameter these are, and the mode of a new file.
OPEN_FLAGS: Final = dict(
    zip(
        coded(
            "SYSCALL_OPEN_X",
            "SYSCALL_OPENAT_2_X",
            "SYSCALL_OPENAT2_X",
            "SYSCALL_OPEN_BY_HANDLE_AT_X",
        ),
        ((2, 3), (3, 4), (3, 4), (2, -1)),
        strict=True,
    )
)
_CREAT: Final = coded("SYSCALL_CREAT_X")[0]
_EXECUTABLE: Final = 0o111


def result_name(event: CaptureEvent) -> str | None:
    """Return SUCCESS, or the name of the error."""
    result = event.result
    if result is None:
        return None
    return "SUCCESS" if result >= 0 else error_name(-result)


def failed(event: CaptureEvent) -> bool | None:
    """Return whether the call failed; None if the event does not say."""
    result = event.result
    return None if result is None else result < 0


def open_flags(event: CaptureEvent) -> int:
    """Return the flags that a file is opened with; 0 for all other events."""
    positions = OPEN_FLAGS.get(event.code)
    return 0 if positions is None else event.value(positions[0]) or 0


def _is_open_exec(event: CaptureEvent) -> bool:
    if event.code == _CREAT:
        return bool((event.value(2) or 0) & _EXECUTABLE)
    positions = OPEN_FLAGS.get(event.code)
    if positions is None or not open_flags(event) & (O_CREAT | O_TMPFILE):
        return False
    return bool((event.value(positions[1]) or 0) & _EXECUTABLE)


def _is_open_create(event: CaptureEvent) -> bool:
    flags = open_flags(event)
    made = flags & O_TMPFILE and failed(event) is False
    return bool(flags & O_CREATED or made)


def _argument(event: CaptureEvent, argument: str | None) -> str | None:
    position = index(argument)
    if position is None and argument is not None:
        position = event.kind.positions.get(argument)
    return argument_text(event, position)


def _raw_argument(event: CaptureEvent, argument: str | None) -> Any:
    value = None if argument is None else event.named(argument)
    return value.value if isinstance(value, Variant) else value


def _is_type(event: CaptureEvent, argument: str | None) -> int:
    return int(event_name(event) == argument)


def category(event: CaptureEvent) -> str:
    """Return the class of an event; that of reading and writing depends on what is read."""
    found = event.kind.category
    if not found.startswith("io_"):
        return found
    one = event.descriptor
    if one is None:
        return "other"
    if one.type in ("file", "directory"):
        return "file"
    return "net" if one.type in INET_TYPES else "ipc"


def _io_direction(event: CaptureEvent) -> str | None:
    flags = event.kind.flags
    return "read" if "reads" in flags else "write" if "writes" in flags else None


def _buffer_length(event: CaptureEvent) -> int | None:
    if _io_direction(event) is None or event.descriptor is None:
        return None
    result = event.result
    return result if result is not None and result >= 0 else None


def _is_syslog(event: CaptureEvent) -> bool:
    one = event.descriptor
    return "writes" in event.kind.flags and one is not None and "/dev/log" in one.name


def _absolute_path(event: CaptureEvent, argument: str | None) -> str | None:
    """Return the absolute path that a call was given; ``src`` and ``dst`` where it has two."""
    paths = [
        (position, parameter)
        for position, parameter in enumerate(event.kind.parameters)
        if parameter.type in ("fspath", "fsrelpath") and parameter.directory is not None
    ]
    wanted = {None: 0, "src": 0, "dst": 1}.get(argument)
    if wanted is None or wanted >= len(paths) or (argument is None) != (len(paths) == 1):
        return None
    position, parameter = paths[wanted]
    path = event.value(position)
    if path is None or parameter.directory is None:
        return None
    return joined(event.machine.base(event.thread, event.value(parameter.directory), path), path)


def _direction(event: CaptureEvent) -> str:
    return "<" if event.kind.is_exit else ">"


CALL_VALUES: Final[Mapping[str, Work]] = {
    **dict.fromkeys(("evt.latency", "evt.latency.s", "evt.latency.ns"), plain(lambda event: 0)),
    "evt.latency.quantized": plain(lambda event: 0),
    "evt.latency.human": plain(lambda event: "0ns"),
    "evt.wait_latency": plain(lambda event: 0),
    "evt.dir": plain(_direction),
    "evt.type": plain(event_name),
    "evt.type.is": _is_type,
    "syscall.type": plain(
        lambda event: event_name(event) if event.kind.origin == "syscall" else None
    ),
    "evt.category": plain(category),
    "evt.cpu": plain(lambda event: event.cpu),
    "evt.args": plain(all_texts),
    "evt.info": plain(all_texts),
    "evt.arg": _argument,
    "evt.rawarg": _raw_argument,
    "evt.buffer": plain(lambda event: event.named("data")),
    "evt.buflen": plain(_buffer_length),
    "evt.res": plain(result_name),
    "evt.rawres": plain(lambda event: event.result),
    "evt.failed": plain(failed),
    "evt.is_io": plain(lambda event: _io_direction(event) is not None),
    "evt.is_io_read": plain(lambda event: "reads" in event.kind.flags),
    "evt.is_io_write": plain(lambda event: "writes" in event.kind.flags),
    "evt.io_dir": plain(_io_direction),
    "evt.is_wait": plain(lambda event: "waits" in event.kind.flags),
    "evt.is_syslog": plain(_is_syslog),
    "evt.abspath": _absolute_path,
    "evt.is_open_read": plain(lambda event: bool(open_flags(event) & O_READ)),
    "evt.is_open_write": plain(lambda event: bool(open_flags(event) & O_WRITE)),
    "evt.is_open_exec": plain(_is_open_exec),
    "evt.is_open_create": plain(_is_open_create),
    "evt.around": plain(lambda event: event.time),
    "evt.infra.docker.name": nothing,
    "evt.infra.docker.container.id": nothing,
    "evt.infra.docker.container.name": nothing,
    "evt.infra.docker.container.image": nothing,
}
