"""Captures, written: the state of a machine, and the events that happen on it.

What is written is in the newest form, as Falco and sysdig write it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from rulec.runtime.encoding import utf8
from rulec.runtime.sources.syscall.capture import blocks
from rulec.runtime.sources.syscall.capture.encoders import encoded, number
from rulec.runtime.sources.syscall.capture.events import Kind, codes, kinds
from rulec.runtime.sources.syscall.state.descriptors import (
    L4_NAMES,
    TYPES,
    Descriptor,
)
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import Interface, User
from rulec.runtime.sources.syscall.state.threads import (
    EXE_FROM_MEMFD,
    EXE_LOWER_LAYER,
    EXE_UPPER_LAYER,
    EXE_WRITABLE,
    Thread,
)

_MACHINE: Final = 0x201
_PROCESSES: Final = 0x215
_DESCRIPTORS: Final = 0x218
_INTERFACES: Final = 0x219
_USERS: Final = 0x220

_L4_NUMBERS: Final = {name: code for code, name in L4_NAMES.items()}
_TYPE_NUMBERS: Final = {name: code for code, (name, _) in reversed(TYPES.items())}
_FILE: Final = 16  # with the flags that it was opened with


class Sink(Protocol):
    """What is written to: a file opened in binary mode, or anything like it."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
        ...


