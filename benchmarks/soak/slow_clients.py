"""Clients that send a byte a second, in a process of their own."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Final

from soak.child import Child
from soak.serving import ENDPOINT

# What they begin with at once; what follows comes a byte at a time.
_LINE: Final = f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\n".encode()
_HEADERS: Final = _LINE + b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
_CHUNKED: Final = (
    _LINE + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"
)
BEGINNINGS: Final = {
    "nothing": b"",
    "a line": _LINE,
    "headers, then the body": _HEADERS,
    "headers, then a chunk": _CHUNKED,
}
# Ways that exist with TLS only.
NO_HANDSHAKE: Final = "no handshake"
SLOW_HANDSHAKE: Final = "a slow handshake"


@dataclass(frozen=True)
class SlowTask:
    """``connections`` clients are opened, ``rate`` in a second; they wait ``patience`` seconds at most."""

    port: int
    ca: str | None
    certificate: str | None
    connections: int
    rate: float
    patience: float


@dataclass(frozen=True)
class Closed:
    """When connections were closed by the server, in seconds, by what the clients do."""

    seconds: dict[str, list[float]]
    open: int  # those that were not closed
    refused: int  # those that could not be opened


class SlowClients:
    """Running slow clients."""

    def __init__(self, task: SlowTask) -> None:
        self._child = Child("soak.slow_clients", json.dumps(asdict(task)))

    def finish(self) -> Closed:
        """Return what became of them."""
        return Closed(**json.loads(self._child.result()))

    def __enter__(self) -> "SlowClients":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.end()


# --- the process ----------------------------------------------------------------------


class _Crowd:
    def __init__(self, task: SlowTask) -> None:
        self._task = task
        self._context = _context(task)
        ways = [*BEGINNINGS, *((NO_HANDSHAKE, SLOW_HANDSHAKE) if self._context else ())]
        self.closed = Closed({way: [] for way in ways}, 0, 0)
        self.left = self.refused = 0

    async def run(self) -> Closed:
        """Open all connections, and wait for what becomes of them."""
        ways: Iterator[str] = cycle(self.closed.seconds)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._task.connections):
                group.create_task(self._live(next(ways)))
                await asyncio.sleep(1 / self._task.rate)
        return Closed(self.closed.seconds, self.left, self.refused)

    async def _live(self, way: str) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._task.patience):
                async with self._connected(way) as (reader, writer):
                    await _trickle(reader, writer, self._start(way))
        except TimeoutError:
            self.left += 1
            return
        except ConnectionRefusedError:
            self.refused += 1
            return
        except OSError:  # closed while the handshake was under way
            pass
        self.closed.seconds[way].append(time.monotonic() - begun)

    @asynccontextmanager
    async def _connected(
        self, way: str
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        plain = way in (NO_HANDSHAKE, SLOW_HANDSHAKE)
        context = None if plain else self._context
        patience = self._task.patience if context else None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._task.port, ssl=context, ssl_handshake_timeout=patience
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def _start(self, way: str) -> tuple[bytes, bytes]:
        """Return what is sent at once, and what comes a byte at a time."""
        if way == NO_HANDSHAKE:
            return b"", b""
        if way == SLOW_HANDSHAKE:
            return b"", _client_hello()
        return BEGINNINGS[way], b"x" * 1_000


async def _trickle(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parts: tuple[bytes, bytes]
) -> None:
    """Send a byte a second until the server closes the connection."""
    first, rest = parts
    ended = asyncio.ensure_future(_read_to_the_end(reader))
    try:
        writer.write(first)
        for byte in rest:
            writer.write(bytes([byte]))
            if (await asyncio.wait((ended,), timeout=1.0))[0]:
                return
        await ended
    finally:
        ended.cancel()


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass


def _client_hello() -> bytes:
    """Return the first message of a TLS handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with suppress(ssl.SSLWantReadError):
        hello.do_handshake()
    return outgoing.read()


def _context(task: SlowTask) -> ssl.SSLContext | None:
    if task.ca is None:
        return None
    context = ssl.create_default_context(cafile=task.ca)
    if task.certificate is not None:
        context.load_cert_chain(task.certificate)
    return context


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_Crowd(SlowTask(**json.loads(sys.argv[1]))).run()))))
