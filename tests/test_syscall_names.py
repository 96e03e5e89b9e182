"""Alerts about system calls have names, too, and go to HTTP servers under them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from http_server import serving
from scap import START, clone, execve, opened, written

from rulec.cli import cli
from rulec.runtime.identity import event_key
from rulec.runtime.sources.syscall.dictionaries import FieldEvent
from rulec.runtime.sources.syscall.events import SyscallEvent

RULES = """\
- rule: Opened
  desc: d
  condition: evt.type in (open, openat) and fd.name startswith /
  output: "%proc.name %fd.name"
  priority: WARNING
- rule: Started
  desc: d
  condition: evt.type = execve
  output: "%proc.cmdline"
  priority: INFO
"""

STEPS = [opened(5, "/a"), opened(6, "/a"), clone(200), execve(200, "/usr/bin/id", "-u")]

CALL = {"evt.type": "open", "evt.time": START, "proc.name": "cat", "fd.name": "/a", "fd.num": 3}

RECORDS = """\
type=SYSCALL msg=audit(1700000000.000:7): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=0 items=1 ppid=1 pid=9 auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 comm="id" exe="/usr/bin/id" key=(null)
type=EXECVE msg=audit(1700000000.000:7): argc=1 a0="id"
type=EOE msg=audit(1700000000.000:7):
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def sent(place: Path, name: str, data: bytes, *options: str) -> list[dict[str, Any]]:
    """Return what a server gets when rules run over an input."""
    (place / name).write_bytes(data)
    with serving() as server:
        call = ["run", "-r", str(place / "rules.yaml"), f"--output=http:{server.url}", *options]
        result = CliRunner().invoke(cli, [*call, str(place / name)])
        assert result.exit_code == 0, result.output
        return list(server.bodies)


def names(*given: Any) -> list[str]:
    return [body["uuid"] for body in sent(*given)]


def test_captures(place: Path) -> None:
    bodies = sent(place, "a.scap", written(STEPS))
    assert [body["output"].split(" ", 2)[2] for body in bodies] == ["bash /a", "bash /a", "id -u"]
    assert len({body["uuid"] for body in bodies}) == 3
    again = [body["uuid"] for body in bodies]
    assert names(place, "b.scap.gz", gzip.compress(written(STEPS))) == again
    assert names(place, "c.scap", written(STEPS[:1])) == again[:1]
    assert names(place, "d.scap", written([opened(5, "/b")])) != again[:1]


def test_field_dictionaries(place: Path) -> None:
    other = CALL | {"fd.num": 4}
    (one, two) = names(place, "a.jsonl", f"{json.dumps(CALL)}\n{json.dumps(other)}\n".encode())
    turned = json.dumps([dict(reversed(other.items())), CALL], indent=1)
    assert one != two
    assert names(place, "b.jsonl", turned.encode()) == [two, one]


def test_audit_logs(place: Path) -> None:
    (one,) = names(place, "audit.log", RECORDS.encode())
    assert names(place, "again.log", RECORDS.encode()) == [one]
    assert names(place, "other.log", RECORDS.replace(":7)", ":8)").encode()) != [one]


def test_odd_values_have_names() -> None:
    made = [FieldEvent({"evt.buffer": value}, START) for value in (b"a", "a", b"\xff", 1, None)]
    keys = {event_key(event) for event in made}
    assert len(keys) == 5
    assert event_key(SyscallEvent(START, 1)) != event_key(SyscallEvent(START, 2))
