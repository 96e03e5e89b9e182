"""Quoted strings in conditions and outputs: what their escapes mean.

The other direction is ``canonical.escape_value``.
"""

import re
from typing import Final

# The blank is lost, and the backslash stays; Falco does it, and rules may rely on it.
_ESCAPES: Final = {
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "/": "/", " ": "\\",
}  # fmt: skip
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|.?)", re.DOTALL)
_RAW_BYTES: Final = re.compile("[\udc80-\udcff]+")


class EscapeError(ValueError):
    """A quoted string has an escape that means nothing."""

    def __init__(self, kind: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.hint = hint


def unescape(quoted: str) -> str:
    r"""Return the content of a quoted string, without its quotes.

    Bytes that are no UTF-8 become lone surrogates.

    >>> unescape(r"'it\'s \xc3\xa9'")
    "it's é"
    """
    content = str(quoted[1:-1])
    if "\\" not in content:
        return content
    content = _ESCAPE.sub(lambda escape: _meaning(escape[1], quoted[0]), content)
    return _RAW_BYTES.sub(
        lambda run: run[0].encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"),
        content,
    )


def _meaning(escape: str, quote: str) -> str:
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    if escape == quote:
        return quote
    if len(escape) == 3:
        return bytes.fromhex(escape[1:]).decode("ascii", "surrogateescape")
    if escape == "x":
        hint = r"write the byte as '\x41'"
        raise EscapeError("bad_hex_escape", r"'\x' needs two hexadecimal digits", hint)
    if escape in ("'", '"'):
        hint = f"write {escape} without a backslash: only the quote around the string needs one"
        raise EscapeError("bad_quote_escape", f"\\{escape} is no escape in this string", hint)
    hint = r"write '\\' for a backslash, or leave the quotes out: a bare word has no escapes"
    raise EscapeError("bad_escape", f"unknown escape '\\{escape}' in the string", hint)
