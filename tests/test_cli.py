"""The command line, as people and scripts meet it."""

import contextlib
import gzip
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from conformance import cases, folder
from rule_events import audit_event

from rulec import compile_ruleset
from rulec.cli import main
from rulec.runtime.loading import load

# Long enough for whatever a busy machine has to do, in seconds.
LONG = 60

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "samples" / "audit.jsonl"

RULES = """\
- macro: deleted
  condition: ka.verb = delete and ka.stage = ResponseComplete
- rule: Secret Deleted
  desc: Somebody deleted a secret.
  condition: deleted and ka.target.resource = secrets
  output: Secret deleted (user=%ka.user.name secret=%ka.target.name uid=%ka.auditid)
  priority: WARNING
  source: k8s_audit
  tags: [secrets, k8s]
- rule: Something Deleted
  desc: Somebody deleted something.
  condition: deleted
  output: Deleted (user=%ka.user.name resource=%ka.target.resource)
  priority: INFO
  source: k8s_audit
"""

SECRET = audit_event(verb="delete", resource="secrets", name="db", user="eve")
POD = audit_event(verb="delete", resource="pods", user="bob")
QUIET = audit_event(verb="get")

TIME = "09:15:00.012345000"
SECRET_ALERT = (
    f"{TIME}: Warning Secret deleted (user=eve secret=db uid=3f0c1f6e-8d0a-4b5c-9a53-7d5f0c2b1a10)"
)
POD_ALERT = f"{TIME}: Informational Deleted (user=bob resource=pods)"


def lines(*events: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in events)


@dataclass(frozen=True)
class Done:
    """What a call printed, and its exit status."""

    out: str
    err: str
    status: int

    @property
    def alerts(self) -> list[str]:
        return self.out.splitlines()


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """Return a folder with rules and a log in it."""
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    (tmp_path / "audit.log").write_text(lines(SECRET, QUIET, POD), "utf-8")
    return tmp_path


ENVIRONMENT = {**os.environ, "TZ": "UTC", "FALCO_HOSTNAME": "node-1", "PYTHONUNBUFFERED": ""}
COMMAND = [sys.executable, "-m", "rulec"]


@pytest.fixture(autouse=True, scope="module")
def elsewhere() -> Iterator[None]:
    """Let the machine be somewhere else, with another name."""
    with mock.patch.dict(os.environ, ENVIRONMENT):
        time.tzset()
        yield
    time.tzset()


def rulec(*arguments: object, cwd: Path, stdin: str | bytes = "") -> Done:
    """Call the command line in this process; anything but an exit is passed on."""
    given = io.BytesIO(stdin.encode("utf-8", "surrogatepass") if isinstance(stdin, str) else stdin)
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", newline="")
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(given, "utf-8")),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        pytest.raises(SystemExit) as leaving,
    ):
        main([*map(str, arguments)])
    assert isinstance(leaving.value.code, int)
    printed = []
    for stream in (out, err):
        stream.seek(0)
        printed.append(stream.read())
    return Done(*printed, leaving.value.code)


