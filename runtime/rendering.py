"""Values as an alert shows them."""

from typing import Any, Final

from rulec.runtime.encoding import from_utf8, utf8

NA: Final = "<NA>"
NETWORK: Final = "<IPNET>"


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


def shown_joined(value: tuple[Any, ...] | None) -> str:
    """Return the texts of several values, with blanks between them."""
    return NA if value is None else " ".join(map(shown, value))


def shown_network(value: Any) -> str:
    """Return the text of a network, which Falco never shows."""
    if value is None:
        return NA
    return f"({','.join(NETWORK for _ in value)})" if isinstance(value, tuple) else NETWORK


def shown_hexadecimal(value: int | None) -> str:
    """Return the text of an integer that is shown in hexadecimal digits."""
    return NA if value is None else f"{value:X}"


def shown_octal(value: int | None) -> str:
    """Return the text of an integer that is shown in octal digits."""
    return NA if value is None else f"{value:o}"


def shown_padded(value: int | None) -> str:
    """Return the text of an integer that is filled up to nine digits with zeros."""
    return NA if value is None else f"{value:09}"


def reported(value: Any) -> Any:
    """Return what stands for a value in JSON that JSON has no form for.

    >>> reported(b"a\x00"), reported(None)
    ('a.', None)
    """
    if value is None:
        return None
    return tuple(map(shown, value)) if isinstance(value, tuple) else shown(value)


def reported_text(text: str) -> str | None:
    """Return what stands in JSON for a value that is only shown as ``text``."""
    return None if text == NA else text


def counted(count: int, word: str) -> str:
    """Return a number of things, for people.

    >>> counted(1, "event"), counted(1200, "event")
    ('1 event', '1,200 events')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def fitted(text: str, width: int) -> str:
    """Return ``text`` cut or filled up with blanks to exactly ``width`` bytes.

    >>> fitted("abcdef", 3), fitted("a", 3)
    ('abc', 'a  ')
    """
    return from_utf8(utf8(text)[:width].ljust(width))
