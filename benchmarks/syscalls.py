"""A capture as a small server would give it: what is in it is told by ``EPISODES``.

The machine runs a web server with four workers, a cache, a log shipper, and an application in a
container; cron and a shell start programs that live for a moment. What its processes do comes
in episodes, drawn by their weights. About one event of a hundred is something that a rule is about:
a file with passwords that is read, a program that a web server starts, a question for the
credentials of the cloud. The same seed gives the same events.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address
from random import Random
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import INET, Address, Tuple
from rulec.runtime.sources.syscall.capture.encoders import words
from rulec.runtime.sources.syscall.capture.syscalls import CODES
from rulec.runtime.sources.syscall.capture.writer import Sink, Writer
from rulec.runtime.sources.syscall.state.descriptors import Descriptor
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import Interface, User
from rulec.runtime.sources.syscall.state.threads import Process, Thread

START: Final = 1_772_443_800_000_000_000
STEP: Final = 4_000  # nanoseconds between two events: 250,000 a second

# The processes: number, name, user, parent, container.
INIT, SSHD, SHELL, CRON, WEB, CACHE, SHIPPER, APP = 1, 400, 900, 410, 500, 600, 700, 800
WORKERS: Final = (501, 502, 503, 504)
_CONTAINER: Final = "4f7c0b9a1e2d" + "5a" * 26
_CGROUPS: Final = words([f"cpu=/docker/{_CONTAINER}", f"memory=/docker/{_CONTAINER}"])
_HOST: Final = words(["cpu=/system.slice", "memory=/system.slice"])
_PROCESSES: Final = (
    (INIT, "systemd", 0, 0, _HOST),
    (SSHD, "sshd", 0, INIT, _HOST),
    (SHELL, "bash", 1000, SSHD, _HOST),
    (CRON, "cron", 0, INIT, _HOST),
    (WEB, "nginx", 0, INIT, _HOST),
    *((worker, "nginx", 33, WEB, _HOST) for worker in WORKERS),
    (CACHE, "redis-server", 110, INIT, _HOST),
    (SHIPPER, "fluent-bit", 0, INIT, _HOST),
    (APP, "python3", 0, INIT, _CGROUPS),
)
_NEAR: Final = IPv4Address("10.0.0.5")
_METADATA: Final = IPv4Address("169.254.169.254")

# Programs that are started again and again, with the number of libraries that each loads.
_PROGRAMS: Final = (
    ("/usr/bin/date", ("+%s",), 1),
    ("/usr/bin/sed", ("-n", "1,10p", "/var/log/app.log"), 3),
    ("/usr/bin/git", ("status", "--short"), 4),
    ("/usr/bin/sleep", ("1",), 1),
    ("/usr/bin/ps", ("aux",), 6),
)
_LIBRARIES: Final = ("libc.so.6", "libm.so.6", "libz.so.1", "libpcre2.so.0", "libssl.so.3")
_GENERIC: Final = ("newfstatat", "statx", "rt_sigprocmask", "mprotect", "getpid", "clock_gettime")

# An event: its kind, its parameters, and the thread that it is about.
Step = tuple[str, Mapping[str, Any], int]

_EAGAIN: Final = -11
_EINPROGRESS: Final = -115
_AT_FDCWD: Final = -100


def machine() -> Machine:
    """Return the machine before the first event."""
    found = Machine()
    found.hostname = "web-1"
    for tid, comm, uid, parent, cgroups in _PROCESSES:
        thread = Thread(tid, "list")
        thread.pid = thread.vtid = thread.vpid = thread.sid = thread.pgid = thread.vpgid = tid
        thread.ptid, thread.comm, thread.exe = parent, comm, comm
        thread.exepath = f"/usr/sbin/{comm}"
        thread.uid = thread.gid = uid
        thread.cgroups, thread.fdlimit = cgroups, 1024
        thread.env = words(["PATH=/usr/bin:/bin", "LANG=C.UTF-8"])
        thread.tty = 34816 if tid == SHELL else 0
        thread.process = Process("/", dict(_opened(tid)))
        found.add(thread)
    for uid, name in ((0, "root"), (33, "www-data"), (110, "redis"), (1000, "alice")):
        found.users[uid] = User(uid, uid, name, f"/home/{name}", "/bin/bash")
        found.groups[uid] = name
    found.interfaces.add([Interface("eth0", _NEAR, 0xFFFFFF00)])
    return found


def _opened(tid: int) -> Iterator[tuple[int, Descriptor]]:
    yield 0, Descriptor("file", "/dev/null")
    yield 1, Descriptor("file", "/var/log/app.log", flags=2)
    yield 2, Descriptor("file", "/var/log/app.log", flags=2)
    yield 3, Descriptor("eventpoll", "")
    # The connection of a worker to the application, and of the cache to its client.
    yield (
        4,
        Descriptor(
            "ipv4",
            f"10.0.0.5:{40000 + tid}->10.0.0.9:6379",
            l4="tcp",
            source=_NEAR,
            source_port=40000 + tid,
            destination=IPv4Address("10.0.0.9"),
            destination_port=6379,
        ),
    )


class _Machinery:
    """Makes the events of episodes; ``draw`` is where chance comes from."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self._next = 10_000  # the number of the next process

    # --- single events --------------------------------------------------------------

    def generic(self, tid: int) -> Step:
        name = self.draw.choice(_GENERIC)
        return "GENERIC_X", {"ID": CODES.index(name), "nativeID": 262}, tid

    def read(self, tid: int, fd: int, size: int = 512) -> Step:
        data = bytes(min(size, 80))
        return "SYSCALL_READ_X", {"res": size, "data": data, "fd": fd, "size": 4096}, tid

    def write(self, tid: int, fd: int) -> Step:
        data = b"GET /index.html HTTP/1.1 200 512"
        return "SYSCALL_WRITE_X", {"res": 32, "data": data, "fd": fd, "size": 32}, tid

    def close(self, tid: int, fd: int) -> Step:
        return "SYSCALL_CLOSE_X", {"res": 0, "fd": fd}, tid

    def futex(self, tid: int) -> Step:
        found = {"res": self.draw.choice((0, 1, _EAGAIN)), "addr": 0x7F0012345678, "op": 129}
        return "SYSCALL_FUTEX_X", found | {"val": 1}, tid

    def poll(self, tid: int) -> Step:
        return "SYSCALL_POLL_X", {"res": 1, "fds": ((4, 1),), "timeout": 1000}, tid

    def epoll(self, tid: int) -> Step:
        return "SYSCALL_EPOLLWAIT_X", {"res": 1, "maxevents": 512}, tid

    def openat(self, tid: int, fd: int, name: str, flags: int = 0x1001) -> Step:
        found = {"fd": fd, "dirfd": _AT_FDCWD, "name": name, "flags": flags, "mode": 0}
        return "SYSCALL_OPENAT_2_X", found | {"dev": 0x801, "ino": 4711}, tid

    def mmap(self, tid: int, fd: int) -> Step:
        found = {"res": 0x7F0000000000, "vm_size": 9000, "vm_rss": 3000, "vm_swap": 0, "fd": fd}
        return "SYSCALL_MMAP_X", found | {"addr": 0, "length": 8192, "prot": 1, "flags": 2}, tid

    def sendto(self, tid: int, fd: int, ends: Tuple) -> Step:
        found = {"res": 60, "data": bytes(60), "fd": fd, "size": 60, "tuple": ends}
        return "SOCKET_SENDTO_X", found, tid

    def recvfrom(self, tid: int, fd: int, ends: Tuple) -> Step:
        found = {"res": 80, "data": bytes(80), "fd": fd, "size": 512, "tuple": ends}
        return "SOCKET_RECVFROM_X", found, tid

    # --- episodes -------------------------------------------------------------------

    def request(self) -> Iterator[Step]:
        """Have a worker answer a request: with a file, or with what the cache says."""
        tid, port = self.draw.choice(WORKERS), self.draw.randrange(30000, 60000)
        client = IPv4Address(0xC0A80000 + self.draw.randrange(2048))
        ends = Tuple(INET, client, port, _NEAR, 443)
        yield self.epoll(tid)
        accepted = {"fd": 9, "tuple": ends, "queuepct": 0, "queuelen": 0, "queuemax": 128}
        yield "SOCKET_ACCEPT4_6_X", accepted | {"flags": 0}, tid
        yield self.recvfrom(tid, 9, ends)
        if self.draw.random() < 0.4:
            name = f"/var/www/{self.draw.randrange(300)}.html"
            yield self.generic(tid)
            yield self.openat(tid, 10, name)
            yield "SYSCALL_FSTAT_X", {"res": 0, "fd": 10}, tid
            yield self.read(tid, 10, 4096)
            yield self.close(tid, 10)
        else:
            yield from self.asked_cache(tid)
        yield self.write(tid, 9)
        yield self.write(tid, 1)
        yield self.close(tid, 9)

    def asked_cache(self, tid: int) -> Iterator[Step]:
        yield self.write(tid, 4)
        yield self.epoll(CACHE)
        yield self.read(CACHE, 4)
        yield self.write(CACHE, 4)
        yield self.epoll(tid)
        yield self.read(tid, 4)

    def threads(self) -> Iterator[Step]:
        """Have threads of the application wait for each other."""
        for _ in range(self.draw.randrange(3, 9)):
            yield self.futex(APP)
        yield self.generic(APP)
        yield self.read(APP, 4)

    def shipping(self) -> Iterator[Step]:
        """Have the log shipper look for new lines, and send them."""
        for _ in range(3):
            yield self.poll(SHIPPER)
            yield self.generic(SHIPPER)
            yield self.read(SHIPPER, 1, 0)
        yield "SYSCALL_LSEEK_X", {"res": 0, "fd": 1, "offset": 0, "whence": 0}, SHIPPER
        yield self.read(SHIPPER, 1)
        yield self.write(SHIPPER, 4)

    def configuration(self) -> Iterator[Step]:
        """Have the application look for files, most of which are not there."""
        for number in range(4):
            yield self.generic(APP)
            name = f"/app/config/{self.draw.randrange(50)}.yaml"
            yield self.openat(APP, 11 if number == 3 else -2, name)
        yield self.read(APP, 11)
        yield self.read(APP, 11, 0)
        yield self.close(APP, 11)

    def call(self) -> Iterator[Step]:
        """Have the application ask another service."""
        host = IPv4Address(0x0A000100 + self.draw.randrange(20))
        yield from self.connection(APP, host, 8080)

    def connection(self, tid: int, host: IPv4Address, port: int) -> Iterator[Step]:
        ends = Tuple(INET, _NEAR, self.draw.randrange(30000, 60000), host, port)
        yield "SOCKET_SOCKET_X", {"fd": 12, "domain": 2, "type": 1, "proto": 0, "flags": 0}, tid
        yield (
            "SOCKET_CONNECT_X",
            {"res": _EINPROGRESS, "tuple": ends, "fd": 12, "addr": Address(INET, host, port)},
            tid,
        )
        yield self.poll(tid)
        yield self.sendto(tid, 12, ends)
        yield self.poll(tid)
        yield self.recvfrom(tid, 12, ends)
        yield self.close(tid, 12)

    def command(self) -> Iterator[Step]:
        """Have cron or the shell run a program."""
        parent, uid = self.draw.choice(((CRON, 0), (SHELL, 1000)))
        yield from self.program(parent, uid, _HOST, *self.draw.choice(_PROGRAMS))

    def program(
        self, parent: int, uid: int, cgroups: bytes, path: str, args: tuple[str, ...], loaded: int
    ) -> Iterator[Step]:
        tid, self._next = self._next, 10_000 + (self._next - 9_999) % 4_000_000
        before = next(comm for number, comm, *_ in _PROCESSES if number == parent)
        known = {"exe": before, "comm": before, "pid": tid, "tid": tid, "ptid": parent}
        known |= {"fdlimit": 1024, "uid": uid, "gid": uid, "vtid": tid, "vpid": tid}
        known |= {"cgroups": cgroups, "vm_size": 9000, "vm_rss": 3000, "vm_swap": 0, "flags": 0}
        parental = {"pid": parent, "tid": parent, "ptid": INIT, "vtid": parent, "vpid": parent}
        yield "SYSCALL_CLONE_20_X", known | parental | {"res": tid}, parent
        yield "SYSCALL_CLONE_20_X", known | {"res": 0}, tid
        comm = path.rpartition("/")[2]
        started = {"exe": path, "args": args, "comm": comm, "env": ("PATH=/usr/bin",), "tty": 0}
        started |= {"res": 0, "vpgid": tid, "pgid": tid, "trusted_exepath": path, "loginuid": uid}
        taken = {name: known[name] for name in ("pid", "tid", "ptid", "uid", "gid", "cgroups")}
        yield "SYSCALL_EXECVE_19_X", taken | started, tid
        for library in self.draw.choices(_LIBRARIES, k=loaded):
            yield self.openat(tid, 5, f"/usr/lib/x86_64-linux-gnu/{library}")
            yield self.read(tid, 5, 832)
            yield "SYSCALL_FSTAT_X", {"res": 0, "fd": 5}, tid
            for _ in range(4):
                yield self.mmap(tid, 5)
            yield self.close(tid, 5)
            yield self.generic(tid)
        yield self.generic(tid)
        yield self.write(tid, 1)
        yield "PROCEXIT_1_E", {"status": 0, "ret": 0, "sig": 0, "core": 0, "reaper_tid": INIT}, tid

    # --- what rules are about -------------------------------------------------------

    def passwords(self) -> Iterator[Step]:
        """Have the application read the file with passwords."""
        yield self.openat(APP, 13, "/etc/shadow")
        yield self.read(APP, 13)
        yield self.close(APP, 13)

    def credentials(self) -> Iterator[Step]:
        """Have the application ask for the credentials of the cloud."""
        yield from self.connection(APP, _METADATA, 80)

    def shell_of_server(self) -> Iterator[Step]:
        """Have the web server start a shell."""
        yield from self.program(WEB, 33, _HOST, "/bin/sh", ("-c", "id"), 1)


# What happens, and how often: the numbers are weights.
EPISODES: Final = (
    (_Machinery.request, 300),
    (_Machinery.threads, 250),
    (_Machinery.shipping, 150),
    (_Machinery.configuration, 60),
    (_Machinery.call, 25),
    (_Machinery.command, 30),
    (_Machinery.passwords, 60),
    (_Machinery.credentials, 20),
    (_Machinery.shell_of_server, 8),
)


def steps(seed: int = 7) -> Iterator[Step]:
    """Yield events without an end."""
    machinery = _Machinery(Random(seed))
    kinds, weights = zip(*EPISODES, strict=True)
    while True:
        for episode in machinery.draw.choices(kinds, weights, k=1000):
            yield from episode(machinery)


def write(stream: Sink, events: Iterable[Step]) -> None:
    """Write a capture of the machine, and of events on it."""
    writer = Writer(stream)
    writer.begin(machine())
    for number, (kind, parameters, tid) in enumerate(events):
        writer.event(kind, parameters, time=START + STEP * number, tid=tid, cpu=number % 2)
