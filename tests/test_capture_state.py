"""What calls change: processes, descriptors, users, containers; and the fields that show it."""

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from scap import (
    DOCKER,
    START,
    STEP,
    Step,
    address,
    captured,
    clone,
    ends,
    execve,
    last,
    machine,
    opened,
    step,
    thread,
    written,
)

from rulec.runtime.sources.syscall.capture.decoders import Address, Tuple, Variant
from rulec.runtime.sources.syscall.paths import LIMIT, TOO_LONG, joined
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import INTERFACES_LIMIT, Interface, Interfaces

READ = step("SYSCALL_READ_X", res=1, data=b"x", fd=5, size=1)
SOCKET = step("SOCKET_SOCKET_X", fd=4, domain=2, type=1, proto=0, flags=0)
DATAGRAM = step("SOCKET_SOCKET_X", fd=4, domain=2, type=2, proto=0, flags=0)
BIND = step("SOCKET_BIND_X", res=0, fd=4, addr=address("0.0.0.0", 8080))


def connect(res: int = 0, port: int = 443, tid: int = 100) -> Step:
    return step(
        "SOCKET_CONNECT_X",
        tid,
        res=res,
        fd=4,
        tuple=ends("10.1.2.3", 40000, "93.184.216.34", port),
        addr=address("93.184.216.34", port),
    )


def sendto(*tuple_: Any) -> Step:
    return step("SOCKET_SENDTO_X", res=3, data=b"abc", fd=4, size=3, tuple=ends(*tuple_))


def recvfrom(*tuple_: Any) -> Step:
    return step("SOCKET_RECVFROM_X", res=3, data=b"abc", fd=4, size=3, tuple=ends(*tuple_))


def exit_of(tid: int, reaper: int = 1) -> Step:
    return step("PROCEXIT_1_E", tid, status=0, ret=0, sig=0, core=0, reaper_tid=reaper)


UNLINK = step("SYSCALL_UNLINK_2_X", res=0, path="x")

