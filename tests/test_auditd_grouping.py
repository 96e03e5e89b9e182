"""Records of one event among those of others, and what is no record of one."""

import io
from collections.abc import Iterable, Sequence

import pytest
from audit_records import Machine, inet
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.events import EventError, Run
from rulec.runtime.sources.syscall import documents
from rulec.runtime.sources.syscall.auditd import grouping, records
from rulec.runtime.sources.syscall.auditd.event import AuditEvent
from rulec.runtime.sources.syscall.auditd.grouping import Grouping
from rulec.runtime.sources.syscall.auditd.processes import ARGUMENTS_LIMIT, Process, Processes
from rulec.runtime.sources.syscall.auditd.reader import Memory, Reader, Told
from rulec.runtime.sources.syscall.auditd.records import LINE_LIMIT, record
from rulec.runtime.sources.syscall.auditd.sockets import Sockets
from rulec.runtime.sources.syscall.runs import SyscallRun

PLAIN = Machine()
# What is read of an event that has all kinds of records.
FIELDS = tuple(
    """
    evt.type evt.rawtime evt.rawres evt.args proc.name proc.exepath proc.cmdline proc.cwd proc.pid
    proc.ppid user.name fd.name fd.sip evt.arg.flags
    """.split()  # noqa: SIM905 - a list of quoted names would be five times as long
)


def opened(machine: Machine, path: str = "/etc/shadow", pid: int = 2000) -> list[bytes]:
    return machine.event("open", [1, 0], result=3, pid=pid, items=[(path, "NORMAL")])


def started(
    machine: Machine, argv: Sequence[str], pid: int = 2000, ppid: int = 1000
) -> list[bytes]:
    exe = f"/usr/bin/{argv[0]}"
    return machine.event(
        "execve", argv=argv, comm=argv[0][:15], exe=exe, pid=pid, ppid=ppid, items=[(exe, "NORMAL")]
    )


def told(lines: Iterable[bytes]) -> list[Told]:
    """Return everything that is told of a log, and where."""
    found: list[Told] = []
    for number, what in documents.lines(io.BytesIO(b"".join(lines))):
        assert isinstance(what, EventError) or not what[1]
        made = what if isinstance(what, EventError) else what[0][0]
        assert isinstance(made, AuditEvent | EventError)
        found.append((number, made))
    return found


def events(lines: Iterable[bytes]) -> list[AuditEvent]:
    return [what for _, what in told(lines) if isinstance(what, AuditEvent)]


def problems(lines: Iterable[bytes]) -> list[tuple[int, str]]:
    return [(number, what.reason) for number, what in told(lines) if isinstance(what, EventError)]


def reader() -> Reader:
    return Reader(Run("syscall"))


# --- records --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"node=web-1 ",
        b"Mar  1 12:00:00 web-1 audispd: ",
        b"Mar  1 12:00:00 web-1 audisp-syslog[311]: node=web-1.example.com ",
        b"<13>1 2026-03-01T12:00:00Z web-1 audispd: node=web-1 ",
        b"\0\0\0",
        b"  ",
    ],
)
def test_what_may_stand_before_a_record(before: bytes) -> None:
    (event,) = events(before + line for line in opened(PLAIN))
    assert event["fd.name"] == "/etc/shadow"
    node = b"node=" in before and before.rpartition(b"node=")[2].strip().decode()
    assert event.facts.node == (node or "")


def test_records_of_the_kernel_without_auditd() -> None:
    lines = [
        line.replace(b"type=SYSCALL msg=", b"[   12.3] audit: type=1300 ")
        .replace(b"type=CWD msg=", b"[   12.3] audit: type=1307 ")
        .replace(b"type=PATH msg=", b"[   12.3] audit: type=1302 ")
        .replace(b"type=PROCTITLE msg=", b"[   12.3] audit: type=1327 ")
        for line in opened(PLAIN)
    ]
    (event,) = events(lines)
    assert event["fd.name"] == "/etc/shadow"


