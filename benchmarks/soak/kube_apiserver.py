"""A client that behaves as the audit webhook of kube-apiserver does, in a process of its own.

Lists of events are posted at a steady pace, each tried five times in all, with pauses
that grow by half; then it is lost. A status of 429 or 5xx with ``Retry-After`` is heeded
as Go's client for Kubernetes does: up to ten times, before it counts as one failure.
All these times are shortened by a factor. What became of each list is told at the end.
"""

import json
import random
import signal
import ssl
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import SimpleQueue
from select import select
from typing import Any, Final
from urllib.parse import urlsplit

from soak.child import Child
from soak.traffic import Traffic

# What kube-apiserver does.
TRIES: Final = 5
FIRST_PAUSE: Final = 10.0
GROWTH: Final = 1.5
JITTER: Final = 0.2
TIMEOUT: Final = 30.0
HEEDED: Final = 10
# It posts lists of events side by side, as many as there are.
_CONNECTIONS: Final = 64

_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "kube-apiserver"}


@dataclass(frozen=True)
class Task:
    """What a client is to do.

    ``rate`` is in batches a second; ``haste`` says how much shorter than
    kube-apiserver's its pauses are. ``first`` is the number of the first batch, and
    ``count`` how many there are; without it the client goes on until it is told to stop.
    """

    url: str
    ca: str | None
    certificate: str | None
    traffic: dict[str, Any]
    rate: float
    count: int | None = None
    first: int = 0
    tries: int = TRIES
    haste: float = 10.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a batch: ``seconds`` is what the last attempt took, from its first byte
    to the end of the answer."""

    number: int
    acknowledged: bool
    attempts: int
    seconds: float


@dataclass(frozen=True)
class Ledger:
    """What became of all batches.

    ``failures`` counts by reason the attempts that failed. ``late`` is by how many
    seconds a batch was begun too late at worst. ``cpu`` is the CPU time of the client.
    """

    batches: tuple[Sent, ...]
    failures: dict[str, int]
    late: float
    cpu: float
    seconds: float

    @property
    def acknowledged(self) -> list[Sent]:
        """The batches that were answered with success."""
        return [each for each in self.batches if each.acknowledged]

    @property
    def lost(self) -> list[Sent]:
        """The batches that kube-apiserver would have given up."""
        return [each for each in self.batches if not each.acknowledged]

    def answer_time(self, share: float) -> float:
        """Return the time in seconds within which so many of the answers came."""
        times = sorted(each.seconds for each in self.acknowledged)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


class KubeApiserver:
    """A running client."""

    def __init__(self, task: Task) -> None:
        self._seconds = (task.count or 0) / task.rate
        self._child = Child("soak.kube_apiserver", json.dumps(asdict(task)))

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    def stop(self) -> Ledger:
        """Let it begin no more batches; return the ledger when none is under way."""
        self._child.ask(signal.SIGTERM)
        return self.finish()

    def finish(self) -> Ledger:
        """Return the ledger when all batches have been dealt with."""
        found = json.loads(self._child.result(self._seconds))
        batches = tuple(Sent(*each) for each in found.pop("batches"))
        return Ledger(batches, **found)

    def __enter__(self) -> "KubeApiserver":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.end()


# --- the process ----------------------------------------------------------------------


@dataclass
class _Client:
    task: Task
    traffic: Traffic
    context: ssl.SSLContext | None
    due: "SimpleQueue[int | None]" = field(default_factory=SimpleQueue)
    batches: list[Sent] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        """Send batches until there are no more."""
        connection = self._connection()
        while (number := self.due.get()) is not None:
            self.batches.append(self._sent(connection, number))
        connection.close()

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.task.url)
        host, port = parts.hostname or "", parts.port
        if self.context is None:
            return HTTPConnection(host, port, timeout=TIMEOUT)
        return HTTPSConnection(host, port, timeout=TIMEOUT, context=self.context)

    def _sent(self, connection: HTTPConnection, number: int) -> Sent:
        body = self.traffic.body(number)
        pause = FIRST_PAUSE / self.task.haste
        for attempt in range(1, self.task.tries + 1):
            for _ in range(HEEDED + 1):
                begun = time.monotonic()
                status, wait = self._attempt(connection, body)
                seconds = time.monotonic() - begun
                if status == 200:
                    return Sent(number, True, attempt, seconds)
                if not wait:
                    break
                time.sleep(wait / self.task.haste)
            if attempt < self.task.tries:
                time.sleep(pause * (1 + JITTER * random.random()))
                pause *= GROWTH
        return Sent(number, False, self.task.tries, seconds)

    def _attempt(self, connection: HTTPConnection, body: bytes) -> tuple[int, float]:
        """Post a body; return the status, or 0, and how long to wait because the server says so."""
        if connection.sock and select([connection.sock], [], [], 0)[0]:
            connection.close()  # while it was idle, the server has closed it
        try:
            connection.request("POST", urlsplit(self.task.url).path, body, _HEADERS)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            connection.close()
            self._failed(type(error).__name__)
            return 0, 0.0
        if answer.status == 200:
            return 200, 0.0
        self._failed(str(answer.status))
        heeded = answer.status == 429 or answer.status >= 500
        return answer.status, float(answer.headers.get("Retry-After", "0")) if heeded else 0.0

    def _failed(self, reason: str) -> None:
        with self.lock:
            self.failures[reason] += 1


def _context(task: Task) -> ssl.SSLContext | None:
    if not task.url.startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=task.ca)
    if task.certificate is not None:
        context.load_cert_chain(task.certificate)
    return context


def main() -> None:
    """Do what the argument says, and print the ledger."""
    given = json.loads(sys.argv[1])
    task = Task(**given)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    client = _Client(task, Traffic(**task.traffic), _context(task))
    workers = [threading.Thread(target=client.work) for _ in range(_CONNECTIONS)]
    for worker in workers:
        worker.start()
    begun, late, number = time.monotonic(), 0.0, 0
    while number != task.count:
        due = begun + number / task.rate
        if stopped.wait(max(0.0, due - time.monotonic())):
            break
        late = max(late, time.monotonic() - due)
        client.due.put(task.first + number)
        number += 1
    for _ in workers:
        client.due.put(None)
    for worker in workers:
        worker.join()
    batches = [
        (each.number, each.acknowledged, each.attempts, round(each.seconds, 6))
        for each in sorted(client.batches, key=lambda each: each.number)
    ]
    cpu, seconds = time.process_time(), time.monotonic() - begun
    ledger = {
        "batches": batches,
        "failures": dict(client.failures),
        "late": late,
        "cpu": cpu,
        "seconds": seconds,
    }
    print(json.dumps(ledger), flush=True)


if __name__ == "__main__":
    main()
