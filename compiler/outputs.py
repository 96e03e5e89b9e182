"""Look the values in an output up, and name the fields that alerts report."""

from collections.abc import Iterable, Iterator
from typing import Final

from rulec.canonical import escape_value
from rulec.diagnostics import Problem, ProblemError
from rulec.extras import ExtraField
from rulec.nodes import Loaded, Reference, Sequence, Transformed, Value
from rulec.plan import Output, Parts, Slot
from rulec.references import References
from rulec.runtime.fields import Catalogue
from rulec.templates import read_template
from rulec.text import Text

# What older rules show of a container; Falco has taken it out of outputs.
CONTAINER_INFO: Final = "%container.info"


def without_container_info(text: Text) -> Text:
    """Return an output without the name that stood for several fields once."""
    while (at := str(text).find(CONTAINER_INFO)) >= 0:
        text = text[:at] + text[at + len(CONTAINER_INFO) :]
    return text


def read_output(
    text: Text,
    fields: Catalogue,
    extra_fields: Iterable[ExtraField] = (),
    warnings: list[Problem] | None = None,
) -> Output:
    """Return the parts of an output and the fields to report.

    What is worth a warning is added to ``warnings``.

    :raises ProblemError: if something in it is no field.
    """
    parts = _parts(text, fields, warnings)
    found: dict[str, Value | Parts] = {}
    for part in parts:
        if isinstance(part, Slot):
            for loaded in fields_in(part.value):
                found.setdefault(field_text(loaded), loaded)
    for extra in extra_fields:
        if extra.form is not None:
            found[extra.key] = _parts(extra.form, fields)
        else:
            (slot,) = _parts(Text.standing_for(f"%{extra.key}", text.span(0)), fields)
            assert isinstance(slot, Slot)
            found[extra.key] = slot.value
    return Output(parts, tuple(found.items()))


def _parts(text: Text, fields: Catalogue, warnings: list[Problem] | None = None) -> Parts:
    references = References(fields, [] if warnings is None else warnings)

    def resolves(reference: Reference) -> bool:
        try:
            References(fields, []).value(reference)
        except ProblemError:
            return False
        return True

    return tuple(
        part if isinstance(part, str) else Slot(references.value(part.value), part.width)
        for part in read_template(text, resolves, fields).parts
    )


def field_text(loaded: Loaded) -> str:
    """Return the canonical text of a field, which is its key in the output fields."""
    if loaded.argument is None:
        return loaded.field.name
    argument = escape_value(loaded.argument) or '""'
    return f"{loaded.field.name}[{argument}]"


def fields_in(value: Value) -> Iterator[Loaded]:
    """Yield the fields in a value, also those that a transformer takes."""
    match value:
        case Loaded():
            yield value
        case Transformed():
            for argument in value.arguments:
                yield from fields_in(argument)
        case Sequence(parts):
            for part in parts:
                yield from fields_in(part)
        case _:
            pass
