"""JSON as rules see it: decoded without loss, rendered as text.

Rules compare texts. A string stands for itself; everything else is compact
JSON in the order of the document, with numbers as they were written. What a
decoder of a ready-made ``dict`` could not have made has a sane text or none.
"""

import json
import re
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any, Final

import msgspec

from rulec.runtime.fields import MISSING

# Python refuses to read longer integers (``sys.set_int_max_str_digits``).
_LONGEST_INTEGER: Final = 4300


class Number:
    """A JSON number with a fraction or an exponent, as it was written."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _plain(value: object) -> object:
    """Return what the encoder is to write for a value of a type that it does not know."""
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    for kind in (str, int, float):
        if isinstance(value, kind):  # of a class derived from it
            return kind(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_DECODER: Final = msgspec.json.Decoder(float_hook=Number)
_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)


def decode(document: bytes | str) -> Any:
    """Decode a JSON document.

    Its depth must have been checked: decoding is recursive.

    :raises ValueError: if it is no JSON; the message says where.
    """
    try:
        return _DECODER.decode(document)
    except (msgspec.DecodeError, UnicodeError):
        return _decode_leniently(document)


# An escaped character, with a surrogate that is not one of a pair as the group.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _decode_leniently(document: bytes | str) -> Any:
    """Decode what msgspec refuses although nothing is lost in it.

    Bytes that are no UTF-8 become lone surrogates, an escaped half of a
    surrogate pair stays the six characters that it was written with, and
    numbers may be of any length.
    """
    if isinstance(document, bytes):
        document = document.decode("utf-8", "surrogateescape")
    document = _ESCAPE.sub(lambda m: rf"\\u{m[1]}" if m[1] else m[0], document)
    try:
        return json.loads(
            document, parse_float=Number, parse_int=_integer, parse_constant=_no_constant
        )
    except RecursionError:
        raise ValueError("too many nested values") from None


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _LONGEST_INTEGER else Number(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text(value: Any) -> str | None:
    """Return a JSON value as text, or None if there is no value.

    >>> text("a"), text(None), text({"b": [True, "c"]}), text(MISSING)
    ('a', 'null', '{"b":[true,"c"]}', None)
    """
    if type(value) is str:
        return value
    if value is MISSING:
        return None
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "surrogateescape")
    return _rendered(value)


def texts(values: Any) -> tuple[str, ...] | None:
    """Return the elements of an array as texts; None if there is no array or nothing in it."""
    if not isinstance(values, list | tuple):
        return None
    return tuple(_present(map(text, values))) or None


def _present(values: Iterable[str | None]) -> Iterable[str]:
    return (value for value in values if value is not None)


def _rendered(value: Any) -> str | None:
    try:
        encoded = _ENCODER.encode(value)
        if encoded[:1] == b'"':  # a date, an enumeration: what a caller's dict may hold
            return str(msgspec.json.decode(encoded))
        return encoded.decode()
    except UnicodeEncodeError:
        return _rendered_with_surrogates(value)
    except Exception:  # no JSON value: whatever a caller put into a dict
        return None


def _rendered_with_surrogates(value: Any) -> str | None:
    try:
        return value if isinstance(value, str) else _compact(value)
    except Exception:  # as above
        return None


def _compact(value: Any) -> str:
    """Do what the encoder does, also for strings that UTF-8 cannot hold."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = [f"{_compact(text(name))}:{_compact(item)}" for name, item in value.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_compact(item) for item in value]) + "]"
    return _ENCODER.encode(value).decode()


def indented(value: Any) -> str | None:
    """Return a JSON value over several lines, two spaces a level."""
    compact = text(value)
    if compact is None or not isinstance(value, dict | list):
        return compact
    # Lone surrogates must survive the way through bytes.
    lines = msgspec.json.format(compact.encode("utf-8", "surrogatepass"), indent=2)
    return lines.decode("utf-8", "surrogatepass")


def compact_size(value: Any) -> int:
    """Return how many bytes a JSON value has in compact form."""
    try:
        return len(_ENCODER.encode(value))
    except UnicodeEncodeError:
        return len((text(value) or "").encode("utf-8", "surrogatepass"))
