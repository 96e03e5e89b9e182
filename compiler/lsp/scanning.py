"""What each word of a condition is, also while the condition is being written.

The parser says what is wrong with a condition, and stops there. An editor has
to know what stands on either side of a mistake, and what could stand at the
cursor. So this goes through the text from left to right, takes every word for
what it can be at its place, and never gives up.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from rulec.operators import IN_RANGES, MODIFIERS, OPERATORS, SYNONYMS, Takes
from rulec.transformers import TRANSFORMERS


class Role(Enum):
    """What a word is."""

    FIELD = "field"
    OPERATOR = "operator"
    MODIFIER = "modifier"
    TRANSFORMER = "transformer"
    VALUE = "value"
    MACRO = "macro"
    CONNECTIVE = "connective"
    UNKNOWN = "unknown"


class Expects(Enum):
    """What may stand at a place."""

    OPERAND = "a field, a macro, a transformer, a parenthesis or 'not'"
    OPERATOR = "an operator"
    VALUE = "a value"
    LIST = "a parenthesis or the name of a list"
    ITEM = "a value in parentheses"
    ARGUMENT = "an argument of a transformer"
    CONNECTIVE = "'and' or 'or'"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a condition, from ``start`` to ``end``.

    ``field`` and ``operator`` are what a value is compared with, and how.
    ``expects`` is what could stand in its place. ``is_open`` tells that it is a
    quoted string without an end.
    """

    role: Role
    text: str
    start: int
    end: int
    expects: Expects
    field: str = ""
    operator: str = ""
    is_open: bool = False


SYMBOLS: Final = tuple(
    sorted({symbol for symbol in (*OPERATORS, *SYNONYMS) if not symbol.isalpha()} - {IN_RANGES})
)
WORD_OPERATORS: Final = tuple(symbol for symbol in OPERATORS if symbol.isalpha())

