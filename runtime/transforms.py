"""What the transformers of conditions and outputs do to values.

Every function takes values that may be missing (``None``) and returns ``None``
when there is no result. Lists are tuples.
"""

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from rulec.runtime.encoding import ascii_lower, ascii_upper, byte_text, from_utf8, utf8

Texts: TypeAlias = tuple[str, ...]


def tolower(value: str | Texts | None) -> str | Texts | None:
    """Return the text, or each text of a list, with ASCII letters in lower case.

    >>> tolower("Àb C"), tolower(("A", "b")), tolower(None)
    ('Àb c', ('a', 'b'), None)
    """
    return _each(value, ascii_lower)


def toupper(value: str | Texts | None) -> str | Texts | None:
    """Return the text, or each text of a list, with ASCII letters in upper case."""
    return _each(value, ascii_upper)


def basename(value: str | Texts | None) -> str | Texts | None:
    """Return what stands behind the last slash.

    >>> basename("/bin/cat"), basename("/bin/"), basename("cat")
    ('cat', '', 'cat')
    """
    return _each(value, lambda path: path[path.rfind("/") + 1 :])


def b64(value: object) -> object:
    """Return what the value says once it is decoded, or nothing if it is no base64.

    Padding may be left out, or be too long by one; nothing else is forgiven. A
    decoded text ends before its first NUL, as every text does.

    >>> b64("aGVsbG8="), b64("aGVsbG8"), b64(b"aGVsbG8=="), b64("")
    ('hello', 'hello', b'hello', '')
    >>> b64("aGVs bG8="), b64("="), b64("a"), b64("aGVsbG9=")
    (None, None, None, None)
    """
    match value:
        case bytes():
            return _decoded(value)
        case str():
            data = _decoded(utf8(value))
            return None if data is None else from_utf8(data.partition(b"\0")[0])
        case tuple():
            parts = [None] if (texts := _flat(value)) is None else list(map(b64, texts))
            return None if None in parts else tuple(parts)
        case _:
            return None


def _decoded(data: bytes) -> bytes | None:
    symbols = data.removesuffix(b"=").removesuffix(b"=")
    if data and not symbols:
        return None
    try:
        decoded = a2b_base64(symbols + b"=" * (-len(symbols) % 4))
    except Error:
        return None
    # The decoder skips what it does not know and drops bits that are left
    # over; whatever it let pass does not come out again.
    again = b2a_base64(decoded, newline=False).rstrip(b"=")
    return decoded if again == symbols else None


def length(value: str | bytes | tuple[object, ...] | None) -> int | None:
    r"""Return the number of elements of a list, or of bytes of a text.

    >>> length("é"), length("ab\0c"), length(b"\0"), length(("abc", "d")), length(None)
    (2, 2, 1, 2, None)
    """
    if isinstance(value, str):
        return len(utf8(value.partition("\0")[0]))
    counted = _flat(value) if isinstance(value, tuple) else value
    return None if counted is None else len(counted)


def join(separator: str | None, parts: tuple[object, ...] | None) -> str | None:
    """Return the parts with the separator between them; lists among the parts are spliced.

    >>> join(",", ("a", ("b", "c"), 5)), join(",", ()), join(",", ("a", None))
    ('a,b,c,5', '', None)
    """
    texts = _flat(parts)
    return None if separator is None or texts is None else _whole(separator.join(texts))


def concat(*parts: object) -> str | None:
    """Return the parts, one behind the other.

    >>> concat("a", "b", "c"), concat("a", None)
    ('abc', None)
    """
    texts = _flat(parts)
    return None if texts is None else _whole("".join(texts))


def getopt(
    words: tuple[object, ...] | None, options: str | None, selector: str | None = None
) -> Texts | str | None:
    """Return the command line options among the words, or the value of one of them.

    ``options`` are the letters that are known, each with a colon behind it if
    it takes a value. A list has each letter, then its value; only the empty
    text where the value is missing; ``?`` for a letter that is not known. It is
    empty, but not missing, when there are no options.

    >>> getopt(("-nt", "5", "-x", "file", "-n"), "nt:"), getopt(("-t",), "t:"), getopt(("a",), "n")
    (('n', 't', '5', '?'), ('',), ())
    >>> getopt(("-n", "-t5", "-t6"), "nt:", "t"), getopt(("-n",), "nt:", "n")
    ('6', 'n')
    >>> getopt(("-n",), "nt:", "t") is None
    True
    """
    texts = _flat(words)
    if texts is None or options is None:
        return None
    found = _options(map(byte_text, texts), byte_text(options))
    if selector is None:
        return tuple(_from_byte_text(text) for _, shown in found for text in shown)
    wanted = byte_text(selector)
    values = [shown[-1] for letter, shown in found if letter == wanted]
    return _from_byte_text(values[-1]) if values else None


def _options(words: Iterator[str], known: str) -> Iterator[tuple[str, Texts]]:
    """Yield the letter of each option ("" if it is not known) and what a list shows of it."""
    for word in words:
        if word == "--" or len(word) < 2 or not word.startswith("-"):
            return
        if word.startswith("--"):
            continue
        for at, letter in enumerate(word[1:], start=1):
            place = known.find(letter)
            if letter == ":" or place < 0:
                yield "", ("?",)
            elif known[place + 1 : place + 2] != ":":
                yield letter, (letter,)
            else:
                value = word[at + 1 :] or next(words, None)
                yield letter, ("",) if value is None else (letter, value)
                break


def _each(value: str | Texts | None, change: Callable[[str], str]) -> str | Texts | None:
    match value:
        case str():
            return change(value)
        case tuple():
            texts = _flat(value)
            return None if texts is None else tuple(map(change, texts))
        case None:
            return None


def _flat(parts: Iterable[object] | None) -> list[str] | None:
    """Return parts as texts, with lists among them spliced; nothing if one is missing.

    The parts of a list that is written in a rule may be anything; those of a field are texts.
    """
    if parts is None:
        return None
    texts: list[str] = []
    for part in parts:
        if part is None:
            return None
        texts += map(str, part) if isinstance(part, tuple) else [str(part)]
    return texts


def _whole(text: str) -> str:
    r"""Return ``text`` decoded anew, since bytes that were apart can be UTF-8 together.

    >>> _whole("\udcc3" + "\udca9")
    'é'
    """
    return text if text.isascii() else from_utf8(utf8(text))


def _from_byte_text(text: str) -> str:
    return text if text.isascii() else from_utf8(text.encode("latin-1"))
