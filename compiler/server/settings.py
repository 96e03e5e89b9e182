"""What the server can be told."""

from dataclasses import dataclass
from pathlib import Path

from rulec.runtime.sinks.sink import MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds: sizes in bytes, times in seconds.

    ``body`` is the largest request body, ``memory`` what all bodies may take
    together while they are received. ``timeout`` is for a whole request,
    from its headers to the answer, of which it may wait ``patience`` for the disk.
    ``queue`` requests may do so.
    ``journal`` is how large the journal may get, ``window`` how many events are
    remembered to tell duplicates. ``grace`` is for what is to be finished at the end.
    """

    body: int = 12 * MIB
    memory: int = 256 * MIB
    timeout: float = 10.0
    patience: float = 2.0
    queue: int = 1000
    connections: int = 4096
    journal: int = 1024 * MIB
    window: int = 500_000
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: the certificate and the key of the server, and whom to trust as clients.

    A client has to have one of ``names`` in its certificate if there are any.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how clients are listened to."""

    host: str
    port: int
    endpoint: str
    tls: Tls | None = None
    tokens: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where events are posted to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.endpoint}"