CASES: dict[str, tuple[list[Step], dict[str, Any]]] = {
    # descriptors
    "an open that failed leaves its path": (
        [opened(-2, "notes.txt")],
        {
            "fd.name": "/home/alice/notes.txt",
            "fd.directory": "/home/alice",
            "fd.num": -1,
            "fd.type": None,
            "fd.typechar": "o",
            "evt.res": "ENOENT",
            "fs.path.name": None,
            "fd.nameraw": "notes.txt",
        },
    ),
    "a closed descriptor is there until the next event": (
        [opened(5, "/a"), step("SYSCALL_CLOSE_X", res=0, fd=5)],
        {"fd.name": "/a", "proc.fdopencount": 1},
    ),
    "and gone with it": (
        [opened(5, "/a"), step("SYSCALL_CLOSE_X", res=0, fd=5), READ],
        {"fd.name": "", "fd.num": 5, "proc.fdopencount": 0},
    ),
    "dup2 gives it another number": (
        [opened(5, "/a"), step("SYSCALL_DUP2_X", res=1, oldfd=5, newfd=1)],
        {"fd.num": 1, "fd.name": "/a", "evt.args": "res=1(<f>/a) oldfd=5(<f>/a) newfd=1(<f>/a)"},
    ),
    "fcntl can do so, too": (
        [opened(5, "/a"), step("SYSCALL_FCNTL_X", res=10, fd=5, cmd=26), execve(100, "/bin/ls")],
        {"proc.fdopencount": 1},
    ),
    "fcntl marks what an exec closes": (
        [opened(5, "/a"), step("SYSCALL_FCNTL_X", res=0, fd=5, cmd=3, arg=1), execve(100, "/bin/ls")],
        {"proc.fdopencount": 0},
    ),
    "close_range closes a range": (
        [*(opened(fd, "/a") for fd in (3, 4, 9)), step("SYSCALL_CLOSE_RANGE_X", res=0, first=4, last=9)],
        {"proc.fdopencount": 1},
    ),
    "close_range marks all from a number on": (
        [
            *(opened(fd, "/a") for fd in (3, 4, 9)),
            step("SYSCALL_CLOSE_RANGE_X", res=0, first=4, last=0xFFFFFFFF, flags=4),
            execve(100, "/bin/ls"),
        ],
        {"proc.fdopencount": 1},
    ),
    "a pipe has two ends": (
        [step("SYSCALL_PIPE2_X", res=0, fd1=3, fd2=4, ino=77, flags=0)],
        {"fd.num": 4, "fd.type": "pipe", "fd.name": "", "fd.ino": 77, "proc.fdopencount": 2},
    ),
    "a file in memory": (
        [step("SYSCALL_MEMFD_CREATE_X", fd=3, name="x", flags=1)],
        {"fd.type": "memfd", "fd.name": "x", "fd.typechar": "m"},
    ),
    "a descriptor of a process": (
        [step("SYSCALL_PIDFD_OPEN_X", fd=3, pid=1, flags=0)],
        {"fd.type": "pidfd", "fd.name": "/proc/1", "evt.arg.pid": "init"},
    ),
    "and what is taken through it": (
        [
            clone(200),
            step("SYSCALL_OPEN_X", 200, fd=8, name="/secret", flags=1),
            step("SYSCALL_PIDFD_OPEN_X", fd=3, pid=200, flags=0),
            step("SYSCALL_PIDFD_GETFD_X", fd=4, pid_fd=3, target_fd=8, flags=0),
        ],
        {"fd.name": "/secret", "fd.num": 4},
    ),
    "bpf opens what it loads": (
        [step("SYSCALL_BPF_2_X", fd=3, cmd=5)],
        {"fd.type": "bpf", "evt.arg.cmd": "BPF_PROG_LOAD"},
    ),
    "and nothing else": ([step("SYSCALL_BPF_2_X", fd=3, cmd=1)], {"fd.type": None}),
    "creat has a mode and no flags": (
        [step("SYSCALL_CREAT_X", fd=5, name="/tmp/x", mode=0o755, dev=0x800002, ino=3, creat_flags=1)],
        {
            "evt.is_open_exec": True,
            "evt.is_open_write": False,
            "fd.is_upper_layer": True,
            "fd.dev.major": 0,
            "fd.dev.minor": 0x802,
            "evt.arg.mode": "755",
            "evt.rawarg.mode": 0o755,
        },
    ),
    "open creates": (
        [opened(5, "/a", 0x4000 | 4 | 2)],
        {"evt.is_open_create": True, "evt.is_open_write": True, "evt.is_open_read": False},
    ),
    # working directories
    "chdir moves relative paths": (
        [step("SYSCALL_CHDIR_X", res=0, path="../bob"), UNLINK],
        {"proc.cwd": "/home/bob/", "fs.path.name": "/home/bob/x"},
    ),
    "fchdir moves to a descriptor": (
        [opened(5, "/srv/data", 0x401), step("SYSCALL_FCHDIR_X", res=0, fd=5), UNLINK],
        {"proc.cwd": "/srv/data/", "fs.path.name": "/srv/data/x", "fs.path.nameraw": "x"},
    ),
    "a rename has two paths": (
        [
            opened(5, "/srv", 0x401),
            step("SYSCALL_RENAMEAT_X", res=0, olddirfd=5, oldpath="a", newdirfd=-100, newpath="b"),
        ],
        {
            "fs.path.source": "/srv/a",
            "fs.path.target": "/home/alice/b",
            "fs.path.name": None,
            "evt.arg.oldpath": "/srv/a",
            "evt.abspath.src": "/srv/a",
            "evt.abspath.dst": "/home/alice/b",
            "evt.args": "res=0 olddirfd=5(<d>/srv) oldpath=a(/srv/a) newdirfd=-100(AT_FDCWD) newpath=b(/home/alice/b)",
        },
    ),
    # connections
    "a connection": (
        [SOCKET, connect()],
        {
            "fd.name": "10.1.2.3:40000->93.184.216.34:443",
            "fd.l4proto": "tcp",
            "fd.connected": True,
            "fd.name_changed": True,
            "fd.sockfamily": "ip",
            "fd.is_server": False,
            "fd.port": (40000, 443),
            "fd.lport": 40000,
            "fd.rport": 443,
            "evt.category": "net",
        },
    ),
    "a connection that is on its way": (
        [SOCKET, connect(-115)],
        {"fd.sport": 443, "fd.connected": False, "evt.res": "EINPROGRESS"},
    ),
    "is there when data is written": (
        [SOCKET, connect(-115), step("SYSCALL_WRITE_X", res=1, data=b"x", fd=4, size=1)],
        {"fd.connected": True, "fd.name_changed": False, "evt.buffer": b"x", "evt.buflen": 1},
    ),
    "a connection that was refused": (
        [SOCKET, connect(-111)],
        {"fd.sport": None, "fd.name": "10.1.2.3:40000->93.184.216.34:443", "fd.l4proto": "<NA>"},
    ),
    "the address that a connect was given first counts": (
        [
            SOCKET,
            step("SOCKET_CONNECT_E", fd=4, addr=address("198.51.100.9", 80)),
            connect(),
        ],
        {"fd.name": "10.1.2.3:40000->198.51.100.9:80"},
    ),
    "a Unix socket has numbers": (
        [
            step("SOCKET_SOCKET_X", fd=4, domain=1, type=1, proto=0, flags=0),
            step("SOCKET_CONNECT_X", res=0, fd=4, tuple=Tuple(1, 0xAB, 0, 0xCD, 0, "/run/x")),
        ],
        {"fd.name": "ab->cd /run/x", "fd.type": "unix", "fd.sockfamily": "unix", "fd.ip": None},
    ),
    "a server that listens": (
        [SOCKET, BIND, step("SOCKET_LISTEN_X", res=0, fd=4, backlog=5)],
        {"fd.name": "0.0.0.0:8080", "fd.sport": 8080, "fd.cport": None, "fd.is_server": True},
    ),
    "and takes a connection": (
        [
            SOCKET,
            BIND,
            step("SOCKET_ACCEPT4_6_X", fd=6, tuple=ends("198.51.100.7", 5555, "10.1.2.3", 8080)),
        ],
        {"fd.num": 6, "fd.lport": 8080, "fd.rport": 5555, "fd.connected": True},
    ),
    "who sends first is the client": (
        [DATAGRAM, sendto("10.1.2.3", 33000, "8.8.8.8", 53)],
        {"fd.name": "10.1.2.3:33000->8.8.8.8:53", "fd.l4proto": "udp", "fd.sport": 53},
    ),
    "and gets the answer": (
        [
            DATAGRAM,
            sendto("10.1.2.3", 33000, "8.8.8.8", 53),
            recvfrom("8.8.8.8", 53, "10.1.2.3", 33000),
        ],
        {"fd.name": "10.1.2.3:33000->8.8.8.8:53", "fd.lport": 33000},
    ),
    "a source that is not known is the nearest address": (
        [DATAGRAM, sendto("0.0.0.0", 33000, "10.1.2.77", 53)],
        {"fd.name": "10.1.2.3:33000->10.1.2.77:53"},
    ),
    "a server that receives": (
        [DATAGRAM, BIND, recvfrom("10.9.9.9", 5000, "10.1.2.3", 8080)],
        {"fd.name": "10.9.9.9:5000->10.1.2.3:8080", "fd.sport": 8080, "fd.rport": 5000},
    ),
    "IPv4 addresses in IPv6 are IPv4 addresses": (
        [
            step("SOCKET_SOCKET_X", fd=4, domain=10, type=1, proto=0, flags=0),
            step(
                "SOCKET_CONNECT_X",
                res=0,
                fd=4,
                tuple=ends("::ffff:10.1.2.3", 1, "::ffff:10.1.2.4", 2),
            ),
        ],
        {"fd.name": "10.1.2.3:1->10.1.2.4:2", "fd.type": "ipv4"},
    ),
    "a packet socket": (
        [step("SOCKET_SOCKET_X", fd=4, domain=17, type=3, proto=768, flags=0)],
        {
            "fd.type": "<NA>",
            "evt.args": "fd=4(<o>) domain=17(AF_PACKET) type=3 proto=768 flags=0(O_NONE)",
        },
    ),
    # processes
    "a new process has what its parent has": (
        [opened(5, "/a"), clone(200), step("SYSCALL_READ_X", 200, res=0, fd=5, size=1)],
        {
            "fd.name": "/a",
            "proc.pid": 200,
            "proc.pname": "bash",
            "proc.aname": ("bash", "init"),
            "proc.aname[2]": "init",
            "proc.aname[3]": None,
            "proc.duration": STEP,
            "proc.ppid": 100,
            "proc.apid": (100, 1),
            "proc.exepath": "/usr/bin/bash",
        },
    ),
    "its parent may tell first": (
        [clone(100, 1, res=200), clone(200), step("SYSCALL_UNLINK_2_X", 200, res=0, path="x")],
        {"proc.pid": 200, "proc.ppid": 100, "proc.duration": 2 * STEP, "fs.path.name": "/home/alice/x"},
    ),
    "a thread shares what its process has": (
        [
            step(
                "SYSCALL_CLONE_20_X", 101, res=0, exe="-bash", comm="bash", tid=101, pid=100, ptid=1,
                flags=0x2001, uid=1000, gid=1000, vtid=101, vpid=100,
            ),
            step("SYSCALL_OPEN_X", 101, fd=9, name="/a", flags=1),
            step("SYSCALL_READ_X", res=0, fd=9, size=1),
        ],
        {"fd.name": "/a", "thread.tid": 100, "proc.nthreads": 2, "thread.ismain": True},
    ),
    "an exec is another program": (
        [clone(200), execve(200, "/usr/bin/curl", "-s", "http://x")],
        {
            "proc.name": "curl",
            "proc.cmdline": "curl -s http://x",
            "proc.args[1]": "http://x",
            "proc.args[2]": None,
            "proc.env[B]": "two",
            "proc.env": "A=1 B=two",
            "proc.cmdnargs": 2,
            "proc.pcmdline": "bash",
            "proc.loginshellid": 100,
            "evt.arg.flags": "0",
            "proc.exeline": "/usr/bin/curl -s http://x",
            "proc.aenv[HOME]": "/home/alice",
        },
    ),
    "an exec that failed is none": (
        [clone(200), execve(200, "/usr/bin/curl", res=-2)],
        {"proc.name": "bash", "evt.res": "ENOENT", "proc.exepath": "/usr/bin/bash"},
    ),
    "children of who ends go to the reaper": (
        [clone(200), clone(300, 200), exit_of(200, reaper=100), execve(300, "/bin/ls")],
        {"proc.pname": "bash", "proc.ppid": 100},
    ),
    "or to init": (
        [clone(200), clone(300, 200), exit_of(200, reaper=0), execve(300, "/bin/ls")],
        {"proc.pname": "init", "proc.ppid": 1},
    ),
    "who ends is seen for one event more": ([exit_of(100)], {"proc.name": "bash", "evt.dir": ">"}),
    "a number is used again": (
        [clone(200), execve(200, "/bin/a"), clone(300, 200), exit_of(200), clone(200, 1), UNLINK,
         step("SYSCALL_UNLINK_2_X", 300, res=0, path="x")],
        {"proc.pname": "init", "proc.aname": ("init",)},
    ),
    "threads that are not known": (
        [step("SYSCALL_UNLINK_2_X", 4242, res=0, path="/x")],
        {"proc.name": "<NA>", "proc.pid": -1, "proc.pname": None, "user.name": "<NA>"},
    ),
    # users, capabilities
    "setuid": (
        [step("SYSCALL_SETUID_X", res=0, uid=0)],
        {"user.uid": 0, "user.name": "root", "user.loginname": "alice", "evt.arg.uid": "root"},
    ),
    "setresuid that keeps the user": (
        [step("SYSCALL_SETRESUID_X", res=0, ruid=0, euid=0xFFFFFFFF, suid=0)],
        {"user.uid": 1000, "evt.arg.euid": "<NONE>"},
    ),
    "setgid": ([step("SYSCALL_SETGID_X", res=0, gid=0)], {"group.gid": 0, "group.name": "root"}),
    "setsid": ([step("SYSCALL_SETSID_X", res=100)], {"proc.sid": 100, "proc.is_sid_leader": True}),
    "a user is added": (
        [
            step("USER_ADDED_E", -1, uid=7, gid=7, name="eve", home="/e", shell="/bin/sh"),
            step("SYSCALL_SETUID_X", res=0, uid=7),
        ],
        {"user.name": "eve", "user.homedir": "/e", "user.shell": "/bin/sh", "evt.num": 2},
    ),
    "a user of a container is not": (
        [
            step("USER_ADDED_E", -1, uid=7, gid=7, name="eve", container_id="1f2e3d4c5b6a"),
            step("SYSCALL_SETUID_X", res=0, uid=7),
        ],
        {"user.name": "<NA>"},
    ),
    "capset": (
        [step("SYSCALL_CAPSET_X", res=0, cap_permitted=3, cap_effective=1 << 40, cap_inheritable=0)],
        {
            "thread.cap_permitted": "CAP_CHOWN CAP_DAC_OVERRIDE",
            "thread.cap_effective": "CAP_CHECKPOINT_RESTORE",
            "thread.cap_inheritable": "",
        },
    ),
    # events
    "calls without a kind of their own have a name": (
        [step("GENERIC_X", ID=149, nativeID=28)],
        {"evt.args": "", "evt.res": None, "evt.failed": None, "fd.name": None},
    ),
    "meta events": (
        [step("DROP_E", -1, ratio=5)],
        {"evt.is_async": True, "evt.asynctype": "drop", "proc.name": None, "syscall.type": None},
    ),
    "texts of parameters": (
        [step("SYSCALL_KILL_X", res=-1, pid=1, sig=9)],
        {"evt.args": "res=-1(EPERM) pid=1(init) sig=9(SIGKILL)", "evt.count.error": 1},
    ),
    "and of those with several types": (
        [step("SYSCALL_PTRACE_X", res=0, addr=Variant("uint64", 255), request=11, pid=1)],
        {
            "evt.args": "res=0 addr=FF data=<NA> request=11(PTRACE_ATTACH) pid=1(init)",
            "evt.rawarg.addr": 255,
            "evt.arg[3]": "PTRACE_ATTACH",
            "evt.arg[9]": None,
            "evt.arg.none": None,
        },
    ),
    "times": (
        [step("SYSCALL_NANOSLEEP_X", res=0, interval=1_500_000_000)],
        {"evt.args": "res=0 interval=1500000000(1.5s)", "evt.rawtime": START, "evt.reltime": 0},
    ),
    "what is waited for": (
        [opened(5, "/a"), step("SYSCALL_POLL_X", res=1, fds=((5, 1), (6, 4)), timeout=1)],
        {"fdlist.nums": "5,6", "fdlist.names": "/a,<NA>", "evt.is_wait": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_fields(name: str) -> None:
    steps, expected = CASES[name]
    event = last(steps)
    assert {field: event[field] for field in expected} == expected


def test_the_host_is_the_one_that_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FALCO_HOSTNAME", raising=False)
    assert last([UNLINK])["evt.hostname"] == "bastion"
    monkeypatch.setenv("FALCO_HOSTNAME", "elsewhere")
    assert last([UNLINK])["evt.hostname"] == "elsewhere"


def test_an_event_can_be_asked_anew() -> None:
    event = last([opened(5, "/a")])
    assert event["fd.name"] == "/a"
    again = event.anew()
    assert dict(again) == {}
    assert (again["fd.name"], again["evt.num"], again.time) == ("/a", 1, START)


def test_relative_times_begin_with_the_first_real_event() -> None:
    steps = [
        step("DROP_E", -1, ratio=5),
        step("SYSCALL_KILL_X", pid=1),
        step("SYSCALL_KILL_X", pid=1),
    ]
    times = [event["evt.reltime"] for event in captured(written(steps))]
    assert times == [START, 0, STEP]


# --- containers -----------------------------------------------------------------------------

POD = {
    "id": "1f2e3d4c5b6a",
    "full_id": DOCKER,
    "type": 8,
    "name": "web",
    "image": "registry:5000/nginx:1.25",
    "imagerepo": "registry:5000/nginx",
    "imagetag": "1.25",
    "privileged": True,
    "ip": "10.0.0.7",
    "labels": {"io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop", "a": "b"},
    "pod_sandbox_id": "f" * 64,
    "pod_sandbox_labels": {"tier": "front"},
    "Mounts": [
        {
            "Source": "/proc",
            "Destination": "/host/proc",
            "Mode": "ro",
            "RW": False,
            "Propagation": "",
        },
        {
            "Source": "/data",
            "Destination": "/data",
            "Mode": "",
            "RW": True,
            "Propagation": "rslave",
        },
    ],
}


def inside(cgroup: str = f"cpu=/docker/{DOCKER}") -> Machine:
    return machine(thread(300, "sh", cgroups=["memory=/", cgroup], uid=33))


def described(event_: str, description: object) -> Step:
    text = json.dumps({"container": description})
    if event_ == "ASYNCEVENT_E":
        return step(event_, -1, plugin_id=0, name="container", data=text.encode() + b"\0")
    return step(event_, -1, json=text)


WORK = step("SYSCALL_CHDIR_X", 300, res=0, path="/")


@pytest.mark.parametrize("event_", ["CONTAINER_JSON_2_E", "ASYNCEVENT_E"])
def test_containers_are_described(event_: str) -> None:
    event = last([described(event_, POD), WORK], inside())
    expected = {
        "container.id": "1f2e3d4c5b6a",
        "container.full_id": DOCKER,
        "container.type": "cri-o",
        "container.name": "web",
        "container.image.repository": "registry:5000/nginx",
        "container.image.tag": "1.25",
        "container.privileged": True,
        "container.host_network": False,
        "container.mounts": "/proc:/host/proc:ro:false:,/data:/data::true:rslave",
        "container.mount[0]": "/proc:/host/proc:ro:false:",
        "container.mount.dest[/pro*]": "/host/proc",
        "container.mount.dest[/x]": None,
        "container.mount.source[/host/*]": "/proc",
        "container.mount.rdwr[1]": "true",
        "container.label[a]": "b",
        "container.labels": "io.kubernetes.pod.name:web-0, io.kubernetes.pod.namespace:shop, a:b",
        "container.start_ts": None,
        "k8s.pod.name": "web-0",
        "k8s.ns.name": "shop",
        "k8s.pod.uid": None,
        "k8s.pod.sandbox_id": "f" * 12,
        "k8s.pod.label[tier]": "front",
        "user.name": "<NA>",
        "container.liveness_probe": None,
    }
    assert {field: event[field] for field in expected} == expected


def test_containers_that_nobody_described_have_an_id_only() -> None:
    event = last([WORK], inside())
    known = ("container.id", "container.name", "container.privileged", "container.image.repository")
    assert [event[field] for field in known] == ["1f2e3d4c5b6a", None, None, None]


def test_the_host_is_no_container() -> None:
    event = last([UNLINK])
    known = ("container.id", "container.name", "container.privileged", "container.image.repository")
    assert [event[field] for field in known] == ["host", "host", False, ""]
    assert event["k8s.ns.name"] is None


@pytest.mark.parametrize(
    ("path", "id_"),
    [
        (f"/docker/{DOCKER}", DOCKER[:12]),
        (f"/system.slice/docker-{DOCKER}.scope", DOCKER[:12]),
        (f"/kubepods.slice/x.slice/cri-containerd-{DOCKER}.scope", DOCKER[:12]),
        (f"/kubepods/besteffort/pod1/{DOCKER}", DOCKER[:12]),
        (f"/machine.slice/libpod-{DOCKER}.scope/container", DOCKER[:12]),
        (
            f"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{DOCKER}",
            DOCKER[:12],
        ),
        ("/default/web", "web"),
        ("/lxc/web/user.slice", "web"),
        ("/lxc.payload.web/x", "web"),
        ("/machine.slice/machine-lxc\\x2dweb.scope", "web"),
        ("/machine/web.libvirt-lxc", "web"),
        ("/system.slice/bpm-web.scope", "web"),
        ("/user.slice/user-1000.slice/session-1.scope", "host"),
        ("/system.slice/ssh.service", "host"),
        ("/init.scope", "host"),
        ("/", "host"),
    ],
)
def test_control_groups_say_which_container_it_is(path: str, id_: str) -> None:
    assert last([WORK], inside(f"cpu={path}"))["container.id"] == id_


@pytest.mark.parametrize("description", [None, [], "x", {}, {"id": 5}, {"id": "a", "Mounts": 5}])
def test_descriptions_that_are_none(description: object) -> None:
    event = last([described("CONTAINER_JSON_2_E", description), WORK], inside())
    assert event["container.image"] is None


def test_paths_that_are_too_long() -> None:
    assert joined("/a", "b" * (LIMIT + 1)) == TOO_LONG
    assert joined("/", "b" * (LIMIT - 1)) == "/" + "b" * (LIMIT - 1)


def test_addresses_without_a_host_are_told_as_such() -> None:
    event = last([SOCKET, step("SOCKET_BIND_X", res=0, fd=4, addr=Address(17))])
    assert event["evt.arg.addr"] == "NULL"
    assert event["fd.name"] == ""


def test_addresses_are_found_however_many_there_are() -> None:
    found = Interfaces()
    for number in range(3 * INTERFACES_LIMIT):
        found.add([Interface("eth0", IPv4Address(0x0A000001 + 256 * number), 0xFFFFFF00)])
    assert len(list(found)) == INTERFACES_LIMIT
    assert found.near(IPv4Address("10.0.7.9")) == IPv4Address("10.0.7.1")
    assert found.near(IPv4Address("10.0.7.1")) == IPv4Address("10.0.7.1")
    assert found.near(IPv4Address("192.0.2.1")) == IPv4Address("10.0.0.1")
    assert found.near(IPv6Address("2001:db8::1")) is None


@pytest.mark.parametrize(
    ("masks", "near"),
    [
        ((0xFFFFFF00, 0xFFFF0000), "10.1.2.1"),  # the first one counts, whatever its length
        ((0xFFFF0000, 0xFFFFFF00), "10.1.2.1"),
        ((0xFFFFFFFF, 0xFFFF0000), "10.1.3.1"),
        ((0, 0xFFFF0000), "10.1.3.1"),  # no network at all
        ((0xFF00FF00, 0xFFFF0000), "10.1.3.1"),  # a mask with holes is none
        ((0xFFFFFFFF, 0xFFFFFFFF), "10.1.2.1"),
    ],
)
def test_the_address_in_the_same_network_is_near(masks: tuple[int, int], near: str) -> None:
    addresses = IPv4Address("10.1.2.1"), IPv4Address("10.1.3.1")
    found = Interfaces([Interface("lo", IPv4Address("127.0.0.1"), 0xFF000000)])
    found.add([Interface("eth0", *each) for each in zip(addresses, masks, strict=True)])
    assert found.near(IPv4Address("10.1.2.9")) == IPv4Address(near)
