"""Wildcard patterns, as POSIX ``fnmatch`` reads them: on bytes, without flags."""

import re
import string
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from rulec.runtime.encoding import ascii_lower, byte_text, is_utf8

Matcher: TypeAlias = Callable[[str], bool]


def glob(pattern: str) -> Matcher:
    """Return a function that tells whether the whole of a text matches a wildcard pattern.

    >>> matches = glob("/etc/*[!~]")
    >>> matches("/etc/ssh/config"), matches("/etc/passwd~")
    (True, False)
    """
    return _plain(pattern) or _compiled(pattern, ignore_case=False)


def iglob(pattern: str) -> Matcher:
    """Do as ``glob``, but ASCII letters match in either case.

    >>> iglob("[a-c]*.TXT")("Bob.txt")
    True
    """
    matches = _plain(ascii_lower(pattern))
    if matches is None:
        return _compiled(pattern, ignore_case=True)
    return lambda text: matches(ascii_lower(text))


def _plain(pattern: str) -> Matcher | None:
    """Return what needs no pattern matching: wildcards are ``*`` at the ends, or none."""
    literal = pattern.strip("*")
    if any(special in literal for special in "*?[\\") or not is_utf8(literal):
        return None
    match pattern[:1] == "*", pattern[-1:] == "*":
        case True, True:
            return lambda text: literal in text
        case True, False:
            return lambda text: text.endswith(literal)
        case False, True:
            return lambda text: text.startswith(literal)
        case _:
            return lambda text: text == literal


# Patterns can come from events (``glob val(field)``): keep the last ones, not all.
@lru_cache(maxsize=512)
def _compiled(pattern: str, *, ignore_case: bool) -> Matcher:
    expression = _expression(byte_text(pattern), ignore_case=ignore_case)
    fullmatch = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: fullmatch(byte_text(text)) is not None


# What stands between the brackets of a set, and the parts of a pattern. The
# possessive repeats see to it that "[[:alpha:]" is not read as a set of "[:alph".
_IN_SET: Final = r"(?>\[:[a-z]+:\]|\[=.=\]|\[\..\.\]|\\.|[^]\\])"
_PART: Final = re.compile(rf"(\*+)|\\(.)|\[([!^]?+)((?>]|{_IN_SET}){_IN_SET}*+)\]|(.)", re.DOTALL)
_CHARACTER: Final = r"\[\..\.\]|\\.|."
_ELEMENT: Final = re.compile(
    rf"\[:([a-z]+):\]|\[=(.)=\]|({_CHARACTER})(?:-({_CHARACTER}))?", re.DOTALL
)
_NEVER: Final = "(?!)"
_BYTES: Final = frozenset(map(chr, range(256)))
_PRINTABLE: Final = string.ascii_letters + string.digits + string.punctuation
_CLASSES: Final = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, (*range(32), 127))),
    "digit": string.digits,
    "graph": _PRINTABLE,
    "lower": string.ascii_lowercase,
    "print": _PRINTABLE + " ",
    "punct": string.punctuation,
    "space": string.whitespace,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


def _expression(pattern: str, *, ignore_case: bool) -> str:
    """Translate a wildcard pattern, one character for each byte, to Python's syntax.

    The text up to a ``*`` is always matched at the first place where it fits,
    and atomic groups never look for another: no text takes more than linear time.
    """
    runs = [""]
    for stars, escaped, sign, members, other in _PART.findall(pattern):
        if stars:
            runs.append("")
        elif members:
            runs[-1] += _set(members, negated=bool(sign), ignore_case=ignore_case)
        elif other == "?":
            runs[-1] += "."
        elif other == "\\":
            runs[-1] += _NEVER  # at the end, where it escapes nothing
        else:
            runs[-1] += _one(escaped or other, ignore_case=ignore_case)
    first, *others = runs
    if not others:
        return first
    *inner, last = others
    return first + "".join(f"(?>.*?{run})" for run in inner) + ".*" + last


def _one(character: str, *, ignore_case: bool) -> str:
    if ignore_case and character.isascii() and character.isalpha():
        return f"[{character.lower()}{character.upper()}]"
    return re.escape(character)


def _set(members: str, *, negated: bool, ignore_case: bool) -> str:
    """Translate ``[members]``. A class compares the byte as it is, as in the C library."""
    fold = ascii_lower if ignore_case else str
    found: set[str] = set()
    for name, same, start, end in _ELEMENT.findall(members):
        if name:
            if name not in _CLASSES:
                return _NEVER
            found |= set(_CLASSES[name])
        else:
            low = fold(_character(same or start))
            high = fold(_character(end)) if end else low
            found |= {c for c in _BYTES if low <= fold(c) <= high}
    codes = "".join(f"\\x{ord(c):02x}" for c in sorted(_BYTES - found if negated else found))
    return f"[{codes}]" if codes else _NEVER


def _character(spelling: str) -> str:
    """Return what ``x``, ``\\x`` or ``[.x.]`` stands for: the ``x`` in the middle."""
    return spelling[len(spelling) // 2]
