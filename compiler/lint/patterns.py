"""Regular expressions that say what a simpler operator says."""

import re
from dataclasses import replace
from typing import Final

from rulec.nodes import Constant, Quantifier, Test

# Characters that stand for themselves; others do behind a backslash.
_PLAIN: Final = re.compile(r"[^.+*?^$()\[\]{}|\\]")
_ESCAPED: Final = frozenset(".+*?^$()[]{}|\\/-_ ")
_ANYTHING: Final = ".*"


def simplest(pattern: str) -> tuple[str, tuple[str, ...]] | None:
    r"""Return the operator and the constants that say what a pattern says; None if none does.

    A pattern is about the whole of a text, so anchors change nothing. Its dot is no line
    break: ``/etc/.*`` does not match a path with a line break in it, and startswith does.

    >>> simplest("/etc/.*"), simplest(r"^a\.b$"), simplest("(get|list)")
    (('startswith', ('/etc/',)), ('=', ('a.b',)), ('in', ('get', 'list')))
    >>> simplest(".*[0-9]"), simplest(".*")
    (None, ('exists', ()))
    """
    if not pattern.isascii():
        return None
    body = pattern.removeprefix("^")
    if body.endswith("$") and not body.endswith(r"\$"):
        body = body[:-1]
    if (alternatives := _alternatives(body)) is not None:
        return "in", alternatives
    begins, ends = body.startswith(_ANYTHING), body.endswith(_ANYTHING) and body != _ANYTHING
    if body.endswith("\\" + _ANYTHING) and not body.endswith("\\\\" + _ANYTHING):
        return None
    middle = body[2 if begins else 0 : -2 if ends else None]
    text = _literal(middle)
    if text is None:
        return None
    if not text and (begins or ends):
        return "exists", ()
    operator = {
        (False, False): "=",
        (False, True): "startswith",
        (True, False): "endswith",
        (True, True): "contains",
    }[begins, ends]
    return operator, (text,)


def is_exact(pattern: str) -> bool:
    """Return whether a simpler operator is true of the very same texts, also with line breaks."""
    return _ANYTHING not in pattern


def simpler(test: Test) -> Test | None:
    """Return a test that says what the regular expression of another one says."""
    if test.operator != "regex" or not isinstance(test.operand, Constant):
        return None
    found = simplest(str(test.operand.value))
    if found is None:
        return None
    operator, constants = found
    if operator == "exists":
        plain = test.quantifier is Quantifier.NONE
        return replace(test, operator=operator, operand=None) if plain else None
    value = constants if operator == "in" else constants[0]
    return replace(test, operator=operator, operand=replace(test.operand, value=value))


def _alternatives(body: str) -> tuple[str, ...] | None:
    """Return the texts of ``(a|b)``, or of ``a|b``."""
    if "|" not in body:
        return None
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    texts = [_literal(part) for part in re.split(r"(?<!\\)\|", body)]
    if None in texts:
        return None
    return tuple(dict.fromkeys(text for text in texts if text is not None))


def _literal(pattern: str) -> str | None:
    """Return the only text that a pattern matches, if it is written without anything special."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            following = pattern[at + 1 : at + 2]
            if following not in _ESCAPED or not following:
                return None
            found.append(following)
            at += 2
        elif _PLAIN.match(character):
            found.append(character)
            at += 1
        else:
            return None
    return "".join(found)
