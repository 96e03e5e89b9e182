"""The journal and what is noted about it: whatever a crash leaves, what was promised is there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.server.evaluation import Refused
from rulec.server.intake import packed, unpacked
from rulec.server.journal import FolderLock, Journal, JournalError
from rulec.server.progress import DIGEST, Progress
from rulec.server.quarantine import Quarantine
from rulec.server.records import HEADER_SIZE, header


@pytest.fixture(scope="module", autouse=True)
def _quick_disk() -> Iterator[None]:
    """Do not wait for the disk: what is tested here is what is written, and when it is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(os, "fdatasync", lambda descriptor: None)
        yield


SMALL = 100  # bytes of a segment: a few records

# What is in records can look like records, of another place: whoever sends it does not choose that.
CONTENTS = st.one_of(
    st.binary(max_size=60),
    st.integers(10_000, 10_300).map(lambda at: header(at, b"x") + b"x"),
    st.just(header(0, b"")[:7]),
)
GROUPS = st.lists(st.lists(CONTENTS, min_size=1, max_size=4), min_size=1, max_size=8)


def contents(journal: Journal, position: int = 0, most: int = 10**9) -> list[bytes]:
    found: list[bytes] = []
    while True:
        records, position = journal.read(position, most)
        if not records and position >= journal.end:
            return found
        found += (record.content for record in records)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def flat(groups: list[list[bytes]]) -> list[bytes]:
    return [content for group in groups for content in group]


@given(groups=GROUPS, most=st.integers(1, 200))
def test_what_was_appended_is_read(groups: list[list[bytes]], most: int) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), segment=SMALL)
        for group in groups:
            journal.append(group)
        assert contents(journal, most=most) == flat(groups)
        journal.close()
        again = Journal(Path(folder), segment=SMALL)
        assert (again.start, again.end) == (journal.start, journal.end)
        again.append([b"more"])
        assert contents(again, most=most) == [*flat(groups), b"more"]
        again.close()


@given(groups=GROUPS, junk=st.binary(max_size=80), data=st.data())
def test_a_crash_loses_nothing_that_was_promised(
    groups: list[list[bytes]], junk: bytes, data: st.DataObject
) -> None:
    """While the last group is written, everything stops: any part of it, or junk, is there."""
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), segment=SMALL)
        for group in groups[:-1]:
            journal.append(group)
        promised = journal.end
        journal.append(groups[-1])
        written = journal.end - promised
        journal.close()
        last = files(Path(folder))[-1]
        if not last.stat().st_size:  # it begins after the group
            last.unlink()
            last = files(Path(folder))[-1]
        size = last.stat().st_size
        kept = data.draw(st.integers(0, min(written, size)))
        os.truncate(last, size - min(written, size) + kept)
        with last.open("ab") as file:
            file.write(junk)
        again = Journal(Path(folder), segment=SMALL)
        found = contents(again)
        assert found[: len(flat(groups[:-1]))] == flat(groups[:-1])
        # What was not promised may be there, but only as it was sent.
        assert found == flat(groups)[: len(found)]
        again.append([b"more"])
        assert contents(again) == [*found, b"more"]
        again.close()


@given(groups=GROUPS, data=st.data())
def test_damage_costs_the_record_that_it_is_in(
    groups: list[list[bytes]], data: st.DataObject
) -> None:
    lost: list[int] = []
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), segment=SMALL, damaged=lost.append)
        for group in groups:
            journal.append(group)
        records, _ = journal.read(0, 10**9)
        broken = data.draw(st.sampled_from(records))
        offset = data.draw(st.integers(broken.position, broken.end - 1))
        path = [path for path in files(Path(folder)) if int(path.stem) <= offset][-1]
        content = bytearray(path.read_bytes())
        content[offset - int(path.stem)] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        good = [record.content for record in records if record is not broken]
        assert contents(journal) == good
        assert sum(lost) == broken.end - broken.position
        journal.close()
        again = Journal(Path(folder), segment=SMALL)
        assert contents(again) == good
        again.close()


@given(groups=GROUPS, data=st.data())
def test_only_whole_segments_are_forgotten(groups: list[list[bytes]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder), segment=SMALL)
        for group in groups:
            journal.append(group)
        records, _ = journal.read(0, 10**9)
        position = data.draw(st.integers(0, journal.end))
        journal.forget(position)
        left = [record.content for record in records if record.position >= position]
        assert contents(journal, position) == left
        assert journal.start <= position
        assert journal.size == sum(path.stat().st_size for path in files(Path(folder)))
        journal.close()


def test_a_full_segment_can_be_forgotten_at_once(tmp_path: Path) -> None:
    """Whoever waits for room must not have to wait for the next record."""
    journal = Journal(tmp_path, segment=SMALL)
    journal.append([b"x" * SMALL])
    journal.forget(journal.end)
    assert journal.size == 0
    journal.close()


def test_positions_go_on_when_the_files_are_gone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, floor=1000)
    journal.append([b"a"])
    journal.close()
    assert (journal.start, journal.end) == (1000, 1000 + HEADER_SIZE + 1)
    later = Journal(tmp_path, floor=5000)
    assert later.end == 5000
    later.append([b"b"])
    assert contents(later, 5000) == [b"b"]
    later.close()


