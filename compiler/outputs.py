"""Look the values in an output up, and name the fields that alerts report."""

from collections.abc import Iterable, Iterator
from typing import Final

from rulec.diagnostics import Problem, ProblemError
from rulec.extras import ExtraField
from rulec.mentions import field_texts
from rulec.nodes import Loaded, Reference, Sequence, Transformed, Value
from rulec.plan import Output, Parts, Slot
from rulec.references import References
from rulec.runtime.fields import Catalogue
from rulec.templates import Slot as TemplateSlot
from rulec.templates import read_template
from rulec.text import Text

# Nobody reads an alert with more values in it.
MAX_SLOTS: Final = 1_000

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
    reader = _Reader(fields, [] if warnings is None else warnings)
    parts = reader.parts(text)
    found: dict[str, Value | Parts] = dict(reader.fields)
    for extra in extra_fields:
        reader = _Reader(fields, [])
        found[extra.key] = (
            reader.field(extra.key, text) if extra.form is None else reader.parts(extra.form)
        )
    return Output(parts, tuple(found.items()))


class _Reader:
    """Reads templates, and remembers the fields in them by their names as written."""

    def __init__(self, fields: Catalogue, warnings: list[Problem]) -> None:
        self.catalogue = fields
        self.references = References(fields, warnings)
        self.fields: dict[str, Loaded] = {}

    def parts(self, text: Text) -> Parts:
        template = read_template(text, self.resolves, self.catalogue)
        if sum(1 for _ in template.slots) > MAX_SLOTS:
            message = f"an output shows {MAX_SLOTS:,} values at most"
            raise ProblemError(Problem("format_too_long", message, text.span(0)))
        return tuple(p if isinstance(p, str) else self.slot(p) for p in template.parts)

    def resolves(self, reference: Reference) -> bool:
        try:
            References(self.catalogue, [], suggest=False).value(reference)
        except ProblemError:
            return False
        return True

    def slot(self, slot: TemplateSlot) -> Slot:
        value = self.references.value(slot.value)
        for loaded in _loaded(value):
            if not loaded.field.printable:
                text = f"{loaded.field.name} cannot be shown"
                hint = "evt.arg shows arguments as text" if loaded.field.named else ""
                raise ProblemError(Problem("format_not_printable", text, slot.span, hint))
        for name, loaded in zip(field_texts(slot.value), _loaded(value), strict=True):
            self.fields.setdefault(name, loaded)
        return Slot(value, slot.width)

    def field(self, name: str, place: Text) -> Value:
        """Return the value of a field that is reported beside the output."""
        match self.parts(Text.standing_for(f"%{name}", place.span(0))):
            case (Slot(value, None),):
                return value
            case _:
                text = f"{name!r} is no field"
                raise ProblemError(Problem("format_unknown_field", text, place.span(0)))


def _loaded(value: Value) -> Iterator[Loaded]:
    """Yield the fields in a value, also those that a transformer takes."""
    match value:
        case Loaded():
            yield value
        case Transformed(_, arguments):
            for argument in arguments:
                yield from _loaded(argument)
        case Sequence(parts):
            for part in parts:
                yield from _loaded(part)
        case _:
            pass
