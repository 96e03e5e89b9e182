"""From JSON values to the values that fields of each type hold."""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import isfinite
from typing import Any, Final

from rulec.runtime.fields import Kind
from rulec.runtime.jsontext import Number, text

_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")
_DOUBLE: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BITS_64: Final = range(-(2**63), 2**64)
_PORTS: Final = range(2**16)


def text_bytes(value: Any) -> bytes | None:
    """Return the bytes of a value's text."""
    found = text(value)
    try:
        return None if found is None else found.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def hex_bytes(value: Any) -> bytes | None:
    """Return the bytes that hexadecimal digits spell."""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None


def base64_bytes(value: Any) -> bytes | None:
    """Return the bytes that a text in base64 stands for."""
    try:
        return b64decode(value, validate=True) if isinstance(value, str) else None
    except ValueError:
        return None


def integer(value: Any) -> int | None:
    """Return an integer of up to 64 bits, from a number or its decimal digits."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    return value if type(value) is int and value in _BITS_64 else None


def port(value: Any) -> int | None:
    """Return a port number."""
    found = integer(value)
    return found if found in _PORTS else None


def double(value: Any) -> float | None:
    """Return a finite number, from a number or its digits."""
    if isinstance(value, Number):
        value = value.text
    if isinstance(value, str) and not _DOUBLE.fullmatch(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if isfinite(found) else None


def boolean(value: Any) -> bool | None:
    """Return a truth value, from one or from its name in JSON."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else None


def address(value: Any) -> IPv4Address | IPv6Address | None:
    """Return an IP address, from its text."""
    try:
        return ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None


# How the values of each kind come from JSON values, one entry each. Every
# function takes any value, MISSING too, and returns None for no value.
CONVERT: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.STRING: text,
    Kind.BYTES: text_bytes,
    Kind.INTEGER: integer,
    Kind.PORT: port,
    Kind.DOUBLE: double,
    Kind.BOOL: boolean,
    Kind.ADDRESS: address,
    Kind.NETWORK: address,
    Kind.OPAQUE: text,
}
