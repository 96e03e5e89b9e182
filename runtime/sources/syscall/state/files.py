"""What calls about files and other descriptors change."""

from typing import Any, Final, NamedTuple

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import Kind, coded, kinds
from rulec.runtime.sources.syscall.paths import AT_FDCWD, directory, joined
from rulec.runtime.sources.syscall.state.descriptors import (
    DRIVER_FLAGS,
    FAMILIES,
    LOWER_LAYER,
    O_CLOEXEC,
    O_DIRECTORY,
    UPPER_LAYER,
    Descriptor,
)
from rulec.runtime.sources.syscall.state.effects import effect, succeeded
from rulec.runtime.sources.syscall.state.machine import Machine

_FCNTL_DUPFD: Final = 1
_FCNTL_SETFD: Final = 3
_FCNTL_DUPFD_CLOEXEC: Final = 26
_CLOSE_RANGE_CLOEXEC: Final = 4
_SOCK_CLOEXEC: Final = 0x80000
_CREAT_UPPER: Final = 1
_CREAT_LOWER: Final = 2

# The commands of bpf() that make a descriptor.
_BPF_OPENING: Final = frozenset({0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 33})


class _Shape(NamedTuple):
    """Where an event that opens a file has what it says of it; -1 if it does not say."""

    name: int
    directory: int
    flags: int
    device: int
    inode: int


def _shape(kind: Kind | None) -> _Shape:
    assert kind is not None
    at = kind.positions.get
    name = at("name", at("path", -1))
    return _Shape(name, at("dirfd", -1), at("flags", -1), at("dev", -1), at("ino", -1))


OPENING: Final = coded(
    "SYSCALL_OPEN_X",
    "SYSCALL_CREAT_X",
    "SYSCALL_OPENAT_2_X",
    "SYSCALL_OPENAT2_X",
    "SYSCALL_OPEN_BY_HANDLE_AT_X",
)
_SHAPES: Final = {code: _shape(kinds()[code]) for code in OPENING}
# How the beginning of a call says the same.
_BEGUN_SHAPES: Final = {code: _shape(kinds()[code - 1]) for code in OPENING[:4]}
_CREAT_X, _HANDLE_X = OPENING[1], OPENING[4]


def _opened(machine: Machine, event: CaptureEvent, number: int, descriptor: Descriptor) -> None:
    if event.thread is None or number < 0:
        return
    machine.open(event.thread, number, descriptor)
    event.fd = number
    event.descriptor = descriptor


@effect(
    "SYSCALL_OPEN_X",
    "SYSCALL_CREAT_X",
    "SYSCALL_OPENAT_2_X",
    "SYSCALL_OPENAT2_X",
    "SYSCALL_OPEN_BY_HANDLE_AT_X",
)
def open_file(machine: Machine, event: CaptureEvent) -> None:
    """Have a file open that a call opened."""
    number = event.value(0)
    thread = event.thread
    begun = machine.began.pop(event.tid, None)
    if number is None or number < 0 or thread is None:
        return
    code = event.code
    shape = _SHAPES[code]
    name = event.value(shape.name) or ""
    at = event.value(shape.directory) if shape.directory >= 0 else AT_FDCWD
    flags = (event.value(shape.flags) or 0) if shape.flags >= 0 else 0
    if code == _CREAT_X:
        layers = event.value(5) or 0
        flags |= (UPPER_LAYER if layers & _CREAT_UPPER else 0) | (
            LOWER_LAYER if layers & _CREAT_LOWER else 0
        )
    elif begun is not None and begun[0] == code - 1:
        name, at, flags = _as_begun(machine, code, begun[1], name, at, flags)
    path = joined(machine.base(thread, at, name), name) if code != _HANDLE_X else name
    _opened(
        machine,
        event,
        number,
        Descriptor(
            type="directory" if flags & O_DIRECTORY else "file",
            name=path,
            raw_name=name,
            flags=flags,
            device=event.value(shape.device) or 0,
            inode=event.value(shape.inode) or 0,
        ),
    )


def _as_begun(
    machine: Machine, code: int, parts: list[bytes], name: str, at: int, flags: int
) -> tuple[str, int, int]:
    """Return the path, directory and flags that a call was given when it began.

    They count where they are known: the memory that they are in may have changed since.
    """
    decoders, shape = machine.decoders(code - 1), _BEGUN_SHAPES[code]

    def given(position: int) -> Any:
        known = 0 <= position < len(parts) and parts[position]
        return decoders[position](parts[position]) if known else None

    begun_name = given(shape.name)
    if not begun_name or begun_name == "<NA>":
        return name, at, flags
    begun_flags = given(shape.flags)
    if begun_flags is not None:
        flags = begun_flags | flags & DRIVER_FLAGS
    return begun_name, at if shape.directory < 0 else given(shape.directory), flags


