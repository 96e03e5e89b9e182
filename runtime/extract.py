"""What the declaration of a field means, in its plainest form.

Compiled rules load fields with code that is written for each of them. This
is the meaning that the code must have: on any event, whatever is in it,
``extract`` gives a value of the field's type, a tuple of values for a list,
or None, and never raises.
"""

from typing import Any

from rulec.runtime.convert import CONVERT
from rulec.runtime.events import Event
from rulec.runtime.fields import (
    EACH,
    MISSING,
    PARAMETER,
    Argument,
    Field,
    Step,
    field_text,
    pointer_steps,
    steps,
)


def extract(field: Field, argument: str | None, event: Event) -> Any:
    """Return the value of a field in an event, or None if it has none there.

    The argument must be one that ``argument_problem`` has nothing against.
    """
    if field.constant is not None:
        return field.constant
    if field.named:
        return event[field_text(field, argument)]  # type: ignore[index] # a field dictionary
    convert = field.convert or CONVERT[field.type.kind]
    if field.attribute is not None:
        value = getattr(event, field.attribute)
        if field.compute is None:
            return value
        given = () if field.argument is Argument.NONE else (argument,)
        return field.compute(value, *given)
    root = getattr(event, field.root)
    if field.pointer:
        return convert(follow(root, pointer_steps(argument or "")))
    if field.compute is not None:
        values = [reach(root, steps(path)) for path in field.reads]
        if field.argument is Argument.NONE:
            return field.compute(*values)
        return field.compute(*values, argument)
    assert field.path is not None, "every field says where it comes from"
    if not field.is_list:
        return convert(reach(root, steps(field.path, argument)))
    by_index = argument is not None and PARAMETER not in field.path
    index = int(argument) if argument is not None and by_index else None
    found = map(convert, select(root, steps(field.path, argument), index, field.complete))
    return tuple(value for value in found if value is not None) or None


def reach(value: Any, names: tuple[Step, ...]) -> Any:
    """Return the member of a member of ... an object, or MISSING.

    >>> reach({"a": {"b": None}}, ("a", "b")), reach({"a": [1]}, ("a", "0"))
    (None, <Missing.MISSING: 'missing'>)
    """
    for name in names:
        if not isinstance(value, dict):
            return MISSING
        value = value.get(name, MISSING)
    return value


def follow(value: Any, pointer: tuple[str, ...]) -> Any:
    """Return what a JSON pointer leads to: members of objects, elements of arrays.

    >>> follow({"a": ["x", "y"]}, ("a", "1")), follow({"a": ["x"]}, ("a", "-"))
    ('y', <Missing.MISSING: 'missing'>)
    """
    for step in pointer:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list | tuple):
            value = _element(value, step)
        else:
            return MISSING
    return value


# No array is as long as a longer number says.
_LONGEST_INDEX = 18


def _element(array: Any, step: str) -> Any:
    digits = step.lstrip("0") or "0"
    if not (step.isascii() and step.isdigit()) or len(digits) > _LONGEST_INDEX:
        return MISSING
    index = int(digits)
    return array[index] if index < len(array) else MISSING


def select(
    root: Any, path: tuple[Step, ...], index: int | None = None, complete: bool = False
) -> list[Any]:
    """Return the values at the end of a path that goes through arrays, in order.

    ``index`` selects one element at the first ``[]``. Elements without the
    property are left out, or leave nothing if the list must be ``complete``.

    >>> select({"a": [{"b": 1}, {}, {"b": 2}]}, ("a", EACH, "b"))
    [1, 2]
    >>> select({"a": [{"b": 1}, {}, {"b": 2}]}, ("a", EACH, "b"), index=2)
    [2]
    """
    found = [root]
    for position, step in enumerate(path, 1):
        if step == EACH:
            last = position == len(path)
            found = [part for value in found for part in elements(value, last)]
            if index is not None:
                found = found[index : index + 1]
                index = None
        else:
            members = [value[step] for value in found if isinstance(value, dict) and step in value]
            if complete and len(members) < len(found):
                return []
            found = members
    return found


def elements(value: Any, last: bool = False) -> Any:
    """Return the elements of an array.

    An object in place of an array of objects is taken as the only element,
    as Falco does. It is not when the elements are the values (``last``).
    """
    if isinstance(value, list | tuple):
        return value
    return [value] if isinstance(value, dict) and not last else []
