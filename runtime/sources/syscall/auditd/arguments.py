"""The arguments of system calls by the names that Falco has for them: ``evt.arg.flags``.

An argument has a value (``evt.rawarg``) and a text (``evt.arg``): the names of
its flags, an absolute path, what an error is called.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rulec.runtime.sources.syscall.auditd import names
from rulec.runtime.sources.syscall.auditd.descriptors import Descriptor
from rulec.runtime.sources.syscall.auditd.facts import Facts, signed_id
from rulec.runtime.sources.syscall.auditd.records import integer, text
from rulec.runtime.sources.syscall.paths import AT_FDCWD


class Value(NamedTuple):
    """The value of an argument; how that is written; what is shown instead, if anything."""

    raw: Any
    written: str
    resolved: str = ""

    @property
    def text(self) -> str:
        """What ``evt.arg`` says."""
        return self.resolved or self.written


class Argument(NamedTuple):
    """One argument: its name, what works it out, and what that has to know."""

    name: str
    kind: str
    operands: tuple[str, ...]

    def value(self, facts: Facts, descriptor: Descriptor) -> Value | None:
        """Return what the argument was; None if the log does not tell."""
        find = KINDS.get(self.kind)
        return None if find is None else find(facts, descriptor, *self.operands)


def _number(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    return None if value is None else Value(value, str(value))


def _int(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.signed(int(place))
    return None if value is None else Value(value, str(value))


def _octal(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.open_mode if place == "open" else facts.call.argument(int(place))
    return None if value is None else Value(value, f"{value:o}")


def _hexadecimal(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    return None if value is None else Value(value, f"{value:X}")


def _result(facts: Facts, _: Descriptor) -> Value | None:
    value = facts.call.result
    if value is None:
        return None
    return Value(value, str(value), "" if value >= 0 else names.result(value))


def _opened(facts: Facts, descriptor: Descriptor) -> Value | None:
    value = facts.call.result
    if value is None or value < 0:
        return _result(facts, descriptor)
    return Value(value, str(value), _shown(descriptor))


def _descriptor(facts: Facts, descriptor: Descriptor, place: str) -> Value | None:
    value = facts.call.signed(int(place))
    if value is None:
        return None
    return Value(value, str(value), _shown(descriptor) if value == descriptor.number else "")


def _shown(descriptor: Descriptor) -> str:
    if descriptor.name is None:
        return ""
    letter = {"tcp": "t", "udp": "u", "icmp": "i", "raw": "r"}.get(descriptor.speaks or "", "")
    return f"<{descriptor.char}{letter}>{descriptor.name}"


def _directory(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.signed(int(place))
    if value is None:
        return None
    return Value(value, str(value), "AT_FDCWD" if value == AT_FDCWD else "")


def _path(facts: Facts, _: Descriptor, role: str, directory: str = "") -> Value | None:
    path = facts.path(role)
    if path is None:
        return None
    absolute = facts.absolute(role, int(directory) if directory else None) or ""
    return Value(path, path, "" if absolute == path else absolute)


def _given(facts: Facts, _: Descriptor, role: str) -> Value | None:
    path = facts.path(role)
    return None if path is None else Value(path, path)


def _open_flags(facts: Facts, _: Descriptor) -> Value | None:
    asked = facts.open_flags
    if asked is None:
        return None
    value, shown = names.open_flags(asked, facts.call.arm, facts.creates)
    return Value(value, f"{value:X}", shown)


def _descriptor_flags(facts: Facts, _: Descriptor, place: str) -> Value | None:
    asked = facts.call.argument(int(place))
    if asked is None:
        return None
    value, shown = names.descriptor_flags(asked, facts.call.arm)
    return Value(value, f"{value:X}", shown)


def _flags(facts: Facts, _: Descriptor, kind: str, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    if value is None:
        return None
    return Value(value, f"{value:o}" if kind == "mode" else f"{value:X}", names.flags(kind, value))


def _resolve(facts: Facts, _: Descriptor) -> Value | None:
    value = integer(facts.group.first("OPENAT2").get("resolve", "").removeprefix("0x"), 16)
    return None if value is None else Value(value, f"{value:X}", names.flags("resolve", value))


def _choice(facts: Facts, _: Descriptor, kind: str, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    return None if value is None else Value(value, str(value), names.choice(kind, value))


def _user(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    if value is None:
        return None
    value %= 2**32
    if signed_id(value) == -1:
        return Value(value, "-1", "<NONE>")
    # Of all users, the record names those that the process has now.
    known = {facts.user(name): facts.user_name(name) for name in ("suid", "uid", "euid")}
    name = known.get(value) or ("root" if value == 0 else "<NA>")
    return Value(value, str(value), name)


def _group(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.argument(int(place))
    if value is None:
        return None
    value %= 2**32
    if signed_id(value) == -1:
        return Value(value, "-1", "<NONE>")
    known = {facts.user(name): facts.user_name(name) for name in ("sgid", "gid", "egid")}
    return Value(value, str(value), known.get(value) or ("root" if value == 0 else "<NA>"))


def _process(facts: Facts, _: Descriptor, place: str) -> Value | None:
    value = facts.call.signed(int(place))
    if value is None:
        return None
    other = facts.group.first("OBJ_PID")
    name = text(other.get("ocomm")) if integer(other.get("opid")) == value else None
    if value == facts.process.pid:
        name = facts.process.name
    return Value(value, str(value), name or "")


def _connection(facts: Facts, descriptor: Descriptor) -> Value | None:
    return None if facts.address is None else Value(descriptor.name, descriptor.name or "")


def _address(facts: Facts, _: Descriptor) -> Value | None:
    found = facts.address
    return None if found is None or not found.text else Value(found.text, found.text)


def _module(facts: Facts, _: Descriptor) -> Value | None:
    name = text(facts.group.first("KERN_MODULE").get("name"))
    return None if name is None else Value(name, name)


def _arguments(facts: Facts, _: Descriptor) -> Value | None:
    argv = facts.process.argv
    if argv is None:
        return None
    data = "".join(f"{argument}\0" for argument in argv[1:])
    return Value(data.encode("utf-8", "surrogateescape"), " ".join(argv[1:]))


def _of_process(facts: Facts, _: Descriptor, what: str) -> Value | None:
    process = facts.process
    value: Any = {
        "exe": process.argv[0] if process.argv else None,
        "pid": process.pid,
        "ppid": process.ppid,
        "name": process.name,
        "exepath": process.exepath,
        "cwd": facts.cwd,
        "tty": names.terminal(facts.syscall.get("tty")),
        "uid": facts.user("euid"),
        "gid": facts.user("egid"),
        "loginuid": facts.user("auid"),
    }[what]
    return None if value is None else Value(value, str(value))


# How an argument is worked out, by what it is.
KINDS: Final[Mapping[str, Callable[..., Value | None]]] = {
    "address": _address,
    "arguments": _arguments,
    "choice": _choice,
    "connection": _connection,
    "descriptor": _descriptor,
    "descriptor_flags": _descriptor_flags,
    "directory": _directory,
    "flags": _flags,
    "given": _given,
    "group": _group,
    "hex": _hexadecimal,
    "int": _int,
    "module": _module,
    "number": _number,
    "octal": _octal,
    "of_process": _of_process,
    "open_flags": _open_flags,
    "opened": _opened,
    "path": _path,
    "pid": _process,
    "resolve": _resolve,
    "result": _result,
    "user": _user,
}