@effect("SYSCALL_CLOSE_X")
def close(machine: Machine, event: CaptureEvent) -> None:
    """Have a descriptor closed when the next event comes."""
    if succeeded(event) and event.thread is not None and event.descriptor is not None:
        machine.closing = (event.thread.process, event.fd)


@effect("SYSCALL_CLOSE_RANGE_X")
def close_range(machine: Machine, event: CaptureEvent) -> None:
    """Have a range of descriptors closed, or to be closed by an exec."""
    if not succeeded(event) or event.thread is None:
        return
    first, last, flags = event.value(1) or 0, event.value(2) or 0, event.value(3) or 0
    process = event.thread.process
    descriptors = process.descriptors
    # Whichever are fewer: those in the range, or those that are open.
    numbers = range(first, last + 1) if last - first < len(descriptors) else tuple(descriptors)
    concerned = [n for n in numbers if first <= n <= last and n in descriptors]
    if flags & _CLOSE_RANGE_CLOEXEC:
        for number in concerned:
            one = descriptors[number]
            descriptors[number] = one.but(flags=one.flags | O_CLOEXEC)
    elif concerned:
        gone = frozenset(concerned)
        machine.keep(process, {n: one for n, one in descriptors.items() if n not in gone})


@effect("SYSCALL_DUP_1_X", "SYSCALL_DUP2_X", "SYSCALL_DUP3_X")
def duplicate(machine: Machine, event: CaptureEvent) -> None:
    """Have a descriptor under another number, too."""
    number = event.value(0)
    if number is not None and event.descriptor is not None:
        flags = event.value(3) or 0
        _duplicate(machine, event, number, bool(flags & O_CLOEXEC))


def _duplicate(machine: Machine, event: CaptureEvent, number: int, close_on_exec: bool) -> None:
    one = event.descriptor
    if one is not None and number >= 0:
        flags = one.flags | O_CLOEXEC if close_on_exec else one.flags & ~O_CLOEXEC
        _opened(machine, event, number, one if flags == one.flags else one.but(flags=flags))


@effect("SYSCALL_FCNTL_X")
def control(machine: Machine, event: CaptureEvent) -> None:
    """Have a descriptor duplicated, or marked, by fcntl()."""
    result, command, one = event.value(0), event.value(2), event.descriptor
    if result is None or result < 0 or one is None or event.thread is None:
        return
    if command in (_FCNTL_DUPFD, _FCNTL_DUPFD_CLOEXEC):
        _duplicate(machine, event, result, command == _FCNTL_DUPFD_CLOEXEC)
    elif command == _FCNTL_SETFD and (argument := event.value(3)) is not None:
        flags = one.flags | O_CLOEXEC if argument & 1 else one.flags & ~O_CLOEXEC
        event.descriptor = one.but(flags=flags)
        event.thread.process.descriptors[event.fd] = event.descriptor


@effect("SYSCALL_PIPE_X", "SYSCALL_PIPE2_X")
def pipe(machine: Machine, event: CaptureEvent) -> None:
    """Have both ends of a pipe open."""
    if succeeded(event):
        flags = (event.value(4) or 0) & O_CLOEXEC
        one = Descriptor(type="pipe", inode=event.value(3) or 0, flags=flags)
        for position in (1, 2):
            _opened(machine, event, _number(event.value(position)), one)


def _number(value: int | None) -> int:
    return -1 if value is None else value


# Calls that open something without a name: the type of it.
_NAMELESS: Final = {
    "SYSCALL_EVENTFD_X": "event",
    "SYSCALL_EVENTFD2_X": "event",
    "SYSCALL_SIGNALFD_X": "signalfd",
    "SYSCALL_SIGNALFD4_X": "signalfd",
    "SYSCALL_TIMERFD_CREATE_X": "timerfd",
    "SYSCALL_INOTIFY_INIT_X": "inotify",
    "SYSCALL_INOTIFY_INIT1_X": "inotify",
    "SYSCALL_EPOLL_CREATE_X": "eventpoll",
    "SYSCALL_EPOLL_CREATE1_X": "eventpoll",
    "SYSCALL_USERFAULTFD_X": "userfaultfd",
    "SYSCALL_IO_URING_SETUP_X": "io_uring",
    "SYSCALL_BPF_2_X": "bpf",
}
_NAMELESS_TYPES: Final = dict(zip(coded(*_NAMELESS), _NAMELESS.values(), strict=True))
_BPF_X: Final = coded("SYSCALL_BPF_2_X")[0]


