"""Standard output, files, the system log and programs as places that alerts go to."""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen, run

import pytest
from alerts import Told, deliveries, delivery

from rulec.runtime.engine import OutputError
from rulec.runtime.priority import Priority
from rulec.runtime.sinks import Counters, Outputs, Settings, Sink, sink
from rulec.runtime.sinks.attempts import Backoff
from rulec.runtime.sinks.program import Program
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.syslog import FACILITIES

LONG = 20.0
QUICK = Backoff(first=0.001, most=0.01)


def quiet(_: str) -> None:
    pass


def made(text: str) -> Sink:
    return sink(text, Settings(Renderer(iso8601=True)))


def line(number: int) -> str:
    return Renderer(iso8601=True)(delivery(number).alert)


def lines(count: int, start: int = 0) -> list[str]:
    return [line(number) for number in range(start, start + count)]


# --- standard output ----------------------------------------------------------------------


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with Outputs([made("stdout")], quiet) as outputs:
        outputs.send(deliveries(3), 1)
        assert outputs.wait(1, LONG)
        assert capsys.readouterr().out.splitlines() == lines(3)


def test_standard_output_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with Outputs([made("stdout")], quiet) as outputs:
            outputs.send(deliveries(1), 1)
            assert not outputs.wait(1, LONG)
            with pytest.raises(OutputError, match=r"^stdout: No space left on device$"):
                outputs.send(deliveries(1), 2)
        monkeypatch.undo()


def test_nobody_reads_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    monkeypatch.setattr(sys, "stdout", stream)
    with Outputs([made("stdout")], quiet) as outputs:
        outputs.send(deliveries(1), 1)
        assert not outputs.wait(1, LONG)
        with pytest.raises(BrokenPipeError):
            outputs.check()
    stream.close()


# --- files --------------------------------------------------------------------------------


def test_a_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    for start in (0, 3):
        with Outputs([made(f"file:{path}")], quiet) as outputs:
            outputs.send(deliveries(3, start=start), 1)
            assert outputs.wait(1, LONG)
            assert path.read_text().splitlines() == lines(start + 3)
    assert path.stat().st_mode & 0o007 == 0


def test_values_cannot_forge_a_line(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    with Outputs([made(f"file:{path}")], quiet) as outputs:
        outputs.send([delivery(1, "one\ntwo\x1b[31m \N{SNOWMAN} half \ud800")], 1)
        assert outputs.close(LONG)
    assert path.read_text("utf-8").endswith("one\\ntwo\\u001b[31m \N{SNOWMAN} half \\ud800\n")
    assert path.read_text().count("\n") == 1


def test_a_file_that_was_moved_away_is_opened_again(tmp_path: Path) -> None:
    path, moved = tmp_path / "alerts.log", tmp_path / "alerts.log.1"
    with Outputs([made(f"file:{path}")], quiet) as outputs:
        outputs.send(deliveries(2), 1)
        assert outputs.wait(1, LONG)
        path.rename(moved)
        outputs.send(deliveries(1, start=2), 2)
        assert outputs.wait(2, LONG)
        outputs.reopen()
        # The thread does it before it writes anything more.
        outputs.send(deliveries(2, start=3), 3)
        assert outputs.close(LONG)
    assert moved.read_text().splitlines() == lines(3)
    assert path.read_text().splitlines() == lines(2, start=3)


def test_a_file_that_cannot_be_opened_again_is_written_on(tmp_path: Path) -> None:
    folder, told = tmp_path / "logs", list[str]()
    folder.mkdir()
    path = folder / "alerts.log"
    with Outputs([made(f"file:{path}")], told.append) as outputs:
        folder.rename(tmp_path / "moved")
        outputs.reopen()
        outputs.send(deliveries(1), 1)
        assert outputs.close(LONG)
    assert (tmp_path / "moved" / "alerts.log").read_text().splitlines() == lines(1)
    assert told == [f"file:{path}: cannot be opened again: No such file or directory"]


def test_a_line_that_was_broken_off_before_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    path.write_text("half a li")
    with Outputs([made(f"file:{path}")], quiet) as outputs:
        outputs.send(deliveries(1), 1)
        assert outputs.close(LONG)
    assert path.read_text().splitlines() == ["half a li", *lines(1)]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"^file:{tmp_path}: Is a directory$"):
        Outputs([made(f"file:{tmp_path}")], quiet)


