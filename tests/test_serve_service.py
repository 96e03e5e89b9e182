"""The service and its ASGI application in this process: slow and full disks, overload, mistakes."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from server_process import RULES, event, event_list, eventually, named

from rulec import compile_ruleset
from rulec.runtime.sinks import Delivery, Outputs, Sink
from rulec.server.app import App
from rulec.server.evaluation import ActiveRules, evaluate
from rulec.server.metrics import Metrics
from rulec.server.progress import Progress
from rulec.server.seldom import Seldom
from rulec.server.service import Service
from rulec.server.settings import Limits


class Kept(Sink):
    """Keeps alerts."""

    def __init__(self) -> None:
        super().__init__("kept")
        self.messages: list[str] = []

    def write(self, delivery: Delivery) -> None:
        self.messages.append(delivery.alert.message)


@dataclass
class Parts:
    """A service with what is around it."""

    service: Service
    app: App
    sink: Kept
    said: list[str] = field(default_factory=list)

    def value(self, name: str, **labels: str) -> float:
        return self.service.metrics.registry.get_sample_value(name, labels) or 0.0


def active(tmp_path: Path) -> ActiveRules:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    return ActiveRules.of(compile_ruleset(rules), "k8s_audit", identify=True)


Make = Callable[..., Parts]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Parts] = []

    def parts(manage: bool = False, **limits: Any) -> Parts:
        rules, sink, said = active(tmp_path), Kept(), list[str]()
        outputs = Outputs([sink], said.append)
        service = Service(
            tmp_path / "journal",
            Limits(**{"grace": 5.0, **limits}),
            outputs,
            lambda: rules,
            Metrics(),
            said.append,
            said.append,
        )
        made.append(Parts(service, App(service, "/k8s-audit", manage=manage), sink, said))
        if not manage:
            service.start()
        return made[-1]

    yield parts
    for each in made:
        each.service.stop(5.0)


@dataclass
class Request:
    """A request to an ASGI application, whose body comes when it is told to."""

    app: App
    method: str = "POST"
    path: str = "/k8s-audit"
    length: int | None = None
    sent: list[Any] = field(default_factory=list)
    body: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    def feed(self, part: bytes, more: bool = False) -> "Request":
        self.body.put_nowait({"type": "http.request", "body": part, "more_body": more})
        return self

    def begin(self) -> Awaitable[None]:
        headers = [(b"content-type", b"application/json")]
        if self.length is not None:
            headers.append((b"content-length", str(self.length).encode()))
        scope = {"type": "http", "method": self.method, "path": self.path, "headers": headers}
        return asyncio.ensure_future(self.app(scope, self.body.get, self._send))

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        found: int = self.sent[0]["status"]
        return found

    @property
    def text(self) -> bytes:
        found: bytes = self.sent[1]["body"]
        return found

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


async def posted(app: App, body: bytes) -> Request:
    request = Request(app).feed(body)
    await request.begin()
    return request


class Disk:
    """What ``os`` does to make data safe, until somebody wants it otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.open.set()
        self.waiting = threading.Event()
        self.error: OSError | None = None
        self.groups = 0
        monkeypatch.setattr(os, "fdatasync", self._sync)

    def _sync(self, descriptor: int) -> None:
        if threading.current_thread().name != "journal":
            return
        self.groups += 1
        self.waiting.set()
        assert self.open.wait(60)
        if self.error is not None:
            raise self.error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk(monkeypatch)
    yield found
    found.open.set()


def test_many_documents_share_the_delay_of_the_disk(make: Make, disk: Disk) -> None:
    async def main() -> None:
        parts = make()
        disk.open.clear()
        first = Request(parts.app).feed(named("0")).begin()
        await asyncio.to_thread(disk.waiting.wait)
        others = [Request(parts.app).feed(named(str(n))) for n in range(1, 50)]
        tasks = [other.begin() for other in others]
        # The event loop is free, and nothing is evaluated or answered before it is safe.
        page = Request(parts.app, "GET", "/healthz")
        await page.begin()
        assert page.status == 200
        assert not any(other.sent for other in others)
        assert parts.sink.messages == []
        disk.open.set()
        await asyncio.gather(first, *tasks)
        assert {other.status for other in others} == {200}
        assert disk.groups == 2
        await asyncio.to_thread(eventually, lambda: len(parts.sink.messages) == 50)

    asyncio.run(main())


