"""Read the outputs of rules: literal text with the values of fields in it.

How one value is written, ``grammar/output.lark`` says. Where it ends, the
fields that exist decide: ``%proc.namefoo`` is the value of ``proc.name``
followed by "foo", unless there is a longer name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, TypeAlias

from lark import Lark, UnexpectedInput
from lark.utils import TextSlice

from rulec import grammar
from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import FieldRef, Reference
from rulec.parse import MAX_DEPTH, Builder, Progress
from rulec.text import NOWHERE, Span, Text

# So much is looked at for one value, and so much of a name is tried. Without a
# bound, a hostile output could make the reader look at its end again and again.
_LONGEST_SLOT: Final = 4096
_LONGEST_NAME: Final = 128

# Padding is made for every alert. One more digit is enough to see that a width is larger.
_WIDEST: Final = 9_999
_DIGITS: Final = 5


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value, which is cut or filled up to ``width`` bytes if there is one."""

    value: Reference
    width: int | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Template:
    """Literal text and slots, in order.

    ``star`` tells whether a star came first, which asks for ``<NA>`` in place
    of missing values. In alerts, this makes no difference.
    """

    parts: tuple[str | Slot, ...]
    star: bool = False

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots among the parts."""
        return tuple(part for part in self.parts if isinstance(part, Slot))


Resolves: TypeAlias = Callable[[Reference], bool]


def read_template(text: Text, resolves: Resolves, names: Iterable[str] = ()) -> Template:
    """Return the parts of an output.

    ``resolves`` tells whether there is such a field, or whether such a call
    is valid. The names of fields are only used to suggest one.

    :raises ProblemError: if something behind a "%" is neither.

    >>> read_template(Text.of("by %5a.b.c."), lambda value: value == FieldRef("a.b"))
    Template(parts=('by ', Slot(value=FieldRef(name='a.b', argument=None), width=5), '.c.'), \
star=False)
    """
    source = str(text)
    if not source:
        raise ProblemError(Problem("format_empty", "the output is empty", text.span(0)))
    star = source.startswith("*")
    parts: list[str | Slot] = []
    at, sign = int(star), source.find("%")
    while sign >= 0:
        for slot in _slots(text, source, sign):
            if resolves(slot.value):
                break
        else:
            raise ProblemError(_problem(text, source, sign, names))
        if (slot.width or 0) > _WIDEST:
            message = f"a width larger than {_WIDEST}"
            raise ProblemError(Problem("format_width", message, slot.span))
        parts += [source[at:sign], slot]
        at = slot.span.end
        sign = source.find("%", at)
    parts.append(source[at:])
    return Template(tuple(part for part in parts if part), star)


def _slots(text: Text, source: str, start: int) -> Iterator[Slot]:
    """Find everything that could be meant by the "%" at ``start``, the longest first."""
    slot, bracket = _longest(text, source, start, min(len(source), start + _LONGEST_SLOT))
    if slot is not None:
        yield slot
    if bracket is not None:
        slot, _ = _longest(text, source, start, bracket)
        if slot is not None:
            yield slot
    if slot is not None and isinstance(slot.value, FieldRef):
        name, begin = slot.value.name, slot.value.span.start
        for length in range(min(len(name), _LONGEST_NAME) - 1, name.index(".") + 1, -1):
            if name[length - 1] != ".":
                shorter = FieldRef(name[:length], span=text.span(begin, begin + length))
                yield Slot(shorter, slot.width, text.span(start, begin + length))


def _longest(text: Text, source: str, start: int, end: int) -> tuple[Slot | None, int | None]:
    """Read one slot, and find where the bracket of its argument or selector is."""
    parser = _lark().parse_interactive(TextSlice(source, start, end))
    progress = Progress(text, MAX_DEPTH)
    bracket: int | None = None
    try:
        for token in parser.iter_parse():
            if token.type == "_ARGUMENT_OPEN" and not progress.openers:
                bracket = token.start_pos
            progress.see(token)
    except (UnexpectedInput, ProblemError):
        pass  # What comes now is no part of the slot, or there is no slot.
    try:
        tree = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput:
        return None, bracket
    return _SlotBuilder(text).transform(tree), bracket


@cache
def _lark() -> Lark:
    # Not from its text, so that it can import from the grammar next to it.
    return Lark.open_from_package(
        grammar.__name__, "output.lark", parser="lalr", start="slot", maybe_placeholders=False
    )


class _SlotBuilder(Builder):
    """Turns what the grammar found into a slot."""

    def slot(self, children: list[Any]) -> Slot:
        opening, value = children
        span = self._text.span(opening.start_pos, value.span.end)
        digits = opening[1:].lstrip("0")[:_DIGITS]
        return Slot(value, int(digits or 0) or None, span)


# --- what is wrong ------------------------------------------------------------------


def _problem(text: Text, source: str, sign: int, names: Iterable[str]) -> Problem:
    """Say why there is no slot behind the "%" at ``sign``."""
    written = _written(source, sign)
    place = text.span(sign, sign + len(written))
    if written == "%" and sign + 1 == len(source):
        message = "a '%' at the end of the output"
        return Problem("format_trailing_percent", message, place, _NO_LITERAL)
    name = written[1:].lstrip("0123456789")
    if not name and sign + len(written) == len(source):
        message = f"'{written}' at the end of the output"
        return Problem("format_trailing_number", message, place, _NO_LITERAL)
    if not name:
        message = "a '%' without the name of a field behind it"
        return Problem("format_unknown_field", message, place, _NO_LITERAL)
    return Problem("format_unknown_field", *_unknown(name, source, place, list(names)))


_NO_LITERAL: Final = "there is no way to write a literal '%'"


def _unknown(name: str, source: str, place: Span, names: list[str]) -> tuple[str, Span, str]:
    if source.startswith("(", place.end):
        return f"'{name}(...)' is no valid transformer call", place, ""
    if name in names:
        hint = "its argument is missing or wrong"
        return f"field '{name}' cannot be shown like this", place, hint
    near = get_close_matches(name, names, n=1)
    return f"unknown field '{name}'", place, f"did you mean '{near[0]}'?" if near else ""


def _written(source: str, sign: int) -> str:
    """Return the sign, the width and the name, as far as they are there."""
    end = sign + 1
    limit = min(len(source), sign + _LONGEST_NAME)
    while end < limit and source[end].isascii() and (source[end].isalnum() or source[end] in "._"):
        end += 1
    return source[sign:end].rstrip(".") if end > sign + 1 else "%"
