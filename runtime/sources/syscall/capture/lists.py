"""The blocks before the events: who was there when the capture began.

Processes, descriptors, users, interfaces. What is damaged ends its list, or its entry where that
says how long it is; what was read before is kept.
"""

from collections.abc import Callable, Mapping
from typing import Final

from rulec.runtime.sources.syscall.capture.decoders import Tuple, ip, text
from rulec.runtime.sources.syscall.paths import directory
from rulec.runtime.sources.syscall.state.descriptors import (
    INET_TYPES,
    L4_NAMES,
    TYPES,
    Descriptor,
    connection_name,
    host_port,
)
from rulec.runtime.sources.syscall.state.machine import (
    USERS_LIMIT,
    Machine,
)
from rulec.runtime.sources.syscall.state.sockets import unix_name
from rulec.runtime.sources.syscall.state.tables import Interface, User
from rulec.runtime.sources.syscall.state.threads import Process, Thread

# What reads the contents of a block.
Read = Callable[[Machine, "Bytes"], None]

# Entries of version 9 with fewer bytes left here lack two fields in the middle.
_SHORT_TAIL: Final = 29


_PADDING: Final = 4  # fewer bytes at the end of a list are none of it
_SMALLEST: Final = 4  # bytes of an entry without its size


class DamageError(Exception):
    """A list says that there is more than there is."""


