"""Small captures for tests: a machine with a few processes, and events on it."""

import io
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from rulec.runtime.sources.syscall.capture.decoders import INET, INET6, Address, Tuple
from rulec.runtime.sources.syscall.capture.encoders import words
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.reader import Capture
from rulec.runtime.sources.syscall.capture.writer import Writer
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import Interface, User
from rulec.runtime.sources.syscall.state.threads import Process, Thread

START = 1_700_000_000_000_000_000
STEP = 1000

# An event: its kind, its parameters, and the thread that it is about.
Step = tuple[str, Mapping[str, Any], int]

DOCKER = "1f2e3d4c5b6a" + "0" * 52


def thread(tid: int, comm: str, parent: int = 1, **attributes: Any) -> Thread:
    """Return a thread that leads a process; lists of texts may be given as such."""
    found = Thread(tid, "list")
    found.pid = found.vtid = found.vpid = found.sid = tid
    found.ptid, found.comm, found.exe = parent, comm, f"/usr/bin/{comm}"
    found.exepath = found.exe
    found.uid = found.gid = 0
    found.process = Process(attributes.pop("cwd", "/"), attributes.pop("descriptors", None))
    for name, value in attributes.items():
        setattr(found, name, words(value) if isinstance(value, list) else value)
    return found


def machine(*threads: Thread) -> Machine:
    """Return a machine with init, a shell of alice's with the number 100, and more threads."""
    found = Machine()
    found.hostname = "bastion"
    shell = thread(100, "bash", cwd="/home/alice/", uid=1000, gid=1000, loginuid=1000, tty=34816)
    shell.env = words(["HOME=/home/alice", "LANG=C"])
    for each in (thread(1, "init", 0), shell, *threads):
        found.add(each)
    found.users = {
        0: User(0, 0, "root", "/root", "/bin/bash"),
        1000: User(1000, 1000, "alice", "/home/alice", "/bin/zsh"),
    }
    found.groups = {0: "root", 1000: "alice"}
    found.interfaces.add(
        [
            Interface("lo", IPv4Address("127.0.0.1"), 0xFF000000),
            Interface("eth0", IPv4Address("10.1.2.3"), 0xFFFFFF00),
            Interface("eth0", IPv6Address("2001:db8::3"), (1 << 128) - (1 << 64)),
        ]
    )
    return found


def step(id_: str, tid: int = 100, /, **parameters: Any) -> Step:
    """Return an event."""
    return id_, parameters, tid


def written(
    steps: Iterable[Step] = (), before: Machine | None = None, order: str = "little"
) -> bytes:
    """Return a capture."""
    stream = io.BytesIO()
    writer = Writer(stream, order)
    writer.begin(before or machine())
    for number, (id_, parameters, tid) in enumerate(steps):
        writer.event(id_, parameters, time=START + STEP * number, tid=tid, cpu=number % 4)
    return stream.getvalue()


def captured(data: bytes, **options: Any) -> Capture:
    return Capture(io.BytesIO(data), **options)


def last(
    steps: Iterable[Step], before: Machine | None = None, order: str = "little"
) -> CaptureEvent:
    """Return the last event of a capture, which must be read without a complaint."""
    capture = captured(written(steps, before, order))
    *_, event = capture
    assert (capture.failed_blocks, capture.unknown_shapes, capture.notices) == (0, 0, [])
    return event


def clone(tid: int, parent: int = 100, flags: int = 0, **parameters: Any) -> Step:
    """Return what a new process tells of its beginning."""
    known = {"res": 0, "exe": "-bash", "comm": "bash", "tid": tid, "pid": tid, "ptid": parent}
    known |= {"flags": flags, "uid": 1000, "gid": 1000, "vtid": tid, "vpid": tid, "fdlimit": 1024}
    return step("SYSCALL_CLONE_20_X", tid, **(known | parameters))


def execve(tid: int, exe: str, *args: str, **parameters: Any) -> Step:
    """Return what a process tells that now runs another program."""
    comm = exe.rpartition("/")[2][:15]
    known = {"res": 0, "exe": exe, "args": args, "tid": tid, "pid": tid, "ptid": 100, "comm": comm}
    known |= {"env": ("A=1", "B=two"), "tty": 34816, "vpgid": tid, "loginuid": 1000, "flags": 0}
    known |= {"uid": 1000, "gid": 1000, "pgid": tid, "filename": exe, "trusted_exepath": exe}
    return step("SYSCALL_EXECVE_19_X", tid, **(known | parameters))


def opened(fd: int, path: str, flags: int = 1, **parameters: Any) -> Step:
    """Return that a file was opened."""
    return step("SYSCALL_OPEN_X", fd=fd, name=path, flags=flags, mode=0, dev=1, ino=2, **parameters)


def ends(source: str, source_port: int, destination: str, destination_port: int) -> Tuple:
    """Return both ends of a connection."""
    near, far = ip_address(source), ip_address(destination)
    family = INET if near.version == 4 else INET6
    return Tuple(family, near, source_port, far, destination_port)


def address(host: str, port: int) -> Address:
    """Return one end of a connection."""
    found = ip_address(host)
    return Address(INET if found.version == 4 else INET6, found, port)
