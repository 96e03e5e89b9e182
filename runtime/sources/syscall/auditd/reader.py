"""From lines of an audit log to events of system calls, one line after the other."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rulec.runtime.events import EventError, Run
from rulec.runtime.sources.syscall.auditd.calls import Call, CallError, call
from rulec.runtime.sources.syscall.auditd.event import AuditEvent
from rulec.runtime.sources.syscall.auditd.facts import (
    Facts,
    capability_sets,
    started_with,
    title,
)
from rulec.runtime.sources.syscall.auditd.grouping import END, USED, Group, Grouping
from rulec.runtime.sources.syscall.auditd.processes import Process, Processes
from rulec.runtime.sources.syscall.auditd.records import Record, RecordError, record, text
from rulec.runtime.sources.syscall.auditd.sockets import Sockets, protocol

# The line where something begins, and what it is.
Told = tuple[int, AuditEvent | EventError]

# What ausearch writes between events.
_BETWEEN: Final = (b"----", b"time->")

_STARTED: Final = "SYSTEM_BOOT"
_EXEC: Final = frozenset({"execve", "execveat"})
_KINDS_LIMIT: Final = 1000  # of other records, of which each is counted by its type


@dataclass(slots=True)
class Counters:
    """What there was in a log.

    ``other`` counts the records of types that say nothing of system calls, by
    type; ``refused`` what could not be read, by reason; ``cut`` the events
    with more records than are kept; ``hurried`` those that were taken as
    complete because too many were not.
    """

    lines: int = 0
    records: int = 0
    events: int = 0
    other: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    hurried: int = 0


@dataclass(slots=True)
class Memory:
    """What is remembered of logs from one event to the next, and to the next file.

    ``counters`` say what there was in all of them.
    """

    processes: Processes = field(default_factory=Processes)
    sockets: Sockets = field(default_factory=Sockets)
    ahead: set[tuple[str, str]] = field(default_factory=set)
    counters: Counters = field(default_factory=Counters)

    def restarted(self, node: str) -> None:
        """Forget a machine that was started again."""
        self.processes.restarted(node)
        self.sockets.restarted(node)


class Reader:
    """Reads a log whose lines come one after the other; ``run`` numbers the events."""

    def __init__(self, run: Run, memory: Memory | None = None) -> None:
        self._run = run
        self._memory = memory or Memory()
        self.counters = self._memory.counters
        self._grouping = Grouping(self._memory.ahead)

    @property
    def pending(self) -> int:
        """How many events have begun, and may go on."""
        return len(self._grouping)

    @property
    def unfinished(self) -> int | None:
        """The line where the first of these begins; None if there are none."""
        return self._grouping.line

    def line(self, number: int, line: bytes) -> list[Told]:
        """Take a line; return what is complete now, and what is wrong with the line."""
        self.counters.lines += 1
        line = line.strip(b" \t\r\n\0")
        if not line or line.startswith(_BETWEEN):
            return []
        try:
            found = record(line)
        except RecordError as error:
            return [(number, self._refused(str(error), error.reason))]
        self.counters.records += 1
        if found.type in USED or found.type == END:
            groups = self._grouping.add(found, number, len(line))
            return self._told(groups) if groups else []
        self._other(found)
        return []

    def too_long(self, number: int, limit: int) -> Told:
        """Take a line that nobody has read to its end."""
        self.counters.lines += 1
        return number, self._refused(f"line is longer than {limit} bytes", "too_large")

    def end(self) -> list[Told]:
        """Return what is not complete, since nothing more comes."""
        return self._told(self._grouping.flush())

    def _other(self, found: Record) -> None:
        other = self.counters.other
        if found.type in other or len(other) < _KINDS_LIMIT:
            other[found.type] += 1
        if found.type == _STARTED:
            self._memory.restarted(found.node)

    def _told(self, groups: Iterable[Group]) -> list[Told]:
        return [(group.line, self._event(group)) for group in groups]

    def _refused(self, message: str, reason: str) -> EventError:
        self.counters.refused[reason] += 1
        return EventError(message, reason)

    def _event(self, group: Group) -> AuditEvent | EventError:
        try:
            made = call(group)
        except CallError as error:
            return self._refused(str(error), error.reason)
        self.counters.events += 1
        self.counters.cut += group.cut
        self.counters.hurried += group.hurried
        run = self._run
        run.count += 1
        if run.start is None:
            run.start = group.time
        node, memory = group.event[0], self._memory
        process = _process(group, made, memory.processes)
        descriptor = made.signed(0)
        speaks = None if descriptor is None else memory.sockets.get(node, made.pid, descriptor)
        ancestors = memory.processes.ancestors(node, process)
        facts = Facts(group, made, run.count, process, ancestors, speaks)
        _remember(node, made, memory)
        return AuditEvent(facts, run)


def _process(group: Group, made: Call, processes: Processes) -> Process:
    """Return who made a call, and learn of it."""
    node = group.event[0]
    fields = group.first("SYSCALL")
    exepath = text(fields.get("exe"))
    if exepath is not None:
        exepath = exepath.removesuffix(" (deleted)")
    known = processes.get(node, made.pid)
    executed = made.name in _EXEC and made.succeeded
    if executed:
        argv = started_with(group) or title(group)
    elif known is not None and known.exepath == exepath and known.argv is not None:
        argv = known.argv
    else:
        argv = title(group)
    found = Process(
        made.pid, made.ppid, text(fields.get("comm")), exepath, argv, capability_sets(group)
    )
    return processes.executed(node, found) if executed else processes.seen(node, found)


def _remember(node: str, made: Call, memory: Memory) -> None:
    """Learn what a call changed."""
    descriptor = made.signed(0)
    if made.name == "exit_group":
        memory.processes.ended(node, made.pid)
    elif not made.succeeded or descriptor is None:
        return
    elif made.name == "close":
        memory.sockets.closed(node, made.pid, descriptor)
    elif made.name == "socket" and made.result is not None:
        speaks = protocol(descriptor, made.signed(1) or 0, made.signed(2) or 0)
        if speaks is not None:
            memory.sockets.opened(node, made.pid, made.result, speaks)
