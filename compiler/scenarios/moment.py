"""The moment at which a step happens: what is known then, and what can be chosen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import count, islice
from typing import Any, Final

from rulec.runtime.encoding import utf8
from rulec.runtime.sources.syscall.capture.decoders import Ip
from rulec.runtime.sources.syscall.capture.encoders import words
from rulec.runtime.sources.syscall.state.descriptors import Descriptor
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.threads import Thread
from rulec.scenarios.model import Scenario, Step
from rulec.scenarios.parameters import MistakeError

# An event: its id, its parameters, and the thread that it is about.
Happening = tuple[str, Mapping[str, Any], int]
Events = Iterator[Happening]

_FIRST_FREE: Final = 3  # behind the standard streams, which are not listed
_FIRST_PORT: Final = 32768  # of those that Linux gives to clients
_PORTS: Final = 28232


@dataclass(frozen=True, slots=True)
class Moment:
    """A step that happens on a machine, by a thread, at a time (nanoseconds)."""

    scenario: Scenario
    step: Step
    machine: Machine
    thread: Thread
    time: int

    @property
    def given(self) -> Mapping[str, Any]:
        """What the step says."""
        return self.step.given

    @property
    def result(self) -> int:
        """What a call returns that returns nothing else than whether it worked."""
        return -self.step.error

    def happening(self, id_: str, **parameters: Any) -> Happening:
        """Return an event of the thread of the step."""
        return id_, parameters, self.thread.tid

    def free(self, number: int = 1) -> Iterator[int]:
        """Yield the first numbers of descriptors that the process does not use."""
        taken = self.thread.process.descriptors
        return islice((fd for fd in count(_FIRST_FREE) if fd not in taken), number)

    def new_descriptor(self) -> int:
        """Return the descriptor that a call returns: the one that is given, or a free one."""
        given = self.given.get("fd")
        if self.step.error:
            return self.result
        return next(self.free()) if given is None else int(given)

    def descriptor(self, what: str, *types: str) -> tuple[int, Descriptor]:
        """Return the descriptor that is given, or else the newest one of some types.

        :raises MistakeError: if the process has none.
        """
        found = self.thread.process.descriptors
        fd = self.given.get("fd")
        if fd is None:
            fd = max((fd for fd, one in found.items() if one.type in types), default=-1)
        if fd not in found:
            whose = f"process {self.thread.pid}"
            raise MistakeError(f"{whose} has no {what}" + (f" {fd}" if fd >= 0 else ""))
        return fd, found[fd]

    def near(self, other: Ip) -> Ip:
        """Return the address that the machine speaks to another from."""
        if (found := self.machine.interfaces.near(other)) is not None:
            return found
        return IPv4Address(0) if isinstance(other, IPv4Address) else IPv6Address(0)

    def client_port(self, fd: int) -> int:
        """Return a port that the kernel would have chosen for a connection."""
        return _FIRST_PORT + (self.thread.tid * 16 + fd) % _PORTS


def byte_count(data: str | tuple[str, ...]) -> int:
    """Return how many bytes are sent or written."""
    return len(utf8(data)) if isinstance(data, str) else len(words(data))