def test_a_disk_that_is_too_slow_is_no_reason_to_answer_slowly(make: Make, disk: Disk) -> None:
    async def main() -> None:
        parts = make(patience=0.1)
        disk.open.clear()
        request = await posted(parts.app, named("slow"))
        assert (request.status, request.text) == (503, b"cannot take it now: disk_slow\n")
        assert request.headers[b"retry-after"] == b"5"
        disk.open.set()
        # It was written after all: when it is sent again, it is no new event.
        await asyncio.to_thread(eventually, lambda: parts.sink.messages == ["read slow"])
        assert (await posted(parts.app, named("slow"))).status == 200
        await asyncio.to_thread(
            eventually, lambda: parts.value("rulec_events_duplicate_total") == 1
        )
        assert parts.sink.messages == ["read slow"]

    asyncio.run(main())


def test_a_disk_that_does_not_answer_is_not_waited_for_at_the_end(make: Make, disk: Disk) -> None:
    parts = make(patience=0.1)
    disk.open.clear()
    assert asyncio.run(posted(parts.app, named("slow"))).text.endswith(b"disk_slow\n")
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(parts.service.stop(0.1)), daemon=True)
    stopping.start()
    stopping.join(10)
    assert ended == [False]


def test_the_queue_before_the_disk_is_bounded(make: Make, disk: Disk) -> None:
    async def main() -> None:
        parts = make(queue=3)
        disk.open.clear()
        tasks = [Request(parts.app).feed(named("0")).begin()]
        await asyncio.to_thread(disk.waiting.wait)
        tasks += [Request(parts.app).feed(named(str(n))).begin() for n in range(1, 4)]
        await asyncio.sleep(0)
        request = await posted(parts.app, named("more"))
        assert (request.status, request.text) == (503, b"cannot take it now: queue_full\n")
        assert request.headers[b"retry-after"] == b"1"
        page = Request(parts.app, "GET", "/readyz")
        await page.begin()
        assert (page.status, page.text) == (503, b"queue_full\n")
        disk.open.set()
        await asyncio.gather(*tasks)
        assert (await posted(parts.app, named("more"))).status == 200
        assert parts.value("rulec_documents_shed_total", reason="queue_full") == 1

    asyncio.run(main())


def test_what_waits_for_the_disk_is_bounded_and_left_out_if_nobody_waits(
    make: Make, disk: Disk
) -> None:
    async def main() -> None:
        parts = make(patience=0.1, memory=2000)
        disk.open.clear()
        tasks = [Request(parts.app).feed(named("0")).begin()]
        await asyncio.to_thread(disk.waiting.wait)
        late = [Request(parts.app).feed(b" " * 700) for _ in range(4)]
        tasks += [each.begin() for each in late]
        await asyncio.gather(*tasks)
        assert [each.text for each in late] == [
            b"cannot take it now: disk_slow\n",
            b"cannot take it now: disk_slow\n",
            b"cannot take it now: memory_full\n",
            b"cannot take it now: memory_full\n",
        ]
        # They are gone, but still in memory.
        request = await posted(parts.app, b" " * 700)
        assert request.text == b"cannot take it now: queue_full\n"
        disk.open.set()
        await asyncio.to_thread(eventually, lambda: parts.sink.messages == ["read 0"])
        assert (await posted(parts.app, b" " * 1000)).status == 200
        assert disk.groups == 2
        await asyncio.to_thread(
            eventually,
            lambda: parts.value("rulec_events_quarantined_total", reason="not_json") == 1,
        )

    asyncio.run(main())


def test_a_journal_that_is_full_of_what_is_done_has_room(make: Make, disk: Disk) -> None:
    """A document may be larger than what is left beside the one before, which is done."""

    async def main() -> None:
        parts = make(journal=16_000)
        for name in ("first", "second"):
            body = event_list(event(name, pad="x" * 10_000))
            assert (await posted(parts.app, body)).status == 200
            await asyncio.to_thread(eventually, lambda: parts.service.journal.size == 0)
        assert parts.sink.messages == ["read first", "read second"]

    asyncio.run(main())