class Disk:
    """A disk that fails when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self.syncs = True
        write, sync = os.pwrite, os.fdatasync

        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            if self.room is None:
                return write(descriptor, data, offset)
            part = bytes(data)[: self.room]
            if not part:
                raise OSError(28, "No space left on device")
            self.room -= len(part)
            return write(descriptor, part, offset)

        def fdatasync(descriptor: int) -> None:
            if not self.syncs:
                raise OSError(5, "Input/output error")
            sync(descriptor)

        monkeypatch.setattr(os, "pwrite", pwrite)
        monkeypatch.setattr(os, "fdatasync", fdatasync)


@pytest.mark.parametrize("room", [0, 1, 15, 40])
def test_a_full_disk_takes_back_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    disk = Disk(monkeypatch)
    journal = Journal(tmp_path)
    journal.append([b"first"])
    disk.room = room
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            journal.append([b"a" * 20, b"b" * 20])
    assert contents(journal) == [b"first"]
    disk.room = None
    journal.append([b"last"])
    assert contents(journal) == [b"first", b"last"]
    journal.close()
    again = Journal(tmp_path)
    assert contents(again) == [b"first", b"last"]
    again.close()


def test_a_disk_full_of_what_is_settled_gets_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    journal = Journal(tmp_path)
    journal.append([b"x" * 10_000])
    disk.room = 0
    with pytest.raises(OSError, match="No space"):
        journal.append([b"y"])
    journal.forget(journal.end)
    assert journal.size == 0
    assert [path.stat().st_size for path in files(tmp_path)] == [0]
    journal.close()


def test_a_file_that_could_not_be_made_safe_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    journal = Journal(tmp_path)
    journal.append([b"first"])
    disk.syncs = False
    with pytest.raises(OSError, match="Input/output"):
        journal.append([b"lost"])
    disk.syncs = True
    journal.append([b"last"])
    assert contents(journal) == [b"first", b"last"]
    assert len(files(tmp_path)) == 2
    journal.close()


def test_a_folder_is_for_one_server(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "deep" / "journal")
    with pytest.raises(JournalError, match="another server uses"):
        FolderLock(tmp_path / "deep" / "journal")
    lock.close()
    FolderLock(tmp_path / "deep" / "journal").close()
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot use"):
        FolderLock(tmp_path / "file" / "journal")


def test_the_time_of_a_document_is_kept_with_it() -> None:
    assert unpacked(packed(1_772_443_800_123_456_789, b"{}")) == (1_772_443_800_123_456_789, b"{}")


# --- progress ---------------------------------------------------------------------------


def digest(number: int) -> bytes:
    return number.to_bytes(DIGEST)


STEPS = st.lists(st.integers(0, 6), max_size=20)  # how many events each step has


@given(
    steps=STEPS,
    window=st.integers(2, 30),
    slack=st.integers(0, 200),
    junk=st.binary(max_size=40),
)
def test_progress_is_found_again(steps: list[int], window: int, slack: int, junk: bytes) -> None:
    with TemporaryDirectory() as folder:
        progress = Progress(Path(folder), window, slack)
        seen = 0
        for position, count in enumerate(steps, 1):
            new = [digest(seen + number) for number in range(count)]
            assert all(map(progress.is_new, new))
            progress.advance(position * 10, new)
            seen += count
            if position % 3 == 0:  # restarts must not make it forget
                progress.close()
                progress = Progress(Path(folder), window, slack)
        progress.close()
        paths = sorted(Path(folder).glob("*.progress"))
        assert len(paths) <= 2
        with paths[-1].open("ab") as file:
            file.write(junk)
        again = Progress(Path(folder), window, slack)
        assert again.position == len(steps) * 10
        half = min(seen, window // 2)
        assert not any(again.is_new(digest(seen - 1 - number)) for number in range(half))
        assert again.is_new(digest(seen))
        again.advance(10**6, [digest(seen)])
        again.close()
        last = Progress(Path(folder), window, slack)
        assert last.position == 10**6
        assert not last.is_new(digest(seen))
        last.close()


@given(steps=STEPS, cut=st.integers(0, 400))
def test_a_step_is_known_whole_or_not_at_all(steps: list[int], cut: int) -> None:
    with TemporaryDirectory() as folder:
        progress = Progress(Path(folder), 10**6)
        seen = 0
        for position, count in enumerate(steps, 1):
            progress.advance(position, [digest(seen + number) for number in range(count)])
            seen += count
        progress.close()
        (path,) = Path(folder).glob("*.progress")
        os.truncate(path, max(0, path.stat().st_size - cut))
        again = Progress(Path(folder), 10**6)
        assert again.position == len(steps) or cut
        known = sum(steps[: again.position])
        assert [again.is_new(digest(number)) for number in range(seen)] == [
            number >= known for number in range(seen)
        ]
        again.close()


def test_what_could_not_be_noted_is_noted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    progress = Progress(tmp_path, 10)
    progress.advance(1, [digest(1)])
    disk.room = 5
    with pytest.raises(OSError, match="No space"):
        progress.advance(2, [digest(2)])
    assert progress.position == 1
    disk.room = None
    progress.advance(3, [digest(2), digest(3)])
    progress.close()
    again = Progress(tmp_path, 10)
    assert again.position == 3
    assert not again.is_new(digest(3))
    again.close()


def test_a_line_of_the_quarantine_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine, write = Quarantine(tmp_path), os.write
    quarantine.add(Refused("not_json", "", b"first"))
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
        quarantine.add(Refused("not_json", "", b"second"))
    quarantine.add(Refused("not_json", "", b"third"))
    lines = (tmp_path / "quarantine.jsonl").read_text().splitlines()
    assert [json.loads(line)["content"] for line in lines] == ["first", "third"]
