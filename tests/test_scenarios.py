"""Scenarios: what YAML stands for, the events that come out, and what is wrong with them."""

import io
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import event as noted
from hypothesis import strategies as st

from rulec import RulesError, Scenario
from rulec.cli import BAD_INPUT, BAD_RULES, BAD_USAGE, cli
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import Parameter, kinds
from rulec.runtime.sources.syscall.capture.reader import Capture
from rulec.runtime.sources.syscall.symbols import SYMBOLS, VARIANTS
from rulec.scenarios import reading
from rulec.scenarios.parameters import READERS
from rulec.scenarios.play import recording
from rulec.scenarios.raw_events import events_by_name
from rulec.scenarios.reading import MISTAKES_LIMIT, SCENARIO_KEYS, scenario_of
from rulec.scenarios.sections import CONTAINER_KEYS, PROCESS_KEYS, USER_KEYS
from rulec.scenarios.step_reader import STEP_KEYS
from rulec.scenarios.steps import STEPS
from rulec.text import File

ROOT: Final = Path(__file__).resolve().parent.parent
SAMPLES: Final = ROOT / "docs" / "samples"

MACHINE: Final = """
time: 2026-03-02T09:30:00Z
users: {ines: 1000}
interfaces: {lo: 127.0.0.1/8, eth0: [10.1.2.3/24, "2001:db8::3/64"]}
containers:
  web: {image: "registry.example.com/shop/web:1.2@sha256:00ff", type: docker, pod: p, namespace: n}
processes:
  - {pid: 100, command: bash --login, user: ines, cwd: /home/ines}
events:
"""


def told(text: str, machine: str = MACHINE) -> Scenario:
    """Return a scenario whose events a text describes."""
    return scenario_of(File("s.yaml", machine + text))


def last(text: str, *fields: str) -> list[Any]:
    """Return values of fields of the last event."""
    capture = told(text).events()
    found: list[Any] = []
    for event in capture:
        found = [event[field] for field in fields]
    assert (capture.failed_blocks, capture.unknown_shapes, capture.notices) == (0, 0, [])
    return found


def arguments(text: str) -> str:
    """Return the arguments of the last event."""
    (found,) = last(text, "evt.args")
    return str(found)


def shown(event: CaptureEvent) -> tuple[str, int, str]:
    return event["evt.type"], event["proc.pid"], event["evt.args"]


# --- values -----------------------------------------------------------------------------


def test_every_type_of_parameter_has_a_reader() -> None:
    types = {p.type for kind in kinds() if kind is not None for p in kind.parameters}
    assert types <= set(READERS) | {"dyn"}


VALUES = [
    ("open: {path: x, flags: O_RDONLY|O_CLOEXEC}", "flags=1001(O_RDONLY|O_CLOEXEC)"),
    ("open: {path: x, flags: [O_WRONLY, O_CREAT]}", "flags=6(O_CREAT|O_WRONLY)"),
    ("open: {path: x, flags: 0x1001}", "flags=1001(O_RDONLY|O_CLOEXEC)"),
    ("open: {path: x, mode: 0640}", "mode=640"),
    ("chmod: {filename: x, mode: 04755}", "S_ISUID)"),
    ("chmod: {filename: x, mode: S_ISUID|S_IXUSR}", "mode=4100(S_IXUSR|S_ISUID)"),
    ("mkdir: {path: x, res: ENOENT}", "res=-2(ENOENT)"),
    ("mkdir: {path: x, res: -13}", "res=-13(EACCES)"),
    ("mkdir: {path: x}", "res=0 path=x(/home/ines/x)"),
    ("unlinkat: {name: x}", "dirfd=-100(AT_FDCWD) name=x(/home/ines/x)"),
    ("unlinkat: {dirfd: AT_FDCWD, name: x}", "dirfd=-100(AT_FDCWD)"),
    ("setuid: {uid: root}", "uid=0(root)"),
    ("setuid: {uid: ines}", "uid=1000(ines)"),
    ("setresuid: {ruid: -1, euid: 0}", "ruid=-1(<NONE>) euid=0(root) suid=<NA>"),
    ("setgid: {gid: ines}", "gid=1000(ines)"),
    ("kill: {pid: 1, sig: SIGKILL}", "pid=1(systemd) sig=9(SIGKILL)"),
    ("nanosleep: {interval: 1.5s}", "interval=1500000000(1.5s)"),
    ("nanosleep: {interval: 20ms}", "interval=20000000(0.02s)"),
    ("socket: {domain: AF_INET6, type: 1}", "domain=10(AF_INET6)"),
    ("fcntl: {fd: 3, cmd: F_DUPFD}", "cmd=1(F_DUPFD)"),
    ("connect: 203.0.113.9:443", "tuple=10.1.2.3:34371->203.0.113.9:443"),
    ('connect: "[2001:db8::9]:443"', "->2001:db8::9:443"),
    ("SOCKET_CONNECT_X: {tuple: '10.1.2.3:1->192.0.2.1:2'}", "tuple=10.1.2.3:1->192.0.2.1:2"),
    ("connect: /run/docker.sock", "/run/docker.sock"),
    ("write: {fd: 1, data: héllo}", "res=6 data=h..llo fd=1 size=6"),
    ("poll: {fds: ['3:POLLIN', 4], timeout: 10}", "fds=3:1 4:0"),
    ("ptrace: {request: PTRACE_POKETEXT, pid: 1, addr: {uint64: 0x10}}", "addr=10 data=<NA>"),
    ("capset: {cap_effective: 0x3}", "cap_effective=3"),
    ("prctl: {option: PR_SET_NAME, arg2_str: kworker}", "option=15(PR_SET_NAME)"),
    ("mkdir: {path: }", "path=<NA>"),
    ("mkdir: {path: ''}", "path="),
]