def test_a_disk_that_fails_is_tried_again(make: Make, disk: Disk) -> None:
    async def main() -> None:
        parts = make()
        assert (await posted(parts.app, named("before"))).status == 200
        disk.error = OSError(28, "No space left on device")
        for _ in range(3):
            request = await posted(parts.app, named("lost"))
            assert (request.status, request.text) == (503, b"cannot take it now: disk\n")
        page = Request(parts.app, "GET", "/readyz")
        await page.begin()
        assert page.text == b"the journal cannot be written: No space left on device\n"
        disk.error = None
        assert (await posted(parts.app, named("after"))).status == 200
        page = Request(parts.app, "GET", "/readyz")
        await page.begin()
        assert page.status == 200
        await asyncio.to_thread(
            eventually, lambda: parts.sink.messages == ["read before", "read after"]
        )
        assert parts.value("rulec_disk_errors_total") == 3
        assert parts.said == [
            "the journal cannot be written: No space left on device",
            "the journal can be written again",
        ]

    asyncio.run(main())


def test_bodies_that_are_received_are_bounded_together(make: Make) -> None:
    async def main() -> None:
        parts = make(memory=1000)
        slow = Request(parts.app).feed(b" " * 600, more=True)
        task = slow.begin()
        await asyncio.sleep(0.01)
        request = await posted(parts.app, b" " * 600)
        assert (request.status, request.text) == (503, b"cannot take it now: memory_full\n")
        assert (await posted(parts.app, b" " * 300)).status == 200
        slow.feed(b" ")
        await task
        assert slow.status == 200
        assert (await posted(parts.app, b" " * 900)).status == 200

    asyncio.run(main())


def test_who_gives_up_leaves_nothing_behind(make: Make) -> None:
    async def main() -> None:
        parts = make(memory=1000)
        for _ in range(5):
            request = Request(parts.app).feed(b" " * 600, more=True)
            request.body.put_nowait({"type": "http.disconnect"})
            await request.begin()
            assert request.sent == []
        assert (await posted(parts.app, b" " * 900)).status == 200
        assert parts.value("rulec_documents_accepted_total") == 1

    asyncio.run(main())


def test_at_the_end_clients_are_sent_away(make: Make) -> None:
    async def main() -> None:
        parts = make()
        parts.app.closing = True
        request = await posted(parts.app, named("late"))
        assert (request.status, request.text) == (503, b"cannot take it now: closing\n")
        page = Request(parts.app, "GET", "/readyz")
        await page.begin()
        assert (page.status, page.text) == (503, b"closing\n")

    asyncio.run(main())


