"""Captures with anything wrong in them are read and matched: nothing is raised, nothing takes long.

``RULEC_FUZZ=20000 pytest -m fuzz tests/test_fuzz_captures.py -s`` tries that many
mutants; ``fuzzing.py`` says how.
"""

import gzip
import io
import struct
import time
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Final

import capture
import conformance
import pytest
from capture_mutations import mutant
from fuzzing import FUZZ, SEED, Fuzzing, Outcome, try_mutants
from hypothesis import given, settings
from hypothesis import strategies as st
from scap import DOCKER, START, captured, machine, step, thread, written
from test_capture_blocks import STEPS, number, old_event

from rulec.api import build_files
from rulec.runtime import Ruleset
from rulec.runtime.events import EventError
from rulec.runtime.loading import execute
from rulec.runtime.sources.syscall.capture import blocks
from rulec.runtime.sources.syscall.capture.events import Kind, kinds
from rulec.runtime.sources.syscall.capture.stream import Inflater
from rulec.runtime.sources.syscall.capture.writer import block
from rulec.text import File

SECONDS: Final = 1.0  # of CPU time: more than this must no mutant take
SMALL: Final = 20_000  # bytes: only so small are those that are tried every time

# How many captures each property test reads.
EXAMPLES = settings(
    max_examples=max(100, FUZZ // 10), derandomize=not FUZZ, database=None, deadline=None
)

EVERY_FIELD = (
    "evt.args", "evt.arg.name", "evt.category", "evt.buflen", "proc.aname", "proc.cmdline",
    "proc.sname", "proc.ppid", "proc.fdusage", "fd.name", "fd.directory", "fd.net", "fd.lip",
    "fd.rport", "fd.containername", "fs.path.name", "fs.path.target", "user.name", "group.name",
    "container.id", "container.mounts", "container.mount.dest[*]", "k8s.ns.name",
    "thread.cap_effective", "proc.duration", "evt.abspath", "fdlist.names", "evt.time",
)  # fmt: skip

# Rules that look at what most events have, and show it.
RULES: Final = """\
- rule: Opened
  desc: d
  condition: evt.type in (open, openat, openat2, creat) and fd.name startswith /
  output: "%evt.args %fd.name %fd.nameraw %fs.path.name %proc.cwd"
  priority: INFO
- rule: Connected
  desc: d
  condition: evt.type in (connect, accept, accept4, sendto) and not fd.net = 127.0.0.0/8
  output: "%fd.name %fd.lip %fd.rport %fd.l4proto %evt.args"
  priority: INFO
- rule: Started
  desc: d
  condition: evt.type in (execve, execveat, clone, clone3, fork, vfork) and proc.name exists
  output: "%proc.cmdline %proc.aname[2] %proc.env %container.id %container.image.repository %evt.args"
  priority: INFO
- rule: Ended
  desc: d
  condition: evt.type = procexit and proc.duration >= 0
  output: "%proc.duration %proc.fdopencount %user.name %thread.cap_effective"
  priority: INFO
"""


@cache
def ruleset() -> Ruleset:
    return execute(build_files([File("rules.yaml", RULES)]).code)


def examined(data: bytes, *, enter_events: bool) -> int:
    """Read whatever it is, and ask for fields: nothing may be raised."""
    found_all = captured(data, enter_events=enter_events)
    found = 0
    for event in found_all:
        found += 1
        for field in EVERY_FIELD:
            event[field]
    assert len(found_all.notices) <= 110
    return found


def matched(data: bytes) -> tuple[int, int, int]:
    """Match whatever it is; return how many events, alerts and complaints there are."""
    matcher = ruleset().matcher("syscall")
    run = matcher.source.documents.new_run()
    alerts = complaints = 0
    for _, outcome in matcher.lines(io.BytesIO(data), run):
        if isinstance(outcome, EventError):
            complaints += 1
            assert "\n" not in str(outcome)
        else:
            for alert in outcome.alerts:
                assert "\n" not in alert.text()
                alert.json()
                alerts += 1
    return run.count, alerts, complaints


def examine(contents: Sequence[bytes]) -> Outcome:
    """Read a mutant with every field and match it; the longest of the ways counts."""
    (data,) = contents
    taken = []
    for enter_events in (False, True):
        start = time.process_time()
        examined(data, enter_events=enter_events)
        taken.append(time.process_time() - start)
    start = time.process_time()
    events, _, complaints = matched(data)
    taken.append(time.process_time() - start)
    what = "some events" if events else "no events"
    return Outcome(f"{what}, {'with' if complaints else 'no'} complaints", max(taken))


# --- the seeds ----------------------------------------------------------------------


def seed(order: str = "little") -> bytes:
    inside = thread(300, "sh", cgroups=[f"cpu=/docker/{DOCKER}"])
    described = '{"container": {"id": "1f2e3d4c5b6a", "type": 0, "Mounts": [{"Source": "/"}]}}'
    steps = [
        step("CONTAINER_JSON_2_E", -1, json=described),
        *STEPS,
        step(
            "SYSCALL_RENAMEAT2_X", 300, res=0, olddirfd=5, oldpath="a", newdirfd=-100, newpath="b"
        ),
        step("SYSCALL_POLL_X", res=1, fds=((6, 1), (9, 4)), timeout=5),
        step("PROCEXIT_1_E", 200, status=0, ret=0, sig=9, core=0, reaper_tid=1),
        step("SYSCALL_DUP3_X", res=9, oldfd=6, newfd=9, flags=0x1000),
    ]
    return written(steps, machine(inside), order)


WHOLE = seed() + old_event("SYSCALL_CLOSE_X", number(0))


def own_seeds() -> list[bytes]:
    return [WHOLE, seed("big"), capture.made(120)]


def recorded() -> list[bytes]:
    """Return the recorded captures, not compressed."""
    folder = conformance.folder() / "syscall" / "scap"
    paths = sorted(path for path in folder.rglob("*.scap") if path.parent.name != "stock")
    return [b"".join(iter(Inflater(io.BytesIO(path.read_bytes())).read, b"")) for path in paths]


def fuzzing(seeds: Sequence[bytes]) -> Fuzzing:
    """Return how mutants of captures are made and looked at."""

    def make(number: int) -> list[bytes]:
        return [mutant(seeds, Random(f"{SEED}/{number}"))]

    return Fuzzing(make, examine, ".scap", SECONDS)


def test_the_seeds_are_sound() -> None:
    for data in own_seeds():
        events, alerts, complaints = matched(data)
        assert events > 5
        assert alerts
        assert not complaints
        assert matched(gzip.compress(data)) == (events, alerts, 0)


@pytest.mark.fuzz
def test_mutants(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = own_seeds()
    try_mutants(fuzzing(seeds), capsys, 200, SMALL)


@pytest.mark.fuzz
@pytest.mark.conformance
def test_mutants_of_recorded_captures(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = recorded()
    try_mutants(fuzzing(seeds), capsys, 100, SMALL)


# --- anything at all ----------------------------------------------------------------


@pytest.mark.fuzz
@given(st.binary(max_size=400), st.booleans())
@EXAMPLES
def test_any_bytes(tail: bytes, enter_events: bool) -> None:
    examined(tail, enter_events=enter_events)
    examined(WHOLE + tail, enter_events=enter_events)


@pytest.mark.fuzz
@given(st.sampled_from([kind for kind in kinds() if kind is not None]), st.data())
@EXAMPLES
def test_any_parameters(kind: Kind, data: st.DataObject) -> None:
    count = len(kind.parameters)
    parts = data.draw(st.lists(st.binary(max_size=24), min_size=count, max_size=count))
    width = 4 if kind.code in blocks.LARGE else 2
    lengths = b"".join(len(part).to_bytes(width, "little") for part in parts)
    size = 26 + len(lengths) + sum(map(len, parts))
    head = struct.pack("<HQqIHI", 0, START, 100, size, kind.code, len(parts))
    body = head + lengths + b"".join(parts)
    examined(WHOLE + block(blocks.EVENT, body) * 2, enter_events=True)