def test_records_that_auditd_has_no_name_for() -> None:
    lines = PLAIN.event("openat2", [1], items=[("/x", "NORMAL")])
    new = lines[0].replace(b"SYSCALL", b"UNKNOWN[1337]").split(b": ")[0] + b": oflag=02 mode=0\n"
    (event,) = events([lines[0], new, *lines[1:]])
    assert event["evt.is_open_write"] is True


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"garbage", "not_audit"),
        (b"type=SYSCALL", "not_audit"),
        (b"type=SYSCALL msg=audit(1.2:3): arch=c000003e", "not_audit"),
        (b"type=SYSCALL msg=audit(03/01/2026 12:00:00.123:456) : arch=x86_64", "interpreted"),
        (b"\xff\xfe\xfd", "not_audit"),
        (b"type=SYSCALL msg=audit(9999999999.000:1): pid=1", "bad_time"),
        (b"logger: type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e", "not_audit"),
        (b'{"kind": "Event"}', "not_audit"),
        (b"type=SYSCALL msg=audit(1700000000.000:9): arch=c000003e syscall=59\n", "no_pid"),
        (b"type=SYSCALL msg=audit(1700000000.000:9): arch=ff syscall=1 pid=1\n", "unknown_syscall"),
        (b"type=SYSCALL msg=audit(1700000000.000:9): pid=1\n", "unknown_syscall"),
        (b"type=SYSCALL msg=audit(1700000000.000:9): pid=1 SYSCALL=__import__('os')\n", "unknown_syscall"),
        (b'type=CWD msg=audit(1700000000.000:9): cwd="/"\n', "no_syscall"),
        (b"x" * (LINE_LIMIT + 10), "too_large"),
    ],
)  # fmt: skip
def test_what_is_wrong_costs_itself_only(line: bytes, reason: str) -> None:
    good = opened(PLAIN.at(7))
    found = told([*good, line.rstrip(b"\n") + b"\n", *opened(PLAIN.at(8), pid=1)])
    assert [what["fd.name"] for _, what in found if isinstance(what, AuditEvent)] == [
        "/etc/shadow"
    ] * 2
    assert problems([*good, line, b"\n", *good]) == [(len(good) + 1, reason)]


def test_what_says_nothing_of_system_calls_is_counted() -> None:
    login = (
        b"type=USER_LOGIN msg=audit(1700000000.001:9): pid=1 uid=0 msg='op=login"
        b' exe="/usr/sbin/sshd" type=SYSCALL msg=audit(1700000000.000:100): res=success\'\n'
    )
    found = reader()
    assert found.line(1, login) == []
    assert found.line(2, b"----\n") == []
    assert found.line(3, b"time->Wed Mar  1 12:00:00 2026\n") == []
    assert found.line(4, b"\r\n") == []
    assert found.counters.other == {"USER_LOGIN": 1}
    assert (found.counters.lines, found.counters.records, found.pending) == (4, 1, 0)


def test_kinds_of_other_records_that_are_counted_are_bounded() -> None:
    found = reader()
    for number in range(5000):
        found.line(number, b"type=X%d msg=audit(1700000000.001:9): \n" % number)
    assert len(found.counters.other) == 1000


def test_counters() -> None:
    found = reader()
    for number, line in enumerate([*opened(PLAIN), b"garbage\n", *opened(PLAIN.at(101))[:2]], 1):
        found.line(number, line)
    assert found.pending == 1
    assert len(found.end()) == 1
    assert found.counters.events == 2
    assert found.counters.refused == {"not_audit": 1}


def test_a_value_that_comes_later_overrides_none() -> None:
    lines = opened(PLAIN)
    lines[0] = lines[0].replace(b"\x1d", b" uid=0 euid=0 comm=73736864\x1d")
    assert events(lines)[0]["proc.name"] == "sh"


# --- events ---------------------------------------------------------------------------


def test_an_event_ends_with_the_title_or_when_the_kernel_says_so() -> None:
    for machine in (PLAIN, Machine(end=True), Machine(proctitle=False, end=True)):
        found = reader()
        lines = opened(machine)
        ends = [number for number, line in enumerate(lines) if found.line(number, line)]
        assert ends == [
            next(n for n, line in enumerate(lines) if b"PROCTITLE" in line or b"EOE" in line)
        ]
        assert found.end() == []
        assert found.counters.refused == {}  # fmt: skip


def test_without_an_end_it_takes_two_seconds() -> None:
    machine = Machine(proctitle=False)
    found = reader()
    for later in (0, 1999):
        for line in opened(machine.at(100 + later, later)):
            assert found.line(1, line) == []
    (_, event), *others = found.line(2, opened(machine.at(9999, 2000))[0])
    assert isinstance(event, AuditEvent)
    assert event["evt.rawtime"] == 1_700_000_000_000_000_000
    assert others == []