@pytest.mark.parametrize(("step", "expected"), VALUES, ids=lambda text: text)
def test_values(step: str, expected: str) -> None:
    assert expected in arguments(f"- {step}")


def test_calls_without_an_event_of_their_own() -> None:
    assert last("- madvise:", "evt.type") == ["madvise"]
    assert last("- GENERIC_X: {ID: madvise}", "evt.type") == ["madvise"]


def test_names_are_those_of_the_newest_events() -> None:
    found = events_by_name()
    newest = ("openat", "execve", "bpf", "dup2", "mkdir", "accept4", "procexit", "container")
    assert [found[name].id for name in newest] == [
        "SYSCALL_OPENAT_2_X",
        "SYSCALL_EXECVE_19_X",
        "SYSCALL_BPF_2_X",
        "SYSCALL_DUP2_X",
        "SYSCALL_MKDIR_2_X",
        "SOCKET_ACCEPT4_6_X",
        "PROCEXIT_1_E",
        "CONTAINER_JSON_2_E",
    ]


def test_every_event_can_be_written_without_parameters() -> None:
    names = [name for name in events_by_name() if name not in STEPS]
    names.sort(key=lambda name: (events_by_name()[name].name == "procexit", name != "procexit"))
    steps = recording(told("".join(f"- {name}: {{}}\n  process: 100\n" for name in names))).steps
    capture = told("".join(f"- {name}: {{}}\n  process: 100\n" for name in names)).events()
    list(capture)
    assert (capture.failed_blocks, capture.unknown_events, capture.notices) == (0, 0, [])
    # Most of those that only say that a call begins do not count.
    kinds_of = [events_by_name()[name] for name in names]
    whole = [n for n, kind in enumerate(kinds_of) if kind.is_exit or "old" not in kind.flags]
    assert set(whole) <= set(steps)
    assert capture.events == len(steps)


# --- steps ------------------------------------------------------------------------------


def test_descriptors_are_numbered_as_linux_does() -> None:
    found = [
        (event["evt.type"], event["fd.num"], event["fd.name"])
        for event in told(
            """
- open: /etc/passwd
- connect: 203.0.113.9:443
- close: {fd: 3}
- open: notes
- open: /etc/shadow
  fails: EACCES
- dup2: {oldfd: 4, newfd: 0}
- dup: {oldfd: 4}
- pipe: {}
"""
        ).events()
    ][1:]
    far = "10.1.2.3:34372->203.0.113.9:443"
    assert found == [
        ("openat", 3, "/etc/passwd"),
        ("socket", 4, ""),
        ("connect", 4, far),
        ("close", 3, "/etc/passwd"),
        ("openat", 3, "/home/ines/notes"),
        ("openat", -1, "/etc/shadow"),
        ("dup2", 0, far),
        ("dup", 5, far),
        ("pipe", 7, ""),
    ]


