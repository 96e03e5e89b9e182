"""From the SYSCALL record of an event to the call: its name, arguments and result."""

from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.auditd.grouping import Group
from rulec.runtime.sources.syscall.auditd.numbers import (
    ARCHITECTURES,
    LITTLE_ENDIAN,
    SOCKET_CALLS,
    X32_BIT,
    Architecture,
)
from rulec.runtime.sources.syscall.auditd.records import Fields, integer
from rulec.runtime.sources.syscall.event_types import SYNONYMS

_X86_64: Final = 0xC000003E
_WORD: Final = 2**32


class CallError(ValueError):
    """The records tell of no system call that is known; ``reason`` is a short stable name."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Call(NamedTuple):
    """One system call: Falco's name for it, its first four arguments, and what came of it.

    ``arm`` says that flags are those of Arm. ``result`` is None where the call
    does not return.
    """

    name: str
    arguments: tuple[int | None, ...]
    result: int | None
    pid: int
    ppid: int | None
    arm: bool = False
    little_endian: bool = True

    @property
    def succeeded(self) -> bool:
        """Whether the call returned without an error."""
        return self.result is not None and self.result >= 0

    def argument(self, place: int) -> int | None:
        """Return an argument as the bits that the program passed; None if it is not logged."""
        return self.arguments[place] if place < len(self.arguments) else None

    def signed(self, place: int) -> int | None:
        """Return an argument that is a C ``int``, of which the lower half of a register counts."""
        value = self.argument(place)
        if value is None:
            return None
        value %= _WORD
        return value - _WORD if value >> 31 else value


def call(group: Group) -> Call:
    """Return the system call that records tell of.

    :raises CallError: if they do not.
    """
    fields = group.first("SYSCALL")
    if not fields:
        raise CallError("the event has no SYSCALL record", "no_syscall")
    pid = integer(fields.get("pid"))
    if pid is None:
        raise CallError("the SYSCALL record has no pid", "no_pid")
    number = integer(fields.get("arch"), 16)
    machine = ARCHITECTURES.get(number) if number is not None else None
    name = _name(fields, number, machine)
    arguments = tuple(integer(fields.get(f"a{place}"), 16) for place in range(4))
    if name == "socketcall":
        name, arguments = _socket_call(group, arguments)
    return Call(
        SYNONYMS.get(name, name),
        arguments,
        integer(fields.get("exit")),
        pid,
        integer(fields.get("ppid")),
        arm=machine is not None and machine.arm_flags,
        little_endian=number is None or number & LITTLE_ENDIAN != 0,
    )


def _name(fields: Fields, number: int | None, machine: Architecture | None) -> str:
    syscall = integer(fields.get("syscall"))
    if machine is not None and syscall is not None:
        if number == _X86_64:
            syscall &= ~X32_BIT
        if name := machine.calls.get(syscall):
            return name
    # What auditd wrote behind the record, if it knows more.
    if (name := fields.get("SYSCALL")) and name.replace("_", "").isalnum() and name.islower():
        return name
    raise CallError(
        f"no system call is known for arch={fields.get('arch', '')[:20]}"
        f" syscall={fields.get('syscall', '')[:20]}",
        "unknown_syscall",
    )


def _socket_call(
    group: Group, arguments: tuple[int | None, ...]
) -> tuple[str, tuple[int | None, ...]]:
    """Return what the one call for sockets of old 32-bit programs was about."""
    fields = group.first("SOCKETCALL")
    found = tuple(integer(fields.get(f"a{place}"), 16) for place in range(4))
    return SOCKET_CALLS.get(arguments[0] or 0, "socketcall"), found
