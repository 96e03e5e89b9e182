"""Captures as bytes: blocks, byte orders, older versions, damage."""

import gzip
import io
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from random import Random

import pytest
from scap import (
    DOCKER,
    START,
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

from rulec.runtime.sources.syscall.capture import blocks, stream
from rulec.runtime.sources.syscall.capture.events import codes, kinds
from rulec.runtime.sources.syscall.capture.reader import Capture
from rulec.runtime.sources.syscall.capture.upgrade import plan, shapes
from rulec.runtime.sources.syscall.capture.writer import block
from rulec.runtime.sources.syscall.state import machine as limits
from rulec.runtime.sources.syscall.state.descriptors import Descriptor

STEPS = [
    opened(5, "/etc/shadow"),
    step("SOCKET_SOCKET_X", fd=6, domain=2, type=1, proto=0, flags=0),
    step(
        "SOCKET_CONNECT_X",
        res=0,
        fd=6,
        tuple=ends("10.1.2.3", 40000, "93.184.216.34", 443),
        addr=address("93.184.216.34", 443),
    ),
    clone(200),
    execve(200, "/usr/bin/curl", "-s", "http://x"),
    step("SYSCALL_UNLINK_2_X", res=0, path="notes.txt"),
]


def split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a capture: types and bytes."""
    at = 0
    while at < len(data):
        type_, length = struct.unpack_from("<II", data, at)
        yield type_, data[at : at + length]
        at += length


def types(capture: Capture) -> list[str]:
    return [event["evt.type"] for event in capture]


@pytest.mark.parametrize("order", ["little", "big"])
def test_both_byte_orders_say_the_same(order: str) -> None:
    event = last(STEPS[:3], order=order)
    assert event["fd.name"] == "10.1.2.3:40000->93.184.216.34:443"
    assert (event["proc.name"], event["user.name"], event["fd.lport"]) == ("bash", "alice", 40000)
    assert (event.time, event["evt.num"], event["evt.cpu"]) == (START + 2000, 3, 2)


def test_descriptors_from_the_list_are_known() -> None:
    listed = {
        0: Descriptor(type="file", name="/dev/null", flags=1, device=6, inode=9),
        1: Descriptor(type="pipe", inode=7),
        2: Descriptor(type="unix", name="/run/log", source=1, destination=2),
        3: Descriptor(type="directory", name="/srv"),
        4: Descriptor(
            type="ipv4",
            l4="tcp",
            source=address("10.1.2.3", 1).host,
            source_port=22,
            destination=address("10.1.2.9", 1).host,
            destination_port=5555,
        ),
        5: Descriptor(
            type="ipv4", l4="tcp", destination=address("0.0.0.0", 1).host, destination_port=22,
            listening=True,
        ),
    }  # fmt: skip
    shell = thread(300, "sshd", descriptors=listed)
    event = last([step("SYSCALL_READ_X", 300, res=1, data=b"x", fd=4, size=1)], machine(shell))
    # Somebody listens on the port of this end, so the other one is the client.
    assert event["fd.name"] == "10.1.2.9:5555->10.1.2.3:22"
    assert (event["fd.cip"], event["fd.sport"]) == (address("10.1.2.9", 1).host, 22)
    assert (event["fd.types[3]"], event["fd.types[99]"]) == (("directory",), None)
    assert set(event["fd.types"]) == {"file", "pipe", "unix", "directory", "ipv4"}
    assert (event["proc.stdin.name"], event["proc.stdout.type"]) == ("/dev/null", "pipe")


def test_threads_and_parents_are_found_in_any_order() -> None:
    worker = thread(301, "worker", 0)
    worker.pid, worker.vpid = 300, 300
    threads = (worker, thread(300, "nginx", 299, cwd="/srv"), thread(299, "sh"))
    steps = [
        step("SYSCALL_OPEN_X", 300, fd=9, name="x", flags=1),
        step("PROCEXIT_1_E", 299, status=0, ret=0, sig=0, core=0, reaper_tid=1),
        step("SYSCALL_READ_X", 301, res=0, fd=9, size=1),
    ]
    event = last(steps, machine(*threads))
    assert (event["fd.name"], event["proc.cwd"]) == ("/srv/x", "/srv/")
    assert (event["proc.nthreads"], event["proc.name"]) == (2, "worker")
    assert (event["proc.pname"], event["proc.ppid"]) == ("init", 1)


def test_damaged_entries_of_lists_cost_themselves() -> None:
    parts = dict(split(written(STEPS)))
    processes = bytearray(parts[0x215])
    processes[12 + 8 + 32 : 12 + 8 + 34] = b"\xff\xff"  # the length of the first name
    data = b"".join(
        bytes(processes) if type_ == 0x215 else part for type_, part in split(written(STEPS))
    )
    capture = captured(data)
    *_, event = capture
    assert (event["proc.name"], event["proc.pname"]) == ("bash", None)
    assert (capture.failed_blocks, capture.notices[0][:17]) == (1, "a list is damaged")


def test_a_section_in_the_middle_begins_another_capture() -> None:
    once, again = (
        written([opened(5, "/etc/hosts")]),
        written([step("SYSCALL_CLOSE_X", res=0, fd=5)]),
    )
    capture = captured(once + again)
    assert [event["fd.name"] for event in capture] == ["/etc/hosts", ""]
    assert (capture.events, capture.notices) == (2, [])


def test_options_behind_the_section_header_are_skipped() -> None:
    (type_, section), *rest = split(written(STEPS))
    longer = block(type_, section[8:-4] + b"x" * 60)
    capture = captured(longer + b"".join(data for _, data in rest))
    assert len(types(capture)) == len(STEPS)
    assert capture.notices == []


def test_events_of_state_only_are_not_offered() -> None:
    from rulec.runtime.sources.syscall.capture.writer import Writer

    target = io.BytesIO()
    writer = Writer(target)
    writer.begin(machine())
    path = {"fd": 5, "name": "/etc/hosts", "flags": 1}
    writer.event("SYSCALL_OPEN_X", path, time=START, tid=100, state_only=True)
    writer.event("SYSCALL_CLOSE_X", {"res": 0, "fd": 5}, time=START + 1, tid=100)
    assert [event["fd.name"] for event in captured(target.getvalue())] == ["/etc/hosts"]


# --- older forms --------------------------------------------------------------------------


def old_event(id_: str, *parts: bytes, tid: int = 100, time: int = START) -> bytes:
    """Return a block with an event as drivers wrote it first, without a count of parameters."""
    lengths = struct.pack(f"<{len(parts)}H", *map(len, parts))
    size = 22 + len(lengths) + sum(map(len, parts))
    head = struct.pack("<HQqIH", 0, time, tid, size, codes()[id_])
    return block(0x204, head + lengths + b"".join(parts))


def number(value: int, size: int = 8) -> bytes:
    return value.to_bytes(size, "little", signed=value < 0)


def test_old_events_become_present_ones() -> None:
    data = written() + old_event(
        "SYSCALL_OPENAT_E", number(-100), b"x\0", number(2, 4), number(0, 4)
    )
    data += old_event("SYSCALL_OPENAT_X", number(7))
    data += old_event("SYSCALL_WRITE_E", number(7), number(4, 4))
    data += old_event("SYSCALL_WRITE_X", number(4), b"evil")
    capture = captured(data)
    events = [
        (e["evt.type"], e["evt.num"], e["fd.num"], e["fd.name"], e["evt.dir"]) for e in capture
    ]
    assert events == [
        ("openat", 1, 7, "/home/alice/x", "<"),
        ("write", 2, 7, "/home/alice/x", "<"),
    ]
    assert (capture.events, capture.unknown_shapes, capture.failed_blocks) == (2, 0, 0)


def test_enter_events_are_kept_if_wanted() -> None:
    data = (
        written()
        + old_event("SYSCALL_CLOSE_E", number(7))
        + old_event("SYSCALL_CLOSE_X", number(0))
    )
    data += old_event("SYSCALL_OPEN_E") + old_event("SYSCALL_OPEN_X", number(3), b"/a\0", b"", b"")
    kept = [(e["evt.type"], e["evt.dir"], e["evt.num"]) for e in captured(data, enter_events=True)]
    assert kept == [("close", ">", 1), ("close", "<", 2), ("open", ">", 3), ("open", "<", 4)]
    # The beginning of open() may say more than its end. It counts, but is not offered.
    offered = [(e["evt.type"], e["evt.dir"], e["evt.num"]) for e in captured(data)]
    assert offered == [("close", "<", 1), ("open", "<", 3)]


def test_the_path_that_a_call_was_given_first_counts() -> None:
    data = written(
        [step("SYSCALL_OPEN_E", name="/etc/shadow", flags=2, mode=0), opened(5, "/tmp/x")]
    )
    *_, event = captured(data)
    assert (event["fd.name"], event["fd.nameraw"]) == ("/etc/shadow", "/etc/shadow")
    assert event["evt.arg.name"] == "/tmp/x"


def test_an_exec_without_its_path_takes_it_from_its_beginning() -> None:
    late = execve(100, "ls", trusted_exepath=None)
    assert last([step("SYSCALL_EXECVE_19_E", filename="bin/ls"), late])["proc.exepath"] == (
        "/home/alice/bin/ls"
    )
    assert last([late])["proc.exepath"] == ""
    at = [
        opened(7, "/srv", 0x401),
        step("SYSCALL_EXECVEAT_E", dirfd=7, pathname="run", flags=0),
        late,
    ]
    assert last(at)["proc.exepath"] == "/srv/run"


def test_the_oldest_containers_are_described() -> None:
    shell = thread(300, "sh", cgroups=[f"cpu=/docker/{DOCKER}"])
    data = written((), machine(shell))
    data += old_event("CONTAINER_E", b"1f2e3d4c5b6a\0", number(0, 4), b"web\0", b"nginx\0", tid=-1)
    data += old_event("SYSCALL_CHDIR_X", number(0), b"/\0", tid=300)
    (event,) = captured(data)
    assert (event["container.name"], event["container.image"]) == ("web", "nginx")
    assert (event["container.type"], event["evt.num"]) == ("docker", 2)


@pytest.mark.parametrize(("version", "type_"), [(1, 0x202), (5, 0x211), (8, 0x214), (9, 0x215)])
def test_old_process_lists(version: int, type_: int) -> None:
    def text(value: bytes) -> bytes:
        return struct.pack("<H", len(value)) + value

    entry = struct.pack("<qqq", 300, 300, 1)
    entry += struct.pack("<q", 299) if version >= 6 else b""
    entry += struct.pack("<q", 298) if version >= 8 else b""
    entry += text(b"sshd") + text(b"/sbin/sshd")
    entry += text(b"/usr/sbin/sshd") if version >= 7 else b""
    entry += text(b"-D\0x") + text(b"/srv") + struct.pack("<QIII", 1024, 0, 0, 7)
    entry += struct.pack("<IIIQQ", 1, 2, 3, 4, 5) if version >= 2 else b""
    entry += text(b"A=1\0") if version >= 3 else b""
    entry += struct.pack("<qq", 3, 4) + text(b"cpu=/\0") if version >= 4 else b""
    entry += text(b"/") if version >= 5 else b""
    if version >= 9:  # as the first of them wrote it, without two fields in the middle
        entry += struct.pack("<IB", 1000, 1)
        entry = struct.pack("<I", len(entry) + 4) + entry
    data = written() + block(type_, entry + entry.replace(b"sshd", b"sshe"))
    data += old_event("SYSCALL_CHDIR_X", number(0), b"x\0", tid=300)
    (event,) = captured(data)
    assert (event["proc.name"], event["proc.args"], event["proc.cwd"]) == (
        "sshe",
        "-D x",
        "/srv/x/",
    )
    assert event["proc.vpid"] == (4 if version >= 4 else -1)
    assert event["proc.sid"] == (299 if version >= 6 else -1)
    assert event["proc.env[A]"] == ("1" if version >= 3 else None)
    assert event["user.loginuid"] == (1000 if version >= 9 else -1)
    assert event["proc.pname"] == "init"


def test_every_old_shape_leads_to_a_present_event() -> None:
    for kind in filter(None, kinds()):
        for count in shapes(kind.code):
            made = plan(kind.code, count)
            if made is None or made.drop:
                continue
            present = kinds()[made.code]
            assert present is not None
            assert "old" not in present.flags or not present.is_exit, (kind.id, count)
            if made.make is not None:
                parts = made.make([b"\0"] * count, None)
                assert len(parts) == len(present.parameters), (kind.id, count)


# --- damage -------------------------------------------------------------------------------


def test_a_capture_that_breaks_off_gives_what_is_there() -> None:
    data = written(STEPS)
    capture = captured(data[:-10])
    assert len(types(capture)) == len(STEPS) - 1
    assert capture.failed_blocks == 1
    assert "a block has no end, at byte" in capture.notices[0]


@pytest.mark.parametrize("field", [4, -4])
def test_a_damaged_block_costs_itself(field: int) -> None:
    parts = [data for _, data in split(written(STEPS))]
    damaged = bytearray(parts[-3])
    damaged[field] ^= 0x24
    capture = captured(b"".join([*parts[:-3], bytes(damaged), *parts[-2:]]))
    assert types(capture) == ["open", "socket", "connect", "execve", "unlink"]
    assert capture.failed_blocks == 1


def test_damaged_parameters_cost_their_event() -> None:
    parts = [data for _, data in split(written(STEPS))]
    damaged = bytearray(parts[-1])
    damaged[36:38] = b"\xff\x7f"  # the length of the first one
    capture = captured(b"".join([*parts[:-1], bytes(damaged), parts[-1]]))
    assert types(capture)[-2:] == ["execve", "unlink"]
    assert (capture.failed_blocks, capture.events) == (1, len(STEPS))


def test_newer_events_are_counted() -> None:
    head = struct.pack("<HQqIHI", 0, START, 100, 26, 60_000, 0)
    capture = captured(written(STEPS) + block(blocks.EVENT, head))
    assert len(types(capture)) == len(STEPS)
    assert (capture.events, capture.unknown_events) == (len(STEPS), 1)
    assert capture.notices == ["1 event is newer than this reader"]


def test_what_is_no_capture_is_told() -> None:
    capture = captured(b'{"evt.type": "open"}\n' * 1000)
    assert types(capture) == []
    assert "this is no capture" in capture.notices[-1]
    empty = captured(b"")
    assert types(empty) == []
    assert empty.notices == ["this is no capture: it does not begin as one"]


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "THREADS_LIMIT", 4)
    monkeypatch.setattr(limits, "DESCRIPTORS_LIMIT", 2)
    steps = [*(clone(tid) for tid in range(200, 220)), *(opened(fd, "/a") for fd in range(3, 9))]
    capture = captured(written(steps))
    *_, event = capture
    assert len(capture.machine.threads) == 4
    assert event["proc.fdopencount"] == 2
    assert capture.notices == [f"{16 + 4 + 2} threads or descriptors were too many"]


# --- compressed, and as it comes ------------------------------------------------------------


def test_compressed_captures() -> None:
    data = written(STEPS)
    assert types(captured(gzip.compress(data))) == types(captured(data))
    members = gzip.compress(data[:200]) + gzip.compress(data[200:])
    assert types(captured(members)) == types(captured(data))


def test_a_compressed_capture_that_breaks_off() -> None:
    steps = [opened(5, f"/etc/{os.urandom(20).hex()}") for _ in range(500)]
    capture = captured(gzip.compress(written(steps))[:-100])
    assert 300 < len(types(capture)) < 500
    assert "the compressed file breaks off" in capture.notices


def test_what_is_damaged_or_behind_a_compressed_capture_is_told() -> None:
    data = gzip.compress(written(STEPS))
    capture = captured(data + b"tail")
    assert len(types(capture)) == len(STEPS)
    assert "behind the compressed capture is something else" in capture.notices
    broken = bytearray(data)
    broken[len(broken) // 2] ^= 0xFF
    capture = captured(bytes(broken))
    list(capture)
    assert capture.notices


def test_a_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "GROWTH_FREE", 1 << 20)
    head, tail = written(), block(0x7777, bytes(1 << 19))
    packed = zlib.compressobj(wbits=31)
    data = (
        packed.compress(head) + b"".join(packed.compress(tail) for _ in range(64)) + packed.flush()
    )
    source = io.BytesIO(data)
    capture = Capture(source)
    assert list(capture) == []
    assert any("times its size" in notice for notice in capture.notices)
    assert capture._input.given < 16 << 20


def test_a_growing_pipe_gives_events_at_once() -> None:
    parts = [data for _, data in split(written(STEPS))]
    receiving, sending = os.pipe()
    read = threading.Event()
    found: list[str] = []

    def feed() -> None:
        with os.fdopen(sending, "wb", buffering=0) as pipe:
            pipe.write(b"".join(parts[:-1]) + parts[-1][:7])
            assert read.wait(30)  # all but the last event have come
            pipe.write(parts[-1][7:])

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(receiving, "rb") as pipe:
        for event in Capture(pipe):
            found.append(event["evt.type"])
            if len(found) == len(STEPS) - 1:
                read.set()
    feeder.join()
    assert found == ["open", "socket", "connect", "clone", "execve", "unlink"]


def test_only_what_is_wanted_is_offered() -> None:
    for wanted in ({"unlink"}, {"open", "execve"}, set()):
        capture = captured(written(STEPS), wanted=frozenset(wanted))
        assert {event["evt.type"] for event in capture} == wanted
        assert capture.events == len(STEPS)


def test_unwanted_events_change_what_is_known() -> None:
    everything = [event for event in captured(written(STEPS)) if event["evt.type"] == "unlink"]
    (event,) = captured(written(STEPS), wanted=frozenset({"unlink"}), fields=frozenset())
    for field in ("evt.num", "proc.name", "fs.path.name", "proc.fdopencount", "evt.reltime"):
        assert event[field] == everything[0][field]


# What the first bytes of blocks are, in either byte order, without a thought for time.
BEGINNINGS = {
    "little": rb"\n\r\r\n|[\x01-\x22]\x02\x00\x00|\xcd\xab[\x00-\x14]\x80",
    "big": rb"\n\r\r\n|\x00\x00\x02[\x01-\x22]|\x80[\x00-\x14]\xab\xcd",
}


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("final", [True, False])
def test_the_next_block_is_found_wherever_it_begins(order: str, final: bool) -> None:
    random = Random(f"{order} {final}")
    parts = [
        b"\0",
        b"\0\0\x02\x16",
        b"\x16\x02\0\0",
        b"\n",
        b"\n\r\r\n",
        b"\x02",
        b"\x80\x01\xab\xcd",
    ]
    parts += [b"\xcd\xab\x01\x80", b"\x0c\0\0\0", b"\0\0\0\x0c", b"\x10\0\0\0", b"\0\0\0\x10"]
    found = 0
    for _ in range(3000):
        data = b"".join(random.choices(parts, k=random.randrange(12)))
        at = random.randint(0, len(data))
        expected = max(at, len(data) - 7)
        for begin in range(at, len(data)):
            if re.match(BEGINNINGS[order], data[begin : begin + 4], re.DOTALL):
                length = int.from_bytes(data[begin + 4 : begin + 8], order)  # type: ignore[arg-type]
                behind = begin + length > len(data)
                sound = length in (12, 16) or (
                    length % 4 == 0 and 12 <= length <= blocks.BLOCK_LIMIT
                )
                same = data[begin + length - 4 : begin + length] == data[begin + 4 : begin + 8]
                if begin + 8 > len(data) or (sound and (not final if behind else same)):
                    expected = begin
                    found += 1
                    break
        assert stream.next_beginning(data, at, order, final) == expected, (data, at)
    assert found > 500