def test_a_clock_that_is_set_back_keeps_nothing_waiting() -> None:
    machine = Machine(proctitle=False)
    found = reader()
    assert found.line(1, opened(machine)[0]) == []
    assert len(found.line(2, opened(machine.at(101, -5000))[0])) == 1


def test_machines_have_serial_numbers_and_processes_of_their_own() -> None:
    one, two = Machine(node="one"), Machine(node="two")
    pairs = zip(started(one, ["bash"], 1000), started(two, ["perl"], 1000), strict=True)
    lines = [line for pair in pairs for line in pair]
    lines += [*opened(one.at(101)), *opened(two.at(101))]
    found = [(event["evt.hostname"], event["proc.pname"]) for event in events(lines)]
    assert found == [("one", None), ("two", None), ("one", "bash"), ("two", "perl")]


def test_the_time_of_one_machine_is_no_matter_of_another() -> None:
    one, two = Machine(node="one", proctitle=False), Machine(node="two", proctitle=False)
    found = reader()
    lines = opened(one)
    assert found.line(1, lines[0]) == []
    assert found.line(2, opened(two.at(100, 90_000))[0]) == []
    for line in lines[1:]:
        assert found.line(3, line) == []
    names = {event["fd.name"] for _, event in found.end() if isinstance(event, AuditEvent)}
    assert names == {"/etc/shadow", None}


def test_what_waits_is_bounded() -> None:
    group = Grouping(limit=10)
    machine = Machine(proctitle=False)
    taken = [
        (complete.event[1], complete.hurried)
        for serial in range(100)
        for complete in group.add(record(opened(machine.at(serial))[0]), 1, 100)
    ]
    assert len(group) == 10
    assert taken == [(f"1700000000.000:{serial}", True) for serial in range(90)]


def test_the_bytes_that_wait_are_bounded() -> None:
    group = Grouping(size_limit=1000)
    for serial in range(100):
        for node in ("a", "b"):
            line = opened(Machine(node=node, proctitle=False).at(serial))[0]
            group.add(record(line), 1, 400)
    assert len(group) == 2


def test_an_event_is_not_kept_beyond_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "EVENT_RECORDS", 5)
    call, execve, cwd, path, title = started(PLAIN, ["x", "y"])
    found = reader()
    for line in (*[execve] * 9, *[cwd] * 9, *[path] * 9, call):
        assert found.line(1, line) == []
    ((_, event),) = found.line(2, title)
    assert isinstance(event, AuditEvent)
    assert {kind: len(bodies) for kind, bodies in event.facts.group.records.items()} == {
        "EXECVE": 5,
        "CWD": 1,
        "PATH": 1,
        "SYSCALL": 1,
        "PROCTITLE": 1,
    }
    assert event["proc.cmdline"] == "x y"
    assert found.counters.cut == 1


@given(st.data())
def test_records_of_several_events_may_be_mixed(data: st.DataObject) -> None:
    """However the records of events are mixed, the same events come out."""
    calls = [
        started(PLAIN.at(1), ["bash", "-c", "my file"], 1000, 1),
        PLAIN.at(2).event("connect", [3], saddr=inet("203.0.113.7", 53), pid=5, ppid=1),
        opened(Machine(arch="x86_64", end=True).at(3), "/tmp/a b", pid=6),
        opened(Machine(proctitle=False).at(4), "/x", pid=7),
    ]
    expected = {event.facts.group.event: seen(event) for call in calls for event in events(call)}
    waiting = [list(call) for call in calls]
    mixed = []
    while waiting:
        queue = data.draw(st.sampled_from(waiting))
        mixed.append(queue.pop(0))
        waiting = [rest for rest in waiting if rest]
    found = {event.facts.group.event: seen(event) for event in events(mixed)}
    assert found == expected
    assert problems(mixed) == []


def seen(event: AuditEvent) -> list[object]:
    return [event[field] for field in FIELDS]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=15)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=4), NAMES.map(lambda name: f"/{name}"))
