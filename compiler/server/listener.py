"""The listener: the application behind a socket, until somebody ends it."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from tempfile import TemporaryDirectory
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from rulec.server.gate import Gate, tls_context
from rulec.server.seldom import Seldom
from rulec.server.settings import Limits, Listen, Tls

# How many files a connection needs, with a gate before it, and how many all the rest.
_FILES: Final = 2
_OTHER_FILES: Final = 256

# How long to wait until it is looked again whether connections are taken, in seconds.
_AGAIN: Final = 0.02


class ListenError(Exception):
    """There can be no listener where it was wanted; the message says why."""


# Of granian's own words only mistakes are told, beside those of the server.
_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


class Listener:
    """Listens at an address, with granian; behind a gate if names of clients matter.

    ``notice`` is told of clients that may not pass.

    :raises ListenError: if the address is taken, or files for TLS are no good.
    """

    def __init__(self, listen: Listen, limits: Limits, notice: Callable[[str], object]) -> None:
        _look_at_address(listen)
        _allow_files(limits.connections)
        self._listen = listen
        self._limits = limits
        self._gate: Gate | None = None
        self._server: Server | None = None
        self._stopped = False
        tls = listen.tls
        if tls is not None:
            try:
                context = tls_context(tls)
            except OSError as error:  # as errors of TLS are
                reason = error.strerror or error
                raise ListenError(f"cannot use the certificates: {reason}") from None
            if tls.names:
                self._gate = Gate(context, tls.names, limits.connections, _refusal(notice))

    async def serve(self, app: Any) -> None:
        """Let an application answer requests until ``stop``, and then those that have begun.

        :raises ListenError: if the address was taken meanwhile.
        """
        if self._gate is None:
            host, port = self._listen.host, self._listen.port
            await self._granian(app, self._listen.tls, address=host, port=port)
            return
        with TemporaryDirectory(prefix="rulec-serve-") as folder:
            behind = Path(folder) / "socket"
            try:
                await self._gate.open(self._listen.host, self._listen.port, behind)
            except OSError as error:
                raise ListenError(_unavailable(self._listen, error)) from None
            await self._granian(app, None, uds=behind)
            self._gate.close()

    async def _granian(self, app: Any, tls: Tls | None, **where: Any) -> None:
        if self._stopped:  # while the gate was opened
            return
        self._server = Server(
            app,
            **where,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1024,
            backpressure=self._limits.connections,
            http1_settings=HTTP1Settings(header_read_timeout=int(self._limits.timeout * 1000)),
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
            ssl_protocol_min=SSLProtocols.tls12,
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
            ssl_ca=tls.client_ca if tls else None,
            ssl_client_verify=bool(tls and tls.client_ca),
        )
        await self._server.serve()

    async def opened(self) -> None:
        """Return when connections are taken: nobody else tells."""
        address = ip_address(self._listen.host)
        loopback = "::1" if address.version == 6 else "127.0.0.1"
        host = loopback if address.is_unspecified else self._listen.host
        while True:
            try:
                _, writer = await asyncio.open_connection(host, self._listen.port)
            except OSError:
                await asyncio.sleep(_AGAIN)
            else:
                writer.close()
                _close_if_unread(self._listen.port, self._limits.timeout)
                return

    def stop(self) -> None:
        """Take no more connections."""
        self._stopped = True
        if self._gate is not None:
            self._gate.close()
        if self._server is not None:
            self._server.stop()  # type: ignore[no-untyped-call]


def _close_if_unread(port: int, timeout: float) -> None:
    """Have the system close connections to a port whose other end reads nothing for so long.

    granian waits for that end, for ever, and has no setting for it. Connections are like the
    socket that listens, of which only the port is known.
    """
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        with suppress(OSError):  # it is no socket, or has been closed
            found = socket.socket(fileno=int(name))
            try:
                if (
                    found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                    and _port(found) == port
                ):
                    milliseconds = int(timeout * 1000)
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
            finally:
                found.detach()


def _port(found: socket.socket) -> int | None:
    return found.getsockname()[1] if found.family != socket.AF_UNIX else None


def _refusal(notice: Callable[[str], object]) -> Callable[[frozenset[str]], object]:
    seldom = Seldom(notice)

    def refused(names: frozenset[str]) -> None:
        shown = ", ".join(sorted(names)) or "none"
        seldom(
            "client", f"a client was refused for the names in its certificate: {ascii(shown)[:200]}"
        )

    return refused


def _allow_files(connections: int) -> None:
    """Let this process have enough files open for so many connections, if it may."""
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = _FILES * connections + _OTHER_FILES
    if soft != RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            setrlimit(RLIMIT_NOFILE, (wanted if hard == RLIM_INFINITY else min(hard, wanted), hard))


def _unavailable(listen: Listen, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else error
    return f"cannot listen at {listen.host}:{listen.port}: {reason}"


def _look_at_address(listen: Listen) -> None:
    """Find out whether an address is free: granian would share it with another process.

    :raises ListenError: if it is not.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.host, listen.port))
        except OSError as error:
            raise ListenError(_unavailable(listen, error)) from None
