"""Several event sources in one run, and several inputs that come in side by side."""

import gzip
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final
from unittest import mock

import pytest
from rule_events import audit_event
from test_cli import COMMAND, ENVIRONMENT, elsewhere, lines, rulec

from rulec.runtime import jobs
from rulec.runtime.inputs import is_live
from rulec.runtime.recognition import HEAD, KINDS, UnknownInputError, recognised
from rulec.runtime.sources import SOURCES, EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.runtime.turns import StoppedError, Turns

__all__ = ["elsewhere"]  # a fixture for every test here

RULES: Final = """\
- rule: Deleted
  desc: Somebody deleted something.
  condition: ka.verb = delete
  output: deleted %ka.target.name %evt.num
  priority: INFO
  source: k8s_audit
- rule: Pushed
  desc: Somebody pushed something.
  condition: hub.action = push
  output: pushed %hub.name %evt.num
  priority: INFO
  source: hub
- rule: Sold
  desc: Somebody bought something.
  condition: shop.item exists
  output: sold %shop.item
  priority: INFO
  source: shop
"""
SOURCE_FILES: Final = {
    "hub.yaml": "source: hub\ntime: /pushed_at\nfields:\n"
    "  - {name: hub.action, pointer: /action}\n  - {name: hub.name, pointer: /name}\n",
    "shop.yaml": "source: shop\nevents: /sales\nfields: [{name: shop.item, pointer: /item}]\n",
}
CALL: Final = ("run", "-r", "rules.yaml", "--source-file", "hub.yaml", "--source-file", "shop.yaml")


def deleted(name: str) -> dict[str, Any]:
    return audit_event(verb="delete", resource="pods", name=name)


def pushed(name: str) -> dict[str, Any]:
    return {"action": "push", "name": name, "pushed_at": "2026-03-02T09:30:00Z"}


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    for name, text in SOURCE_FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "audit.log").write_text(lines(deleted("a"), deleted("b")))
    (tmp_path / "hub.log").write_text(lines(pushed("x")) + "oops\n" + lines(pushed("y")))
    (tmp_path / "shop.json").write_text('{"sales": [\n{"item": "tea"},\n{"item": "mug"}\n]}\n')
    return tmp_path


def messages(out: str) -> list[str]:
    return [line.partition(": Informational ")[2] for line in out.splitlines()]


EVERYTHING: Final = [
    "deleted a 1",
    "deleted b 2",
    "pushed x 1",
    "pushed y 2",
    "sold tea",
    "sold mug",
]
COUNTED: Final = (
    "hub: 2 events, 2 alerts, 1 skipped (not_json 1)\n"
    "k8s_audit: 2 events, 2 alerts\n"
    "shop: 2 events, 2 alerts\n"
)


def test_each_input_meets_the_rules_of_its_source(cwd: Path) -> None:
    done = rulec(*CALL, "audit.log", "hub.log", "shop.json", cwd=cwd)
    assert messages(done.out) == EVERYTHING
    assert done.err == "hub.log:2: the line is no JSON document\n" + COUNTED
    assert done.status == 0


def test_inputs_keep_their_order_and_events_their_numbers(cwd: Path) -> None:
    done = rulec(*CALL, "hub.log", "audit.log", "hub.log", "-q", cwd=cwd)
    expected = [
        "pushed x 1",
        "pushed y 2",
        "deleted a 1",
        "deleted b 2",
        "pushed x 3",
        "pushed y 4",
    ]
    assert messages(done.out) == expected


def test_a_built_module_knows_its_sources(cwd: Path) -> None:
    built = ("build", "rules.yaml", "--source-file", "hub.yaml", "--source-file", "shop.yaml")
    assert rulec(*built, "-o", "m.py", cwd=cwd).status == 0
    done = rulec("run", "-r", "m.py", "audit.log", "hub.log", "shop.json", cwd=cwd)
    assert messages(done.out) == EVERYTHING
    assert done.err.endswith(COUNTED)


