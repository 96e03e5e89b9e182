"""Text that stands for bytes.

Falco compares bytes, Python text. A text here is what its UTF-8 bytes say,
and a byte that is no UTF-8 is a lone surrogate (``surrogateescape``), so most
comparisons are the same for both and take the text as it is. The functions
here know where they are not.
"""


def utf8(text: str) -> bytes:
    r"""Return the bytes of a text.

    >>> utf8("é\udcff")
    b'\xc3\xa9\xff'
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # JSON can spell half a UTF-16 pair ("\ud800"), which stands for no byte.
        return text.encode("utf-8", "surrogatepass")


def from_utf8(data: bytes) -> str:
    r"""Return the text that bytes say.

    >>> from_utf8(b"\xc3\xa9\xff")
    'é\udcff'
    """
    return data.decode("utf-8", "surrogateescape")


def byte_text(text: str) -> str:
    """Return a text with one character for each byte of ``text``.

    >>> byte_text("aé")
    'aÃ©'
    """
    return text if text.isascii() else utf8(text).decode("latin-1")


# Texts in the order of their bytes: that is the order of code points, except
# where lone surrogates are involved.
byte_order = utf8


def ascii_lower(text: str) -> str:
    """Return ``text`` with the letters A-Z in lower case, and no others.

    >>> ascii_lower("ÀB")
    'Àb'
    """
    return text.lower() if text.isascii() else from_utf8(utf8(text).lower())


def ascii_upper(text: str) -> str:
    """Return ``text`` with the letters a-z in upper case, and no others.

    >>> ascii_upper("ßb")
    'ßB'
    """
    return text.upper() if text.isascii() else from_utf8(utf8(text).upper())


def is_utf8(text: str) -> bool:
    r"""Return whether a text has no lone surrogates.

    Only then do ``in``, ``startswith`` and ``endswith`` with it as the
    operand say what they say of the bytes.

    >>> is_utf8("é"), is_utf8("\udcc3")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sanitised(text: str) -> str:
    r"""Return a text with U+FFFD in place of bytes that are no UTF-8.

    >>> sanitised("a\udcff")
    'a\ufffd'
    """
    return text if is_utf8(text) else utf8(text).decode("utf-8", "replace")


def contains(text: str, part: str) -> bool:
    r"""Return whether the bytes of ``part`` occur in those of ``text``.

    >>> contains("é", "\udcc3"), "\udcc3" in "é"
    (True, False)
    """
    return part in text or (not is_utf8(part) and utf8(part) in utf8(text))


def icontains(text: str, part: str) -> bool:
    r"""Do as ``contains``, but letters of ``text`` match in either case; ``part`` is in lower case.

    >>> icontains("É", "\udcc3"), icontains("AB", "b")
    (True, True)
    """
    return contains(ascii_lower(text), part)


def starts(text: str, part: str) -> bool:
    """Return whether the bytes of ``text`` begin with those of ``part``."""
    return text.startswith(part) or (not is_utf8(part) and utf8(text).startswith(utf8(part)))


def ends(text: str, part: str) -> bool:
    """Return whether the bytes of ``text`` end with those of ``part``."""
    return text.endswith(part) or (not is_utf8(part) and utf8(text).endswith(utf8(part)))
