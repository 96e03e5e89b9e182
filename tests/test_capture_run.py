"""``rulec run`` and ``rulec profile`` on captures: files, pipes, several processes."""

import gzip
import io
import json
import os
import select
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rule_events import audit_event
from scap import START, clone, execve, opened, step, written
from test_capture_blocks import number, old_event
from test_capture_state import SOCKET, connect

from rulec import compile_ruleset
from rulec.cli import cli
from rulec.runtime.matcher import Matcher

ROOT = Path(__file__).resolve().parent.parent

RULES = """\
- rule: Shadow
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow
  output: "%evt.num %proc.name %fd.name"
  priority: WARNING
- rule: Program
  desc: d
  condition: evt.type = execve and proc.aname = init
  output: "%proc.cmdline of %proc.pname"
  priority: INFO
"""

STEPS = [opened(5, "/etc/shadow"), clone(200), execve(200, "/usr/bin/id", "-u"), opened(6, "/a")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "trace.scap").write_bytes(written(STEPS))
    return tmp_path


def rulec(command: str, place: Path, *arguments: str, given: bytes | None = None) -> Result:
    call = [command, "-r", str(place / "rules.yaml"), *arguments]
    return CliRunner().invoke(cli, call, input=given)


def messages(result: Result) -> list[str]:
    return [line.split(" ", 2)[2] for line in result.stdout.splitlines()]


ALERTS = ["1 bash /etc/shadow", "id -u of bash"]


@pytest.mark.parametrize("name", ["trace.scap", "trace.scap.gz", "trace.gz", "compressed.scap"])
def test_files(place: Path, name: str) -> None:
    data = written(STEPS)
    (place / name).write_bytes(data if name == "trace.scap" else gzip.compress(data))
    result = rulec("run", place, str(place / name))
    assert (messages(result), result.exit_code) == (ALERTS, 0)
    assert result.stderr.splitlines()[-1] == "4 events, 2 alerts"


def test_standard_input(place: Path) -> None:
    assert messages(rulec("run", place, "-", given=written(STEPS))) == ALERTS
    assert messages(rulec("run", place, "-", given=gzip.compress(written(STEPS)))) == ALERTS


def test_a_capture_begins_anew(place: Path) -> None:
    result = rulec("run", place, *[str(place / "trace.scap")] * 2)
    assert messages(result) == ALERTS * 2
    assert result.stderr.splitlines()[-1] == "8 events, 4 alerts"


@pytest.mark.parametrize(
    ("condition", "output"),
    [
        ("evt.type = write", "%fd.connected"),
        ("evt.type = write and fd.connected = true", "true"),
    ],
)
def test_what_only_some_fields_depend_on_is_kept_up_for_them(
    place: Path, condition: str, output: str
) -> None:
    """Whether a connection is made is spared where no rule asks; here one does."""
    rule = (
        f'- rule: r\n  desc: d\n  condition: {condition}\n  output: "{output}"\n  priority: INFO\n'
    )
    (place / "rules.yaml").write_text(rule)
    steps = [SOCKET, connect(-115), step("SYSCALL_WRITE_X", res=1, data=b"x", fd=4, size=1)]
    (place / "net.scap").write_bytes(written(steps))
    assert messages(rulec("run", place, str(place / "net.scap"))) == ["true"]
    matcher = compile_ruleset(place / "rules.yaml").matcher("syscall")
    (_, outcome), *_ = lines_of(matcher, steps)
    assert [alert.message for alert in outcome.alerts] == ["true"]
    matcher._members = frozenset({"evt.type"})  # as if nobody asked
    assert [o for _, o in lines_of(matcher, steps) if o.alerts] != [outcome]


def test_the_sample_gives_the_same_alerts_if_everything_is_kept_up() -> None:
    matcher = compile_ruleset(ROOT / "rules").matcher("syscall")
    data = (ROOT / "docs" / "samples" / "attack.scap").read_bytes()
    assert matcher._members is not None
    assert matcher._members.isdisjoint({"fd.connected", "proc.vmsize"})
    found = []
    for members in (matcher._members, None):
        matcher._members = members
        lines = matcher.lines(io.BytesIO(data), matcher.source.documents.new_run())
        found.append([alert.text() for _, outcome in lines for alert in outcome.alerts])
    assert found[0] == found[1]
    assert len(found[0]) == 18


def lines_of(matcher: Matcher, steps: list[Any]) -> list[Any]:
    run = matcher.source.documents.new_run()
    found = matcher.lines(io.BytesIO(written(steps)), run)
    return [(number, outcome) for number, outcome in found if outcome.alerts]


def test_captures_beside_dictionaries(place: Path) -> None:
    event = {"evt.type": "open", "fd.name": "/etc/shadow", "proc.name": "cat", "evt.time": START}
    (place / "calls.jsonl").write_text(json.dumps(event) + "\n")
    result = rulec("run", place, str(place / "trace.scap"), str(place / "calls.jsonl"))
    assert messages(result)[:2] == ALERTS
    assert messages(result)[2].endswith("cat /etc/shadow")


