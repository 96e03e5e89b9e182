"""``rulec run --output``: where alerts go, what is said when they do not arrive, and their names."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from http_server import LONG, Handler, answering, serving
from rule_events import audit_event

from rulec import compile_ruleset
from rulec.cli import main
from rulec.runtime.identity import alert_id, event_key
from rulec.runtime.sources import SOURCES

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
  output: Deleted (user=%ka.user.name)
  priority: INFO
  source: k8s_audit
"""

SECRET = audit_event(verb="delete", resource="secrets", name="db", user="eve")
POD = audit_event(verb="delete", resource="pods", user="bob")
QUIET = audit_event(verb="get")

RUN = [sys.executable, "-m", "rulec", "run", "-r", "rules.yaml", "--time-format", "iso8601"]

# As in the tests of several processes: less is worth it here.
SHARED = [
    sys.executable,
    "-c",
    "from rulec.cli import main; from rulec.runtime import jobs; jobs.WORTH = 2**20; main()",
    *RUN[3:],
    "-j",
    "2",
]


# Whoever runs the tests may ignore Ctrl-C, and then so do its children.
LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.fixture
def cwd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with rules and logs in it, which is the current one."""
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    log = "".join(f"{json.dumps(event)}\n" for event in (SECRET, QUIET, POD))
    (tmp_path / "audit.log").write_text(log, "utf-8")
    noise = json.dumps({**QUIET, "annotations": {"noise": "x" * 10_000}}) + "\n"
    (tmp_path / "large.log").write_text((log * 200 + noise * 800) * 2, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rulec(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str, int]:
    """Run the command in this process; return what it printed, and its status."""
    with pytest.raises(SystemExit) as leaving:
        main(["run", "-r", "rules.yaml", "--time-format", "iso8601", *arguments])
    found = capsys.readouterr()
    assert isinstance(leaving.value.code, int)
    return found.out, found.err, leaving.value.code


ALERTS = [
    "2026-03-02T09:15:00.012345000+0000: Warning Secret deleted (user=eve secret=db)",
    "2026-03-02T09:15:00.012345000+0000: Informational Deleted (user=bob)",
]


# --- where alerts go ----------------------------------------------------------------------


def test_several_outputs(cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = ["--output=stdout", "--output=file:a.log", "--output=program:tee b.log"]
    out, err, status = rulec(capsys, *outputs, "audit.log")
    assert out.splitlines() == ALERTS
    assert (cwd / "a.log").read_text() == (cwd / "b.log").read_text() == out
    assert (err, status) == ("3 events, 2 alerts\n", 0)


def test_without_standard_output_nothing_is_printed(
    cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _, status = rulec(capsys, "--output", "file:a.log", "--format", "json", "audit.log")
    assert (out, status) == ("", 0)
    found = [json.loads(line) for line in (cwd / "a.log").read_text().splitlines()]
    assert [alert["rule"] for alert in found] == ["Secret Deleted", "Something Deleted"]
    assert "uuid" not in found[0], "this is Falco's JSON, to the letter"


def test_http_gets_json_whatever_the_format(cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        out, err, status = rulec(capsys, "--output", f"http:{server.url}", "audit.log")
    assert (out, err, status) == ("", "3 events, 2 alerts\n", 0)
    assert [body["output"] for body in server.bodies] == ALERTS
    assert [body["priority"] for body in server.bodies] == ["Warning", "Informational"]


@pytest.mark.usefixtures("cwd")
def test_several_processes_send_the_same_as_one(tmp_path: Path) -> None:
    found: list[list[Any]] = []
    for number, run in enumerate((RUN, SHARED)):
        with serving() as server:
            outputs = [f"--output=http:{server.url}", f"--output=file:{number}.log"]
            done = subprocess.run(
                [*run, *outputs, "large.log", "audit.log"], capture_output=True, text=True
            )
        assert (done.stdout, done.returncode) == ("", 0), done.stderr
        found.append([done.stderr, (tmp_path / f"{number}.log").read_text(), server.bodies])
    assert found[0] == found[1]
    assert len(found[0][2]) == 802


def test_many_alerts_of_a_worker_go_through_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rulec.runtime import parcels
    from rulec.runtime.jobs import Worker
    from rulec.runtime.shards import Part
    from rulec.runtime.sinks.sending import Deliveries

    monkeypatch.setattr(parcels, "_MOST", 5000)
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    log = tmp_path / "audit.log"
    log.write_text((json.dumps(SECRET) + "\n" + json.dumps(POD) + "\n") * 50)
    ruleset = compile_ruleset(tmp_path / "rules.yaml")
    (tmp_path / "spool").mkdir()
    sent = Worker(ruleset, "k8s_audit", Deliveries(identify=True), tmp_path / "spool")(
        (Part(str(log)),)
    )
    assert sent.path is not None
    found = list(sent.received())
    assert len(found) == 101
    assert found[0] == found[2] != found[1]


# --- names --------------------------------------------------------------------------------


def names(cwd: Path, capsys: pytest.CaptureFixture[str], log: str) -> dict[str, str]:
    (cwd / "named.log").write_text(log, "utf-8")
    with serving() as server:
        assert rulec(capsys, "-q", f"--output=http:{server.url}", "named.log")[2] == 0
    return {body["rule"]: body["uuid"] for body in server.bodies}


def test_the_same_event_and_rule_have_the_same_name(
    cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = names(cwd, capsys, json.dumps(SECRET) + "\n" + json.dumps(POD))
    assert len(set(one.values())) == 2
    turned = dict(reversed(SECRET.items()))
    assert names(cwd, capsys, json.dumps([POD, turned], indent=2)) == one
    items = {"kind": "EventList", "items": [QUIET, SECRET, POD]}
    assert names(cwd, capsys, json.dumps(items)) == one


def test_names_are_those_that_a_library_gets(cwd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events, _ = SOURCES["k8s_audit"].documents.read([SECRET])
    name = alert_id(event_key(events[0]), "Secret Deleted")
    assert names(cwd, capsys, json.dumps(SECRET)) == {"Secret Deleted": name}


@pytest.mark.parametrize(
    "change",
    [{"auditID": "another"}, {"requestURI": "/elsewhere"}, {"stage": "Panic"}, {"extra": 1e400}],
)
def test_other_events_have_other_names(change: dict[str, Any]) -> None:
    read = SOURCES["k8s_audit"].documents.read
    (one,), _ = read([SECRET])
    (other,), _ = read([{**SECRET, **change}])
    assert event_key(one) != event_key(other)
    assert alert_id(event_key(one), "A") != alert_id(event_key(one), "B")


def test_events_of_any_depth_have_names() -> None:
    read = SOURCES["k8s_audit"].documents.read
    text = json.dumps({**SECRET, "extra": "DEEP"})
    keys = set()
    for inside in ("1", "2"):
        deep = text.replace('"DEEP"', "[" * 1500 + inside + "]" * 1500)
        (event,), _ = read(deep.encode())
        keys.add(event_key(event))
    assert len(keys) == 2


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--output", "mail:root"], "Invalid value for '--output': mail:root: 'mail' is none of"),
        (["--output", "http:localhost"], "name a server"),
        (["--output", "http:https://host/", "--http-ca", "rules.yaml"], "cannot read the certifi"),
        (["--output", "file:a", "--output", "file:a"], "file:a: given more than once"),
        (["--spool", "spool"], "Invalid value for '--spool': no --output goes to an HTTP server"),
        (["--spool-limit", "0"], "Invalid value for '--spool-limit'"),
        (["--output-timeout", "-1"], "Invalid value for '--output-timeout'"),
        (["--http-ca", "missing.pem"], "'missing.pem' does not exist"),
    ],
)
@pytest.mark.usefixtures("cwd")
def test_wrong_usage(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err, status = rulec(capsys, *options, "audit.log")
    assert complaint in err
    assert (err.count("\n"), out, status) == (1, "", 3)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("file:nowhere/a.log", "No such file or directory"),
        ("program:/nowhere/at-all", "No such file or directory"),
        ("syslog:unix:///nowhere/log", "No such file or directory"),
    ],
)
@pytest.mark.usefixtures("cwd")
def test_what_cannot_be_opened(output: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    out, err, status = rulec(capsys, "--output", output, "audit.log")
    assert (out, err, status) == ("", f"rulec run: cannot write alerts: {output}: {why}\n", 4)


DEAD = "http://127.0.0.1:9/"  # the port of "discard", where nobody listens


@pytest.mark.usefixtures("cwd")
def test_a_server_that_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    out, err, status = rulec(
        capsys, "--output", f"http:{DEAD}", "--output-timeout", "0.5", "audit.log"
    )
    assert (out, status) == ("", 4)
    assert err.splitlines() == [
        f"http:{DEAD}: Connection refused; trying again",
        "3 events, 2 alerts",
        f"rulec run: http:{DEAD}: 2 alerts not delivered (Connection refused)",
    ]


@pytest.mark.usefixtures("cwd")
def test_a_server_that_is_away_for_more_alerts_than_wait(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rulec.runtime.sinks import outputs

    init = outputs.Outputs.__init__
    monkeypatch.setattr(
        outputs.Outputs,
        "__init__",
        lambda self, sinks, notice, **given: init(self, sinks, notice, 10, **given),
    )
    _, err, status = rulec(
        capsys, "-q", "--output", f"http:{DEAD}", "--output-timeout", "0.5", "large.log"
    )
    assert status == 4
    assert err.splitlines()[-1] == (
        f"rulec run: cannot write alerts: http:{DEAD}: "
        "nothing was taken for 0.5 s (Connection refused)"
    )


def test_the_spool_keeps_alerts_for_the_next_run(
    cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        output = ["--output", f"http:{server.url}", "--spool", "spool"]
    # The server has ended.
    _, err, status = rulec(capsys, *output, "--output-timeout", "0.5", "audit.log")
    assert status == 4
    left = "2 alerts left in the spool for the next time (Connection refused)"
    assert err.splitlines()[-1] == f"rulec run: http:{server.url}: {left}"
    (cwd / "empty.log").touch()
    with serving(port=server.server_port) as again:
        _, err, status = rulec(capsys, *output, "empty.log")
    assert (err, status) == (
        f"http:{server.url}: 2 alerts left in the spool\n0 events, 0 alerts\n",
        0,
    )
    assert [body["output"] for body in again.bodies] == ALERTS


def test_alerts_for_an_output_that_is_not_given_are_told(
    cwd: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = ["--spool", "spool", "--output-timeout", "0.5"]
    rulec(capsys, f"--output=http:{DEAD}", *spool, "audit.log")
    (folder,) = (cwd / "spool").iterdir()
    with serving() as server:
        for _ in range(2):
            _, err, status = rulec(capsys, f"--output=http:{server.url}", *spool, "audit.log")
            assert status == 0
            left = f"spool/{folder.name}: there are alerts for an output that is not given"
            assert err.splitlines() == [left, "3 events, 2 alerts"]


@pytest.mark.usefixtures("cwd")
def test_what_is_refused_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(answering(400, b"no")) as server:
        _, err, status = rulec(capsys, "--output", f"http:{server.url}", "audit.log")
    assert err.splitlines()[-1] == f"rulec run: http:{server.url}: 2 alerts dropped"
    assert status == 4


@pytest.mark.usefixtures("cwd")
def test_whoever_reads_standard_output_may_have_seen_enough() -> None:
    call = [*RUN, "--output", "stdout", "--output", "file:a.log", *["large.log"] * 20]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.usefixtures("cwd")
@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGINT])
def test_whoever_is_to_read_standard_output_may_stop(number: signal.Signals | None) -> None:
    start = [*RUN[:1], "-c", f"{LISTENING}from rulec.cli import main; main()", *RUN[3:]]
    patience = "30" if number else "0.1"
    call = [*start, "--output=stdout", "--output=file:a.log", "--output-timeout", patience]
    with subprocess.Popen(
        [*call, *["large.log"] * 4],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            if number is not None:
                # As many at least were given to both, which is more than a pipe holds.
                while Path("a.log").read_bytes().count(b"\n") < 1250:
                    assert process.poll() is None
                    time.sleep(0.01)
                process.send_signal(number)
            assert process.wait(LONG) == (128 + number if number else 4)
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("end", "status"), [(["audit.log"], 0), (["nowhere.log"], 4), (["--output=http:" + DEAD], 4)]
)
def test_whoever_reads_standard_error_may_have_seen_enough(
    end: list[str], status: int, cwd: Path
) -> None:
    (cwd / "broken.log").write_text("oops\n" + (cwd / "audit.log").read_text() * 2, "utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    call = [*RUN, "--output=file:a.log", "--output-timeout=0.1", "broken.log", *end]
    with open(writing, "wb") as nobody:  # noqa: PTH123
        done = subprocess.run(call, stderr=nobody, check=False)
    assert done.returncode == status
    alerts = (cwd / "a.log").read_text().splitlines()
    assert alerts[: 2 * len(ALERTS)] == ALERTS * 2


@pytest.mark.usefixtures("cwd")
def test_a_full_disk_of_standard_error_keeps_nobody_from_alerts(cwd: Path) -> None:
    (cwd / "broken.log").write_text("oops\n" + (cwd / "audit.log").read_text(), "utf-8")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*RUN, "broken.log"], stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert done.stdout.splitlines() == ALERTS


@pytest.mark.usefixtures("cwd")
def test_a_full_disk_beside_another_output() -> None:
    call = [*RUN, "--output", "stdout", "--output", "file:a.log", "audit.log"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True)
    assert "cannot write" in done.stderr
    assert done.returncode == 4


# --- signals ------------------------------------------------------------------------------


def test_a_log_that_is_rotated_while_events_come_in(cwd: Path) -> None:
    def await_lines(name: str, count: int) -> list[str]:
        # The file tells nobody that it grows; the program beside it does.
        assert running.stderr is not None
        for _ in range(count):
            running.stderr.readline()
        return (cwd / name).read_text().splitlines()

    line = json.dumps(SECRET).encode() + b"\n"
    call = [*RUN, "-q", "--output", "file:a.log", "--output", "program:cat"]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        running.stdin.write(line)
        running.stdin.flush()
        await_lines("a.log", 1)
        (cwd / "a.log").rename(cwd / "a.log.1")
        running.send_signal(signal.SIGHUP)
        for _ in range(3):
            running.stdin.write(line)
            running.stdin.flush()
        running.stdin.close()
        assert running.wait(LONG) == 0
    old, new = (cwd / "a.log.1").read_text(), (cwd / "a.log").read_text()
    assert (old + new).splitlines() == ALERTS[:1] * 4
    assert new


@pytest.mark.usefixtures("cwd")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_does_not_wait_long_and_tells_what_is_left(
    number: signal.Signals, status: int
) -> None:
    def never(handler: Handler, number: int) -> None:
        handler.take()
        handler.rfile.read(1)

    start = [*RUN[:1], "-c", f"{LISTENING}from rulec.cli import main; main()", *RUN[3:]]
    with serving(never) as server:
        call = [*start, "--output", f"http:{server.url}", "--output", "file:a.log"]
        with subprocess.Popen(call, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stdin is not None
            assert running.stderr is not None
            running.stdin.write(json.dumps(SECRET).encode() + b"\n")
            running.stdin.flush()
            server.await_bodies(1)
            running.send_signal(number)
            assert running.wait(LONG) == status
            said = running.stderr.read().decode()
    assert said == f"rulec run: http:{server.url}: 1 alert not delivered\n"
    assert Path("a.log").read_text().splitlines() == ALERTS[:1]


@pytest.mark.usefixtures("cwd")
def test_an_interrupted_end_tells_what_is_left() -> None:
    start = [*RUN[:1], "-c", f"{LISTENING}from rulec.cli import main; main()", *RUN[3:]]
    call = [*start, "--output", f"http:{DEAD}", "audit.log"]
    with subprocess.Popen(call, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert b"trying again" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(LONG) == 130
        said = running.stderr.read().decode()
    assert said == f"rulec run: http:{DEAD}: 2 alerts not delivered (Connection refused)\n"


@pytest.mark.usefixtures("cwd")
def test_what_is_left_when_one_of_several_outputs_gives_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = [f"--output=http:{DEAD}", "--output=file:a.log", "--output-timeout=0.5"]
    _, err, status = rulec(capsys, "-q", *outputs, *["large.log"] * 3)
    assert status == 4
    found = err.splitlines()
    assert found[0] == f"http:{DEAD}: Connection refused; trying again"
    assert re.fullmatch(r"rulec run: [\d,]+ alerts not given to all outputs", found[1])
    refused = "(Connection refused)"
    assert found[2] == f"rulec run: http:{DEAD}: 1,000 alerts not delivered {refused}"
    assert found[3].endswith(f"http:{DEAD}: nothing was taken for 0.5 s {refused}")
    written = len(Path("a.log").read_text().splitlines())
    assert 1000 <= written < 2400


@pytest.mark.usefixtures("cwd")
def test_an_answer_cannot_forge_a_notice(capsys: pytest.CaptureFixture[str]) -> None:
    def nonsense(handler: Handler, number: int) -> None:
        handler.wfile.write(b"\x1b[2Jrulec run:\r all is well\r\n")
        handler.drop()

    with serving(nonsense) as server:
        call = ["--output", f"http:{server.url}", "--output-timeout", "0"]
        _, err, _ = rulec(capsys, *call, "audit.log")
    assert "\x1b" not in err
    assert "\r" not in err
    assert all(
        line.startswith(("http:", "rulec run: http:", "3 events")) for line in err.splitlines()
    )