def test_a_full_disk_is_tried_again() -> None:
    told: list[str] = []
    with Outputs([made("file:/dev/full")], told.append, queue=2, patience=0.5) as outputs:
        with pytest.raises(OutputError, match=r"nothing was taken .*\(No space left on device\)"):
            outputs.send(deliveries(3), 1)
        assert outputs.settled == 0
        assert not outputs.close(0)
    assert told == ["file:/dev/full: No space left on device; trying again"]


def test_a_disk_that_is_full_can_be_left(tmp_path: Path) -> None:
    (tmp_path / "alerts.log").symlink_to("/dev/full")
    told, patient = Told(), Backoff(first=10**6, most=10**6)
    with Outputs([made(f"file:{tmp_path / 'alerts.log'}")], told, backoff=patient) as outputs:
        outputs.send(deliveries(3), 1)
        told.wait_for("No space left on device; trying again")
        (tmp_path / "alerts.log").unlink()
        outputs.reopen()
        assert outputs.wait(1, LONG)
    assert (tmp_path / "alerts.log").read_text().splitlines() == lines(3)


@pytest.mark.parametrize("moved", [False, True])
def test_lines_are_whole_on_a_disk_that_is_full_now_and_then(
    moved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "alerts.log"
    one = made(f"file:{path}")
    really, calls = os.write, iter(range(10**6))

    def nearly_full(file: int, data: bytes) -> int:
        if next(calls) % 3 == 2:
            raise OSError(28, "No space left on device")
        return really(file, data[:17])

    one.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nearly_full)
        for number in range(5):
            one.write(delivery(number))
        with pytest.raises(OSError, match="No space"):
            one.flush()
    if moved:  # half a line stays where it is, and the whole of it comes here
        path.unlink()
        one.reopen()
    one.flush()
    assert one.close(0)
    assert path.read_text().splitlines() == lines(5)


