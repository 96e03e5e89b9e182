"""A server in a process of its own, and clients for it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# Long enough for whatever a busy machine has to do, in seconds.
LONG = 60.0

# Every event that gets something alerts, and says which event it was.
RULES = """
- rule: Something Read
  desc: Somebody got something.
  condition: ka.verb = get
  output: read %jevt.value[/auditID]
  priority: WARNING
  source: k8s_audit
- rule: Pod Created
  desc: Somebody created a pod with an image.
  condition: ka.verb = create and ka.target.resource = pods and ka.req.pod.containers.image exists
  output: created %jevt.value[/auditID]
  priority: NOTICE
  source: k8s_audit
"""

JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def event(name: str, **members: Any) -> dict[str, Any]:
    return {
        "level": "RequestResponse",
        "auditID": name,
        "stage": "ResponseComplete",
        "verb": "get",
        "stageTimestamp": "2026-03-02T09:30:00.000000Z",
        **members,
    }


def event_list(*events: Any) -> bytes:
    document = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": events}
    return json.dumps(document, separators=(",", ":")).encode()


def named(*names: str) -> bytes:
    return event_list(*map(event, names))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def eventually(fact: Callable[[], Any]) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + LONG
    while not (found := fact()):
        assert time.monotonic() < end, f"in {LONG:g} seconds {fact} did not become true"
        time.sleep(0.01)
    return found


@dataclass
class Server:
    """A running ``rulec serve``."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    context: ssl.SSLContext | None = None

    @property
    def errors(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    @property
    def output(self) -> list[str]:
        """The alerts: whole lines only."""
        text = (self.folder / "stdout").read_text(encoding="utf-8")
        return [line.rstrip("\n") for line in text.splitlines(keepends=True) if line[-1] == "\n"]

    def names(self) -> list[str]:
        """The IDs of the events that alerted."""
        return [line.rpartition(" ")[2] for line in self.output]

    def connection(self, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        if context := context or self.context:
            return http.client.HTTPSConnection(
                "localhost", self.port, timeout=LONG, context=context
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> Answer:
        with contextlib.closing(self.connection(context)) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())

    def post(self, body: Any, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", "/k8s-audit", body, JSON | given)

    def metric(self, name: str) -> float:
        """The value of a metric, the sum of it for all labels."""
        text = self.request("GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(LONG)


def started(
    folder: Path,
    *arguments: str,
    rules: Sequence[Path] = (),
    context: ssl.SSLContext | None = None,
    port: int | None = None,
    stdout: int | None = None,
    begun: Callable[[subprocess.Popen[bytes]], object] = lambda process: None,
) -> Server:
    """Start a server, whose journal is in the folder, and wait until it answers.

    ``begun`` is called when there is a process.
    """
    if not rules:
        rules = (folder / "rules.yaml",)
        if not rules[0].exists():
            rules[0].write_text(RULES)
    port = port or free_port()
    given = [f"--rules={path}" for path in rules]
    if not any(each.startswith("--listen") for each in arguments):
        given.append(f"--listen=127.0.0.1:{port}")
    command = [sys.executable, "-m", "rulec", "serve", *given]
    command += ["--journal", str(folder / "journal")]
    command += (argument.replace("{port}", str(port)) for argument in arguments)
    (folder / "stderr").write_bytes(b"")
    with (folder / "stdout").open("ab") as out, (folder / "stderr").open("ab") as err:
        process = subprocess.Popen(
            command,
            stdout=stdout or out,
            stderr=err,
            # Standard output has a buffer, as it does for users.
            env={**os.environ, "TZ": "UTC", "COLUMNS": "100", "PYTHONUNBUFFERED": ""},
        )
    server = Server(process, port, folder, context)
    try:
        begun(process)
        eventually(lambda: f":{port}/" in server.errors or process.poll() is not None)
        assert process.poll() is None, server.errors
    except BaseException:
        process.kill()
        process.wait()
        raise
    return server


@contextlib.contextmanager
def serving(folder: Path, *arguments: str, **options: Any) -> Iterator[Server]:
    """Run a server, and end it."""
    server = started(folder, *arguments, **options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
