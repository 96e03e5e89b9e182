"""Audit logs on the command line and in the library."""

import gzip
import io
import json
from pathlib import Path

import pytest
from audit_records import Machine
from click.testing import CliRunner, Result

from rulec import compile_ruleset
from rulec.cli import cli
from rulec.runtime import jobs
from rulec.runtime.events import EventError

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "samples" / "auditd"
LOG = SAMPLE / "audit.log"
RULES = SAMPLE / "rules.yaml"

FIRED = [
    "Shadow File Opened",
    "Shell Started By An Interpreter",
    "Unusual Connection From A Session",
    "Shell History Moved",
    "Kernel Module Loaded",
]


def rulec(*arguments: str | Path, given: bytes = b"") -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], input=given)


def run(*inputs: str | Path, given: bytes = b"") -> Result:
    return rulec("run", "-r", RULES, "--format", "json", *inputs, given=given)


def rules_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line)["rule"] for line in result.stdout.splitlines()]


def test_rules_fire_on_an_audit_log() -> None:
    result = run(LOG)
    assert rules_of(result) == FIRED
    assert result.stderr == "14 events, 5 alerts\n"


def test_other_ways_to_give_it(tmp_path: Path) -> None:
    content = LOG.read_bytes()
    packed = tmp_path / "audit.log.1.gz"
    packed.write_bytes(gzip.compress(content))
    assert rules_of(run(packed)) == FIRED
    assert rules_of(run("-", given=content)) == FIRED
    assert rules_of(run("-j", "2", LOG)) == FIRED
    lines = content.splitlines(True)
    shipped = b"".join(b"node=web-1 " + line for line in lines)
    assert rules_of(run("-", given=shipped)) == FIRED
    plain = b"".join(line.partition(b"\x1d")[0].rstrip() + b"\n" for line in lines)
    assert rules_of(run("-", given=plain)) == FIRED


def test_an_alert() -> None:
    alert = json.loads(run(LOG).stdout.splitlines()[2])
    assert alert["time"] == "2026-03-02T09:30:30.326000000Z"
    assert alert["source"] == "syscall"
    assert alert["output_fields"] == {
        "evt.time": 1_772_443_830_326_000_000,
        "fd.l4proto": "tcp",
        "fd.sip": "203.0.113.7",
        "fd.sport": 4444,
        "proc.cmdline": "nc 203.0.113.7 4444",
        "user.name": "alice",
    }


def test_a_log_that_was_rotated(tmp_path: Path) -> None:
    """Who started what is known from the older file."""
    lines = LOG.read_bytes().splitlines(True)
    place = next(n for n, line in enumerate(lines) if b":4107)" in line)
    for name, part in (("audit.log.1", lines[:place]), ("audit.log", lines[place:])):
        (tmp_path / name).write_bytes(b"".join(part))
    files = (tmp_path / "audit.log.1", tmp_path / "audit.log")
    assert rules_of(run(*files)) == FIRED


def test_one_process_reads_logs_that_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else could know who started what in the file before."""
    monkeypatch.setattr(jobs, "WORTH", 1)
    event = b'{"evt.type": "open", "evt.rawtime": 1}\n'
    for name, content in (("a", LOG.read_bytes()), ("b", event * 500), ("c", event * 500)):
        (tmp_path / name).write_bytes(content)
    logs, others = [str(tmp_path / "a")] * 2, [str(tmp_path / name) for name in "bc"]
    assert jobs.worth_sharing(others, size=1000)
    assert not jobs.worth_sharing(logs, size=1000)
    assert not jobs.worth_sharing([*others, logs[0]], size=1000)
    assert not jobs.worth_sharing([str(tmp_path / "none")], size=1000)


def test_damage_is_told_with_its_place(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    lines = LOG.read_bytes().splitlines(True)
    lines[30:30] = [b"\xff\0type\n", b"type=SYSCALL msg=audit(1772443821.700:1): arch=c000003e\n"]
    log.write_bytes(b"".join(lines) + lines[0][:30])
    result = run(log)
    assert rules_of(result) == FIRED
    assert result.stderr.splitlines() == [
        f"{log}:31: the line is no audit record",
        f"{log}:32: the SYSCALL record has no pid",
        f"{log}:77: the line is no audit record",
        "14 events, 5 alerts, 3 skipped (no_pid 1, not_audit 2)",
    ]


def test_compiled_rules(tmp_path: Path) -> None:
    module = tmp_path / "compiled.py"
    assert rulec("build", RULES, "-o", module).exit_code == 0
    result = rulec("run", "-r", module, "--format", "json", LOG)
    assert rules_of(result) == FIRED


def test_the_library_reads_a_stream_of_lines() -> None:
    matcher = compile_ruleset([RULES]).matcher("syscall")
    numbering = matcher.source.documents.new_run()
    found = []
    with LOG.open("rb") as stream:
        for number, outcome in matcher.lines(stream, numbering):
            assert not isinstance(outcome, EventError)
            found += [(number, alert.rule) for alert in outcome.alerts]
    assert [rule for _, rule in found] == FIRED
    lines = LOG.read_bytes().splitlines()
    assert all(lines[number - 1].startswith(b"type=SYSCALL") for number, _ in found)


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_both_architectures(arch: str) -> None:
    machine = Machine(arch)
    lines = machine.event(
        "openat", [0xFFFFFF9C], result=3, comm="less", items=[("/etc/gshadow", "NORMAL")]
    )
    matcher = compile_ruleset([RULES]).matcher("syscall")
    stream = io.BytesIO(b"".join(lines))
    ((_, outcome),) = matcher.lines(stream, matcher.source.documents.new_run())
    assert not isinstance(outcome, EventError)
    assert [alert.rule for alert in outcome.alerts] == FIRED[:1]
