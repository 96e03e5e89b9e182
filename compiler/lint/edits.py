"""Edits of what rules have in them."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from rulec.lint.model import Edit
from rulec.text import Span

# A word that needs no quotes in a condition, whatever stands around it.
_BARE: Final = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_./-]*")
_WORDS: Final = frozenset({"and", "or", "not", "in", "exists", "val"})
# Between quotes, and in every style of YAML.
_QUOTABLE: Final = re.compile(r"[^\"'\\\x00-\x1f\x7f]*")


def edit(span: Span, text: str) -> Edit | None:
    """Return the edit that puts a text into a place; None if it was not written in one piece."""
    pieces = span.text[span.start : span.end].pieces
    if len(pieces) != 1 or not pieces[0].verbatim:
        return None
    (piece,) = pieces
    return Edit(piece.file, piece.offset, piece.offset + len(piece.characters), text)


def constant(text: str, lists: Collection[str], quote: str) -> str | None:
    """Return a constant as it is written in a condition; None if that is not simple."""
    if _BARE.fullmatch(text) and text not in _WORDS and text not in lists:
        return text
    return f"{quote}{text}{quote}" if _QUOTABLE.fullmatch(text) else None


def constants(texts: Sequence[str], lists: Collection[str], quote: str) -> str | None:
    """Return several constants as they are written in a condition."""
    found = [constant(text, lists, quote) for text in texts]
    return None if None in found else f"({', '.join(filter(None, found))})"
