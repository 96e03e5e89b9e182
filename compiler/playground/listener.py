"""The sockets of the playground: connections of this machine, within limits.

Every request has to be there within some seconds, however slowly it comes, and there are
only so many connections at a time.
"""

import io
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import POLLIN, poll
from socketserver import BaseServer, TCPServer
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, Final, cast

from rulec.playground.model import MOST_BYTES
from rulec.playground.service import HEADERS, Request, Response, Service, refuse

HOST: Final = "127.0.0.1"

# How many connections there are at a time: a browser opens six for each page.
_CONNECTIONS: Final = 128

# How long a connection waits for a request, and a request for its end, in seconds.
_IDLE: Final = 5.0
_SECONDS: Final = 10.0


class Listener(ThreadingHTTPServer):
    """Lets a service answer what is sent to a port of this machine (0: any that is free).

    :raises OSError: if there can be no listener at the port.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, service: Service, port: int = 0) -> None:
        self.service = service
        self._connections = BoundedSemaphore(_CONNECTIONS)
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}{self.service.start}"

    def server_bind(self) -> None:
        """Do not ask what this machine is called: that can take long, and nobody wants to know."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, if there are not too many."""
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # there is no thread for it
            self._connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer what comes over a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless the browser has gone away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Timed(io.RawIOBase):
    """What is read of a connection, up to a deadline."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.deadline = monotonic() + _IDLE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests of a connection, and writes the answers."""

    protocol_version = "HTTP/1.1"
    server_version = "rulec"
    sys_version = ""

    def __init__(self, request: socket.socket, address: Any, server: BaseServer) -> None:
        self._timed = _Timed(request)
        self._service = cast(Listener, server).service
        super().__init__(request, address, server)

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(self._timed)

    def handle_one_request(self) -> None:
        self._timed.deadline = monotonic() + _IDLE
        super().handle_one_request()

    def parse_request(self) -> bool:
        self._timed.deadline = monotonic() + _SECONDS
        return super().parse_request()

    def _respond(self) -> None:
        body = self._body()
        if isinstance(body, Response):
            self._write(body)
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            given = headers.get(name.lower())
            headers[name.lower()] = value if given is None else f"{given}, {value}"
        request = Request(self.command, self.path, headers, body, self._abandoned)
        self._write(self._service.respond(request))

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _respond  # noqa: N815

    def _abandoned(self) -> bool:
        """Return whether the browser has closed the connection: it does when one types on."""
        ready = poll()
        ready.register(self.connection, POLLIN)
        try:
            return bool(ready.poll(0)) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _body(self) -> bytes | Response:
        """Return the content of the request, or why it is not read."""
        given = self.headers.get_all("content-length", [])
        if self.headers.get("transfer-encoding") is not None or len(given) > 1:
            self.close_connection = True
            return refuse(HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
        if given and not (given[0].isascii() and given[0].isdecimal() and len(given[0]) < 10):
            self.close_connection = True
            return refuse(HTTPStatus.BAD_REQUEST, "that is no length")
        size = int(given[0]) if given else 0
        if size > MOST_BYTES:
            self.close_connection = True
            why = f"the rules and the event are larger than {MOST_BYTES} bytes"
            return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return refuse(HTTPStatus.BAD_REQUEST, "the request breaks off")
        return body

    def _write(self, response: Response) -> None:
        self.connection.settimeout(_SECONDS)
        # Whatever was asked in, also if that is nothing that has headers.
        self.request_version = self.protocol_version
        self.send_response(response.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.type)
        self.send_header("Content-Length", str(len(response.content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request; a page of its own would be no help to anybody."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        status = HTTPStatus(code)
        self._write(refuse(status, status.phrase.lower()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        """Say nothing: the terminal is for what the user has to know."""
