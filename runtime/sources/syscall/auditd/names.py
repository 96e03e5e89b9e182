"""What numbers of Linux are called in Falco: flags, requests, errors, signals, terminals.

Falco's drivers turn the flags of Linux into numbers of their own; rules see
their names, in the order in which Falco tries and prints them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rulec.runtime.sources.syscall.auditd.records import integer


def _table(text: str) -> tuple[tuple[str, int], ...]:
    pairs = (word.partition("=") for word in text.split())
    return tuple((name, int(value, 0)) for name, _, value in pairs)


Names = tuple[tuple[str, int], ...]

# What the bits of an argument are called, by what the argument is.
FLAGS: Final[Mapping[str, Names]] = {
    "clone": _table(
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
    "mode": _table(
        """
        S_IXOTH=0o1 S_IWOTH=0o2 S_IROTH=0o4 S_IXGRP=0o10 S_IWGRP=0o20 S_IRGRP=0o40 S_IXUSR=0o100
        S_IWUSR=0o200 S_IRUSR=0o400 S_ISVTX=0o1000 S_ISGID=0o2000 S_ISUID=0o4000
        """
    ),
    "mount": _table(
        """
        RDONLY=0x1 NOSUID=0x2 NODEV=0x4 NOEXEC=0x8 SYNCHRONOUS=0x10 REMOUNT=0x20 MANDLOCK=0x40
        DIRSYNC=0x80 NOATIME=0x400 NODIRATIME=0x800 BIND=0x1000 MOVE=0x2000 REC=0x4000
        SILENT=0x8000 POSIXACL=0x10000 UNBINDABLE=0x20000 PRIVATE=0x40000 SLAVE=0x80000
        SHARED=0x100000 RELATIME=0x200000 KERNMOUNT=0x400000 I_VERSION=0x800000
        STRICTATIME=0x1000000 LAZYTIME=0x2000000
        """
    ),
    "umount": _table("FORCE=1 DETACH=2 EXPIRE=4 NOFOLLOW=8"),
    "unlinkat": _table("AT_REMOVEDIR=0x200"),
    "memfd": _table("MFD_CLOEXEC=1 MFD_ALLOW_SEALING=2 MFD_HUGETLB=4"),
    "finit_module": _table(
        """
        MODULE_INIT_IGNORE_MODVERSIONS=1 MODULE_INIT_IGNORE_VERMAGIC=2
        MODULE_INIT_COMPRESSED_FILE=4
        """
    ),
    "delete_module": _table("O_NONBLOCK=0x800 O_TRUNC=0x200"),
    "resolve": _table(
        """
        RESOLVE_BENEATH=0x8 RESOLVE_IN_ROOT=0x10 RESOLVE_NO_MAGICLINKS=0x2 RESOLVE_NO_SYMLINKS=0x4
        RESOLVE_NO_XDEV=0x1 RESOLVE_CACHED=0x20
        """
    ),
}

# What the values of an argument are called, by what the argument is. A value may have two names.
CHOICES: Final[Mapping[str, Names]] = {
    "domain": _table(
        """
        AF_NFC=39 AF_ALG=38 AF_CAIF=37 AF_IEEE802154=36 AF_PHONET=35 AF_ISDN=34 AF_RXRPC=33
        AF_IUCV=32 AF_BLUETOOTH=31 AF_TIPC=30 AF_CAN=29 AF_LLC=26 AF_WANPIPE=25 AF_PPPOX=24
        AF_IRDA=23 AF_SNA=22 AF_RDS=21 AF_ATMSVC=20 AF_ECONET=19 AF_ASH=18 AF_PACKET=17 AF_ROUTE=16
        AF_NETLINK=16 AF_KEY=15 AF_SECURITY=14 AF_NETBEUI=13 AF_DECnet=12 AF_ROSE=11 AF_INET6=10
        AF_X25=9 AF_ATMPVC=8 AF_BRIDGE=7 AF_NETROM=6 AF_APPLETALK=5 AF_IPX=4 AF_AX25=3 AF_INET=2
        AF_LOCAL=1 AF_UNIX=1 AF_UNSPEC=0
        """
    ),
    "ptrace": _table(
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
    "bpf": _table(
        """
        BPF_MAP_CREATE=0 BPF_MAP_LOOKUP_ELEM=1 BPF_MAP_UPDATE_ELEM=2 BPF_MAP_DELETE_ELEM=3
        BPF_MAP_GET_NEXT_KEY=4 BPF_PROG_LOAD=5 BPF_OBJ_PIN=6 BPF_OBJ_GET=7 BPF_PROG_ATTACH=8
        BPF_PROG_DETACH=9 BPF_PROG_TEST_RUN=10 BPF_PROG_RUN=10 BPF_PROG_GET_NEXT_ID=11
        BPF_MAP_GET_NEXT_ID=12 BPF_PROG_GET_FD_BY_ID=13 BPF_MAP_GET_FD_BY_ID=14
        BPF_OBJ_GET_INFO_BY_FD=15 BPF_PROG_QUERY=16 BPF_RAW_TRACEPOINT_OPEN=17 BPF_BTF_LOAD=18
        BPF_BTF_GET_FD_BY_ID=19 BPF_TASK_FD_QUERY=20 BPF_MAP_LOOKUP_AND_DELETE_ELEM=21
        BPF_MAP_FREEZE=22 BPF_BTF_GET_NEXT_ID=23 BPF_MAP_LOOKUP_BATCH=24
        BPF_MAP_LOOKUP_AND_DELETE_BATCH=25 BPF_MAP_UPDATE_BATCH=26 BPF_MAP_DELETE_BATCH=27
        BPF_LINK_CREATE=28 BPF_LINK_UPDATE=29 BPF_LINK_GET_FD_BY_ID=30 BPF_LINK_GET_NEXT_ID=31
        BPF_ENABLE_STATS=32 BPF_ITER_CREATE=33 BPF_LINK_DETACH=34 BPF_PROG_BIND_MAP=35
        """
    ),
    "signal": _table(
        """
        SIGHUP=1 SIGINT=2 SIGQUIT=3 SIGILL=4 SIGTRAP=5 SIGABRT=6 SIGBUS=7 SIGFPE=8 SIGKILL=9
        SIGUSR1=10 SIGSEGV=11 SIGUSR2=12 SIGPIPE=13 SIGALRM=14 SIGTERM=15 SIGSTKFLT=16 SIGCHLD=17
        SIGCONT=18 SIGSTOP=19 SIGTSTP=20 SIGTTIN=21 SIGTTOU=22 SIGURG=23 SIGXCPU=24 SIGXFSZ=25
        SIGVTALRM=26 SIGPROF=27 SIGWINCH=28 SIGIO=29 SIGPWR=30 SIGSYS=31
        """
    ),
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

_ERRORS: Final[Mapping[int, str]] = {
    number: name
    for name, number in _table(
        """
        EPERM=1 ENOENT=2 ESRCH=3 EINTR=4 EIO=5 ENXIO=6 E2BIG=7 ENOEXEC=8 EBADF=9 ECHILD=10
        EAGAIN=11 ENOMEM=12 EACCES=13 EFAULT=14 ENOTBLK=15 EBUSY=16 EEXIST=17 EXDEV=18 ENODEV=19
        ENOTDIR=20 EISDIR=21 EINVAL=22 ENFILE=23 EMFILE=24 ENOTTY=25 ETXTBSY=26 EFBIG=27 ENOSPC=28
        ESPIPE=29 EROFS=30 EMLINK=31 EPIPE=32 EDOM=33 ERANGE=34 EDEADLK=35 ENAMETOOLONG=36
        ENOLCK=37 ENOSYS=38 ENOTEMPTY=39 ELOOP=40 ENOMSG=42 EIDRM=43 ECHRNG=44 EL2NSYNC=45
        EL3HLT=46 EL3RST=47 ELNRNG=48 EUNATCH=49 ENOCSI=50 EL2HLT=51 EBADE=52 EBADR=53 EXFULL=54
        ENOANO=55 EBADRQC=56 EBADSLT=57 EBFONT=59 ENOSTR=60 ENODATA=61 ETIME=62 ENOSR=63 ENONET=64
        ENOPKG=65 EREMOTE=66 ENOLINK=67 EADV=68 ESRMNT=69 ECOMM=70 EPROTO=71 EMULTIHOP=72
        EDOTDOT=73 EBADMSG=74 EOVERFLOW=75 ENOTUNIQ=76 EBADFD=77 EREMCHG=78 ELIBACC=79 ELIBBAD=80
        ELIBSCN=81 ELIBMAX=82 ELIBEXEC=83 EILSEQ=84 ERESTART=85 ESTRPIPE=86 EUSERS=87 ENOTSOCK=88
        EDESTADDRREQ=89 EMSGSIZE=90 EPROTOTYPE=91 ENOPROTOOPT=92 EPROTONOSUPPORT=93
        ESOCKTNOSUPPORT=94 EOPNOTSUPP=95 EPFNOSUPPORT=96 EAFNOSUPPORT=97 EADDRINUSE=98
        EADDRNOTAVAIL=99 ENETDOWN=100 ENETUNREACH=101 ENETRESET=102 ECONNABORTED=103
        ECONNRESET=104 ENOBUFS=105 EISCONN=106 ENOTCONN=107 ESHUTDOWN=108 ETOOMANYREFS=109
        ETIMEDOUT=110 ECONNREFUSED=111 EHOSTDOWN=112 EHOSTUNREACH=113 EALREADY=114 EINPROGRESS=115
        ESTALE=116 EUCLEAN=117 ENOTNAM=118 ENAVAIL=119 EISNAM=120 EREMOTEIO=121 EDQUOT=122
        ENOMEDIUM=123 EMEDIUMTYPE=124 ECANCELED=125 ENOKEY=126 EKEYEXPIRED=127 EKEYREVOKED=128
        EKEYREJECTED=129 EOWNERDEAD=130 ENOTRECOVERABLE=131 ERFKILL=132
        """
    )
}


def result(value: int) -> str:
    """Return what a result is called: an error, or SUCCESS.

    >>> result(3), result(-13), result(-4000)
    ('SUCCESS', 'EACCES', '4000')
    """
    return "SUCCESS" if value >= 0 else _ERRORS.get(-value, str(-value))


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


_CAPABILITIES: Final = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
    SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
    SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
    WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
""".split()  # noqa: SIM905 - a list of quoted names would be five times as long


def capabilities(bits: int) -> str:
    """Return the names of the capabilities in a set.

    >>> capabilities(0x21), capabilities(0)
    ('CAP_CHOWN CAP_KILL', '')
    """
    found = (f"CAP_{name}" for place, name in enumerate(_CAPABILITIES) if bits >> place & 1)
    return " ".join(found)