def process(*arguments: object, cwd: Path, stdin: str = "", **environment: str) -> Done:
    """Call the command line in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        input=stdin.encode(),
        capture_output=True,
        timeout=LONG,
    )
    return Done(done.stdout.decode(), done.stderr.decode(), done.returncode)


# --- help and wrong usage -------------------------------------------------------------


def test_version(cwd: Path) -> None:
    done = rulec("--version", cwd=cwd)
    assert re.fullmatch(r"rulec \d+\.\d+\.\d+\S*\n", done.out)
    assert (done.err, done.status) == ("", 0)


@pytest.mark.parametrize("call", [["--help"], ["-h"], []])
def test_help(call: list[str], cwd: Path) -> None:
    done = rulec(*call, cwd=cwd)
    shown = done.out + done.err
    for command in ("build", "check", "fields", "profile", "run"):
        assert re.search(rf"^  {command}  +[A-Z].*\.$", shown, re.MULTILINE)
    assert done.status == 0 or not call


@pytest.mark.parametrize("command", ["build", "check", "fields", "profile", "run"])
def test_help_of_a_command(command: str, cwd: Path) -> None:
    done = rulec(command, "--help", cwd=cwd)
    assert done.out.startswith(f"Usage: rulec {command} [OPTIONS]")
    assert (done.err, done.status) == ("", 0)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("nope", "rulec: there is no command 'nope'"),
        ("runn", "there is no command 'runn', did you mean 'run'?"),
        ("run", "rulec run: Missing option '-r'"),
        ("run -r", "'-r' requires an argument"),
        ("run -r rules.yaml --nope", "rulec run: No such option"),
        ("run -r rules.yaml --format xml", "rulec run: Invalid value for '--format': 'xml'"),
        ("run -r rules.yaml --time-format x", "rulec run: Invalid value for '--time-format'"),
        ("run -r rules.yaml --rule-matching some", "Invalid value for '--rule-matching'"),
        ("run -r rules.yaml --priority loud", "Invalid value for '--priority': 'loud'"),
        ("run -r rules.yaml --source nope", "Invalid value for '--source': 'nope'"),
        ("run -r rules.yaml -o nope=1", "Invalid value for '-o': 'nope=1'"),
        ("run -r rules.yaml -o json_output", "Invalid value for '-o'"),
        ("run -r rules.yaml -o json_output=perhaps", "json_output is one of: true, false"),
        ("run -r rules.yaml -o priority=loud", "priority is one of: emergency"),
        ("build", "rulec build: Missing argument 'PATH...'"),
        ("build rules.yaml", "rulec build: Missing option '-o'"),
        ("build rules.yaml -o compiled.txt", "Invalid value for '-o': name a .py"),
        ("build rules.yaml -o .", "Invalid value for '-o': name a .py"),
        ("check", "rulec check: Missing argument 'PATH...'"),
        ("check rules.yaml --format xml", "rulec check: Invalid value for '--format'"),
        ("fields nope", "rulec fields: Invalid value"),
        ("profile", "rulec profile: Missing option '-r'"),
        ("profile -r rules.yaml --top -1", "rulec profile: Invalid value for '--top'"),
        ("profile -r rules.yaml --format xml", "Invalid value for '--format': 'xml'"),
        ("profile -r rules.yaml --source nope", "Invalid value for '--source': 'nope'"),
        ("profile -r rules.yaml --rule nope", "there is no rule 'nope'"),
        ("profile -r audit.log", "audit.log looks like events: give it without -r"),
        ("profile -r compiled.py audit.log", "give the rules that it was built from"),
    ],
)
def test_wrong_usage_takes_one_line(call: str, complaint: str, cwd: Path) -> None:
    done = rulec(*call.split(), cwd=cwd)
    assert complaint in done.err
    assert done.err.count("\n") == 1
    assert re.search(r"\(try 'rulec[a-z ]* --help'\)\n$", done.err)
    assert (done.out, done.status) == ("", 3)


# --- run: inputs ----------------------------------------------------------------------


def test_run(cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    assert (done.err, done.status) == ("3 events, 2 alerts\n", 0)


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(lines(SECRET, QUIET, POD), id="one document a line"),
        pytest.param(lines(SECRET, QUIET, POD).replace("\n", "\r\n"), id="lines of Windows"),
        pytest.param(lines(SECRET, QUIET, POD).rstrip(), id="no end of line at the end"),
        pytest.param("\n\n" + lines(SECRET) + "\n" + lines(QUIET, POD) + "\n", id="empty lines"),
        pytest.param(json.dumps([SECRET, QUIET, POD]), id="an array"),
        pytest.param(
            json.dumps({"kind": "EventList", "items": [SECRET, QUIET, POD]}), id="an EventList"
        ),
        pytest.param(
            "\n".join(json.dumps(event, indent=2) for event in (SECRET, QUIET, POD)),
            id="pretty-printed documents",
        ),
        pytest.param(json.dumps([SECRET, QUIET, POD], indent=4), id="a pretty-printed array"),
        pytest.param(
            json.dumps({"kind": "EventList", "items": [SECRET, QUIET, POD]}, indent=1),
            id="a pretty-printed EventList",
        ),
        pytest.param(
            lines({"kind": "EventList", "items": [SECRET, QUIET]}, POD), id="lists among events"
        ),
        pytest.param("\ufeff" + lines(SECRET, QUIET, POD), id="a mark of the byte order"),
    ],
)
def test_forms_of_logs(log: str, cwd: Path) -> None:
    expected = ([SECRET_ALERT, POD_ALERT], "3 events, 2 alerts\n", 0)
    done = rulec("run", "-r", "rules.yaml", "-", cwd=cwd, stdin=log)
    assert (done.alerts, done.err, done.status) == expected
    (cwd / "other.log").write_text(log, "utf-8", newline="")
    done = rulec("run", "-r", "rules.yaml", "other.log", cwd=cwd)
    assert (done.alerts, done.err, done.status) == expected


def test_standard_input_is_the_default(cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=lines(POD))
    assert (done.alerts, done.err) == ([POD_ALERT], "1 event, 1 alert\n")


def test_compressed_logs(cwd: Path) -> None:
    first, second = gzip.compress(lines(SECRET).encode()), gzip.compress(lines(POD).encode())
    (cwd / "audit.log.gz").write_bytes(first + second)
    done = rulec("run", "-r", "rules.yaml", "audit.log.gz", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]


def test_a_compressed_log_that_was_cut_off(cwd: Path) -> None:
    chosen = lines(POD, *[{**QUIET, "auditID": os.urandom(16).hex()} for _ in range(2000)])
    content = gzip.compress(chosen.encode())
    (cwd / "cut.gz").write_bytes(content[:-2000])
    done = rulec("run", "-r", "rules.yaml", "cut.gz", "audit.log", cwd=cwd)
    assert done.alerts == [POD_ALERT, SECRET_ALERT, POD_ALERT]
    assert "cut.gz: cannot be read: " in done.err
    assert done.status == 4


def test_directories_are_read_from_the_oldest_file_to_the_newest(cwd: Path) -> None:
    logs = cwd / "logs"
    (logs / "deeper").mkdir(parents=True)
    (logs / "deeper" / "c.log").write_text(lines(SECRET), "utf-8")
    (logs / ".hidden").write_text(lines(SECRET), "utf-8")
    (logs / "a.log").write_text(lines(POD), "utf-8")
    (logs / "b.log.gz").write_bytes(gzip.compress(lines(SECRET).encode()))
    os.utime(logs / "a.log", (2000, 2000))
    os.utime(logs / "b.log.gz", (1000, 1000))
    done = rulec("run", "-r", "rules.yaml", "logs", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]


def test_inputs_are_read_in_order(cwd: Path) -> None:
    (cwd / "pod.log").write_text(lines(POD), "utf-8")
    call = ("run", "-r", "rules.yaml", "pod.log", "-", "audit.log")
    done = rulec(*call, cwd=cwd, stdin=lines(POD, POD))
    assert done.alerts == [POD_ALERT, POD_ALERT, POD_ALERT, SECRET_ALERT, POD_ALERT]
    assert done.err == "6 events, 5 alerts\n"


def test_a_missing_input(cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", "missing.log", "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    assert "missing.log: cannot be read: No such file or directory\n" in done.err
    assert done.err.endswith("3 events, 2 alerts, 1 unreadable input\n")
    assert done.status == 4


@pytest.mark.parametrize("log", ["", "\n\n", "[]", lines({"kind": "EventList", "items": []})])
def test_no_events(log: str, cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=log)
    assert (done.out, done.err, done.status) == ("", "0 events, 0 alerts\n", 0)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"this is no JSON\n", "not_json"),
        (b'{"kind": "Event", "auditID": \n', "not_json"),
        (b"42\n", ""),
        (b"\xff\xfe\n", ""),
        (b'{"kind": "Pod"}\n', ""),
        (b"[" * 5000 + b"\n", ""),
        (json.dumps(SECRET).encode()[:-20] + b"\n", "not_json"),
    ],
    ids=["words", "cut off", "a number", "no UTF-8", "another kind", "too deep", "the end is lost"],
)
def test_broken_lines_do_not_hurt_their_neighbours(broken: bytes, reason: str, cwd: Path) -> None:
    log = lines(SECRET).encode() + broken + lines(POD).encode()
    (cwd / "broken.log").write_bytes(log)
    done = rulec("run", "-r", "rules.yaml", "broken.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    notice, summary = done.err.splitlines()
    assert notice.startswith("broken.log:2: ")
    assert re.fullmatch(rf"2 events, 2 alerts, 1 skipped \({reason or '[a-z_]+'} 1\)", summary)
    assert done.status == 0


def test_one_bad_event_of_a_list(cwd: Path) -> None:
    log = lines({"kind": "EventList", "items": [SECRET, 7, {"kind": "Event"}, POD]})
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=log)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    assert "2 events, 2 alerts, 2 skipped" in done.err
    assert done.err.startswith("-:1: ")


# --- run: alerts ----------------------------------------------------------------------


def test_alerts_are_all_there_is_on_standard_output(cwd: Path) -> None:
    (cwd / "odd.yaml").write_text(
        RULES + "- macro: unused\n  condition: deleted\n  oddity: 1\n", "utf-8"
    )
    log = lines(SECRET) + "broken\n"
    done = rulec("run", "-r", "odd.yaml", "-", "missing.log", cwd=cwd, stdin=log)
    assert done.alerts == [SECRET_ALERT]
    assert "LOAD_UNUSED_MACRO" in done.err
    assert "LOAD_UNKNOWN_KEY" in done.err
    assert "-:2: " in done.err
    assert "missing.log" in done.err


def test_quiet(cwd: Path) -> None:
    (cwd / "odd.yaml").write_text(RULES + "- macro: unused\n  condition: deleted\n", "utf-8")
    done = rulec("run", "-q", "-r", "odd.yaml", "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    assert done.err == ""


@pytest.mark.parametrize("option", [["--format", "json"], ["-o", "json_output=true"]])
def test_json_is_that_of_falco(option: list[str], cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", *option, "audit.log", cwd=cwd)
    secret, pod = done.alerts
    assert json.loads(secret) == {
        "hostname": "node-1",
        "output": SECRET_ALERT,
        "output_fields": {
            "evt.time": 1772442900012345000,
            "ka.auditid": "3f0c1f6e-8d0a-4b5c-9a53-7d5f0c2b1a10",
            "ka.target.name": "db",
            "ka.user.name": "eve",
        },
        "priority": "Warning",
        "rule": "Secret Deleted",
        "source": "k8s_audit",
        "tags": ["k8s", "secrets"],
        "time": "2026-03-02T09:15:00.012345000Z",
    }
    assert json.loads(pod)["tags"] == []
    # Keys are sorted, and there is no space behind separators.
    for line in done.alerts:
        again = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))
        assert line == again


def test_json_without_some_parts(cwd: Path) -> None:
    settings = {
        "json_output": "true",
        "json_include_output_property": "false",
        "json_include_tags_property": "false",
        "json_include_output_fields_property": "False",
        "json_include_message_property": "TRUE",
    }
    options = [part for item in settings.items() for part in ("-o", "=".join(item))]
    done = rulec("run", "-r", "rules.yaml", *options, "audit.log", cwd=cwd)
    assert json.loads(done.alerts[1]) == {
        "hostname": "node-1",
        "message": "Deleted (user=bob resource=pods)",
        "priority": "Informational",
        "rule": "Something Deleted",
        "source": "k8s_audit",
        "time": "2026-03-02T09:15:00.012345000Z",
    }


@pytest.mark.parametrize(
    "option", [["--time-format", "iso8601"], ["-o", "time_format_iso_8601=true"]]
)
def test_iso8601(option: list[str], cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", *option, "audit.log", cwd=cwd)
    assert done.alerts[0].startswith("2026-03-02T09:15:00.012345000+0000: Warning Secret deleted")
    done = rulec("run", "-r", "rules.yaml", *option, "--format=json", "audit.log", cwd=cwd)
    alert = json.loads(done.alerts[0])
    assert alert["output_fields"]["evt.time.iso8601"] == 1772442900012345000
    assert alert["output"].startswith("2026-03-02T09:15:00.012345000+0000: Warning")


@pytest.mark.parametrize("option", [["--priority", "warning"], ["-o", "priority=Warning"]])
def test_priority(option: list[str], cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", *option, "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT]


@pytest.mark.parametrize("option", [["--rule-matching", "all"], ["-o", "rule_matching=all"]])
def test_all_rules_that_match(option: list[str], cwd: Path) -> None:
    done = rulec("run", "-r", "rules.yaml", *option, "audit.log", cwd=cwd)
    also = f"{TIME}: Informational Deleted (user=eve resource=secrets)"
    assert done.alerts == [SECRET_ALERT, also, POD_ALERT]


def test_the_shipped_rules_on_the_sample(cwd: Path) -> None:
    done = rulec("run", "-r", ROOT / "rules", "--source", "k8s_audit", SAMPLE, cwd=cwd)
    assert len(done.alerts) > 20
    assert done.err == f"93 events, {len(done.alerts)} alerts\n"


FORGERIES = [
    "eve\n09:00:00.000000000: Emergency Forged (x)",
    "eve\r09:00:00.000000000: Emergency Forged (x)",
    "eve\u2028forged\u2029forged\x85forged\x0bforged\x0cforged\x1cforged",
    "eve\x1b[2K\x1b[1Gforged\x08\x07\x9b31m",
    "eve\u202edegrof\u202c",
]


@pytest.mark.parametrize("user", FORGERIES, ids=ascii)
def test_no_value_can_forge_an_alert(user: str, cwd: Path) -> None:
    log = lines(audit_event(verb="delete", user=user))
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=log)
    assert len(done.alerts) == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", done.out)
    done = rulec("run", "-r", "rules.yaml", "--format", "json", cwd=cwd, stdin=log)
    assert done.out.count("\n") == 1
    assert json.loads(done.out)["output_fields"]["ka.user.name"] == user


def test_what_is_skipped_cannot_forge_a_notice(cwd: Path) -> None:
    log = lines({"kind": "Event\nforged", "stageTimestamp": "x\ny", "auditID": "a\nb"})
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=log)
    assert len(done.err.splitlines()) == 2


def test_texts_that_are_not_ascii(cwd: Path) -> None:
    log = lines(audit_event(verb="delete", user="日本 😀 \udcff"))
    done = rulec("run", "-r", "rules.yaml", cwd=cwd, stdin=log)
    assert len(done.alerts) == 1
    assert "user=日本 😀 " in done.alerts[0]
    done = rulec("run", "-r", "rules.yaml", "--format=json", cwd=cwd, stdin=log)
    assert json.loads(done.out)["output_fields"]["ka.user.name"].startswith("日本 😀 ")


def test_alerts_are_printed_as_soon_as_there_are_any(cwd: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "-r", "rules.yaml"],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for event, alert in ((POD, POD_ALERT), (SECRET, SECRET_ALERT)):
            running.stdin.write(lines(event).encode())
            running.stdin.flush()
            assert select.select([running.stdout], [], [], LONG)[0], "nothing comes"
            assert running.stdout.readline().decode() == f"{alert}\n"


def test_alerts_from_a_pipe_are_printed_as_soon_as_there_are_any(cwd: Path) -> None:
    os.mkfifo(cwd / "pipe")
    call = [*COMMAND, "run", "-r", "rules.yaml", "pipe"]
    with (
        subprocess.Popen(
            call, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as running,
        # Nobody who opens it for both waits for the other side, which may have ended.
        (cwd / "pipe").open("r+b", buffering=0) as pipe,
    ):
        assert running.stdout is not None
        for event, alert in ((POD, POD_ALERT), (SECRET, SECRET_ALERT)):
            pipe.write(lines(event).encode())
            assert select.select([running.stdout], [], [], LONG)[0], "nothing comes"
            assert running.stdout.readline().decode() == f"{alert}\n"
        pipe.close()


@pytest.mark.parametrize(
    "call",
    [
        ["run", "-r", "rules.yaml", "many.log"],
        ["run", "-r", "rules.yaml", "--format", "json", "many.log"],
        ["fields"],
        ["build", str(ROOT / "rules"), "-o", "-"],
    ],
    ids=lambda call: " ".join(call[:1] + call[3:4]),
)
def test_whoever_reads_the_output_may_have_seen_enough(call: list[str], cwd: Path) -> None:
    (cwd / "many.log").write_text(lines(*[POD] * 5000), "utf-8")
    with subprocess.Popen(
        [*COMMAND, *call],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_not_the_fault_of_the_input(cwd: Path) -> None:
    (cwd / "many.log").write_text(lines(*[POD] * 5000), "utf-8")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", "-r", "rules.yaml", "many.log"],
            cwd=cwd,
            env=ENVIRONMENT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=LONG,
        )
    assert done.returncode == 4
    assert b"No space left on device" in done.stderr
    assert b"many.log: cannot be read" not in done.stderr
    assert b"Traceback" not in done.stderr


# --- rules ----------------------------------------------------------------------------

BAD_RULES = """\
- rule: First
  desc: d
  condition: ka.verbs = delete
  output: x
  priority: WARNING
  source: k8s_audit
