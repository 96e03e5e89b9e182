"""Addresses of sockets, and which protocol each socket speaks."""

from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.auditd.records import octets

UNIX: Final = 1
INET: Final = 2
INET6: Final = 10

SOCKET_LIMIT: Final = 32768

Ip = IPv4Address | IPv6Address


class Address(NamedTuple):
    """What a program connects to, binds to or hears from.

    ``family`` is a number of Linux. Only Internet addresses have an ``ip`` and
    a ``port``, only those of its own machine a ``path``; an abstract one begins with ``@``.
    """

    family: int
    ip: Ip | None = None
    port: int | None = None
    path: str | None = None

    @property
    def text(self) -> str:
        """The address as it is shown: ``10.0.0.1:80``, ``::1:80``, a path."""
        return f"{self.ip}:{self.port}" if self.ip is not None else self.path or ""


def address(saddr: str | None, little_endian: bool = True) -> Address | None:
    """Return the address in hexadecimal digits, as ``saddr=`` has it.

    The family is in the byte order of the machine, the port in that of the network.

    >>> address("020001BB08080808" + "00" * 8).text, address("01002F72756E2F7800").path
    ('8.8.8.8:443', '/run/x')
    """
    data = octets(saddr)
    if data is None or len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little" if little_endian else "big")
    if family == UNIX:
        return Address(family, path=_path(data[2:]))
    if family == INET and len(data) >= 8:
        return Address(INET, IPv4Address(data[4:8]), int.from_bytes(data[2:4], "big"))
    if family == INET6 and len(data) >= 24:
        ip = IPv6Address(data[8:24])
        port = int.from_bytes(data[2:4], "big")
        # As in Falco, an address of the other kind in it counts as such.
        if (mapped := ip.ipv4_mapped) is not None:
            return Address(INET, mapped, port)
        return Address(INET6, ip, port)
    return Address(family)


def _path(data: bytes) -> str:
    abstract = data[:1] == b"\0" and len(data) > 1
    name = data[1:] if abstract else data
    path = name.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return f"@{path}" if abstract and path else path


_OF_PROTOCOL: Final = {6: "tcp", 17: "udp", 1: "icmp", 255: "raw"}
_OF_TYPE: Final = {1: "tcp", 2: "udp"}
_KIND: Final = 0xFF  # of the type of a socket, without its flags


def protocol(family: int, type_: int, number: int) -> str | None:
    """Return what a new socket speaks: ``tcp``, ``udp``, ``icmp``, ``raw``."""
    if family not in (INET, INET6):
        return None
    return _OF_PROTOCOL.get(number) if number else _OF_TYPE.get(type_ & _KIND)


class Sockets:
    """What the sockets of which the log has told speak, by machine, process and descriptor."""

    def __init__(self, limit: int = SOCKET_LIMIT) -> None:
        self._limit = limit
        self._known: dict[tuple[str, int, int], str | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, node: str, pid: int, descriptor: int) -> str | None:
        """Return what a socket speaks, if that is known."""
        return self._known.get((node, pid, descriptor))

    def opened(self, node: str, pid: int, descriptor: int, speaks: str | None) -> None:
        """Learn of a new socket."""
        key = node, pid, descriptor
        self._known.pop(key, None)
        if len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
        self._known[key] = speaks

    def closed(self, node: str, pid: int, descriptor: int) -> None:
        """Forget a socket."""
        self._known.pop((node, pid, descriptor), None)

    def restarted(self, node: str) -> None:
        """Forget the sockets of a machine that was started again."""
        self._known = {key: value for key, value in self._known.items() if key[0] != node}