_BLANKS: Final = re.compile(r"[ \t\r\n\v\f\x08]+")
# As in the grammar: a quote behind a backslash ends nothing.
_QUOTED: Final = re.compile(r"""(["'])(?:(?!\1).|(?<=\\)\1)*(?:\1|\Z)""", re.DOTALL)
_BARE: Final = re.compile(r"""[^()"'=, \t\r\n\v\f\x08]+""")
_SYMBOL: Final = re.compile("|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True))))
_CALL: Final = re.compile(rf"(?:{'|'.join((*TRANSFORMERS, 'val'))})\(")
# With as much of an argument as there is.
_FIELD: Final = re.compile(
    r"""[a-zA-Z]\w*(?:\.\w*)+(?:\[(?:"[^"]*"?|'[^']*'?|[^\[\]"' \t\r\n]*)\]?)?"""
)
_NAME: Final = re.compile(r"[a-zA-Z_]\w*")
_NUMBER: Final = re.compile(r"[+-]?[0-9][\w.]*")

_CONNECTIVES: Final = ("and", "or")


def scan(text: str) -> Iterator[Word]:
    """Yield the words of a condition."""
    yield from _Scan(text).words()


def expected(text: str) -> Word:
    """Return what stands at the end of a text, or could: a word that may be empty.

    >>> expected("ka.verb in (get, li").text, expected("a.b = c ").expects.name
    ('li', 'CONNECTIVE')
    """
    scan = _Scan(text)
    last = next(iter(deque(scan.words(), maxlen=1)), None)
    if last is not None and last.end == len(text) and (last.is_open or not _is_closed(last)):
        return last
    end = len(text)
    return Word(Role.UNKNOWN, "", end, end, scan.expects, scan.field, scan.operator)


def _is_closed(word: Word) -> bool:
    """Return whether nothing that is typed behind a word becomes a part of it."""
    if word.role is Role.TRANSFORMER:
        return True
    return word.text[-1:] in "\"'])" or (word.role is Role.OPERATOR and word.text in SYMBOLS)


def _is_open(text: str) -> bool:
    """Return whether a word is a quoted string that does not end."""
    quote = text[0]
    return quote in "\"'" and (len(text) == 1 or text[-1] != quote or text[-2] == "\\")


class _Scan:
    """The state of a scan: what is expected next, and the parentheses that are open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.expects = Expects.OPERAND
        self.field = ""
        self.operator = ""
        # What is expected behind the closing parenthesis of each that is open.
        self.open: list[Expects] = []

    def words(self) -> Iterator[Word]:
        while True:
            if blanks := _BLANKS.match(self.text, self.at):
                self.at = blanks.end()
            if self.at >= len(self.text):
                return
            word = _READERS[self.expects](self)
            if word is not None:
                yield word

    def taken(self, role: Role, match: re.Match[str], then: Expects) -> Word:
        """Return what was matched as a word; say what is expected behind it."""
        word = Word(
            role,
            match[0],
            match.start(),
            match.end(),
            self.expects,
            self.field,
            self.operator,
            _is_open(match[0]),
        )
        self.at = match.end()
        self.expects = then
        return word

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.text, self.at)

    def enter(self, inside: Expects, behind: Expects) -> None:
        """Go into a parenthesis."""
        self.open.append(behind)
        self.at += 1
        self.expects = inside

    def other(self) -> Word | None:
        """Take what has the same meaning everywhere, or skip what has none here."""
        character = self.text[self.at]
        if character == ")":
            self.expects = self.open.pop() if self.open else Expects.CONNECTIVE
            self.at += 1
            return None
        if match := self.match(_QUOTED) or self.match(_BARE):
            return self.taken(Role.UNKNOWN, match, self.expects)
        self.at += 1
        return None

    def call(self, behind: Expects) -> Word | None:
        """Take a transformer and its parenthesis, if there is one."""
        match = self.match(_CALL)
        if match is None:
            return None
        name = re.compile(re.escape(match[0][:-1])).match(self.text, self.at)
        assert name is not None
        word = self.taken(Role.TRANSFORMER, name, Expects.ARGUMENT)
        self.enter(Expects.ARGUMENT, behind)
        return word

    def reference(self, behind: Expects) -> Word | None:
        """Take a field or a transformer, if there is one."""
        if word := self.call(behind):
            return word
        if match := self.match(_FIELD):
            return self.taken(Role.FIELD, match, behind)
        return None

    def operand(self) -> Word | None:
        if self.text[self.at] == "(":
            self.enter(Expects.OPERAND, Expects.CONNECTIVE)
            return None
        self.field = self.operator = ""
        if word := self.reference(Expects.OPERATOR):
            self.field = word.text if word.role is Role.FIELD else ""
            return word
        if match := self.match(_NAME):
            if match[0] in ("not", *_CONNECTIVES):
                return self.taken(Role.CONNECTIVE, match, Expects.OPERAND)
            return self.taken(Role.MACRO, match, Expects.CONNECTIVE)
        return self.other()

    def operator_(self) -> Word | None:
        match = self.match(_SYMBOL) or self.match(_NAME)
        if match is None:
            return self.other()
        if match[0] in _CONNECTIVES:
            return self.taken(Role.CONNECTIVE, match, Expects.OPERAND)
        known = OPERATORS.get(SYNONYMS.get(match[0], match[0]))
        if known is None:
            return self.taken(Role.UNKNOWN, match, Expects.VALUE)
        word = self.taken(Role.OPERATOR, match, _BEHIND[known.takes])
        self.operator = known.symbol
        return word

    def value(self) -> Word | None:
        if match := self.match(_NAME):
            operator = OPERATORS.get(self.operator)
            if match[0] in MODIFIERS and operator is not None and operator.modifiable:
                return self.taken(Role.MODIFIER, match, Expects.LIST)
        if word := self.call(Expects.CONNECTIVE):
            return word
        if match := self.match(_QUOTED) or self.match(_BARE):
            return self.taken(Role.VALUE, match, Expects.CONNECTIVE)
        if self.text[self.at] == "(":
            self.enter(Expects.ITEM, Expects.CONNECTIVE)
            return None
        return self.other()

    def list_(self) -> Word | None:
        if self.text[self.at] == "(":
            self.enter(Expects.ITEM, Expects.CONNECTIVE)
            return None
        return self.value()

    def item(self) -> Word | None:
        if match := self.match(_QUOTED) or self.match(_BARE):
            return self.taken(Role.VALUE, match, Expects.ITEM)
        return self.other()

    def argument(self) -> Word | None:
        if self.text[self.at] == "(":
            self.enter(Expects.ARGUMENT, Expects.ARGUMENT)
            return None
        if word := self.reference(Expects.ARGUMENT):
            return word
        if match := self.match(_QUOTED) or self.match(_NUMBER):
            return self.taken(Role.VALUE, match, Expects.ARGUMENT)
        return self.other()

    def connective(self) -> Word | None:
        match = self.match(_NAME)
        if match is not None and match[0] in _CONNECTIVES:
            return self.taken(Role.CONNECTIVE, match, Expects.OPERAND)
        if self.text[self.at] == ")":
            return self.other()
        if match is not None and match.end() == len(self.text):
            # The word that is being typed; of another one, the connective may be missing.
            return self.taken(Role.UNKNOWN, match, Expects.CONNECTIVE)
        return self.operand() if match or self.text[self.at] == "(" else self.other()


_BEHIND: Final = {
    Takes.NOTHING: Expects.CONNECTIVE,
    Takes.ONE: Expects.VALUE,
    Takes.MANY: Expects.LIST,
}

_READERS: Final = {
    Expects.OPERAND: _Scan.operand,
    Expects.OPERATOR: _Scan.operator_,
    Expects.VALUE: _Scan.value,
    Expects.LIST: _Scan.list_,
    Expects.ITEM: _Scan.item,
    Expects.ARGUMENT: _Scan.argument,
    Expects.CONNECTIVE: _Scan.connective,
}