- rule: Second
  desc: d
  condition: ka.verb = delete and deletd
  output: "%ka.nothing"
  priority: LOUD
  source: k8s_audit
- macro: deleted
  condition: ka.verb = (
"""

BAD_ONES = [
    "bad.yaml:3:14: LOAD_ERR_COMPILE_CONDITION: unknown field 'ka.verbs'",
    "bad.yaml:11:13: LOAD_ERR_YAML_VALIDATE: ",
    "bad.yaml:14:24: LOAD_ERR_COMPILE_CONDITION: ",
]


@pytest.mark.parametrize(
    "call", [["run", "-r", "bad.yaml", "audit.log"], ["build", "bad.yaml", "-o", "bad.py"]]
)
def test_bad_rules_are_all_told_with_their_places(call: list[str], cwd: Path) -> None:
    (cwd / "bad.yaml").write_text(BAD_RULES, "utf-8")
    done = rulec(*call, cwd=cwd)
    assert (done.out, done.status) == ("", 2)
    for line in BAD_ONES:
        assert f"\n{line}" in f"\n{done.err}"
    condition = "      condition: ka.verbs = delete\n"
    caret = "                 ^^^^^^^^ did you mean 'ka.verb'?\n"
    assert condition + caret in done.err
    assert not (cwd / "bad.py").exists()


def test_a_mistake_points_into_the_right_file(cwd: Path) -> None:
    (cwd / "more").mkdir()
    (cwd / "more" / "b.yaml").write_text(
        "- rule: Something Deleted\n  condition: and nope\n  override: {condition: append}\n",
        "utf-8",
    )
    (cwd / "more" / "a.yml").write_text("- macro: a\n  condition: ka.verb exists\n", "utf-8")
    (cwd / "more" / "not.txt").write_text("{", "utf-8")
    done = rulec("run", "-r", "rules.yaml", "-r", "more", "audit.log", cwd=cwd)
    assert "more/b.yaml:2:18: LOAD_ERR_VALIDATE: undefined macro 'nope'\n" in done.err
    assert done.status == 2


@pytest.mark.parametrize("command", ["run -r {} audit.log", "build {} -o x.py", "check {}"])
def test_rules_that_are_not_there(command: str, cwd: Path) -> None:
    done = rulec(*command.format("missing.yaml").split(), cwd=cwd)
    assert "missing.yaml" in done.out + done.err
    assert "No such file or directory" in done.out + done.err
    assert done.status == 2


@pytest.mark.parametrize(
    "command",
    ["run -r {} audit.log", "build {} -o x.py", "check {}", "profile -r {} audit.log"],
)
def test_a_folder_without_rules_is_worth_a_word(command: str, cwd: Path) -> None:
    (cwd / "empty").mkdir()
    (cwd / "empty" / "rules.yaml.txt").write_text(RULES, "utf-8")
    done = rulec(*command.format("empty").split(), cwd=cwd)
    assert "empty" in done.out + done.err


HOSTILE = """\
- rule: x
  desc: d
  condition: ka.verb = \x1b]0;title\x07\x1b[31m \u202e\x9b1m nope
  output: x
  priority: INFO
  source: k8s_audit
"""


@pytest.mark.parametrize("content", [HOSTILE, "\x7fELF\0\x1b[31m", "\udcff\x1b[31m: ["])
def test_reports_do_not_pass_control_characters_on(content: str, cwd: Path) -> None:
    (cwd / "rules.yaml").write_bytes(content.encode("utf-8", "surrogateescape"))
    # On a terminal, where it matters.
    master, terminal = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "run", "-r", "rules.yaml", "audit.log"],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=LONG,
    )
    os.close(terminal)
    pieces = []
    with contextlib.suppress(OSError):  # that is how the end is told
        while piece := os.read(master, 100_000):
            pieces.append(piece)
    os.close(master)
    shown = b"".join(pieces).decode().replace("\r\n", "\n")
    assert done.returncode == 2
    assert shown.startswith("rules.yaml:")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown), ascii(shown)


# --- profile --------------------------------------------------------------------------


def profile_of(*arguments: str, cwd: Path, stdin: str = "") -> dict[str, Any]:
    done = rulec(
        "profile", "-r", "rules.yaml", "--format", "json", *arguments, cwd=cwd, stdin=stdin
    )
    assert (done.out.count("\n"), done.err, done.status) == (1, "", 0)
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_profile(cwd: Path) -> None:
    done = rulec("profile", "-r", "rules.yaml", "audit.log", cwd=cwd)
    assert (done.err, done.status) == ("", 0)
    assert done.out.startswith("k8s_audit: 3 events, 2 alerts\ngate: no rule to try for 1 of 3")
    assert re.search(
        r"(?m)^ *\S+ \S+ +\d+% +2 +2 +1 +\S+ \S+ +Secret Deleted +rules.yaml:3$", done.out
    )
    assert re.search(r"ka.target.resource = secrets +rules.yaml:5$", done.out, re.MULTILINE)
    assert not re.search(r" $|\x1b", done.out, re.MULTILINE)


# What is asked about lists is never left to the gate.
LISTS = RULES.replace(
    "condition: deleted\n", "condition: deleted and ka.user.groups exists and ka.sourceips exists\n"
)


def test_profile_of_one_rule(cwd: Path) -> None:
    (cwd / "rules.yaml").write_text(LISTS, "utf-8")
    call = ("profile", "-r", "rules.yaml", "--rule", "Something Deleted", "audit.log")
    done = rulec(*call, cwd=cwd)
    assert "Secret Deleted" not in done.out
    assert "\ngate: (ka.verb = delete and ka.stage = ResponseComplete)\n" in done.out
    parts = re.findall(
        r"^ *\S+ \S+ +1 +100% +\S+ \S+  (.*?)  +rules.yaml:12$", done.out, re.MULTILINE
    )
    assert sorted(parts) == ["  ka.sourceips exists", "  ka.user.groups exists", "and"]


def test_profile_of_a_rule_that_is_all_gate(cwd: Path) -> None:
    call = ("profile", "-r", "rules.yaml", "--rule", "Something Deleted", "audit.log")
    assert re.search(r" 1 +100% .* always +rules.yaml:", rulec(*call, cwd=cwd).out)
    call = ("profile", "-r", "rules.yaml", "--priority", "info", "audit.log")
    (cwd / "rules.yaml").write_text(
        RULES.replace("deleted and ka.target.resource =", "deleted or ka.verb =")
    )
    done = rulec(*call, cwd=cwd)
    assert "asked" not in done.out  # there is no test to show


def test_profile_shows_as_much_as_is_wanted(cwd: Path) -> None:
    (cwd / "rules.yaml").write_text(LISTS, "utf-8")
    shown = [
        rulec("profile", "-r", "rules.yaml", "--top", top, "audit.log", cwd=cwd).out.count("yaml:")
        for top in (1, 2, 0)
    ]
    # One rule and one test; two of each; two rules with one and two tests.
    assert shown == [2, 4, 5]


def test_profile_as_json(cwd: Path) -> None:
    found = profile_of("audit.log", cwd=cwd)
    assert (found["source"], found["events"], found["alerts"]) == ("k8s_audit", 3, 2)
    matches = {rule["rule"]: rule["matches"] for rule in found["rules"]}
    assert matches == {"Secret Deleted": 1, "Something Deleted": 1}
    found = profile_of(
        "--priority", "warning", "--rule-matching", "all", cwd=cwd, stdin=lines(SECRET)
    )
    assert [rule["rule"] for rule in found["rules"]] == ["Secret Deleted"]


def test_profile_of_inputs_of_several_sources(cwd: Path) -> None:
    calls = (
        "- rule: Shell\n  desc: d\n  condition: evt.type = execve\n  output: x\n  priority: INFO\n"
    )
    (cwd / "rules.yaml").write_text(RULES + calls, "utf-8")
    capture = str(ROOT / "docs" / "samples" / "attack.scap")
    call = ("profile", "-r", "rules.yaml")
    done = rulec(*call, "--format", "json", "audit.log", capture, cwd=cwd)
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["source"], each["events"]) for each in found] == [
        ("k8s_audit", 3),
        ("syscall", 97),
    ]
    assert [len(each["rules"]) for each in found] == [2, 1]
    assert (done.err, done.status) == ("", 0)
    text = rulec(*call, "audit.log", capture, cwd=cwd).out
    assert text.startswith("k8s_audit: 3 events, 2 alerts\n")
    assert "\n\nsyscall: 97 events, " in text
    # Of one rule, what there is about its source; of one input, what it belongs to.
    (one,) = rulec(
        *call, "--format", "json", "--rule", "Shell", "audit.log", capture, cwd=cwd
    ).out.splitlines()
    assert json.loads(one)["source"] == "syscall"
    done = rulec(*call, "--rule", "Shell", "audit.log", cwd=cwd)
    assert done.out == ""
    assert done.err == "no input belongs to the event source of the rule 'Shell'\n"
    (one,) = rulec(*call, "--format", "json", cwd=cwd, stdin=lines(SECRET)).out.splitlines()
    assert (json.loads(one)["source"], json.loads(one)["events"]) == ("k8s_audit", 1)
    (one,) = rulec(*call, "--format", "json", f"syscall={capture}", cwd=cwd).out.splitlines()
    assert json.loads(one)["source"] == "syscall"
    done = rulec(*call, "rules.yaml", cwd=cwd)
    assert (done.out, done.status) == ("", 4)
    assert "rules.yaml: belongs neither to" in done.err


def test_profile_skips_what_a_run_skips(cwd: Path) -> None:
    call = ("-r", "rules.yaml", "-", "missing.log")
    log = lines(SECRET) + "broken\n" + lines({"kind": "EventList", "items": [7, POD]})
    ran = rulec("run", *call, cwd=cwd, stdin=log)
    done = rulec("profile", *call, "--format", "json", cwd=cwd, stdin=log)
    assert done.err == ran.err[: ran.err.rindex("2 events")]
    assert done.status == ran.status == 4
    found = json.loads(done.out)
    assert (found["events"], found["alerts"], found["unreadable"]) == (2, 2, ["missing.log"])
    assert sum(found["skipped"].values()) == 2


def test_profile_of_a_source_of_ones_own(cwd: Path) -> None:
    (cwd / "github.yaml").write_text(
        "source: github\nfields:\n  - {name: gh.action, type: string, pointer: /action}\n"
    )
    (cwd / "push.yaml").write_text(
        "- {rule: Push, desc: d, condition: gh.action = push, output: x, priority: INFO, source: github}\n"
    )
    call = ("profile", "-r", "push.yaml", "--source-file", "github.yaml", "--format", "json")
    done = rulec(*call, cwd=cwd, stdin='{"action": "push"}\n{"action": "pull"}\n')
    found = json.loads(done.out)
    assert (found["source"], found["events"], found["alerts"]) == ("github", 2, 1)


def test_profile_of_broken_rules(cwd: Path) -> None:
    (cwd / "broken.yaml").write_text(RULES.replace("ka.target.resource =", "ka.nope ="), "utf-8")
    done = rulec("profile", "-r", "broken.yaml", "audit.log", cwd=cwd)
    assert done.err.startswith("broken.yaml:5:")
    assert (done.out, done.status) == ("", 2)
    done = rulec("profile", "-r", "rules.yaml", "-q", "audit.log", "missing", cwd=cwd)
    assert done.status == 4


def test_rule_names_are_no_markup(cwd: Path) -> None:
    (cwd / "odd.yaml").write_text(RULES.replace("Secret Deleted", "'[red]x[/red]'"), "utf-8")
    assert "[red]x[/red]" in rulec("profile", "-r", "odd.yaml", "audit.log", cwd=cwd).out


# --- build ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["compiled.py", "compiled.pyc"])
def test_a_built_module_stands_for_its_rules(name: str, cwd: Path) -> None:
    done = rulec("build", "rules.yaml", "-o", name, cwd=cwd)
    assert re.fullmatch(rf"{name}: 2 rules, [\d,]+ bytes\n", done.err)
    assert (done.out, done.status) == ("", 0)
    (cwd / "rules.yaml").unlink()
    done = rulec("run", "-r", name, "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT, POD_ALERT]
    assert (done.err, done.status) == ("3 events, 2 alerts\n", 0)
    done = rulec("run", "-r", name, "--priority", "warning", "audit.log", cwd=cwd)
    assert done.alerts == [SECRET_ALERT]
    done = rulec("run", "-r", name, "--rule-matching", "all", "audit.log", cwd=cwd)
    assert len(done.alerts) == 3


def test_a_module_remembers_how_it_was_built(cwd: Path) -> None:
    rulec("build", "rules.yaml", "--rule-matching", "all", "-o", "compiled.py", cwd=cwd)
    assert len(rulec("run", "-r", "compiled.py", "audit.log", cwd=cwd).alerts) == 3
    call = ("run", "-r", "compiled.py", "--rule-matching", "first", "audit.log")
    assert len(rulec(*call, cwd=cwd).alerts) == 2


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_number_of_rules_is_told(count: int, cwd: Path) -> None:
    rules = [
        f"- rule: R{n}\n  desc: d\n  condition: ka.verb = verb{n}\n  output: x\n"
        "  priority: INFO\n  source: k8s_audit\n"
        for n in range(count)
    ]
    (cwd / "some.yaml").write_text("".join(rules) or "[]", "utf-8")
    done = rulec("build", "some.yaml", "-o", "some.py", cwd=cwd)
    assert re.search(rf"^some.py: {count} rules?, [\d,]+ bytes$", done.err, re.MULTILINE)


def test_build_to_standard_output(cwd: Path) -> None:
    done = rulec("build", "rules.yaml", "-o", "-", cwd=cwd)
    assert done.err == ""
    rulec("build", "rules.yaml", "-o", "compiled.py", cwd=cwd)
    assert done.out == (cwd / "compiled.py").read_text("utf-8")


def test_build_replaces_what_is_there_only_if_it_can(cwd: Path) -> None:
    rulec("build", "rules.yaml", "-o", "compiled.py", cwd=cwd)
    before = (cwd / "compiled.py").read_bytes()
    (cwd / "bad.yaml").write_text(BAD_RULES, "utf-8")
    assert rulec("build", "bad.yaml", "-o", "compiled.py", cwd=cwd).status == 2
    assert (cwd / "compiled.py").read_bytes() == before
    (cwd / "rules.yaml").write_text(RULES.replace("eve", "eva").replace("user=", "by="), "utf-8")
    assert rulec("build", "rules.yaml", "-o", "compiled.py", cwd=cwd).status == 0
    assert (cwd / "compiled.py").read_bytes() != before
    left = {path.name for path in cwd.iterdir()}
    assert left == {"rules.yaml", "audit.log", "bad.yaml", "compiled.py"}


def test_build_to_a_folder_that_is_not_there(cwd: Path) -> None:
    done = rulec("build", "rules.yaml", "-o", "nowhere/compiled.py", cwd=cwd)
    assert done.err == "rulec build: cannot write nowhere/compiled.py: No such file or directory\n"
    assert done.status == 4


def test_warnings_of_build(cwd: Path) -> None:
    (cwd / "odd.yaml").write_text(RULES + "- macro: unused\n  condition: deleted\n", "utf-8")
    assert "LOAD_UNUSED_MACRO" in rulec("build", "odd.yaml", "-o", "x.py", cwd=cwd).err
    done = rulec("build", "--no-warnings", "odd.yaml", "-o", "x.py", cwd=cwd)
    assert "LOAD_UNUSED_MACRO" not in done.err


def bytecode_of(cwd: Path) -> bytes:
    rulec("build", "rules.yaml", "-o", "whole.pyc", cwd=cwd)
    return (cwd / "whole.pyc").read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.py", None),
        ("empty.py", b""),
        ("other.py", b"x = 1\n"),
        ("other.py", b"ruleset = 1\n"),
        ("wrong.py", b"def\n"),
        ("latin.py", b"# \xff\n"),
        ("nul.py", b"\0"),
        ("raises.py", b"1 / 0\n"),
        ("imports.py", b"import no_such_module_anywhere\n"),
        ("empty.pyc", b""),
        ("other.pyc", b"\0" * 100),
    ],
)
def test_modules_that_are_none(name: str, content: bytes | None, cwd: Path) -> None:
    if content is not None:
        (cwd / name).write_bytes(content)
    done = rulec("run", "-r", name, "audit.log", cwd=cwd)
    assert (done.out, done.status) == ("", 2)
    assert done.err.startswith("rulec run: ")
    assert name in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("size", [4, 10, 16, 17, 100, -1])
def test_bytecode_that_was_cut_off(size: int, cwd: Path) -> None:
    (cwd / "cut.pyc").write_bytes(bytecode_of(cwd)[:size])
    done = rulec("run", "-r", "cut.pyc", "audit.log", cwd=cwd)
    assert (done.out, done.status) == ("", 2)
    assert done.err.startswith("rulec run: ")


def test_bytecode_of_another_python(cwd: Path) -> None:
    (cwd / "other.pyc").write_bytes(b"\x01\x02\r\n" + bytecode_of(cwd)[4:])
    done = rulec("run", "-r", "other.pyc", "audit.log", cwd=cwd)
    assert done.status == 2
    assert "was not written for Python" in done.err
    assert "build it again" in done.err


# --- check ----------------------------------------------------------------------------


def test_check_of_good_rules(cwd: Path) -> None:
    done = rulec("check", "rules.yaml", cwd=cwd)
    assert (done.out, done.err, done.status) == ("rules.yaml: Ok\n", "2 rules\n", 0)


def test_check_of_bad_rules(cwd: Path) -> None:
    (cwd / "bad.yaml").write_text(BAD_RULES, "utf-8")
    done = rulec("check", "rules.yaml", "bad.yaml", cwd=cwd)
    for line in BAD_ONES:
        assert f"\n{line}" in f"\n{done.out}"
    assert "rules.yaml: Ok\n" in done.out
    assert re.search(r"^bad\.yaml: Invalid \(\d+ errors\)$", done.out, re.MULTILINE)
    assert done.status == 2


def test_check_of_odd_rules(cwd: Path) -> None:
    (cwd / "odd.yaml").write_text(RULES + "- macro: unused\n  condition: deleted\n", "utf-8")
    done = rulec("check", "odd.yaml", cwd=cwd)
    assert "odd.yaml:16:3: LOAD_UNUSED_MACRO: " in done.out
    assert "odd.yaml: Ok, with 1 warning\n" in done.out
    assert done.status == 0


def test_check_as_falco_does(cwd: Path) -> None:
    (cwd / "bad.yaml").write_text(BAD_RULES, "utf-8")
    done = rulec("check", "--format", "json", "rules.yaml", "bad.yaml", cwd=cwd)
    assert (done.err, done.status) == ("", 2)
    assert done.out.count("\n") == 1
    good, bad = json.loads(done.out)["falco_load_results"]
    assert good == {
        "name": "rules.yaml",
        "successful": True,
        "errors": [],
        "warnings": [],
        "schema_valid": True,
        "schema_warnings": [],
    }
    assert (bad["name"], bad["successful"]) == ("bad.yaml", False)
    (error,) = bad["errors"]
    assert error.keys() == {"code", "codedesc", "context", "message"}
    assert error["context"].keys() == {"locations", "snippet"}
    assert error["context"]["locations"][0]["position"].keys() == {
        "column",
        "line",
        "name",
        "offset",
    }


def test_check_of_good_rules_as_falco_does(cwd: Path) -> None:
    done = rulec("check", "--format", "json", "rules.yaml", cwd=cwd)
    (result,) = json.loads(done.out)["falco_load_results"]
    assert result["successful"] is True
    assert (done.err, done.status) == ("", 0)


def test_check_of_what_is_no_text(cwd: Path) -> None:
    (cwd / "binary.yaml").write_bytes(b"\x7fELF\0\xff\xfe")
    assert rulec("check", "binary.yaml", cwd=cwd).status == 2
    done = rulec("check", "--format", "json", "binary.yaml", cwd=cwd)
    assert json.loads(done.out)["falco_load_results"][0]["successful"] is False


# --- fields ---------------------------------------------------------------------------


def test_fields(cwd: Path) -> None:
    done = rulec("fields", "k8s_audit", cwd=cwd)
    assert re.search(r"^ka\.verb  CHARBUF\n    \S", done.out, re.MULTILINE)
    assert (done.err, done.status) == ("", 0)
    assert done.out in rulec("fields", cwd=cwd).out


def test_fields_as_json(cwd: Path) -> None:
    done = rulec("fields", "--format", "json", cwd=cwd)
    found = {entry["name"]: entry for entry in map(json.loads, done.out.splitlines())}
    assert found["ka.verb"]["type"] == "CHARBUF"
    assert found["ka.uri.param"]["argument"] == "required key"
    assert found["ka.sourceips"]["list"] is True
    assert found["evt.arg"]["argument"] == "required name behind a dot, or index"
    assert "openat2" in found["evt.type"]["values"]


def test_fields_of_events_with_types(cwd: Path) -> None:
    done = rulec("fields", "syscall", cwd=cwd)
    for title in ("evt.arg.name or [index]", "evt.abspath.name?", "proc.aname[index]?", "fd.ip"):
        assert f"\n{title}  " in done.out
    assert re.search(r"\nTypes of events \(evt.type\):\n    .* accept ", done.out)
    assert "evt.dir" not in done.out  # nobody should begin to use it


def test_fields_as_markdown(cwd: Path) -> None:
    done = rulec("fields", "--format", "markdown", "k8s_audit", cwd=cwd)
    rows = [line for line in done.out.splitlines() if line.startswith("|")]
    assert len(rows) > 50
    assert all(re.sub(r"\\\|", "", row).count("|") == 4 for row in rows)


# --- the worked example of the documentation ------------------------------------------

EXAMPLE_RULE = """\
- macro: written
  condition: ka.verb in (create, update, patch)
- macro: configmap
  condition: ka.target.resource = configmaps
- macro: holds_credentials
  condition: >
    ka.req.configmap.obj contains "aws_access_key_id" or
    ka.req.configmap.obj contains "password"
- rule: ConfigMap with Credentials
  desc: A ConfigMap that holds what belongs into a Secret.
  condition: jevt.value[/stage] in (ResponseComplete) and configmap and written and holds_credentials
  output: ConfigMap with credentials (user=%ka.user.name verb=%ka.verb name=%ka.req.configmap.name config=%ka.req.configmap.obj)
  priority: WARNING
  source: k8s_audit
  tags: [k8s]
"""
EXAMPLE_EVENT = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1beta1",
    "metadata": {"creationTimestamp": "2018-10-20T00:18:28Z"},
    "level": "RequestResponse",
    "timestamp": "2018-10-20T00:18:28Z",
    "auditID": "33fa264e-1124-4252-af9e-2ce6e45fe07d",
    "stage": "ResponseComplete",
    "requestURI": "/api/v1/namespaces/default/configmaps",
    "verb": "create",
    "user": {"username": "minikube-user", "groups": ["system:masters"]},
    "sourceIPs": ["192.0.2.1"],
    "objectRef": {"resource": "configmaps", "namespace": "default", "name": "my-config"},
    "responseStatus": {"metadata": {}, "code": 201},
    "requestObject": {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "my-config", "namespace": "default"},
        "data": {
            "access.properties": "aws_access_key_id = MY-ID\naws_secret_access_key = MY-KEY\n",
            "ui.properties": "color.good=purple\n",
        },
    },
    "requestReceivedTimestamp": "2018-10-20T00:18:28.420807Z",
    "stageTimestamp": "2018-10-20T00:18:28.428398Z",
}
EXAMPLE_MESSAGE = (
    "ConfigMap with credentials (user=minikube-user verb=create name=my-config config="
    r'{"access.properties":"aws_access_key_id = MY-ID\naws_secret_access_key = MY-KEY\n",'
    r'"ui.properties":"color.good=purple\n"})'
)


def check_everywhere(rules: Path, event: bytes, time: str, message: str, cwd: Path) -> None:
    """Check that the alert is the same from the commands, the library and a module."""
    (cwd / "event.json").write_bytes(event)
    line = f"{time}: Warning {message}"
    assert rulec("run", "-r", rules, "event.json", cwd=cwd).alerts == [line]
    assert rulec("build", rules, "-o", "example.py", cwd=cwd).status == 0
    assert rulec("run", "-r", "example.py", "event.json", cwd=cwd).alerts == [line]
    for ruleset in (compile_ruleset(rules), load(cwd / "example.py")):
        (alert,) = ruleset.match(event, source="k8s_audit")
        assert (alert.priority, alert.message) == ("Warning", message)
        assert alert.text().endswith(f".{line.partition('.')[2]}")  # whatever the time zone is


def test_the_worked_example(cwd: Path) -> None:
    (cwd / "example.yaml").write_text(EXAMPLE_RULE, "utf-8")
    event = json.dumps(EXAMPLE_EVENT).encode()
    time = "00:18:28.428398000"
    check_everywhere(cwd / "example.yaml", event, time, EXAMPLE_MESSAGE, cwd)


def test_the_worked_example_elsewhere(cwd: Path) -> None:
    (cwd / "example.yaml").write_text(EXAMPLE_RULE, "utf-8")
    call = ("run", "-r", "example.yaml")
    # There is no daylight saving time in Phoenix.
    done = process(*call, cwd=cwd, stdin=json.dumps(EXAMPLE_EVENT), TZ="America/Phoenix")
    assert done.alerts == [f"17:18:28.428398000: Warning {EXAMPLE_MESSAGE}"]


@pytest.mark.conformance
def test_the_recorded_example(cwd: Path) -> None:
    (case,) = (c for c in cases("k8s_audit/cases.jsonl") if c["suite"] == "seed")
    root = folder() / "k8s_audit"
    (rules,) = case["rules"]
    event = (root / case["trace"]).read_bytes()
    check_everywhere(root / rules, event, case["expect_time_exact"], case["expect_message"], cwd)
