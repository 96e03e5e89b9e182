"""Scenarios, played: the capture that a recorder would have made, step by step.

Every event is read back at once, by what reads any capture. So the state of the machine that
the next step sees is, by construction, the one that rules will see.
"""

import io
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rulec.runtime.sources.syscall.capture.encoders import words
from rulec.runtime.sources.syscall.capture.reader import Capture
from rulec.runtime.sources.syscall.capture.writer import Writer
from rulec.runtime.sources.syscall.state.containers import TYPES
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.threads import NOBODY, Thread
from rulec.runtime.sources.syscall.state.threads import Process as Shared
from rulec.scenarios.model import INIT, Container, Process, Scenario, program
from rulec.scenarios.moment import Moment
from rulec.scenarios.parameters import MistakeError
from rulec.scenarios.raw_events import raw
from rulec.scenarios.steps import STEPS

_TYPE_NUMBERS: Final = {name: number for number, name in TYPES.items()}
LAST_TIME: Final = (1 << 63) - 1_000  # nanoseconds since the epoch
NO_STEP: Final = -1
_FD_LIMIT: Final = 1024


class StepError(Exception):
    """A step cannot happen. ``number`` counts steps from 0."""

    def __init__(self, number: int, mistake: MistakeError) -> None:
        super().__init__(f"step {number + 1}: {mistake}")
        self.number = number
        self.mistake = mistake


class Recording(NamedTuple):
    """A capture, and for each event that counts the number of its step, from 0.

    It is ``NO_STEP`` for what is told before the first one.
    """

    data: bytes
    steps: tuple[int, ...]


def recording(scenario: Scenario) -> Recording:
    """Return the capture of a scenario.

    :raises StepError: if a step cannot happen.
    """
    tape = _Tape(scenario)
    for _ in tape.capture:
        pass
    return Recording(b"".join(tape.written), tuple(tape.steps))


def played(scenario: Scenario, wanted: frozenset[str] | None = None) -> Capture:
    """Return the events of a scenario as those of a capture.

    :raises StepError: if a step cannot happen.
    """
    return Capture(io.BytesIO(recording(scenario).data), wanted)


class _Tape:
    """What a capture is read from while it is written: reading on lets the next step happen."""

    def __init__(self, scenario: Scenario) -> None:
        self.written: list[bytes] = []
        self.steps: list[int] = []
        self.capture = Capture(self)
        self._happening = self._happen(scenario)
        self._new: list[bytes] = []

    def write(self, data: bytes, /) -> None:
        """Take what the writer writes."""
        self._new.append(data)

    def read(self, size: int, /) -> bytes:
        """Return what one more step writes; nothing behind the last."""
        if next(self._happening, None) is None:
            return b""
        data = b"".join(self._new)
        self._new.clear()
        self.written.append(data)
        return data

    def _happen(self, scenario: Scenario) -> Iterator[bool]:
        """Write one step after the other."""
        writer = Writer(self)
        writer.begin(machine_before(scenario))
        yield True
        now = scenario.time
        for container in scenario.containers.values():
            about = {"plugin_id": 0, "name": "container", "data": described(container)}
            writer.event("ASYNCEVENT_E", about, time=now, tid=-1)
            yield True
            self._told(NO_STEP)
        for number, step in enumerate(scenario.steps):
            machine = self.capture.machine
            machine.settle()
            now += step.after
            thread = machine.threads.get(step.pid) or Thread(step.pid, "placeholder")
            moment = Moment(scenario, step, machine, thread, now)
            write = raw if step.kind is not None else STEPS[step.name].write
            try:
                if now > LAST_TIME:
                    raise MistakeError("this is after the year 2262", "captures end there")
                for later, (id_, parameters, tid) in enumerate(write(moment)):
                    now = moment.time + later
                    writer.event(id_, parameters, time=now, tid=tid)
            except MistakeError as mistake:
                raise StepError(number, mistake) from None
            yield True
            self._told(number)

    def _told(self, number: int) -> None:
        """Take note that what was read since the last time is of a step."""
        self.steps += [number] * (self.capture.events - len(self.steps))


def machine_before(scenario: Scenario) -> Machine:
    """Return the machine of a scenario before anything happens on it."""
    machine = Machine()
    machine.hostname = scenario.hostname
    machine.users = {user.uid: user for user in scenario.users}
    machine.groups = {gid: name for name, gid in scenario.groups.items()}
    machine.interfaces.add(scenario.interfaces)
    processes = {process.pid: process for process in scenario.processes}
    init = Process(INIT, program(("/sbin/init",), "systemd", "/usr/lib/systemd/systemd"), 0)
    for process in ({INIT: init} | processes).values():
        container = scenario.containers.get(process.container)
        machine.add(_thread(process, container, scenario.time))
    return machine


def _thread(process: Process, container: Container | None, time: int) -> Thread:
    thread = Thread(process.pid, "list")
    thread.pid, thread.ptid = process.pid, process.parent
    thread.vtid = thread.vpid = process.vpid or process.pid
    thread.sid = process.session or process.pid
    thread.pgid, thread.vpgid = process.pid, thread.vpid
    thread.comm, thread.exe = process.program.name, process.program.exe
    thread.exepath, thread.args = process.program.exepath, words(process.program.args)
    thread.uid, thread.gid = process.uid, process.gid
    thread.loginuid = process.loginuid & NOBODY
    thread.tty, thread.env = process.tty, words(process.env)
    thread.exe_flags, thread.fdlimit = process.flags, _FD_LIMIT
    thread.cap_permitted = thread.cap_effective = process.capabilities
    if container is not None:
        thread.cgroups = words(container.cgroups)
        thread.pidns_start = time
    thread.process = Shared(process.cwd)
    return thread


def described(container: Container) -> str:
    """Return what is told of a container when it becomes known: JSON."""
    image, _, digest = container.image.partition("@")
    repository, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = image, ""
    about: dict[str, Any] = {
        "id": container.id[:12],
        "full_id": container.id,
        "type": _TYPE_NUMBERS[container.type],
        "name": container.name,
        "image": container.image,
        "imagerepo": repository,
        "imagetag": tag,
        "imagedigest": digest,
        "privileged": container.privileged,
        "Mounts": list(map(_mount, container.mounts)),
        "labels": dict(container.labels),
    }
    return json.dumps({"container": about})


def _mount(text: str) -> dict[str, Any]:
    source, _, rest = text.partition(":")
    destination, _, mode = rest.partition(":")
    return {
        "Source": source,
        "Destination": destination or source,
        "Mode": mode,
        "RW": mode != "ro",
        "Propagation": "rprivate",
    }
