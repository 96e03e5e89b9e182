"""Alerts in the system log, each with the severity that its priority stands for."""

import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from time import localtime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from rulec.runtime.events import host_name
from rulec.runtime.priority import parse_priority
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.sink import Delivery, LineSink, RefusedError, Settings

# Every facility, as syslog.conf(5) spells them, with its number in RFC 3164.
_NAMES: Final = "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp"
FACILITIES: Final = {name: number for number, name in enumerate(_NAMES.split(" "))} | {
    f"local{number}": 16 + number for number in range(8)
}

_LOCAL: Final = "/dev/log"
_PORT: Final = 514

# How long the receiver may take to have room for a message, in seconds.
_TIMEOUT: Final = 10.0

# What is left of a message that is too large, in bytes: as much as gets through.
_SIZES: Final = (60_000, 8_000, 1_000)
_CUT: Final = b"..."

# Not those of the locale.
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go, and as what: the path of a socket, or a host and a port for UDP."""

    path: str | None = _LOCAL
    host: str = ""
    port: int = _PORT
    facility: int = FACILITIES["user"]


class Syslog(LineSink):
    """The system log."""

    def __init__(self, name: str, target: Target, render: Renderer) -> None:
        super().__init__(name, render)
        self._target = target
        self._socket: socket.socket | None = None
        self._cut = False

    def open(self) -> None:
        target = self._target
        if target.path is not None:
            self._socket = _connected(socket.AF_UNIX, target.path)
            return
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
        family, _, _, _, address = found[0]
        self._socket = _connected(family, address)

    def write(self, delivery: Delivery) -> None:
        if self._socket is None:  # it has failed before: the receiver may be another one now
            self.open()
        assert self._socket is not None, "it is open"
        header, text = self._header(delivery), self.line(delivery)
        try:
            self._send(self._socket, header, text.encode("utf-8", "backslashreplace"))
        except OSError:
            self._socket.close()
            self._socket = None
            raise

    def _header(self, delivery: Delivery) -> bytes:
        severity = parse_priority(delivery.alert.priority)
        assert severity is not None, "the compiler writes nothing else"
        now = localtime()
        month = _MONTHS[3 * now.tm_mon - 3 : 3 * now.tm_mon]
        clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
        # On the same machine nobody says where a message comes from.
        host = "" if self._target.path is not None else f"{host_name()} "
        return (
            f"<{self._target.facility * 8 + severity}>{month} {now.tm_mday:2} {clock} "
            f"{host}rulec[{os.getpid()}]: "
        ).encode("utf-8", "backslashreplace")

    def _send(self, receiver: socket.socket, header: bytes, text: bytes) -> None:
        for message in _shortened(text):
            try:
                receiver.send(header + message)
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    raise
            else:
                if len(message) < len(text) and not self._cut:
                    self._cut = True
                    self.notice(f"{self.name}: messages that are too large are cut")
                return
        raise RefusedError("the message is too large")

    def close(self, timeout: float) -> bool:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        return True


def _shortened(text: bytes) -> Iterator[bytes]:
    """Yield a text, and what is left of it when it is cut more and more."""
    yield text
    for size in _SIZES:
        if size < len(text):
            yield text[:size].decode("utf-8", "ignore").encode() + _CUT


def _connected(family: int, address: object) -> socket.socket:
    found = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        found.settimeout(_TIMEOUT)
        found.connect(address)  # type: ignore[arg-type]  # it fits the family
    except OSError:
        found.close()
        raise
    return found


def made(name: str, argument: str, settings: Settings) -> Syslog:
    """Return the sink that was asked for.

    :raises ValueError: if it is not clear where messages are to go.
    """
    return Syslog(name, _target(argument), settings.render)


def _target(argument: str) -> Target:
    if "://" not in argument:
        return Target(facility=_facility(argument or "user"))
    url = urlsplit(argument)
    query = parse_qs(url.query, strict_parsing=bool(url.query))
    (facility,) = query.pop("facility", ["user"])
    if not query and url.scheme == "unix" and not url.netloc and url.path:
        return Target(url.path, facility=_facility(facility))
    if not query and url.scheme == "udp" and url.hostname and url.path in ("", "/"):
        return Target(None, url.hostname, url.port or _PORT, _facility(facility))
    raise ValueError("write syslog, syslog:FACILITY, syslog:udp://HOST:PORT or syslog:unix:///PATH")


def _facility(name: str) -> int:
    if name not in FACILITIES:
        raise ValueError(f"{name!r} is no facility; there are: {', '.join(FACILITIES)}")
    return FACILITIES[name]
