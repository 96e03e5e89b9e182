"""What rules see of the records of one system call."""

import io
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import pytest
from audit_records import Machine, inet

from rulec.runtime.events import EventError
from rulec.runtime.fields import OPTIONAL, Kind, argument_problem
from rulec.runtime.sources.syscall import documents
from rulec.runtime.sources.syscall.auditd.event import AuditEvent
from rulec.runtime.sources.syscall.auditd.numbers import ARCHITECTURES
from rulec.runtime.sources.syscall.auditd.signatures import PATHS, SIGNATURES
from rulec.runtime.sources.syscall.auditd.values import VALUES
from rulec.runtime.sources.syscall.dictionaries import declaration
from rulec.runtime.sources.syscall.event_types import EVENT_TYPES, SYNONYMS
from rulec.runtime.sources.syscall.fields import FIELDS

AT_FDCWD = 0xFFFFFF9C
X86 = Machine()
ARM = Machine("aarch64")


def events(*lines: bytes) -> list[AuditEvent]:
    """Return the events of a log that has nothing wrong with it."""
    found = []
    for _, told in documents.lines(io.BytesIO(b"".join(lines))):
        assert not isinstance(told, EventError), told
        made, rejected = told
        assert not rejected
        found += made
    return found


def only(lines: Sequence[bytes]) -> AuditEvent:
    (event,) = events(*lines)
    return event


def seen(event: AuditEvent, fields: dict[str, Any]) -> dict[str, Any]:
    return {field: event[field] for field in fields}