class Numbers:
    """Makes bytes of numbers and texts, one behind the other."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._found: list[bytes] = []

    def add(self, size: int, *values: int) -> "Numbers":
        """Add numbers of some bytes each."""
        self._found += [number(value, size, self._order) for value in values]
        return self

    def text(self, *values: str) -> "Numbers":
        """Add texts, each with its length before it."""
        return self.raw(*map(utf8, values))

    def raw(self, *values: bytes) -> "Numbers":
        """Add bytes, each time with their number before them."""
        for value in values:
            self.add(2, len(value)).plain(value)
        return self

    def plain(self, *values: bytes) -> "Numbers":
        """Add bytes as they are."""
        self._found += values
        return self

    def __bytes__(self) -> bytes:
        return b"".join(self._found)


def block(type_: int, body: bytes, order: str = "little") -> bytes:
    """Return a block with something in it."""
    padding = -len(body) % 4
    length = number(blocks.FRAME + len(body) + padding, 4, order)
    return number(type_, 4, order) + length + body + bytes(padding) + length


class Writer:
    """Writes a capture to a stream: first the state of a machine, then events."""

    def __init__(self, stream: Sink, order: str = "little") -> None:
        self._stream = stream
        self._order = order
        self._kinds = kinds(order)

    def begin(self, machine: Machine) -> None:
        """Write what is known of a machine before the first event."""
        version = blocks.SECTION_VERSION
        section = self._numbers().add(4, blocks.MAGIC).add(2, *version).add(8, -1)
        self._write(blocks.SECTION, bytes(section))
        name = utf8(machine.hostname)[:127].ljust(128, b"\0")
        info = self._numbers().add(4, 1).add(8, 0, 0).plain(name).add(8, 0, 0, 0, 0)
        self._write(_MACHINE, bytes(info))
        threads = list(machine.threads.values())
        self._write(_PROCESSES, b"".join(map(self._thread, threads)))
        for thread in threads:
            descriptors = thread.process.descriptors
            if descriptors and thread.is_leader:
                entries = (self._descriptor(*each) for each in descriptors.items())
                head = bytes(self._numbers().add(8, thread.tid))
                self._write(_DESCRIPTORS, head + b"".join(entries))
        self._write(_INTERFACES, b"".join(map(self._interface, machine.interfaces)))
        self._write(_USERS, self._users(machine.users.values(), machine.groups))

    def event(
        self,
        id_: str,
        parameters: Mapping[str, Any],
        *,
        time: int,
        tid: int,
        cpu: int = 0,
        state_only: bool = False,
    ) -> None:
        """Write an event: its kind, such as ``SYSCALL_OPEN_X``, and parameters by name.

        What is not given is empty. ``state_only`` says that no rule is to see it.

        :raises KeyError: if there is no such kind.
        :raises ValueError: if the kind has no such parameter.
        """
        kind = self._kinds[codes()[id_]]
        assert kind is not None, "every id has a kind"
        if unknown := parameters.keys() - kind.positions.keys():
            raise ValueError(f"{id_} has no parameter {', '.join(sorted(unknown))}")
        parts = [encoded(parameters.get(p.name), p, self._order) for p in kind.parameters]
        flags = None if not state_only else blocks.STATE_ONLY
        self._event(kind, parts, time, tid, cpu, flags)

    def _event(
        self, kind: Kind, parts: list[bytes], time: int, tid: int, cpu: int, flags: int | None
    ) -> None:
        large = kind.code in blocks.LARGE
        width = 4 if large else 2
        size = blocks.HEADER + width * len(parts) + sum(map(len, parts))
        body = self._numbers().add(2, cpu)
        if flags is not None:
            body.add(4, flags)
        body.add(8, time, tid).add(4, size).add(2, kind.code).add(4, len(parts))
        body.add(width, *map(len, parts)).plain(*parts)
        type_ = (blocks.LARGE_EVENT if large else blocks.EVENT) + (flags is not None)
        self._write(type_, bytes(body))

    def _numbers(self) -> Numbers:
        return Numbers(self._order)

    def _write(self, type_: int, body: bytes) -> None:
        self._stream.write(block(type_, body, self._order))

    def _entry(self, content: Numbers) -> bytes:
        """Return an entry of a list with its length, which counts itself, before it."""
        data = bytes(content)
        return bytes(self._numbers().add(4, len(data) + 4)) + data

    def _thread(self, thread: Thread) -> bytes:
        found = self._numbers()
        found.add(8, thread.tid, thread.pid, thread.ptid, thread.sid, thread.vpgid)
        found.text(thread.comm, thread.exe, thread.exepath).raw(thread.args)
        found.text(thread.process.cwd).add(8, thread.fdlimit)
        found.add(4, thread.clone_flags, thread.uid, thread.gid)
        found.add(4, thread.vmsize, thread.vmrss, thread.vmswap)
        found.add(8, thread.pfmajor, thread.pfminor).raw(thread.env)
        found.add(8, thread.vtid, thread.vpid).raw(thread.cgroups).text(thread.root)
        found.add(8, thread.pidns_start).add(4, thread.tty, thread.loginuid)
        flags = thread.exe_flags
        found.add(1, bool(flags & EXE_WRITABLE))
        found.add(8, thread.cap_inheritable, thread.cap_permitted, thread.cap_effective)
        found.add(1, bool(flags & EXE_UPPER_LAYER))
        found.add(8, thread.exe_inode, thread.exe_ctime, thread.exe_mtime)
        found.add(1, bool(flags & EXE_FROM_MEMFD), bool(flags & EXE_LOWER_LAYER))
        return self._entry(found.add(8, thread.pgid))

    def _descriptor(self, number_: int, one: Descriptor) -> bytes:
        code = _FILE if one.type == "file" else _TYPE_NUMBERS.get(one.type, 10)
        found = self._numbers().add(8, number_, one.inode)
        if one.type in ("ipv4", "ipv6"):
            # Without ends, there is nothing to be told of a socket.
            code += 2 if one.listening else 0
            hosts = (one.destination,) if one.listening else (one.source, one.destination)
            found.add(1, code)
            for host in hosts:
                size = 4 if one.type == "ipv4" else 16
                found.plain(bytes(size) if host is None else number(int(host), size, "big"))
            ports = (one.source_port, one.destination_port)
            found.add(2, *(ports[1:] if one.listening else ports))
            return self._entry(found.add(1, _L4_NUMBERS.get(one.l4, 0)))
        found.add(1, code)
        if one.type == "unix":
            found.add(8, int(one.source or 0), int(one.destination or 0))
        elif one.type == "file":
            found.add(4, one.flags)
        found.text(one.name)
        return self._entry(found.add(4, one.device) if one.type == "file" else found)

    def _interface(self, one: Interface) -> bytes:
        size = len(one.address.packed)
        found = self._numbers().add(2, 1 if size == 4 else 2, len(utf8(one.name)))
        found.plain(one.address.packed, one.mask.to_bytes(size, "big"), bytes(size)).add(8, 0)
        data = bytes(found.plain(utf8(one.name)))
        return bytes(self._numbers().add(4, len(data))) + data

    def _users(self, users: Iterable[User], groups: Mapping[int, str]) -> bytes:
        found = []
        for user in users:
            entry = self._numbers().add(1, 0).add(4, user.uid, user.gid)
            found.append(self._entry(entry.text(user.name, user.home, user.shell)))
        for gid, name in groups.items():
            found.append(self._entry(self._numbers().add(1, 1).add(4, gid).text(name)))
        return b"".join(found)