def test_quotes_and_digits_say_the_same(comm: str, argv: list[str], path: str) -> None:
    found = [
        seen(event)
        for hexadecimal in (False, True)
        for event in events(
            Machine(hexadecimal=hexadecimal).event(
                "execve", comm=comm, exe=path, argv=argv, cwd=path, items=[(path, "NORMAL")]
            )
        )
    ]
    assert found[0] == found[1]
    (event,) = events(PLAIN.event("execve", comm=comm, exe=path, argv=argv))
    assert event["proc.name"] == comm
    assert event["proc.exe"] == argv[0]
    assert event["proc.args"] == " ".join(argv[1:])


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"type=", b" msg=audit(1700000000.000:1): ", b"a0=", b"=", b'"', b"(null)", b"\x1d", b"\n"]
    ),
    st.sampled_from(b"".join(opened(PLAIN)).split(b" ")).map(lambda word: word + b" "),
    st.sampled_from([*opened(PLAIN), *started(PLAIN, ["x"])]),
)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_noise_never_ends_the_reading(noise: bytes) -> None:
    good = opened(Machine(node="good"))
    found = told([good[0], noise, b"\n", *good[1:]])
    for _, what in found:
        if isinstance(what, AuditEvent):
            for field in FIELDS:
                hash(what[field])
    assert "/etc/shadow" in [
        what["fd.name"]
        for _, what in found
        if isinstance(what, AuditEvent) and what.facts.node == "good"
    ]


@given(st.data())
def test_records_with_damage_never_end_the_reading(data: st.DataObject) -> None:
    """Any value of any field may be anything."""
    lines = [
        *started(PLAIN.at(1), ["bash", "-c"], 1000),
        *PLAIN.at(2).event("connect", [3], saddr=inet("203.0.113.7", 53)),
        *opened(PLAIN.at(3)),
        *PLAIN.at(4).event("kill", [1, 9]),
        *PLAIN.at(5).event("setuid", [0]),
        *PLAIN.at(6).event("openat2", [1], more=[("OPENAT2", "oflag=0100 mode=0 resolve=0x1")]),
    ]
    place = data.draw(st.integers(0, len(lines) - 1))
    words = lines[place].split(b" ")
    word = data.draw(st.integers(0, len(words) - 1))
    value = data.draw(
        st.one_of(
            st.binary(max_size=30),
            st.integers(-(2**70), 2**70).map(lambda number: f"{number}".encode()),
            st.integers(0, 2**70).map(lambda number: f"{number:x}".encode()),
        )
    )
    words[word] = words[word].partition(b"=")[0] + b"=" + value
    lines[place] = b" ".join(words).replace(b"\n", b"") + b"\n"
    for event in events(lines):
        for field in ALL_FIELDS:
            hash(event[field])


ALL_FIELDS = (
    *FIELDS,
    *"""
    evt.info evt.arg.uid evt.arg.sig evt.arg.pid evt.arg.fd evt.arg.mode evt.arg.resolve
    evt.rawarg.name evt.arg[0] evt.arg[99999] evt.arg[x] evt.arg[ proc.aname[9999999] evt.
    proc.tty proc.loginshellid fd.ip fd.directory fd.filename fs.path.name user.loginuid
    evt.is_open_read evt.is_open_exec evt.is_open_create evt.res thread.cap_effective
    """.split(),  # noqa: SIM905 - as above
)


# --- processes ------------------------------------------------------------------------


def test_ancestors() -> None:
    lines = [
        *started(PLAIN.at(1), ["sshd", "-D"], 500, 1),
        *started(PLAIN.at(2), ["bash", "-l"], 1000, 500),
        *started(PLAIN.at(3), ["python3", "x.py"], 1500, 1000),
        *started(PLAIN.at(4), ["sh", "-c", "id"], 2000, 1500),
    ]
    event = events(lines)[-1]
    assert event["proc.pname"] == "python3"
    assert event["proc.pcmdline"] == "python3 x.py"
    assert event["proc.pexe"] == "python3"
    assert event["proc.pexepath"] == "/usr/bin/python3"
    assert event["proc.aname"] == ("python3", "bash", "sshd")
    assert event["proc.apid"] == (1500, 1000, 500)
    assert [event[f"proc.aname[{level}]"] for level in range(5)] == [
        "sh",
        "python3",
        "bash",
        "sshd",
        None,
    ]
    assert event["proc.acmdline[2]"] == "bash -l"
    assert event["proc.loginshellid"] == 1000


