"""Alerts for an HTTP server: what is posted, tried again, refused; with and without a spool."""

import json
import os
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from alerts import Told, deliveries, delivery
from http_server import (
    LONG,
    Behaviour,
    Handler,
    Script,
    accept,
    accepting_and_closing,
    answering,
    dripping,
    dropping,
    dropping_after_taking,
    endless,
    miscounting,
    serving,
    talking_nonsense,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks import Counters, Outputs
from rulec.runtime.sinks.attempts import Backoff
from rulec.runtime.sinks.client import Client
from rulec.runtime.sinks.http import Http, SpooledHttp
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.spool import Spool

QUICK = Backoff(first=0.001, most=0.01)


def quiet(_: str) -> None:
    pass


def silent(handler: Handler, number: int) -> None:
    """Take what is posted, and never answer."""
    handler.take()
    handler.rfile.read(1)


def http(url: str, render: Renderer | None = None, timeout: float = LONG) -> Http:
    return Http("http", Client(url, timeout=timeout), render or Renderer())


def spooled(url: str, folder: Path, limit: int = 10**6, timeout: float = LONG) -> SpooledHttp:
    client = Client(url, timeout=timeout)
    return SpooledHttp("http", client, Renderer(), Spool(folder, limit), QUICK)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def messages(count: int, start: int = 0) -> list[str]:
    return [f"alert {number}" for number in range(start, start + count)]


# --- what is posted -----------------------------------------------------------------------


def test_falcos_json_one_alert_a_request() -> None:
    with serving() as server, Outputs([http(server.url + "x?y=1")], quiet) as outputs:
        outputs.send(deliveries(2), 1)
        assert outputs.wait(1, LONG)
    assert server.bodies == [
        {**json.loads(each.alert.json()), "uuid": each.id} for each in deliveries(2)
    ]
    assert server.headers[0]["Content-Type"] == "application/json"
    assert server.connections == 1, "the connection is used again"


def test_what_falcosidekick_insists_on_is_never_left_out() -> None:
    render = Renderer(include={"include_output_fields": False, "include_tags": False})
    with serving() as server, Outputs([http(server.url, render)], quiet) as outputs:
        outputs.send([delivery(1)], 1)
        assert outputs.wait(1, LONG)
    (body,) = server.bodies
    assert body["output_fields"]
    assert "tags" not in body


def test_large_alerts_and_any_text() -> None:
    text = "\N{SNOWMAN}\n\x00" + "x" * 10**6
    with serving() as server, Outputs([http(server.url)], quiet) as outputs:
        outputs.send([delivery(1, text)], 1)
        assert outputs.wait(1, LONG)
    assert server.bodies[0]["output"].endswith("x" * 10**6)


def test_an_alert_that_cannot_be_written_costs_no_other_one() -> None:
    with serving() as server, Outputs([http(server.url)], quiet) as outputs:
        outputs.send([delivery(0), delivery(1, "half a pair: \ud800"), delivery(2)], 1)
        assert outputs.wait(1, LONG)
        assert outputs.counters()["http"] == Counters(delivered=2, dropped=1)
    assert server.messages == ["alert 0", "alert 2"]


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "failed"),
    [
        (answering(500), 1),
        (answering(503, b"busy"), 1),
        (answering(429), 1),
        (answering(404), 1),
        (answering(302), 1),
        (dropping, 1),
        (talking_nonsense, 1),
        (miscounting, 1),
    ],
)
def test_what_is_tried_again(step, failed: int) -> None:  # type: ignore[no-untyped-def]
    with (
        serving(Script([step] * 2)) as server,
        Outputs([http(server.url)], quiet, backoff=QUICK) as outputs,
    ):
        outputs.send(deliveries(3), 1)
        assert outputs.wait(1, LONG)
        counters = outputs.counters()["http"]
    assert server.messages == messages(3)
    assert counters == Counters(delivered=3, failed=2 * failed)


def test_a_server_that_closes_idle_connections_has_not_failed() -> None:
    with (
        serving(accepting_and_closing) as server,
        Outputs([http(server.url)], quiet, backoff=QUICK) as outputs,
    ):
        for number in range(5):
            outputs.send([delivery(number)], number + 1)
            assert outputs.wait(number + 1, LONG)
        assert outputs.counters()["http"] == Counters(delivered=5)
    assert server.messages == messages(5)
    assert server.connections == 5


