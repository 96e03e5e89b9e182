"""The brackets of JSON documents, looked at without decoding.

Decoders are recursive, and a thread with a small stack dies of a document
that is nested too deeply. So the depth is measured first, and flatly: only
bulk operations on bytes, which cost less than decoding.
"""

import re
from itertools import accumulate
from typing import Final

# As deep as Falco's plugin reads.
NESTING_LIMIT: Final = 300

_ALL_BUT_BRACKETS: Final = bytes(c for c in range(256) if c not in b"[]{}")
_ALL_BUT_BRACKETS_AND_QUOTES: Final = bytes(c for c in range(256) if c not in b'[]{}"')
_ROUNDS: Final = 16
_ESCAPED: Final = re.compile(rb"\\.", re.DOTALL)


# Documents up to this size, in bytes, may be nested as deeply as they like: what is decoded of them
# is decoded in pieces where that is needed.
SMALL: Final = 12 * 1024

# Larger documents, in bytes, are read with care: the limits of sources are not below this.
LARGE: Final = 256 * 1024

# To skip so many levels takes no more stack than any thread has. As many bytes hold no more.
_SKIPPED_LEVELS: Final = 4000
FLAT: Final = 4096


def too_deep(document: bytes, limit: int = NESTING_LIMIT) -> bool:
    """Return whether a document that is not small is nested more than ``limit`` levels deep."""
    return len(document) > SMALL and deep(document, limit)


def can_be_skipped(document: bytes) -> bool:
    """Return whether it is safe to let a decoder skip parts of a document, however they are nested.

    >>> can_be_skipped(b"[" * 4000), can_be_skipped(b"[" * 5000)
    (True, False)
    """
    size = len(document)
    if size <= FLAT:
        return True
    if size > SMALL:
        return size <= LARGE and not deep(document)
    # A level of objects takes at least four bytes, one of arrays a single one. So without many
    # arrays there are not so many levels.
    arrays = size - len(document.replace(b"[", b""))
    return 3 * arrays < 4 * _SKIPPED_LEVELS - size


def deep(document: bytes, limit: int = NESTING_LIMIT) -> bool:
    """Return whether arrays and objects are nested more than ``limit`` levels deep."""
    # What has few opening brackets in all, strings included, is not deep. (To
    # remove them is the quickest way to count them.)
    if len(document) - len(document.replace(b"{", b"").replace(b"[", b"")) <= limit:
        return False
    brackets = outside_strings(document)
    # A list of events has thousands of brackets, but nearly all close soon.
    if not _without_pairs(brackets):
        return limit < 2 * _ROUNDS and _deeper(brackets, limit)
    return _deeper(brackets, limit)


def _deeper(brackets: bytes, limit: int) -> bool:
    steps = (1 if bracket in b"[{" else -1 for bracket in brackets)
    return any(depth > limit for depth in accumulate(steps))


def outside_strings(document: bytes) -> bytes:
    """Return only the brackets of a document, without those inside strings.

    >>> outside_strings(rb'{"a": [1, "}\\"]"], "b": {}}')
    b'{[]{}}'
    """
    if b"\\" in document:
        document = _ESCAPED.sub(b"", document)
    # Two quotes that meet can go: what is inside a string stays inside one.
    brackets = document.translate(None, _ALL_BUT_BRACKETS_AND_QUOTES).replace(b'""', b"")
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])
    return brackets


def _without_pairs(brackets: bytes) -> bytes:
    """Remove brackets that enclose nothing, again and again, up to 32 levels."""
    for _ in range(_ROUNDS):
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return brackets


def balanced(line: bytes) -> bool:
    """Return whether every bracket of a line, outside strings, has a partner."""
    # Mostly the brackets inside strings come in pairs as well: that is quick to see.
    brackets = line.translate(None, _ALL_BUT_BRACKETS)
    objects, arrays = brackets.count(b"{"), brackets.count(b"[")
    if objects == brackets.count(b"}") and arrays == brackets.count(b"]"):
        return True
    return not unclosed(outside_strings(line))


def unclosed(brackets: bytes) -> bytes:
    """Return the brackets that have no partner.

    >>> unclosed(b"{[]{[{}"), unclosed(b"{[]}"), unclosed(b"[}")
    (b'{{[', b'', b'[}')
    """
    found = bytearray()
    for bracket in _without_pairs(brackets):
        # In ASCII a closing bracket comes two places behind its opening one.
        if found and bracket - found[-1] == 2:
            found.pop()
        else:
            found.append(bracket)
    return bytes(found)
