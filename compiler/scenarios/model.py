"""What a scenario consists of: a machine, what runs on it, and what happens then."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.encoding import utf8
from rulec.runtime.sources.syscall.capture.events import Kind
from rulec.runtime.sources.syscall.paths import joined
from rulec.runtime.sources.syscall.state.tables import Interface, User

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.capture.reader import Capture
    from rulec.runtime.sources.syscall.capture.writer import Sink

COMM_LIMIT: Final = 15  # bytes that Linux keeps of the name of a process

INIT: Final = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A program as it is run: its name, its path, and the words of its command line."""

    name: str
    exepath: str
    command: tuple[str, ...]

    @property
    def exe(self) -> str:
        """The first word of the command line."""
        return self.command[0]

    @property
    def args(self) -> tuple[str, ...]:
        """The other words."""
        return self.command[1:]


def program(
    command: tuple[str, ...] = (), name: str = "", exepath: str = "", cwd: str = "/"
) -> Program:
    """Return a program of which some things are known; the others follow from them.

    >>> program(("/opt/miner", "-q"))
    Program(name='miner', exepath='/opt/miner', command=('/opt/miner', '-q'))
    >>> program(name="nginx")
    Program(name='nginx', exepath='/usr/bin/nginx', command=('nginx',))
    """
    word = next(iter(command), "") or exepath or name
    command = command or (name or word,)
    base = word.rpartition("/")[2].removeprefix("-")
    name = name or utf8(base)[:COMM_LIMIT].decode("utf-8", "ignore")
    if not exepath:
        exepath = joined(cwd, word) if "/" in word else f"/usr/bin/{base}"
    return Program(name, exepath, command)


@dataclass(frozen=True, slots=True)
class Container:
    """A container. ``mounts`` are ``source:destination``, with ``:ro`` if only to be read."""

    name: str
    id: str
    image: str = ""
    type: str = "containerd"
    privileged: bool = False
    mounts: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def cgroups(self) -> tuple[str, ...]:
        """The control groups of its processes, as its engine names them."""
        path = {
            "docker": f"/docker/{self.id}",
            "podman": f"/machine.slice/libpod-{self.id}.scope",
            "cri-o": f"/kubepods.slice/crio-{self.id}.scope",
        }.get(self.type, f"/kubepods.slice/cri-containerd-{self.id}.scope")
        return (f"cpu={path}", f"memory={path}")


def made_up_id(name: str) -> str:
    """Return the id of a container that was given none: always the same for a name."""
    return sha256(utf8(name)).hexdigest()


@dataclass(frozen=True, slots=True)
class Process:
    """A process that is there before the first event.

    ``uid``, ``gid`` and ``loginuid`` are numbers, ``capabilities`` and ``flags`` bits.
    ``vpid`` is its number inside of its container.
    """

    pid: int
    program: Program
    parent: int = INIT
    cwd: str = "/"
    uid: int = 0
    gid: int = 0
    loginuid: int = -1
    tty: int = 0
    session: int = 0
    env: tuple[str, ...] = ()
    container: str = ""
    vpid: int = 0
    capabilities: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a process does, ``after`` nanoseconds.

    ``name`` is a kind of step, or the id of an event if ``kind`` is what is written. ``given``
    has its parameters, with the types of values that events have. ``error`` is the number of
    the error that it fails with, 0 if it does not. ``alerts`` are the names of the rules that
    are expected to match it.
    """

    name: str
    pid: int
    given: Mapping[str, Any]
    after: int
    error: int = 0
    alerts: tuple[str, ...] = ()
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A machine, its processes, and what they do. ``time`` is nanoseconds since the epoch."""

    title: str = ""
    time: int = 0
    hostname: str = ""
    users: tuple[User, ...] = ()
    groups: Mapping[str, int] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] = ()
    containers: Mapping[str, Container] = field(default_factory=dict)
    processes: tuple[Process, ...] = ()
    steps: tuple[Step, ...] = ()

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> "Scenario":
        """Return the scenario that a file describes.

        :raises RulesError: with everything that is wrong with the description.
        """
        from rulec.scenarios.reading import read_scenario

        return read_scenario(path)

    def events(self, wanted: frozenset[str] | None = None) -> "Capture":
        """Return the events, to go through once, as those of a capture.

        ``wanted`` has the values of ``evt.type`` that are asked for; None stands for all.

        :raises StepError: if a step cannot happen, which cannot be after ``from_yaml``.
        """
        from rulec.scenarios.play import played

        return played(self, wanted)

    def write(self, stream: "Sink") -> None:
        """Write the capture that a recorder would have made.

        :raises StepError: if a step cannot happen, which cannot be after ``from_yaml``.
        """
        from rulec.scenarios.play import recording

        stream.write(recording(self).data)