def test_what_comes_while_the_worker_waits_is_evaluated_at_the_end(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        parts = make()
        worker = parts.service._worker
        waiting, go_on = threading.Event(), threading.Event()

        def wait(timeout: float) -> None:
            waiting.set()
            assert go_on.wait(60)

        monkeypatch.setattr(worker._arrived, "wait", wait)
        await asyncio.to_thread(waiting.wait)
        assert (await posted(parts.app, named("last"))).status == 200
        stopping = asyncio.ensure_future(asyncio.to_thread(parts.service.stop, 5.0))
        await asyncio.to_thread(eventually, lambda: worker._stopping)
        go_on.set()
        assert await stopping
        assert parts.sink.messages == ["read last"]

    asyncio.run(main())


def test_it_runs_under_another_server(make: Make) -> None:
    """uvicorn starts and ends the service with the application."""
    import http.client
    import socket

    parts = make(manage=True)
    server = uvicorn.Server(uvicorn.Config(parts.app, log_config=None, lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        connection = http.client.HTTPConnection(*listening.getsockname(), timeout=60)
        connection.request("POST", "/k8s-audit?x", named("a"), {"Content-Type": "application/json"})
        assert connection.getresponse().read() == b""
        connection.request("GET", "/metrics")
        assert b"rulec_documents_accepted_total 1.0" in connection.getresponse().read()
        connection.close()
        eventually(lambda: parts.sink.messages == ["read a"])
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive()


def test_a_document_that_ends_the_process_does_not_do_so_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import asyncio, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from rulec.server import worker
from test_serve_service import active, posted, Kept, Outputs, Service, Limits, Metrics, App, named
evaluate = worker.evaluate
def dying(document, *rest):
    if b'"fatal"' in document:
        os._exit(9)
    return evaluate(document, *rest)
worker.evaluate = dying
folder = Path({str(tmp_path)!r})
rules, sink = active(folder), Kept()
journal, limits = folder / "journal", Limits()
service = Service(journal, limits, Outputs([sink], print), lambda: rules, Metrics(), print, print)
service.start()
async def main():
    for name in sys.argv[1:]:
        await posted(App(service, "/k8s-audit"), named(name))
asyncio.run(main())
service.stop(60)
print(sink.messages)
"""

    def run(*names: str) -> tuple[int, str]:
        command = [sys.executable, "-c", code, *names]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout.rpartition("[")[2]

    assert run("before", "fatal", "after")[0] == 9
    assert run()[0] == 9
    assert run()[0] == 9
    status, alerts = run("later")
    assert (status, alerts.strip().rstrip("]")[-12:]) == (0, "'read later'")
    kept = (tmp_path / "journal" / "quarantine.jsonl").read_text()
    assert '"reason":"crash"' in kept
    assert "fatal" in kept


# --- evaluation -----------------------------------------------------------------------------


def test_a_mistake_of_ours_costs_one_event(tmp_path: Path) -> None:
    rules, progress = active(tmp_path), Progress(tmp_path, 100)
    accept = rules.accept
    assert accept is not None

    def mistaken(document: bytes, *rest: Any) -> Any:
        if b'"bad"' in document:
            raise ZeroDivisionError("nobody thought of that")
        return accept(document, *rest)

    result = evaluate(named("a", "bad", "b"), replace(rules, accept=mistaken), progress)
    assert [delivery.alert.message for delivery in result.deliveries] == ["read a", "read b"]
    assert [(each.reason, each.detail) for each in result.refused] == [
        ("internal", "ZeroDivisionError: nobody thought of that")
    ]
    progress.close()


def test_names_of_alerts_do_not_depend_on_how_events_come(tmp_path: Path) -> None:
    rules = active(tmp_path)
    ids = set()
    for number, document in enumerate(
        (
            named("x"),
            event_list(event("y"), event("x")),
            named("x").replace(b",", b" , ").replace(b":{", b": {"),
            b"[" + named("x") + b"]",
        )
    ):
        (tmp_path / str(number)).mkdir()
        progress = Progress(tmp_path / str(number), 100)
        found = evaluate(document, rules, progress).deliveries
        ids |= {delivery.id for delivery in found if delivery.alert.message == "read x"}
        progress.close()
    assert len(ids) == 1


def test_items_that_are_no_json_do_not_cost_the_others(tmp_path: Path) -> None:
    rules, progress = active(tmp_path), Progress(tmp_path, 100)
    document = named("a", "BAD", "b", "DEEP", "c")
    document = document.replace(b'"BAD"', b"nonsense").replace(
        b'"DEEP"', b"[" * 20000 + b"]" * 20000
    )
    result = evaluate(document, rules, progress)
    assert [delivery.alert.message[-1] for delivery in result.deliveries] == ["a", "b", "c"]
    assert [each.reason for each in result.refused] == ["not_json", "too_deep"]
    result = evaluate(named("d").replace(b'"d"', b'"d'), rules, progress)
    assert [each.reason for each in result.refused] == ["not_json"]
    progress.close()


def test_documents_of_very_many_things_are_refused_as_a_whole(tmp_path: Path) -> None:
    rules, progress = active(tmp_path), Progress(tmp_path, 100)
    for document in (
        b"[" + b"1," * 1_000_001 + b"1]",
        b'{"kind":"EventList","items":[' + b"{}," * 150_000 + b"{}]}",
    ):
        result = evaluate(document, rules, progress)
        assert [each.reason for each in result.refused] == ["too_many"]
    progress.close()


def test_one_document_meets_one_set_of_rules(make: Make) -> None:
    """The rules are asked for once for each document, whatever happens meanwhile."""

    async def main() -> None:
        parts = make()
        asked = []
        rules = parts.service._rules

        def current() -> ActiveRules:
            asked.append(1)
            return rules()

        parts.service._worker._rules = current
        assert (await posted(parts.app, named(*map(str, range(100))))).status == 200
        await asyncio.to_thread(eventually, lambda: len(parts.sink.messages) == 100)
        assert len(asked) == 1

    asyncio.run(main())


def test_the_same_trouble_is_told_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    now = [1000.0]
    monkeypatch.setattr("rulec.server.seldom.monotonic", lambda: now[0])
    say = Seldom(said.append)
    for number in range(5):
        say("a", f"a{number}")
    say("b", "b")
    now[0] += 61
    say("a", "a5")
    say("a", "a6")
    say.now("a", "well again")
    say("a", "a7")
    assert said == ["a0", "b", "a5 (4 more of this kind before)", "well again", "a7"]
