"""Events with other values of fields: what a change would make of an event.

Values go where fields find them. Where that is more than a place, such as for fields that
are worked out, nothing is changed.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from rulec.nodes import Loaded
from rulec.places import steps_of
from rulec.runtime.encoding import from_utf8
from rulec.runtime.events import Event
from rulec.runtime.extract import extract
from rulec.runtime.fields import EACH, MISSING, PARAMETER, Step, field_text
from rulec.runtime.sources import AnyEvent
from rulec.runtime.sources.syscall.dictionaries import SAME, FieldEvent

# No array is made longer than this.
_LONGEST: Final = 64


def is_editable(event: AnyEvent) -> bool:
    """Return whether an event has values that can be changed: those of captures are worked out."""
    return isinstance(event, Event | FieldEvent)


def edited(event: AnyEvent, settings: Mapping[Loaded, Any]) -> AnyEvent | None:
    """Return an event in which some fields have other values; None if that cannot be had.

    ``settings`` are values of the types of the fields, and None for no value. The event
    that is given stays as it is.
    """
    if isinstance(event, FieldEvent):
        found: AnyEvent = _given(event, settings)
    elif isinstance(event, Event):
        document = deepcopy(event.document)
        for loaded, value in settings.items():
            if not _planted(document, loaded, value, event):
                return None
        found = _of(document, event)
    else:
        return None
    wrong = any(_value(loaded, found) != value for loaded, value in settings.items())
    return None if wrong else found


def _value(loaded: Loaded, event: AnyEvent) -> Any:
    return extract(loaded.field, loaded.argument, event)  # type: ignore[arg-type]


def _of(document: Any, event: Event) -> Event:
    """Return the event that a changed document is."""
    audit = document
    if event.source == "k8s_audit" and (
        not isinstance(document, dict) or "auditID" not in document
    ):
        audit = {}
    elif event.audit is not event.data and event.source != "k8s_audit":
        audit = event.audit
    return Event(document, event.time, event.number, audit, event.run)


# --- system calls -------------------------------------------------------------------------


def _given(event: FieldEvent, settings: Mapping[Loaded, Any]) -> FieldEvent:
    given = dict(event.given)
    for loaded, value in settings.items():
        text = field_text(loaded.field, loaded.argument)
        for same in (names for names in SAME if text in names):
            for name in same:
                given.pop(name, None)
        for form in (f"{loaded.field.name}[{loaded.argument}]", text):
            given.pop(form, None)
        if value is not None:
            given[text] = value
    return FieldEvent(given, event.time, event.number, event.run)


# --- documents ----------------------------------------------------------------------------


def _planted(document: Any, loaded: Loaded, value: Any, event: Event) -> bool:
    """Put a value where a field finds it; return whether that is possible."""
    declared = loaded.field
    path = steps_of(declared, loaded.argument)
    if not path or not isinstance(document, dict):
        return False
    index = 0
    if declared.is_list and loaded.argument is not None and PARAMETER not in (declared.path or ""):
        index = int(loaded.argument)
        if index >= _LONGEST:
            return False
    if value is None:
        return _removed(document, path)
    for form in _forms(value):
        trial = deepcopy(document)
        if _plant(trial, path, form, index) and _value(loaded, _of(trial, event)) == value:
            document.clear()
            document.update(trial)
            return True
    return False


def _forms(value: Any) -> Iterator[Any]:
    """Yield values of JSON that a field may take for a value."""
    match value:
        case tuple():
            yield from map(list, zip(*map(_forms, value), strict=False))
        case bytes():
            yield from (from_utf8(value), value.hex(), b64encode(value).decode())
        case bool() | str() | int():
            yield value
        case float():
            yield str(value) if value.is_integer() else value
        case _:
            yield str(value)


def _plant(place: Any, path: tuple[Step, ...], value: Any, index: int) -> bool:
    """Put a value at the end of a path. With lists on the way, it is a list of values."""
    step, *others = path
    rest = tuple(others)
    if isinstance(place, list):
        return _plant_in_array(place, str(step), rest, value, index)
    if not isinstance(place, dict):
        return False
    name = str(step)
    if not rest:
        place[name] = value
        return True
    if rest[0] is EACH:
        return _plant_each(place, name, rest[1:], value, index)
    if not isinstance(place.get(name), dict | list):
        place[name] = {}
    return _plant(place[name], rest, value, index)


def _plant_in_array(
    place: list[Any], step: str, rest: tuple[Step, ...], value: Any, index: int
) -> bool:
    """Put a value into an element of an array, as pointers name them."""
    if not step.isdecimal() or int(step) >= len(place):
        return False
    if not rest:
        place[int(step)] = value
        return True
    return _plant(place[int(step)], rest, value, index)


def _plant_each(
    place: dict[str, Any], name: str, rest: tuple[Step, ...], values: Any, index: int
) -> bool:
    """Put one of the values into each element of an array, which gets as many as it needs."""
    if not isinstance(values, list) or len(values) > _LONGEST:
        return False
    now = place.get(name)
    array = now if isinstance(now, list) else []
    # An index chooses one element, and lists within lists are put into the first.
    inner = EACH in rest
    count = index + 1 if index or inner else len(values)
    before = array[:count] + [{} for _ in range(count - len(array))]
    place[name] = before
    if not rest:
        place[name] = before[:index] + values
        return True
    if index or inner:
        if not isinstance(before[index], dict):
            before[index] = {}
        if not inner and len(values) != 1:
            return False
        return _plant(before[index], rest, values if inner else values[0], 0)
    for number, value in enumerate(values):
        if not isinstance(before[number], dict):
            before[number] = {}
        if not _plant(before[number], rest, value, 0):
            return False
    return True


def _removed(place: Any, path: tuple[Step, ...]) -> bool:
    """Remove what is at the end of a path, or the first array on the way."""
    for number, step in enumerate(path):
        last = number + 1 == len(path) or path[number + 1] is EACH
        if isinstance(place, dict):
            if last:
                place.pop(str(step), None)
                return True
            place = place.get(str(step), MISSING)
        else:
            return not isinstance(place, list)
    return True
