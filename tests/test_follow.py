"""Files that are followed: nothing is lost, whatever becomes of them, and nothing is told twice."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import http_server
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event
from scap import opened, written
from test_cli import ENVIRONMENT, elsewhere, rulec
from test_streams import RULES as THREE_SOURCES
from test_streams import SOURCE_FILES, pushed

from rulec import Source, compile_ruleset
from rulec.runtime.alert import Alert
from rulec.runtime.checkpoint import Checkpoint, CheckpointError
from rulec.runtime.following import Follower
from rulec.runtime.inputs import Input
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.streams import Summaries
from rulec.runtime.tail import Tail

__all__ = ["elsewhere"]  # a fixture for every test here

RULES: Final = """\
- rule: Deleted
  desc: Somebody deleted something.
  condition: ka.verb = delete
  output: "%ka.target.name %evt.num"
  priority: INFO
  source: k8s_audit
"""


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES)
    return compile_ruleset(path)


def line(*names: object) -> str:
    """Write an event for each name, one a line."""
    return "".join(
        json.dumps(audit_event(verb="delete", resource="pods", name=str(name))) + "\n"
        for name in names
    )


def pretty(name: object) -> str:
    return json.dumps(json.loads(line(name)), indent=1) + "\n"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


class Collected:
    """Outputs that keep alerts; they are settled as long as nobody says otherwise."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.mark = 0
        self.held: int | None = None

    def send(self, alerts: Sequence[Alert], mark: int) -> None:
        self.alerts += alerts
        assert mark >= self.mark
        if not alerts:
            self.mark = mark

    @property
    def settled(self) -> int:
        return self.mark if self.held is None else self.held

    def wait(self, mark: int, timeout: float) -> bool:
        return self.settled >= mark


