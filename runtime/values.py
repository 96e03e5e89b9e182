"""Matchers: what a constant is turned into when comparing with it takes more than a line.

They are prepared once for each constant and then asked for each event.
"""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final, TypeAlias

from rulec.runtime.encoding import from_utf8, utf8
from rulec.runtime.globs import Matcher, glob

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


# --- patterns --------------------------------------------------------------------


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


def beginnings(texts: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Return a function that tells which of some texts another one begins with.

    >>> which = beginnings(["system:", "sys", "team-1:"])
    >>> which("system:node:a"), which("mia")
    (('sys', 'system:'), ())
    """
    lengths: dict[int, set[str]] = {}
    for text in texts:
        lengths.setdefault(len(text), set()).add(text)
    known = sorted(lengths.items())

    def which(text: str) -> tuple[str, ...]:
        return tuple([text[:length] for length, these in known if text[:length] in these])

    return which


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
