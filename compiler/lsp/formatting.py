"""Lay a file out, as ``rulec fmt`` does."""

from itertools import takewhile
from operator import eq

from rulec.diagnostics import RulesError
from rulec.text import File


class FormattingError(Exception):
    """A file cannot be laid out; the text says why."""


def edit_of(file: File) -> tuple[int, int, str] | None:
    """Return where a file has to be changed, and the new text there; None if it is as it should be.

    :raises FormattingError: if it is no rules file.
    """
    from rulec.formatting import format_text

    try:
        new = format_text(file.content, file.name)
    except RulesError as error:
        first = error.diagnostics[0]
        raise FormattingError(f"line {first.line}: {first.message}") from None
    old = file.content
    if new == old:
        return None
    start = _same(old, new)
    most = min(len(old), len(new)) - start
    same = min(most, _same(old[::-1], new[::-1]))
    return start, len(old) - same, new[start : len(new) - same]


def _same(one: str, other: str) -> int:
    """Return with how many characters both texts begin."""
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))