OPEN: Final[list["Case"]] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close the files of all cases in the end."""
    yield
    while OPEN:
        OPEN.pop().follower.close()


class Case:
    """Somebody who follows files, step by step."""

    def __init__(
        self, ruleset: Ruleset, *names: object, grace: float = 1000, **options: Any
    ) -> None:
        self.notices: list[str] = []
        self.outputs = Collected()
        inputs = [name if isinstance(name, Input) else Input(str(name)) for name in names]
        candidates = options.pop("candidates", ["k8s_audit"])
        self.follower = Follower(
            ruleset, candidates, inputs, self.outputs, self.notices.append, grace=grace, **options
        )
        OPEN.append(self)

    def read(self) -> list[str]:
        """Read everything that there is; return the names in the events that are new."""
        before = len(self.outputs.alerts)
        while self.follower.read():
            pass
        return [alert.message.split()[0] for alert in self.outputs.alerts[before:]]

    def end(self) -> Summaries:
        return self.follower.run(lambda seconds: True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


# --- one file -------------------------------------------------------------------------


def test_reading_begins_at_the_end(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("old"))
    case = Case(ruleset, log)
    assert case.read() == []
    append(log, line("a", "b"))
    assert case.read() == ["a", "b"]
    assert case.read() == []
    append(log, line("c"))
    assert case.read() == ["c"]
    assert Case(ruleset, log, from_start=True).read() == ["old", "a", "b", "c"]
    summaries = case.end()
    assert [*summaries.lines()] == ["3 events, 3 alerts"]


def test_half_a_line_waits_for_the_rest(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("old") + line("a")[:50])
    case = Case(ruleset, log)
    assert case.read() == []
    append(log, line("a")[50:60])
    assert case.read() == []
    append(log, line("a")[60:] + "oops\n" + line("b").rstrip())
    assert case.read() == ["a", "b"]  # nothing can follow a whole event but the next one
    append(log, "\n" + line("c") + "}\n")
    assert case.read() == ["c"]
    assert case.notices == [
        f"{log}:3: the line is no JSON document",
        f"{log}:6: the line is no JSON document",
    ]


def test_documents_over_several_lines_wait_for_the_rest(ruleset: Ruleset, log: Path) -> None:
    log.touch()
    case = Case(ruleset, log, from_start=True)
    text = line("a") + pretty("b") + pretty("c")
    found = []
    for at in range(0, len(text), 37):
        append(log, text[at : at + 37])
        found += case.read()
    assert found == ["a", "b", "c"]
    assert case.notices == []


def test_what_breaks_off_is_told_once_and_hides_nothing(ruleset: Ruleset, log: Path) -> None:
    log.touch()
    case = Case(ruleset, log, from_start=True)
    # The second document begins inside what is left of the first one, and waits for its end.
    append(log, '{"kind": [\n' + line("a") + pretty("b")[:90])
    assert case.read() == ["a"]
    assert case.read() == []
    append(log, pretty("b")[90:])
    assert case.read() == ["b"]
    assert case.notices == [f"{log}:1: the document breaks off"]


def test_a_line_that_is_too_long_is_left_out(
    ruleset: Ruleset, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rulec.runtime.sources.k8s_audit.documents.lines.__kwdefaults__",
        {
            "run": None,
            "accept": None,
            "event_limit": 9999,
            "document_limit": 2000,
        },
    )
    log.touch()
    case = Case(ruleset, log, from_start=True)
    append(log, line("a") + "[" + "1," * 3000)
    assert case.read() == ["a"]
    append(log, "1]\n" + line("b"))
    assert case.read() == ["b"]
    assert case.notices == [f"{log}:2: line is longer than 2000 bytes"]


def test_much_is_read_in_rounds(
    ruleset: Ruleset, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulec.runtime.tail._ROUND", 1000)
    log.write_text("".join(map(line, range(50))))
    case = Case(ruleset, log, from_start=True)
    assert case.follower.read()
    assert 0 < len(case.outputs.alerts) < 10
    case.read()
    assert [alert.message for alert in case.outputs.alerts] == [f"{n} {n + 1}" for n in range(50)]


def test_a_file_that_is_not_there_yet_is_waited_for(ruleset: Ruleset, log: Path) -> None:
    case = Case(ruleset, log)
    assert case.read() == case.read() == []
    assert case.notices == [f"{log}: is not there yet"]
    log.write_text(line("a"))
    assert case.read() == ["a"]
    assert case.end().total.unreadable == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_and_tried_again(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("a"))
    log.chmod(0)
    case = Case(ruleset, log, from_start=True)
    assert case.read() == case.read() == []
    assert case.notices == [f"{log}: cannot be read: Permission denied"]
    log.chmod(0o600)
    assert case.read() == ["a"]


def test_what_is_no_file_is_not_followed(ruleset: Ruleset, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x.gz").touch()
    case = Case(ruleset, tmp_path / "pipe", tmp_path / "x.gz")
    assert case.read() == case.read() == []
    assert case.notices == [
        f"{tmp_path}/pipe: only files can be followed",
        f"{tmp_path}/x.gz: is compressed, and is not followed",
    ]


@pytest.mark.parametrize("from_start", [True, False])
def test_what_has_no_lines_is_not_followed(tmp_path: Path, from_start: bool) -> None:
    (tmp_path / "rules.yaml").write_text(
        "- rule: Opened\n  desc: d\n  condition: evt.type = open\n  output: opened\n  priority: INFO\n"
    )
    trace, plain = tmp_path / "trace.scap", tmp_path / "trace"
    data = written([opened(5, "/a")])
    trace.write_bytes(data)
    plain.write_bytes(gzip.compress(data))
    case = Case(
        compile_ruleset(tmp_path / "rules.yaml"),
        trace,
        plain,
        candidates=["syscall"],
        from_start=from_start,
    )
    assert case.read() == []
    with trace.open("ab") as file:
        file.write(data)
    assert case.read() == case.read() == []
    assert case.notices == [
        f"{trace}: is a capture (a pipe of it can be read as it grows), and is not followed",
        f"{plain}: is compressed, and is not followed",
    ]


# --- rotation -------------------------------------------------------------------------


def test_the_rest_of_a_renamed_file_comes_first(ruleset: Ruleset, log: Path) -> None:
    log.touch()
    case = Case(ruleset, log, from_start=True)
    append(log, line("a"))
    assert case.read() == ["a"]
    append(log, line("b") + line("late")[:9])
    old = log.rename(log.with_name("audit.log.1"))
    append(old, line("late")[9:])
    log.write_text(line("c"))
    assert case.read() == ["b", "late", "c"]
    append(old, line("later"))  # by somebody who has not noticed yet
    append(log, line("d"))
    assert case.read() == ["later", "d"]
    log.rename(log.with_name("audit.log.2"))
    append(log.with_name("audit.log.2"), line("e"))
    assert case.read() == ["e"]  # there is no new file yet
    log.write_text(line("f"))
    assert case.read() == ["f"]
    assert case.notices == []


def test_a_renamed_file_is_left_after_a_while(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("a"))
    case = Case(ruleset, log, grace=0, from_start=True)
    assert case.read() == ["a"]
    append(log, line("b") + line("x")[:30])
    log.rename(log.with_name("audit.log.1"))
    log.write_text(line("c"))
    assert case.read() == ["b", "c"]
    assert case.notices == [f"{log}:3: the line is no JSON document"]
    append(log.with_name("audit.log.1"), line("too late"))
    assert case.read() == []


def test_a_file_that_is_copied_and_cut(ruleset: Ruleset, log: Path) -> None:
    log.touch()
    case = Case(ruleset, log, from_start=True)
    append(log, line("a"))
    assert case.read() == ["a"]
    append(log, line("b"))
    shutil.copy(log, log.with_name("audit.log.1"))
    os.truncate(log, 0)
    append(log, line("c"))
    assert case.read() == ["b", "c"]
    assert case.notices == [f"{log}: has been cut, and is read from its start"]


def test_a_file_that_has_grown_again_after_it_was_cut(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("a"))
    case = Case(ruleset, log, from_start=True)
    assert case.read() == ["a"]
    os.truncate(log, 0)
    append(log, line("b", "c", "d"))
    assert case.read() == ["b", "c", "d"]
    os.truncate(log, 0)
    assert case.read() == []
    append(log, line("e"))
    assert case.read() == ["e"]


def test_a_file_that_is_replaced_by_another_of_its_number(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("a"))
    case = Case(ruleset, log, from_start=True)
    assert case.read() == ["a"]
    log.unlink()
    assert case.read() == []
    log.write_text(line("b"))
    assert case.read() == ["b"]


# --- folders --------------------------------------------------------------------------


def test_a_folder_stands_for_what_is_in_it_and_comes_into_it(
    ruleset: Ruleset, tmp_path: Path
) -> None:
    (tmp_path / "1.log").write_text(line("old"))
    (tmp_path / ".hidden").touch()
    case = Case(ruleset, tmp_path)
    assert case.read() == []
    append(tmp_path / "1.log", line("a"))
    (tmp_path / "2.log").write_text(line("b"))
    (tmp_path / "3.log").touch()
    append(tmp_path / ".hidden", line("x"))
    assert case.read() == ["a", "b"]
    append(tmp_path / "3.log", line("c"))
    assert case.read() == ["c"]
    (tmp_path / "1.log").rename(tmp_path / "1-2026.log")
    append(tmp_path / "1-2026.log", line("d"))
    (tmp_path / "1.log").write_text(line("e"))
    assert sorted(case.read()) == ["d", "e"]
    (tmp_path / "1-2026.log.gz").write_bytes(b"x")
    (tmp_path / "1-2026.log").unlink()
    assert case.read() == case.read() == []
    assert case.notices == [f"{tmp_path}/1-2026.log.gz: is compressed, and is not followed"]


def test_copies_in_a_folder_are_not_read_twice(ruleset: Ruleset, tmp_path: Path) -> None:
    log, copy = tmp_path / "a.log", tmp_path / "a.log.1"
    log.write_text(line("a", "b"))
    case = Case(ruleset, tmp_path, from_start=True)
    assert case.read() == ["a", "b"]
    append(log, line("c"))
    content = log.read_text()
    for size in (10, 900, len(content)):  # while it is being copied
        copy.write_text(content[:size])
        assert case.read() in ([], ["c"])
    append(log, line("d"))
    shutil.copy(log, copy)
    os.truncate(log, 0)
    append(log, line("e"))
    assert case.read() == ["d", "e"]
    assert case.read() == []
    copy.rename(tmp_path / "a.log.2")
    assert case.read() == []
    assert sum("is taken for a copy" in notice for notice in case.notices) == 1


def test_only_so_many_files_stay_open(
    ruleset: Ruleset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulec.runtime.watch._OPEN", 3)
    case = Case(ruleset, tmp_path)
    case.read()
    for n in range(20):
        (tmp_path / f"{n}.log").write_text(line(n))
        assert case.read() == [str(n)]
    (watch,) = case.follower._watches.values()
    watch.look()
    assert sum(tail.is_open for tail in watch.tails) <= 4
    append(tmp_path / "0.log", line("x"))
    assert case.read() == ["x"]


@pytest.mark.parametrize("from_start", [False, True])
def test_only_so_many_files_are_open_at_once(
    from_start: bool, ruleset: Ruleset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be more than a process may open."""
    monkeypatch.setattr("rulec.runtime.watch._OPEN", 3)
    most, opened = 0, Tail.opened

    def counted(tail: Tail) -> BinaryIO:
        nonlocal most
        found = opened(tail)
        tails = [tail for watch in case.follower._watches.values() for tail in watch.tails]
        most = max(most, sum(tail.is_open for tail in tails))
        return found

    monkeypatch.setattr(Tail, "opened", counted)
    for n in range(20):
        (tmp_path / f"{n}.log").write_text(line(n))
    case = Case(ruleset, tmp_path, from_start=from_start)
    assert sorted(case.read(), key=int) == [str(n) for n in range(20) if from_start]
    for n in range(20):
        append(tmp_path / f"{n}.log", line(f"more-{n}"))
    (tmp_path / "20.log").write_text(line("more-20"))
    assert sorted(case.read()) == sorted(f"more-{n}" for n in range(21))
    assert most <= 4


