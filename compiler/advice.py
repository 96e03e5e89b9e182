"""Constants that are allowed, but probably not what was meant."""

import re
from collections.abc import Callable
from typing import Final

from rulec.diagnostics import Problem
from rulec.nodes import Literal
from rulec.transformers import TRANSFORMERS

_CALLABLE: Final = frozenset({*TRANSFORMERS, "val"})
# A pattern with wildcards only at its ends, if at all.
_SIMPLE: Final = re.compile(r"\^?(\.[+*?])?[^.+*?^$()\[\]{}|\\]*(\.[+*?])?\$?")


def advice(literal: Literal, operator: str, is_field: Callable[[str], bool]) -> list[Problem]:
    """Return what a person should look at again in a constant.

    ``operator`` is without modifier; ``is_field`` tells whether a text names a
    field of the source, with its argument.

    >>> is_field = {"proc.name"}.__contains__
    >>> [found.kind for found in advice(Literal("tolower(proc.name)"), "=", is_field)]
    ['transformer_misused_as_string']
    >>> [found.hint for found in advice(Literal("proc.name"), "=", is_field)]
    ['to compare with the field, write val(proc.name)']
    """
    found = []
    text, span = literal.text, literal.span
    compact = re.sub(r"[ \t\n\v\f\r]", "", text)
    call = re.fullmatch(r"(\w+)\(.*\)", compact, re.ASCII | re.DOTALL)
    if is_field(compact):
        message = f"{text!r} is the name of a field, but it is compared as text"
        hint = f"to compare with the field, write val({compact})"
        found.append(Problem("field_misused_as_string", message, span, hint))
    if call and call[1] in _CALLABLE:
        message = f"{text!r} looks like a transformer, but it is compared as text"
        hint = "leave out the quotes to compare with the result"
        found.append(Problem("transformer_misused_as_string", message, span, hint))
    if operator == "regex" and _SIMPLE.fullmatch(text):
        message = f"{text!r} needs no regular expression"
        hint = "=, startswith, endswith, contains and glob are faster"
        found.append(Problem("regex_could_be_simpler", message, span, hint))
    return found