# One call each: the records, and what fields are worth.
CALLS: dict[str, tuple[list[bytes], dict[str, Any]]] = {
    "a program is started": (
        X86.event(
            "execve",
            [0x55D0, 0x55D1, 0x55D2, 8],
            comm="cat",
            exe="/usr/bin/cat",
            argv=["cat", "-n", "my file", "", "\xe9"],
            items=[("/bin/cat", "NORMAL"), ("/lib64/ld-linux-x86-64.so.2", "NORMAL")],
            key="exec",
        ),
        {
            "evt.type": "execve",
            "syscall.type": "execve",
            "evt.type.is.execve": 1,
            "evt.type.is.open": 0,
            "evt.dir": "<",
            "evt.num": 1,
            "evt.rawtime": 1_700_000_000_000_000_000,
            "evt.time": 1_700_000_000_000_000_000,
            "evt.rawres": 0,
            "evt.res": "SUCCESS",
            "evt.failed": False,
            "evt.arg.res": "0",
            "evt.arg[0]": "0",
            "evt.arg[1]": "cat",
            "evt.arg.filename": "/bin/cat",
            "evt.is_open_read": False,
            "proc.name": "cat",
            "proc.exe": "cat",
            "proc.exepath": "/usr/bin/cat",
            "proc.args": "-n my file  \xe9",
            "proc.args[1]": "my file",
            "proc.args[4]": None,
            "proc.cmdline": "cat -n my file  \xe9",
            "proc.exeline": "cat -n my file  \xe9",
            "proc.cmdnargs": 4,
            "proc.cwd": "/home/alice/",
            "proc.pid": 2000,
            "proc.ppid": 1000,
            "proc.pname": None,
            "proc.aname": None,
            "proc.aname[0]": "cat",
            "proc.aname[1]": None,
            "proc.tty": 34816,
            "proc.is_exe_from_memfd": False,
            "user.uid": 1000,
            "user.name": "alice",
            "user.loginuid": 1000,
            "user.loginname": "alice",
            "group.gid": 1000,
            "fd.name": None,
            "fd.typechar": "o",
            "container.id": None,
            "no.such.field": None,
        },
    ),
    "a program is not there": (
        X86.event(
            "execve",
            result=-2,
            comm="bash",
            exe="/usr/bin/bash",
            title=["-bash"],
            items=[("/usr/local/bin/ls", "UNKNOWN")],
        ),
        {
            "evt.res": "ENOENT",
            "evt.rawres": -2,
            "evt.failed": True,
            "evt.arg.res": "ENOENT",
            "evt.rawarg.res": -2,
            "evt.arg.filename": "/usr/local/bin/ls",
            "proc.name": "bash",
            "proc.exe": "-bash",
            "proc.args": "",
        },
    ),
    "a program from memory, without a terminal or a login": (
        X86.event(
            "execveat",
            comm="3",
            exe="/memfd:x (deleted)",
            argv=["kworker"],
            uid=0,
            auid=2**32 - 1,
            tty="(none)",
        ),
        {
            "proc.exepath": "/memfd:x",
            "proc.is_exe_from_memfd": True,
            "proc.tty": 0,
            "user.name": "root",
            "user.loginuid": -1,
            "user.loginname": "<NA>",
        },
    ),
    "a file is read": (
        X86.event(
            "openat",
            [AT_FDCWD, 0x7FFC, 0o2000000, 0],
            result=3,
            comm="cat",
            items=[("../../etc//shadow", "NORMAL")],
        ),
        {
            "evt.type": "openat",
            "evt.is_open_read": True,
            "evt.is_open_write": False,
            "evt.is_open_exec": False,
            "evt.is_open_create": False,
            "evt.arg.fd": "<f>/etc/shadow",
            "evt.rawarg.fd": 3,
            "evt.arg.dirfd": "AT_FDCWD",
            "evt.arg.name": "/etc/shadow",
            "evt.rawarg.name": "../../etc//shadow",
            "evt.arg.flags": "O_RDONLY|O_CLOEXEC",
            "evt.rawarg.flags": 0x1001,
            "evt.args": "fd=3(<f>/etc/shadow) dirfd=-100(AT_FDCWD)"
            " name=../../etc//shadow(/etc/shadow) flags=1001(O_RDONLY|O_CLOEXEC) mode=0",
            "fd.num": 3,
            "fd.name": "/etc/shadow",
            "fd.nameraw": "../../etc//shadow",
            "fd.directory": "/etc",
            "fd.filename": "shadow",
            "fd.type": "file",
            "fd.typechar": "f",
            "fd.ip": None,
            "fs.path.name": "/etc/shadow",
            "fs.path.nameraw": "../../etc//shadow",
        },
    ),
    "a file may not be read": (
        X86.event("open", [0x7FFC, 0, 0], result=-13, items=[("/etc/shadow", "NORMAL")]),
        {
            "evt.type": "open",
            "evt.res": "EACCES",
            "evt.arg.fd": "EACCES",
            "evt.is_open_read": True,
            "fd.num": None,
            "fd.name": "/etc/shadow",
            "fd.directory": "/etc",
            "fd.type": None,
            "fd.typechar": "o",
            "fs.path.name": None,
        },
    ),
    "a file is made": (
        X86.event(
            "openat",
            [AT_FDCWD, 0x7FFC, 0o1101, 0o755],
            result=4,
            items=[("/usr/bin/", "PARENT"), ("/usr/bin/evil", "CREATE")],
        ),
        {
            "evt.is_open_write": True,
            "evt.is_open_read": False,
            "evt.is_open_exec": True,
            "evt.is_open_create": True,
            "evt.arg.flags": "O_TRUNC|O_CREAT|O_WRONLY|O_F_CREATED",
            "evt.arg.mode": "755",
            "fd.name": "/usr/bin/evil",
        },
    ),
    "a file in a directory that was opened before": (
        X86.event("openat", [5, 0x7FFC, 2, 0], result=6, items=[("passwd", "NORMAL")]),
        {"fd.name": "<UNKNOWN>passwd", "evt.arg.dirfd": "5", "evt.arg.flags": "O_RDWR"},
    ),
    "a directory": (
        X86.event("openat", [AT_FDCWD, 1, 0o200000, 0], result=3, items=[("/etc", "NORMAL")]),
        {
            "fd.type": "directory",
            "fd.typechar": "d",
            "fd.directory": "/etc",
            "fd.filename": None,
            "evt.arg.flags": "O_DIRECTORY|O_RDONLY",
        },
    ),
    "a directory on Arm": (
        ARM.event("openat", [AT_FDCWD, 1, 0o40000, 0], result=3, items=[("/etc", "NORMAL")]),
        {"fd.type": "directory", "evt.arg.flags": "O_DIRECTORY|O_RDONLY"},
    ),
    "the same bit is no directory elsewhere": (
        X86.event("openat", [AT_FDCWD, 1, 0o40000, 0], result=3, items=[("/etc/x", "NORMAL")]),
        {"fd.type": "file", "evt.arg.flags": "O_DIRECT|O_RDONLY"},
    ),
    "openat2": (
        X86.event(
            "openat2",
            [AT_FDCWD, 1, 2, 24],
            result=3,
            items=[("/tmp/", "PARENT"), ("/tmp/x", "CREATE")],
            more=[("OPENAT2", "oflag=0102 mode=0700 resolve=0x8")],
        ),
        {
            "evt.type": "openat2",
            "evt.is_open_write": True,
            "evt.is_open_read": True,
            "evt.is_open_exec": True,
            "evt.arg.flags": "O_CREAT|O_RDWR|O_F_CREATED",
            "evt.arg.resolve": "RESOLVE_BENEATH",
            "fd.name": "/tmp/x",
        },
    ),
    "openat2 of an old kernel": (
        X86.event("openat2", [AT_FDCWD, 1, 2, 24], result=3, items=[("/tmp/x", "NORMAL")]),
        {"evt.is_open_write": None, "evt.arg.flags": None, "fd.name": "/tmp/x"},
    ),
    "creat": (
        X86.event("creat", [1, 0o711], result=3, items=[("/", "PARENT"), ("/x", "CREATE")]),
        {
            "evt.is_open_write": False,
            "evt.is_open_exec": True,
            "evt.is_open_create": True,
            "evt.arg.name": "/x",
            "evt.arg.mode": "711",
            "fd.directory": "/",
        },
    ),
    "a connection": (
        X86.event("connect", [3, 0x7FFC, 16], saddr=inet("203.0.113.7", 4444), comm="nc"),
        {
            "evt.type": "connect",
            "evt.arg.fd": "<4>0.0.0.0:0->203.0.113.7:4444",
            "evt.arg.tuple": "0.0.0.0:0->203.0.113.7:4444",
            "evt.arg.addr": "203.0.113.7:4444",
            "fd.num": 3,
            "fd.type": "ipv4",
            "fd.typechar": "4",
            "fd.sockfamily": "ip",
            "fd.name": "0.0.0.0:0->203.0.113.7:4444",
            "fd.sip": ip_address("203.0.113.7"),
            "fd.snet": ip_address("203.0.113.7"),
            "fd.rip": ip_address("203.0.113.7"),
            "fd.ip": (ip_address("203.0.113.7"),),
            "fd.net": (ip_address("203.0.113.7"),),
            "fd.sport": 4444,
            "fd.rport": 4444,
            "fd.port": (4444,),
            "fd.sproto": "4444",
            "fd.cip": None,
            "fd.lip": None,
            "fd.lport": None,
            "fd.connected": True,
            "fd.is_server": False,
            "fd.l4proto": None,
            "fd.directory": None,
        },
    ),
    "a connection that takes its time, over IPv6": (
        X86.event("connect", [3, 1, 28], result=-115, saddr=inet("2001:db8::1", 443)),
        {
            "evt.res": "EINPROGRESS",
            "fd.type": "ipv6",
            "fd.typechar": "6",
            "fd.sip": ip_address("2001:db8::1"),
            "fd.sport": 443,
            "fd.connected": True,
        },
    ),
    "a connection that is refused, to an address of the old kind": (
        X86.event("connect", [3, 1, 28], result=-111, saddr=inet("::ffff:10.0.0.1", 80)),
        {
            "evt.res": "ECONNREFUSED",
            "fd.type": "ipv4",
            "fd.rip": ip_address("10.0.0.1"),
            "fd.connected": False,
        },
    ),
    "a connection in the machine": (
        X86.event("connect", [3, 1, 110], saddr="0100" + b"/run/docker.sock\0junk".hex().upper()),
        {
            "fd.type": "unix",
            "fd.typechar": "u",
            "fd.sockfamily": "unix",
            "fd.name": "/run/docker.sock",
            "fd.sport": None,
            "fd.port": None,
        },
    ),
    "an abstract socket": (
        X86.event("connect", [3, 1, 110], saddr="010000" + b"/x".hex()),
        {"fd.name": "@/x"},
    ),
    "an address of a kind that nobody knows": (
        X86.event("connect", [3, 1, 16], saddr="2C00FFFF"),
        {"fd.type": None, "fd.name": None, "fd.ip": None},
    ),
    "somebody connects": (
        X86.event("accept", [3, 1, 1], result=7, saddr=inet("198.51.100.9", 50000)),
        {
            "fd.num": 7,
            "fd.cip": ip_address("198.51.100.9"),
            "fd.cport": 50000,
            "fd.rip": ip_address("198.51.100.9"),
            "fd.sip": None,
            "fd.l4proto": "tcp",
            "fd.is_server": True,
        },
    ),
    "a server": (
        X86.event("bind", [3, 1, 16], saddr=inet("0.0.0.0", 4444)),
        {"fd.name": "0.0.0.0:4444", "fd.lport": 4444, "fd.sport": 4444, "fd.rip": None},
    ),
    "a packet socket": (
        X86.event("socket", [17, 3, 0x300], result=3),
        {"evt.arg.domain": "AF_PACKET", "evt.rawarg.domain": 17, "fd.num": 3},
    ),
    "a socket": (
        X86.event("socket", [2, 0x80001, 0], result=3),
        {"fd.type": "ipv4", "fd.typechar": "4", "fd.l4proto": "tcp", "evt.arg.domain": "AF_INET"},
    ),
    "a file goes away": (
        X86.event(
            "unlinkat",
            [AT_FDCWD, 1, 0],
            items=[("/var/log/", "PARENT"), ("/var/log/auth.log", "DELETE")],
        ),
        {
            "evt.arg.name": "/var/log/auth.log",
            "fs.path.name": "/var/log/auth.log",
            "evt.arg.flags": "0",
        },
    ),
    "a directory goes away": (
        X86.event("rmdir", [1], items=[("/srv/", "PARENT"), ("/srv/x", "DELETE")]),
        {"evt.arg.path": "/srv/x", "evt.abspath": "/srv/x"},
    ),
    "a directory is made": (
        ARM.event("mkdirat", [AT_FDCWD, 1, 0o755], items=[(".", "PARENT"), ("./.x/", "CREATE")]),
        {"evt.arg.path": "/home/alice/.x", "evt.rawarg.path": "./.x/"},
    ),
    "a file is renamed over another": (
        X86.event(
            "rename",
            [1, 2],
            items=[
                ("/usr/bin/", "PARENT"),
                ("/tmp/", "PARENT"),
                ("/usr/bin/ls", "DELETE"),
                ("/tmp/ls", "DELETE"),
                ("/tmp/ls", "CREATE"),
            ],
        ),
        {
            "evt.arg.oldpath": "/usr/bin/ls",
            "evt.arg.newpath": "/tmp/ls",
            "evt.abspath.src": "/usr/bin/ls",
            "evt.abspath.dst": "/tmp/ls",
            "fs.path.source": "/usr/bin/ls",
            "fs.path.target": "/tmp/ls",
        },
    ),
    "a file is renamed between directories that were opened": (
        ARM.event(
            "renameat2",
            [AT_FDCWD, 1, 6, 2],
            items=[("/a/", "PARENT"), (None, "PARENT"), ("/a/x", "DELETE"), ("y", "CREATE")],
        ),
        {"evt.arg.oldpath": "/a/x", "evt.arg.newpath": "<UNKNOWN>y", "evt.arg.newdirfd": "6"},
    ),
    "a link": (
        X86.event(
            "linkat",
            [AT_FDCWD, 1, AT_FDCWD, 2],
            items=[("/etc/shadow", "NORMAL"), ("/tmp/", "PARENT"), ("/tmp/s", "CREATE")],
        ),
        {"evt.arg.oldpath": "/etc/shadow", "evt.arg.newpath": "/tmp/s", "fs.path.source": "/tmp/s"},
    ),
    "a symbolic link": (
        X86.event(
            "symlink",
            [1, 2],
            items=[("../etc/shadow", "UNKNOWN"), ("/tmp/", "PARENT"), ("/tmp/s", "CREATE")],
        ),
        {"evt.arg.target": "../etc/shadow", "evt.arg.linkpath": "/tmp/s"},
    ),
    "a file becomes a program of its owner": (
        X86.event("fchmodat", [AT_FDCWD, 1, 0o4755], items=[("/tmp/sh", "NORMAL")]),
        {
            "evt.arg.filename": "/tmp/sh",
            "evt.arg.mode": "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID",
            "evt.rawarg.mode": 0o4755,
        },
    ),
    "a mount": (
        X86.event("mount", [1, 2, 3, 0x1000], uid=0, items=[("/mnt", "NORMAL")]),
        {"evt.arg.dir": "/mnt", "evt.arg.flags": "BIND", "evt.arg.dev": None},
    ),
    "somebody else's memory": (
        X86.event(
            "ptrace",
            [16, 777],
            more=[("OBJ_PID", 'opid=777 oauid=1000 ouid=0 oses=1 obj=unconfined ocomm="sshd"')],
        ),
        {"evt.arg.request": "PTRACE_ATTACH", "evt.arg.pid": "sshd", "evt.rawarg.pid": 777},
    ),
    "a signal": (
        X86.event("kill", [-1, 9]),
        {"evt.arg.sig": "SIGKILL", "evt.arg.pid": "-1", "evt.rawarg.pid": -1},
    ),
    "another user": (
        X86.event("setuid", [0], euid=0),
        {"evt.arg.uid": "root", "evt.rawarg.uid": 0, "user.name": "root", "user.uid": 0},
    ),
    "a user without a name": (
        X86.event("setuid", [1234], result=-1, uid=1234),
        {"evt.arg.uid": "<NA>", "user.name": "<NA>", "evt.res": "EPERM"},
    ),
    "a module from a file": (
        ARM.event(
            "finit_module", [3, 1, 2], uid=0, more=[("KERN_MODULE", "name=" + "6E6F")], comm="insmod"
        ),
        {"evt.type": "finit_module", "evt.arg.flags": "MODULE_INIT_IGNORE_VERMAGIC", "fd.num": 3},
    ),
    "a module goes": (
        X86.event("delete_module", [1, 0x800], uid=0, more=[("KERN_MODULE", 'name="nfsd"')]),
        {"evt.arg.name": "nfsd", "evt.arg.flags": "O_NONBLOCK"},
    ),
    "a file in memory": (
        ARM.event("memfd_create", [1, 1], result=3),
        {"evt.arg.flags": "MFD_CLOEXEC", "fd.type": "memfd", "fd.typechar": "m", "fd.num": 3},
    ),
    "a program for the kernel": (
        ARM.event("bpf", [5, 1, 2], result=-1),
        {"evt.arg.cmd": "BPF_PROG_LOAD", "evt.arg.fd": "EPERM"},
    ),
    "faults of a program's own": (
        ARM.event("userfaultfd", [0o2004000], result=4),
        {"evt.arg.flags": "O_NONBLOCK|O_CLOEXEC", "fd.type": "userfaultfd"},
    ),
    "a namespace": (
        X86.event("unshare", [0x10020000]),
        {"evt.arg.flags": "CLONE_NEWNS|CLONE_NEWUSER"},
    ),
    "a program of 32 bits": (
        Machine("i386").event(
            "open", [0xFFFFDEAD, 1], result=3, items=[("/etc/passwd", "NORMAL")]
        ),
        {"evt.type": "open", "fd.name": "/etc/passwd", "evt.is_open_write": True},
    ),
    "a user of 32 bits": (
        Machine("i386").event("setuid32", [0]),
        {"evt.type": "setuid", "evt.arg.uid": "root"},
    ),
    "a connection of 32 bits": (
        Machine("i386").event(
            "socketcall",
            [3, 0xFFFFDEAD],
            saddr=inet("203.0.113.7", 22),
            more=[("SOCKETCALL", "nargs=3 a0=5 a1=ffffdead a2=10")],
        ),
        {"evt.type": "connect", "fd.num": 5, "fd.sport": 22},
    ),
    "a call that does not return": (
        X86.event("exit_group", [1], result=None),
        {"evt.type": "exit_group", "evt.rawres": None, "evt.res": None, "evt.failed": None},
    ),
    "another machine": (
        Machine(node="web-1").event("chdir", [1], items=[("/tmp", "NORMAL")]),
        {"evt.hostname": "web-1", "evt.arg.path": "/tmp"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS)
def test_fields(case: str) -> None:
    lines, fields = CALLS[case]
    assert seen(only(lines), fields) == fields


def test_what_is_not_enriched_has_numbers_only() -> None:
    lines = Machine(enriched=False).event("setuid", [33], uid=33, euid=0, auid=33)
    event = only(lines)
    fields = {"user.name": "root", "user.uid": 0, "group.name": "<NA>", "evt.arg.uid": "<NA>"}
    assert seen(event, fields) == fields


def test_the_name_that_auditd_adds_helps_where_numbers_are_unknown() -> None:
    line = X86.event("unlink", items=[("/x", "DELETE")])[0]
    other = line.replace(b"arch=c000003e", b"arch=80000016").replace(b"syscall=87", b"syscall=10")
    assert only([other])["evt.type"] == "unlink"


def test_addresses_of_big_endian_machines() -> None:
    lines = X86.event("connect", [3, 1, 16], saddr="0002" + inet("192.0.2.1", 80)[4:])
    lines[0] = lines[0].replace(b"c000003e", b"80000016").replace(b"syscall=42", b"syscall=362")
    assert only(lines)["fd.sip"] == ip_address("192.0.2.1")


def test_programs_of_the_x32_kind() -> None:
    line = X86.event("execve", argv=["x"])[0].replace(b"syscall=59", b"syscall=1073742344")
    assert only([line])["evt.type"] == "execve"


def test_what_long_arguments_are_cut_into() -> None:
    first, *rest = X86.event("execve", cwd=None)
    stamp = first.split(b" ")[1].decode()
    whole = "\u20ac" * 10  # three bytes each
    digits = whole.encode().hex().upper()
    lines = [
        first,
        f'type=EXECVE {stamp} argc=3 a0="x" a1_len={len(digits)} a1[0]={digits[:20]}\n'.encode(),
        f'type=EXECVE {stamp} a1[1]={digits[20:]} a2="z"\n'.encode(),
        *rest,
    ]
    assert only(lines)["proc.args"] == f"{whole} z"


@pytest.mark.parametrize(
    ("terminal", "number"),
    [("pts12", 34828), ("tty1", 1025), ("ttyS0", 1088), ("console", 1281), ("ttyX", None)],
)
def test_terminals(terminal: str, number: int | None) -> None:
    assert only(X86.event("rmdir", tty=terminal))["proc.tty"] == number


def test_capabilities() -> None:
    sets = (
        "fver=0 fp=0 fi=0 fe=0 old_pp=0 old_pi=0 old_pe=0 old_pa=0"
        " pp=0000000000003000 pi=0 pe=1000 pa=0"
    )
    started = X86.event("execve", argv=["ping"], more=[("BPRM_FCAPS", sets)])
    later = X86.at(101, 5).event("socket", [2, 3, 1], result=3)
    fields = {
        "thread.cap_permitted": "CAP_NET_ADMIN CAP_NET_RAW",
        "thread.cap_effective": "CAP_NET_ADMIN",
        "thread.cap_inheritable": "",
    }
    for event in events(*started, *later):
        assert seen(event, fields) == fields


# --- the tables -----------------------------------------------------------------------


def test_every_field_is_one_of_the_source() -> None:
    assert [name for name in VALUES if name not in FIELDS] == []


def test_values_are_of_the_types_of_the_fields() -> None:
    found = set()
    for lines, _ in CALLS.values():
        event = only(lines)
        texts = [name for name in VALUES if FIELDS[name].argument in OPTIONAL]
        texts += ["proc.aname[0]", "proc.args[0]", "evt.type.is.open"]
        for argument in event.arguments:
            texts += [f"evt.arg.{argument.name}", f"evt.rawarg.{argument.name}"]
        for text in texts:
            field, argument = declaration(text) or pytest.fail(text)
            # What is not named, every event knows by itself.
            if (value := event[text]) is None or not field.named:
                continue
            assert argument_problem(field, argument, dotted="[" not in text) is None
            several = field.several is not None and argument is None
            for each in value if several else (value,):
                assert type(each) in TYPES_OF[field.type.kind], (text, value)
            found.add(field.type.kind)
    assert found >= {Kind.STRING, Kind.INTEGER, Kind.PORT, Kind.BOOL, Kind.ADDRESS, Kind.NETWORK}


ADDRESSES = (type(ip_address("0.0.0.0")), type(ip_address("::")))
TYPES_OF: dict[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.BYTES: (bytes,),
    Kind.OPAQUE: (str, int),
    Kind.INTEGER: (int,),
    Kind.PORT: (int,),
    Kind.BOOL: (bool,),
    Kind.ADDRESS: ADDRESSES,
    Kind.NETWORK: ADDRESSES,
}


def test_calls_have_names_that_rules_may_use() -> None:
    for machine in ARCHITECTURES.values():
        named = {SYNONYMS.get(name, name) for name in machine.calls.values()}
        assert named & EVENT_TYPES >= {"execve", "openat", "connect", "finit_module", "openat2"}
    assert SIGNATURES.keys() <= EVENT_TYPES
    assert PATHS.keys() <= SIGNATURES.keys()


def test_numbers_of_calls() -> None:
    from audit_records import ARCHITECTURES as CODES
    from audit_records import NUMBERS

    for name, numbers in NUMBERS.items():
        for call, number in numbers.items():
            assert ARCHITECTURES[int(CODES[name], 16)].calls[number] == call