def test_arguments_are_known_from_the_start_of_a_program() -> None:
    long = ["sh", "-c", "x" * 500]
    first = started(PLAIN.at(1), long)
    title = PLAIN.at(2).event("rmdir", comm="sh", exe="/usr/bin/sh", title=["sh", "-c", "xxx"])
    assert events([*first, *title])[-1]["proc.args"] == "-c " + "x" * 500
    # Whoever was not seen to start has a title at least.
    assert events(title)[0]["proc.args"] == "-c xxx"
    assert events(title[:-1])[0]["proc.cmdline"] == "sh"


def test_another_program_with_the_number_of_one_that_is_gone() -> None:
    first = started(PLAIN.at(1), ["bash", "-l"], 1000)
    other = PLAIN.at(2).event("rmdir", comm="vi", exe="/usr/bin/vi", title=["vi", "x"], pid=1000)
    child = opened(PLAIN.at(3))
    assert events([*first, *child])[-1]["proc.pcmdline"] == "bash -l"
    assert events([*first, *other, *child])[-1]["proc.pcmdline"] == "vi x"


def test_what_has_ended_is_nobodys_parent() -> None:
    first = started(PLAIN.at(1), ["bash"], 1000)
    end = PLAIN.at(2).event("exit_group", result=None, comm="bash", exe="/usr/bin/bash", pid=1000)
    assert events([*first, *end])[-1]["proc.name"] == "bash"
    assert events([*first, *end, *opened(PLAIN.at(3))])[-1]["proc.pname"] is None


def test_nothing_is_remembered_beyond_a_start_of_the_machine() -> None:
    boot = PLAIN.at(2).record("SYSTEM_BOOT", "pid=600 uid=0 auid=4294967295 msg=' comm=x'")
    lines = [*started(PLAIN.at(1), ["bash"], 1000), boot, *opened(PLAIN.at(3))]
    assert events(lines)[-1]["proc.pname"] is None


def test_threads_do_not_rename_their_program() -> None:
    first = started(PLAIN.at(1), ["java"], 1000)
    thread = PLAIN.at(2).event("rmdir", comm="GC Thread#0", exe="/usr/bin/java", pid=1000)
    found = events([*first, *thread, *opened(PLAIN.at(3))])
    assert [event["proc.name"] for event in found] == ["java", "GC Thread#0", "sh"]
    assert found[-1]["proc.pname"] == "java"


def test_a_process_may_be_its_own_ancestor() -> None:
    lines = [*started(PLAIN.at(1), ["a"], 1, 2), *started(PLAIN.at(2), ["b"], 2, 1)]
    lines += started(PLAIN.at(3), ["c"], 3, 3)
    assert [event["proc.aname"] for event in events(lines)] == [None, ("a",), None]


def test_processes_are_bounded() -> None:
    known = Processes(limit=3)
    for pid in range(10):
        known.executed("", Process(pid, 0, "x", "/x", ("x" * 3000,) * 3))
    assert len(known) == 3
    kept = known.get("", 9)
    assert kept is not None
    assert kept.argv is not None
    assert sum(map(len, kept.argv)) < ARGUMENTS_LIMIT
    known.seen("", Process(7, 0, "x", "/x"))
    known.executed("", Process(10, 0, "x", "/x"))
    assert known.get("", 8) is None  # 7 was heard of since
    assert known.get("", 7) is not None


def test_what_a_socket_speaks() -> None:
    def connected(serial: int) -> list[bytes]:
        return PLAIN.at(serial).event("connect", [4], saddr=inet("192.0.2.1", 53))

    lines = [
        *PLAIN.at(1).event("socket", [2, 0x80802, 0], result=4),
        *connected(2),
        *PLAIN.at(3).event("close", [4]),
        *connected(4),
    ]
    assert [event["fd.l4proto"] for event in events(lines)] == ["udp", "udp", "udp", None]
    known = Sockets(limit=2)
    for descriptor in range(5):
        known.opened("", 1, descriptor, "tcp")
    assert len(known) == 2


