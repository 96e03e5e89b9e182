"""The benchmark of captures measures what it says."""

import gzip
import io
import sys
from itertools import islice
from pathlib import Path

import capture
import pytest
import scap
import syscalls

from rulec.runtime.sources.syscall.capture.reader import Capture

RULES = """\
- rule: Passwords
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: "%proc.name %fd.name"
  priority: WARNING
"""

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="there is no such /proc"
)


def read(data: bytes) -> list[tuple[int, str, str]]:
    found = Capture(io.BytesIO(data))
    events = [(event.time, event["evt.type"], event["proc.name"]) for event in found]
    assert (found.failed_blocks, found.unknown_shapes, found.notices) == (0, 0, [])
    return events


def test_the_capture_that_is_made_up() -> None:
    events = read(capture.made(3000))
    assert len(events) == 3000
    assert events == read(capture.made(3000))
    types = {type_ for _, type_, _ in events}
    assert {"read", "write", "futex", "openat", "connect", "clone", "execve", "procexit"} <= types
    # Every thread is known: there are no events of strangers, whose names nobody knows.
    assert "<NA>" not in {name for _, _, name in events}


def test_about_one_event_of_a_hundred_is_interesting() -> None:
    steps = list(islice(syscalls.steps(), 20_000))
    shadows = sum(parameters.get("name") == "/etc/shadow" for _, parameters, _ in steps)
    shells = sum(parameters.get("exe") == "/bin/sh" for _, parameters, _ in steps)
    questions = sum("169.254" in str(p.get("addr")) for _, p, _ in steps)
    assert 0.005 < (shadows + shells + questions) / len(steps) < 0.015


@pytest.mark.parametrize("order", ["little", "big"])
def test_a_capture_is_repeated_with_later_times(order: str) -> None:
    whole = scap.written(
        [scap.opened(5, "/a"), scap.step("SYSCALL_CLOSE_X", res=0, fd=5)], order=order
    )
    found = b"".join(capture.repeated(capture.split(whole), 5))
    events = read(found)
    assert [type_ for _, type_, _ in events] == ["open", "close"] * 3
    times = [time for time, _, _ in events]
    assert times == sorted(set(times))
    assert times[:2] == [time for time, _, _ in read(whole)]


@needs_proc
@pytest.mark.parametrize("markdown", [False, True])
def test_the_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    markdown: bool,
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    given = tmp_path / "given.scap.gz"
    given.write_bytes(gzip.compress(scap.written([scap.opened(5, "/etc/shadow")])))
    call = ["capture.py", "--rounds", "1", "--rules", str(tmp_path / "rules.yaml")]
    call += ["--events", "60", "--short", "20", "--long", "40"]
    call += ["--markdown"] if markdown else ["--capture", str(given)]
    monkeypatch.setattr(sys, "argv", call)
    capture.main()
    title, shares, *lines = capsys.readouterr().out.splitlines()
    assert title.startswith("60 events, 0 MB, ")
    if not markdown:
        assert title.endswith("MB, 60 alerts")
        assert shares == "open 100.0 %"
    for way in capture.WAYS:
        assert sum(way in line and line.removeprefix("| ").startswith(way + " ") for line in lines)
    short, long = lines[-2:]
    assert "20 events" in short
    assert "40 events" in long
    assert 5 < float(long.strip("| ").split()[-1]) < 150