def test_a_program_is_run() -> None:
    fields = ("proc.name", "proc.exe", "proc.exepath", "proc.cmdline", "proc.pname", "user.name")
    step = "- fork:\n- exec: curl -s 'http://x y'"
    assert last(step, *fields, "proc.pid", "proc.cwd") == [
        "curl",
        "curl",
        "/usr/bin/curl",
        "curl -s http://x y",
        "bash",
        "ines",
        101,
        "/home/ines/",
    ]
    step = "- exec: {command: ./tools/a-rather-long-name, user: root, tty: 7, env: [A=1]}"
    assert last(step, "proc.name", "proc.exepath", "user.name", "proc.tty", "proc.env") == [
        "a-rather-long-n",
        "/home/ines/tools/a-rather-long-name",
        "root",
        7,
        "A=1",
    ]
    step = "- exec: {command: x, flags: EXE_UPPER_LAYER, capabilities: [CAP_BPF]}"
    assert last(step, "proc.is_exe_upper_layer", "thread.cap_effective") == [True, "CAP_BPF"]


def test_what_fails_changes_nothing() -> None:
    step = "- exec: nc\n  fails: ENOENT"
    assert last(step, "proc.name", "evt.res", "evt.failed") == ["bash", "ENOENT", True]
    step = "- fork:\n  fails: EAGAIN\n- getpid:"
    assert last(step, "proc.pid", "proc.name") == [100, "bash"]
    step = "- connect: 203.0.113.9:443\n  fails: ECONNREFUSED"
    assert last(step, "evt.type", "evt.res") == ["connect", "ECONNREFUSED"]


def test_a_process_in_a_container_has_a_number_of_its_own() -> None:
    text = "- fork: {child: 200, container: web}\n- exec: nginx\n- fork:\n- exec: sh"
    fields = ("proc.pid", "proc.vpid", "proc.pname", "container.id", "container.name")
    assert last(text, *fields) == [201, 2, "nginx", WEB_ID[:12], "web"]
    fields = ("container.image.repository", "container.image.tag", "container.type", "k8s.pod.name")
    assert last(text, *fields) == ["registry.example.com/shop/web", "1.2", "docker", "p"]
    assert last(text, "k8s.ns.name", "container.privileged") == ["n", False]


WEB_ID: Final = told("").containers["web"].id


def test_parents_and_children_both_tell() -> None:
    found = [shown(event) for event in told("- fork: {child: 300}").events()][1:]
    assert [(type_, pid, args.partition(" ")[0]) for type_, pid, args in found] == [
        ("clone", 300, "res=0"),
        ("clone", 100, "res=300(bash)"),
    ]


def test_connections() -> None:
    text = "- listen: 0.0.0.0:8080\n- accept: 198.51.100.7:5555\n- send: hello"
    fields = ("fd.name", "fd.cip", "fd.sport", "fd.is_server", "evt.rawres")
    found = last(text, *fields)
    assert [found[0], str(found[1]), *found[2:]] == [
        "198.51.100.7:5555->10.1.2.3:8080",
        "198.51.100.7",
        8080,
        True,
        5,
    ]
    text = "- send: {to: '192.0.2.53:53', data: x}"
    assert last(text, "evt.type", "fd.l4proto", "fd.sport") == ["sendto", "udp", 53]
    text = "- connect: {to: '192.0.2.9:80', from: '10.9.9.9:7', protocol: udp}"
    assert last(text, "fd.name", "fd.l4proto") == ["10.9.9.9:7->192.0.2.9:80", "udp"]
    text = "- connect: /run/x.sock\n- send: ping"
    assert last(text, "fd.type", "fd.name")[0] == "unix"


def test_times() -> None:
    capture = told("- getpid:\n- getpid:\n  after: 2s\n- getpid:\n  after: 0").events()
    times = [event["evt.time"] for event in capture]
    raw = [event.time for event in told("- getpid:\n- getpid:\n  after: 2s").events()]
    start = 1_772_443_800_000_000_000
    assert raw == [start, start + 10**6, start + 2 * 10**9 + 10**6]
    assert len(times) == 4


