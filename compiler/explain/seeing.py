"""What there is to see of a field in an event, and why there is nothing."""

from collections.abc import Iterator
from typing import Any, Final

from rulec.explain.results import Seen, Why
from rulec.nodes import Condition, Loaded
from rulec.places import loaded_by, reads_of
from rulec.runtime.encoding import sanitised
from rulec.runtime.events import SeenEvent
from rulec.runtime.extract import extract, reach
from rulec.runtime.fields import EACH, MISSING, Field, Form, Step, field_text
from rulec.runtime.rendering import shown, shown_hexadecimal, shown_octal, shown_padded
from rulec.runtime.sources import AnyEvent
from rulec.runtime.sources.syscall.events import SyscallEvent

# The members of an audit event that levels and truncation leave out.
_REQUEST: Final = "requestObject"
_RESPONSE: Final = "responseObject"
_BODIES: Final = (_REQUEST, _RESPONSE)
_TRUNCATED: Final = "audit.k8s.io/truncated"

# What each level of an audit policy leaves out.
_WITHOUT: Final = {"None": _BODIES, "Metadata": _BODIES, "Request": (_RESPONSE,)}

_FORMS: Final = {
    Form.HEXADECIMAL: shown_hexadecimal,
    Form.OCTAL: shown_octal,
    Form.PADDED: shown_padded,
}


def fields_of(condition: Condition) -> tuple[Loaded, ...]:
    """Return the fields that a condition reads, once each, in the order of writing."""
    return tuple(dict.fromkeys(loaded_by(condition)))


def name_of(loaded: Loaded) -> str:
    """Return the text that a rule writes for a field."""
    return field_text(loaded.field, loaded.argument)


def value_of(loaded: Loaded, event: AnyEvent) -> Any:
    """Return the value of a field in an event that was read with care; None if there is none."""
    return extract(loaded.field, loaded.argument, event)  # type: ignore[arg-type]


def seen(loaded: Loaded, event: AnyEvent) -> Seen:
    """Return what there is to see of a field."""
    value = value_of(loaded, event)
    if value is None:
        because = hidden(loaded, event) or _absent(loaded, event)
        return Seen(name_of(loaded), None, because)
    return Seen(name_of(loaded), plain(value, loaded.field))


def plain(value: Any, field: Field) -> Any:
    """Return a value as JSON has it, in the form in which alerts show it.

    >>> plain(("a", "b"), Field("a.b", "")), plain(0o644, Field("a.b", "", form=Form.OCTAL))
    (['a', 'b'], '644')
    """
    match value:
        case tuple():
            return [plain(each, field) for each in value]
        case None | bool():
            return value
        case int() if field.form in _FORMS:
            return _FORMS[field.form](value)
        case int() | float():
            return value
        case str():
            return sanitised(value)
        case _:
            return shown(value)


def why(verdict: bool, condition: Condition, event: AnyEvent) -> Why:
    """Return why a comparison is what it is."""
    if verdict:
        return Why.TRUE
    # What is missing makes it false, whatever else there is.
    missing = [each for each in fields_of(condition) if value_of(each, event) is None]
    if not missing:
        return Why.DIFFERENT
    if any(hidden(each, event) for each in missing):
        return Why.UNKNOWABLE
    return Why.ABSENT


def hidden(loaded: Loaded, event: AnyEvent) -> str:
    """Return why nobody can know the value of a field; empty if it is not for such a reason.

    Audit events come without the objects of request and response if the policy says so, or
    if they would be too large.
    """
    if not isinstance(event, SeenEvent) or event.source != "k8s_audit":
        return ""
    document = event.document
    if not isinstance(document, dict):
        return ""
    for member in _bodies(loaded):
        if member in document:
            continue
        annotations = document.get("annotations")
        if isinstance(annotations, dict) and annotations.get(_TRUNCATED) == "true":
            return f"the event was truncated: {member} was left out"
        level = document.get("level")
        if isinstance(level, str) and member in _WITHOUT.get(level, ()):
            return f"the event was logged at level {level}, without {member}"
    return ""


def _bodies(loaded: Loaded) -> Iterator[str]:
    for path in _paths(loaded):
        if path and path[0] in _BODIES:
            yield str(path[0])


def _paths(loaded: Loaded) -> Iterator[tuple[Step, ...]]:
    """Yield the places in a document that a field reads."""
    return (read.path for read in reads_of(loaded.field, loaded.argument))


def _absent(loaded: Loaded, event: AnyEvent) -> str:
    """Return why a field has no value, in a few words."""
    if isinstance(event, SyscallEvent) or not isinstance(event, SeenEvent):
        return "the event has no such value"
    root = getattr(event, loaded.field.root)
    if loaded.field.root == "audit" and root is not event.data:
        return "the document is no audit event"
    for path in _paths(loaded):
        if missing := _missing(root, path):
            return f"there is nothing at {missing}"
    return "the event has no such value"


def _missing(root: Any, path: tuple[Step, ...]) -> str:
    """Return the shortest beginning of a path, as a pointer, that leads to nothing."""
    steps: list[str] = []
    for step in path:
        if step is EACH:
            break
        steps.append(str(step))
        root = reach(root, (step,))
        if root is MISSING:
            return "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in steps)
    return ""
