"""Threads, and the processes that they belong to."""

from typing import Final

from rulec.runtime.sources.syscall.state.descriptors import Descriptor

NOBODY: Final = 0xFFFFFFFF  # an id of a user or group that says that there is none

# Flags of new threads, as drivers write them.
CLONE_NEWPID: Final = 0x40
CLONE_PARENT: Final = 0x100
CLONE_THREAD: Final = 0x2000
CLONE_NEWUSER: Final = 0x100000
CLONE_VFORK: Final = 0x8000000
CLONE_IN_PIDNS: Final = 0x20000000

EXE_WRITABLE: Final = 1
EXE_UPPER_LAYER: Final = 2
EXE_FROM_MEMFD: Final = 4
EXE_LOWER_LAYER: Final = 8

ALL_CAPABILITIES: Final = (1 << 41) - 1


class Process:
    """What the threads of a process share. ``members`` are the numbers of those that live."""

    __slots__ = ("cwd", "descriptors", "members")

    def __init__(self, cwd: str = "/", descriptors: dict[int, Descriptor] | None = None) -> None:
        self.cwd = cwd
        self.descriptors = {} if descriptors is None else descriptors
        self.members: set[int] = set()


class Thread:
    """One thread. Times are nanoseconds since the epoch, memory is in KiB.

    ``args``, ``env`` and ``cgroups`` are kept as they were recorded: texts that end with a zero
    each. ``made_by`` says how it became known: from the ``list``, by its ``own`` first event, by
    that of its ``caller``, or not at all (a ``placeholder``). ``parent`` is the leader of the
    process that made it; when that is gone, the parent is its ``heir``.
    """

    __slots__ = (
        "args",
        "cap_effective",
        "cap_inheritable",
        "cap_permitted",
        "cgroups",
        "clone_flags",
        "clone_time",
        "comm",
        "cpu_system",
        "cpu_user",
        "dead",
        "env",
        "exe",
        "exe_ctime",
        "exe_flags",
        "exe_inode",
        "exe_mtime",
        "exepath",
        "fdlimit",
        "gid",
        "gone",
        "heir",
        "loginuid",
        "made_at",
        "made_by",
        "parent",
        "pfmajor",
        "pfminor",
        "pgid",
        "pid",
        "pidns_start",
        "process",
        "ptid",
        "root",
        "sid",
        "tid",
        "tty",
        "uid",
        "vmrss",
        "vmsize",
        "vmswap",
        "vpgid",
        "vpid",
        "vtid",
    )

    def __init__(self, tid: int, made_by: str) -> None:
        self.tid = tid
        self.pid = self.ptid = self.sid = self.vpgid = self.pgid = self.vtid = self.vpid = -1
        self.comm = self.exe = self.exepath = self.root = ""
        self.args = self.env = self.cgroups = b""
        self.uid = self.gid = self.loginuid = NOBODY
        self.tty = self.fdlimit = 0
        self.clone_flags = self.exe_flags = 0
        self.vmsize = self.vmrss = self.vmswap = self.pfmajor = self.pfminor = 0
        self.cap_inheritable = self.cap_permitted = self.cap_effective = 0
        self.exe_inode = self.exe_ctime = self.exe_mtime = 0
        self.clone_time = self.pidns_start = self.made_at = 0
        self.cpu_user = self.cpu_system = 0
        self.made_by = made_by
        self.dead = self.gone = False
        self.parent: Thread | None = None
        self.heir: Thread | None = None
        self.process = Process()

    @property
    def is_leader(self) -> bool:
        """Whether the process has its number from this thread."""
        return self.tid == self.pid

    @property
    def in_pid_namespace(self) -> bool:
        """Whether the thread has another number where it lives."""
        return self.tid != self.vtid or self.pid != self.vpid

    def inherit(self, source: "Thread") -> None:
        """Take over what a new thread has from the one that made it."""
        for name in _INHERITED:
            setattr(self, name, getattr(source, name))


_INHERITED: Final = (
    "cap_effective",
    "cap_inheritable",
    "cap_permitted",
    "exe_ctime",
    "exe_flags",
    "exe_inode",
    "exe_mtime",
    "exepath",
    "loginuid",
    "pgid",
    "root",
    "sid",
    "tty",
    "vpgid",
)