class Bytes:
    """Bytes that are read from front to back."""

    __slots__ = ("_data", "_end", "_order", "at")

    def __init__(self, data: bytes, order: str, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._order = order
        self.at = at
        self._end = len(data) if end is None else min(end, len(data))

    @property
    def left(self) -> int:
        """How many bytes there are yet."""
        return self._end - self.at

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        :raises DamageError: if there are not so many.
        """
        begin = self.at
        if size > self._end - begin:
            raise DamageError
        self.at = begin + size
        return self._data[begin : begin + size]

    def number(self, size: int) -> int:
        """Return the next bytes as a number without a sign."""
        return int.from_bytes(self.take(size), self._order)  # type: ignore[arg-type]

    def signed(self, size: int) -> int:
        """Return the next bytes as a number with a sign."""
        return int.from_bytes(self.take(size), self._order, signed=True)  # type: ignore[arg-type]

    def text(self) -> str:
        """Return a text, whose length stands before it."""
        return text(self.take(self.number(2)))

    def words(self) -> bytes:
        """Return texts that end with a zero each, as they are."""
        return self.take(self.number(2))

    def entry(self, size: int) -> "Bytes":
        """Return what reads the next bytes only, and go on behind them.

        :raises DamageError: if there are not so many.
        """
        begin = self.at
        self.take(size)
        return Bytes(self._data, self._order, begin, begin + size)


def _read_entries(
    data: Bytes, sized: bool, read: Callable[[Bytes], None], *, counts_itself: bool = True
) -> None:
    """Read the entries of a list; a damaged one costs itself if it is ``sized``, or else the rest.

    The size of an entry stands before it, and may count itself.

    :raises DamageError: at the end, if some were damaged.
    """
    damaged = False
    while data.left >= _PADDING:
        entry = data
        if sized:
            size = data.number(4) - (4 if counts_itself else 0)
            if size < _SMALLEST:
                raise DamageError
            entry = data.entry(size)
        try:
            read(entry)
        except DamageError:
            if not sized:
                raise
            damaged = True
    if damaged:
        raise DamageError


def read_machine(machine: Machine, data: Bytes) -> None:
    """Read what is said of the machine itself."""
    data.take(20)
    machine.hostname = text(data.take(128))


def read_processes(machine: Machine, data: Bytes, version: int) -> None:
    """Read a list of threads."""

    def read(entry: Bytes) -> None:
        thread = _thread(entry, version)
        if machine.add(thread):
            machine.listed_threads.append(thread)

    _read_entries(data, version >= 9, read)


def _thread(data: Bytes, version: int) -> Thread:
    thread = Thread(data.signed(8), "list")
    thread.pid, thread.ptid = data.signed(8), data.signed(8)
    if version >= 6:
        thread.sid = data.signed(8)
    if version >= 8:
        thread.vpgid = data.signed(8)
    thread.comm, thread.exe = data.text(), data.text()
    if version >= 7:
        thread.exepath = data.text().removesuffix(" (deleted)")
    thread.args = data.words()
    thread.process = Process(directory(data.text()))
    thread.fdlimit, thread.clone_flags = data.number(8), data.number(4)
    thread.uid, thread.gid = data.number(4), data.number(4)
    if version >= 2:
        thread.vmsize, thread.vmrss, thread.vmswap = (data.number(4) for _ in range(3))
        thread.pfmajor, thread.pfminor = data.number(8), data.number(8)
    if version >= 3:
        thread.env = data.words()
    if version >= 4:
        thread.vtid, thread.vpid = data.signed(8), data.signed(8)
        thread.cgroups = data.words()
    if version >= 5:
        thread.root = data.text()
    if version >= 9:
        _tail(thread, data)
    return thread


def _tail(thread: Thread, data: Bytes) -> None:
    """Read what newer recorders add to an entry: as much of it as there is."""
    try:
        if data.left > _SHORT_TAIL:
            thread.pidns_start, thread.tty = data.number(8), data.number(4)
        thread.loginuid = data.number(4)
        thread.exe_flags = data.number(1) and 1
        thread.cap_inheritable = data.number(8)
        thread.cap_permitted = data.number(8)
        thread.cap_effective = data.number(8)
        thread.exe_flags |= data.number(1) and 2
        thread.exe_inode = data.number(8)
        thread.exe_ctime = data.number(8)
        thread.exe_mtime = data.number(8)
        thread.exe_flags |= data.number(1) and 4
        thread.exe_flags |= data.number(1) and 8
        thread.pgid = data.signed(8)
    except DamageError:
        pass


def read_descriptors(machine: Machine, data: Bytes, version: int) -> None:
    """Read the descriptors of one process."""
    thread = machine.threads.get(data.signed(8))

    def read(entry: Bytes) -> None:
        found = _descriptor(entry, version)
        if found is not None and thread is not None:
            number, one = found
            machine.open(thread, number, one)
            if one.type in INET_TYPES:
                machine.listed.append((thread.process, number))

    _read_entries(data, version >= 2, read)


def _descriptor(data: Bytes, version: int) -> tuple[int, Descriptor] | None:
    number, inode, code = data.signed(8), data.number(8), data.number(1)
    if code not in TYPES:
        if version >= 2:
            return None
        raise DamageError
    type_ = TYPES[code][0]
    if code in (3, 4):
        size = 4 if code == 3 else 16
        source, destination = data.take(size), data.take(size)
        ports = data.number(2), data.number(2)
        l4 = L4_NAMES.get(data.number(1), "")
        return number, _connection(type_, inode, l4, source, ports[0], destination, ports[1])
    if code in (5, 6):
        host, port = ip(data.take(4 if code == 5 else 16)), data.number(2)
        return number, Descriptor(
            type=type_,
            name=host_port(host, port),
            inode=inode,
            l4=L4_NAMES.get(data.number(1), ""),
            destination=host,
            destination_port=port,
            listening=True,
            role="server",
        )
    if code == 8:
        ends = Tuple(1, data.number(8), 0, data.number(8), 0, data.text())
        name = ends.path or unix_name(ends)
        return number, Descriptor(
            type=type_, name=name, inode=inode, source=ends.source, destination=ends.destination
        )
    flags = data.number(4) if code == 16 else 0
    name = data.text()
    device = data.number(4) if code == 16 and data.left >= 4 and version >= 2 else 0
    return number, Descriptor(
        type=type_, name=name, raw_name=name, flags=flags, device=device, inode=inode
    )


def _connection(
    type_: str, inode: int, l4: str, source: bytes, source_port: int, other: bytes, port: int
) -> Descriptor:
    mapped = bytes(10) + b"\xff\xff"
    if source.startswith(mapped) and other.startswith(mapped) and len(source) == 16:
        type_, source, other = "ipv4", source[12:], other[12:]
    near, far = ip(source), ip(other)
    return Descriptor(
        type=type_,
        name=connection_name(near, source_port, far, port),
        inode=inode,
        l4=l4,
        source=near,
        source_port=source_port,
        destination=far,
        destination_port=port,
        connected=l4 == "tcp",
    )


def read_interfaces(machine: Machine, data: Bytes, version: int) -> None:
    """Read the addresses of the machine."""
    found: list[Interface] = []

    def read(entry: Bytes) -> None:
        kind, length = entry.number(2), entry.number(2)
        if kind not in (1, 2, 3, 4):
            if version < 2:
                raise DamageError
            return
        size = 4 if kind in (1, 3) else 16
        address, mask = ip(entry.take(size)), entry.take(size)
        entry.take(size + (8 if kind in (1, 2) else 0))
        name = text(entry.take(length))
        if address is not None:
            found.append(Interface(name, address, int.from_bytes(mask, "big")))

    try:
        _read_entries(data, version >= 2, read, counts_itself=False)
    finally:
        machine.interfaces.add(found)


def read_users(machine: Machine, data: Bytes, version: int) -> None:
    """Read the users and groups."""

    def read(entry: Bytes) -> None:
        kind, number = entry.number(1), entry.number(4)
        if kind == 0:
            user = User(number, entry.number(4), entry.text(), entry.text(), entry.text())
            if len(machine.users) < USERS_LIMIT:
                machine.users[number] = user
        elif kind == 1:
            name = entry.text()
            if len(machine.groups) < USERS_LIMIT:
                machine.groups[number] = name
        elif version < 2:
            raise DamageError

    _read_entries(data, version >= 2, read)


_VERSIONED: Final[Mapping[Callable[[Machine, Bytes, int], None], Mapping[int, int]]] = {
    read_processes: {
        0x202: 1,
        0x8000ABCD: 1,
        0x207: 2,
        0x8013ABCD: 2,
        0x209: 3,
        0x8014ABCD: 3,
        0x210: 4,
        0x211: 5,
        0x212: 6,
        0x213: 7,
        0x214: 8,
        0x215: 9,
    },
    read_descriptors: {0x203: 1, 0x8001ABCD: 1, 0x218: 2},
    read_interfaces: {0x205: 1, 0x8011ABCD: 1, 0x219: 2},
    read_users: {0x206: 1, 0x8012ABCD: 1, 0x220: 2},
}


def _reader(read: Callable[[Machine, Bytes, int], None], version: int) -> Read:
    return lambda machine, data: read(machine, data, version)


# What reads a block, by its type. Of each list there are several versions.
READERS: Final[Mapping[int, Read]] = {
    **dict.fromkeys((0x201, 0x8002ABCD), read_machine),
    **{
        type_: _reader(read, version)
        for read, versions in _VERSIONED.items()
        for type_, version in versions.items()
    },
}
