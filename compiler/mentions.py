"""What conditions and outputs mention: fields and constants, as they were written."""

from collections.abc import Iterator
from typing import Final

from rulec.canonical import escape_value
from rulec.diagnostics import ProblemError
from rulec.nodes import (
    Call,
    Check,
    Condition,
    FieldRef,
    Group,
    Items,
    Literal,
    Operand,
    Reference,
    checks,
)
from rulec.references import References
from rulec.runtime.fields import Catalogue
from rulec.templates import read_template
from rulec.text import Text

_EMPTY: Final = '""'


def condition_fields(condition: Condition) -> Iterator[str]:
    """Yield the fields on both sides of the comparisons in a condition.

    >>> from rulec.parse import parse_condition
    >>> condition = parse_condition(Text.of("len(a.b[x]) > 1 and c.d = val(e.f)"))
    >>> list(condition_fields(condition))
    ['a.b[x]', 'c.d', 'e.f']
    """
    for check in checks(condition):
        yield from field_texts(check.left, check.right)


def output_fields(text: Text, declared: Catalogue) -> Iterator[str]:
    """Yield the fields in an output, each as often as it stands there.

    :raises ProblemError: if something in it is none of the fields ``declared``.
    """

    def resolves(reference: Reference) -> bool:
        try:
            References(declared, [], suggest=False).value(reference)
        except ProblemError:
            return False
        return True

    for slot in read_template(text, resolves).slots:
        yield from field_texts(slot.value)


def constants(check: Check) -> Iterator[str]:
    """Yield the texts that a comparison compares with."""
    match check.right:
        case Literal(text):
            yield text
        case Items(items):
            yield from (item.text for item in items)
        case _:
            pass


def field_texts(*operands: Operand | None) -> Iterator[str]:
    """Yield the fields among operands, also those that are transformed, as they were written."""
    pending: list[Operand | Group | None] = list(reversed(operands))
    while pending:
        match pending.pop():
            case FieldRef(name, None):
                yield name
            case FieldRef(name, str(argument)):
                yield f"{name}[{escape_value(argument) or _EMPTY}]"
            case Call(_, parts) | Group(parts):
                pending.extend(reversed(parts))
            case _:
                pass
