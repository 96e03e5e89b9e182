"""The listener: the application behind a socket, until somebody ends it."""

import socket
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from rulec.server.settings import Limits, Listen


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
    """Listens at an address, with granian.

    :raises ListenError: if the address cannot be had, or files for TLS are no good.
    """

    def __init__(self, app: Any, listen: Listen, limits: Limits) -> None:
        _look_at(listen)
        tls = listen.tls
        try:
            self._server = Server(
                app,
                address=listen.host,
                port=listen.port,
                interface=Interfaces.ASGINL,
                http=HTTPModes.http1,
                websockets=False,
                backlog=1024,
                backpressure=limits.connections,
                http1_settings=HTTP1Settings(header_read_timeout=int(limits.timeout * 1000)),
                log_level=LogLevels.error,
                log_dictconfig=_LOGGING,
                ssl_protocol_min=SSLProtocols.tls12,
                ssl_cert=tls.certificate if tls else None,
                ssl_key=tls.key if tls else None,
                ssl_ca=tls.client_ca if tls else None,
                ssl_client_verify=bool(tls and tls.client_ca),
            )
        except Exception as error:
            raise ListenError(f"cannot use the certificate: {error}") from None

    async def serve(self) -> None:
        """Answer requests until ``stop``, and then those that have begun."""
        await self._server.serve()

    def stop(self) -> None:
        """Take no more connections."""
        self._server.stop()  # type: ignore[no-untyped-call]


def _look_at(listen: Listen) -> None:
    """Find out whether an address is free: granian would share it with another process.

    :raises ListenError: if it is not.
    """
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.host, listen.port))
        except OSError as error:
            raise ListenError(
                f"cannot listen at {listen.host}:{listen.port}: {error.strerror}"
            ) from None
