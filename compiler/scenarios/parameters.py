"""How YAML stands for the value of a parameter: one function for each type.

The types are those of the parameters of events, and some that only scenarios have:
``command``, ``capabilities`` and ``texts``.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from rulec.item_reader import suggest
from rulec.runtime.clock import SECOND, nanoseconds
from rulec.runtime.sources.syscall.capture.decoders import (
    INET,
    INET6,
    SIZES,
    UNIX,
    Address,
    Tuple,
    Variant,
)
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.runtime.sources.syscall.capture.syscalls import CODES
from rulec.runtime.sources.syscall.paths import AT_FDCWD
from rulec.runtime.sources.syscall.state.descriptors import L4_NAMES
from rulec.runtime.sources.syscall.state.threads import ALL_CAPABILITIES, NOBODY
from rulec.runtime.sources.syscall.symbols import (
    CAPABILITIES,
    ERRORS,
    SIGNALS,
    SYMBOLS,
    VARIANTS,
)
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence, boolean, is_null

ERROR_NUMBERS: Final[Mapping[str, int]] = {name: number for number, name in ERRORS.items()}
_SIGNAL_NUMBERS: Final = {name: number for number, name in SIGNALS.items()}
_CAPABILITY_BITS: Final = {name: 1 << bit for bit, name in enumerate(CAPABILITIES)}
_CALL_NUMBERS: Final = {name: number for number, name in reversed(list(enumerate(CODES)))}
_L4_NUMBERS: Final = {name: number for number, name in L4_NAMES.items()}
_MINUTE: Final = 60 * SECOND
_UNITS: Final = {"ns": 1, "us": 1000, "ms": 10**6, "s": SECOND, "m": _MINUTE, "h": 60 * _MINUTE}

# What fits into a parameter of 64 KiB, however many bytes a character has.
_CHARACTERS_LIMIT: Final = 16_000

_NUMBER: Final = re.compile(r"(-?)(0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,22}|[0-9]{1,20})")
_DURATION: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?(ns|us|ms|s|m|h)")
_END: Final = re.compile(r"(?:\[([^][]+)\]|([^:]+)):([0-9]{1,5})")


class MistakeError(Exception):
    """A value cannot be what it is written for."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Names(NamedTuple):
    """The numbers of the users and groups of a machine, by name."""

    users: Mapping[str, int]
    groups: Mapping[str, int]


def value_of(node: Node, parameter: Parameter, names: Names) -> Any:
    """Return the value that YAML stands for; None if for no value.

    :raises MistakeError: if it stands for none of that type.
    """
    if is_null(node):
        return None
    if parameter.type == "dyn":
        return _variant(node, parameter, names)
    return READERS[parameter.type](node, parameter, names)


