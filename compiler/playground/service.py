"""What the page's requests are answered, without a socket.

Only this machine's browser is to be answered, and only for the page itself. Any page of
the web can make a browser send requests here, under a name of its own that leads to this
machine (DNS rebinding). So a request must say that it is for this machine, and, if it says
where it comes from, that this is the page.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final, Protocol

import msgspec

from rulec.playground.examples import EXAMPLES, preset_of
from rulec.playground.model import Preset
from rulec.playground.workers import BusyError, UnansweredError
from rulec.runtime.sources import SOURCES
from rulec.version import version

JSON: Final = "application/json"

# Every file that the browser gets, one entry each: its path, its name and what it is.
PAGE: Final[Mapping[str, tuple[str, str]]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    **{
        f"/{name}.js": (f"{name}.js", "text/javascript; charset=utf-8")
        for name in (
            "api",
            "dom",
            "editor",
            "explanation",
            "highlight",
            "main",
            "panes",
            "results",
            "state",
        )
    },
}

# The page may load nothing from elsewhere, run no code that is not in a file of its own, and
# not be put into another page.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

# What this machine is called by itself. The port may be another one, that of a tunnel.
_HERE: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """A request; the names of ``headers`` are in lower case.

    ``abandoned`` tells whether nobody waits for its answer any more.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    abandoned: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered: a status, what the content is, and the content."""

    status: HTTPStatus
    type: str
    content: bytes


class Asked(Protocol):
    """What answers questions: see ``Workers``."""

    def ask(self, question: bytes, unwanted: Callable[[], bool]) -> bytes: ...


@dataclass(frozen=True)
class Service:
    """Answers requests. ``given`` is what the editors begin with, if something was given.

    It is told to who knows ``key`` only: another user of the machine can send requests, too.
    """

    workers: Asked
    given: Preset | None = None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def start(self) -> str:
        """The path that the browser is sent to."""
        return f"/?given={self.key}" if self.given else "/"

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        if refusal := refused(request.headers):
            return refuse(HTTPStatus.FORBIDDEN, refusal)
        path, _, query = request.path.partition("?")
        route = _ROUTES.get(path)
        if path in PAGE:
            route = ("GET", lambda service, query, request: page(path))
        elif path.startswith(_EXAMPLES):
            route = ("GET", lambda service, query, request: _example(path))
        if route is None:
            return refuse(HTTPStatus.NOT_FOUND, "there is no such thing here")
        method, answered = route
        if request.method != method:
            return refuse(HTTPStatus.METHOD_NOT_ALLOWED, f"this takes {method}")
        return answered(self, query, request)


def refused(headers: Mapping[str, str]) -> str | None:
    """Return why a request with such headers is not answered; None if it is."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if not _HERE.fullmatch(host):
        return "the request is for another host: use the address that rulec printed"
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return "the request comes from another page"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "the request comes from another page"
    return None


def refuse(status: HTTPStatus, why: str) -> Response:
    """Return an answer that says why there is no other."""
    return Response(status, "text/plain; charset=utf-8", f"{why}\n".encode())


def page(path: str) -> Response:
    """Return a file of the page."""
    name, kind = PAGE[path]
    return Response(HTTPStatus.OK, kind, _content(name))


@cache
def _content(name: str) -> bytes:
    return (files("rulec.playground.page") / name).read_bytes()


def _json(value: Any) -> Response:
    return Response(HTTPStatus.OK, JSON, msgspec.json.encode(value))


def _start(service: Service, query: str, request: Request) -> Response:
    """Tell what there is to begin with."""
    given = service.given
    if given is not None and not secrets.compare_digest(query.encode(), service.key.encode()):
        given = None
    examples = [{"name": each.name, "title": each.title, "about": each.about} for each in EXAMPLES]
    sources = {name: source.doc for name, source in SOURCES.items()}
    return _json({"version": version(), "sources": sources, "examples": examples, "given": given})


_EXAMPLES: Final = "/api/examples/"


def _example(path: str) -> Response:
    name = path.removeprefix(_EXAMPLES)
    found = next((each for each in EXAMPLES if each.name == name), None)
    if found is None:
        return refuse(HTTPStatus.NOT_FOUND, "there is no such example")
    return _json(preset_of(found))


def _answer(service: Service, query: str, request: Request) -> Response:
    """Have a question answered. The type of its content is none that a form can send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        return refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this takes {JSON}")
    try:
        return Response(HTTPStatus.OK, JSON, service.workers.ask(request.body, request.abandoned))
    except UnansweredError as error:
        return _json({"failure": str(error)})
    except BusyError:
        return _json({"failure": "other questions take long: try again"})


Answered = Callable[[Service, str, Request], Response]

# The paths that are no files, with the method that they take.
_ROUTES: Final[Mapping[str, tuple[str, Answered]]] = {
    "/api/start": ("GET", _start),
    "/api/answer": ("POST", _answer),
}