# --- from one run to the next ------------------------------------------------------------


class Runs:
    """Runs that go on where the one before ended, with what they have told altogether."""

    def __init__(self, ruleset: Ruleset, *names: Path) -> None:
        self._checkpoint = names[0].parent / "state.json"
        self._make = lambda: Case(ruleset, *names, checkpoint=Checkpoint(self._checkpoint))

    def run(self) -> tuple[list[str], list[str]]:
        """Read what there is, and end; return the names in events, and what was told."""
        case = self._make()
        case.read()
        case.end()
        return [alert.message for alert in case.outputs.alerts], case.notices


def test_a_run_goes_on_where_the_last_one_ended(ruleset: Ruleset, log: Path) -> None:
    log.write_text(line("old"))
    runs = Runs(ruleset, log)
    assert runs.run() == ([], [])
    append(log, line("a", "b") + line("half")[:20])
    assert runs.run() == (["a 1", "b 2"], [])
    assert runs.run() == ([], [])
    append(log, line("half")[20:] + "oops\n")
    assert runs.run() == (["half 3"], [f"{log}:5: the line is no JSON document"])


def test_a_run_finds_what_was_renamed_meanwhile(ruleset: Ruleset, log: Path) -> None:
    log.write_text("")
    runs = Runs(ruleset, log)
    runs.run()
    append(log, line("a"))
    assert runs.run()[0] == ["a 1"]
    # Three times, and the oldest file is not the one that was read, either.
    for n in range(3):
        append(log, line(f"{n}b"))
        for number in (3, 2, 1):
            old = log.with_name(f"audit.log.{number}")
            if old.exists():
                old.rename(log.with_name(f"audit.log.{number + 1}"))
        log.rename(log.with_name("audit.log.1"))
        os.utime(log.with_name("audit.log.1"), (1000 + n, 1000 + n))
        log.write_text(line(f"{n}c"))
    log.with_name("other.log").write_text(line("not mine"))
    assert runs.run() == (["0b 2", "0c 3", "1b 4", "1c 5", "2b 6", "2c 7"], [])
    append(log.with_name("audit.log.1"), line("late"))
    append(log, line("d"))
    assert runs.run() == (["late 8", "d 9"], [])


