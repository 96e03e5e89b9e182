"""Fields of events, declared as data.

A field is a name, a type and the way to its value. The way is data wherever
that is possible: a path into the event, which the compiler unrolls into
plain Python and can also turn into a typed decoder. Where a value has to be
worked out, a function says how, and the paths that it reads are still data.

What a declaration means is in ``extract.py``, in its plainest form.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias


class Kind(Enum):
    """Families of types: values of one kind are compared alike."""

    STRING = "string"  # str; bytes that are no UTF-8 are lone surrogates
    BYTES = "bytes"  # bytes
    INTEGER = "integer"  # int
    PORT = "port"  # int
    DOUBLE = "double"  # float
    BOOL = "bool"  # bool
    ADDRESS = "address"  # ipaddress.IPv4Address or IPv6Address
    NETWORK = "network"  # the value is an address, the operand a network
    OPAQUE = "opaque"  # only ``exists`` can be asked


@dataclass(frozen=True, slots=True)
class Type:
    """A type of Falco's field system."""

    name: str
    kind: Kind
    bits: int = 64
    signed: bool = False


def _types() -> Iterator[Type]:
    for name in ("CHARBUF", "FSPATH", "FSRELPATH"):
        yield Type(name, Kind.STRING)
    yield Type("BYTEBUF", Kind.BYTES)
    for bits in (8, 16, 32, 64):
        yield Type(f"UINT{bits}", Kind.INTEGER, bits)
        yield Type(f"INT{bits}", Kind.INTEGER, bits, signed=True)
    for bits in (8, 16, 32):
        yield Type(f"FLAGS{bits}", Kind.INTEGER, bits)
        yield Type(f"ENUMFLAGS{bits}", Kind.INTEGER, bits)
    yield Type("MODE", Kind.INTEGER, 32)
    yield Type("SIGTYPE", Kind.INTEGER, 8)
    yield Type("SYSCALLID", Kind.INTEGER, 16)
    for name in ("PID", "FD", "ERRNO"):
        yield Type(name, Kind.INTEGER, signed=True)
    for name in ("RELTIME", "ABSTIME"):  # nanoseconds
        yield Type(name, Kind.INTEGER)
    yield Type("PORT", Kind.PORT, 16)
    yield Type("BOOL", Kind.BOOL)
    yield Type("DOUBLE", Kind.DOUBLE)
    for name in ("IPADDR", "IPV4ADDR", "IPV6ADDR"):
        yield Type(name, Kind.ADDRESS)
    for name in ("IPNET", "IPV4NET", "IPV6NET"):
        yield Type(name, Kind.NETWORK)
    for name in ("UID", "GID", "L4PROTO", "SOCKADDR", "SOCKTUPLE", "SOCKFAMILY"):
        yield Type(name, Kind.OPAQUE)
    for name in ("CHARBUFARRAY", "DYNAMIC", "FDLIST", "SIGSET"):
        yield Type(name, Kind.OPAQUE)


# Every type, one entry each, by name.
TYPES: Final[Mapping[str, Type]] = {type_.name: type_ for type_ in _types()}

CHARBUF: Final = TYPES["CHARBUF"]


class Argument(Enum):
    """What may stand in brackets behind the name of a field, or behind a dot."""

    NONE = "none"
    INDEX = "optional index"  # decimal digits, no leading zero
    KEY = "required key"  # any text
    REQUIRED_INDEX = "required index"
    OPTIONAL = "optional key or index"
    REQUIRED = "required key or index"
    NAME = "required name behind a dot"  # evt.rawarg.flags
    OPTIONAL_NAME = "optional name behind a dot"
    NAME_OR_INDEX = "required name behind a dot, or index"  # evt.arg.flags, evt.arg[0]


# Those that may follow a dot, and those that may be left out.
DOTTED: Final = frozenset({Argument.NAME, Argument.OPTIONAL_NAME, Argument.NAME_OR_INDEX})
OPTIONAL: Final = frozenset(
    {Argument.NONE, Argument.INDEX, Argument.OPTIONAL, Argument.OPTIONAL_NAME}
)

