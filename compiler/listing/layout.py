"""Texts folded for a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Final

WIDTH: Final = 100


def facts(found: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield lines with a title each, and its values behind it; what has none is left out."""
    for title, values in found.items():
        first = f"  {title + ':':12}"
        if text := ", ".join(values):
            yield from folded(text, WIDTH, first, " " * len(first))


def paragraph(text: str) -> str:
    """Return a text with its lines folded where they are too long for a terminal."""
    lines = (folded(line, WIDTH - 2) or [""] for line in text.strip().splitlines())
    return "\n".join(part for parts in lines for part in parts)


def folded(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """Fold a line between words only: names and paths stay whole."""
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
