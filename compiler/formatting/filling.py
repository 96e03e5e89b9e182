"""Words, put on lines."""

from collections.abc import Iterable


def filled(words: Iterable[str], width: int) -> list[str]:
    """Return lines of as many words as fit into ``width`` characters, and at least one.

    >>> filled(["one", "two", "three"], 8)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
