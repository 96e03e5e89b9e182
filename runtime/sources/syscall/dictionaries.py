"""Events whose fields somebody else has worked out: Falco, sysdig or the caller.

A field dictionary has values under the texts of fields, as JSON or Python
have such values. Each is brought to the type of its field when a rule first
asks for it. What can be no value of that type is no value. Where a field says
the same as others, these are asked if it is not given itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from rulec.runtime.convert import CONVERT
from rulec.runtime.encoding import from_utf8
from rulec.runtime.events import NO_RUN, Run, host_name
from rulec.runtime.fields import DOTTED, Field, Form, Kind, Several, is_index
from rulec.runtime.rendering import NA
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.runtime.sources.syscall.fields import FIELDS

# Names of the same value.
SAME: Final = (
    ("evt.type", "syscall.type"),
    ("evt.args", "evt.info"),
    ("proc.name", "proc.aname[0]"),
    ("proc.exe", "proc.aexe[0]"),
    ("proc.exepath", "proc.aexepath[0]"),
    ("proc.cmdline", "proc.acmdline[0]"),
    ("proc.pid", "proc.apid[0]"),
    ("proc.pname", "proc.aname[1]"),
    ("proc.pexe", "proc.aexe[1]"),
    ("proc.pexepath", "proc.aexepath[1]"),
    ("proc.pcmdline", "proc.acmdline[1]"),
    ("proc.ppid", "proc.apid[1]"),
    ("k8s.pod.id", "k8s.pod.uid"),
    ("fd.cnet", "fd.cip"),
    ("fd.snet", "fd.sip"),
    ("fd.lnet", "fd.lip"),
    ("fd.rnet", "fd.rip"),
)

# What the value of a field is put together from, if it is not given itself.
_ADDRESSES: Final = ("fd.ip", "fd.cip", "fd.sip", "fd.lip", "fd.rip")
_PORTS: Final = ("fd.port", "fd.cport", "fd.sport", "fd.lport", "fd.rport")
ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "fd.ip": _ADDRESSES[1:],
    "fd.net": _ADDRESSES,
    "fd.port": _PORTS[1:],
    "fd.proto": _PORTS,
}

# Falco shows the values of all ancestors with blanks between them. These have none in them.
WITHOUT_BLANKS: Final = frozenset({"proc.aname", "proc.aexe", "proc.aexepath"})

# What is true of an event if it does not say otherwise.
DEFAULTS: Final[Mapping[str, Callable[[], Any]]] = {
    "evt.source": lambda: "syscall",
    "evt.hostname": host_name,
    "evt.is_async": lambda: False,
}

Find = Callable[[Mapping[str, Any]], Any]


class FieldEvent(SyscallEvent):
    """An event that has been ``given`` the values of its fields."""

    __slots__ = ("given",)

    def __init__(
        self, given: Mapping[str, Any], time: int, number: int = 1, run: Run = NO_RUN
    ) -> None:
        super().__init__(time, number, run)
        self.given = given

    def __missing__(self, text: str) -> Any:
        found = self[text] = finder(text)(self.given)
        return found

    @property
    def document(self) -> Any:
        """The values that were given."""
        return dict(self.given)

    def anew(self) -> "FieldEvent":
        """Return the event as it was before anybody asked for something."""
        return FieldEvent(self.given, self.time, self.number, self.run)


# Rules ask for so many fields at most, or what they ask for is found out again.
@lru_cache(maxsize=4096)
def finder(text: str) -> Find:
    """Return the function that finds the value of a field among those that are given.

    >>> finder("fd.sport")({"fd.sport": "443"}), finder("fd.sport")({"fd.sport": "<NA>"})
    (443, None)
    >>> finder("proc.aname")({"proc.pname": "bash", "proc.aname[2]": "sshd"})
    ('bash', 'sshd')
    """
    found = declaration(text)
    if found is None:
        return lambda given: None
    field, argument = found
    convert = _converter(field)
    if field.several is Several.ENDS:
        return _ends(field, convert)
    if field.several is Several.ANCESTORS and argument is None:
        return _ancestors(field, convert)
    if field.name == "evt.type.is":
        return lambda given: _is_type(given, argument)
    if field.is_list:  # of one, if an index selects it
        return lambda given: _tuple(given.get(text), convert)
    return _value(text, field, argument, convert)


def declaration(text: str) -> tuple[Field, str | None] | None:
    """Return the field that a text names, and the argument in it; None if there is none."""
    name, bracket, rest = text.partition("[")
    if bracket:
        field = FIELDS.get(name)
        return None if field is None or rest[-1:] != "]" else (field, rest[:-1])
    if (field := FIELDS.get(text)) is not None:
        return field, None
    found = next((each for each in _DOTTED if text.startswith(f"{each}.")), None)
    return None if found is None else (FIELDS[found], text[len(found) + 1 :])


# The fields whose argument follows a dot, the longest name first.
_DOTTED: Final = sorted(
    (name for name, field in FIELDS.items() if field.argument in DOTTED), key=len, reverse=True
)


def is_given(value: Any) -> bool:
    """Return whether something given is a value at all."""
    return value is not None and value != NA


def _value(text: str, field: Field, argument: str | None, convert: Callable[[Any], Any]) -> Find:
    texts = _names(text, field, argument)
    default = DEFAULTS.get(text, lambda: None)

    def find(given: Mapping[str, Any]) -> Any:
        for each in texts:
            value = given.get(each)
            if is_given(value) and (found := convert(value)) is not None:
                return found
        return default()

    return find


def _names(text: str, field: Field, argument: str | None) -> tuple[str, ...]:
    """Return the texts under which a value may be given, the field's own first."""
    others = [each for same in SAME if text in same for each in same if each != text]
    if field.argument in DOTTED and argument is not None and not is_index(argument):
        others.append(f"{field.name}[{argument}]")
    return (text, *others)