# How an argument is shown to people behind the name of a field.
ARGUMENTS_SHOWN: Final[Mapping[Argument, str]] = {
    Argument.NONE: "",
    Argument.INDEX: "[index]",
    Argument.KEY: "[key]",
    Argument.REQUIRED_INDEX: "[index]",
    Argument.OPTIONAL: "[key or index]",
    Argument.REQUIRED: "[key or index]",
    Argument.NAME: ".name",
    Argument.OPTIONAL_NAME: ".name",
    Argument.NAME_OR_INDEX: ".name or [index]",
}


class Several(Enum):
    """What a field without an argument holds if it is one of several values, not a list.

    The value is a tuple, and a comparison is true if it is of one of them.
    """

    ANCESTORS = "each ancestor, the parent first"  # shown with blanks between them
    ENDS = "both ends of a connection"  # != must be true of both; they are never shown


class Form(Enum):
    """How an integer is shown in alerts. What is not decimal is text in JSON, too."""

    DECIMAL = "decimal"
    HEXADECIMAL = "hexadecimal"
    OCTAL = "octal"
    PADDED = "padded"  # nine digits, for parts of a second


class Missing(Enum):
    """What a path leads to when there is nothing, which is not ``null``."""

    MISSING = "missing"

    # The keys of events have it in them: that of Enum is written in Python, and slow.
    __hash__ = object.__hash__


MISSING: Final = Missing.MISSING


class Each(Enum):
    """The step of a path that goes through the elements of an array."""

    EACH = "[]"


EACH: Final = Each.EACH

Step: TypeAlias = str | Each

# The step of a path for which the argument of the field stands.
PARAMETER: Final = "{argument}"


def steps(path: str, argument: str | None = None) -> tuple[Step, ...]:
    """Return the steps of a path: member names, and EACH for "each element".

    A path is a JSON pointer (RFC 6901) in which ``[]`` behind a name goes
    through the elements of an array, and a step ``{argument}`` stands for the
    argument that a rule gives to the field (the empty name if it gives none).

    >>> steps("/spec/containers[]/image")
    ('spec', 'containers', <Each.EACH: '[]'>, 'image')
    >>> steps("/annotations/authorization.k8s.io~1decision")
    ('annotations', 'authorization.k8s.io/decision')
    >>> steps("/labels/{argument}", "app/name")
    ('labels', 'app/name')
    """
    found: list[Step] = []
    for part in path.split("/")[1:]:
        name, each, _ = part.partition(EACH.value)
        if name == PARAMETER:
            found.append(argument or "")
        else:
            found.append(name.replace("~1", "/").replace("~0", "~"))
        if each:
            found.append(EACH)
    return tuple(found)


def pointer_steps(argument: str) -> tuple[str, ...]:
    """Return the steps of a JSON pointer (RFC 6901) that a rule gives as an argument.

    As in Falco, the first slash may be missing and no pointer is refused.

    >>> pointer_steps("/a~1b/0"), pointer_steps("stage"), pointer_steps(""), pointer_steps("/")
    (('a/b', '0'), ('stage',), (), ('',))
    """
    if not argument:
        return ()
    return tuple(
        step.replace("~1", "/").replace("~0", "~") for step in argument.removeprefix("/").split("/")
    )


