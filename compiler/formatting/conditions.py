"""Conditions, laid out for reading.

A condition is laid out as it is written, with lists and macros as names: what they
stand for is not known here. So only blanks and parentheses change, and only if the
words stay the same, and the meaning, too, whatever is appended to the condition.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Final, TypeAlias, assert_never

from lark import Token, Transformer_NonRecursive

from rulec.diagnostics import ProblemError
from rulec.formatting.filling import filled
from rulec.formatting.sameness import HEAD, MAX_DEPTH, is_condition, same_with_head
from rulec.parse import condition_tree
from rulec.text import Text

INDENT: Final = 2

# An appended text begins like this; what it is appended to stands before it.
_FRAGMENT: Final = re.compile(r"\s*(?:and|or)[ \t\r\n(]")


# --- what a condition consists of ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comparison or the name of a macro; ``items`` are those of a list at its end."""

    text: str
    items: tuple[str, ...] | None = None

    @property
    def flat(self) -> str:
        return self.text if self.items is None else f"{self.text} ({', '.join(self.items)})"


@dataclass(frozen=True, slots=True)
class Negation:
    """``not`` as often as it is written."""

    times: int
    operand: "Part"


@dataclass(frozen=True, slots=True)
class Group:
    """A part in parentheses."""

    inner: "Part"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands with the same word between them."""

    word: str
    operands: "tuple[Part, ...]"


Part: TypeAlias = Leaf | Negation | Group | Chain


class _Parts(Transformer_NonRecursive[Token, Any]):
    """Turns what the grammar found into parts; each method is named after a rule."""

    def __init__(self) -> None:
        super().__init__(visit_tokens=False)

    def condition(self, children: list[Part]) -> Part:
        return children[0]

    def disjunction(self, children: list[Part]) -> Part:
        return Chain("or", tuple(children))

    def conjunction(self, children: list[Part]) -> Part:
        return Chain("and", tuple(children))

    def negation(self, children: list[Any]) -> Part:
        """``not(`` is two in one: the parenthesis belongs to its operand."""
        times = sum(_is(child, "NOT", "NOT_OPEN") for child in children)
        (operand,) = (child for child in children if not isinstance(child, Token))
        grouped = any(_is(child, "NOT_OPEN") for child in children)
        return Negation(times, Group(operand) if grouped else operand)

    def group(self, children: list[Any]) -> Part:
        return Group(children[1])

    def macro(self, children: list[Token]) -> Part:
        return Leaf(str(children[0]))

    def exists(self, children: list[Any]) -> Part:
        return Leaf(" ".join(children))

    def comparison(self, children: list[Any]) -> Part:
        *left, right = children
        if isinstance(right, tuple):
            return Leaf(" ".join(left), right)
        return Leaf(" ".join((*left, right)))

    def val(self, children: list[Any]) -> str:
        return self.call(children)

    def items(self, children: list[Token]) -> tuple[str, ...]:
        return tuple(map(str, children[1:-1]))

    def field(self, children: list[Token]) -> str:
        name, *argument = children
        return f"{name}[{argument[0]}]" if argument else str(name)

    def call(self, children: list[Any]) -> str:
        closing = next(i for i, child in enumerate(children) if _is(child, "CLOSE"))
        selector = f"[{children[closing + 1]}]" if children[closing + 1 :] else ""
        return f"{children[0]}{', '.join(children[1:closing])}){selector}"

    def sequence(self, children: list[Any]) -> str:
        return f"({', '.join(children[1:-1])})"


def _is(child: object, *kinds: str) -> bool:
    return isinstance(child, Token) and child.type in kinds


# --- parentheses that mean nothing ----------------------------------------------------


def _simplified(part: Part, *, last: bool = True) -> Part:
    """Drop parentheses; ``last`` is whether appended text would stand behind the part."""
    match part:
        case Leaf():
            return part
        case Negation(_, operand):
            # Not around another negation: without them the two cancel each other out.
            return replace(part, operand=_bare(_simplified(operand, last=last), Leaf))
        case Group(inner):
            inner = _simplified(inner, last=False)
            return inner if isinstance(inner, Group) else Group(inner)
        case Chain(word, operands):
            final = len(operands) - 1
            simple = tuple(
                piece
                for number, operand in enumerate(operands)
                for piece in _spliced(word, operand, last=last and number == final)
            )
            return Chain(word, simple)
        case _:
            assert_never(part)


def _spliced(word: str, operand: Part, *, last: bool) -> tuple[Part, ...]:
    """Return what an operand of a chain contributes to it."""
    operand = _bare(_simplified(operand, last=last), Leaf | Negation)
    match operand:
        # Appended text belongs to the last operand: `a or (b or c)` and `and d`.
        case Group(Chain(inner, operands)) if inner == word and not (last and word == "or"):
            return operands
        case _:
            return (operand,)


def _bare(part: Part, kinds: type[Leaf] | UnionType) -> Part:
    """Drop the parentheses around a part of these kinds."""
    match part:
        case Group(inner) if isinstance(inner, kinds):
            return inner
        case _:
            return part


def _whole(part: Part) -> Part:
    """Drop the parentheses around everything, unless appended text needs them."""
    match _simplified(part):
        case Group(Chain("or")) as group:
            return group
        case Group(inner):
            return inner
        case simple:
            return simple


# --- lines ----------------------------------------------------------------------------


def _flat(part: Part) -> str:
    match part:
        case Leaf():
            return part.flat
        case Negation(times, operand):
            return "not " * times + _flat(operand)
        case Group(inner):
            return f"({_flat(inner)})"
        case Chain(word, operands):
            return f" {word} ".join(map(_flat, operands))
        case _:
            assert_never(part)


def _lines(part: Part, width: int, before: str = "") -> list[str]:
    """Return the lines of a part of which the first begins with ``before``.

    Lines behind the first are as if the part began where ``before`` does.
    """
    flat = before + _flat(part)
    return [flat] if len(flat) <= width else _broken(part, width, before)


def _broken(part: Part, width: int, before: str = "") -> list[str]:
    """Return the lines of a part that is broken, if it can be."""
    match part:
        case Leaf(text, items):
            flat = before + part.flat
            if len(flat) <= width or not items:
                return [flat]
            return _list_lines(before + text, items, width)
        case Negation(times, operand):
            return _lines(operand, width, before + "not " * times)
        case Group(inner):
            return [f"{before}(", *_indented(_broken(inner, width - INDENT)), ")"]
        case Chain(word, operands):
            return _chain_lines(word, operands, width, before)
        case _:
            assert_never(part)


def _chain_lines(word: str, operands: Sequence[Part], width: int, before: str) -> list[str]:
    """Put each operand on a line of its own; what a chain within it adds is indented."""
    lines: list[str] = []
    for number, operand in enumerate(operands):
        start = f"{word} " if number else before
        if not isinstance(operand, Chain) or len(start + _flat(operand)) <= width:
            lines += _lines(operand, width, start)
            continue
        first, *rest = _broken(operand, width - INDENT, start)
        lines += [first, *_indented(rest)]
    return lines


def _list_lines(before: str, items: Sequence[str], width: int) -> list[str]:
    inside = filled([f"{item}," for item in items[:-1]] + [items[-1]], width - INDENT)
    return [f"{before} (", *_indented(inside), ")"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [" " * INDENT + line for line in lines]


# --- conditions -----------------------------------------------------------------------


def laid_out(text: str, flat_width: int, width: int, *, appended: bool = False) -> list[str] | None:
    """Return the lines of a condition, or nothing if it has to stay as it is.

    It is on one line if that has no more than ``flat_width`` characters; if not, no
    line has more than ``width``, unless a single word is longer. ``appended`` texts may
    be parts of a condition, which begin with ``and`` or ``or``.
    """
    fragment = _FRAGMENT.match(text) is not None and not is_condition(text)
    if appended and not fragment:
        return None  # where its operands belong depends on what stands before it
    before = HEAD if fragment else ""
    try:
        tree = condition_tree(Text.of(before + text), MAX_DEPTH)
    except ProblemError:
        return None
    part = _whole(_Parts().transform(tree))
    flat = _flat(part).removeprefix(before)
    if len(flat) <= flat_width:
        lines = [flat]
    elif fragment:
        lines = _fragment_lines(part, width)
    else:
        lines = _broken(part, width)
    # A backspace is a blank for Falco; what else cannot be printed is part of a word.
    printable = all(line.isprintable() for line in lines) and "\b" not in text
    return lines if printable and same_with_head(text, "\n".join(lines), before) else None


def _fragment_lines(part: Part, width: int) -> list[str]:
    """Return the lines of a text that is appended: those behind what it is appended to."""
    match part:
        case Chain(word, (Leaf() as head, *rest)):
            return _chain_lines(word, (head, *rest), width, "")[1:]
        case Chain(word, (Chain() as head, *rest)):
            behind = Chain(word, (Leaf(""), *rest))
            return [*_fragment_lines(head, width), *_fragment_lines(behind, width)]
        case _:
            raise AssertionError("a chain begins with what a text is appended to")