def _text(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise MistakeError("this is one text or number, not a list or a mapping")
    if len(node.value) > _CHARACTERS_LIMIT:
        raise MistakeError(f"this has more than {_CHARACTERS_LIMIT:,} characters")
    return node.value


def _texts(node: Node) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        raise MistakeError("this is a list of texts", "write [one, two]")
    found = tuple(map(_text, node.items))
    if sum(len(text) + 1 for text in found) > _CHARACTERS_LIMIT:
        raise MistakeError(f"this has more than {_CHARACTERS_LIMIT:,} characters")
    return found


def number_of(text: str) -> int | None:
    """Return the number that a text names: decimal, octal or hexadecimal.

    >>> number_of("-100"), number_of("0755"), number_of("0x1f"), number_of("x")
    (-100, 493, 31, None)
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    digits = match[2]
    octal = digits[0] == "0" and digits[1:].isdigit()
    if octal and not set(digits) <= set("01234567"):
        return None
    found = int(digits, 8 if octal else 0)
    return -found if match[1] else found


def _named(text: str, numbers: Mapping[str, int], what: str) -> int:
    """Return the number that a text is, or names."""
    if text in numbers:
        return numbers[text]
    number = number_of(text)
    if number is None:
        raise MistakeError(f"{text!r} is no {what}", suggest(text, numbers))
    return number


def _fitting(number: int, type_: str) -> int:
    """Return a number after looking that the type has room for it."""
    bits = 8 * SIZES[type_]
    if not -(1 << bits - 1) <= number < 1 << bits:
        raise MistakeError(f"{number} does not fit into {SIZES[type_]} bytes")
    return number


def _integer(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), {}, "number"), parameter.type)


def _result(node: Node, parameter: Parameter, names: Names) -> int:
    """Read what a call returned: a number, or the name of an error."""
    text = _text(node)
    if text in ERROR_NUMBERS:
        return -ERROR_NUMBERS[text]
    return _fitting(_named(text, {"SUCCESS": 0, "AT_FDCWD": AT_FDCWD}, "result"), parameter.type)


def _flags(node: Node, parameter: Parameter, names: Names) -> int:
    words = _texts(node) if isinstance(node, Sequence) else _text(node).split("|")
    table = dict(SYMBOLS.get(parameter.symbols, ()))
    found = 0
    for word in words:
        found |= _named(word.strip(), table, f"flag of {parameter.name!r}")
    return _fitting(found, parameter.type)


def _enumerated(node: Node, parameter: Parameter, names: Names) -> int:
    table = dict(SYMBOLS.get(parameter.symbols, ()))
    return _fitting(_named(_text(node), table, f"value of {parameter.name!r}"), parameter.type)


def _user(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), names.users, "user"), parameter.type) & NOBODY


def _group(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), names.groups, "group"), parameter.type) & NOBODY


def _signal(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), _SIGNAL_NUMBERS, "signal"), parameter.type)


def _call(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), _CALL_NUMBERS, "system call"), parameter.type)


def _protocol(node: Node, parameter: Parameter, names: Names) -> int:
    return _fitting(_named(_text(node), _L4_NUMBERS, "protocol"), parameter.type)


def _boolean(node: Node, parameter: Parameter, names: Names) -> int:
    found = boolean(_text(node))
    if found is None:
        raise MistakeError(f"{_text(node)!r} is neither true nor false", "write true or false")
    return int(found)


def _duration(node: Node, parameter: Parameter, names: Names) -> int:
    text = _text(node)
    match = _DURATION.fullmatch(text)
    if match is not None:
        unit = _UNITS[match[3]]
        return int(match[1]) * unit + int((match[2] or "0").ljust(9, "0")) * unit // SECOND
    if (number := number_of(text)) is None or number < 0:
        raise MistakeError(f"{text!r} is no duration", "write 2s, 150ms or nanoseconds")
    return number


def _time(node: Node, parameter: Parameter, names: Names) -> int:
    text = _text(node)
    found = nanoseconds(text)
    if found is None:
        found = number_of(text)
    if found is None or not 0 <= found < 1 << 63:
        raise MistakeError(f"{text!r} is no time", "write 2026-03-02T09:30:00Z")
    return found


def _plain(node: Node, parameter: Parameter, names: Names) -> str:
    return _text(node)


def _bytes(node: Node, parameter: Parameter, names: Names) -> Any:
    return _texts(node) if isinstance(node, Sequence) else _text(node)


def _list(node: Node, parameter: Parameter, names: Names) -> tuple[str, ...]:
    return _texts(node)


def _ip(node: Node, parameter: Parameter, names: Names) -> Any:
    return _host(_text(node))


def _host(text: str) -> Any:
    try:
        return ip_address(text)
    except ValueError:
        raise MistakeError(f"{text!r} is no IP address") from None


def address_of(text: str) -> Address:
    """Return one end of a connection: ``10.1.2.3:80``, ``[::1]:80``, or the path of a socket.

    :raises MistakeError: if it is none.
    """
    if text.startswith(("/", "@")):
        return Address(UNIX, text)
    match = _END.fullmatch(text)
    if match is None or int(match[3]) > 0xFFFF:
        raise MistakeError(f"{text!r} is no address", "write 10.1.2.3:80, [::1]:80 or /run/x.sock")
    host = _host(match[1] or match[2])
    return Address(INET if host.version == 4 else INET6, host, int(match[3]))


def _address(node: Node, parameter: Parameter, names: Names) -> Address:
    return address_of(_text(node))


def _tuple(node: Node, parameter: Parameter, names: Names) -> Tuple:
    text = _text(node)
    if text.startswith(("/", "@")):
        return Tuple(UNIX, 0, 0, 0, 0, text)
    source, arrow, destination = text.partition("->")
    if not arrow:
        hint = "write 10.1.2.3:40000->203.0.113.9:443"
        raise MistakeError(f"{text!r} is no connection", hint)
    near, far = address_of(source.strip()), address_of(destination.strip())
    if near.family != far.family:
        raise MistakeError("both ends of a connection are of one family")
    return Tuple(near.family, near.host, near.port, far.host, far.port)


def _descriptors(node: Node, parameter: Parameter, names: Names) -> Any:
    found = []
    for text in _texts(node):
        fd, _, flags = text.partition(":")
        inner = Parameter(parameter.name, "flags16", symbols="poll_flags")
        bits = _flags(Scalar(flags or "0", 0, 0), inner, names)
        found.append((_fitting(_named(fd, {}, "descriptor"), "fd"), bits))
    return tuple(found)


def _variant(node: Node, parameter: Parameter, names: Names) -> Variant:
    kinds = [kind.partition(":")[0] for kind in VARIANTS[parameter.symbols]]
    if not isinstance(node, MappingNode) or len(node.pairs) != 1 or node.keys[0] not in kinds:
        raise MistakeError("say which type this has", f"such as {{{kinds[0]}: ...}}")
    (kind,) = node.keys
    return Variant(kind, value_of(node.pairs[0][1], Parameter(parameter.name, kind), names))


def _command(node: Node, parameter: Parameter, names: Names) -> tuple[str, ...]:
    if isinstance(node, Sequence):
        words = _texts(node)
    else:
        try:
            words = tuple(shlex.split(_text(node)))
        except ValueError:
            message = "a quote in the command does not end"
            raise MistakeError(message, "or write a list of words") from None
    if not words or not words[0]:
        raise MistakeError("a command has at least one word")
    return words


def _capabilities(node: Node, parameter: Parameter, names: Names) -> int:
    known = {**_CAPABILITY_BITS, "all": ALL_CAPABILITIES, "none": 0}
    words = _texts(node) if isinstance(node, Sequence) else _text(node).split("|")
    found = 0
    for word in words:
        found |= _named(word.strip(), known, "capability")
    return found


# Every type of parameter but ``dyn``, by name.
READERS: Final[Mapping[str, Callable[[Node, Parameter, Names], Any]]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "pid", "pid32", "port"), _integer),
    **dict.fromkeys(("uint8", "uint16", "uint32", "uint64", "sigset"), _integer),
    **dict.fromkeys(("errno", "fd", "fd32"), _result),
    **dict.fromkeys(("flags8", "flags16", "flags32", "mode"), _flags),
    **dict.fromkeys(("enumflags8", "enumflags16", "enumflags32"), _enumerated),
    **dict.fromkeys(("charbuf", "fspath", "fsrelpath"), _plain),
    **dict.fromkeys(("ipv4addr", "ipv6addr", "ipaddr"), _ip),
    **dict.fromkeys(("charbufarray", "charbuf_pair_array", "texts"), _list),
    "uid": _user,
    "gid": _group,
    "sigtype": _signal,
    "syscallid": _call,
    "l4proto": _protocol,
    "bool": _boolean,
    "reltime": _duration,
    "abstime": _time,
    "bytebuf": _bytes,
    "sockaddr": _address,
    "socktuple": _tuple,
    "fdlist": _descriptors,
    "command": _command,
    "capabilities": _capabilities,
}


def labels_of(node: Node | None) -> dict[str, str]:
    """Return a mapping from texts to texts.

    :raises MistakeError: if it is none.
    """
    if node is None or is_null(node):
        return {}
    if not isinstance(node, MappingNode):
        raise MistakeError("labels are a mapping from names to texts")
    return {_text(key): _text(value) for key, value in node.pairs}