def test_a_run_finds_what_was_renamed_though_there_is_nothing_new(
    ruleset: Ruleset, log: Path
) -> None:
    log.write_text("")
    runs = Runs(ruleset, log)
    runs.run()
    append(log, line("a"))
    runs.run()
    append(log, line("b"))
    log.rename(log.with_name("audit-2026.log"))
    assert runs.run() == (["b 2"], [f"{log}: is not there yet"])
    log.write_text(line("c"))
    assert runs.run() == (["c 3"], [])


def test_a_run_finds_what_was_copied_and_cut_meanwhile(ruleset: Ruleset, log: Path) -> None:
    log.write_text("")
    runs = Runs(ruleset, log)
    runs.run()
    append(log, line("a"))
    assert runs.run()[0] == ["a 1"]
    append(log, line("b"))
    shutil.copy(log, log.with_name("audit.log.1"))
    os.truncate(log, 0)
    append(log, line("c", "d", "e"))
    assert runs.run() == (["b 2", "c 3", "d 4", "e 5"], [])


def test_a_run_goes_on_with_a_folder(ruleset: Ruleset, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text(line("a"))
    runs = Runs(ruleset, folder)
    assert runs.run() == ([], [])
    (folder / "b.log").write_text(line("b"))
    append(folder / "a.log", line("c"))
    (folder / "a.log").rename(folder / "a-1.log")
    (folder / "a.log").write_text(line("d"))
    assert sorted(name[0] for name in runs.run()[0]) == ["b", "c", "d"]
    append(folder / "b.log", line("e"))
    shutil.copy(folder / "b.log", folder / "b.log.1")
    os.truncate(folder / "b.log", 0)
    append(folder / "b.log", line("f"))
    messages, notices = runs.run()
    assert [name[0] for name in messages] == ["e", "f"]
    assert notices == []
    assert runs.run() == ([], [])


def test_what_is_gone_is_told(ruleset: Ruleset, log: Path) -> None:
    log.write_text("")
    runs = Runs(ruleset, log)
    runs.run()
    append(log, line("a"))
    runs.run()
    log.unlink()
    log.write_text(line("b"))
    assert runs.run() == (
        ["b 2"],
        [f"{log}: what was read of it is gone, and so may be some events"],
    )


def test_an_input_that_the_last_run_did_not_have_begins_at_its_end(
    ruleset: Ruleset, log: Path
) -> None:
    other = log.with_name("other.log")
    for path in (log, other):
        path.write_text(line("old"))
    runs = Runs(ruleset, log)
    runs.run()
    append(log, line("a"))
    runs = Runs(ruleset, log, other)
    assert runs.run()[0] == ["a 1"]
    append(other, line("b"))
    assert runs.run()[0] == ["b 2"]


def test_a_file_that_came_between_two_runs_is_new(ruleset: Ruleset, log: Path) -> None:
    runs = Runs(ruleset, log)
    assert runs.run() == ([], [f"{log}: is not there yet"])
    log.write_text(line("a"))
    assert runs.run()[0] == ["a 1"]


def test_nothing_is_saved_before_its_alerts_are_settled(ruleset: Ruleset, log: Path) -> None:
    log.write_text("")
    checkpoint = Checkpoint(log.with_name("state.json"))
    case = Case(ruleset, log, checkpoint=checkpoint)
    case.read()
    case.follower._save(must=True)
    case.outputs.held = case.outputs.mark
    append(log, line("a"))
    assert case.read() == ["a"]
    case.end()
    again = Case(ruleset, log, checkpoint=checkpoint)
    assert again.read() == ["a"]
    assert again.outputs.alerts[0].message == "a 1"


def test_no_more_than_some_states_wait_for_their_alerts(
    ruleset: Ruleset, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulec.runtime.following._STATES", 3)
    log.touch()
    checkpoint = Checkpoint(log.with_name("state.json"))
    case = Case(ruleset, log, checkpoint=checkpoint)
    case.read()
    case.outputs.held = case.outputs.mark
    for n in range(10):
        append(log, line(n))
        assert case.read() == [str(n)]
    assert len(case.follower._waiting) <= 3
    case.outputs.held = None
    case.end()
    assert Case(ruleset, log, checkpoint=checkpoint).read() == []


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"version": 1, "places": 5}'])
def test_a_broken_checkpoint_is_not_taken_for_none(
    content: bytes, ruleset: Ruleset, log: Path
) -> None:
    path = log.with_name("state.json")
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"state.json is no checkpoint: "):
        Case(ruleset, log, checkpoint=Checkpoint(path))
    assert path.read_bytes() == content


