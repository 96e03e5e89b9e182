"""Whether two conditions as they are written, with names of lists, mean the same.

What a list stands for is put into the text of a condition, and text may be appended to
it. So it is not enough that two texts are read alike: they must be, too, whatever
becomes of them. They may differ in blanks between words, and in parentheses that no
appended text could make meaningful.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rulec.diagnostics import ProblemError
from rulec.nodes import And, Condition, Or, rebuild
from rulec.parse import condition_tree, parse_condition
from rulec.text import Text

# Conditions with more than about 40 parentheses in each other are left as they are.
MAX_DEPTH: Final = 200

# A word before an appended text, which begins with "and" or "or", makes it a condition.
HEAD: Final = "before "
_BEHIND: Final = ("", " and behind", " or behind")

# What a list may be called ends at these characters, or at least a sane name does.
_WORD_ENDS: Final = re.compile(r"[ \t\r\n(),=<>!]+")


def same_meaning(old: str, new: str) -> bool:
    """Return whether two conditions, or parts that are appended, mean the same.

    They do if they are equal, or differ in parentheses that no appended text could make
    meaningful, and in blanks between words.

    >>> same_meaning("a and (b and c)", "a  and b and c"), same_meaning("(a or b)", "a or b")
    (True, False)
    """
    if old == new or _squeezed(old) == _squeezed(new):
        return True
    return same_with_head(old, new, "") or same_with_head(old, new, HEAD)


def same_nonsense(old: str, new: str) -> bool:
    """Return whether two texts that are no conditions have the same words."""
    return _words(old) == _words(new) and not is_condition(old) and not is_condition(new)


def same_with_head(old: str, new: str, head: str) -> bool:
    """Return whether two conditions mean the same behind ``head``."""
    if _squeezed(old) == _squeezed(new):
        return True
    # Lists are replaced word by word, so words must neither come together nor apart.
    if _words(old) != _words(new):
        return False
    return all(_same_with(head + old, head + new, behind) for behind in _BEHIND)


def _same_with(old: str, new: str, behind: str) -> bool:
    try:
        known = _parsed(old + behind)
    except ProblemError:
        return bool(behind)  # nothing can be appended, so nobody does
    try:
        return _flattened(known) == _flattened(_parsed(new + behind))
    except ProblemError:
        return False


# Quoted strings as the grammar has them, and what follows a quote that nothing ends.
_QUOTED: Final = (
    r"""("[^"]*+(?:(?<=\\)"[^"]*+)*+(?<!\\)"|'[^']*+(?:(?<=\\)'[^']*+)*+(?<!\\)'|["'][\s\S]*)"""
)
_BLANKS: Final = re.compile(
    rf"{_QUOTED}|(?<=[(,])[ \t\r\n]+|[ \t\r\n]+(?=[),])|([ \t\r\n])[ \t\r\n]*"
)


def _squeezed(text: str) -> str:
    """Return a text without blanks that make no difference; those in quotes do.

    >>> _squeezed("a.b in ( 'x  y',z ) and\\n  c")
    "a.b in ('x  y',z) and c"
    """
    return _BLANKS.sub(_blank, text.strip(" \t\r\n"))


def _blank(match: re.Match[str]) -> str:
    return match[1] or (" " if match[2] else "")


def _words(text: str) -> list[str]:
    return [word for word in _WORD_ENDS.split(text) if word]


def is_condition(text: str) -> bool:
    """Return whether a text can be read as a condition."""
    try:
        condition_tree(Text.of(text))
    except ProblemError:
        return False
    return True


def _parsed(text: str) -> Condition:
    return parse_condition(Text.of(text), MAX_DEPTH)


def _flattened(node: Condition) -> Condition:
    """Return a condition without chains in chains of the same kind."""
    node = rebuild(node, _flattened)
    match node:
        case And() | Or():
            return replace(node, operands=tuple(_operands(node)))
        case _:
            return node


def _operands(chain: And | Or) -> Iterator[Condition]:
    for operand in chain.operands:
        if isinstance(operand, And | Or) and type(operand) is type(chain):
            yield from operand.operands
        else:
            yield operand
