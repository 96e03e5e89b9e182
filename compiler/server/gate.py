"""The gate: TLS for clients that are known by a name in their certificate.

granian checks who signed a client's certificate, but does not tell whose it is. So
where that matters, TLS ends here, the names are looked at, and the bytes of those
who may pass go on to granian through a socket that only this process's user can open.
"""

import asyncio
import ssl
from asyncio import sslproto
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, cast

from rulec.server.settings import Tls

# asyncio gives each connection a buffer of 256 KiB, full of zeros. A record of TLS has 16 KiB.
sslproto.SSLProtocol.max_size = 32 * 1024

# How long a handshake may take, in seconds: the same as with granian.
_HANDSHAKE: Final = 10.0

# For how long others may end a connection after one side has, in seconds.
_PARTING: Final = 5.0


def names_in(certificate: Any) -> frozenset[str]:
    """Return the subject's alternative names in a certificate, as ``getpeercert`` decodes it.

    >>> sorted(names_in({"subjectAltName": (("DNS", "Api.Example"), ("IP Address", "10.0.0.1"))}))
    ['10.0.0.1', 'api.example']
    """
    found = (certificate or {}).get("subjectAltName", ())
    return frozenset(comparable(name) for _, name in found if isinstance(name, str))


def comparable(name: str) -> str:
    """Return a name in the form in which names are compared.

    Addresses have one form; case matters in URIs only.
    """
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        return name if "://" in name else name.lower()


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return the context of a server, which asks clients for certificates if there is an authority.

    :raises OSError: if the files are no good.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.client_ca is not None:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Gate:
    """Takes connections over TLS, and passes those of known clients on to a Unix socket.

    Clients have to have one of ``names``; ``refused`` is told those of a client that
    may not pass. No more than ``most`` are let in at a time.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        names: Iterable[str],
        most: int,
        refused: Callable[[frozenset[str]], object],
    ) -> None:
        self._context = context
        self._names = frozenset(map(comparable, names))
        self._most = most
        self._refused = refused
        self._behind = Path()
        self._inside: set[_Outside] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int, behind: Path) -> None:
        """Begin to listen; ``behind`` is the socket that clients are passed on to.

        :raises OSError: if that is not possible.
        """
        self._behind = behind
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Outside(self),
            host,
            port,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE,
            ssl_shutdown_timeout=_PARTING,
            backlog=1024,
        )

    def close(self) -> None:
        """Take no more connections; those that are open stay until the other side ends them."""
        if self._server is not None:
            self._server.close()

    def enter(self, client: "_Outside", certificate: Any) -> bool:
        """Return whether a client may pass."""
        names = names_in(certificate)
        if self._names.isdisjoint(names):
            self._refused(names)
            return False
        if len(self._inside) >= self._most:
            return False
        self._inside.add(client)
        return True

    def leave(self, client: "_Outside") -> None:
        """Forget a client."""
        self._inside.discard(client)

    async def connect(self, client: "_Outside") -> "_Inside":
        """Return a connection to the other side for a client.

        :raises OSError: if there is none.
        """
        loop = asyncio.get_running_loop()
        _, inside = await loop.create_unix_connection(lambda: _Inside(client), str(self._behind))
        return inside


class _Side(asyncio.Protocol):
    """One side of a connection: what comes in goes out on the other one, at its pace."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        # What has been written to the other side still goes out.
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class _Outside(_Side):
    """The side of a client."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate
        self._joining: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        if not self._gate.enter(self, transport.get_extra_info("peercert")):
            self.transport.abort()
            return
        self.transport.pause_reading()
        self._joining = asyncio.ensure_future(self._join())

    async def _join(self) -> None:
        assert self.transport is not None
        try:
            self.other = await self._gate.connect(self)
        except OSError:
            self.transport.abort()
            return
        if self.transport.is_closing():
            assert self.other.transport is not None
            self.other.transport.close()
        else:
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._gate.leave(self)


class _Inside(_Side):
    """The side of granian."""

    def __init__(self, client: _Outside) -> None:
        super().__init__()
        self.other = client
