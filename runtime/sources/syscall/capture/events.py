"""The kinds of events, ready for use: names, flags, decoders and upgrades by event code."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from rulec.runtime.sources.syscall.capture.decoders import Decode, decoder
from rulec.runtime.sources.syscall.capture.event_table import EVENTS


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an event: its name, its type, and how it is shown.

    ``form`` is ``x`` or ``o`` where numbers are shown in hexadecimal or octal digits.
    ``symbols`` names the table of what values are called, or the types of a ``dyn``.
    ``directory`` is the number of the parameter that a path is relative to.
    """

    name: str
    type: str
    form: str = ""
    symbols: str = ""
    directory: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event."""

    code: int
    id: str
    name: str
    category: str
    origin: str
    flags: frozenset[str]
    parameters: tuple[Parameter, ...]
    decoders: tuple[Decode, ...]
    positions: Mapping[str, int]

    @property
    def is_exit(self) -> bool:
        """Whether the event says that a call is over."""
        return bool(self.code & 1)


def _parameter(text: str) -> Parameter:
    text, _, directory = text.partition("@")
    text, _, symbols = text.partition("=")
    name, type_, form = (*text.split(":"), "")[:3]
    return Parameter(name, type_, form, symbols, int(directory) if directory else None)


def _kind(order: str, head: str, parameters: str) -> Kind:
    code, id_, name, category, origin, flags = head.split()
    found = tuple(map(_parameter, parameters.split()))
    positions: dict[str, int] = {}
    for position, parameter in enumerate(found):
        positions.setdefault(parameter.name, position)
    return Kind(
        int(code),
        id_,
        name,
        category,
        origin,
        frozenset(flags.split(",")),
        found,
        tuple(decoder(p.type, order, p.symbols) for p in found),
        positions,
    )


@cache
def kinds(order: str = "little") -> tuple[Kind | None, ...]:
    """Return the kinds of events by code, for one byte order; None where there is none."""
    entries: list[list[str]] = []
    for line in EVENTS.strip().splitlines():
        if line.startswith(" "):
            entries[-1][1] += line
        else:
            entries.append([line, ""])
    found = {kind.code: kind for kind in (_kind(order, *entry) for entry in entries)}
    return tuple(found.get(code) for code in range(max(found) + 1))


@cache
def codes() -> Mapping[str, int]:
    """Return the codes of events by id, such as ``SYSCALL_OPEN_X``."""
    return {kind.id: kind.code for kind in kinds() if kind is not None}


def coded(*ids: str) -> tuple[int, ...]:
    """Return the codes of some events."""
    return tuple(codes()[id_] for id_ in ids)


# The events that begin a call whose parameters may change while it goes on. They change what is
# known, but no rule sees them.
UNOFFERED: Final = frozenset(
    coded(
        "SYSCALL_OPEN_E",
        "SYSCALL_CREAT_E",
        "SYSCALL_OPENAT_2_E",
        "SYSCALL_OPENAT2_E",
        "SOCKET_CONNECT_E",
        "SYSCALL_EXECVE_19_E",
        "SYSCALL_EXECVEAT_E",
    )
)

# The oldest form of what describes a container: rules do not see it either.
OLD_CONTAINERS: Final = frozenset(coded("CONTAINER_E"))


def _fd_position(kind: Kind) -> int | None:
    """Return which parameter is the descriptor that an event is about."""
    if "uses" not in kind.flags:
        return None
    # A call that returns a descriptor has that first; splice is about the one it writes to.
    first = 1 if kind.is_exit else 0
    found = [
        position
        for position, parameter in enumerate(kind.parameters)
        if parameter.type == "fd" and position >= first
    ]
    wanted = 1 if kind.name == "splice" else 0
    return found[wanted] if len(found) > wanted else None


FD_POSITIONS: Final = {
    kind.code: position
    for kind in kinds()
    if kind is not None and (position := _fd_position(kind)) is not None
}
