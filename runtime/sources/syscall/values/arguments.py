"""The parameters of an event as text: as they are, and what they stand for."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rulec.runtime.rendering import NA
from rulec.runtime.sources.syscall.capture.decoders import UNIX, Address, Tuple, Variant
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.runtime.sources.syscall.capture.naming import call_name
from rulec.runtime.sources.syscall.paths import AT_FDCWD, joined
from rulec.runtime.sources.syscall.state.descriptors import (
    L4_LETTERS,
    Descriptor,
    connection_name,
    host_port,
)
from rulec.runtime.sources.syscall.state.sockets import unix_name
from rulec.runtime.sources.syscall.state.threads import NOBODY
from rulec.runtime.sources.syscall.symbols import ERRORS, SIGNALS, SYMBOLS

_SECOND: Final = 1_000_000_000


def error_name(number: int) -> str:
    """Return the name of an error by its number, which is not negative.

    >>> error_name(2), error_name(9999)
    ('ENOENT', '9999')
    """
    return ERRORS.get(number, str(number))


def flag_names(value: int, table: str) -> str:
    """Return the names of the bits that are set.

    >>> flag_names(7, "file_flags"), flag_names(0, "file_flags"), flag_names(0, "execve_flags")
    ('O_CREAT|O_RDWR', 'O_NONE', '')
    """
    found = []
    left = value
    for name, bits in SYMBOLS.get(table, ()):
        if bits == value:
            found.append(name)
            break
        if bits and left & bits == bits:
            found.append(name)
            left &= ~bits
    return "|".join(found)


def value_names(value: int, table: str) -> str:
    """Return the names of a value.

    >>> value_names(1, "socket_families")
    'AF_LOCAL|AF_UNIX'
    """
    return "|".join(name for name, number in SYMBOLS.get(table, ()) if number == value)


def byte_text(data: bytes) -> str:
    """Return bytes as text with dots for all that cannot be shown."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def tuple_text(ends: Tuple) -> str:
    """Return both ends of a connection as text."""
    if ends.destination is None:
        return "NULL"
    if ends.family == UNIX:
        return unix_name(ends)
    return connection_name(ends.source, ends.source_port, ends.destination, ends.destination_port)


def _address_text(address: Address) -> str:
    if address.host is None:
        return "NULL"
    return str(address.host) if address.family == UNIX else host_port(address.host, address.port)


def descriptor_text(one: Descriptor) -> str:
    """Return a descriptor as text: what it is, and its name."""
    return f"<{one.letter}{L4_LETTERS.get(one.l4, '')}>{one.name}"


def _number(value: Any, form: str) -> str:
    if form == "x":
        return f"{value:X}" if value >= 0 else f"{value & 0xFFFFFFFFFFFFFFFF:X}"
    return f"{value:o}" if form == "o" else str(value)


# What stands for a value of a type, if it is more than the value itself.
Stands = Callable[[CaptureEvent, Any, Parameter], str]


def _descriptor(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    if value < 0:
        return "AT_FDCWD" if value == AT_FDCWD else error_name(-value)
    thread = event.thread
    found = None if thread is None else thread.process.descriptors.get(value)
    return "" if found is None else descriptor_text(found)


def _process(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    found = event.machine.threads.get(value)
    return "" if found is None else found.comm


def _error(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    return error_name(-value) if value < 0 else ""


def _user(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    if value == NOBODY:
        return "<NONE>"
    return NA if event.thread is None else event.machine.user_name(event.thread, value)


def _group(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    if value == NOBODY:
        return "<NONE>"
    return NA if event.thread is None else event.machine.group_name(event.thread, value)


def _path(event: CaptureEvent, value: str, parameter: Parameter) -> str:
    thread = event.thread
    if thread is None or value.startswith("/") or value == NA:
        return ""
    if parameter.directory is None:
        return joined(thread.process.cwd, value)
    number = event.value(parameter.directory)
    return joined(event.machine.base(thread, number, value), value)


def _flags(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    return flag_names(value, parameter.symbols)


def _names(event: CaptureEvent, value: int, parameter: Parameter) -> str:
    return value_names(value, parameter.symbols)


_STANDS: Final[Mapping[str, Stands]] = {
    **dict.fromkeys(("fd", "fd32"), _descriptor),
    **dict.fromkeys(("pid", "pid32"), _process),
    "errno": _error,
    "uid": _user,
    "gid": _group,
    **dict.fromkeys(("fspath", "fsrelpath"), _path),
    **dict.fromkeys(("flags8", "flags16", "flags32", "mode"), _flags),
    **dict.fromkeys(("enumflags8", "enumflags16", "enumflags32"), _names),
    "syscallid": lambda event, value, parameter: call_name(value, None),
    "sigtype": lambda event, value, parameter: SIGNALS.get(value, ""),
    "reltime": lambda event, value, parameter: f"{value / _SECOND:g}s",
}


def raw_text(value: Any, type_: str, form: str) -> str:
    """Return the text of a value of a type, as it is."""
    match value:
        case None:
            return NA
        case str():
            return value
        case bytes():
            return byte_text(value)
        case Tuple():
            return tuple_text(value)
        case Address():
            return _address_text(value)
        case Variant():
            return raw_text(value.value, value.kind, form)
        case int():
            if type_ in ("uid", "gid") and value == NOBODY:
                return "-1"
            if type_ == "bool":
                return "true" if value else "false"
            return _number(value, form)
        case tuple():
            if type_ == "fdlist":
                return " ".join(f"{number}:{flags:x}" for number, flags in value)
            return ".".join(map(str, value))
        case _:
            return str(value)


def texts(event: CaptureEvent, position: int) -> tuple[str, str]:
    """Return a parameter as text, and what it stands for ("" if nothing else)."""
    parameter = event.kind.parameters[position]
    value = event.value(position)
    type_ = parameter.type
    raw = raw_text(value, type_, parameter.form)
    if value is None:
        return raw, ""
    if isinstance(value, Variant):
        type_, value = value.kind, value.value
    stands = _STANDS.get(type_)
    return raw, "" if stands is None or value is None else stands(event, value, parameter)


def argument_text(event: CaptureEvent, position: int | None) -> str | None:
    """Return what a parameter stands for, or else its text; None if there is no such one."""
    if position is None or not 0 <= position < min(len(event.parts), len(event.kind.parameters)):
        return None
    raw, stands = texts(event, position)
    return stands or raw


def all_texts(event: CaptureEvent) -> str:
    """Return all parameters with their names."""
    if event.code <= 1:
        return ""
    found = []
    for position, parameter in enumerate(event.kind.parameters[: len(event.parts)]):
        raw, stands = texts(event, position)
        found.append(f"{parameter.name}={raw}({stands})" if stands else f"{parameter.name}={raw}")
    return " ".join(found)
