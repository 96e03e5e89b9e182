"""Post documents to an HTTP server, one after the other over one connection.

The client of the standard library does what that takes, but for one thing: it
bounds the time of each read, and not that of a whole answer.
"""

import io
import socket
import ssl
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from rulec.runtime.sinks.sink import RefusedError, reason, shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How long the server may take each to accept a connection, to take a document and to answer, in s.
TIMEOUT: Final = 10.0

# Answers that are about what was posted, which will be no different the next time.
_REFUSED: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}

# The longest answer that is read, in bytes.
_ANSWER: Final = 64 * 1024

_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "rulec"}

# What a server does to a connection that has been idle for longer than it likes.
_STALE: Final = (ConnectionError, HTTPException)


class Client:
    """Posts documents to a URL. ``ca_file`` and ``certificate`` are those of ``Settings``.

    :raises ValueError: if that is no URL of an HTTP server.
    :raises OSError: if the certificates cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: Path | None = None,
        certificate: Path | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("name a server, as in http:https://host:2801/")
        if parts.username is not None or parts.password is not None:
            raise ValueError("a URL is no place for a password: others can see it")
        if any(not "!" <= letter <= "~" for letter in url):
            raise ValueError("a URL has no blanks and no letters beyond ASCII: write them as %XX")
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout
        self._aborted = False
        self._connection: HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file)
            if certificate is not None:
                context.load_cert_chain(certificate)
            self._connection = HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=context
            )
        else:
            self._connection = HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def post(self, document: bytes) -> None:
        """Post a JSON document.

        :raises OSError: if it was not answered with success, and may be another time.
        :raises RefusedError: if the server does not take this document.
        """
        reused = self._connection.sock is not None
        try:
            status, answer = self._exchange(document)
        except _STALE:
            if not reused or self._aborted:
                raise
            status, answer = self._exchange(document)
        if 200 <= status < 300:
            return
        said = f"answered {status}" + (f" ({answer})" if answer else "")
        if status in _REFUSED:
            raise RefusedError(said)
        raise OSError(said)

    def _exchange(self, document: bytes) -> tuple[int, str]:
        """Post a document; return the status of the answer, and what it says."""
        connection = self._connection
        try:
            if connection.sock is not None:
                connection.sock.settimeout(self._timeout)
            connection.request("POST", self._path, document, _HEADERS)
            until = monotonic() + self._timeout
            connection.response_class = partial(_Response, until)  # type: ignore[assignment]
            with connection.getresponse() as response:
                answer = response.read(_ANSWER)
                whole = response.isclosed()
            if not whole:
                connection.close()
        except BaseException as error:
            connection.close()
            # Of sizes that are none, http.client says ValueError.
            if isinstance(error, HTTPException | ValueError) and not isinstance(error, OSError):
                raise _NoAnswerError(f"no HTTP answer: {reason(error)}") from error
            raise
        return response.status, shown(answer.decode("utf-8", "replace"))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def abort(self) -> None:
        """Break off what another thread is waiting for; nothing can be posted then."""
        self._aborted = True
        if (connected := self._connection.sock) is not None:
            with suppress(OSError):  # it has just been closed
                # Not by a method of TLS, after which the other thread would go on without.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _NoAnswerError(ConnectionError):
    """What the server sent is no answer."""


class _Response(HTTPResponse):
    """An answer that has to be there in time: the whole of it, not each part."""

    def __init__(self, until: float, sock: socket.socket, **named: Any) -> None:
        super().__init__(sock, **named)
        self.fp: Any = io.BufferedReader(_Timed(self.fp, sock, until))


class _Timed(io.RawIOBase):
    """What comes from a socket until some point of ``monotonic``."""

    def __init__(self, stream: Any, sock: socket.socket, until: float) -> None:
        self._stream = stream
        self._socket = sock
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)
        count: int | None = self._stream.raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
