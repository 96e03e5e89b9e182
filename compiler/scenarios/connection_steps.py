"""Steps of connections, and the events that are written for them."""

from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import INET, INET6, UNIX, Address, Tuple
from rulec.runtime.sources.syscall.state.descriptors import Descriptor
from rulec.runtime.sources.syscall.state.tables import UNSPECIFIED
from rulec.scenarios.moment import Events, Happening, Moment, byte_count
from rulec.scenarios.parameters import MistakeError

_STREAM, _DATAGRAM = 1, 2
_BACKLOG: Final = 128

_TYPES: Final = {"tcp": _STREAM, "udp": _DATAGRAM}


def _socket(moment: Moment, family: int, protocol: str) -> tuple[int, Happening]:
    """Return a new socket, and the event that makes it."""
    if protocol not in _TYPES:
        raise MistakeError(f"{protocol!r} is no protocol", f"one of {', '.join(_TYPES)}")
    fd = next(moment.free())
    about = {"domain": family, "type": _TYPES[protocol], "proto": 0, "flags": 0}
    return fd, moment.happening("SOCKET_SOCKET_X", fd=fd, **about)


def _ends(moment: Moment, fd: int, far: Address, near: Address | None) -> Tuple:
    """Return both ends of a connection that the process asks for."""
    if far.family == UNIX:
        # Kernel objects have addresses; these are as good as any.
        source = 0xFFFF_0000_0000_0000 + moment.thread.tid * 0x1000 + fd * 2
        return Tuple(UNIX, source, 0, source + 1, 0, str(far.host))
    if near is None:
        host: Any = far.host
        near = Address(far.family, moment.near(host), moment.client_port(fd))
    if near.family != far.family:
        raise MistakeError("both ends of a connection are of one family")
    return Tuple(far.family, near.host, near.port, far.host, far.port)


def connect(moment: Moment) -> Events:
    """Open a socket, unless one is given, and connect it."""
    given, far = moment.given, moment.given["to"]
    fd = given.get("fd")
    if fd is None:
        fd, opened = _socket(moment, far.family, given.get("protocol") or "tcp")
        yield opened
    ends = _ends(moment, fd, far, given.get("from"))
    yield moment.happening("SOCKET_CONNECT_X", res=moment.result, tuple=ends, fd=fd, addr=far)


def listen(moment: Moment) -> Events:
    """Open a socket, bind it to an address, and listen."""
    near = moment.given["on"]
    fd, opened = _socket(moment, near.family, "tcp")
    yield opened
    yield moment.happening("SOCKET_BIND_X", res=moment.result, addr=near, fd=fd)
    if not moment.step.error:
        backlog = moment.given.get("backlog", _BACKLOG)
        yield moment.happening("SOCKET_LISTEN_X", res=0, fd=fd, backlog=backlog)


def _served(moment: Moment) -> Address:
    """Return the address that a process takes connections on: the newest one."""
    given: Address | None = moment.given.get("on")
    if given is not None:
        return given
    descriptors = sorted(moment.thread.process.descriptors.items(), reverse=True)
    for _, one in descriptors:
        if one.type in ("ipv4", "ipv6") and not one.connected and one.destination is not None:
            host: Any = one.destination
            return Address(moment.given["from"].family, host, one.destination_port)
    raise MistakeError(f"process {moment.thread.pid} listens nowhere", "say 'on', or listen first")


def accept(moment: Moment) -> Events:
    """Take a connection of a client."""
    far, near = moment.given["from"], _served(moment)
    if UNIX in (far.family, near.family):
        raise MistakeError("only internet connections are accepted here", "write the event accept4")
    host: Any = near.host
    if host in UNSPECIFIED:
        host = moment.near(far.host)
    if host.version != far.host.version:
        raise MistakeError("both ends of a connection are of one family")
    ends = Tuple(far.family, far.host, far.port, host, near.port)
    about = {"queuepct": 0, "queuelen": 0, "queuemax": _BACKLOG, "flags": 0}
    fd = moment.new_descriptor()
    ends = ends if fd >= 0 else Tuple(0)
    yield moment.happening("SOCKET_ACCEPT4_6_X", fd=fd, tuple=ends, **about)


def send(moment: Moment) -> Events:
    """Send over the newest connection, or a datagram to an address."""
    given, far = moment.given, moment.given.get("to")
    if far is not None and given.get("fd") is None:
        fd, opened = _socket(moment, far.family, "udp")
        yield opened
        ends = _ends(moment, fd, far, given.get("from"))
    else:
        fd, one = moment.descriptor("connection", "ipv4", "ipv6", "unix")
        ends = _ends(moment, fd, far, given.get("from")) if far else _open_ends(one)
    data = given.get("data") or ""
    size = given.get("size")
    size = byte_count(data) if size is None else size
    res = moment.result or size
    about = {"fd": fd, "size": size, "tuple": ends}
    yield moment.happening("SOCKET_SENDTO_X", res=res, data=data, **about)


def _open_ends(one: Descriptor) -> Tuple:
    """Return both ends of a connection that is open, this machine's first."""
    near, far = (one.source, one.source_port), (one.destination, one.destination_port)
    if one.role == "server":
        near, far = far, near
    family = {"ipv4": INET, "unix": UNIX}.get(one.type, INET6)
    path = one.name if family == UNIX else ""
    return Tuple(family, near[0] or None, near[1], far[0] or None, far[1], path)
