"""JSON as rules see it: decoded without loss, rendered as text.

Rules compare texts. A string stands for itself; everything else is compact
JSON in the order of the document, with numbers as they were written. What a
decoder of a ready-made ``dict`` could not have made has a sane text or none.
"""

import json
import re
from collections.abc import Callable, Iterable
from itertools import count
from json.encoder import encode_basestring
from typing import Any, Final

import msgspec

from rulec.runtime.brackets import NESTING_LIMIT, deep
from rulec.runtime.fields import MISSING

# Python refuses to read longer integers (``sys.set_int_max_str_digits``).
_LONGEST_INTEGER: Final = 4300


# Integers of up to 64 bits are written as Python writes them.
_PLAIN_INTEGER: Final = 2**63


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
    """Decode a JSON document, however deeply it is nested.

    :raises ValueError: if it is no JSON; the message says where.
    """
    if isinstance(document, str):
        document = document.encode("utf-8", "surrogateescape")
    if len(document) > _SHALLOW and deep(document):
        return _decode_in_pieces(document)
    return _decode(document, _DECODER, Number)


def _decode(
    document: bytes, decoder: msgspec.json.Decoder[Any], number: Callable[[str], Any]
) -> Any:
    try:
        return decoder.decode(document)
    except (msgspec.DecodeError, UnicodeError):
        return _decode_leniently(document, number)


# In so few bytes there are no more levels than any stack can take.
_SHALLOW: Final = 2 * NESTING_LIMIT

# Decoders are recursive: they get no more than so many levels at a time.
_LEVELS: Final = 100
_MARK: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def _decode_in_pieces(document: bytes) -> Any:
    """Decode a document of any depth: the innermost pieces first, then what is around them.

    In the text around it, a piece is a number that does not occur otherwise.
    """
    prefix = next(p for n in count(1) if (p := b"0.%d" % n) not in document)
    pieces: list[Any] = []

    def number(text: str) -> Any:
        start = prefix.decode()
        return (
            pieces[int(text.removeprefix(start + "e"))] if text.startswith(start) else Number(text)
        )

    decoder = msgspec.json.Decoder(float_hook=number)
    around: list[bytes] = [b""]  # what has been read of each piece that is still open
    depth = at = 0
    for mark in _MARK.finditer(document):
        if mark[0] in (b"{", b"["):
            depth += 1
            if depth % _LEVELS == 0:
                around[-1] += document[at : mark.start()]
                around.append(b"")
                at = mark.start()
        elif mark[0] in (b"}", b"]"):
            if depth > 0 and depth % _LEVELS == 0:
                piece = around.pop() + document[at : mark.end()]
                around[-1] += b" %se%d " % (prefix, len(pieces))
                pieces.append(_decode(piece, decoder, number))
                at = mark.end()
            depth -= 1
    if len(around) > 1:
        raise ValueError("Input data was truncated")
    return _decode(around[0] + document[at:], decoder, number)


# An escaped character, with a surrogate that is not one of a pair as the group.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|u([dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _decode_leniently(document: bytes, number: Callable[[str], Any]) -> Any:
    """Decode what msgspec refuses although nothing is lost in it.

    Bytes that are no UTF-8 become lone surrogates, an escaped half of a
    surrogate pair stays the six characters that it was written with, and
    numbers may be of any length.
    """
    written = document.decode("utf-8", "surrogateescape")
    written = _ESCAPE.sub(lambda m: rf"\\u{m[1]}" if m[1] else m[0], written)
    return json.loads(written, parse_float=number, parse_int=_integer, parse_constant=_no_constant)


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _LONGEST_INTEGER else Number(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text(value: Any) -> str | None:
    """Return a JSON value as text, or None if there is no value.

    >>> text("a"), text(None), text({"b": [True, "c"]}), text(MISSING)
    ('a', 'null', '{"b":[true,"c"]}', None)
    """
    kind = type(value)
    if kind is str:
        return str(value)
    if value is MISSING:
        return None
    if kind is bool:
        return "true" if value else "false"
    if kind is int and -_PLAIN_INTEGER < value < _PLAIN_INTEGER:
        return str(value)
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