def test_folders_compressed_files_and_standard_input_are_told_apart(cwd: Path) -> None:
    (cwd / "logs").mkdir()
    (cwd / "logs" / "1.gz").write_bytes(gzip.compress(lines(pushed("z")).encode()))
    (cwd / "logs" / "2").write_text(lines({"message": json.dumps(deleted("c"))}))
    done = rulec(*CALL, "logs", "-", cwd=cwd, stdin="oops\n" + lines(pushed("w")) * 3)
    assert sorted(messages(done.out)) == sorted(
        ["pushed z 1", "deleted c 1", "pushed w 2", "pushed w 3", "pushed w 4"]
    )
    assert done.err.startswith("-:1: the line is no JSON document\n")


def test_an_input_may_say_what_it_is(cwd: Path) -> None:
    (cwd / "odd.log").write_text('{"item": 1}\n' + lines(pushed("x")))
    done = rulec(*CALL, "hub=odd.log", cwd=cwd)
    assert messages(done.out) == ["pushed x 1"]
    assert done.err == (
        "odd.log:1: there is nothing at /pushed_at\n1 event, 1 alert, 1 skipped (no_time 1)\n"
    )
    # A file with such a name can be told from it.
    (cwd / "hub=1").write_text(lines(deleted("c")))
    assert messages(rulec(*CALL, "./hub=1", cwd=cwd).out) == ["deleted c 1"]
    assert messages(rulec(*CALL, "hub=-", cwd=cwd, stdin=lines(pushed("p"))).out) == ["pushed p 1"]
    assert rulec(*CALL, "nope=1", cwd=cwd).err.startswith("nope=1: cannot be read: No such file")


def test_only_the_sources_that_are_chosen_are_used(cwd: Path) -> None:
    done = rulec(*CALL, "--source", "hub", "hub.log", cwd=cwd)
    assert messages(done.out) == ["pushed x 1", "pushed y 2"]
    assert done.err.endswith("\n2 events, 2 alerts, 1 skipped (not_json 1)\n")
    done = rulec(*CALL, "--source", "hub", "--source", "shop", "hub.log", "audit.log", cwd=cwd)
    assert messages(done.out) == ["pushed x 1", "pushed y 2"]
    assert "audit.log: belongs neither to hub nor to shop\n" in done.err
    assert done.err.endswith(
        "no source: 0 events, 0 alerts, 1 unreadable input\n" + COUNTED.splitlines(True)[0]
    )
    assert done.status == 4
    done = rulec(*CALL, "--source", "hub", "k8s_audit=audit.log", cwd=cwd)
    assert "rulec run: 'k8s_audit=audit.log' is for k8s_audit, which --source leaves" in done.err
    assert done.status == 3


def test_what_cannot_be_read_keeps_nobody_else_from_being_read(cwd: Path) -> None:
    (cwd / "empty").touch()
    (cwd / "broken.gz").write_bytes(b"no gzip")
    done = rulec(*CALL, "missing", "empty", "broken.gz", "hub.log", cwd=cwd)
    assert messages(done.out) == ["pushed x 1", "pushed y 2"]
    assert "missing: cannot be read: No such file or directory\n" in done.err
    assert "broken.gz: cannot be read: " in done.err
    assert "no source: 0 events, 0 alerts, 2 unreadable inputs\n" in done.err
    assert done.status == 4


def test_what_may_be_of_two_sources_is_not_guessed(cwd: Path) -> None:
    (cwd / "any.yaml").write_text("source: any\nfields: [{name: any.a, pointer: /a}]\n")
    rule = RULES[RULES.index("- rule: Sold") :].replace("Sold", "Any").replace("shop", "any")
    (cwd / "rules.yaml").write_text(RULES + rule.replace("any.item", "any.a"))
    call = (*CALL, "--source-file", "any.yaml")
    done = rulec(*call, "hub.log", "audit.log", cwd=cwd)
    assert messages(done.out) == ["deleted a 1", "deleted b 2"]
    assert "hub.log: may belong to hub or to any: write SOURCE=INPUT to choose\n" in done.err
    assert done.status == 4


