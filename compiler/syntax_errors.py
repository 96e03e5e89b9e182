"""What to say about a condition that cannot be read.

The kind of a mistake follows from what could have come next: one table says
how. The hint comes from what was written instead, and from the habits that
people bring along from other languages.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from lark import Lark, Token

from rulec.diagnostics import Problem
from rulec.text import Text


@dataclass(frozen=True)
class Obstacle:
    """Where the parser stood when it could not go on."""

    text: Text
    position: int  # blanks have been skipped
    previous: Token | None
    opener: Token | None  # the innermost parenthesis that is still open
    accepted: frozenset[str]  # the terminals that could have come next
    grammar: Lark

    @cached_property
    def rest(self) -> str:
        """What could not be read."""
        return str(self.text)[self.position :]

    @cached_property
    def word(self) -> str:
        """The beginning of the rest, as far as it belongs together."""
        found = _WORD.match(self.rest)
        return found[0] if found else ""

    @property
    def after(self) -> str:
        """The kind of the token before."""
        return self.previous.type if self.previous else ""

    @property
    def touching(self) -> bool:
        """Whether no blank stands before the rest."""
        return self.previous is not None and self.previous.end_pos == self.position

    def words(self, *terminals: str) -> list[str]:
        """The words that are spelled out in some terminals of the grammar."""
        patterns = [self.grammar.get_terminal(name).pattern.to_regexp() for name in terminals]
        return _SPELLED_OUT.findall(" ".join(patterns))

    @property
    def operators(self) -> list[str]:
        """The operators that are words."""
        return self.words("STRING_OPERATOR", "LIST_OPERATOR", "EXISTS")

    def nearest(self, word: str, words: list[str]) -> str:
        """The question whether one of the words was meant, if one is near."""
        near = get_close_matches(word.lower(), words, n=1)
        return f"did you mean '{near[0]}'?" if near else ""


_WORD: Final = re.compile(r"[a-zA-Z0-9_.]+|&&|\|\||[=<>!~]+|.", re.DOTALL)
_QUOTES: Final = ("'", '"')
_SPELLED_OUT: Final = re.compile(r"(?<![\\\w])[a-z][a-z0-9]+")


def explain(obstacle: Obstacle) -> Problem:
    """Return what is wrong."""
    for joint in ("and", "or"):
        if f"{joint.upper()}_OPEN" in obstacle.accepted and obstacle.rest.startswith(joint):
            at = obstacle.position + len(joint)
            message = f"a blank or a parenthesis must follow '{joint}'"
            hint = "" if obstacle.rest[len(joint) :] else "another check must follow"
            return Problem(
                f"missing_blank_after_{joint}", message, obstacle.text.span(at, at), hint
            )
    kind, expected = _expectation(obstacle)
    at = obstacle.position
    if kind in _TOUCHING and obstacle.previous is not None:
        at = obstacle.previous.end_pos or 0
    span = obstacle.text.span(at, max(at, obstacle.position + len(obstacle.word)))
    message = f"expected {expected}, found {_found(obstacle)}"
    return Problem(kind, message, span, _HINTS[kind](obstacle))


# --- kinds -----------------------------------------------------------------------

# What could have come next, the kind of mistake it is when that does not come,
# and how to call it. The first entry with an accepted terminal counts.
_EXPECTATIONS: Final = (
    ("BARE_ARGUMENT", "bad_field_argument", "an argument"),
    ("BARE_END", "missing_close_bracket", "']'"),
    ("QUOTED_END", "missing_close_bracket", "']'"),
    ("EXISTS", "missing_operator", "an operator"),
    ("GROUP_OPEN", "missing_check", "a check or the name of a macro"),
    ("MODIFIER", "missing_string_operand", "a value"),
    ("LIST_OPEN", "missing_list_operand", "a list in parentheses or its name"),
    ("SEQUENCE_OPEN", "bad_transformer_argument", "a field, a quoted string or a number"),
    ("VAL_OPEN", "missing_number_operand", "a number"),
    ("NUMBER", "bad_transformer_list_argument", "a field, a quoted string or a number"),
    ("FIELD", "val_needs_field", "a field"),
    ("CLOSE", "missing_close_paren", "')'"),
    ("BARE", "missing_string_operand", "a value"),
    ("$END", "trailing_input", "'and', 'or' or the end"),
)

# No blank may stand at these places, so they are looked at right behind the token before.
_TOUCHING: Final = ("bad_field_argument", "missing_close_bracket")


def _expectation(obstacle: Obstacle) -> tuple[str, str]:
    for terminal, kind, expected in _EXPECTATIONS:
        if terminal in obstacle.accepted:
            if kind == "missing_close_paren" and obstacle.opener is not None:
                if obstacle.opener.type in ("CALL_OPEN", "VAL_OPEN"):
                    kind = "missing_close_paren_transformer"
                if "_COMMA" in obstacle.accepted:
                    expected = "',' or ')'"
            return kind, expected
    raise AssertionError(f"nothing could follow, not even the end: {obstacle.accepted}")


def _found(obstacle: Obstacle) -> str:
    word = obstacle.word
    if not word:
        return "the end of the condition"
    if not word.isprintable():
        return f"the character U+{ord(word):04X}"
    return f'"{word}"' if "'" in word else f"'{word}'"


# --- hints -----------------------------------------------------------------------

_OTHER_SPELLINGS: Final = {
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "write 'or'",
    "!": "write 'not'",
    "#": "a condition has no comments",
    ";": "a condition ends with its last check",
    "[": "no blank may stand before '['",
    "is": "write '='",
    "equals": "write '='",
    "eq": "write '='",
    "ne": "write '!='",
    "like": "write 'glob'",
    "matches": "write 'regex'",
    "~": "write 'regex'",
}


def _spelling_hint(obstacle: Obstacle) -> str:
    word = obstacle.word
    if word.isspace():
        return "this is no blank: write a space"
    if word != word.lower() and word.lower() in ("and", "or", "not"):
        return f"keywords are lower case: write '{word.lower()}'"
    return _OTHER_SPELLINGS.get(word, "")


def _check_hint(obstacle: Obstacle) -> str:
    if obstacle.word[:1] in ("'", '"', "_") or obstacle.word[:1].isdigit():
        return "a check begins with a field, whose name begins with a letter"
    return _spelling_hint(obstacle)


def _operator_hint(obstacle: Obstacle) -> str:
    word = obstacle.word
    if word == "not":
        return "write 'not' before the field"
    if word in obstacle.words("MODIFIER"):
        return f"write an operator before it: '= {word} (...)'"
    if word in obstacle.words("STRING_OPERATOR"):
        return f"a blank and a value must follow '{word}'"
    if word.lower() in obstacle.operators:
        return f"operators are lower case: write '{word.lower()}'"
    for operator in obstacle.words("STRING_OPERATOR"):
        if word.startswith(operator):
            return f"put a blank after '{operator}'"
    return (
        _spelling_hint(obstacle)
        or obstacle.nearest(word, obstacle.operators)
        or "write 'exists', or an operator and a value"
    )


def _value_hint(obstacle: Obstacle) -> str:
    first = obstacle.rest[:1]
    if first in _QUOTES:
        return "the string is never closed (a quote behind a backslash does not close it)"
    if obstacle.after == "_COMMA" and first in (",", ")"):
        return "there is a comma too many"
    if first == "(":
        return "write 'in' to compare with a list, or put a modifier before it: '= anyof (...)'"
    if first == "=" and obstacle.touching:
        return f"write '{obstacle.previous}'"
    if first in ("=", ","):
        return f"put the value in quotes if '{first}' is part of it"
    return _spelling_hint(obstacle)


def _number_hint(obstacle: Obstacle) -> str:
    if obstacle.rest[:1] in _QUOTES:
        return "write the number without quotes"
    if "." in obstacle.word:
        return f"to compare with a field, write 'val({obstacle.word})'"
    return f"'{obstacle.previous}' compares with one number" if obstacle.rest else ""


def _list_hint(obstacle: Obstacle) -> str:
    if obstacle.rest[:1] in _QUOTES:
        return f"a quoted string cannot follow '{obstacle.previous}'; put it in parentheses"
    return "put the values in parentheses" if obstacle.rest else ""


def _close_hint(obstacle: Obstacle) -> str:
    opener, first = obstacle.opener, obstacle.rest[:1]
    if opener is None or first == "[":
        return _spelling_hint(obstacle)
    if not first or opener.type in ("CALL_OPEN", "VAL_OPEN", "SEQUENCE_OPEN"):
        line, column = obstacle.text.span(opener.start_pos or 0, opener.end_pos).position
        return f"'{opener}' in line {line}, column {column} is not closed"
    if opener.type != "LIST_OPEN":
        return _trailing_hint(obstacle)
    if first in _QUOTES:
        return "put a comma between values, and a backslash before a quote inside a string"
    if first in ("=", "(", ","):
        return f"put the value in quotes if '{first}' is part of it"
    return "put a comma between values, or quotes around a value with blanks"


def _trailing_hint(obstacle: Obstacle) -> str:
    first, after = obstacle.rest[:1], obstacle.after
    if spelling := _spelling_hint(obstacle) or _misread_hint(obstacle):
        return spelling
    if first == "(":
        return _call_hint(obstacle)
    if first == ")":
        return "no parenthesis is open here"
    if first in ("=", ",") and after == "BARE":
        return f"put the value in quotes if '{first}' is part of it"
    if first in _QUOTES and after == "QUOTED":
        return "put a backslash before a quote inside a string"
    if obstacle.word == "and":
        return "after 'or(...)' only 'or' can follow: put a blank before the parenthesis"
    if obstacle.word == "not":
        return "write 'and not' or 'or not'"
    if after == "BARE" and not obstacle.touching:
        return "write 'and' or 'or' before it, or put a value with blanks in quotes"
    return "write 'and' or 'or' before it"


def _misread_hint(obstacle: Obstacle) -> str:
    """Explain what the token before has been taken for, where that is a surprise."""
    previous, first = obstacle.previous, obstacle.rest[:1]
    if previous is None:
        return ""
    start = previous.start_pos or 0
    before = str(obstacle.text)[:start]
    if previous.type == "NAME" and before[-1:].isalpha():
        # "a.b includes c" has been read as "a.b in cludes".
        written = before.split()[-1] + previous
        return obstacle.nearest(written, obstacle.operators) or f"'{written}' is no operator"
    if previous.type == "NAME" and first == ".":
        return "each part of the name of a field begins with a letter"
    if previous.type == "NAME" and first in ("=", "<", ">", "!"):
        return f"'{previous}' is a macro: the name of a field has a dot"
    if previous.type == "NUMBER" and obstacle.touching:
        return f"the number was read as '{previous}'; an exponent needs its sign"
    return ""


def _call_hint(obstacle: Obstacle) -> str:
    name, known = str(obstacle.previous or ""), obstacle.words("CALL_OPEN")
    if name.lower() in obstacle.words("MODIFIER"):
        if obstacle.after == "NAME":
            return f"'{name}' can follow '=', '!=' and the operators that compare with one text"
        return f"write '{name.lower()}' in lower case between blanks"
    if name in known and not obstacle.touching:
        return f"no blank may stand between '{name}' and its parenthesis"
    if name == "val":
        return "'val(...)' can only stand on the right of an operator"
    return obstacle.nearest(name, known) or "the transformers are " + ", ".join(sorted(known))


def _argument_hint(obstacle: Obstacle) -> str:
    if obstacle.rest.startswith("val("):
        return "write the field alone: 'val(...)' can only stand on the right of an operator"
    return "the name of a field has a dot" if obstacle.word.isidentifier() else ""


_HINTS: Final[dict[str, Callable[[Obstacle], str]]] = {
    "missing_operator": _operator_hint,
    "missing_check": _check_hint,
    "missing_string_operand": _value_hint,
    "missing_number_operand": _number_hint,
    "missing_list_operand": _list_hint,
    "missing_close_paren": _close_hint,
    "missing_close_paren_transformer": _close_hint,
    "bad_transformer_argument": _argument_hint,
    "bad_transformer_list_argument": _argument_hint,
    "bad_field_argument": lambda _: "no blank, bracket or quote may stand in a bare argument",
    "missing_close_bracket": lambda _: "put an argument with blanks or brackets in quotes",
    "val_needs_field": lambda _: "'val(...)' takes one field; a transformer can stand without it",
    "trailing_input": _trailing_hint,
}