def test_damage_is_told_with_its_place(place: Path) -> None:
    path = place / "trace.scap"
    path.write_bytes(written(STEPS)[:-10])
    result = rulec("run", place, str(path))
    assert messages(result) == ALERTS
    place_, _, detail = result.stderr.splitlines()[-2].partition(": ")
    assert place_ == f"{path}:3"
    assert detail.startswith("a block has no end, at byte ")
    assert result.stderr.splitlines()[-1] == "3 events, 2 alerts, 1 skipped (damaged 1)"


def test_several_processes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rulec.runtime import jobs

    monkeypatch.setattr(jobs, "WORTH", 0)
    other = RULES.replace("%evt.num ", "")
    (place / "rules.yaml").write_text(other)
    names = []
    for count in range(3):
        path = place / f"{count}.scap"
        # Brackets where lines seem to begin: a capture is never cut.
        path.write_bytes(written([*STEPS, *[opened(7, "}\n{\n")] * 200]))
        names.append(str(path))
    alone, shared = rulec("run", place, *names), rulec("run", place, "-j", "2", *names)
    assert shared.stdout == alone.stdout
    assert len(messages(shared)) == 6
    assert shared.stderr == alone.stderr


def test_enter_events(place: Path) -> None:
    path = place / "old.scap"
    data = written() + old_event("SYSCALL_OPEN_E", b"/etc/shadow\0", number(1, 4), number(0, 4))
    path.write_bytes(data + old_event("SYSCALL_OPEN_X", number(3), b"/etc/shadow\0", b"", b""))
    (place / "rules.yaml").write_text(
        RULES.replace("fd.name = /etc/shadow", "evt.arg.name = /etc/shadow")
    )
    assert len(messages(rulec("run", place, str(path)))) == 1
    assert len(messages(rulec("run", place, "--enter-events", str(path)))) == 2


def test_rules_about_all_types(place: Path) -> None:
    text = RULES.replace("evt.type in (open, openat) and ", "").replace("evt.num", "evt.type")
    (place / "rules.yaml").write_text(text)
    assert messages(rulec("run", place, str(place / "trace.scap")))[0] == "open bash /etc/shadow"


def test_profiles(place: Path) -> None:
    result = rulec("profile", place, "--format", "json", str(place / "trace.scap"))
    assert result.exit_code == 0
    profile = json.loads(result.stdout)
    assert profile["events"] == 4
    assert sum(rule["matches"] for rule in profile["rules"]) == 2


def test_calls_without_a_kind_of_their_own(place: Path) -> None:
    text = RULES.replace(
        "evt.type in (open, openat) and fd.name = /etc/shadow", "evt.type = madvise"
    )
    (place / "rules.yaml").write_text(text.replace("%evt.num %proc.name %fd.name", "%evt.type"))
    path = place / "generic.scap"
    path.write_bytes(written([step("GENERIC_X", ID=0, nativeID=28), step("GENERIC_X", ID=3)]))
    assert messages(rulec("run", place, str(path))) == ["madvise"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_alerts_appear_as_events_come(place: Path, compressed: bool, named: bool) -> None:
    first, rest = written(STEPS[:1]), written(STEPS)[len(written(STEPS[:1])) :]
    if compressed:
        packer = zlib.compressobj(wbits=31)
        first = packer.compress(first) + packer.flush(zlib.Z_SYNC_FLUSH)
        rest = packer.compress(rest) + packer.flush()
    given = "-"
    if named:
        given = str(place / "pipe")
        os.mkfifo(given)
    call = [sys.executable, "-m", "rulec", "run", "-q", "-r", str(place / "rules.yaml"), given]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # Nobody who opens a pipe for both waits for the other side, which may have ended.
        with open(given, "r+b", buffering=0) if named else process.stdin as pipe:  # noqa: PTH123
            pipe.write(first)
            pipe.flush()
            # The next event is only written when the alert of this one has come.
            assert select.select([process.stdout], [], [], 60)[0], "nothing comes"
            lines = [process.stdout.readline()]
            pipe.write(rest)
        lines += process.stdout.readlines()
    assert [line.decode().rstrip().split(" ", 2)[2] for line in lines] == ALERTS


def test_both_streams_at_once(place: Path) -> None:
    rules = """\
- rule: Deleted
  desc: d
  condition: ka.verb = delete
  output: "%ka.user.name"
  priority: INFO
  source: k8s_audit
"""
    (place / "rules.yaml").write_text(RULES + rules)
    (place / "audit.jsonl").write_text(json.dumps(audit_event(verb="delete", user="eve")) + "\n")
    for inputs in (["audit.jsonl", "trace.scap"], ["trace.scap", "audit.jsonl"]):
        result = rulec("run", place, *(str(place / name) for name in inputs))
        assert sorted(messages(result)) == sorted([*ALERTS, "eve"])
        assert sorted(result.stderr.splitlines()) == [
            "k8s_audit: 1 event, 1 alert",
            "syscall: 4 events, 2 alerts",
        ]