def test_several_processes_read_several_sources(cwd: Path) -> None:
    (cwd / "rules.yaml").write_text(RULES.replace(" %evt.num", ""))
    with mock.patch.object(jobs, "worth_sharing", return_value=True):
        done = rulec(*CALL, "-j", "2", "hub.log", "audit.log", "shop.json", cwd=cwd)
    expected = ["pushed x", "pushed y", "deleted a", "deleted b", "sold tea", "sold mug"]
    assert messages(done.out) == expected
    assert done.err.endswith(COUNTED)


# --- which source ---------------------------------------------------------------------

FALCO_ALERT: Final = {"output": "x", "rule": "r", "output_fields": {"proc.name": "sh"}}


def source_of(content: str | bytes, *candidates: EventSource) -> str | None:
    data = content if isinstance(content, bytes) else content.encode()
    return recognised(io.BytesIO(data), candidates)


def test_recognised() -> None:
    syscall, audit = JsonSource("syscall"), SOURCES["k8s_audit"]
    hub = JsonSource("hub", time="/pushed_at")
    everything = (hub, syscall, audit)
    assert source_of("", *everything) is None
    assert source_of(lines(deleted("a")), *everything) == "k8s_audit"
    assert source_of(json.dumps([[deleted("a")]], indent=1), *everything) == "k8s_audit"
    assert source_of(lines(FALCO_ALERT), *everything) == "syscall"
    assert source_of(lines({**FALCO_ALERT, "source": "syscall"}), *everything) == "syscall"
    assert source_of("oops\n{}\n[1]\n" + lines(pushed("x")), *everything) == "hub"
    for content in ("oops\n", lines({**FALCO_ALERT, "source": "k8s_audit"}), "[" * 9999):
        with pytest.raises(UnknownInputError, match="neither to hub nor to syscall nor to k8s"):
            source_of(content, *everything)


def test_no_more_than_the_beginning_is_looked_at() -> None:
    stream = io.BytesIO(b"{}\n" * HEAD + lines(deleted("a")).encode())
    with pytest.raises(UnknownInputError):
        recognised(stream, [SOURCES["k8s_audit"]])
    assert stream.tell() < 2 * HEAD


def test_kinds_can_be_told_by_their_first_bytes() -> None:
    capture = KINDS[1]._replace(begins=lambda head: head.startswith(b"\n\r\r\n"), holds=None)
    with mock.patch("rulec.runtime.recognition.KINDS", (*KINDS, capture)):
        everything = (SOURCES["k8s_audit"], JsonSource("syscall"))
        assert source_of(b"\n\r\r\n\0\0\x01{", *everything) == "syscall"
        assert source_of(lines(deleted("a")), *everything) == "k8s_audit"


# --- several that come in live ----------------------------------------------------------


@pytest.fixture
def pipes(cwd: Path) -> Iterator[list[IO[bytes]]]:
    """Make three pipes with names; their ends for writing can be opened once somebody reads."""
    for name in ("1.pipe", "2.pipe", "3.pipe"):
        os.mkfifo(cwd / name)
    assert is_live(str(cwd / "1.pipe"))
    opened: list[IO[bytes]] = []
    yield opened
    for pipe in opened:
        pipe.close()