class Growing:
    """A file that grows: it raises at its end, if that is inside of an event, and is read again."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0
        self.end = 0
        self._starts = {1: 0}
        self._number = 0
        self._inside: int | None = None

    def reread(self, end: int) -> "Growing":
        """Return the file when it has more bytes, from where it has to be read on."""
        place = self._starts[self._inside] if self._inside is not None else self.place
        found = Growing(self.content)
        found.place, found.end = place, end
        return found

    def inside(self, number: int | None) -> None:
        self._inside = number

    def readline(self, size: int, /) -> bytes:
        if self.place == self.end:
            if self._inside is not None:
                raise EOFError
            return b""
        self._number += 1
        self._starts[self._number] = self.place
        line = io.BytesIO(self.content[self.place : self.end]).readline(size)
        self.place += len(line)
        return line


@given(st.data())
def test_a_log_that_grows_is_read_as_if_it_was_whole(data: st.DataObject) -> None:
    """Wherever the log ended when it was read, no event is missing, twice or cut."""
    calls = [opened(PLAIN.at(serial), f"/{serial}", pid=serial) for serial in range(1, 6)]
    waiting = [list(call) for call in calls]
    lines = []
    while waiting:
        queue = data.draw(st.sampled_from(waiting[:2]))
        lines.append(queue.pop(0))
        waiting = [rest for rest in waiting if rest]
    ends = data.draw(st.sets(st.integers(0, len(lines)), max_size=6).map(sorted))
    run, found = documents.new_run(), []
    stream = Growing(b"".join(lines))
    for count in (*ends, len(lines)):
        stream = stream.reread(len(b"".join(lines[:count])))
        try:
            for _, what in documents.lines(stream, run=run):
                assert isinstance(what, tuple), what
                found.append(what[0][0]["fd.name"])
        except EOFError:
            pass
    assert sorted(found) == [f"/{serial}" for serial in range(1, 6)]


def test_processes_are_remembered_from_one_file_to_the_next() -> None:
    run = documents.new_run()
    first = io.BytesIO(b"".join(started(PLAIN.at(1), ["bash"], 1000)))
    second = io.BytesIO(b"".join(opened(PLAIN.at(2))))
    list(documents.lines(first, run=run))
    ((_, found),) = documents.lines(second, run=run)
    assert isinstance(found, tuple)
    assert found[0][0]["proc.pname"] == "bash"
    assert found[0][0]["evt.num"] == 2
    assert isinstance(run, SyscallRun)
    assert isinstance(run.memory, Memory)
    assert run.memory.counters.events == 2


# --- which input it is ----------------------------------------------------------------


def test_other_inputs_of_the_source_are_read_as_before() -> None:
    line = b'{"evt.type": "open", "evt.rawtime": 5, "fd.name": "%s"}\n' % (b"x" * 10_000)
    for text in (line, b"\n\n" + line, b" " * 5000 + b"\n" + line, b"{\n" + line[1:]):
        ((_, found),) = documents.lines(io.BytesIO(text))
        assert isinstance(found, tuple)
        assert found[0][0]["fd.name"] == "x" * 10_000
    assert list(documents.lines(io.BytesIO(b""))) == []


def test_blank_lines_may_come_first() -> None:
    lines = [b"\n", b"----\n", b"time->Wed Mar  1 12:00:00 2026\n", *opened(PLAIN)]
    assert len(events(lines)) == 1


def test_lines_that_ausearch_puts_the_other_way_round() -> None:
    lines = [b"----\n", *reversed(opened(PLAIN)), b"----\n", *reversed(opened(PLAIN.at(101)))]
    assert [event["fd.name"] for event in events(lines)] == ["/etc/shadow"] * 2


def test_long_lines_are_skipped_to_their_end() -> None:
    line = opened(PLAIN)[0].rstrip() + b" x=" + b"1" * (LINE_LIMIT * 3) + b"\n"
    assert problems([*opened(PLAIN), line, *opened(PLAIN.at(2))]) == [(5, "too_large")]


@pytest.mark.parametrize("piece", ["a", "=", "x={ ", 'x="', "a[0]=", "node=", '"', "x= "])
def test_nothing_in_a_line_is_looked_at_again_and_again(piece: str) -> None:
    """Otherwise this would take minutes."""
    body = (piece * LINE_LIMIT)[:LINE_LIMIT].encode()
    assert records.fields(body + b" uid=0")["uid"] == "0" or '"' in piece


def test_odd_records() -> None:
    assert records.integer("9" * 22) is None
    assert records.octets("ABC") is None
    assert records.text("?") is None
