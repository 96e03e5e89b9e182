"""What the records of one system call say."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from rulec.runtime.sources.syscall.auditd import paths
from rulec.runtime.sources.syscall.auditd.calls import Call
from rulec.runtime.sources.syscall.auditd.grouping import Group
from rulec.runtime.sources.syscall.auditd.processes import Process
from rulec.runtime.sources.syscall.auditd.records import Fields, data, decoded, integer, text
from rulec.runtime.sources.syscall.auditd.sockets import Address, address
from rulec.runtime.sources.syscall.paths import AT_FDCWD, UNKNOWN, joined

_UNSET: Final = 0xFFFFFFFF  # of users and groups


class Facts:
    """One system call, who made it, and what its records say.

    ``time`` is in nanoseconds since the epoch, ``number`` counts the events.
    ``ancestors`` are those that are known, the parent first. ``speaks`` is what
    the socket of the call speaks, if that is known.
    """

    def __init__(
        self,
        group: Group,
        call: Call,
        number: int,
        process: Process,
        ancestors: tuple[Process, ...] = (),
        speaks: str | None = None,
    ) -> None:
        self.group = group
        self.call = call
        self.time = group.time
        self.number = number
        self.process = process
        self.ancestors = ancestors
        self.speaks = speaks

    @property
    def node(self) -> str:
        """The machine that logged the event, if the log says so."""
        return self.group.event[0]

    @cached_property
    def syscall(self) -> Fields:
        """The fields of the SYSCALL record, as they are written."""
        return self.group.first("SYSCALL")

    @cached_property
    def items(self) -> list[paths.Item]:
        """The paths that the call was about."""
        return paths.items(self.group.all("PATH"))

    @cached_property
    def cwd(self) -> str | None:
        """The working directory of the process."""
        return text(self.group.first("CWD").get("cwd"))

    @cached_property
    def address(self) -> Address | None:
        """The address that the program passed to the call, or got from it."""
        return address(self.group.first("SOCKADDR").get("saddr"), self.call.little_endian)

    def path(self, role: str) -> str | None:
        """Return a path as the program gave it, by its part in the call (see ``paths.ROLES``)."""
        item = paths.ROLES[role](self.items)
        return None if item is None else item.path

    def absolute(self, role: str, directory: int | None = None) -> str | None:
        """Return a path in its absolute form.

        ``directory`` is the place of the argument that is a descriptor of the
        directory that the path starts from. Only its number is logged.
        """
        path = self.path(role)
        if path is None:
            return None
        base = self.cwd
        if directory is not None and self.call.signed(directory) != AT_FDCWD:
            base = UNKNOWN
        return path if base is None and path[0] != "/" else joined(base or "/", path)

    @cached_property
    def creates(self) -> bool:
        """Whether the call made a new file."""
        return self.call.succeeded and self.path("made") is not None

    @cached_property
    def open_flags(self) -> int | None:
        """What the program asked for when it opened a file, as Linux has it."""
        if (place := OPENS.get(self.call.name)) is not None:
            return self.call.argument(place)
        if self.call.name == "openat2":
            return integer(self.group.first("OPENAT2").get("oflag"), 8)
        return None

    @cached_property
    def open_mode(self) -> int | None:
        """The permissions that a new file is to have."""
        if (place := _MODES.get(self.call.name)) is not None:
            return self.call.argument(place)
        if self.call.name == "openat2":
            return integer(self.group.first("OPENAT2").get("mode"), 8)
        return None

    def user(self, field: str) -> int | None:
        """Return the number of a user or a group that the SYSCALL record has under a name."""
        return integer(self.syscall.get(field))

    def user_name(self, field: str) -> str | None:
        """Return the name of a user or group that auditd wrote for such a number, if it did."""
        name = text(self.syscall.get(field.upper()))
        return None if not name or name == "unset" or name.startswith("unknown(") else name


# Where the flags of calls that open files are, and the permissions of new files. The calls
# that are not named here have them elsewhere, or none.
OPENS: Final = {"open": 1, "openat": 2, "open_by_handle_at": 2}
OPENING: Final = frozenset({*OPENS, "openat2", "creat"})
_MODES: Final = {"open": 2, "openat": 3, "creat": 1}


def signed_id(value: int | None) -> int | None:
    """Return the number of a user, -1 for none."""
    return -1 if value == _UNSET else value


def started_with(group: Group) -> tuple[str, ...] | None:
    """Return the arguments that a program was started with, its name the first; None if unknown.

    A long argument is in several pieces, ``a1[0]``, ``a1[1]``, perhaps in
    several records.
    """
    whole: dict[int, bytes] = {}
    pieces: dict[int, dict[int, bytes]] = {}
    for fields in group.all("EXECVE"):
        for key, value in fields.items():
            place, bracket, piece = key[1:].partition("[")
            number = integer(place) if key[0] == "a" and place.isdecimal() else None
            if number is None or (said := data(value)) is None:
                continue
            if not bracket:
                whole.setdefault(number, said)
            elif (part := integer(piece.removesuffix("]"))) is not None:
                pieces.setdefault(number, {}).setdefault(part, said)
    for number, parts in pieces.items():
        whole.setdefault(number, b"".join(said for _, said in sorted(parts.items())))
    return tuple(decoded(said) for _, said in sorted(whole.items())) if whole else None


def title(group: Group) -> tuple[str, ...] | None:
    """Return the arguments that the title of the process shows: their first 128 bytes."""
    found = text(group.first("PROCTITLE").get("proctitle"))
    if found is None or found == "(null)":
        return None
    return tuple(found.rstrip("\0").split("\0"))


def capability_sets(group: Group) -> Mapping[str, int] | None:
    """Return the sets of capabilities that a process has after the call, as bits, if it tells."""
    for type_, prefixes in _CAPABILITY_RECORDS.items():
        if type_ not in group.records:
            continue
        fields = group.first(type_)
        found: dict[str, int] = {}
        for name, letter in (("permitted", "p"), ("inheritable", "i"), ("effective", "e")):
            values = (integer(fields.get(f"{prefix}p{letter}"), 16) for prefix in prefixes)
            if (bits := next((bits for bits in values if bits is not None), None)) is not None:
                found[name] = bits
        if len(found) == 3:
            return found
    return None


# What the names of the sets begin with, by the record: old kernels write "new_pp", others "pp".
_CAPABILITY_RECORDS: Final = {"BPRM_FCAPS": ("new_", ""), "CAPSET": ("cap_",)}