def test_who_cannot_know_whether_it_arrived_sends_it_again_by_the_same_name() -> None:
    with (
        serving(Script([dropping_after_taking])) as server,
        Outputs([http(server.url)], quiet, backoff=QUICK) as outputs,
    ):
        outputs.send(deliveries(1), 1)
        assert outputs.wait(1, LONG)
    assert server.messages == messages(1) * 2
    assert len({body["uuid"] for body in server.bodies}) == 1


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_is_refused_is_dropped_and_told(status: int) -> None:
    told: list[str] = []
    step = answering(status, b"Please send\n\x1b[31ma valid request body")
    with (
        serving(Script([accept, step])) as server,
        Outputs([http(server.url)], told.append) as outputs,
    ):
        outputs.send(deliveries(3), 1)
        assert outputs.wait(1, LONG)
        assert outputs.counters()["http"] == Counters(delivered=2, dropped=1)
    assert server.messages == ["alert 0", "alert 2"]
    assert told == [
        f"http: 1 alert dropped so far: answered {status} (Please send ?[31ma valid request body)"
    ]


@pytest.mark.parametrize("slow", [dripping, lambda handler, number: handler.take()])
def test_an_answer_has_to_come_in_time(slow) -> None:  # type: ignore[no-untyped-def]
    def never(handler, number: int) -> None:  # type: ignore[no-untyped-def]
        slow(handler, number)
        handler.rfile.read(1)  # until the other side has had enough

    with serving(Script([never])) as server:
        client = Client(server.url, timeout=0.5)
        with pytest.raises(TimeoutError):
            client.post(b"{}")
        client.post(b"{}")
        client.close()


def test_long_answers_are_not_read_to_their_end() -> None:
    with serving(endless) as server:
        client = Client(server.url, timeout=LONG)
        client.post(b"{}")
        client.post(b"{}")
        client.close()
        assert server.connections == 2


def test_a_server_that_comes_later() -> None:
    port, told = free_port(), Told()
    with Outputs([http(f"http://127.0.0.1:{port}")], told, backoff=QUICK) as outputs:
        outputs.send(deliveries(3), 1)
        told.wait_for("trying again")
        with serving(port=port) as server:
            assert outputs.wait(1, LONG)
            server.await_bodies(3)
    assert server.messages == messages(3)
    assert told.lines[0] == "http: Connection refused; trying again"


def test_without_a_spool_a_dead_server_lets_the_sender_wait() -> None:
    dead = http(f"http://127.0.0.1:{free_port()}")
    with Outputs([dead], quiet, queue=5, patience=0.5, backoff=QUICK) as outputs:
        with pytest.raises(OutputError, match=r"nothing was taken .*\(Connection refused\)"):
            outputs.send(deliveries(6), 1)
        assert outputs.settled == 0
        assert not outputs.close(0)
        assert outputs.counters()["http"].waiting == 5


