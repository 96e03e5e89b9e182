"""Write conditions the way Falco prints them.

The text is what ``falco -L`` shows as the compiled condition. It is meant for
people and for comparing: a value with a comma or a parenthesis, or an empty
one, is printed without quotes, so not every text can be read back.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    FieldRef,
    Group,
    Items,
    Literal,
    Macro,
    Not,
    Operand,
    Or,
)

_Written: TypeAlias = Condition | Operand | Group | str


def canonical(condition: Condition) -> str:
    """Return the text of a condition whose leaves are checks and macros.

    >>> from rulec.parse import parse_condition
    >>> from rulec.text import Text
    >>> canonical(parse_condition(Text.of("a and not(b.c in (x,'y z'))")))
    '(a and not b.c in (x, "y z"))'
    """
    # A stack instead of recursion: conditions may be nested more deeply than Python allows.
    pending: list[_Written] = [condition]
    written: list[str] = []
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            written.append(part)
        else:
            pending.extend(reversed(_unfold(part)))
    return "".join(written)


def _unfold(node: Condition | Operand | Group) -> list[_Written]:
    """Return the parts of a node in the order of writing, one level down."""
    match node:
        case Macro(name):
            return [name]
        case Not(operand):
            return ["not ", operand]
        case And(operands):
            return ["(", *_joined(operands, " and "), ")"]
        case Or(operands):
            return ["(", *_joined(operands, " or "), ")"]
        case Check(left, operator, right):
            return [left, f" {operator}", *_right(right)]
        case Literal(text):
            return [escape_value(text)]
        case Items(items):
            return ["(", *_joined(items, ", "), ")"]
        case Group(items):
            return ["(", *_joined(items, ","), ")"]
        case FieldRef(name, argument):
            return [name, _brackets(argument)]
        case Call(name, arguments, selector):
            return [f"{name}(", *_joined(arguments, ","), ")", _brackets(selector)]
        case _:
            raise TypeError(f"{type(node).__name__} was never written in a condition")


def _right(operand: Operand | None) -> list[_Written]:
    match operand:
        case None:
            return []
        case FieldRef():
            return [" val(", operand, ")"]
        case _:
            return [" ", operand]


def _joined(parts: Sequence[_Written], separator: str) -> list[_Written]:
    joined: list[_Written] = [separator] * (2 * len(parts) - 1)
    joined[::2] = parts
    return joined


def _brackets(argument: str | None) -> str:
    if argument is None:
        return ""
    return f"[{escape_value(argument)}]" if argument else '[""]'


_NEEDS_QUOTES: Final = frozenset("\b\f\n\r\t =\\\"'\0")
_ESCAPES: Final = str.maketrans(
    {"\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\", '"': r"\""}
)


def escape_value(value: str) -> str:
    r"""Return a value as it is printed: quoted and escaped where Falco does it.

    >>> print(escape_value("plain"), escape_value('a "b"'), escape_value("(x)"))
    plain "a \"b\"" (x)
    """
    if _NEEDS_QUOTES.isdisjoint(value):
        return value
    return f'"{value.translate(_ESCAPES)}"'
