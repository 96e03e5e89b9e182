"""A receiver that takes alerts as falcosidekick does, in a process of its own.

What it does not take is what falcosidekick does not take: another method than POST,
no JSON object, an unknown priority, no rule, no time, no fields. What it takes is on
disk before it is answered. Now and then it takes an alert and ends the connection
without an answer, so that the sender cannot know.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from soak.child import Child

_PRIORITIES: Final = frozenset(
    ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
)


@dataclass(frozen=True)
class Arrived:
    """What arrived: the alerts in order, and how many requests were refused."""

    alerts: tuple[dict[str, Any], ...]
    refused: int


class Falcosidekick:
    """A running receiver that keeps what it takes in a file, behind what is there."""

    def __init__(self, file: Path, port: int = 0, silent_every: int = 0) -> None:
        self._child = Child("soak.falcosidekick", str(file), str(port), str(silent_every))
        self.port = int(self._child.line())

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    @property
    def url(self) -> str:
        """Where alerts are posted to."""
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> float:
        """End it, as if the machine went away; return its CPU time in seconds."""
        self._child.ask(signal.SIGTERM)
        return float(self._child.result())

    def __enter__(self) -> "Falcosidekick":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.end()


def arrived(file: Path) -> Arrived:
    """Return what receivers have kept in a file."""
    found = list(_lines(file)) if file.exists() else []
    taken = tuple(json.loads(line) for line in found if line != _REFUSED.rstrip(b"\n"))
    return Arrived(taken, len(found) - len(taken))


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        for line in lines:
            yield line.rstrip(b"\n")


# --- the process ----------------------------------------------------------------------

_REFUSED: Final = b"refused\n"
_LONGEST: Final = 1024 * 1024


@dataclass
class _Receiver:
    descriptor: int
    silent_every: int
    taken: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answered(reader, writer):
                await writer.drain()
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer a request; return whether there may be another one."""
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head[1:] if b": " in line)
        body = await reader.readexactly(min(int(headers.get(b"content-length", 0)), _LONGEST))
        status = b"405 Method Not Allowed"
        if head[0].startswith(b"POST / "):
            good = acceptable(body)
            os.write(self.descriptor, body.replace(b"\n", b" ") + b"\n" if good else _REFUSED)
            status = b"200 OK" if good else b"400 Bad Request"
            self.taken += 1
            if self.silent_every and self.taken % self.silent_every == 0:
                return False
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")
        return True


def acceptable(body: bytes) -> bool:
    """Return whether falcosidekick takes an alert."""
    try:
        alert = json.loads(body)
        return bool(
            alert["priority"].lower() in _PRIORITIES
            and alert["rule"]
            and isinstance(alert["output"], str)
            and not alert["time"].startswith("0001-01-01T00:00:00")
            and isinstance(alert["output_fields"], dict)
            and alert["output_fields"]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


async def _main(file: Path, port: int, silent_every: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    receiver = _Receiver(descriptor, silent_every)
    server = await asyncio.start_server(receiver, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await end.wait()
    times = os.times()
    print(times.user + times.system, flush=True)
    os._exit(0)  # connections end as they would with the machine


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