def started(cwd: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, *CALL, *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_silent_input_keeps_no_other_waiting(cwd: Path, pipes: list[IO[bytes]]) -> None:
    with started(cwd, "1.pipe", "-", "audit.log", "2.pipe") as process:
        assert process.stdout
        assert process.stderr
        assert process.stdin

        def next_message() -> str:
            assert process.stdout
            (found,) = messages(process.stdout.readline().decode())
            return found

        try:
            assert [next_message(), next_message()] == ["deleted a 1", "deleted b 2"]
            second = (cwd / "2.pipe").open("wb", buffering=0)  # the first one has no writer yet
            pipes.append(second)
            second.write(lines(pushed("x")).encode())
            assert next_message() == "pushed x 1"
            process.stdin.write(lines(deleted("c")).encode()[:40])
            process.stdin.flush()  # half an event keeps nobody waiting, either
            second.write(lines(pushed("y"), pushed("z")).encode())
            assert [next_message(), next_message()] == ["pushed y 2", "pushed z 3"]
            process.stdin.write(lines(deleted("c")).encode()[40:])
            process.stdin.close()
            assert next_message() == "deleted c 3"
            second.close()
            first = (cwd / "1.pipe").open("wb", buffering=0)
            pipes.append(first)
            first.write(lines(deleted("d")).encode())
            assert next_message() == "deleted d 4"
            first.close()
            assert process.wait(20) == 0
            assert process.stderr.read() == (
                b"hub: 3 events, 3 alerts\nk8s_audit: 4 events, 4 alerts\n"
            )
        finally:
            process.kill()


def test_many_inputs_at_once_lose_nothing_and_keep_their_order(
    cwd: Path, pipes: list[IO[bytes]]
) -> None:
    count = 3000

    def write(number: int) -> None:
        with (cwd / f"{number}.pipe").open("wb") as pipe:
            for n in range(count):
                pipe.write(lines(deleted(f"{number}-{n}")).encode())

    with started(cwd, "1.pipe", "2.pipe", "3.pipe", "k8s_audit=-") as process:
        writers = [threading.Thread(target=write, args=(number,)) for number in (1, 2, 3)]
        for writer in writers:
            writer.start()
        out, err = process.communicate(b"oops\n", 60)
        for writer in writers:
            writer.join()
    found = [message.split()[1].split("-") for message in messages(out.decode())]
    for number in (1, 2, 3):
        assert [int(n) for pipe, n in found if pipe == str(number)] == list(range(count))
    numbers = [int(message.split()[2]) for message in messages(out.decode())]
    assert sorted(numbers) == list(range(1, 3 * count + 1))
    assert err == (
        b"-:1: the line is no JSON document\n9,000 events, 9,000 alerts, 1 skipped (not_json 1)\n"
    )


def test_a_run_ends_when_nobody_reads_its_alerts(cwd: Path, pipes: list[IO[bytes]]) -> None:
    with started(cwd, "1.pipe", "2.pipe") as process:
        assert process.stdout
        process.stdout.close()
        pipes.append((cwd / "1.pipe").open("wb", buffering=0))
        pipes[0].write(lines(deleted("a")).encode())
        assert process.wait(20) == 0  # though the second one never says anything


# Whoever runs the tests may ignore Ctrl-C.
INTERRUPTIBLE: Final = """
import signal
from rulec.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_ctrl_c_ends_a_run_whose_inputs_are_silent(cwd: Path, pipes: list[IO[bytes]]) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, *CALL, "1.pipe", "2.pipe", "audit.log"]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr
            assert process.stderr.read() == b""
        finally:
            process.kill()


def test_ctrl_c_ends_a_run_whose_alerts_nobody_reads(cwd: Path, pipes: list[IO[bytes]]) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, *CALL, "1.pipe", "2.pipe"]
    with subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE) as process:
        try:
            pipe = (cwd / "1.pipe").open("wb", buffering=0)
            pipes.append(pipe)
            os.set_blocking(pipe.fileno(), False)
            while select.select([], [pipe], [], 1)[1]:  # until it reads no more
                pipe.write(lines(deleted("a")).encode())
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()


def test_turns_are_taken_one_by_one() -> None:
    turns, order, busy = Turns(), [], []

    def work(name: int) -> None:
        with turns.taken():
            for _ in range(50):
                busy.append(name)
                order.append(len(busy))
                busy.pop()
                turns.between()
                turns.waiting(lambda: None)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == [1] * 200
    turns.stop()
    with pytest.raises(StoppedError):
        turns.take()
    with pytest.raises(StoppedError):  # whoever is turned away keeps nobody waiting
        turns.take()
