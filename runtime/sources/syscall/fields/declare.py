"""How the fields of system calls are declared: a name, a sentence, a type."""

from typing import Any, Final

from rulec.runtime.fields import TYPES, Argument, Field, Several


def field(name: str, doc: str, type_: str = "CHARBUF", **more: Any) -> Field:
    """Declare a field whose value an event has under its text."""
    return Field(name, doc, named=True, type=TYPES[type_], **more)


def of_ancestor(name: str, doc: str, type_: str = "CHARBUF", **more: Any) -> Field:
    """Declare a field of the parent, its parent and so on: all of them, or the N-th."""
    more = {"argument": Argument.INDEX, "transformable": False, "comparable": False} | more
    return field(name, doc, type_, several=Several.ANCESTORS, **more)


def of_ends(name: str, doc: str, type_: str) -> Field:
    """Declare a field of both ends of a connection."""
    return field(name, doc, type_, several=Several.ENDS, comparable=False)


def hidden(name: str, doc: str, type_: str = "CHARBUF") -> Field:
    """Declare a field that rules may use, but that Falco does not list any more."""
    return field(name, doc, type_, listed=False)


def outdated(name: str, doc: str, type_: str = "CHARBUF") -> Field:
    """Declare a field that is not listed, and of whose use rules are warned."""
    return field(name, doc, type_, listed=False, deprecated=True, warning="deprecated_field")


def empty(name: str, type_: str = "CHARBUF", argument: Argument = Argument.NONE) -> Field:
    """Declare a field that has had no values for years."""
    doc = "Nothing: today's events do not say it."
    return field(name, doc, type_, argument=argument, deprecated=True)


# An argument that has to follow a dot: ``evt.rawarg.flags``.
NAME: Final = Argument.NAME
