"""Runs in several processes: what comes out is what comes out of one."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from dying import Dying
from hypothesis import example, given
from hypothesis import strategies as st
from rule_events import audit_event

from rulec import compile_ruleset
from rulec.runtime import jobs, parcels, shards
from rulec.runtime.engine import OutputError, Summary, run
from rulec.runtime.jobs import Merger, Worker, run_shared, worth_sharing
from rulec.runtime.loading import execute
from rulec.runtime.pool import WorkerError
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.shards import Part
from rulec.runtime.sinks.handing import Lines
from rulec.runtime.sinks.renderer import Renderer

RULES = """\
- rule: Secret Deleted
  desc: Somebody deleted a secret.
  condition: ka.verb = delete and ka.target.resource = secrets
  output: Secret deleted (user=%ka.user.name secret=%ka.target.name)
  priority: WARNING
  source: k8s_audit
- rule: Something Deleted
  desc: Somebody deleted something.
  condition: ka.verb = delete
  output: Deleted (user=%ka.user.name resource=%ka.target.resource)
  priority: INFO
  source: k8s_audit
"""
COUNTING = """\
- rule: Counted
  desc: d
  condition: ka.verb = delete
  output: number %evt.num
  priority: INFO
  source: k8s_audit
"""

SECRET = audit_event(verb="delete", resource="secrets", name="db", user="eve")
POD = audit_event(verb="delete", resource="pods", user="bob")
QUIET = audit_event(verb="get")
NO_TIME = {**POD, "stageTimestamp": "yesterday"}
MANY = 400  # events, so that there is something to divide


@dataclass(frozen=True)
class Told:
    """What a run told, in order: lines of alerts and notices, and its summary."""

    lines: tuple[str, ...]
    summary: Summary


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    return compiled(RULES, tmp_path_factory.mktemp("rules"))


def compiled(rules: str, folder: Path) -> Ruleset:
    path = folder / "rules.yaml"
    path.write_text(rules, "utf-8")
    return compile_ruleset(path)


def in_one(ruleset: Ruleset, inputs: list[str]) -> Told:
    told: list[str] = []
    render = Renderer()
    summary = run(ruleset, "k8s_audit", inputs, lambda a: told.append(render(a)), told.append)
    return Told(tuple(told), summary)


def in_parts(ruleset: Ruleset, inputs: list[str], size: int) -> Told:
    """Do what ``run_shared`` does, in one process."""
    told: list[str] = []
    merger = Merger(told.append, told.append)
    with TemporaryDirectory() as folder:
        worker = Worker(ruleset, "k8s_audit", Lines(Renderer()), Path(folder))
        for shard in shards.shards(inputs, size):
            assert not isinstance(shard, str)
            merger.hand_on(shard, worker(shard).received())
        assert not list(Path(folder).iterdir())
    return Told(tuple(told), merger.summary)


def in_processes(ruleset: Ruleset, inputs: list[str], size: int) -> Told:
    told: list[str] = []
    summary = run_shared(
        ruleset, "k8s_audit", inputs, Lines(Renderer()), told.append, told.append, jobs=2, size=size
    )
    return Told(tuple(told), summary)


# --- where files are cut --------------------------------------------------------------

events = st.sampled_from([SECRET, POD, QUIET, NO_TIME, {"kind": "Pod"}])
lists = st.lists(events, max_size=3).map(lambda found: {"kind": "EventList", "items": found})
documents = events | lists | st.lists(events, max_size=3)
compact = documents.map(lambda document: json.dumps(document).encode())
indented = documents.map(lambda document: json.dumps(document, indent=1).encode())
bare = st.sampled_from(
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"{}",
        b" {}",
        b'{"a":',
        b'"}',
        b"[{",
        b"},",
        b"}]",
        b"null",
        b"x",
        b"\xff",
        b"\xef\xbb\xbf{}",
    ]
)


def cut_off(document: bytes, share: float) -> bytes:
    return document[: int(len(document) * share)]


pieces = compact | indented | bare | st.builds(cut_off, compact | indented, st.floats(0, 1))
ends = st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \n \t\n", b"\n ", b""])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    content = b"".join(piece + draw(ends) for piece in draw(st.lists(pieces, max_size=12)))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + content


GOOD = json.dumps(POD).encode() + b"\n"


@given(contents=st.lists(files(), min_size=1, max_size=3), size=st.integers(1, 3000))
@example(contents=[b"{\n{}\n" + GOOD], size=1)
@example(contents=[b'{"a": [\n{}\n}\n' + GOOD * 2], size=1)
@example(contents=[b"[\n{}\n]\n{}\n [\n" + GOOD], size=1)
@example(contents=[GOOD + b'{"a":\n{}\n{}\n{}\n'], size=1)
def test_parts_of_a_file_are_the_whole_file(
    ruleset: Ruleset, contents: list[bytes], size: int
) -> None:
    with TemporaryDirectory() as folder:
        inputs = []
        for number, content in enumerate(contents):
            path = Path(folder) / f"{number}.log"
            path.write_bytes(content)
            inputs.append(str(path))
        assert in_parts(ruleset, inputs, size) == in_one(ruleset, inputs)


def test_files_are_cut_between_documents(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(GOOD * 10)
    found = [part for shard in shards.shards([str(log)], len(GOOD)) for part in shard]
    # A cut is behind the line that is looked at first: where that began is unknown.
    assert [part for part in found if isinstance(part, Part)] == [
        Part(str(log), 2 * n * len(GOOD), 2 * (n + 1) * len(GOOD) if n < 4 else None)
        for n in range(5)
    ]


def test_what_cannot_be_cut_stays_whole(tmp_path: Path) -> None:
    log = tmp_path / "one.json"
    log.write_text(json.dumps({"kind": "EventList", "items": [POD] * 100}, indent=1), "utf-8")
    assert list(shards.shards([str(log)], 100)) == [(Part(str(log)),)]


def test_a_cut_is_never_before_a_line_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "DOCUMENT_LIMIT", 50)
    log = tmp_path / "audit.log"
    log.write_bytes(b"{}\n{}\n" + GOOD + b"{}\n")
    end = log.stat().st_size - 3
    assert list(shards.shards([str(log)], 3)) == [(Part(str(log), 0, end),), (Part(str(log), end),)]


def test_small_files_are_read_together(tmp_path: Path) -> None:
    names = []
    for number in range(10):
        names.append(str(tmp_path / f"{number}.log"))
        Path(names[-1]).write_bytes(GOOD)
    found = list(shards.shards(names, 3 * len(GOOD)))
    assert [len(shard) for shard in found] == [3, 3, 3, 1]


# --- in processes ---------------------------------------------------------------------


def lines(count: int = MANY) -> bytes:
    return b"".join(
        json.dumps({**(SECRET, POD, QUIET, NO_TIME)[n % 4], "auditID": str(n)}).encode() + b"\n"
        for n in range(count)
    )


def test_two_processes(tmp_path: Path, ruleset: Ruleset) -> None:
    """Files, directories of small ones, compressed ones, missing ones, and one cut short."""
    inputs = [str(tmp_path / name) for name in ("a.log", "b.gz", "missing", "c.gz", "d", "e.log")]
    (tmp_path / "a.log").write_bytes(lines() + b"broken\n{\n" + lines())
    (tmp_path / "b.gz").write_bytes(gzip.compress(lines()))
    (tmp_path / "c.gz").write_bytes(gzip.compress(lines())[:-100])
    (tmp_path / "d").write_bytes(b"")
    (tmp_path / "e.log").write_bytes(lines(2))
    told = in_processes(ruleset, inputs, 20_000)
    assert told == in_one(ruleset, inputs)
    assert told.summary.unreadable == [inputs[2], inputs[3]]


def test_what_can_be_read_only_once_is_read_here(tmp_path: Path, ruleset: Ruleset) -> None:
    log, pipe = tmp_path / "a.log", tmp_path / "pipe"
    log.write_bytes(lines())
    os.mkfifo(pipe)
    inputs = [str(log), str(pipe), str(log)]
    expected = in_one(ruleset, [str(log)])
    feeder = [sys.executable, "-c", f"open({str(pipe)!r}, 'wb').write({GOOD!r})"]
    with subprocess.Popen(feeder) as writing:
        try:
            told = in_processes(ruleset, inputs, 20_000)
        finally:
            writing.kill()
    assert told.lines[: len(expected.lines)] == told.lines[-len(expected.lines) :] == expected.lines
    assert len(told.lines) == 2 * len(expected.lines) + 1
    assert told.summary.events == 2 * expected.summary.events + 1


def test_options_reach_the_processes(tmp_path: Path, ruleset: Ruleset) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(lines())
    chosen = execute(str(ruleset.code))
    only = Ruleset(
        chosen.programs,
        chosen.manifest,
        "all",
        only=frozenset({"Secret Deleted"}),
        code=chosen.code,
    )
    assert in_processes(only, [str(log)], 20_000) == in_one(only, [str(log)])
    assert len(in_one(only, [str(log)]).lines) == MANY // 4 * 2


def test_a_worker_that_dies(tmp_path: Path, ruleset: Ruleset) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(lines())
    with pytest.raises(WorkerError, match="was ended"):
        run_shared(ruleset, "k8s_audit", [str(log)], Dying(), print, print, jobs=2, size=20_000)


def test_an_output_that_is_full(tmp_path: Path, ruleset: Ruleset) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(lines())

    def full(_: str) -> None:
        raise OutputError("full")

    with pytest.raises(OutputError, match="full"):
        run_shared(
            ruleset, "k8s_audit", [str(log)], Lines(Renderer()), full, print, jobs=2, size=20_000
        )


# --- one part -------------------------------------------------------------------------


def test_a_file_that_has_become_shorter(tmp_path: Path, ruleset: Ruleset) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(GOOD * 10)
    told: list[str] = []
    merger = Merger(told.append, told.append)
    worker = Worker(ruleset, "k8s_audit", Lines(Renderer()), tmp_path)
    found = list(shards.shards([str(log), str(log)], 3 * len(GOOD)))
    log.write_bytes(GOOD * 5)
    for shard in found:
        assert not isinstance(shard, str)
        merger.hand_on(shard, worker(shard).received())
    reason = f"{log}: cannot be read: the file has become shorter while it was read"
    assert told.count(reason) == 2
    assert merger.summary.unreadable == [str(log)] * 2
    assert merger.summary.alerts == merger.summary.events == len(told) - 2 == 10


def test_what_is_much_goes_through_a_file(
    tmp_path: Path, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_MOST", 1000)
    log = tmp_path / "a.log"
    log.write_bytes(lines())
    assert in_parts(ruleset, [str(log)], 20_000) == in_one(ruleset, [str(log)])


def test_no_room_for_what_is_much(
    tmp_path: Path, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "_MOST", 1000)
    log = tmp_path / "a.log"
    log.write_bytes(lines())
    worker = Worker(ruleset, "k8s_audit", Lines(Renderer()), tmp_path / "nowhere")
    with pytest.raises(OutputError, match="No such file"):
        worker((Part(str(log)),))


# --- the command ----------------------------------------------------------------------

# To look at what several processes do, less is worth it. Whoever runs the tests may ignore Ctrl-C,
# and what a process ignores, its children do.
START = """
import signal
from rulec.cli import main
from rulec.runtime import jobs

