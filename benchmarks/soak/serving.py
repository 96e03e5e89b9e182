"""``rulec serve`` as a process: started, looked at, and ended in all the ways there are."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from soak.certificates import Certificates

# How long to wait for what should happen, in seconds, and how often to look.
PATIENCE: Final = 120.0
_LOOK: Final = 0.02

ENDPOINT: Final = "/k8s-audit"


class Served:
    """The server, with rules and options, in a folder of its own; it is not started yet.

    ``port`` stays the same when it is started again; ``starts`` counts how often it was.
    """

    def __init__(
        self,
        folder: Path,
        rules: tuple[Path, ...],
        *options: str,
        certificates: Certificates | None = None,
        journal: Path | None = None,
    ) -> None:
        self.port = free_port()
        self.starts = 0
        self._folder = folder
        self._context = certificates.context() if certificates else None
        self._process: subprocess.Popen[bytes] | None = None
        self._command = [
            *(sys.executable, "-m", "rulec", "serve"),
            *(part for path in rules for part in ("-r", str(path))),
            *("--listen", f"127.0.0.1:{self.port}"),
            *("--journal", str(journal or folder / "journal")),
            *(certificates.options if certificates else ()),
            *options,
        ]

    @property
    def url(self) -> str:
        """Where events are posted to."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}{ENDPOINT}"

    @property
    def pid(self) -> int:
        """The number of the process that runs now."""
        return self._running.pid

    @property
    def said(self) -> str:
        """What it has printed to standard error since the first start."""
        return (self._folder / "serve.log").read_text("utf-8", "replace")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server has not been started")
        return self._process

    def start(self) -> None:
        """Start it, and do not wait."""
        self.starts += 1
        with (
            (self._folder / "serve.log").open("ab") as log,
            (self._folder / "stdout").open("ab") as output,
        ):
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=log
            )

    def await_ready(self) -> float:
        """Wait until it takes documents; return how many seconds it took."""
        return self.until(lambda: self.status("/readyz") == 200, "be ready")

    def until(self, holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
        """Wait until something holds; return how many seconds it took.

        :raises RuntimeError: if it does not, or the server ends before.
        """
        begun = time.monotonic()
        while not holds():
            if (status := self._running.poll()) is not None:
                raise RuntimeError(f"the server ended with {status}: {self.said[-2000:]}")
            if time.monotonic() - begun > patience:
                raise RuntimeError(f"the server did not {what}: {self.said[-2000:]}")
            time.sleep(_LOOK)
        return time.monotonic() - begun

    def await_settled(self, patience: float = PATIENCE) -> float:
        """Wait until it has dealt with all it has taken; return how many seconds it took."""
        return self.until(self._settled, "settle", patience)

    def await_more(self, name: str) -> None:
        """Wait until a number is larger than it is now."""
        before = total(self.numbers(), name)
        self.until(lambda: total(self.numbers(), name) > before, f"have more {name}")

    def _settled(self) -> bool:
        numbers = self.numbers()
        left = ("rulec_journal_unsettled_bytes", "rulec_output_waiting", "rulec_output_spooled")
        return bool(numbers) and not any(total(numbers, name) for name in left)

    def kill(self) -> None:
        """End it as a crash does."""
        self._running.send_signal(signal.SIGKILL)
        self._running.wait(PATIENCE)

    def stop(self) -> int:
        """End it as an operator does; return the exit status."""
        self._running.send_signal(signal.SIGTERM)
        return self._running.wait(PATIENCE)

    def bound_files(self, size: int | None) -> None:
        """Let it write no file longer than so many bytes, from now on; None: as long as it likes."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    # --- asking it --------------------------------------------------------------------

    def connection(self, timeout: float = 10.0) -> HTTPConnection:
        """Return a connection to it, which is opened with the first request."""
        if self._context is None:
            return HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self._context)

    def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the content of a page; status 0 if there is no answer."""
        connection = self.connection()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Post a document; return the status and the content of the answer."""
        connection = self.connection()
        try:
            connection.request("POST", ENDPOINT, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """Return the status of a page."""
        return self.get(path)[0]

    def numbers(self) -> dict[str, float]:
        """Return what it counts; nothing if there is no answer."""
        found = {}
        for line in self.get("/metrics")[1].decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


def total(numbers: Mapping[str, float], name: str, label: str = "") -> float:
    """Return the sum of the numbers of a name, whatever their labels, or with one of them."""
    return sum(
        value
        for key, value in numbers.items()
        if (key == name or key.startswith(name + "{")) and label in key
    )


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cores() -> int:
    """Return how many processors there are for this process and those that it starts."""
    return len(os.sched_getaffinity(0))