def test_a_checkpoint_of_another_version_is_refused(ruleset: Ruleset, log: Path) -> None:
    runs = Runs(ruleset, log)
    runs.run()
    path = log.with_name("state.json")
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(CheckpointError, match="of another version"):
        runs.run()


def test_several_sources_are_told_apart_when_there_is_something_to_see(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(THREE_SOURCES)
    sources: list[Any] = ["k8s_audit"]
    for name, text in SOURCE_FILES.items():
        (tmp_path / name).write_text(text)
        sources.append(Source.from_yaml(tmp_path / name))
    ruleset = compile_ruleset(tmp_path / "rules.yaml", sources=sources)
    one, two, odd = (tmp_path / name for name in ("one", "two", "odd"))
    for path in (one, two, odd):
        path.touch()
    candidates = ["k8s_audit", "hub"]
    case = Case(ruleset, one, two, Input(str(odd), "hub"), candidates=candidates)
    assert case.read() == []
    append(one, "oops\n")
    assert case.read() == []
    assert case.notices == [f"{one}: belongs neither to k8s_audit nor to hub"]
    append(one, json.dumps(pushed("x")) + "\n")
    append(two, line("a"))
    append(odd, line("b") + json.dumps(pushed("y")) + "\n")
    case.read()
    messages = [alert.message for alert in case.outputs.alerts]
    assert messages == ["pushed x 1", "deleted a 1", "pushed y 2"]
    assert [*case.end().lines()] == [
        "hub: 2 events, 2 alerts, 2 skipped (no_time 1, not_json 1)",
        "k8s_audit: 1 event, 1 alert",
    ]


# --- everything together ------------------------------------------------------------------

STEPS: Final = st.sampled_from(
    ["write", "write", "half", "pretty", "read", "read", "rename", "copy", "restart", "crash"]
)


@given(st.lists(STEPS, max_size=30), st.booleans())
@settings(deadline=None)
def test_nothing_is_lost_or_told_twice(ruleset: Ruleset, steps: list[str], in_folder: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "audit.log")
        log.touch()
        checkpoint = Checkpoint(Path(folder, "state.json"))
        written, told, pending, generation = 0, [], "", 0

        def start() -> Case:
            case = Case(ruleset, folder if in_folder else log, checkpoint=checkpoint)
            case.follower._save(must=True)
            return case

        def finish(case: Case, orderly: bool) -> None:
            if orderly:
                case.end()
            told.extend(alert.message for alert in case.outputs.alerts)

        case = start()
        case.read()
        case.follower._save(must=True)
        for step in [*steps, "rest", "read", "restart"]:
            if step in ("write", "half", "pretty", "rest") or pending:
                append(log, pending)
                pending = ""
            if step in ("write", "pretty"):
                append(log, (line if step == "write" else pretty)(written))
                written += 1
            elif step == "half":
                text = line(written)
                append(log, text[:40])
                pending, written = text[40:], written + 1
            elif step == "read":
                case.read()
                case.follower._save(must=True)
            elif step == "rename" and log.stat().st_size:
                generation += 1
                old = log.rename(log.with_name(f"audit.log.{generation}"))
                os.utime(old, (generation, generation))
                log.touch()
            elif step == "copy" and log.stat().st_size:
                generation += 1
                # What was not read before is found only in the copy of what was.
                case.read()
                copy = log.with_name(f"audit.log.{generation}")
                shutil.copy(log, copy)
                os.utime(copy, (generation, generation))
                os.truncate(log, 0)
            elif step in ("restart", "crash"):
                finish(case, step == "restart")
                case = start()
        finish(case, True)
        names = [message.split()[0] for message in told]
        assert sorted(set(names), key=int) == [str(n) for n in range(written)]
        if "crash" not in steps:
            assert len(told) == written
            assert [int(message.split()[1]) for message in told] == [*range(1, written + 1)]
        if "crash" not in steps and not in_folder:
            assert told == [f"{n} {n + 1}" for n in range(written)]


# --- the command ----------------------------------------------------------------------


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


# Whoever runs the tests may ignore Ctrl-C.
INTERRUPTIBLE: Final = """
import signal
from rulec.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@contextmanager
def following(cwd: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start to follow, and wait until the files have been looked at."""
    checkpoint = cwd / "state.json"
    command = [sys.executable, "-c", INTERRUPTIBLE, "run", "-r", "rules.yaml", "--follow"]
    with subprocess.Popen(
        [*command, "--checkpoint", "state.json", *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            while not checkpoint.exists() and process.poll() is None:
                time.sleep(0.01)  # it is written when the files have been looked at
            yield process
        finally:
            process.kill()


def names_until(process: "subprocess.Popen[str]", last: str) -> list[str]:
    """Return the names in the alerts that are printed, up to one."""
    assert process.stdout
    found = []
    for text in process.stdout:
        found.append(text.split()[-2])
        if found[-1] == last:
            break
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_summary(number: int, cwd: Path) -> None:
    (cwd / "audit.log").write_text(line("old"))
    with following(cwd, "audit.log") as process:
        append(cwd / "audit.log", line("a") + "oops\n" + line("b"))
        assert names_until(process, "b") == ["a", "b"]
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr
        assert process.stderr.read() == (
            "audit.log:3: the line is no JSON document\n2 events, 2 alerts, 1 skipped (not_json 1)\n"
        )
    with following(cwd, "audit.log", "-q") as process:
        append(cwd / "audit.log", line("c"))
        assert names_until(process, "c") == ["c"]
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_a_run_that_is_killed_loses_nothing(cwd: Path) -> None:
    log = cwd / "audit.log"
    log.touch()
    told: list[list[str]] = []
    written = 0
    for turn in range(5):
        with following(cwd, "audit.log") as process:
            for _ in range(3):
                append(log, line(*range(written, written + 200)))
                written += 200
                if turn % 2:
                    log.rename(cwd / f"audit.log.{written}")
                    log.touch()
            if turn < 4:
                told.append(names_until(process, str(written - 300)))
                process.kill()  # while the rest is read
                assert process.stdout
                told.append([text.split()[-2] for text in process.stdout if text.endswith("\n")])
            else:
                told.append(names_until(process, str(written - 1)))
    names = [int(name) for part in told for name in part]
    assert sorted(set(names)) == list(range(written))


def test_a_run_that_is_killed_loses_nothing_at_any_output(cwd: Path) -> None:
    """Whoever gets an alert twice can tell by its name."""
    log = cwd / "audit.log"
    log.touch()

    def alerts(name: str) -> Iterator[dict[str, Any]]:
        path = cwd / name
        for each in path.read_text().splitlines() if path.exists() else ():
            # Who was killed may have left a part of a line, before others or alone.
            with suppress(json.JSONDecodeError):
                yield json.loads(each[max(each.rfind('{"hostname"'), 0) :])

    def names(alerts: list[dict[str, Any]]) -> set[str]:
        return {alert["output_fields"]["ka.target.name"] for alert in alerts}

    with http_server.serving(http_server.accept) as sink:
        outputs = [
            "--output=stdout",
            "--output=file:alerts.log",
            f"--output=http:{sink.url}",
            '--output=program:["sh", "-c", "cat >> copied.log"]',
            "--format=json",
        ]
        for turn in range(4):
            with following(cwd, "audit.log", *outputs) as process:
                append(log, line(*range(200 * turn, 200 * turn + 200)))
                assert process.stdout
                printed = [json.loads(next(process.stdout)) for _ in range(50)]
                if turn < 3:
                    process.kill()  # while the rest is on its way
                    continue
                for text in process.stdout:
                    printed.append(json.loads(text))
                    if names(printed[-1:]) == {"799"}:
                        break
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
        wanted = {str(n) for n in range(800)}
        found = [list(alerts("alerts.log")), list(alerts("copied.log")), sink.bodies]
        assert [names(each) for each in found] == [wanted] * 3
        named = {(alert["uuid"], *names([alert])) for each in (*found, printed) for alert in each}
        assert len(named) == 800


def test_alerts_that_are_printed_as_json_have_names(cwd: Path) -> None:
    found = []
    for _ in range(2):
        (cwd / "state.json").unlink(missing_ok=True)
        (cwd / "audit.log").write_text(line("a", "b"))
        with following(cwd, "audit.log", "--from-start", "--format=json") as process:
            assert process.stdout
            found.append([json.loads(next(process.stdout))["uuid"] for _ in range(2)])
    assert found[0] == found[1]
    assert len(set(found[0])) == 2


def test_the_end_waits_no_longer_for_outputs_than_was_said(cwd: Path) -> None:
    log = cwd / "audit.log"
    log.touch()
    away = ["--output=http:http://127.0.0.1:9/", "--output-timeout=0.5"]
    with following(cwd, "audit.log", *away) as process:
        append(log, line("a"))
        assert process.stderr
        assert "Connection refused; trying again" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 4  # far less than what is waited for otherwise
        assert "1 alert not delivered" in process.stderr.read()
    with following(cwd, "audit.log") as process:
        assert names_until(process, "a") == ["a"]


def test_alerts_that_nobody_takes_are_not_taken_for_settled(cwd: Path) -> None:
    log = cwd / "audit.log"
    log.touch()
    with following(cwd, "audit.log") as process:
        assert process.stdout
        process.stdout.close()
        append(log, line("a"))
        assert process.wait(20) == 0
    with following(cwd, "audit.log") as process:
        assert names_until(process, "a") == ["a"]


def test_whoever_asks_twice_does_not_wait(cwd: Path) -> None:
    (cwd / "audit.log").touch()
    with following(cwd, "audit.log") as process:
        # Nobody reads the alerts, which are more than a pipe holds.
        append(cwd / "audit.log", line(*range(4000)))
        assert process.stdout
        assert process.stdout.read(1)
        asked = 0
        while process.poll() is None and asked < 100:
            process.send_signal(signal.SIGTERM)
            asked += 1
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        assert asked > 1
        assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (["--follow"], "--follow takes files and directories, not standard input"),
        (["--follow", "-"], "--follow takes files and directories, not standard input"),
        (["--follow", "k8s_audit=-"], "--follow takes files and directories, not standard input"),
        (["--follow", "-j", "2", "x"], "files are followed by one process: leave -j out"),
        (["--from-start", "x"], "--from-start goes with --follow"),
        (["--checkpoint", "c", "x"], "--checkpoint goes with --follow"),
    ],
)
def test_what_does_not_go_together(call: list[str], complaint: str, cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", *call, cwd=cwd)
    assert done.err == f"rulec run: {complaint} (try 'rulec run --help')\n"
    assert done.status == 3


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere/state.json", "cannot write nowhere/state.json: No such file or directory"),
        ("broken.json", "broken.json is no checkpoint: "),
    ],
)
def test_checkpoints_that_cannot_be_used(name: str, complaint: str, cwd: Path) -> None:
    (cwd / "broken.json").write_text("{")
    call = ("run", "-r", "rules.yaml", "--follow", "--checkpoint", name, "audit.log")
    done = rulec(*call, cwd=cwd)
    assert f"rulec run: {complaint}" in done.err
    assert done.status == 4
