"""How the bytes of a parameter become a value: one function for each type and byte order.

The functions take any bytes, of any length, and never raise: captures are input from
elsewhere. Values are ``int``, ``str``, ``bytes``, ``tuple``, ``Tuple`` and ``Address``.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, NamedTuple

from rulec.runtime.sources.syscall.symbols import VARIANTS

Decode = Callable[[bytes], Any]

UNIX: Final = 1
INET: Final = 2
INET6: Final = 10

Ip = IPv4Address | IPv6Address

_MAPPED: Final = bytes(10) + b"\xff\xff"  # what IPv4 addresses begin with in IPv6


class Address(NamedTuple):
    """One end of a connection. ``host`` is an address, or the path of a Unix socket."""

    family: int
    host: Ip | str | None = None
    port: int = 0


class Tuple(NamedTuple):
    """Both ends of a connection, as the kernel saw them.

    Unix sockets have the addresses of two kernel objects as ``source`` and ``destination``,
    and a ``path``.
    """

    family: int
    source: Any = None
    source_port: int = 0
    destination: Any = None
    destination_port: int = 0
    path: str = ""


class Variant(NamedTuple):
    """The value of a parameter that can be of several types, with the one it has."""

    kind: str
    value: Any


def text(data: bytes) -> str:
    r"""Return the text of a parameter, which ends before the first zero.

    >>> text(b"/etc\x00x"), text(b"\xff")
    ('/etc', '\udcff')
    """
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def words(data: bytes) -> tuple[str, ...]:
    r"""Return the texts of a list, each of which ends with a zero (the last one may lack it).

    >>> words(b"a\x00\x00b\x00"), words(b""), words(b"a")
    (('a', '', 'b'), (), ('a',))
    """
    if not data:
        return ()
    return tuple(data.decode("utf-8", "surrogateescape").removesuffix("\0").split("\0"))


def ip(data: bytes) -> Ip | None:
    """Return the address that 4 or 16 bytes stand for."""
    if len(data) == 4:
        return IPv4Address(data)
    return IPv6Address(data) if len(data) == 16 else None


def _raw(data: bytes) -> bytes:
    return data


def _unsigned(order: Any) -> Decode:
    def unsigned(data: bytes) -> int:
        return int.from_bytes(data, order)

    return unsigned


def _signed(order: Any) -> Decode:
    def signed(data: bytes) -> int:
        return int.from_bytes(data, order, signed=True)

    return signed


def _address(order: Any) -> Decode:
    def address(data: bytes) -> Address:
        family = data[0] if data else 0
        size = 4 if family == INET else 16
        if family in (INET, INET6) and len(data) >= size + 3:
            port = int.from_bytes(data[size + 1 : size + 3], order)
            return Address(family, ip(data[1 : size + 1]), port)
        if family == UNIX:
            return Address(family, text(data[1:]))
        return Address(family)

    return address


def _tuple(order: Any) -> Decode:
    def socket_tuple(data: bytes) -> Tuple:
        family = data[0] if data else 0
        size = 4 if family == INET else 16
        if family in (INET, INET6) and len(data) >= 2 * size + 5:
            other = size + 3
            source, destination = data[1 : size + 1], data[other : other + size]
            if family == INET6 and source.startswith(_MAPPED) and destination.startswith(_MAPPED):
                family, source, destination = INET, source[12:], destination[12:]
            return Tuple(
                family,
                ip(source),
                int.from_bytes(data[size + 1 : size + 3], order),
                ip(destination),
                int.from_bytes(data[other + size : other + size + 2], order),
            )
        if family == UNIX and len(data) >= 17:
            ends = int.from_bytes(data[1:9], order), int.from_bytes(data[9:17], order)
            return Tuple(family, ends[0], 0, ends[1], 0, text(data[17:]))
        return Tuple(family)

    return socket_tuple


def _descriptors(order: Any) -> Decode:
    def descriptors(data: bytes) -> tuple[tuple[int, int], ...]:
        count = min(int.from_bytes(data[:2], order), (len(data) - 2) // 10)
        return tuple(
            (
                int.from_bytes(data[at : at + 8], order, signed=True),
                int.from_bytes(data[at + 8 : at + 10], order),
            )
            for at in range(2, 2 + 10 * count, 10)
        )

    return descriptors


def _variant(order: Any, table: str) -> Decode:
    kinds = [kind.partition(":") for kind in VARIANTS[table]]
    decoders = [(kind, BY_TYPE[kind](order)) for kind, _, _ in kinds]

    def variant(data: bytes) -> Variant:
        number = data[0] if data else 0
        kind, decode = decoders[number] if number < len(decoders) else ("bytebuf", _raw)
        return Variant(kind, decode(data[1:]))

    return variant


def _plain(decode: Decode) -> Callable[[Any], Decode]:
    return lambda order: decode


# Every type of parameter but ``dyn``, by name: what makes the function for a byte order.
BY_TYPE: Final[dict[str, Callable[[Any], Decode]]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), _signed),
    **dict.fromkeys(("fd", "pid", "errno", "fd32", "pid32"), _signed),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64"), _unsigned),
    **dict.fromkeys(("flags8", "flags16", "flags32", "mode"), _unsigned),
    **dict.fromkeys(("enumflags8", "enumflags16", "enumflags32"), _unsigned),
    **dict.fromkeys(("uid", "gid", "syscallid", "sigtype", "sigset"), _unsigned),
    **dict.fromkeys(("reltime", "abstime", "port", "l4proto", "sockfamily", "bool"), _unsigned),
    **dict.fromkeys(("charbuf", "fspath", "fsrelpath"), _plain(text)),
    **dict.fromkeys(("charbufarray", "charbuf_pair_array"), _plain(words)),
    **dict.fromkeys(("ipv4addr", "ipv6addr", "ipaddr"), _plain(ip)),
    "bytebuf": _plain(_raw),
    "sockaddr": _address,
    "socktuple": _tuple,
    "fdlist": _descriptors,
}


def decoder(type_: str, order: str, table: str | None = None) -> Decode:
    """Return what decodes a parameter of a type; ``order`` is ``little`` or ``big``."""
    if type_ == "dyn":
        return _variant(order, table or "")
    return BY_TYPE[type_](order)


# How many bytes the numbers of each type have.
SIZES: Final[dict[str, int]] = {
    **dict.fromkeys(("int8", "uint8", "flags8", "enumflags8", "sigtype", "l4proto"), 1),
    **dict.fromkeys(("int16", "uint16", "flags16", "enumflags16", "syscallid", "port"), 2),
    **dict.fromkeys(("int32", "uint32", "flags32", "enumflags32", "mode", "uid", "gid"), 4),
    **dict.fromkeys(("fd32", "pid32", "sigset", "bool"), 4),
    **dict.fromkeys(("int64", "uint64", "fd", "pid", "errno", "reltime", "abstime"), 8),
}


def default(type_: str) -> bytes:
    """Return what stands for a parameter that is not known: zero, or nobody."""
    fill = b"\xff" if type_ in ("uid", "gid") else b"\0"
    return fill * SIZES.get(type_, 0)
