"""Fields about what a call works on: files, connections and other descriptors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import coded
from rulec.runtime.sources.syscall.paths import joined
from rulec.runtime.sources.syscall.state.descriptors import (
    INET_TYPES,
    LOWER_LAYER,
    UPPER_LAYER,
    Descriptor,
)
from rulec.runtime.sources.syscall.values.arguments import argument_text
from rulec.runtime.sources.syscall.values.working import Work, index, nothing, plain

_ABOUT: Final = frozenset({"creates", "uses", "destroys"})
_FILES: Final = frozenset({"file", "directory"})

_CONNECT: Final = coded("SOCKET_CONNECT_X")[0]

# Calls that say what they should have opened, where they failed: as text, or as a directory
# and a path in it.
_SAYING: Final = frozenset(
    coded(
        "SYSCALL_OPEN_X",
        "SYSCALL_CREAT_X",
        "SOCKET_ACCEPT_5_X",
        "SOCKET_ACCEPT4_6_X",
        "SOCKET_CONNECT_X",
    )
)
_SAYING_BOTH: Final = frozenset(coded("SYSCALL_OPENAT_2_X", "SYSCALL_OPENAT2_X"))

# The letters for what a call of some name would have made.
_EXPECTED_LETTERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("openat", "openat2", "creat"), "f"),
    **dict.fromkeys(("socket", "accept", "accept4"), "4"),
    **dict.fromkeys(("pipe", "pipe2"), "p"),
    **dict.fromkeys(("eventfd", "eventfd2"), "e"),
    **dict.fromkeys(("signalfd", "signalfd4"), "s"),
    "timerfd_create": "t",
    **dict.fromkeys(("inotify_init", "inotify_init1"), "i"),
}


def is_about_descriptor(event: CaptureEvent) -> bool:
    """Return whether a call has to do with a descriptor at all."""
    return not _ABOUT.isdisjoint(event.kind.flags)


def _of(function: Callable[[Descriptor], Any]) -> Work:
    """Return a function for something that the descriptor has."""

    def work(event: CaptureEvent, argument: str | None) -> Any:
        one = event.descriptor
        return None if one is None else function(one)

    return work


def _number(event: CaptureEvent) -> int | None:
    return event.fd if is_about_descriptor(event) and event.thread is not None else None


def _letter(event: CaptureEvent) -> str | None:
    if event.descriptor is not None:
        return event.descriptor.letter
    if not is_about_descriptor(event):
        return None
    return _EXPECTED_LETTERS.get(event.kind.name, "o")


def _said_name(event: CaptureEvent) -> str | None:
    """Return the name of what was not opened."""
    if not is_about_descriptor(event) or event.thread is None or not event.kind.is_exit:
        return None
    if event.code in _SAYING:
        return argument_text(event, 1)
    if event.code in _SAYING_BOTH:
        path = event.value(2) or "<NA>"
        return joined(event.machine.base(event.thread, event.value(1), path), path)
    return ""


def name(event: CaptureEvent) -> str | None:
    """Return the name of what a call works on."""
    one = event.descriptor
    if one is None or (event.code == _CONNECT and (event.value(0) or 0) < 0):
        return _said_name(event)
    return one.name


def _raw_name(event: CaptureEvent) -> str | None:
    if event.descriptor is not None:
        return event.descriptor.raw_name
    if event.code in _SAYING_BOTH:
        path: str | None = event.value(2)
        return path
    if event.code in _SAYING:
        path = event.value(1)
        return path if isinstance(path, str) else None
    return None


def _before_last(path: str) -> str:
    """Return the directory of a path.

    >>> _before_last("/a/b"), _before_last("/a"), _before_last("a")
    ('/a', '/', '/')
    """
    return path.rpartition("/")[0] or "/"


def _directory(event: CaptureEvent) -> str | None:
    one = event.descriptor
    if one is None:
        said = _said_name(event)
        return None if said is None else _before_last(said)
    if one.type not in _FILES:
        return None
    return one.name if one.type == "directory" else _before_last(one.name)


def _file_name(one: Descriptor) -> str | None:
    if one.type != "file":
        return None
    return one.name.rpartition("/")[2] or "/"


# Connections: the client is the source, the server the destination.


def _client(one: Descriptor) -> tuple[Any, int] | None:
    if one.type not in INET_TYPES or one.source is None or not one.role:
        return None
    return one.source, one.source_port


def _server(one: Descriptor) -> tuple[Any, int] | None:
    if one.type not in INET_TYPES or one.destination is None or not one.role:
        return None
    return one.destination, one.destination_port


def _local_first(event: CaptureEvent, one: Descriptor) -> bool:
    """Return whether the client is this machine."""
    return one.source is not None and one.source in event.machine.interfaces.addresses


def _local(event: CaptureEvent, one: Descriptor) -> tuple[Any, int] | None:
    if one.listening:
        return None
    return _client(one) if _local_first(event, one) else _server(one)


def _remote(event: CaptureEvent, one: Descriptor) -> tuple[Any, int] | None:
    if one.listening:
        return None
    return _server(one) if _local_first(event, one) else _client(one)


_ENDS: Final[Mapping[str, Callable[[CaptureEvent, Descriptor], tuple[Any, int] | None]]] = {
    "c": lambda event, one: _client(one),
    "s": lambda event, one: _server(one),
    "l": _local,
    "r": _remote,
}


def _end(letter: str, part: int, convert: Callable[[Any], Any] = lambda value: value) -> Work:
    find = _ENDS[letter]

    def work(event: CaptureEvent, argument: str | None) -> Any:
        one = event.descriptor
        found = None if one is None else find(event, one)
        return None if found is None else convert(found[part])

    return work


def _both(part: int) -> Work:
    def both(one: Descriptor) -> tuple[Any, ...] | None:
        ends = (_client(one), _server(one))
        return tuple(end[part] for end in ends if end is not None) or None

    return _of(both)


def _l4(one: Descriptor) -> str:
    if one.type not in INET_TYPES or not (one.role or one.l4 == "raw"):
        return "<NA>"
    return one.l4 or "<NA>"


def _family(one: Descriptor) -> str | None:
    return "ip" if one.type in INET_TYPES else "unix" if one.type == "unix" else None


def _is_server(event: CaptureEvent) -> bool | None:
    one = event.descriptor
    if one is None:
        return None
    if one.type not in INET_TYPES:
        return False
    return one.listening or one.destination in event.machine.interfaces.addresses


def _in_container(event: CaptureEvent, text: str | None) -> str | None:
    if text is None or event.thread is None:
        return None
    return f"{event.machine.container_id(event.thread)}:{text}"


def _uid(event: CaptureEvent) -> str | None:
    number = _number(event)
    return None if number is None else f"{event.tid}{number}"


def _types(event: CaptureEvent, argument: str | None) -> Any:
    if event.thread is None:
        return None
    descriptors = event.thread.process.descriptors
    if argument is None:
        return tuple(dict.fromkeys(one.type for one in descriptors.values())) or None
    number = index(argument)
    found = None if number is None else descriptors.get(number)
    return None if found is None else (found.type,)


def _name_changed(event: CaptureEvent) -> bool | None:
    return event.name_changed if event.descriptor is not None else None


# Devices have the major number in the middle.


def _major(one: Descriptor) -> int:
    return one.device >> 8 & 0xFFF


def _minor(one: Descriptor) -> int:
    return one.device & 0xFF | one.device >> 12 & 0xFFF00


def _listed(convert: Callable[[CaptureEvent, int], Any]) -> Work:
    """Return a function for something of all descriptors that a call waits for."""

    def listed(event: CaptureEvent) -> str | None:
        descriptors = event.named("fds")
        if not isinstance(descriptors, tuple):
            return None
        return ",".join(str(convert(event, number)) for number, _ in descriptors)

    return plain(listed)


def _listed_end(letter: str, part: int) -> Work:
    def convert(event: CaptureEvent, number: int) -> Any:
        one = None if event.thread is None else event.thread.process.descriptors.get(number)
        found = None if one is None else _ENDS[letter](event, one)
        return "<NA>" if found is None else found[part]

    return _listed(convert)


def _listed_name(event: CaptureEvent, number: int) -> str:
    one = None if event.thread is None else event.thread.process.descriptors.get(number)
    return "<NA>" if one is None else one.name


DESCRIPTOR_VALUES: Final[Mapping[str, Work]] = {
    "fd.num": plain(_number),
    "fd.type": _of(lambda one: one.type),
    "fd.typechar": plain(_letter),
    "fd.name": plain(name),
    "fd.nameraw": plain(_raw_name),
    "fd.directory": plain(_directory),
    "fd.filename": _of(_file_name),
    "fd.ip": _both(0),
    "fd.net": _both(0),
    "fd.port": _both(1),
    "fd.proto": _both(1),
    **{f"fd.{end}ip": _end(end, 0) for end in _ENDS},
    **{f"fd.{end}net": _end(end, 0) for end in _ENDS},
    **{f"fd.{end}port": _end(end, 1) for end in _ENDS},
    **{f"fd.{end}proto": _end(end, 1, str) for end in _ENDS},
    # Nobody looks names up: that would tell others what is being looked at.
    **{f"fd.{end}ip.name": nothing for end in _ENDS},
    "fd.l4proto": _of(_l4),
    "fd.sockfamily": _of(_family),
    "fd.is_server": plain(_is_server),
    "fd.uid": plain(_uid),
    "fd.containername": plain(lambda event: _in_container(event, name(event))),
    "fd.containerdirectory": plain(lambda event: _in_container(event, _directory(event))),
    "fd.connected": _of(lambda one: one.connected),
    "fd.name_changed": plain(_name_changed),
    "fd.dev": _of(lambda one: one.device),
    "fd.dev.major": _of(_major),
    "fd.dev.minor": _of(_minor),
    "fd.ino": _of(lambda one: one.inode),
    "fd.types": _types,
    "fd.is_upper_layer": _of(lambda one: bool(one.flags & UPPER_LAYER)),
    "fd.is_lower_layer": _of(lambda one: bool(one.flags & LOWER_LAYER)),
    "fdlist.nums": _listed(lambda event, number: number),
    "fdlist.names": _listed(_listed_name),
    "fdlist.cips": _listed_end("c", 0),
    "fdlist.sips": _listed_end("s", 0),
    "fdlist.cports": _listed_end("c", 1),
    "fdlist.sports": _listed_end("s", 1),
}
