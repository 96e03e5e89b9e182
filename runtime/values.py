"""Comparisons that are too long to stand in compiled code.

Falco compares bytes, Python text. A text here is what its UTF-8 bytes say,
and a byte that is no UTF-8 is a lone surrogate (``surrogateescape``), so most
comparisons are the same for both and take the text as it is. The functions
here know where they are not.

Matchers (``glob``, ``regex``, ``Paths``, ``Members``, ``Networks``) are
prepared once for each constant and then asked for each event.
"""

import re
import string
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Matcher: TypeAlias = Callable[[str], bool]


# --- text and bytes -----------------------------------------------------------


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


def contains(text: str, part: str) -> bool:
    r"""Return whether the bytes of ``part`` occur in those of ``text``.

    >>> contains("é", "\udcc3"), "\udcc3" in "é"
    (True, False)
    """
    return part in text or (not is_utf8(part) and utf8(part) in utf8(text))


def starts(text: str, part: str) -> bool:
    """Return whether the bytes of ``text`` begin with those of ``part``."""
    return text.startswith(part) or (not is_utf8(part) and utf8(text).startswith(utf8(part)))


def ends(text: str, part: str) -> bool:
    """Return whether the bytes of ``text`` end with those of ``part``."""
    return text.endswith(part) or (not is_utf8(part) and utf8(text).endswith(utf8(part)))


# --- patterns --------------------------------------------------------------------


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


def regex(pattern: str) -> Matcher:
    r"""Return a function that tells whether the whole of a text matches a regular expression.

    The syntax is RE2's POSIX one. What is no UTF-8 in a text is matched as U+FFFD.

    >>> matches = regex("/(usr/)?bin/.+")
    >>> matches("/bin/sh"), matches("/sbin/sh"), matches("/bin/\n")
    (True, False, False)
    """
    fullmatch = _re2(pattern).fullmatch

    def matches(text: str) -> bool:
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = utf8(text).decode("utf-8", "replace").encode()
        return fullmatch(data) is not None

    return matches


def regex_problem(pattern: str) -> str | None:
    r"""Return what is wrong with a regular expression.

    >>> regex_problem("a+"), regex_problem("a("), regex_problem(r"\d")
    (None, 'missing ): a(', 'invalid escape sequence: \\d')
    """
    import re2

    try:
        _re2(pattern)
    except re2.error as error:
        reason = error.args[0]
        return from_utf8(reason) if isinstance(reason, bytes) else str(reason)
    return None


def _re2(pattern: str) -> Any:
    import re2  # here, because most rules do without

    options = re2.Options()
    options.posix_syntax = True
    options.longest_match = True
    options.log_errors = False
    return re2.compile(utf8(pattern), options)


# --- sets ------------------------------------------------------------------------


class Paths:
    """Paths, to be asked whether a path is one of them or lies below one.

    They are kept as a tree of their components, so each component of a path
    is looked at once, however many paths there are.

    >>> paths = Paths(["/etc", "/home/*/.ssh"])
    >>> paths.covers("/etc/passwd"), paths.covers("/etcetera"), paths.covers("etc//")
    (True, False, True)
    >>> paths.covers("/home/me/.ssh/id_rsa"), paths.covers("/home/.ssh")
    (True, False)
    >>> Paths(["/"]).covers(""), Paths([]).covers("/")
    (True, False)
    """

    __slots__ = ("_ends", "_names", "_patterns")

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._ends = False
        self._names: dict[str, Paths] = {}
        self._patterns: dict[str, tuple[Matcher, Paths]] = {}
        for path in paths:
            place = self
            for component in filter(None, path.split("/")):
                place = place._below(component)
            place._ends = True

    def _below(self, component: str) -> "Paths":
        if any(wildcard in component for wildcard in "?*["):
            return self._patterns.setdefault(component, (glob(component), Paths()))[1]
        return self._names.setdefault(component, Paths())

    def covers(self, path: str) -> bool:
        """Return whether ``path`` is one of these paths or lies below one."""
        return self._covers([name for name in path.split("/") if name], 0)

    def _covers(self, names: list[str], at: int) -> bool:
        if self._ends:
            return True
        if at == len(names):
            return False
        name = names[at]
        below = self._names.get(name)
        if below is not None and below._covers(names, at + 1):
            return True
        return bool(self._patterns) and any(
            matches(name) and below._covers(names, at + 1)
            for matches, below in self._patterns.values()
        )


_INTEGER: Final = re.compile("[+-]?[0-9]{1,300}")
_RANGE: Final = re.compile(f"({_INTEGER.pattern}):({_INTEGER.pattern})")


class Members:
    """Texts to look for; one like ``30:40`` also stands for the integers from 30 to 40.

    >>> members = Members(["0", "30:40"])
    >>> "35" in members, "30:40" in members, "41" in members, "3x" in members
    (True, True, False, False)
    """

    __slots__ = ("_ranges", "_texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = frozenset(texts)
        self._ranges = ranges_of(self._texts)

    def __contains__(self, text: str) -> bool:
        if text in self._texts:
            return True
        if not self._ranges or not _INTEGER.fullmatch(text):
            return False
        number = int(text)
        return any(low <= number <= high for low, high in self._ranges)


def ranges_of(texts: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Return the ranges of integers among ``texts``, in order.

    >>> ranges_of(["80", "1:1024", "a:b"])
    ((1, 1024),)
    """
    found = filter(None, map(_RANGE.fullmatch, texts))
    return tuple(sorted((int(low), int(high)) for low, high in (m.groups() for m in found)))


class Networks:
    """Networks, to be asked whether an address lies in one of them."""

    __slots__ = ("_networks",)

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def within(address: Address, network: Network) -> bool:
    """Return whether ``address`` lies in ``network``; never, when they are of different families.

    >>> within(IPv4Address("10.1.2.3"), IPv4Network("10.0.0.0/8"))
    True
    >>> within(IPv6Address("::ffff:10.1.2.3"), IPv4Network("10.0.0.0/8"))
    False
    """
    return address in network


def exactly_one(*answers: bool) -> bool:
    """Return whether one of the answers is yes, and no more.

    >>> exactly_one(False, True), exactly_one(True, True), exactly_one()
    (True, False, False)
    """
    return answers.count(True) == 1
