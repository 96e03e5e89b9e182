"""The server's side of HTTP, as a plain ASGI application.

What it answers on the endpoint is what Falco's plugin answers, but 200 comes
later: when the document is safe on disk. Documents are not looked into before
that: a client that gets an error sends the whole batch again, and in the end
loses it, because of one bad event.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final, TypeAlias

from rulec.server.intake import RefusedError
from rulec.server.metrics import CONTENT_TYPE
from rulec.server.service import Service

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# How long, in seconds, and how much, in bytes, is taken of what nobody wants any more.
_LINGER: Final = 1.0
_LINGER_SIZE: Final = 32 * 1024 * 1024

_TEXT: Final = b"text/plain; charset=utf-8"
_JSON: Final = b"application/json"
_CLOSE: Final = (b"connection", b"close")


class _AnswerError(Exception):
    """Ends a request with an answer; the connection, too, if its body was not read to the end."""

    def __init__(
        self, status: int, text: str = "", headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


class _GoneError(Exception):
    """The client went away."""


class App:
    """An ASGI application that gives documents to a service.

    ``endpoint`` is the path that they are posted to. Clients have to know one of
    ``tokens`` if there are any. ``manage`` says that the service starts and ends with
    the application, as under a server that somebody else runs.
    """

    def __init__(
        self,
        service: Service,
        endpoint: str,
        tokens: tuple[str, ...] = (),
        *,
        manage: bool = False,
    ) -> None:
        self._service = service
        self._metrics = service.metrics
        self._limits = service.limits
        self._endpoint = endpoint
        self._tokens = [f"Bearer {token}".encode() for token in tokens]
        self._manage = manage
        self._memory = 0  # bytes of the bodies that are being received
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._manage:
            self._service.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._manage:
            self.closing = True
            await asyncio.to_thread(self._service.stop, self._limits.grace)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, body = scope["path"], _Body(receive)
        try:
            if path == self._endpoint:
                await self._document(scope, body, send)
            elif path in _PAGES:
                if scope["method"] not in ("GET", "HEAD"):
                    raise _AnswerError(405, f"{scope['method']} method not allowed")
                if path in _PRIVATE:
                    self._authorise(_Headers(scope["headers"]))
                status, kind, content = _PAGES[path](self)
                await _send(send, status, kind, content, head=scope["method"] == "HEAD")
            else:
                raise _AnswerError(404, "404 page not found")
        except _AnswerError as answer:
            if path == self._endpoint:
                self._metrics.answers.labels(answer.status).inc()
            headers = answer.headers if body.ended else (*answer.headers, _CLOSE)
            content = answer.text.encode("utf-8", "replace") + b"\n"
            await _send(
                send, answer.status, _TEXT, content, headers, head=scope["method"] == "HEAD"
            )
            await body.drain()
        except _GoneError:
            pass

    # --- documents ------------------------------------------------------------------

    async def _document(self, scope: Scope, body: "_Body", send: Send) -> None:
        begun = monotonic()
        headers = _Headers(scope["headers"])
        self._check(scope["method"], headers)
        self._metrics.received.inc()
        deadline = asyncio.get_running_loop().time() + self._limits.timeout
        try:
            if self.closing:
                raise RefusedError("closing")
            self._service.intake.refuse_if_full(headers.length or 0)
            size = await self._taken(body, headers.length, deadline)
        except RefusedError as error:
            self._metrics.shed.labels(error.reason).inc()
            retry = b"retry-after", str(error.wait).encode()
            raise _AnswerError(503, f"cannot take it now: {error.reason}", (retry,)) from None
        self._metrics.accepted.inc()
        self._metrics.bytes.inc(size)
        self._metrics.answers.labels(200).inc()
        self._metrics.answer_time.observe(monotonic() - begun)
        await _send(send, 200, _TEXT, b"")

    def _check(self, method: str, headers: "_Headers") -> None:
        """Look at all that can be answered before the body is read."""
        if method != "POST":
            raise _AnswerError(405, f"{method} method not allowed", ((b"allow", b"POST"),))
        self._authorise(headers)
        if b"application/json" not in headers.one(b"content-type"):
            raise _AnswerError(400, "wrong Content Type")
        coding = headers.one(b"content-encoding").strip().lower()
        if coding not in (b"", b"identity"):
            shown = ascii(coding.decode("latin-1"))[:40]
            raise _AnswerError(415, f"Content-Encoding {shown} is not supported")
        if headers.length is not None and headers.length > self._limits.body:
            raise _too_large()

    def _authorise(self, headers: "_Headers") -> None:
        """Refuse a client that does not know a token, if there are any."""
        given = headers.one(b"authorization")
        # All are compared, so that the time does not tell which one was nearly right.
        if self._tokens and not sum(hmac.compare_digest(given, token) for token in self._tokens):
            raise _AnswerError(401, "unauthorized", ((b"www-authenticate", b"Bearer"),))

    async def _taken(self, body: "_Body", length: int | None, deadline: float) -> int:
        """Receive a document and have it put into the journal; return its size in bytes."""
        parts: list[bytes] = []
        size = 0
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._receive(body, parts)
            except TimeoutError:
                body.too_slow = True
                raise _AnswerError(408, "the request took too long") from None
            finally:
                size = sum(map(len, parts))
            if length is not None and size != length:
                raise _GoneError
            try:
                async with asyncio.timeout(self._limits.patience):
                    await self._service.intake.put(parts)
            except TimeoutError:
                raise RefusedError("disk_slow", 5) from None
        finally:
            self._memory -= size
        return size

    async def _receive(self, body: "_Body", parts: list[bytes]) -> None:
        """Receive the body of a request, in parts."""
        size = 0
        while not body.ended:
            part = await body.part()
            size += len(part)
            self._memory += len(part)
            parts.append(part)
            if size > self._limits.body:
                raise _too_large()
            if self._memory > self._limits.memory:
                raise RefusedError("memory_full")

    # --- pages ----------------------------------------------------------------------

    def _health(self) -> tuple[int, bytes, bytes]:
        return 200, _JSON, b'{"status": "ok"}'

    def _ready(self) -> tuple[int, bytes, bytes]:
        trouble = "closing" if self.closing else self._service.trouble()
        if trouble is None:
            return 200, _TEXT, b"ready\n"
        return 503, _TEXT, trouble.encode("utf-8", "replace") + b"\n"

    def _numbers(self) -> tuple[int, bytes, bytes]:
        return 200, CONTENT_TYPE.encode(), self._metrics.text()


# Pages besides the endpoint, one entry each.
_PAGES: Final[dict[str, Callable[[App], tuple[int, bytes, bytes]]]] = {
    "/healthz": App._health,
    "/readyz": App._ready,
    "/metrics": App._numbers,
}

# Those that tell something of the rules: for clients with a token, if there are tokens.
_PRIVATE: Final = frozenset({"/metrics"})


def _too_large() -> _AnswerError:
    return _AnswerError(400, "bad request: http: request body too large")


class _Body:
    """The body of a request, in parts."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False
        self.too_slow = False

    async def part(self) -> bytes:
        """Return the next part."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise _GoneError
        self.ended = not message.get("more_body")
        return bytes(message.get("body", b""))

    async def drain(self) -> None:
        """Take a little more of a body after the request was answered.

        A client that writes to a closed connection may never read the answer.
        """
        size = 0
        with suppress(TimeoutError, _GoneError):
            async with asyncio.timeout(_LINGER):
                while not (self.ended or self.too_slow) and size < _LINGER_SIZE:
                    size += len(await self.part())


class _Headers:
    """The headers of a request, of which names are in lower case."""

    def __init__(self, headers: Any) -> None:
        self._headers = [(bytes(name), bytes(value)) for name, value in headers]
        length = self.one(b"content-length")
        self.length = int(length) if length.isdigit() else None

    def one(self, name: bytes) -> bytes:
        """Return the first header with a name; nothing if there is none."""
        return next((value for given, value in self._headers if given == name), b"")


async def _send(
    send: Send,
    status: int,
    kind: bytes,
    content: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    *,
    head: bool = False,
) -> None:
    """Send an answer; to a request for its head, without its content."""
    begin = (b"content-type", kind), (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*begin, *headers]})
    await send({"type": "http.response.body", "body": b"" if head else content})