# What a worked-out field is given: the values at the paths that it reads
# (``MISSING`` where there is none), then the argument. It returns a runtime
# value of the field's type, a tuple of them for a list, or None for no value.
Compute = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, what it holds, and where it comes from.

    Exactly one of these says where:

    * ``path``: the place in the event (see ``steps``). Without ``[]`` the
      field has one value, with ``[]`` a list of them. An index argument
      selects the element at the first ``[]``. A list that is ``complete``
      has a value only if every element has the property.
    * ``compute``: a function of the values at the paths in ``reads`` and of
      the argument, if the field takes one.
    * ``attribute``: an attribute of the event itself (its time, its number),
      or what ``compute`` makes of it, and of the argument, when both are given.
    * ``pointer``: the argument is a JSON pointer into the event.
    * ``constant``: the same text for every event.
    * ``named``: the event has it under the text of the field (``field_text``).

    ``root`` names the attribute of the event that paths start from. Where
    ``convert`` is given, it makes the value of the field from a JSON value,
    instead of the function for the field's type. Where ``output_attribute``
    is given, ``output_fields`` holds that attribute of the event instead of
    the value: times are numbers there. What is at the path of a ``structured``
    field is mostly an object or an array.

    The name behind a dot must be one of ``choices``, if there are any. Without an
    argument, a field may have ``several`` values of which one decides. Outputs show
    the named field ``shown_as`` in its place, and refuse one that is not ``printable``.
    A ``numeric`` field is a number in JSON, however it is shown.
    A field ``within`` can only be asked whether it is at most a number, written ``=``.
    What is not ``listed``, rules may use, but nobody should begin to.
    """

    name: str
    doc: str
    path: str | None = None
    type: Type = CHARBUF
    is_list: bool = False
    argument: Argument = Argument.NONE
    reads: tuple[str, ...] = ()
    compute: Compute | None = None
    attribute: str | None = None
    pointer: bool = False
    constant: str | None = None
    root: str = "data"
    complete: bool = False
    convert: Callable[[Any], Any] | None = None
    form: Form = Form.DECIMAL
    output_attribute: str | None = None
    transformable: bool = True  # may stand inside a transformer
    comparable: bool = True  # may be compared with another field
    structured: bool = False
    named: bool = False
    several: Several | None = None
    choices: frozenset[str] | None = None
    shown_as: str = ""
    printable: bool = True
    within: bool = False
    numeric: bool = False
    listed: bool = True
    deprecated: bool = False
    warning: str = ""  # the kind of warning for rules that use the field, if any


Catalogue = Mapping[str, Field]


def catalogue(fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields by name.

    :raises ValueError: if two fields have the same name, or a declaration
        contradicts itself.
    """
    found: dict[str, Field] = {}
    for field in fields:
        if field.name in found:
            raise ValueError(f"field {field.name} is declared twice")
        computed = field.compute is not None and field.attribute is None
        ways = (
            field.path is not None,
            computed,
            field.attribute is not None,
            field.pointer,
            field.named,
        )
        if sum(ways) != 1:
            raise ValueError(f"field {field.name} must say in one way where it comes from")
        if field.path is not None and (EACH in steps(field.path)) != field.is_list:
            raise ValueError(f"field {field.name}: a path with [] is a list, and no other is")
        found[field.name] = field
    return found


_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,19}")
_LARGEST_INDEX: Final = 2**64 - 1


def argument_problem(field: Field, argument: str | None, *, dotted: bool = False) -> str | None:
    """Return what is wrong with the argument that a rule gives to a field, if anything.

    It stands in brackets, or behind a dot if it is ``dotted``.

    >>> argument_problem(Field("ka.verb", "", path="/verb"), "0")
    'ka.verb takes no argument'
    """
    takes = field.argument
    if argument is None:
        if takes in OPTIONAL:
            return None
        where = "behind a dot" if takes in DOTTED else "in brackets"
        return f"{field.name} needs an argument {where}"
    if takes is Argument.NONE:
        return f"{field.name} takes no argument"
    if dotted:
        if field.choices is not None and argument not in field.choices:
            return f"{field.name} knows no {argument!r}"
        return None
    if takes in (Argument.NAME, Argument.OPTIONAL_NAME):
        return f"the argument of {field.name} follows a dot: {field.name}.{argument}"
    if takes in _INDEXED and not is_index(argument):
        return f"the argument of {field.name} must be a decimal index, not {argument!r}"
    return None


_INDEXED: Final = frozenset({Argument.INDEX, Argument.REQUIRED_INDEX, Argument.NAME_OR_INDEX})


def is_index(argument: str) -> bool:
    """Return whether an argument is an index: decimal digits, no leading zero, 64 bits."""
    return _INDEX.fullmatch(argument) is not None and int(argument) <= _LARGEST_INDEX


def field_text(field: Field, argument: str | None) -> str:
    """Return the text that a rule writes for a field: what an event has its value under.

    >>> field_text(Field("proc.aname", "", named=True, argument=Argument.INDEX), "2")
    'proc.aname[2]'
    >>> flags = Field("evt.arg", "", named=True, argument=Argument.NAME_OR_INDEX)
    >>> field_text(flags, "flags"), field_text(flags, "0")
    ('evt.arg.flags', 'evt.arg[0]')
    """
    if argument is None:
        return field.name
    if field.argument in DOTTED and not is_index(argument):
        return f"{field.name}.{argument}"
    return f"{field.name}[{argument}]"
