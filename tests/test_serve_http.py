"""What ``rulec serve`` answers, through a real socket."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from server_process import JSON, LONG, Server, event, event_list, eventually, named, serving

LIMIT = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, f"--max-body={LIMIT}", "--timeout=1.5") as found:
        yield found


# Falco's plugin answers so: method, path, headers, size of the body; status and body.
ANSWERS = [
    ("POST", "/k8s-audit", JSON, 10, 200, b""),
    ("POST", "/k8s-audit?timeout=30s&x=%2F", JSON, 10, 200, b""),
    ("POST", "/k8s-audit", {"Content-Type": "application/json; charset=utf-8"}, 10, 200, b""),
    ("POST", "/k8s-audit", {"Content-Type": "text/x-application/json"}, 10, 200, b""),
    ("POST", "/k8s-audit", JSON, LIMIT, 200, b""),
    ("POST", "/k8s-audit", {}, 10, 400, b"wrong Content Type\n"),
    ("POST", "/k8s-audit", {"Content-Type": "text/plain"}, 10, 400, b"wrong Content Type\n"),
    ("POST", "/k8s-audit", {"Content-Type": "APPLICATION/JSON"}, 10, 400, b"wrong Content Type\n"),
    (
        *("POST", "/k8s-audit", JSON, LIMIT + 1, 400),
        b"bad request: http: request body too large\n",
    ),
    ("GET", "/k8s-audit", {}, 0, 405, b"GET method not allowed\n"),
    ("HEAD", "/k8s-audit", {}, 0, 405, b""),
    ("PUT", "/k8s-audit", JSON, 10, 405, b"PUT method not allowed\n"),
    ("DELETE", "/k8s-audit", {}, 0, 405, b"DELETE method not allowed\n"),
    ("POST", "/k8s-audit/", JSON, 10, 404, b"404 page not found\n"),
    ("POST", "/k8s-audit/x", JSON, 10, 404, b"404 page not found\n"),
    ("POST", "/k8s_audit", JSON, 10, 404, b"404 page not found\n"),
    ("GET", "/", {}, 0, 404, b"404 page not found\n"),
    # The path is looked at first, then the method, then the type, then the size.
    ("PUT", "/elsewhere", {}, LIMIT + 1, 404, b"404 page not found\n"),
    ("PUT", "/k8s-audit", {}, LIMIT + 1, 405, b"PUT method not allowed\n"),
    ("POST", "/k8s-audit", {}, LIMIT + 1, 400, b"wrong Content Type\n"),
]


@pytest.mark.parametrize(("method", "path", "headers", "size", "status", "body"), ANSWERS)
def test_the_answers_are_those_of_the_plugin(
    server: Server,
    method: str,
    path: str,
    headers: dict[str, str],
    size: int,
    status: int,
    body: bytes,
) -> None:
    answer = server.request(method, path, b" " * size if size else None, headers)
    assert (answer.status, answer.body) == (status, body)
    if status >= 400:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_body_in_chunks_is_measured_too(server: Server) -> None:
    chunks = [b" " * 4096] * (LIMIT // 4096 + 2)
    assert server.post(iter(chunks)).status == 400
    assert server.post(iter(chunks[:2])).status == 200


def test_compressed_bodies_are_refused(server: Server) -> None:
    bomb = gzip.compress(b"[" * 1_000_000)
    answer = server.post(bomb, Content_Encoding="gzip")
    assert answer.status == 415
    assert server.post(named("plain"), Content_Encoding="identity").status == 200


def test_one_bad_event_costs_itself_only(server: Server) -> None:
    bad, evaluated = (
        server.metric("rulec_events_quarantined_total"),
        server.metric("rulec_events_evaluated_total"),
    )
    events = [event(f"one-{number}") for number in range(400)]
    del events[123]["stageTimestamp"]
    assert server.post(event_list(*events)[: LIMIT - 1]).status == 200  # no JSON any more
    for start in range(0, 400, 50):
        assert server.post(event_list(*events[start : start + 50])).status == 200
    eventually(lambda: server.metric("rulec_events_evaluated_total") == evaluated + 399)
    assert server.metric("rulec_events_quarantined_total") == bad + 2
    wanted = [f"one-{number}" for number in range(400) if number != 123]
    # Events are counted when they have been matched; alerts are on their way then.
    eventually(lambda: [each for each in server.names() if each.startswith("one-")] == wanted)
    kept = (server.folder / "journal" / "quarantine.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in kept[-2:]] == ["not_json", "no_time"]
    assert '"one-123"' in json.loads(kept[-1])["content"]


HOSTILE = {
    "deep": b'{"kind":"EventList","items":[' + b"[" * 8000,
    "deep and closed": event_list(event("x"))[:-2] + b',{"x":' + b"[" * 7000 + b"]" * 7000 + b"}]}",
    "no UTF-8": b'{"kind":"Event","auditID":"\xff\xfe","stageTimestamp":"2026-03-02T09:30:00Z"}',
    "a long number": b'{"kind":"EventList","items":[{"x":1' + b"0" * 5000 + b"}]}",
    "a large number": b'{"kind":"EventList","items":[{"x":1e400}]}',
    "no object": b"17",
    "nothing": b"",
    "items": b'{"kind":"EventList","items":17}',
    "strange items": b'{"kind":"EventList","items":[1,null,"x",[],{},{"kind":"Pod"}]}',
    "a NUL": b"\0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_in_a_body_is_accepted_and_survived(server: Server, name: str) -> None:
    assert server.post(HOSTILE[name]).status == 200
    assert server.post(named(f"after {name.replace(' ', '-')}")).status == 200
    eventually(lambda: server.metric("rulec_journal_lag_bytes") == 0)
    eventually(lambda: f"after {name.replace(' ', '-')}" in " ".join(server.output))


def test_an_event_that_is_sent_again_is_matched_once(server: Server) -> None:
    before = server.metric("rulec_events_duplicate_total")
    first = event("same")
    # Aggregated API servers use IDs and stages again for something else.
    other = event("same", requestURI="/elsewhere")
    for body in (event_list(first), event_list(first, other), event_list(other, first)):
        assert server.post(body).status == 200
    eventually(lambda: server.metric("rulec_events_duplicate_total") == before + 3)
    eventually(lambda: server.names().count("same") == 2)


def test_events_whose_request_cannot_be_seen_are_counted(server: Server) -> None:
    pods = {"verb": "create", "objectRef": {"resource": "pods"}}
    truncated = {"annotations": {"audit.k8s.io/truncated": "true"}}
    spec = {"requestObject": {"spec": {"containers": [{"image": "x"}]}}}
    body = event_list(
        event("t1", **pods, **truncated),
        event("t2", level="Metadata", **pods),
        event("t3", level="Metadata", verb="create", objectRef={"resource": "leases"}),
        event("t4", level="Metadata"),
        event("t5", **pods, **spec),
    )
    assert server.post(body).status == 200
    # Documents that are read with care, too.
    other = json.loads(body.replace(b'"auditID":"t', b'"auditID":"u'))
    assert server.post(json.dumps([other]).encode()).status == 200
    single = {"kind": "Event", **event("t6", **pods, **truncated)}
    assert server.post(json.dumps(single).encode()).status == 200
    eventually(lambda: "u5" in server.names() and server.metric("rulec_journal_lag_bytes") == 0)
    text = server.request("GET", "/metrics").body.decode()
    found = [line for line in text.splitlines() if line.startswith("rulec_events_unseen_total")]
    assert found == [
        'rulec_events_unseen_total{reason="metadata"} 2.0',
        'rulec_events_unseen_total{reason="truncated"} 3.0',
    ]
    assert "which these rules ask for: Pod Created" in server.errors


def test_pages_tell_how_it_is(server: Server) -> None:
    health = server.request("GET", "/healthz")
    assert (health.status, health.body) == (200, b'{"status": "ok"}')
    assert health.headers["content-type"] == "application/json"
    assert server.request("GET", "/readyz?verbose").body == b"ready\n"
    assert server.request("HEAD", "/metrics").body == b""
    assert server.request("POST", "/healthz", b"x").status == 405
    assert server.metric("rulec_rules") == 2
    assert server.metric("rulec_journal_bytes") > 0


def test_all_numbers_are_described(server: Server) -> None:
    page = (Path(__file__).parent.parent / "docs" / "serve.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(rulec_\w+)`", page[page.index("| metric |") :]))
    assert server.post(b"no JSON").status == 200  # outputs and reasons have been met by now
    text = server.request("GET", "/metrics").body.decode()
    assert described == {
        name.removesuffix("_total") + "_total" * (kind == "counter")
        for name, kind in re.findall(r"# TYPE (rulec_\w+) (\w+)", text)
    }


def test_connections_are_used_again(server: Server) -> None:
    connection = server.connection()
    for number in range(3):
        connection.request("POST", "/k8s-audit", named(f"again-{number}"), JSON)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"")
        connection.sock.getpeername()  # still open
    connection.close()


def _raw(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), LONG)


_HEAD = b"POST /k8s-audit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("beginning", "trickle", "answer"),
    [
        (_HEAD, b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b""),
        (_HEAD + b"Content-Length: 1000\r\n\r\n", b"[" * 100, b"HTTP/1.1 408"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"64\r\n" + b"[" * 100, b"HTTP/1.1 408"),
        (b"", b"", b""),
    ],
    ids=["headers", "body", "chunks", "nothing"],
)
def test_who_trickles_is_disconnected(
    server: Server, beginning: bytes, trickle: bytes, answer: bytes
) -> None:
    clients = [_raw(server) for _ in range(20)]
    for client in clients:
        client.sendall(beginning)
        client.setblocking(False)
    answers = dict.fromkeys(clients, b"")
    left, sent = set(clients), 0
    while left:
        for client in list(left):
            try:
                if sent < len(trickle):
                    with suppress(ConnectionError):  # the answer may have come already
                        client.send(trickle[sent : sent + 1])
                part = client.recv(1000)
            except BlockingIOError:
                continue
            except ConnectionError:
                part = b""
            answers[client] += part
            if not part:
                left.remove(client)
                client.close()
        sent += 1
        # Others are served all the while.
        assert server.request("GET", "/healthz").status == 200
        assert sent < 10 * LONG
        time.sleep(0.05)
    assert all(found.startswith(answer) for found in answers.values())


def test_a_body_that_ends_early_is_no_document(server: Server) -> None:
    before = server.metric("rulec_documents_accepted_total")
    with _raw(server) as client:
        client.sendall(_HEAD + b"Content-Length: 1000\r\n\r\n" + named("half"))
        client.shutdown(socket.SHUT_WR)
        while client.recv(1000):
            pass
    assert server.metric("rulec_documents_accepted_total") == before


def test_far_too_much_is_refused_before_it_is_read(server: Server) -> None:
    with _raw(server) as client:
        client.sendall(_HEAD + b"Content-Length: 1000000000000\r\n\r\n{")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
