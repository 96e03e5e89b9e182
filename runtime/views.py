"""Views: the members of an event that the rules read, and nothing else.

A built module declares a view for each event source, as classes of its own.
A document in bytes is decoded straight into the view, which skips everything
else; big members stay undecoded until a rule asks for them. A document that
is there as objects, or that has something unexpected in it, is brought into
the same shape, so there is one way only to look at an event.

A simple member that is not there is None, others are MISSING. What is no object
has no members.
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

__all__ = [
    "MISFITS",
    "Part",
    "Raw",
    "Seen",
    "Simple",
    "View",
    "converter",
    "decoder",
    "opened",
    "viewed",
]

# A value without parts, or None where there is none. Numbers with a fraction are not among them: a
# float is not what was written. Nor is null, for which there is its text.
Simple: TypeAlias = str | int | bool


class View(msgspec.Struct, gc=False, eq=False):
    """What the rules for a source read of an event.

    A member that is ``Raw`` has not been decoded.
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


# Those that there are, by what they decode to.
_DECODERS: Final[dict[type[Any], Callable[[bytes | Raw], Any]]] = {}


def decoder(shape: type[Any]) -> Callable[[bytes | Raw], Any]:
    """Return the function that decodes JSON to a view or a part.

    It raises one of ``MISFITS`` for what does not have that shape exactly.
    """
    if shape not in _DECODERS:
        _DECODERS[shape] = msgspec.json.Decoder(shape, float_hook=Number).decode
    return _DECODERS[shape]


def viewed(value: Any, shape: type[Shape]) -> Shape:
    """Return the members of a value, decoded or not, as a view or a part.

    >>> class Pod(Part):
    ...     name: Simple = None
    >>> viewed({"name": 5, "kind": "Pod"}, Pod), viewed(Raw(b'{"name": "a"}'), Pod)
    (Pod(name=5), Pod(name='a'))
    >>> viewed(Raw(b'{"name": null}'), Pod), viewed("no object", Pod)
    (Pod(name='null'), Pod(name=None))
    """
    if type(value) is Raw:
        decode_shape = _DECODERS.get(shape) or decoder(shape)
        try:
            found: Shape = decode_shape(value)
        except MISFITS:
            return viewed(decode(bytes(value)), shape)
        return found
    if value is MISSING and issubclass(shape, Part):
        nothing: Shape = _nothing(shape)
        return nothing
    relaxed: type[Shape] = _of_objects(shape, strict=False)
    try:
        return msgspec.convert(value, relaxed)
    except MISFITS:
        return _members(value, relaxed)


@cache
def _nothing(shape: type[Any]) -> Any:
    """Return a part of which no member is there."""
    return shape()


def converter(shape: type[View]) -> Callable[[Any], Any]:
    """Return the function that brings an object that was decoded before into a view.

    It raises one of ``MISFITS`` for what does not have that shape exactly.
    """
    objects: type[View] = _of_objects(shape, strict=True)
    return lambda value: msgspec.convert(value, objects)


def forget_shapes() -> None:
    """Let go of what is remembered of views, so that rulesets which nobody uses any more can go.

    Those in use find it out again.
    """
    _DECODERS.clear()
    for remembered in (_nothing, _of_objects, _declared):
        remembered.cache_clear()


def opened(value: Any) -> Any:
    """Return what a member says, decoded if it was not yet."""
    return decode(bytes(value)) if type(value) is Raw else value


# --- objects ------------------------------------------------------------------------


@cache
def _of_objects(shape: type[Any], strict: bool) -> type[Any]:
    """Return a shape for objects, in which nothing waits to be decoded.

    Unless it is ``strict``, no member has to be there, and simple values may
    be whatever a caller has in place of them.
    """
    declared = msgspec.structs.fields(shape)
    members: list[Any] = []
    for field in declared:
        type_ = _type_of_objects(field.type, strict)
        if field.required and strict:
            members.append((field.name, type_))
        elif field.required:
            missing = MISSING if type_ is Any else "" if type_ is str else None
            members.append((field.name, type_, missing))
        else:
            default = field.default
            members.append((field.name, type_, type_() if isinstance(default, Part) else default))
    return msgspec.defstruct(
        shape.__name__,
        members,
        bases=(View if issubclass(shape, View) else Part,),
        rename={field.name: field.encode_name for field in declared},
        kw_only=True,
    )


def _type_of_objects(type_: Any, strict: bool) -> Any:
    if type_ is Raw:
        return Any
    if get_origin(type_) is list:
        return list[_type_of_objects(get_args(type_)[0], strict)]  # type: ignore[misc]
    if isinstance(type_, type) and issubclass(type_, Part):
        return _of_objects(type_, strict)
    if strict or type_ is str:
        return type_
    return str | int | float | bool


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
        if view is _simple:
            return lambda value: list(map(_simple, elements(value, last=True)))
        return lambda value: [view(element) for element in elements(value)]
    if isinstance(type_, type) and issubclass(type_, Part):
        return lambda value: _members(value, type_)
    if type_ is str:  # of the envelope: others may rely on it
        return lambda value: value if type(value) is str else ""
    return None if type_ is Any else _simple


def _simple(value: Any) -> Any:
    """Return a value in place of a simple one: whoever reads it wants its text."""
    if value is None:
        return "null"
    return None if value is MISSING else value


def _members(value: Any, shape: type[Shape]) -> Shape:
    """Do what the decoder does, also for a value that does not have the shape."""
    values: Mapping[str, Any] = value if isinstance(value, dict) else {}
    found = {}
    for member in _declared(shape):
        inner = values.get(member.name, MISSING)
        found[member.attribute] = inner if member.view is None else member.view(inner)
    return shape(**found)