# --- TLS ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1 that it signed itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    call = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
    ]
    call += ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    try:
        subprocess.run(call, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl")
    both = folder / "both.pem"
    both.write_text(key.read_text() + made.read_text())
    return both


def test_servers_have_to_prove_who_they_are(certificate: Path) -> None:
    with serving(certificate=certificate) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(OSError, match="certificate verify failed"):
            Client(url).post(b"{}")
        client = Client(url, ca_file=certificate.parent / "cert.pem", certificate=certificate)
        client.post(json.dumps({"output": "x"}).encode())
        client.close()
    assert server.bodies == [{"output": "x"}]


def test_what_is_broken_off_is_not_taken_for_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is about to read an answer goes on with what becomes of the connection."""
    reading, aborted, read = Event(), Event(), ssl.SSLSocket.read

    def later(connected: ssl.SSLSocket, *arguments: Any) -> Any:
        if not connected.server_side:
            reading.set()
            assert aborted.wait(LONG)
        return read(connected, *arguments)

    monkeypatch.setattr(ssl.SSLSocket, "read", later)
    with serving(silent, 0, certificate) as server, ThreadPoolExecutor(1) as thread:
        url = server.url.replace("http:", "https:")
        client = Client(url, ca_file=certificate.parent / "cert.pem", certificate=certificate)
        posted = thread.submit(client.post, b"{}")
        assert reading.wait(LONG)
        client.abort()
        aborted.set()
        with pytest.raises(ConnectionError):
            posted.result(LONG)


def test_certificates_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Client("https://host/", ca_file=tmp_path / "none")


# --- with a spool -------------------------------------------------------------------------


def test_what_cannot_be_delivered_is_safe_in_the_spool_and_goes_out_later(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with Outputs([spooled(url, tmp_path)], quiet) as outputs:
        outputs.send(deliveries(20), 1)
        assert outputs.wait(1, LONG), "safe, although nobody has them"
        outputs.send(deliveries(20, start=20), 2)
        assert outputs.wait(2, LONG)
        assert not outputs.close(0.05)
        counters = outputs.counters()["http"]
        assert (counters.spooled, counters.delivered, counters.dropped) == (40, 0, 0)
    told: list[str] = []
    with (
        serving(port=port) as server,
        Outputs([spooled(url, tmp_path)], told.append) as outputs,
    ):
        outputs.send(deliveries(5, start=40), 1)
        assert outputs.close(LONG)
        assert outputs.counters()["http"] == Counters(delivered=45)
    assert server.messages == messages(45)
    assert told == ["http: 40 alerts left in the spool"]


def test_order_is_kept_when_the_server_comes_back(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with Outputs([spooled(url, tmp_path)], quiet) as outputs:
        for number in range(50):
            outputs.send([delivery(number)], number + 1)
        with serving(port=port) as server:
            for number in range(50, 100):
                outputs.send([delivery(number)], number + 1)
            assert outputs.close(LONG)
    assert server.messages == messages(100)


def test_a_full_spool_lets_the_sender_wait(tmp_path: Path) -> None:
    port, told = free_port(), list[str]()
    url = f"http://127.0.0.1:{port}/"
    sink = spooled(url, tmp_path, limit=20_000)
    with Outputs([sink], told.append, queue=10, patience=1, backoff=QUICK) as outputs:
        with pytest.raises(OutputError, match=r"nothing was taken .*\(the spool is full"):
            outputs.send(deliveries(1000), 1)
        spooled_now = outputs.counters()["http"].spooled
        assert 10 < spooled_now < 100
        assert sum(each.stat().st_size for each in tmp_path.glob("*.spool")) <= 20_000
        with serving(port=port) as server:
            assert outputs.close(LONG)
        delivered = outputs.counters()["http"].delivered
    # Of the ten that were waiting, some were in the spool already.
    assert spooled_now <= delivered <= spooled_now + 10
    assert server.messages == messages(delivered)
    assert any("the spool is full (20,000 bytes); trying again" in line for line in told)


def test_what_is_refused_does_not_hold_the_others_up(tmp_path: Path) -> None:
    told: list[str] = []
    with (
        serving(Script([answering(500), answering(400), accept, answering(400)])) as server,
        Outputs([spooled(server.url, tmp_path)], told.append) as outputs,
    ):
        outputs.send(deliveries(4), 1)
        assert outputs.close(LONG)
        assert outputs.counters()["http"] == Counters(delivered=2, failed=1, dropped=2)
    assert server.messages == ["alert 1", "alert 3"]
    assert sum("dropped" in line for line in told) == 2


def test_one_process_uses_a_spool(tmp_path: Path) -> None:
    with (
        Outputs([spooled("http://127.0.0.1:9/", tmp_path)], quiet),
        pytest.raises(OutputError, match="is used by another process"),
    ):
        Outputs([spooled("http://127.0.0.1:9/", tmp_path)], quiet)


def test_a_slow_server_is_broken_off_at_the_end(tmp_path: Path) -> None:
    with serving(silent) as server, Outputs([spooled(server.url, tmp_path)], quiet) as outputs:
        outputs.send(deliveries(1), 1)
        server.await_bodies(1)
        assert not outputs.close(0)
    with serving() as other, Outputs([spooled(other.url, tmp_path)], quiet) as outputs:
        assert outputs.close(LONG)
    assert other.messages == messages(1), "the spool was free again, and had the alert"


@pytest.mark.parametrize("with_spool", [False, True])
def test_what_is_broken_off_is_not_posted_again(with_spool: bool, tmp_path: Path) -> None:
    def once(handler: Handler, number: int) -> None:
        (silent if number else accept)(handler, number)

    with serving(once) as server:
        one = spooled(server.url, tmp_path) if with_spool else http(server.url)
        with Outputs([one], quiet) as outputs:
            outputs.send(deliveries(2), 1)
            server.await_bodies(2)
            assert not outputs.close(0)
            assert not [each for each in enumerate_threads() if each.name.startswith("rulec")]
    assert server.messages == messages(2)


def test_an_error_of_ours_is_told_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a mistake of ours")

    told = Told()
    with serving() as server:
        with monkeypatch.context() as patch, Outputs([spooled(server.url, tmp_path)], told) as one:
            patch.setattr(Client, "post", broken)
            one.send(deliveries(1), 1)
            told.wait_for("http: KeyError: 'a mistake of ours'")
            assert not one.close(LONG)
            assert one.counters()["http"].spooled == 1
        with Outputs([spooled(server.url, tmp_path)], quiet) as two:
            assert two.close(LONG)
    assert server.messages == messages(1)


BEHAVIOURS = [
    accept,
    answering(500),
    answering(400),
    dropping,
    dropping_after_taking,
    accepting_and_closing,
    talking_nonsense,
    miscounting,
]


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(st.sampled_from(BEHAVIOURS), max_size=12),
    count=st.integers(0, 6),
    with_spool=st.booleans(),
)
def test_whatever_a_server_does_nothing_is_lost_unseen(
    steps: list[Behaviour], count: int, with_spool: bool
) -> None:
    with TemporaryDirectory() as folder, serving(Script(steps)) as server:
        one = spooled(server.url, Path(folder)) if with_spool else http(server.url)
        with Outputs([one], quiet, backoff=QUICK) as outputs:
            for number in range(count):
                outputs.send([delivery(number)], number + 1)
            assert outputs.close(LONG)
            counters = outputs.counters()["http"]
    assert counters.delivered + counters.dropped == count
    assert (counters.spooled, counters.waiting) == (0, 0)
    came = list(dict.fromkeys(server.messages))
    assert came == [each for each in messages(count) if each in came], "in order"
    assert count - len(came) <= counters.dropped


CHILD = """
import sys
from pathlib import Path
from alerts import delivery
from rulec.runtime.sinks import Outputs
from rulec.runtime.sinks.client import Client
from rulec.runtime.sinks.http import SpooledHttp
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.spool import Spool
sink = SpooledHttp("http", Client(sys.argv[1]), Renderer(), Spool(Path(sys.argv[2]), 10**8))
with Outputs([sink], lambda line: None) as outputs:
    for number in range(10**6):
        outputs.send([delivery(number)], number + 1)
        if number % 100 == 99:
            assert outputs.wait(number + 1, 20)
            print(number + 1, flush=True)
"""


@pytest.mark.parametrize("alive", [False, True], ids=["server away", "server there"])
@pytest.mark.parametrize("rounds", [1, 3, 7])
def test_what_was_safe_survives_kill_9(rounds: int, alive: bool, tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    port = free_port()
    call = [sys.executable, str(script), f"http://127.0.0.1:{port}/", str(tmp_path / "spool")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}

    def run_and_kill() -> int:
        with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout is not None
            for _ in range(rounds):
                line = child.stdout.readline()
            child.kill()
            while rest := child.stdout.readline():
                line = rest if rest.endswith("\n") else line
        return int(line)

    if alive:
        with serving(port=port) as server:
            safe = run_and_kill()
        got = server.messages
    else:
        safe, got = run_and_kill(), []
    with serving(port=port) as server:
        sink = spooled(f"http://127.0.0.1:{port}/", tmp_path / "spool", limit=10**8)
        with Outputs([sink], quiet) as outputs:
            assert outputs.close(LONG)
    got += server.messages
    assert safe >= 100 * rounds
    assert set(messages(safe)) <= set(got), "what was said to be safe was lost"
    twice = len(got) - len(set(got))
    assert twice <= 1, "only what was on its way may come twice"
    assert got == sorted(got, key=lambda text: int(text.split()[1]))
