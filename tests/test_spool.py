"""Queues on disk: what goes in comes out, in order, whatever happens to the process and the files."""

import contextlib
import fcntl
import multiprocessing
import os
import resource
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rulec.runtime.sinks import spool as module
from rulec.runtime.sinks.records import MARK, packed, read_all
from rulec.runtime.sinks.spool import Spool

LARGE = 10**9


def opened(folder: Path, limit: int = LARGE) -> Spool:
    found = Spool(folder, limit)
    found.open()
    return found


def taken_out(spool: Spool) -> Iterator[bytes]:
    while (payload := spool.first()) is not None:
        yield payload
        spool.remove()


def all_of(folder: Path) -> list[bytes]:
    """Return what is in a spool, which is empty afterwards."""
    spool = opened(folder)
    found = list(taken_out(spool))
    assert spool.count == 0
    spool.close()
    return found


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(start, start + count)]


def put(folder: Path, payloads: list[bytes]) -> None:
    spool = opened(folder)
    for payload in payloads:
        spool.append(payload)
    spool.sync()
    spool.close()


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SEGMENT", 200)


# --- in order -----------------------------------------------------------------------------


def test_first_in_first_out(tmp_path: Path) -> None:
    put(tmp_path, numbered(100))
    assert len(segments(tmp_path)) > 5
    assert all_of(tmp_path) == numbered(100)
    assert segments(tmp_path) == []
    assert all_of(tmp_path) == []


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    put(tmp_path, numbered(30))
    spool = opened(tmp_path)
    assert spool.count == 30
    for expected in numbered(12):
        assert spool.first() == spool.first() == expected
        spool.remove()
    spool.close()
    put(tmp_path, numbered(5, start=30))
    assert opened_count(tmp_path) == 23
    assert all_of(tmp_path) == numbered(23, start=12)


def opened_count(folder: Path) -> int:
    spool = opened(folder)
    spool.close()
    return spool.count


def test_it_is_bounded_and_takes_more_when_something_was_taken_out(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit=1000)
    sent, said = deque[bytes](), set[str]()
    for number in range(1000):
        payload = b"%05d" % number
        try:
            spool.append(payload)
            sent.append(payload)
        except OSError as error:
            said.add(error.strerror)
            assert spool.first() == sent.popleft()
            spool.remove()
        assert sum(path.stat().st_size for path in segments(tmp_path)) <= 1000
    assert len(sent) > 20
    assert said == {"the spool is full (1,000 bytes)"}
    assert list(taken_out(spool)) == list(sent)
    spool.close()


def test_what_is_larger_than_everything_is_taken_alone(tmp_path: Path) -> None:
    spool = opened(tmp_path, limit=100)
    spool.append(b"x" * 1000)
    with pytest.raises(OSError, match="full"):
        spool.append(b"y")
    assert list(taken_out(spool)) == [b"x" * 1000]
    spool.append(b"y")
    assert list(taken_out(spool)) == [b"y"]
    spool.close()


def test_it_belongs_to_one_user_at_a_time(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    with pytest.raises(OSError, match="used by another process"):
        opened(tmp_path)
    spool.close()
    opened(tmp_path).close()


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b", numbered(1))
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "a" / "b").iterdir()} == {0}


# --- damage -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 20))
def test_what_was_not_written_to_its_end_is_cut_off(size: int, tmp_path: Path) -> None:
    put(tmp_path, numbered(3))
    (segment,) = segments(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-size])
    spool = opened(tmp_path)
    assert spool.count == 2
    assert spool.cut == len(packed(numbered(3)[2])) - size
    spool.append(b"more")
    assert list(taken_out(spool)) == [*numbered(2), b"more"]
    assert spool.damaged == 0
    spool.close()


def test_a_broken_checksum_costs_one_record(tmp_path: Path) -> None:
    put(tmp_path, numbered(5))
    (segment,) = segments(tmp_path)
    content = segment.read_bytes()
    assert content.count(b'{"n":2}') == 1
    segment.write_bytes(content.replace(b'{"n":2}', b'{"n":7}'))
    spool = opened(tmp_path)
    assert spool.count == 4
    assert list(taken_out(spool)) == [each for each in numbered(5) if each != b'{"n":2}']
    assert spool.damaged == 1
    spool.close()


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_any_damage_costs_what_was_damaged_and_nothing_else(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        payloads = numbered(8)
        put(Path(folder), payloads)
        (segment,) = segments(Path(folder))
        content = bytearray(segment.read_bytes())
        start = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=20) | st.just(MARK))
        content[start : start + len(piece)] = piece
        segment.write_bytes(content)
        ends = [0]
        for payload in payloads:
            ends.append(ends[-1] + len(packed(payload)))
        untouched = [
            payload
            for payload, begin, end in zip(payloads, ends, ends[1:], strict=False)
            if end <= start or begin >= start + len(piece)
        ]
        found = all_of(Path(folder))
        assert [each for each in found if each in untouched] == untouched
        assert set(found) <= set(payloads)


