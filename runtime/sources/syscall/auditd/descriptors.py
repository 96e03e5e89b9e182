"""The descriptor that a system call is about: a file, a socket, or something else.

Only the call itself is known, not what other calls did to the descriptor before.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.auditd import names
from rulec.runtime.sources.syscall.auditd.facts import OPENING, Facts
from rulec.runtime.sources.syscall.auditd.sockets import INET, INET6, UNIX, Address, protocol

NETLINK: Final = 16
_EINPROGRESS: Final = 115


class Descriptor(NamedTuple):
    """What fields about descriptors say.

    ``client``, ``server``, ``local`` and ``remote`` are ends of a connection, of
    which at most one is known. ``raw`` is the path as the program gave it.
    """

    number: int | None = None
    type: str | None = None
    char: str | None = "o"
    name: str | None = None
    raw: str | None = None
    speaks: str | None = None
    client: Address | None = None
    server: Address | None = None
    local: Address | None = None
    remote: Address | None = None
    connected: bool | None = None

    @property
    def end(self) -> Address | None:
        """The one end that is known."""
        return self.remote or self.local

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a directory, or would be one."""
        return self.raw is not None


# The letters that Falco has for the types of descriptors.
_LETTERS: Final[Mapping[str, str]] = {
    "file": "f",
    "directory": "d",
    "ipv4": "4",
    "ipv6": "6",
    "unix": "u",
    "netlink": "n",
    "pipe": "p",
    "event": "e",
    "signalfd": "s",
    "eventpoll": "l",
    "inotify": "i",
    "timerfd": "t",
    "bpf": "b",
    "userfaultfd": "u",
    "io_uring": "r",
    "memfd": "m",
    "pidfd": "P",
}

_FAMILIES: Final[Mapping[int, str]] = {
    UNIX: "unix",
    INET: "ipv4",
    INET6: "ipv6",
    NETLINK: "netlink",
}

# What calls that make other descriptors make.
_MAKERS: Final[Mapping[str, str]] = {
    "bpf": "bpf",
    "epoll_create": "eventpoll",
    "epoll_create1": "eventpoll",
    "eventfd": "event",
    "eventfd2": "event",
    "inotify_init": "inotify",
    "inotify_init1": "inotify",
    "io_uring_setup": "io_uring",
    "memfd_create": "memfd",
    "pidfd_open": "pidfd",
    "signalfd": "signalfd",
    "signalfd4": "signalfd",
    "timerfd_create": "timerfd",
    "userfaultfd": "userfaultfd",
}

# Calls that are passed a descriptor, and nothing is known of that but its number.
_PASSED: Final = frozenset(
    """
    close dup dup2 dup3 fchdir fchmod fchown fcntl finit_module flock fstat ftruncate getdents
    getdents64 ioctl listen lseek pread preadv pwrite pwritev read readv sendfile setns
    setsockopt getsockopt shutdown write writev
    """.split()  # noqa: SIM905 - a list of quoted names would be five times as long
)


def descriptor(facts: Facts) -> Descriptor:
    """Return the descriptor that a call is about; nothing but "other" if it is about none."""
    name = facts.call.name
    if (make := _KINDS.get(name)) is not None:
        return make(facts)
    if (type_ := _MAKERS.get(name)) is not None:
        return _made(facts, type_)
    if name in _PASSED:
        return Descriptor(facts.call.signed(0), speaks=facts.speaks)
    return Descriptor()


def _made(facts: Facts, type_: str) -> Descriptor:
    if not facts.call.succeeded:
        return Descriptor()
    return Descriptor(facts.call.result, type_, _LETTERS[type_])


def _file(facts: Facts) -> Descriptor:
    call = facts.call
    directory = 0 if call.name in ("openat", "openat2") else None
    path, raw = facts.absolute("object", directory), facts.path("object")
    if not call.succeeded:
        # Without a descriptor, Falco knows less of open than of the others.
        return Descriptor(char="o" if call.name == "open" else "f", name=path, raw=raw)
    asked = facts.open_flags or 0
    type_ = "directory" if names.is_directory(asked, call.arm) else "file"
    return Descriptor(call.result, type_, _LETTERS[type_], path, raw)


def _socket(facts: Facts) -> Descriptor:
    family, kind, number = (facts.call.signed(place) for place in range(3))
    type_ = _FAMILIES.get(family) if family is not None else None
    if type_ is None or family is None:
        return Descriptor(facts.call.result if facts.call.succeeded else None)
    if not facts.call.succeeded:
        return Descriptor(char="4")
    speaks = protocol(family, kind or 0, number or 0)
    return _made(facts, type_)._replace(name="", speaks=speaks)


def _connect(facts: Facts) -> Descriptor:
    result = facts.call.result
    connected = result is not None and (result >= 0 or result == -_EINPROGRESS)
    known = _addressed(facts, "0.0.0.0:0->{}", ":::0->{}")
    return known._replace(server=known.remote, connected=connected)


def _accept(facts: Facts) -> Descriptor:
    known = _addressed(facts, "{}->0.0.0.0:0", "{}->:::0")
    number = facts.call.result if facts.call.succeeded else None
    connected = facts.call.succeeded
    return known._replace(number=number, client=known.remote, speaks="tcp", connected=connected)


def _send(facts: Facts) -> Descriptor:
    known = _addressed(facts, "0.0.0.0:0->{}", ":::0->{}")
    return known._replace(server=known.remote)


def _receive(facts: Facts) -> Descriptor:
    return _addressed(facts, "{}", "{}")


def _bind(facts: Facts) -> Descriptor:
    known = _addressed(facts, "{}", "{}")
    return known._replace(server=known.remote, local=known.remote, remote=None)


def _addressed(facts: Facts, four: str, six: str) -> Descriptor:
    """Return a socket of which one address is known, and how it is shown."""
    address = facts.address
    number = facts.call.signed(0)
    type_ = _FAMILIES.get(address.family) if address is not None else None
    if address is None or type_ is None:
        return Descriptor(number, char="4" if address is None else "o", speaks=facts.speaks)
    if address.ip is None:
        return Descriptor(number, type_, _LETTERS[type_], address.path)
    shown = (four if address.ip.version == 4 else six).format(address.text)
    return Descriptor(number, type_, _LETTERS[type_], shown, speaks=facts.speaks, remote=address)


# What each kind of call tells of a descriptor, by the name of the call.
_KINDS: Final[Mapping[str, Callable[[Facts], Descriptor]]] = {
    **dict.fromkeys(OPENING, _file),
    "socket": _socket,
    "connect": _connect,
    "accept": _accept,
    "accept4": _accept,
    "bind": _bind,
    "sendto": _send,
    "sendmsg": _send,
    "recvfrom": _receive,
    "recvmsg": _receive,
}
