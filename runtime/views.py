"""Views: the members of an event that the rules read, and nothing else.

A built module declares a view for each event source, as classes of its own.
A document in bytes is decoded straight into the view, which skips everything
else; big members stay undecoded until a rule asks for them. A document that
is there as objects, or that has something unexpected in it, is brought into
the same shape, so there is one way only to look at an event.

A member that is not there is MISSING. What is no object has no members.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar, get_args, get_origin

import msgspec
from msgspec import Raw

from rulec.runtime.events import SeenEvent
from rulec.runtime.extract import elements
from rulec.runtime.fields import MISSING
from rulec.runtime.jsontext import Number, decode

__all__ = ["MISFITS", "Part", "Raw", "Seen", "Simple", "View", "decoder", "opened", "viewed"]

# A value without parts. Numbers with a fraction are not among them: a float is not what was
# written.
Simple: TypeAlias = str | int | bool | None


class View(msgspec.Struct, gc=False, eq=False):
    """What the rules for a source read of an event.

    A member that is ``Raw`` is replaced by what it says when a rule asks for it.
    """


class Part(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What the rules read of an object inside an event."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How rules see the events of a source: through a view, as an ``event`` of a class.

    ``time`` returns what the view of an event says of its time.
    """

    view: type[View]
    event: type[SeenEvent] = SeenEvent
    time: Callable[[Any], Any] | None = None


# What decoding raises when a document is no JSON, or has something unexpected in it.
MISFITS: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)

Shape = TypeVar("Shape", View, Part)


@cache
def decoder(shape: type[Any]) -> Callable[[bytes | Raw], Any]:
    """Return the function that decodes JSON to a view or a part.

    It raises one of ``MISFITS`` for what does not have that shape exactly.
    """
    return msgspec.json.Decoder(shape, float_hook=Number).decode


def viewed(value: Any, shape: type[Shape]) -> Shape:
    """Return the members of a value, decoded or not, as a view or a part.

    >>> class Pod(Part):
    ...     name: Any = MISSING
    ...     images: list[Any] = ()
    >>> viewed({"name": 5, "images": ["a"], "kind": "Pod"}, Pod)
    Pod(name=5, images=['a'])
    >>> viewed(Raw(b'{"name": null, "images": 7}'), Pod), viewed("no object", Pod) == Pod()
    (Pod(name=None, images=()), False)
    """
    if type(value) is Raw:
        try:
            found: Shape = decoder(shape)(value)
        except MISFITS:
            return viewed(decode(bytes(value)), shape)
        return found
    relaxed: type[Shape] = _relaxed(shape)
    try:
        return msgspec.convert(value, relaxed)
    except MISFITS:
        return _members(value, relaxed)


def opened(value: Any) -> Any:
    """Return what a member says, decoded if it was not yet."""
    return decode(bytes(value)) if type(value) is Raw else value


# --- objects ------------------------------------------------------------------------


@cache
def _relaxed(shape: type[Any]) -> type[Any]:
    """Return a shape for objects: no member has to be there, and any value may be one."""
    declared = msgspec.structs.fields(shape)
    members = []
    for field in declared:
        type_ = _relaxed_type(field.type)
        default: Any = field.default
        if field.required:
            default = "" if type_ is str else MISSING
        members.append((field.name, type_, type_() if isinstance(default, Part) else default))
    return msgspec.defstruct(
        shape.__name__,
        members,
        bases=(View if issubclass(shape, View) else Part,),
        rename={field.name: field.encode_name for field in declared},
    )


def _relaxed_type(type_: Any) -> Any:
    if get_origin(type_) is list:
        return list[_relaxed_type(get_args(type_)[0])]  # type: ignore[misc]
    if type_ is str:  # of the envelope: others may rely on it
        return str
    return _relaxed(type_) if isinstance(type_, type) and issubclass(type_, Part) else Any


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of a view: its name there and in JSON, and what makes it of a value."""

    attribute: str
    name: str
    view: Callable[[Any], Any] | None


@cache
def _declared(shape: type[Any]) -> tuple[_Member, ...]:
    return tuple(
        _Member(field.name, field.encode_name, _viewer(field.type))
        for field in msgspec.structs.fields(shape)
    )


def _viewer(type_: Any) -> Callable[[Any], Any] | None:
    """Return what brings a value into the shape of a type; None if any value will do."""
    if get_origin(type_) is list:
        (inner,) = get_args(type_)
        view = _viewer(inner)
        if view is None:
            return lambda value: elements(value, last=True)
        return lambda value: [view(element) for element in elements(value)]
    if isinstance(type_, type) and issubclass(type_, Part):
        return lambda value: _members(value, type_)
    return (lambda value: value if type(value) is str else "") if type_ is str else None


def _members(value: Any, shape: type[Shape]) -> Shape:
    """Do what the decoder does, also for a value that does not have the shape."""
    values: Mapping[str, Any] = value if isinstance(value, dict) else {}
    found = {}
    for member in _declared(shape):
        inner = values.get(member.name, MISSING)
        found[member.attribute] = inner if member.view is None else member.view(inner)
    return shape(**found)