def test_a_process_ends() -> None:
    text = "- fork:\n- exit: {code: 3}\n- getpid:\n  process: 100"
    found = [shown(event) for event in told(text).events()]
    assert found[3] == ("procexit", 101, "status=768 ret=3 sig=0 core=0 reaper_tid=0")
    text = "- exit: {signal: SIGSEGV}"
    assert arguments(text) == "status=11 ret=0 sig=11(SIGSEGV) core=0 reaper_tid=0"


def test_the_same_scenario_gives_the_same_bytes() -> None:
    text = "- fork:\n- exec: ls\n- open: /tmp"
    first, second = io.BytesIO(), io.BytesIO()
    told(text).write(first)
    told(text).write(second)
    assert first.getvalue() == second.getvalue()
    assert [event["evt.type"] for event in Capture(io.BytesIO(first.getvalue()))] == [
        event["evt.type"] for event in told(text).events()
    ]


def test_an_empty_scenario_has_no_events() -> None:
    scenario = scenario_of(File("s.yaml", "scenario: nothing"))
    assert (list(scenario.events()), scenario.title) == ([], "nothing")


# --- mistakes ---------------------------------------------------------------------------

MISTAKES = [
    ("- opne: /etc/passwd", "there is no step or event 'opne'", "did you mean 'open'?"),
    ("- open: {pth: x}", "unknown key 'pth'", "did you mean 'path'?"),
    ("- open: {}", "open has no 'path'", ""),
    ("- open: x\n  close: {fd: 3}", "two things happen here", "write one step"),
    ("- process: 100", "this does not say what happens", "write one step"),
    ("- open: x\n  process: 7", "there is no process 7 (any more)", ""),
    ("- exit:\n- open: x", "this does not say which process", "write 'process' beside it"),
    ("- exit:\n- open: x\n  process: 100", "there is no process 100 (any more)", ""),
    ("- open: x\n  fails: ENOSUCH", "'ENOSUCH' is no result", ""),
    ("- open: x\n  fails: 3", "a call fails with an error", "such as EACCES"),
    ("- procexit: {}\n  fails: EPERM", "'procexit' cannot fail", ""),
    ("- open: x\n  after: 999999999h", "this is after the year 2262", "captures end there"),
    ("- open: x\n  after: soon", "'soon' is no duration", "write 2s, 150ms"),
    ("- open: {path: x, flags: O_RDONL}", "'O_RDONL' is no flag of 'flags'", "'O_RDONLY'"),
    ("- open: {path: x, call: creatt}", "'creatt' opens no file", "one of openat"),
    ("- open: {path: [x]}", "this is one text or number", ""),
    ("- mkdir: x", "'mkdir' takes parameters by name", ""),
    ("- mkdir: {path: x, mode: 0x1ffffffff}", "8589934591 does not fit into 4 bytes", ""),
    ("- mkdir: {path: x, mode: 089}", "'089' is no number", ""),
    ("- setuid: {uid: inez}", "'inez' is no user", "did you mean 'ines'?"),
    ("- connect: 10.1.2.300:80", "'10.1.2.300' is no IP address", ""),
    ("- connect: 10.1.2.3", "'10.1.2.3' is no address", "write 10.1.2.3:80"),
    ("- connect: 10.1.2.3:99999", "'10.1.2.3:99999' is no address", ""),
    ("- connect: {to: '10.1.2.3:80', from: '[::1]:9'}", "both ends of a connection", ""),
    ("- connect: {to: '10.1.2.3:80', protocol: sctp}", "'sctp' is no protocol", "tcp, udp"),
    ("- SOCKET_CONNECT_X: {tuple: 10.1.2.3:80}", "is no connection", "write 10.1.2.3:40000->"),
    ("- accept: 10.1.2.3:80", "process 100 listens nowhere", "say 'on', or listen first"),
    ("- send: hello", "process 100 has no connection", ""),
    ("- send: {fd: 7, data: x}", "process 100 has no connection 7", ""),
    ("- exec: {user: root}", "this does not say which program runs", "give its 'command'"),
    ('- exec: "sh -c \'x"', "a quote in the command does not end", ""),
    ("- exec: {command: x, capabilities: CAP_ALL}", "'CAP_ALL' is no capability", ""),
    ("- fork: {container: wbe}", "there is no container 'wbe'", ""),
    ("- fork: {child: 100}", "the number 100 is taken or too large", ""),
    ("- fork: {call: spoon}", "'spoon' makes no process", "one of clone"),
    ("- ptrace: {addr: 3}", "say which type this has", "such as {uint64: ...}"),
    ("- kill: {sig: SIGNOTHING}", "'SIGNOTHING' is no signal", ""),
    ("- open", "each of 'events' is a mapping", "write '- open: /etc/passwd'"),
]


