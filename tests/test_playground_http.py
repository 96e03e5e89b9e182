"""What ``rulec playground`` answers, through a real socket, and whom it does not."""

import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from threading import Thread
from time import monotonic, sleep

import pytest
from click.testing import CliRunner
from playground_process import EVENT, LONG, Playground, playing

from rulec.cli import BAD_INPUT, BAD_RULES, BAD_USAGE, cli, main
from rulec.playground.listener import HOST, Listener
from rulec.playground.model import MOST_BYTES
from rulec.playground.service import PAGE, Service

JSON = {"Content-Type": "application/json"}
QUESTION = json.dumps({"files": []})


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with playing() as found:
        yield found


@pytest.mark.parametrize("path", PAGE)
def test_the_page_consists_of_files_that_ask_for_nothing_from_elsewhere(
    playground: Playground, path: str
) -> None:
    answer = playground.request("GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(PAGE[path][1])
    text = answer.body.decode()
    assert set(re.findall(r"https?://[^\s\"'`]+", text)) <= {"http://www.w3.org/2000/svg"}
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_file_of_the_page_is_served() -> None:
    folder = Path(__file__).parent.parent / "compiler/playground/page"
    files = {path.name for path in folder.iterdir() if path.suffix not in (".py", "")}
    assert files == {name for name, _ in PAGE.values()}


# --- who is answered ----------------------------------------------------------------------------

HEADERS = [
    ({"Host": "127.0.0.1:{port}"}, 200),
    ({"Host": "localhost:{port}"}, 200),
    ({"Host": "LOCALHOST:{port}"}, 200),
    ({"Host": "[::1]:{port}"}, 200),
    ({"Host": "localhost:9000", "Origin": "http://localhost:9000"}, 200),  # through a tunnel
    ({"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"}, 200),
    ({"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 200),
    ({"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "none"}, 200),
    # A name of somebody else's that leads to this machine.
    ({"Host": "rebound.example:{port}"}, 403),
    ({"Host": "rebound.example:{port}", "Origin": "http://rebound.example:{port}"}, 403),
    ({"Host": "localhost.rebound.example:{port}"}, 403),
    ({"Host": "127.0.0.1.rebound.example:{port}"}, 403),
    ({"Host": "localhost:{port}@rebound.example"}, 403),
    ({"Host": "0.0.0.0:{port}"}, 403),
    ({"Host": ""}, 403),
    # Another page, at its own name or at another port of this machine.
    ({"Host": "127.0.0.1:{port}", "Origin": "https://rebound.example"}, 403),
    ({"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:1"}, 403),
    ({"Host": "127.0.0.1:{port}", "Origin": "http://localhost:{port}"}, 403),
    ({"Host": "127.0.0.1:{port}", "Origin": "null"}, 403),
    ({"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"}, 403),
    ({"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "same-site"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), HEADERS)
def test_only_the_page_itself_is_answered(
    playground: Playground, headers: dict[str, str], status: int
) -> None:
    given = {name: value.format(port=playground.port) for name, value in headers.items()}
    assert playground.request("GET", "/", headers=given).status == status
    answer = playground.request("POST", "/api/answer", QUESTION, given | JSON)
    assert answer.status == status
    assert b"sources" not in answer.body or status == 200


def test_a_request_for_two_hosts_is_for_none(playground: Playground) -> None:
    sent = f"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1:{playground.port}\r\n\r\n"
    assert raw(playground, sent.encode()).startswith(b"HTTP/1.1 403 ")


def test_it_listens_to_this_machine_only(playground: Playground) -> None:
    assert playground.url.startswith("http://127.0.0.1:")
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect(("127.0.0.2", playground.port))


# --- what is answered ---------------------------------------------------------------------------

REQUESTS = [
    ("GET", "/nothing", {}, "", 404),
    ("GET", "/page/index.html", {}, "", 404),
    ("GET", "/../main.js", {}, "", 404),
    ("GET", "/%2e%2e/pyproject.toml", {}, "", 404),
    ("GET", "/etc/passwd", {}, "", 404),
    ("GET", "/api/examples/nothing", {}, "", 404),
    ("GET", "/api/examples/../start", {}, "", 404),
    ("GET", "/api/answer", {}, "", 405),
    ("POST", "/", {}, "", 405),
    ("OPTIONS", "/api/answer", {}, "", 405),
    ("HEAD", "/", {}, "", 405),
    ("DELETE", "/api/answer", {}, "", 405),
    ("TRACE", "/", {}, "", 501),
    # What a form on another page can send is not taken.
    ("POST", "/api/answer", {}, QUESTION, 415),
    ("POST", "/api/answer", {"Content-Type": "text/plain"}, QUESTION, 415),
    ("POST", "/api/answer", {"Content-Type": "application/json; charset=utf-8"}, QUESTION, 200),
    ("POST", "/api/answer", JSON | {"Content-Length": str(MOST_BYTES + 1)}, "", 413),
    ("POST", "/api/answer", JSON | {"Content-Length": "-1"}, "", 400),
    ("POST", "/api/answer", JSON | {"Content-Length": "1_0"}, "", 400),
    ("POST", "/api/answer", JSON | {"Content-Length": "9" * 30}, "", 400),
    ("POST", "/api/answer", JSON | {"Transfer-Encoding": "chunked"}, "0\r\n\r\n", 411),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REQUESTS)
def test_requests(
    playground: Playground,
    method: str,
    path: str,
    headers: dict[str, str],
    body: str,
    status: int,
) -> None:
    given = {"Content-Length": str(len(body))} | headers
    if "Transfer-Encoding" in given:
        del given["Content-Length"]
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{playground.port}"]
    lines += [f"{name}: {value}" for name, value in given.items()]
    answer = raw(playground, "\r\n".join([*lines, "Connection: close", "", body]).encode())
    assert int(answer.split()[1]) == status
    assert b"Content-Security-Policy: " in answer


def raw(playground: Playground, sent: bytes) -> bytes:
    """Return the beginning of what is answered to some bytes."""
    with socket.create_connection(("127.0.0.1", playground.port), LONG) as connection:
        connection.sendall(sent)
        return connection.recv(65536)


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\r\n"]
)
def test_what_is_no_request_is_refused(playground: Playground, sent: bytes) -> None:
    assert raw(playground, sent).split()[1] in (b"400", b"505")


def test_a_connection_serves_several_requests(playground: Playground) -> None:
    connection = playground.connection()
    for _ in range(3):
        connection.request("GET", "/api/start")
        assert json.loads(connection.getresponse().read())["examples"]
    connection.close()


def test_a_slow_client_keeps_nobody_waiting(playground: Playground) -> None:
    slow = [socket.create_connection(("127.0.0.1", playground.port), LONG) for _ in range(20)]
    for each in slow:
        each.sendall(b"POST /api/answer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    assert playground.ask()["alerts"]
    for each in slow:
        each.close()


class Asked:
    """Answers whether the answer is unwanted, as soon as it is, or after a while."""

    def __init__(self) -> None:
        self.answers: Queue[bytes] = Queue()

    def ask(self, question: bytes, unwanted: Callable[[], bool]) -> bytes:
        end = monotonic() + float(question)
        while not (found := unwanted()) and monotonic() < end:
            sleep(0.01)
        answer = json.dumps(found).encode()
        self.answers.put(answer)
        return answer


def test_who_has_gone_away_waits_for_no_answer() -> None:
    asked = Asked()
    with Listener(Service(asked)) as listener:
        serving = Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        try:
            for seconds, goes, unwanted in [(LONG, True, b"true"), (0.1, False, b"false")]:
                connection = HTTPConnection(HOST, listener.server_port, timeout=LONG)
                with closing(connection):
                    connection.request("POST", "/api/answer", str(seconds), JSON)
                    if goes:
                        connection.close()
                    assert asked.answers.get(timeout=LONG) == unwanted
        finally:
            listener.shutdown()


def test_a_connection_without_a_thread_takes_no_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("rulec.playground.listener._CONNECTIONS", 1)
    with Listener(Service(Asked())) as listener:
        with monkeypatch.context() as patch, socket.create_connection(listener.server_address):
            patch.setattr(Thread, "start", refused)
            listener.handle_request()
        assert "can't start new thread" in capsys.readouterr().err
        with closing(HTTPConnection(HOST, listener.server_port, timeout=LONG)) as connection:
            connection.request("GET", "/")
            listener.handle_request()
            assert connection.getresponse().status == 200


def test_what_is_no_question_is_told(playground: Playground) -> None:
    for body in ("{", "[]", '{"files": 1}', '{"files": [], "rule_matching": "some"}'):
        answer = playground.request("POST", "/api/answer", body, JSON)
        assert answer.json["failure"].startswith("this is no question: ")
    assert playground.ask()["alerts"]


def test_examples_are_there(playground: Playground) -> None:
    start = playground.request("GET", "/api/start").json
    assert start["given"] is None
    for example in start["examples"]:
        preset = playground.request("GET", f"/api/examples/{example['name']}").json
        assert preset["files"][0]["content"]
        assert preset["event"]


def test_rules_are_matched(playground: Playground) -> None:
    answer = playground.ask()
    assert answer["loads"]
    (alert,) = answer["alerts"]
    assert alert["text"] == "09:30:00.000000000: Warning pod web by mia"
    assert alert["rule"] == answer["rule"] == "Pod Created"
    assert (alert["file"], alert["line"]) == ("rules.yaml", 4)


# --- how it begins and ends ---------------------------------------------------------------------


def test_what_was_given_is_told_to_who_has_the_link(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("- macro: a\n  condition: b\n")
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    with playing("-r", tmp_path / "rules.yaml", tmp_path / "event.json") as playground:
        key = playground.url.partition("?given=")[2]
        assert len(key) > 20
        given = playground.request("GET", f"/api/start?{key}").json["given"]
        assert given["files"][0]["content"] == "- macro: a\n  condition: b\n"
        assert json.loads(given["event"]) == EVENT
        for other in ("", f"?{key[1:]}", "?x", "?%FF"):
            assert playground.request("GET", f"/api/start{other}").json["given"] is None


def test_there_is_always_a_file_to_write_rules_in(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    with playing(tmp_path / "event.json") as playground:
        key = playground.url.partition("?given=")[2]
        given = playground.request("GET", f"/api/start?{key}").json["given"]
    assert given["files"] == [{"name": "rules.yaml", "content": "", "kind": "rules"}]
    assert json.loads(given["event"]) == EVENT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_workers(number: int) -> None:
    with playing() as playground:
        assert playground.ask()["alerts"]
        children = Path(f"/proc/{playground.process.pid}/task/{playground.process.pid}/children")
        workers = children.read_text().split()
        assert len(workers) == 2
        assert playground.stop(number) == 0
        assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


def test_a_port_that_is_taken(playground: Playground, capfd: pytest.CaptureFixture[str]) -> None:
    port = playground.port
    assert status("playground", "--no-browser", "--port", str(port)) == BAD_INPUT
    message = f"rulec playground: cannot listen at 127.0.0.1:{port}: Address already in use\n"
    assert capfd.readouterr().err == message


def test_what_cannot_be_given(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules.yaml").write_text("")
    (tmp_path / "long.json").write_bytes(b" " * (MOST_BYTES + 1))
    (tmp_path / "attack.scap").write_bytes(CAPTURE.read_bytes()[:64])
    rules, folder = ("-r", str(tmp_path / "rules.yaml")), str(tmp_path)
    for arguments, expected, said in [
        ((f"{folder}/none.json",), BAD_INPUT, "No such file"),
        ((f"{folder}/long.json",), BAD_INPUT, "more than 4,194,304 bytes"),
        ((f"{folder}/attack.scap",), BAD_INPUT, "a capture needs rules"),
        ((*rules, f"{folder}/attack.scap"), BAD_INPUT, "a capture needs rules for system calls"),
        (("-r", f"{folder}/none.yaml"), BAD_RULES, "LOAD_ERR_FILE_READ"),
        (("-r", f"{folder}/none.py"), BAD_USAGE, "is compiled"),
        (("-r", f"{folder}/long.json"), BAD_USAGE, "looks like events"),
        (("--port", "70000"), BAD_USAGE, "70000"),
    ]:
        assert status("playground", "--no-browser", *arguments) == expected, arguments
        assert said in capfd.readouterr().err


CAPTURE = Path(__file__).parent.parent / "docs/samples/attack.scap"


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_a_capture_is_taken_down(tmp_path: Path) -> None:
    rules = Path(__file__).parent.parent / "rules/syscall.yaml"
    with playing("-r", rules, CAPTURE) as playground:
        key = playground.url.partition("?given=")[2]
        given = playground.request("GET", f"/api/start?{key}").json["given"]
        answer = playground.ask(given["files"][0]["content"], given["event"])
    printed = CliRunner().invoke(cli, ["run", "-q", "-r", str(rules), str(CAPTURE)]).output
    assert len(answer["alerts"]) == len(printed.splitlines()) == 18