# --- the system log -----------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Iterator[socket.socket]:
    """Yield a socket that takes what is sent to the system log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "log"))
        receiver.settimeout(LONG)
        yield receiver


def received(receiver: socket.socket, count: int) -> list[str]:
    return [receiver.recv(2**20).decode() for _ in range(count)]


HEADER = r"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d rulec\[(\d+)\]: "


def test_messages_have_the_severity_of_the_priority(log: socket.socket) -> None:
    path = log.getsockname()
    sent = [delivery(n, priority=priority.text) for n, priority in enumerate(Priority)]
    with Outputs([made(f"syslog:unix://{path}?facility=local3")], quiet) as outputs:
        outputs.send(sent, 1)
        assert outputs.wait(1, LONG)
        for number, message in enumerate(received(log, len(sent))):
            found = re.match(HEADER, message)
            assert found is not None, message
            assert int(found[1]) == FACILITIES["local3"] * 8 + number
            assert int(found[2]) == os.getpid()
            assert message.endswith(f"{list(Priority)[number].text} alert {number}")


def test_the_facility_is_that_of_falco() -> None:
    assert FACILITIES["user"] == 1
    assert FACILITIES["local7"] == 23
    assert len(FACILITIES) == 20


def test_a_log_daemon_that_is_started_again(tmp_path: Path, log: socket.socket) -> None:
    path, told = log.getsockname(), Told()
    with Outputs([made(f"syslog:unix://{path}")], told, backoff=QUICK) as outputs:
        outputs.send(deliveries(1), 1)
        assert outputs.wait(1, LONG)
        assert len(received(log, 1)) == 1
        log.close()
        Path(path).unlink()
        outputs.send(deliveries(2, start=1), 2)
        told.wait_for("trying again")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as again:
            again.bind(path)
            again.settimeout(LONG)
            assert outputs.wait(2, LONG)
            assert [text.rpartition(" ")[2] for text in received(again, 2)] == ["1", "2"]
    told.wait_for("works again")


def test_messages_that_are_too_large_are_cut(log: socket.socket) -> None:
    told: list[str] = []
    path = log.getsockname()
    with Outputs([made(f"syslog:unix://{path}")], told.append) as outputs:
        outputs.send([delivery(1, "\N{SNOWMAN}" * 10**6)], 1)
        (first,) = received(log, 1)
        outputs.send([delivery(2)], 2)
        (second,) = received(log, 1)
        assert outputs.wait(2, LONG)
        assert outputs.counters()[f"syslog:unix://{path}"] == Counters(delivered=2)
    assert first.endswith("\N{SNOWMAN}...")
    assert 1000 < len(first.encode()) < 61_000
    assert second.endswith("alert 2")
    assert told == [f"syslog:unix://{path}: messages that are too large are cut"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_another_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind((host.strip("[]"), 0))
        except OSError:
            pytest.skip("there is no IPv6")
        receiver.settimeout(LONG)
        port = receiver.getsockname()[1]
        with Outputs([made(f"syslog:udp://{host}:{port}?facility=auth")], quiet) as outputs:
            outputs.send(deliveries(1), 1)
            assert outputs.wait(1, LONG)
            (message,) = received(receiver, 1)
    assert re.match(r"<36>\w+ [ \d]\d [\d:]+ \S+ rulec\[\d+\]: 2026-", message)


def test_there_is_no_system_log(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        Outputs([made(f"syslog:unix://{tmp_path}/none")], quiet)


# --- programs -----------------------------------------------------------------------------

COPY = "import sys\nfor line in sys.stdin: open(sys.argv[1], 'a').write(line)"

# Reads so many lines, not a byte more, and ends.
FEW = """
import os, sys
for _ in range(int(sys.argv[2])):
    line = b""
    while not line.endswith(b"\\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit()
        line += byte
    with open(sys.argv[1], "ab") as file:
        file.write(line)
sys.exit(3)
"""


def program(code: str, *arguments: object) -> Program:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return Program("program", words, Renderer(iso8601=True))


def test_a_program_reads_lines(tmp_path: Path) -> None:
    with Outputs([program(COPY, tmp_path / "out")], quiet) as outputs:
        outputs.send(deliveries(500), 1)
        assert outputs.close(LONG)
    assert (tmp_path / "out").read_text().splitlines() == lines(500)


def test_words_are_given_as_they_are(tmp_path: Path) -> None:
    one = sink(f'program:["tee", "{tmp_path}/a b; touch c $(touch d)"]', Settings())
    with Outputs([one], quiet) as outputs:
        outputs.send(deliveries(1), 1)
        assert outputs.close(LONG)
    assert [path.name for path in tmp_path.iterdir()] == ["a b; touch c $(touch d)"]


@pytest.mark.parametrize("few", [1, 3])
def test_a_program_that_ends_is_started_again_and_no_line_is_lost(few: int, tmp_path: Path) -> None:
    told: list[str] = []
    with Outputs([program(FEW, tmp_path / "out", few)], told.append, backoff=QUICK) as outputs:
        outputs.send(deliveries(10), 1)
        assert outputs.wait(1, LONG)
        outputs.send(deliveries(1, start=10), 2)
        assert outputs.close(LONG)
        assert outputs.counters()["program"].delivered == 11
    assert (tmp_path / "out").read_text().splitlines() == lines(11)
    assert "program: the program ended with status 3; trying again" in told


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    kill = "import os, sys; open(sys.argv[1], 'a').write(sys.stdin.readline()); os.kill(os.getpid(), 9)"
    told: list[str] = []
    with Outputs([program(kill, tmp_path / "out")], told.append, backoff=QUICK) as outputs:
        outputs.send(deliveries(1), 1)
        assert outputs.wait(1, LONG)
        outputs.send(deliveries(1, start=1), 2)
        assert outputs.close(LONG)
    assert "program: the program ended by signal 9; trying again" in told


# The first time, these do not read: one starts another program that could, and ends; the other
# one goes on.
LEAVES = "import os, subprocess, sys; subprocess.Popen(['sleep', '5']); os._exit(3)"
STAYS = "import os, signal; os.close(0); signal.pause()"


@pytest.mark.parametrize("size", [100, 100_000])
@pytest.mark.parametrize("first", [LEAVES, STAYS])
def test_a_program_reads_no_more_though_its_pipe_or_itself_is_there(
    first: str, size: int, tmp_path: Path
) -> None:
    path, again = tmp_path / "out", tmp_path / "again"
    code = f"import pathlib\nif not pathlib.Path({str(again)!r}).exists():\n    "
    code += f"pathlib.Path({str(again)!r}).touch(); {first}\n{COPY}"
    with Outputs([program(code, path)], quiet, backoff=QUICK) as outputs:
        outputs.send([delivery(1, "x" * size), delivery(2)], 1)
        assert outputs.wait(1, 5)
        assert outputs.close(LONG)
    assert path.read_text().splitlines()[1:] == [line(2)]


def test_more_than_a_pipe_holds(tmp_path: Path) -> None:
    sent = [delivery(number, "x" * 100_000) for number in range(6)]
    with Outputs([program(FEW, tmp_path / "out", 4)], quiet, backoff=QUICK) as outputs:
        outputs.send(sent, 1)
        assert outputs.close(LONG)
    assert (tmp_path / "out").read_text().count("x" * 100_000 + "\n") == 6


def test_a_program_that_does_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulec.runtime.sinks.program._TIMEOUT", 0.05)
    told = Told()
    lazy = "import signal; signal.pause()"
    with Outputs([program(lazy)], told, backoff=QUICK) as outputs:
        outputs.send([delivery(1), delivery(2, "x" * 100_000)], 1)
        told.wait_for("program: the program does not read; trying again")
        assert not outputs.close(0)
        assert outputs.settled == 0


def test_a_program_that_is_slow_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    slow = "import sys; open(sys.argv[2]).read(); " + COPY.replace("import sys\n", "")
    code = slow.replace("; for", "\nfor")
    with Outputs([program(code, tmp_path / "out", tmp_path / "go")], quiet) as outputs:
        outputs.send(deliveries(3), 1)
        assert not outputs.wait(1, 0.05), "not yet read"
        (tmp_path / "go").write_text("go")
        assert outputs.wait(1, LONG)
        assert outputs.close(LONG)
    assert (tmp_path / "out").read_text().splitlines() == lines(3)


# The beginning of a program that TERM does not end.
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


@contextmanager
def reading(one: Program) -> "Iterator[tuple[Outputs, Popen[bytes]]]":
    """Run a program that has read an alert."""
    with Outputs([one], quiet) as outputs:
        outputs.send(deliveries(1), 1)
        assert outputs.wait(1, LONG)
        assert one._process is not None
        yield outputs, one._process


def test_a_program_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rulec.runtime.sinks.program._END", 0.05)
    code = f"{STUBBORN}for line in sys.stdin: pass\nsignal.pause()"
    with reading(program(code)) as (outputs, process):
        outputs.close(0)
    assert process.returncode == -signal.SIGKILL


def test_a_program_that_neither_reads_nor_ends_is_not_left_behind() -> None:
    code = f"{STUBBORN}sys.stdin.readline(); signal.pause()"
    with reading(program(code)) as (outputs, process):
        outputs.send(deliveries(1), 2)
        assert not outputs.close(0)
    assert process.returncode == -signal.SIGKILL


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OutputError, match=r"^program:/nowhere/at-all: No such file"):
        Outputs([sink("program:/nowhere/at-all", Settings())], quiet)


def test_what_a_program_prints_does_not_get_among_the_alerts(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from alerts import delivery\n"
        "from rulec.runtime.sinks import Outputs, Settings, sink\n"
        "sinks = [sink('stdout', Settings()), sink('program:cat', Settings())]\n"
        "with Outputs(sinks, print) as outputs:\n"
        "    outputs.send([delivery(1)], 1)\n"
        "    assert outputs.close(20)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = run([sys.executable, str(script)], capture_output=True, text=True, env=environment)
    assert done.stdout == done.stderr
    assert done.stdout.count("alert 1") == 1
