"""Values as an alert shows them."""

from typing import Any

from rulec.runtime.encoding import from_utf8, utf8

NA = "<NA>"


def shown(value: Any) -> str:
    """Return the text of a value in an alert.

    >>> shown(None), shown(("a", "b")), shown(True), shown(1.25), shown(b"a\\x00")
    ('<NA>', '(a,b)', 'true', '1.2', 'a.')
    """
    if type(value) is str:
        return value
    match value:
        case None:
            return NA
        case tuple():
            return f"({','.join(map(shown, value))})"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.1f}"
        case bytes():
            # Only printable ASCII is shown as it is.
            return "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in value)
        case _:
            return str(value)


def fitted(text: str, width: int) -> str:
    """Return ``text`` cut or filled up with blanks to exactly ``width`` bytes.

    >>> fitted("abcdef", 3), fitted("a", 3)
    ('abc', 'a  ')
    """
    return from_utf8(utf8(text)[:width].ljust(width))
