"""How a value becomes the bytes of a parameter: the other way round than ``decoders``."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from rulec.runtime.encoding import utf8
from rulec.runtime.sources.syscall.capture.decoders import SIZES, UNIX, Address, Tuple, Variant
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.runtime.sources.syscall.symbols import VARIANTS

Encode = Callable[[Any, str], bytes]


def text(value: str) -> bytes:
    r"""Return a text with the zero at its end.

    >>> text("é")
    b'\xc3\xa9\x00'
    """
    return utf8(value) + b"\0"


def words(values: "tuple[str, ...] | list[str]") -> bytes:
    r"""Return the texts of a list, each with a zero at its end.

    >>> words(("a", ""))
    b'a\x00\x00'
    """
    return b"".join(map(text, values))


def number(value: int, size: int, order: str) -> bytes:
    """Return the bytes of a number, with or without a sign; what does not fit is cut off."""
    return (value & (1 << 8 * size) - 1).to_bytes(size, order)  # type: ignore[arg-type]


def _text(value: Any, order: str) -> bytes:
    return value if isinstance(value, bytes) else text(value)


def _bytes(value: Any, order: str) -> bytes:
    if isinstance(value, str):
        return utf8(value)
    return words(value) if isinstance(value, list | tuple) else bytes(value)


def _ip(value: Any, order: str) -> bytes:
    packed: bytes = value.packed
    return packed


def _address(value: Address, order: str) -> bytes:
    family = bytes([value.family])
    if isinstance(value.host, IPv4Address | IPv6Address):
        return family + value.host.packed + number(value.port, 2, order)
    return family + (text(value.host) if isinstance(value.host, str) else b"")


def _tuple(value: Tuple, order: str) -> bytes:
    family = bytes([value.family])
    near, far = value.source, value.destination
    if isinstance(near, IPv4Address | IPv6Address) and isinstance(far, IPv4Address | IPv6Address):
        source = near.packed + number(value.source_port, 2, order)
        return family + source + far.packed + number(value.destination_port, 2, order)
    if value.family == UNIX:
        ends = number(value.source or 0, 8, order) + number(value.destination or 0, 8, order)
        return family + ends + text(value.path)
    return family


def _descriptors(value: Any, order: str) -> bytes:
    entries = (number(fd, 8, order) + number(flags, 2, order) for fd, flags in value)
    return number(len(value), 2, order) + b"".join(entries)


# Every type of parameter that is no number and no ``dyn``, by name.
_BY_TYPE: Final[dict[str, Encode]] = {
    **dict.fromkeys(("charbuf", "fspath", "fsrelpath"), _text),
    **dict.fromkeys(("bytebuf", "charbufarray", "charbuf_pair_array"), _bytes),
    **dict.fromkeys(("ipv4addr", "ipv6addr", "ipaddr"), _ip),
    "sockaddr": _address,
    "socktuple": _tuple,
    "fdlist": _descriptors,
}


def encoded(value: Any, parameter: Parameter, order: str = "little") -> bytes:
    """Return the bytes of a parameter; None is an empty one.

    :raises ValueError: if there is no such type of ``dyn``.
    """
    if value is None:
        return b""
    if isinstance(value, Variant):
        kinds = [kind.partition(":")[0] for kind in VARIANTS[parameter.symbols]]
        if value.kind not in kinds:
            raise ValueError(f"{parameter.name} is one of {', '.join(kinds)}, not {value.kind}")
        inner = Parameter(parameter.name, value.kind)
        return bytes([kinds.index(value.kind)]) + encoded(value.value, inner, order)
    if (encode := _BY_TYPE.get(parameter.type)) is not None:
        return encode(value, order)
    return number(int(value), SIZES[parameter.type], order)
