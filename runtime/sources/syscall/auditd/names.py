"""What numbers of Linux are called in Falco: flags, requests, errors, signals, terminals.

Falco's drivers turn the flags of Linux into numbers of their own; rules see
their names, in the order in which Falco tries and prints them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rulec.runtime.sources.syscall.auditd.records import integer
from rulec.runtime.sources.syscall.symbols import (
    CAPABILITIES,
    ERRORS,
    SIGNALS,
    SYMBOLS,
    Symbols,
    table,
)

# What the bits of an argument are called, by what the argument is.
FLAGS: Final[Mapping[str, Symbols]] = {
    "clone": table(
        """
        CLONE_FILES=0x400 CLONE_FS=0x200 CLONE_IO=0x80000000 CLONE_NEWIPC=0x8000000
        CLONE_NEWNET=0x40000000 CLONE_NEWNS=0x20000 CLONE_NEWPID=0x20000000
        CLONE_NEWUTS=0x4000000 CLONE_PARENT=0x8000 CLONE_PARENT_SETTID=0x100000
        CLONE_PTRACE=0x2000 CLONE_SIGHAND=0x800 CLONE_SYSVSEM=0x40000 CLONE_THREAD=0x10000
        CLONE_UNTRACED=0x800000 CLONE_VM=0x100 CLONE_NEWUSER=0x10000000
        CLONE_CHILD_CLEARTID=0x200000 CLONE_CHILD_SETTID=0x1000000 CLONE_SETTLS=0x80000
        CLONE_VFORK=0x4000 CLONE_NEWCGROUP=0x2000000
        """
    ),
    "mode": SYMBOLS["chmod_mode"],
    "mount": table(
        """
        RDONLY=0x1 NOSUID=0x2 NODEV=0x4 NOEXEC=0x8 SYNCHRONOUS=0x10 REMOUNT=0x20 MANDLOCK=0x40
        DIRSYNC=0x80 NOATIME=0x400 NODIRATIME=0x800 BIND=0x1000 MOVE=0x2000 REC=0x4000
        SILENT=0x8000 POSIXACL=0x10000 UNBINDABLE=0x20000 PRIVATE=0x40000 SLAVE=0x80000
        SHARED=0x100000 RELATIME=0x200000 KERNMOUNT=0x400000 I_VERSION=0x800000
        STRICTATIME=0x1000000 LAZYTIME=0x2000000
        """
    ),
    "umount": SYMBOLS["umount_flags"],
    "unlinkat": SYMBOLS["unlinkat_flags"],
    "memfd": SYMBOLS["memfd_create_flags"],
    "finit_module": SYMBOLS["finit_module_flags"],
    "delete_module": table("O_NONBLOCK=0x800 O_TRUNC=0x200"),
    "resolve": table(
        """
        RESOLVE_BENEATH=0x8 RESOLVE_IN_ROOT=0x10 RESOLVE_NO_MAGICLINKS=0x2 RESOLVE_NO_SYMLINKS=0x4
        RESOLVE_NO_XDEV=0x1 RESOLVE_CACHED=0x20
        """
    ),
}

# What the values of an argument are called, by what the argument is. A value may have two names.
CHOICES: Final[Mapping[str, Symbols]] = {
    "domain": SYMBOLS["socket_families"],
    "ptrace": table(
        """
        PTRACE_TRACEME=0 PTRACE_PEEKTEXT=1 PTRACE_PEEKDATA=2 PTRACE_PEEKUSR=3 PTRACE_POKETEXT=4
        PTRACE_POKEDATA=5 PTRACE_POKEUSR=6 PTRACE_CONT=7 PTRACE_KILL=8 PTRACE_SINGLESTEP=9
        PTRACE_GETREGS=12 PTRACE_SETREGS=13 PTRACE_GETFPREGS=14 PTRACE_SETFPREGS=15
        PTRACE_ATTACH=16 PTRACE_DETACH=17 PTRACE_GETFPXREGS=18 PTRACE_SETFPXREGS=19
        PTRACE_OLDSETOPTIONS=21 PTRACE_SYSCALL=24 PTRACE_GET_THREAD_AREA=25
        PTRACE_SET_THREAD_AREA=26 PTRACE_ARCH_PRCTL=30 PTRACE_SYSEMU=31
        PTRACE_SYSEMU_SINGLESTEP=32 PTRACE_SINGLEBLOCK=33 PTRACE_SETOPTIONS=0x4200
        PTRACE_GETEVENTMSG=0x4201 PTRACE_GETSIGINFO=0x4202 PTRACE_SETSIGINFO=0x4203
        PTRACE_GETREGSET=0x4204 PTRACE_SETREGSET=0x4205 PTRACE_SEIZE=0x4206 PTRACE_INTERRUPT=0x4207
        PTRACE_LISTEN=0x4208 PTRACE_PEEKSIGINFO=0x4209 PTRACE_GETSIGMASK=0x420a
        PTRACE_SETSIGMASK=0x420b
        """
    ),
    "bpf": SYMBOLS["bpf_commands"],
    "signal": tuple((name, number) for number, name in SIGNALS.items()),
}


def flags(kind: str, value: int) -> str:
    """Return the names of the bits of a value.

    >>> flags("mode", 0o4755)[:15], flags("umount", 0)
    ('S_IXOTH|S_IROTH', '')
    """
    return "|".join(name for name, bits in FLAGS[kind] if value & bits)


def choice(kind: str, value: int) -> str:
    """Return the names of a value.

    >>> choice("domain", 1), choice("ptrace", 0x4206), choice("signal", 99)
    ('AF_LOCAL|AF_UNIX', 'PTRACE_SEIZE', '')
    """
    return "|".join(name for name, number in CHOICES[kind] if number == value)


# --- the flags of open ----------------------------------------------------------

READ: Final = 1  # Falco's bits for what a file is opened for, and for a new one
WRITE: Final = 2
CREATED: Final = 0x4000

_ACCESS: Final = 3
_CREATE: Final = 0o100
_TEMPORARY: Final = 0o20000000  # without the flag for directories that comes with it

# What Falco calls them, its number for them, and that of Linux, in Falco's
# order. The numbers of the others depend on the architecture.
_OPEN: Final = (
    ("O_LARGEFILE", 0x800, "large"),
    ("O_DIRECTORY", 0x400, "directory"),
    ("O_DIRECT", 0x200, "direct"),
    ("O_TRUNC", 0x100, 0o1000),
    ("O_SYNC", 0x80, 0o4010000),
    ("O_NONBLOCK", 0x40, 0o4000),
    ("O_EXCL", 0x20, 0o200),
    ("O_DSYNC", 0x10, 0o10000),
    ("O_APPEND", 0x8, 0o2000),
    ("O_CREAT", 0x4, _CREATE),
    ("O_RDWR", 0x3, 0),
    ("O_WRONLY", WRITE, 0),
    ("O_RDONLY", READ, 0),
    ("O_CLOEXEC", 0x1000, 0o2000000),
    ("O_TMPFILE", 0x2000, _TEMPORARY),
)
_PLACES: Final[Mapping[bool, Mapping[str, int]]] = {
    False: {"direct": 0o40000, "large": 0o100000, "directory": 0o200000},
    True: {"directory": 0o40000, "direct": 0o200000, "large": 0o400000},  # as Arm has them
}


@lru_cache(maxsize=1024)
def open_flags(value: int, arm: bool = False, created: bool = False) -> tuple[int, str]:
    """Return Falco's number and names for the flags of a file that is opened.

    ``created`` says that the file was new.

    >>> open_flags(0o1101)
    (262, 'O_TRUNC|O_CREAT|O_WRONLY')
    """
    # Both bits of the access mode at once mean something that Falco has no name for.
    access = {1: 0x2, 2: 0x3}.get(value & _ACCESS, READ)
    number = access
    names: list[str] = []
    for name, bits, linux in _OPEN:
        place = _PLACES[arm][linux] if isinstance(linux, str) else linux
        if (bits == access) if not place else (value & place == place):
            number |= bits
            names.append(name)
    if created:
        number |= CREATED
        names.append("O_F_CREATED")
    return number, "|".join(names)


def descriptor_flags(value: int, arm: bool = False) -> tuple[int, str]:
    """Return Falco's number and names for the flags of a descriptor of another kind."""
    number, names = open_flags(value & ~_ACCESS, arm)
    rest = [name for name in names.split("|") if name != "O_RDONLY"]
    return number & ~READ, "|".join(rest)