@pytest.mark.parametrize(("text", "message", "hint"), MISTAKES, ids=lambda text: text[:40])
def test_mistakes_in_steps(text: str, message: str, hint: str) -> None:
    with pytest.raises(RulesError) as error:
        told(text)
    (diagnostic,) = error.value.diagnostics
    assert message in diagnostic.message
    assert hint in diagnostic.hint
    assert diagnostic.line > MACHINE.count("\n")


SECTION_MISTAKES = [
    ("scenaro: x", "unknown key 'scenaro'", "did you mean 'scenario'?"),
    ("time: today", "'today' is no time", "write 2026-03-02T09:30:00Z"),
    ("users: [ines]", "'users' is a mapping", ""),
    ("users: {ines: }", "user 'ines' has no number", "write ines: 1000"),
    ("users: {ines: {uid: 1, shel: x}}", "unknown key 'shel'", "'shell'"),
    ("interfaces: {eth0: 10.1.2.3/99}", "'10.1.2.3/99' is no address", "write 10.0.0.10/24"),
    ("containers: {web: nginx}", "a container is a mapping", ""),
    ("containers: {web: {type: rocket}}", "'rocket' runs no containers", "one of docker"),
    ("containers: {web: {id: xyz}}", "'xyz' is no id of a container", ""),
    ("processes: {pid: 1}", "'processes' is a list", ""),
    ("containers: {web: {labels: [a]}}", "labels are a mapping", ""),
    ("containers: {web: {labels: {a: [b]}}}", "this is one text or number", ""),
    ("processes: [{name: x}]", "process has no 'pid'", ""),
    ("processes: [{pid: , name: x}]", "process has no 'pid'", ""),
    ("processes: [{pid: 5}]", "this does not say which program runs", ""),
    ("processes: [{pid: 0, name: x}]", "the number 0 is not between 1 and 4194303", ""),
    ("processes: [{pid: 5, name: x}, {pid: 5, name: y}]", "the number 5 is taken", ""),
    ("processes: [{pid: 5, name: x, container: web}]", "there is no container 'web'", ""),
    ("- open: x", "the file describes no scenario", "write one mapping"),
    ("", "the file describes no scenario", ""),
]


@pytest.mark.parametrize(("text", "message", "hint"), SECTION_MISTAKES, ids=lambda text: text[:40])
def test_mistakes_in_sections(text: str, message: str, hint: str) -> None:
    with pytest.raises(RulesError) as error:
        scenario_of(File("s.yaml", text))
    (diagnostic,) = error.value.diagnostics
    assert message in diagnostic.message
    assert hint in diagnostic.hint


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "hostnam: x\n"
        "processes:\n"
        "  - {pid: 5, command: sh, usr: root}\n"
        "events:\n"
        "  - open: {path: x, flags: O_RDONL}\n"
        "  - conect: 10.1.2.3:80\n"
    )
    with pytest.raises(RulesError) as error:
        Scenario.from_yaml(path)
    found = [(one.line, one.column, one.message) for one in error.value.diagnostics]
    assert sorted(found) == [
        (1, 1, "unknown key 'hostnam'"),
        (3, 27, "unknown key 'usr'"),
        (5, 28, "'O_RDONL' is no flag of 'flags'"),
        (6, 5, "there is no step or event 'conect'"),
    ]
    assert "    - conect: 10.1.2.3:80\n        ^^^^^^" in str(error.value)


def test_a_process_that_is_not_begun_well_is_not_missed_later() -> None:
    with pytest.raises(RulesError) as error:
        told("- fork: {child: 300, vpd: 3}\n- exec: ls\n- exit:\n- exec: ls\n  process: 300")
    assert [one.message for one in error.value.diagnostics] == [
        "unknown key 'vpd'",
        "there is no process 300 (any more)",
    ]


