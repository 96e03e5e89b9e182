"""A real HTTP server in a thread, which can be slow, broken or away."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

LONG = 20.0

# What is done with a request: the handler, and the number of the request from 0.
Behaviour = Callable[["Handler", int], None]


class Handler(BaseHTTPRequestHandler):
    """Takes what is posted, and does what the server is told to do."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        with server.changed:
            number = server.requests
            server.requests += 1
            server.headers.append(dict(self.headers))
        server.behaviour(self, number)

    def take(self) -> None:
        """Take what was posted."""
        with self.server.changed:
            self.server.bodies.append(json.loads(self.body))
            self.server.changed.notify_all()

    def answer(self, status: int, text: bytes = b"ok") -> None:
        """Answer, with so much text."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def drop(self) -> None:
        """End the connection without a word."""
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


def accept(handler: Handler, number: int) -> None:
    handler.take()
    handler.answer(200)


class Server(ThreadingHTTPServer):
    """Counts ``connections`` and ``requests``, and keeps the ``bodies`` it has taken."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.requests = self.connections = 0
        self.changed = Condition()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def messages(self) -> list[str]:
        """What the alerts say that were taken, in order."""
        return [body["output"].partition(" Warning ")[2] for body in self.bodies]

    def await_bodies(self, count: int) -> None:
        """Wait until so many alerts were taken."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.bodies) >= count, LONG)


@contextmanager
def serving(
    behaviour: Behaviour = accept, port: int = 0, certificate: Path | None = None
) -> Iterator[Server]:
    """Serve until the end of the block."""
    server = Server(("127.0.0.1", port), behaviour)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Who says nothing keeps the thread of its connection waiting, and not all others.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(LONG)


@dataclass
class Script:
    """Behaves in a different way for each of the first requests, and then accepts."""

    steps: list[Behaviour]
    done: int = field(default=0)

    def __call__(self, handler: Handler, number: int) -> None:
        (self.steps[number] if number < len(self.steps) else accept)(handler, number)


def answering(status: int, text: bytes = b"") -> Behaviour:
    return lambda handler, number: handler.answer(status, text)


def dropping(handler: Handler, number: int) -> None:
    handler.drop()


def dropping_after_taking(handler: Handler, number: int) -> None:
    """Take the alert, but end the connection before anybody knows."""
    handler.take()
    handler.drop()


def accepting_and_closing(handler: Handler, number: int) -> None:
    """Answer, and close the connection afterwards without having said so."""
    accept(handler, number)
    handler.drop()


def talking_nonsense(handler: Handler, number: int) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    handler.drop()


def miscounting(handler: Handler, number: int) -> None:
    """Answer with less than nothing."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello"
    handler.wfile.write(answer)
    handler.drop()


def dripping(handler: Handler, number: int) -> None:
    """Answer one byte at a time, so that no single read takes long."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10**5:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.01)  # a server that is slow is what this is about
    except OSError:
        pass
    handler.drop()


def endless(handler: Handler, number: int) -> None:
    """Answer with more than anybody wants to read."""
    handler.take()
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**9))
    handler.end_headers()
    try:
        for _ in range(10**4):
            handler.wfile.write(b"x" * 10**5)
    except OSError:
        pass
    handler.drop()