def creates(value: int) -> bool:
    """Return whether flags of ``open`` ask for a new file, if there is none or without a name."""
    return value & _CREATE != 0 or is_temporary(value)


def is_temporary(value: int) -> bool:
    """Return whether flags of ``open`` ask for a file without a name."""
    return value & _TEMPORARY != 0


def is_directory(value: int, arm: bool) -> bool:
    """Return whether flags of ``open`` ask for a directory."""
    return value & _PLACES[arm]["directory"] != 0 and not is_temporary(value)


# --- errors ---------------------------------------------------------------------


def result(value: int) -> str:
    """Return what a result is called: an error, or SUCCESS.

    >>> result(3), result(-13), result(-512), result(-4000)
    ('SUCCESS', 'EACCES', 'ERESTARTSYS', '4000')
    """
    return "SUCCESS" if value >= 0 else ERRORS.get(-value, str(-value))


# --- terminals and capabilities -------------------------------------------------

_TERMINAL: Final = re.compile(r"([A-Za-z]+)([0-9]{0,4})")
# The number of the first terminal of a kind: 256 times that of its driver, and its own.
_FIRST: Final = {
    "pts": 136 << 8,
    "tty": 4 << 8,
    "ttyS": (4 << 8) + 64,
    "console": (5 << 8) + 1,
    "ttyACM": 166 << 8,
    "ttyUSB": 188 << 8,
    "ttyAMA": (204 << 8) + 64,
    "hvc": 229 << 8,
}


def terminal(name: str | None) -> int | None:
    """Return the number of a terminal: 0 for none, None if it is not known.

    >>> terminal("pts1"), terminal("tty2"), terminal("(none)"), terminal("ttyX9")
    (34817, 1026, 0, None)
    """
    if name == "(none)":
        return 0
    match = _TERMINAL.fullmatch(name) if name is not None else None
    if match is None or match[1] not in _FIRST:
        return None
    return _FIRST[match[1]] + (integer(match[2]) or 0)


def capabilities(bits: int) -> str:
    """Return the names of the capabilities in a set.

    >>> capabilities(0x21), capabilities(0)
    ('CAP_CHOWN CAP_KILL', '')
    """
    return " ".join(name for place, name in enumerate(CAPABILITIES) if bits >> place & 1)
