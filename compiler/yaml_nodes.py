"""What YAML consists of, with positions: scalars, sequences and mappings.

Nothing has a type but text: whether ``yes`` is a boolean is decided by whoever
asks for one. ``at`` is the character of the file (from 0) where a node begins;
a missing value begins where the next thing stands, as in Falco's reports.
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``plain`` ones are written without quotes, tag or block style."""

    value: str
    at: int
    end: int
    plain: bool = True

    @property
    def is_null(self) -> bool:
        """Whether this stands for no value at all."""
        return self.plain and self.value in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values as written, and ``get`` for looking one up."""

    pairs: tuple[tuple["Node", "Node"], ...]
    at: int
    _values: dict[str, "Node"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values: dict[str, Node] = {}
        for key, value in self.pairs:
            if isinstance(key, Scalar):
                values.setdefault(key.value, value)  # the first of equal keys counts
        object.__setattr__(self, "_values", values)

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or nothing when the key is not there."""
        return self._values.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def keys(self) -> tuple[str, ...]:
        """The different keys, in the order of writing."""
        return tuple(self._values)


Node: TypeAlias = Scalar | Sequence | Mapping


def is_null(node: Node) -> bool:
    """Return whether a node stands for no value at all."""
    return isinstance(node, Scalar) and node.is_null


_BOOLEANS = {
    spelling: value
    for word, value in {
        "true": True,
        "yes": True,
        "on": True,
        "y": True,
        "false": False,
        "no": False,
        "off": False,
        "n": False,
    }.items()
    for spelling in (word, word.upper(), word.capitalize())
}

_UNSIGNED = re.compile(r"\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")


def boolean(text: str) -> bool | None:
    """Return the truth value that ``text`` names, or nothing.

    >>> boolean("yes"), boolean("OFF"), boolean("1")
    (True, False, None)
    """
    return _BOOLEANS.get(text)


def unsigned(text: str) -> int | None:
    """Return the number that ``text`` names (decimal, octal, hexadecimal), or nothing.

    >>> unsigned("31"), unsigned("0x10"), unsigned("010"), unsigned("1e3")
    (31, 16, 8, None)
    """
    match = _UNSIGNED.fullmatch(text.strip(" \t\r\n"))
    if match is None or len(match[1]) > 30:  # Python does not even read very long numbers
        return None
    digits = match[1]
    octal = digits.startswith("0") and digits[1:].isdigit()
    number = int(digits, 8 if octal else 0)
    return number if number < 2**32 else None
