"""A playground in a process of its own, and what it is asked."""

import contextlib
import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# Long enough for whatever a busy machine has to do, in seconds.
LONG = 60.0

RULES = """\
- macro: created
  condition: ka.verb = create and ka.stage = ResponseComplete

- rule: Pod Created
  desc: Somebody created a pod.
  condition: created and ka.target.resource = pods
  output: pod %ka.target.name by %ka.user.name
  priority: WARNING
  source: k8s_audit
"""

EVENT: dict[str, Any] = {
    "kind": "Event",
    "level": "RequestResponse",
    "auditID": "a",
    "stage": "ResponseComplete",
    "verb": "create",
    "user": {"username": "mia"},
    "objectRef": {"resource": "pods", "name": "web"},
    "stageTimestamp": "2026-03-02T09:30:00.000000Z",
}


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Playground:
    """A running ``rulec playground``."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(re.findall(r":(\d+)/", self.url)[0])

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)

    def ask(self, rules: str = RULES, event: str = json.dumps(EVENT), **more: Any) -> Any:
        """Return what is answered to a question of the page."""
        files = [{"name": "rules.yaml", "content": rules}]
        question = json.dumps({"files": files, "event": event, **more})
        headers = {"Content-Type": "application/json"}
        answer = self.request("POST", "/api/answer", question, headers)
        assert answer.status == 200, answer
        return answer.json

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(LONG)


# Whoever runs the tests in the background has them ignore what Ctrl-C sends.
_RUN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from rulec.cli import main
main()
"""


@contextlib.contextmanager
def playing(*arguments: str | Path) -> Iterator[Playground]:
    """Run a playground, and end it."""
    command = [sys.executable, "-c", _RUN, "playground", "--no-browser", *map(str, arguments)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"}
    ) as process:
        try:
            assert process.stderr is not None
            assert select.select([process.stderr], [], [], LONG)[0], "it says nothing"
            line = process.stderr.readline()
            found = re.search(r"http://\S+", line)
            if found is None:
                process.kill()  # so that what it says has an end
            assert found is not None, line + process.stderr.read()
            yield Playground(process, found[0])
        finally:
            process.kill()