def test_what_is_described_badly_is_there() -> None:
    text = (
        "containers: {web: {typ: docker}}\n"
        "processes: [{pid: 5, container: web}]\n"
        "events: [{getpid: , process: 5}]"
    )
    with pytest.raises(RulesError) as error:
        scenario_of(File("s.yaml", text))
    assert [one.message for one in error.value.diagnostics] == [
        "unknown key 'typ'",
        "this does not say which program runs",
    ]


def test_reading_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RulesError) as error:
        told("- opne: x\n" * 200)
    assert len(error.value.diagnostics) == MISTAKES_LIMIT + 1
    monkeypatch.setattr(reading, "EVENTS_LIMIT", 20)
    with pytest.raises(RulesError) as error:
        told("- getpid:\n" * 21)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.message == "what stands here is not read behind 20 events"
    assert [event["evt.num"] for event in told("- getpid:\n" * 20).events()][-1] == 21


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_what_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(RulesError):
        Scenario.from_yaml(tmp_path / name)


# Words that mean something somewhere, and some that mean nothing anywhere.
WORDS = st.sampled_from(
    [
        *(*SCENARIO_KEYS, *STEP_KEYS, *STEPS, *PROCESS_KEYS, *CONTAINER_KEYS, *USER_KEYS),
        *("openat", "clone", "SYSCALL_CLONE_20_X", "web", "O_CREAT", "EPERM", "10.1.2.3:80"),
        *("[::1]:1", "/x", "@x", "0x10", "-1", "1e9", "2s", "", "\ud800", "\0", "é"),
    ]
)
LEAVES = WORDS | st.integers(-(1 << 70), 1 << 70) | st.none() | st.booleans()
NODES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)
)
STEP_NODES = st.dictionaries(st.sampled_from([*STEPS, *events_by_name()]), NODES, max_size=1)


