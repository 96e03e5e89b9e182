"""What calls about connections change."""

from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import (
    INET,
    INET6,
    UNIX,
    Address,
    Tuple,
)
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import Kind, coded, kinds
from rulec.runtime.sources.syscall.state.descriptors import (
    FAMILIES,
    INET_TYPES,
    SOCKET_TYPES,
    Descriptor,
    connection_name,
    host_port,
    swapped,
)
from rulec.runtime.sources.syscall.state.effects import EFFECTS, effect, succeeded
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import UNSPECIFIED
from rulec.runtime.sources.syscall.state.threads import Process

_EINPROGRESS: Final = 115
_CONNECT_E, _CONNECT_X = coded("SOCKET_CONNECT_E", "SOCKET_CONNECT_X")

# The calls that move data over connections and tell both ends: where they do.
TUPLES: Final = dict(
    zip(
        coded(
            "SOCKET_SEND_X",
            "SOCKET_SENDTO_X",
            "SOCKET_SENDMSG_X",
            "SOCKET_SENDMMSG_X",
            "SOCKET_RECV_X",
            "SOCKET_RECVFROM_X",
            "SOCKET_RECVMSG_X",
            "SOCKET_RECVMMSG_X",
        ),
        (4, 4, 4, 4, 4, 2, 3, 4),
        strict=True,
    )
)


def _is_bound(process: Process, port: int) -> bool:
    return any(
        one.listening and one.destination_port == port for one in process.descriptors.values()
    )


def _replace(event: CaptureEvent, one: Descriptor) -> None:
    before = event.descriptor
    event.descriptor = one
    event.name_changed = before is not None and before.name != one.name
    if event.thread is not None:
        event.thread.process.descriptors[event.fd] = one


def _with_ends(machine: Machine, one: Descriptor, ends: Tuple) -> Descriptor:
    """Return a descriptor with both ends of a connection."""
    type_ = FAMILIES.get(ends.family, one.type)
    if ends.family == UNIX:
        return one.but(
            type=type_,
            source=ends.source,
            destination=ends.destination,
            name=unix_name(ends),
        )
    source = ends.source
    if source in UNSPECIFIED and ends.destination is not None:
        source = machine.interfaces.near(ends.destination) or source
    return one.but(
        type=type_,
        source=source,
        source_port=ends.source_port,
        destination=ends.destination,
        destination_port=ends.destination_port,
        listening=False,
        name=connection_name(source, ends.source_port, ends.destination, ends.destination_port),
    )


def unix_name(ends: Tuple) -> str:
    """Return what stands for a connection of Unix sockets."""
    return f"{ends.source:x}->{ends.destination:x} {ends.path}".rstrip()


@effect("SOCKET_BIND_X")
def bind(machine: Machine, event: CaptureEvent) -> None:
    """Let a socket have an address of its own."""
    one, address = event.descriptor, event.value(1)
    if not succeeded(event) or one is None or not isinstance(address, Address):
        return
    if address.family == UNIX:
        _replace(event, one.but(name=address.host or ""))
    elif address.family in (INET, INET6) and address.host is not None and address.port > 0:
        _replace(
            event,
            one.but(
                type=FAMILIES[address.family],
                listening=True,
                role="server",
                source=None,
                source_port=0,
                destination=address.host,
                destination_port=address.port,
                name=host_port(address.host, address.port),
            ),
        )


@effect("SOCKET_CONNECT_X")
def connect(machine: Machine, event: CaptureEvent) -> None:
    """Let a socket be connected."""
    begun = machine.began.pop(event.tid, None)
    result, one = event.value(0), event.descriptor
    if one is None or result is None or not (result >= 0 or result == -_EINPROGRESS):
        return
    ends = event.value(1)
    if (ends := _connected(event, ends, _begun_address(machine, begun))) is None:
        return
    one = _with_ends(machine, one, ends)
    if ends.family != UNIX and not one.role:
        one = one.but(role="client")
    _replace(event, one.but(connected=result >= 0))


def _begun_address(machine: Machine, begun: tuple[int, list[bytes]] | None) -> Address | None:
    if begun is None or begun[0] != _CONNECT_E or len(begun[1]) < 2 or not begun[1][1]:
        return None
    address: Address = machine.decoders(_CONNECT_E)[1](begun[1][1])
    return address


def _connected(event: CaptureEvent, ends: Any, begun: Address | None) -> Tuple | None:
    """Return both ends of a connection, as they were meant when the call began.

    The memory that the call was given may have changed since then.
    """
    if not isinstance(ends, Tuple) or ends.destination is None:
        address = begun or event.value(3)
        if not isinstance(address, Address) or address.family not in (INET, INET6):
            return ends if isinstance(ends, Tuple) and ends.family == UNIX else None
        nowhere = next(a for a in UNSPECIFIED if (a.version == 4) == (address.family == INET))
        return Tuple(address.family, nowhere, 0, address.host, address.port)
    late = event.value(3)
    if (
        begun is not None
        and begun.family == ends.family
        and begun.host is not None
        and begun.family in (INET, INET6)
        and isinstance(late, Address)
        and (late.host, late.port) == (ends.destination, ends.destination_port)
    ):
        return ends._replace(destination=begun.host, destination_port=begun.port)
    return ends


@effect("SOCKET_ACCEPT_5_X", "SOCKET_ACCEPT4_6_X")
def accept(machine: Machine, event: CaptureEvent) -> None:
    """Have a connection open that somebody else asked for."""
    number, ends = event.value(0), event.value(1)
    if number is None or number < 0 or event.thread is None:
        return
    if not isinstance(ends, Tuple) or ends.family not in (INET, INET6, UNIX) or ends.source is None:
        return
    one = Descriptor(type=FAMILIES[ends.family], connected=True)
    one = _with_ends(machine, one, ends)
    if ends.family != UNIX:
        one = one.but(l4="tcp", role="server")
    machine.open(event.thread, number, one)
    event.fd, event.descriptor = number, one


def transfer(machine: Machine, event: CaptureEvent) -> None:
    """Take over the ends of a connection that data goes over."""
    one, thread = event.descriptor, event.thread
    if one is None or thread is None or one.type not in SOCKET_TYPES or not succeeded(event):
        return
    changed = one
    position = TUPLES.get(event.code)
    if position is not None and (not one.name or one.l4 != "tcp"):
        ends = event.value(position)
        if isinstance(ends, Tuple) and ends.destination is not None:
            changed = _transferred(machine, event, _with_ends(machine, one, ends))
    if not changed.connected:
        changed = changed.but(connected=True)
    if changed is not one:
        _replace(event, changed)


def _transferred(machine: Machine, event: CaptureEvent, one: Descriptor) -> Descriptor:
    if one.type not in INET_TYPES or event.thread is None:
        return one
    if not one.role:
        bound = _is_bound(event.thread.process, one.destination_port)
        one = one.but(role="server" if bound else "client")
    receives = "reads" in event.kind.flags
    return swapped(one, one.role) if receives == (one.role == "client") else one


def _moves_data(kind: Kind) -> bool:
    return kind.is_exit and "old" not in kind.flags and bool(kind.flags & {"reads", "writes"})


# Whatever reads or writes shows that a socket is connected.
EFFECTS.update({kind.code: transfer for kind in kinds() if kind is not None and _moves_data(kind)})
