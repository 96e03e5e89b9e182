"""What a process has opened."""

from typing import Any, Final

import msgspec

from rulec.runtime.sources.syscall.capture.decoders import INET, INET6, UNIX, Ip

# The types of descriptors: their numbers in captures, names, and letters.
TYPES: Final[dict[int, tuple[str, str]]] = {
    1: ("file", "f"),
    2: ("directory", "d"),
    3: ("ipv4", "4"),
    4: ("ipv6", "6"),
    5: ("ipv4", "4"),  # a socket that listens
    6: ("ipv6", "6"),
    7: ("pipe", "p"),
    8: ("unix", "u"),
    9: ("event", "e"),
    10: ("unsupported", "o"),
    11: ("signalfd", "s"),
    12: ("eventpoll", "l"),
    13: ("inotify", "i"),
    14: ("timerfd", "t"),
    15: ("netlink", "n"),
    16: ("file", "f"),  # with the flags that it was opened with
    17: ("bpf", "b"),
    18: ("userfaultfd", "r"),
    19: ("io_uring", "o"),
    20: ("memfd", "m"),
    21: ("pidfd", "P"),
}
LETTERS: Final = dict(TYPES.values())

# A type that is not known is shown as this.
UNKNOWN: Final = "<NA>"

INET_TYPES: Final = frozenset({"ipv4", "ipv6"})
SOCKET_TYPES: Final = INET_TYPES | {"unix"}
FAMILIES: Final = {INET: "ipv4", INET6: "ipv6", UNIX: "unix", 16: "netlink"}

L4_NAMES: Final = {2: "tcp", 3: "udp", 4: "icmp", 5: "raw"}
L4_LETTERS: Final = {"tcp": "t", "udp": "u", "icmp": "i", "raw": "r"}

# Flags of files, as drivers write them.
O_READ: Final = 1
O_WRITE: Final = 2
O_CREAT: Final = 4
O_DIRECTORY: Final = 0x400
O_CLOEXEC: Final = 0x1000
O_TMPFILE: Final = 0x2000
O_CREATED: Final = 0x4000
UPPER_LAYER: Final = 0x8000
LOWER_LAYER: Final = 0x10000
DRIVER_FLAGS: Final = ~0x3FFF


class Descriptor(msgspec.Struct, frozen=True, gc=False):
    """One descriptor. It is not changed but replaced, so processes can share it.

    The client of a connection is its ``source``, whoever of the two this machine is, as soon as
    ``role`` ("client" or "server") is known. A socket that listens has a ``destination`` only.
    For Unix sockets both are numbers of kernel objects.
    """

    type: str
    name: str = ""
    raw_name: str = ""
    flags: int = 0
    device: int = 0
    inode: int = 0
    l4: str = ""
    source: Ip | int | None = None
    source_port: int = 0
    destination: Ip | int | None = None
    destination_port: int = 0
    role: str = ""
    listening: bool = False
    connected: bool = False
    pid: int = -1

    @property
    def letter(self) -> str:
        """The letter for the type."""
        return LETTERS.get(self.type, "o")

    def but(self, **changes: Any) -> "Descriptor":
        """Return a copy with some things changed."""
        return msgspec.structs.replace(self, **changes)


def host_port(host: Any, port: int) -> str:
    """Return one end of a connection as text."""
    return f"{host}:{port}"


def connection_name(source: Any, source_port: int, destination: Any, destination_port: int) -> str:
    """Return both ends of a connection as text."""
    return f"{source}:{source_port}->{destination}:{destination_port}"


def swapped(one: Descriptor, role: str) -> Descriptor:
    """Return a connection with its ends in the other order."""
    name = connection_name(one.destination, one.destination_port, one.source, one.source_port)
    return one.but(
        source=one.destination,
        source_port=one.destination_port,
        destination=one.source,
        destination_port=one.source_port,
        name=name,
        role=role,
    )