@given(
    sections=st.dictionaries(st.sampled_from(SCENARIO_KEYS), NODES, max_size=4),
    steps=st.lists(STEP_NODES, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_anything_is_a_scenario_or_has_mistakes(sections: Any, steps: Any) -> None:
    text = json.dumps({**sections, "events": sections.get("events", steps)})
    try:
        scenario = scenario_of(File("s.yaml", text))
    except RulesError as error:
        noted(str(error.diagnostics[0].kind))
        return
    capture = scenario.events()
    list(capture)
    assert capture.failed_blocks == 0


ADDRESSES = st.sampled_from(["10.1.2.3:80", "203.0.113.9:0", "[2001:db8::1]:65535", "/run/x", "@x"])
TEXTS = st.text(max_size=40)
CONNECTIONS = ["10.1.2.3:1->192.0.2.1:2", "[::1]:1->[::2]:2", "/run/x"]
BY_TYPE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "command": st.lists(TEXTS.filter(bool), min_size=1, max_size=3),
    "sockaddr": ADDRESSES,
    "socktuple": st.sampled_from(CONNECTIONS),
    "capabilities": st.sampled_from(["all", "none", ["CAP_BPF", "CAP_KILL"]]),
    "bool": st.booleans(),
    "uid": st.sampled_from(["root", "ines", -1, 5]),
    "gid": st.sampled_from(["root", "ines", -1, 5]),
    "reltime": st.sampled_from(["1s", "2.5ms", 7]),
    "abstime": st.sampled_from(["2026-03-02T09:30:00Z", 5]),
    "ipv4addr": st.just("10.1.2.3"),
    "ipv6addr": st.just("::1"),
    "fdlist": st.lists(st.sampled_from(["3:POLLIN", "4"]), max_size=3),
    "bytebuf": TEXTS | st.lists(TEXTS, max_size=3),
    "syscallid": st.sampled_from(["madvise", 3]),
    **dict.fromkeys(("charbuf", "fspath", "fsrelpath"), TEXTS),
    **dict.fromkeys(("charbufarray", "charbuf_pair_array", "texts"), st.lists(TEXTS, max_size=3)),
}
NUMBERS = st.integers(-128, 255)


def plausible(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Return values that a parameter can have, or none at all."""
    if parameter.type == "dyn":
        kind = VARIANTS[parameter.symbols][0].partition(":")[0]
        return st.none() | st.fixed_dictionaries({kind: BY_TYPE.get(kind, NUMBERS)})
    names = [name for name, _ in SYMBOLS.get(parameter.symbols, ())]
    found = BY_TYPE.get(parameter.type, NUMBERS)
    return st.none() | (st.sampled_from(names) if names else found)


@st.composite
def plausible_steps(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from([*STEPS, *events_by_name()]))
    if name in STEPS:
        known = dict(STEPS[name].keys)
    else:
        known = {parameter.name: parameter for parameter in events_by_name()[name].parameters}
    chosen = draw(st.sets(st.sampled_from(sorted(known)))) if known else set()
    step = {name: {key: draw(plausible(known[key])) for key in sorted(chosen)}}
    return step | {"process": 100} | ({"fails": "EPERM"} if draw(st.booleans()) else {})


@given(steps=st.lists(plausible_steps(), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_can_be_told_can_be_read(steps: list[dict[str, Any]]) -> None:
    try:
        tell_and_read(steps)
    except RulesError as error:
        noted(re.sub("'.*?'", "...", error.diagnostics[0].message))


@pytest.mark.parametrize("beside", [{}, {"fails": "EPERM"}], ids=["works", "fails"])
def test_every_event_can_be_told_by_its_name_alone(beside: dict[str, str]) -> None:
    for name in [*STEPS, *events_by_name()]:
        with suppress(RulesError):  # some need more, and some cannot fail
            tell_and_read([{name: {}, "process": 100, **beside}])


def tell_and_read(steps: list[dict[str, Any]]) -> None:
    machine = yaml.safe_load(MACHINE) | {"time": "2026-03-02T09:30:00Z"}
    scenario = scenario_of(File("s.yaml", json.dumps({**machine, "events": steps})))
    capture = scenario.events()
    for event in capture:
        assert isinstance(event["evt.args"], str)
        assert isinstance(event["proc.cmdline"], str | None)
    assert (capture.failed_blocks, capture.unknown_events) == (0, 0)


# --- the command ------------------------------------------------------------------------


def rulec(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_events_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(MACHINE + "- open: /etc/passwd")
    done = rulec("scenario", path)
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("2 09:30:00.001000000 bash(100) openat fd=3(<f>/etc/passwd) dirfd=")


def test_a_capture_is_written(tmp_path: Path) -> None:
    path, output = tmp_path / "s.yaml", tmp_path / "s.scap"
    path.write_text(MACHINE + "- open: /etc/passwd")
    done = rulec("scenario", path, "-o", output)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"{output}: 2 events\n")
    assert output.read_bytes() == recording(Scenario.from_yaml(path)).data
    done = rulec("scenario", path, "-q", "-o", "-")
    assert (done.exit_code, done.stdout_bytes) == (0, output.read_bytes())


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("events: [{opn: x}]")
    done = rulec("scenario", path)
    assert (done.exit_code, done.stdout) == (BAD_RULES, "")
    assert f"{path}:1:11: " in done.stderr
    path.write_text("events: []")
    done = rulec("scenario", path, "-o", tmp_path / "missing" / "s.scap")
    assert done.exit_code == BAD_INPUT
    assert "cannot write" in done.stderr
    assert rulec("scenario").exit_code in (2, BAD_USAGE)


# --- the sample -------------------------------------------------------------------------


def test_the_sample_is_what_its_scenario_gives() -> None:
    scenario = Scenario.from_yaml(SAMPLES / "attack.yaml")
    assert (SAMPLES / "attack.scap").read_bytes() == recording(scenario).data


def test_every_key_is_documented() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    known = [SCENARIO_KEYS, USER_KEYS, CONTAINER_KEYS, PROCESS_KEYS, STEPS]
    known += [kind.keys for kind in STEPS.values()]
    assert {key for keys in known for key in keys if f"`{key}`" not in page} == set()


def test_scenarios_are_plain_yaml() -> None:
    for path in (SAMPLES / "attack.yaml", *Path(__file__).with_name("scenarios").glob("*.yaml")):
        assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict), path