@settings(deadline=None, max_examples=100)
@given(
    content=st.binary(max_size=300)
    | st.lists(st.sampled_from([MARK, b"\0" * 8, packed(b"a"), b"\xff" * 4])).map(b"".join)
)
def test_any_bytes_can_be_read(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        with path.open("rb") as file:
            found = list(read_all(file.fileno(), 0, len(content)))
        assert [each.end for each in found] == sorted({each.end for each in found})
        assert (found[-1].end if found else 0) == len(content)
        assert sum(each.payload is not None for each in found) <= content.count(MARK)


def test_a_mark_across_the_end_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulec.runtime.sinks.records._BLOCK", 7)
    for size in range(1, 30):
        content = b"x" * size + packed(b"found")
        (tmp_path / "file").write_bytes(content)
        with (tmp_path / "file").open("rb") as file:
            found = list(read_all(file.fileno(), 0, len(content)))
        assert [each.payload for each in found] == [None, b"found"]


@pytest.mark.parametrize("cursor", [b"", b"\0" * 20, b"x" * 20, b"short"])
def test_without_a_cursor_everything_comes_out_again(cursor: bytes, tmp_path: Path) -> None:
    put(tmp_path, numbered(4))
    spool = opened(tmp_path)
    assert spool.first() == numbered(1)[0]
    spool.remove()
    spool.close()
    (tmp_path / "cursor").write_bytes(cursor)
    assert all_of(tmp_path) == numbered(4)


def test_a_segment_that_somebody_removed(tmp_path: Path) -> None:
    put(tmp_path, numbered(100))
    spool = opened(tmp_path)
    for path in segments(tmp_path):
        path.unlink()
    assert spool.first() is None
    assert spool.count == 0
    assert spool.damaged > 0
    spool.append(b"more")
    assert list(taken_out(spool)) == [b"more"]
    spool.close()


def test_nothing_is_removed_if_it_is_not_known_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, numbered(50))

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("rulec.runtime.sinks.spool.read_all", broken)
        with pytest.raises(OSError, match="Input/output"):
            opened(tmp_path)
    assert all_of(tmp_path) == numbered(50)


def test_where_nothing_is_left_nothing_stays(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(b"one")
    assert list(taken_out(spool)) == [b"one"]
    assert len(segments(tmp_path)) == 1
    spool.close()
    assert segments(tmp_path) == []


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.spool").write_bytes(b"mine")
    put(tmp_path, numbered(2))
    assert all_of(tmp_path) == numbered(2)
    assert (tmp_path / "notes.spool").read_bytes() == b"mine"


# --- full disks ---------------------------------------------------------------------------


def _fill(folder: Path, most: int, result: Any) -> None:
    """Append with files of at most so many bytes, and put what was taken, and errors, into result."""
    spool = opened(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    taken = errors = 0
    for payload in numbered(20):
        try:
            spool.append(payload)
            taken += 1
        except OSError:
            errors += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    spool.append(b"last")
    spool.sync()
    spool.close()
    result.put((taken, errors))


@pytest.mark.parametrize("most", [21, 50, 75])
def test_a_disk_that_is_full_in_the_middle_of_a_record(most: int, tmp_path: Path) -> None:
    # The limit holds for a process of its own, without our segments: they are 8 MiB there.
    context = multiprocessing.get_context("spawn")
    result = context.Queue()
    process = context.Process(target=_fill, args=(tmp_path, most, result))
    process.start()
    taken, errors = result.get(timeout=30)
    process.join(30)
    assert taken == most // len(packed(b'{"n":0}'))
    assert errors == 20 - taken
    assert all_of(tmp_path) == [*numbered(taken), b"last"]


def test_a_record_that_cannot_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    spool.append(b"one")
    really = os.write

    def half(file: int, data: bytes) -> int:
        return really(file, data[: len(data) // 2])

    def broken(*_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        patch.setattr(os, "ftruncate", broken)
        with pytest.raises(OSError, match="No space left"):
            spool.append(b"two")
    spool.append(b"two")
    assert list(taken_out(spool)) == [b"one", b"two"]
    spool.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder that is a disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk")
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_and_has_room_again(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SEGMENT", 10_000)
    spool, payloads = opened(small_disk), [b"%05d" % number + b"x" * 995 for number in range(200)]
    taken = 0
    with contextlib.suppress(OSError):
        for payload in payloads:
            spool.append(payload)
            taken += 1
    assert 30 < taken < 65
    with pytest.raises(OSError, match="No space left on device"):
        spool.append(payloads[taken])
    for expected in payloads[:20]:
        assert spool.first() == expected
        spool.remove()
    assert spool.first() == payloads[20]
    spool.append(payloads[taken])
    spool.sync()
    spool.close()
    assert all_of(small_disk) == payloads[20 : taken + 1]


# --- any order of things ------------------------------------------------------------------


class Queue(RuleBasedStateMachine):
    """A spool does what a list does, also when its process is killed at any time."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.spool = opened(Path(self.folder.name), limit=3000)
        self.model: list[bytes] = []
        self.next = 0

    @rule(size=st.integers(1, 400))
    def append(self, size: int) -> None:
        payload = b"%d:" % self.next + b"x" * size
        try:
            self.spool.append(payload)
        except OSError:
            assert sum(map(len, self.model)) > 1000
            return
        self.next += 1
        self.model.append(payload)

    @rule()
    def take_out(self) -> None:
        assert self.spool.first() == (self.model[0] if self.model else None)
        if self.model:
            self.spool.remove()
            del self.model[0]

    @rule()
    def sync(self) -> None:
        self.spool.sync()

    @rule(kill=st.booleans())
    def begin_again(self, kill: bool) -> None:
        if kill:  # what the system does then: it lets go of the lock, and of nothing else
            fcntl.flock(self.spool._held[0], fcntl.LOCK_UN)
            before = self.spool
            before._known = False  # it does nothing any more but to let go of files
        else:
            self.spool.close()
        self.spool = opened(Path(self.folder.name), limit=3000)
        if kill:
            before.close()
        assert self.spool.cut == self.spool.damaged == 0

    @invariant()
    def it_counts(self) -> None:
        if hasattr(self, "spool"):
            assert self.spool.count == len(self.model)

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            assert list(taken_out(self.spool)) == self.model
            self.spool.close()
            self.folder.cleanup()


Queue.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestQueue: Any = Queue.TestCase