def _is_type(given: Mapping[str, Any], name: str | None) -> int | None:
    found = finder("evt.type")(given)
    return None if found is None else int(found == name)


def _ends(field: Field, convert: Callable[[Any], Any]) -> Find:
    ends = ENDS[field.name]

    def find(given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        own = _tuple(given.get(field.name), convert)
        if own is not None:
            return own
        found = (part for end in ends for part in _tuple(given.get(end), convert) or ())
        return tuple(dict.fromkeys(found)) or None

    return find


def _ancestors(field: Field, convert: Callable[[Any], Any]) -> Find:
    start = f"{field.name}["
    parent = next((same[0] for same in SAME if f"{start}1]" in same), "")

    def find(given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        own = given.get(field.name)
        if isinstance(own, str) and field.name in WITHOUT_BLANKS and own != NA:
            own = own.split()
        if (found := _tuple(own, convert)) is not None:
            return found
        levels = {
            int(key[len(start) : -1]): value
            for key, value in given.items()
            if key.startswith(start) and is_index(key[len(start) : -1])
        }
        levels.pop(0, None)  # the process itself
        if parent and not is_given(levels.get(1)):
            levels[1] = given.get(parent)
        return _tuple([levels[level] for level in sorted(levels)], convert)

    return find


def _tuple(value: Any, convert: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """Return the values in a list, or the only one."""
    values: Iterable[Any] = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    return tuple(_converted(values, convert)) or None


def _converted(values: Iterable[Any], convert: Callable[[Any], Any]) -> Iterator[Any]:
    for value in values:
        if is_given(value) and (found := convert(value)) is not None:
            yield found


def _converter(field: Field) -> Callable[[Any], Any]:
    """Return the function that makes a value of a field's type of what is given."""
    convert = CONVERT[field.type.kind]
    match field.type.kind:
        case Kind.STRING:
            return lambda value: value if type(value) is str else _text(value)
        case Kind.BYTES:
            return lambda value: value if isinstance(value, bytes) else convert(value)
        case Kind.ADDRESS | Kind.NETWORK:
            return lambda value: (
                value if isinstance(value, IPv4Address | IPv6Address) else convert(value)
            )
        case Kind.INTEGER if field.form in _BASES:
            base = _BASES[field.form]
            return lambda value: _digits(value, base) if isinstance(value, str) else convert(value)
        case _:
            return convert


_text_of: Final = CONVERT[Kind.STRING]


def _text(value: Any) -> str | None:
    found: str | None = from_utf8(value) if isinstance(value, bytes) else _text_of(value)
    return found


# In these, Falco writes numbers as text.
_BASES: Final[Mapping[Form, int]] = {Form.HEXADECIMAL: 16, Form.OCTAL: 8}
_LONGEST: Final = 22  # the octal digits of 64 bits


def _digits(text: str, base: int) -> int | None:
    try:
        return int(text, base) if len(text) <= _LONGEST else None
    except ValueError:
        return None