signal.signal(signal.SIGINT, signal.default_int_handler)
jobs.WORTH = 2**20
main()
"""
RUN = [sys.executable, "-c", START, "run"]


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """Return a folder with rules and a log that is worth sharing."""
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    (tmp_path / "counting.yaml").write_text(COUNTING, "utf-8")
    (tmp_path / "small.log").write_bytes(lines())
    noise = json.dumps({**QUIET, "annotations": {"noise": "x" * 10_000}}).encode() + b"\n"
    (tmp_path / "large.log").write_bytes((lines() + noise * 800) * 2)
    return tmp_path


def command(cwd: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*RUN, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_what_is_worth_sharing(cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = str(cwd / "small.log"), str(cwd / "large.log")
    assert not worth_sharing([large])
    monkeypatch.setattr(jobs, "WORTH", 2**20)
    assert [worth_sharing([name]) for name in (small, large)] == [False, True]
    assert worth_sharing([large, "-", small])
    assert not worth_sharing(["-"])
    compressed = cwd / "audit.log.gz"
    compressed.write_bytes(gzip.compress(os.urandom(2**20)))
    assert not worth_sharing([str(compressed)])
    assert worth_sharing([str(compressed)] * 2)


@pytest.mark.parametrize("options", [[], ["--format=json", "--time-format=iso8601", "-j0"]])
def test_jobs(options: list[str], cwd: Path) -> None:
    call = ["-r", "rules.yaml", "small.log", "large.log", "missing.log"]
    one = command(cwd, *call, *(option for option in options if option != "-j0"))
    two = command(cwd, *call, "-j", "2", *options)
    assert (two.stdout, two.stderr, two.returncode) == (one.stdout, one.stderr, one.returncode)
    assert one.returncode == 4
    assert len(one.stdout.splitlines()) == 3 * MANY // 2


def test_rules_that_count_are_for_one_process(cwd: Path) -> None:
    one = command(cwd, "-r", "counting.yaml", "small.log")
    two = command(cwd, "-r", "counting.yaml", "small.log", "-j", "2")
    told, rest = two.stderr.split("\n", 1)
    assert told == "rulec run: rules ask for evt.num or evt.reltime, so one process reads all"
    assert (two.stdout, rest) == (one.stdout, one.stderr)
    assert "number 299" in one.stdout


@pytest.mark.parametrize(
    ("output", "counts"),
    [("%evt.num", True), ("%evt.reltime.s", True), ("%evt.time %evt.rawtime", False)],
)
def test_whether_rules_count(output: str, counts: bool, tmp_path: Path) -> None:
    found = compiled(COUNTING.replace("%evt.num", output), tmp_path)
    assert found.counts("k8s_audit") is counts
    condition = "ka.verb = delete and evt.num > 5"
    found = compiled(RULES.replace("ka.verb = delete", condition), tmp_path)
    assert found.counts("k8s_audit")


@contextmanager
def running(cwd: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a run that goes on until it is stopped: one of its inputs has no end."""
    os.mkfifo(cwd / "pipe")
    (cwd / "temporary").mkdir()
    call = [*RUN, "-j", "2", "-r", "rules.yaml"]
    with subprocess.Popen(
        [*call, "large.log", "pipe", "large.log"],
        cwd=cwd,
        env={**os.environ, "TMPDIR": str(cwd / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def waited_for(condition: Callable[[], bool]) -> bool:
    patience = time.monotonic() + 20
    while not condition() and time.monotonic() < patience:
        time.sleep(0.02)
    return condition()


def members(group: int) -> Iterator[int]:
    """Yield the processes of a group that have not ended."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                yield int(entry.name)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_ctrl_c_ends_all_processes_without_a_word(cwd: Path) -> None:
    with running(cwd) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
        assert all(line.startswith(b"large.log:") for line in process.stderr)
    assert waited_for(lambda: not list(members(process.pid)))
    assert not list((cwd / "temporary").iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize(
    "end", [lambda it: it.kill(), lambda it: os.killpg(it.pid, signal.SIGTERM)]
)
def test_workers_end_with_their_parent(
    end: "Callable[[subprocess.Popen[bytes]], None]", cwd: Path
) -> None:
    with running(cwd) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert process.stderr is not None
        assert len(list(members(process.pid))) > 2
        end(process)
        assert waited_for(lambda: not list(members(process.pid)))
        assert all(line.startswith(b"large.log:") for line in process.stderr)
    assert not list((cwd / "temporary").iterdir())


def test_whoever_reads_the_alerts_may_have_seen_enough(cwd: Path) -> None:
    (cwd / "alerts.log").write_bytes(GOOD * 20_000)
    call = [*RUN, "-j", "2", "-r", "rules.yaml", "alerts.log"]
    with subprocess.Popen(call, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_worker_that_dies_is_told(
    cwd: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rulec.cli import main

    monkeypatch.setattr("rulec.commands.outputs.Renderer", Dying)
    monkeypatch.setattr(jobs, "WORTH", 2**20)
    monkeypatch.chdir(cwd)
    with pytest.raises(SystemExit) as leaving:
        main(["run", "-j", "2", "-r", "rules.yaml", "large.log"])
    assert leaving.value.code == 4
    assert capsys.readouterr().err == (
        "rulec run: a process that read a part of the inputs was ended\n"
    )


def test_as_many_as_there_are_cores() -> None:
    assert jobs.cores() == len(os.sched_getaffinity(0))