@effect(*_NAMELESS)
def open_nameless(machine: Machine, event: CaptureEvent) -> None:
    """Have something without a name open."""
    if event.code != _BPF_X or event.value(1) in _BPF_OPENING:
        descriptor = Descriptor(type=_NAMELESS_TYPES[event.code])
        _opened(machine, event, _number(event.value(0)), descriptor)


@effect("SYSCALL_MEMFD_CREATE_X")
def open_memory(machine: Machine, event: CaptureEvent) -> None:
    """Have a file open that is in memory only."""
    flags = O_CLOEXEC if (event.value(2) or 0) & 1 else 0
    name = event.value(1) or ""
    descriptor = Descriptor(type="memfd", name=name, raw_name=name, flags=flags)
    _opened(machine, event, _number(event.value(0)), descriptor)


@effect("SYSCALL_PIDFD_OPEN_X")
def open_process(machine: Machine, event: CaptureEvent) -> None:
    """Have a descriptor of a process open."""
    pid = _number(event.value(1))
    descriptor = Descriptor(type="pidfd", name=f"/proc/{pid}", raw_name=f"/proc/{pid}", pid=pid)
    _opened(machine, event, _number(event.value(0)), descriptor)


@effect("SYSCALL_PIDFD_GETFD_X")
def take_descriptor(machine: Machine, event: CaptureEvent) -> None:
    """Have a copy of another process's descriptor."""
    number, pidfd, target = event.value(0), event.value(1), event.value(2)
    if number is None or number < 0 or event.thread is None:
        return
    handle = event.thread.process.descriptors.get(pidfd)
    other = None if handle is None else machine.threads.get(handle.pid)
    one = None if other is None else other.process.descriptors.get(target)
    if one is not None:
        _opened(machine, event, number, one)


@effect("SYSCALL_CHDIR_X", "SYSCALL_GETCWD_X")
def change_directory(machine: Machine, event: CaptureEvent) -> None:
    """Have another working directory."""
    path = event.value(1)
    if succeeded(event) and event.thread is not None and path:
        process = event.thread.process
        process.cwd = directory(joined(process.cwd, path))


@effect("SYSCALL_FCHDIR_X")
def change_directory_to_descriptor(machine: Machine, event: CaptureEvent) -> None:
    """Have the working directory that is open as a descriptor."""
    one = event.descriptor
    if succeeded(event) and event.thread is not None and one is not None and one.name:
        event.thread.process.cwd = directory(one.name)


@effect("SYSCALL_CHROOT_X")
def change_root(machine: Machine, event: CaptureEvent) -> None:
    """Have another root directory."""
    path = event.value(1)
    if succeeded(event) and event.thread is not None and path:
        event.thread.root = joined(event.thread.process.cwd, path)


@effect("SOCKET_SOCKETPAIR_X")
def socket_pair(machine: Machine, event: CaptureEvent) -> None:
    """Have two sockets open that are connected with each other."""
    if succeeded(event):
        one = Descriptor(
            type="unix", source=event.value(3), destination=event.value(4), connected=True
        )
        for position in (1, 2):
            _opened(machine, event, _number(event.value(position)), one)


_L4_BY_PROTOCOL: Final = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp", 255: "raw"}
_L4_BY_TYPE: Final = {1: "tcp", 2: "udp", 3: "raw"}


@effect("SOCKET_SOCKET_X")
def open_socket(machine: Machine, event: CaptureEvent) -> None:
    """Have a socket open."""
    number, domain = event.value(0), event.value(1)
    type_, protocol = event.value(2) or 0, event.value(3) or 0
    if number is None or number < 0:
        return
    kind = FAMILIES.get(domain, "<NA>")
    l4 = ""
    if kind in ("ipv4", "ipv6"):
        l4 = _L4_BY_PROTOCOL.get(protocol, "") if protocol else _L4_BY_TYPE.get(type_ & 0xFF, "")
    flags = O_CLOEXEC if type_ & _SOCK_CLOEXEC else (event.value(4) or 0) & O_CLOEXEC
    _opened(machine, event, number, Descriptor(type=kind, l4=l4, flags=flags))
