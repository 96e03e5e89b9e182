"""What audit logs tell of descriptors: files and connections."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.sources.syscall.auditd import paths
from rulec.runtime.sources.syscall.auditd.sockets import Address
from rulec.runtime.sources.syscall.auditd.work import Work

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.auditd.event import AuditEvent


def _of_descriptor(attribute: str) -> Work:
    return lambda event, _: getattr(event.descriptor, attribute)


def _directory(event: "AuditEvent", _: str | None) -> str | None:
    found = event.descriptor
    if not found.is_file or found.name is None:
        return None
    return found.name if found.type == "directory" else paths.directory_of(found.name)


def _file_name(event: "AuditEvent", _: str | None) -> str | None:
    found = event.descriptor
    if not found.is_file or found.name is None or found.type == "directory":
        return None
    return found.name.rpartition("/")[2]


def _end(which: str, of: Callable[[Address], Any]) -> Work:
    def find(event: "AuditEvent", _: str | None) -> Any:
        address = getattr(event.descriptor, which)
        return None if address is None else of(address)

    return find


def _either(of: Callable[[Address], Any]) -> Work:
    """Return what works out a field that holds both ends of a connection, as far as known."""

    def find(event: "AuditEvent", _: str | None) -> tuple[Any, ...] | None:
        address = event.descriptor.end
        return None if address is None else (of(address),)

    return find


def _ip(address: Address) -> Any:
    return address.ip


def _port(address: Address) -> int | None:
    return address.port


def _port_text(address: Address) -> str:
    return str(address.port)


def _socket_family(event: "AuditEvent", _: str | None) -> str | None:
    families = {"ipv4": "ip", "ipv6": "ip", "unix": "unix"}
    return families.get(event.descriptor.type or "")


def _is_server(event: "AuditEvent", _: str | None) -> bool | None:
    found = event.descriptor
    if found.end is None:
        return None
    return found.local is not None or found.client is not None


def _name_changed(event: "AuditEvent", _: str | None) -> bool | None:
    return event.descriptor.connected


DESCRIPTOR_VALUES: Final[Mapping[str, Work]] = {
    "fd.cip": _end("client", _ip),
    "fd.cnet": _end("client", _ip),
    "fd.connected": _of_descriptor("connected"),
    "fd.cport": _end("client", _port),
    "fd.cproto": _end("client", _port_text),
    "fd.directory": _directory,
    "fd.filename": _file_name,
    "fd.ip": _either(_ip),
    "fd.is_server": _is_server,
    "fd.l4proto": _of_descriptor("speaks"),
    "fd.lip": _end("local", _ip),
    "fd.lnet": _end("local", _ip),
    "fd.lport": _end("local", _port),
    "fd.lproto": _end("local", _port_text),
    "fd.name": _of_descriptor("name"),
    "fd.name_changed": _name_changed,
    "fd.nameraw": _of_descriptor("raw"),
    "fd.net": _either(_ip),
    "fd.num": _of_descriptor("number"),
    "fd.port": _either(_port),
    "fd.proto": _either(_port),
    "fd.rip": _end("remote", _ip),
    "fd.rnet": _end("remote", _ip),
    "fd.rport": _end("remote", _port),
    "fd.rproto": _end("remote", _port_text),
    "fd.sip": _end("server", _ip),
    "fd.snet": _end("server", _ip),
    "fd.sockfamily": _socket_family,
    "fd.sport": _end("server", _port),
    "fd.sproto": _end("server", _port_text),
    "fd.type": _of_descriptor("type"),
    "fd.typechar": _of_descriptor("char"),
}
