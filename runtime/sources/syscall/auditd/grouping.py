"""From records to what the kernel logged of one system call.

The records of one event share its time and serial number. Those of others may
stand between them, and nothing need say that an event is complete: auditd does
not write the kernel's end of event to its log.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from rulec.runtime.clock import SECOND
from rulec.runtime.sources.syscall.auditd.records import Fields, Record, fields

# The types that say something of a system call. Those without one, such as
# USER_LOGIN, and those that add nothing for rules, such as AVC, are left out.
USED: Final = frozenset(
    {
        "BPRM_FCAPS",
        "CAPSET",
        "CWD",
        "EXECVE",
        "KERN_MODULE",
        "OBJ_PID",
        "OPENAT2",
        "PATH",
        "PROCTITLE",
        "SOCKADDR",
        "SOCKETCALL",
        "SYSCALL",
    }
)
END: Final = "EOE"

# Those of which an event may have several. Of the others, the first one counts.
_SEVERAL: Final = frozenset({"EXECVE", "PATH"})

# An event is complete when the same machine logs something that is so much
# earlier or later: what auditd itself goes by.
PATIENCE: Final = 2 * SECOND

# How many events may be incomplete at a time, and how large they may be, in bytes of their lines.
PENDING_LIMIT: Final = 4096
PENDING_SIZE: Final = 16 * 1024 * 1024

# How many events may be complete before one that began earlier is.
AHEAD_LIMIT: Final = 4 * PENDING_LIMIT

# How much of one event is kept: a command line may have 2 MiB and a thousand records.
EVENT_RECORDS: Final = 1024
EVENT_SIZE: Final = 1024 * 1024


@dataclass(slots=True)
class Group:
    """The records of one event, by type, in order; ``line`` is where the first one stands.

    It is ``cut`` if it has more records than are kept, and ``hurried`` if it was taken as
    complete because too many others were not.
    """

    event: tuple[str, str]
    time: int
    line: int
    records: dict[str, list[bytes]] = field(default_factory=dict)
    count: int = 0
    size: int = 0
    cut: bool = False
    hurried: bool = False
    _known: dict[str, Fields] = field(default_factory=dict)

    def first(self, type_: str) -> Fields:
        """Return the fields of the first record of a type; nothing if there is none."""
        # Nobody asks for most records of most events.
        found = self._known.get(type_)
        if found is None:
            records = self.records.get(type_)
            found = self._known[type_] = fields(records[0]) if records else {}
        return found

    def all(self, type_: str) -> list[Fields]:
        """Return the fields of each record of a type."""
        return [fields(body) for body in self.records.get(type_, ())]


class Grouping:
    """Puts records together; what is complete comes out in that order.

    ``ahead`` are the events that were complete while others were not: what comes of
    them once more, when a log is read again from where it was left, is left out.
    """

    def __init__(
        self,
        ahead: set[tuple[str, str]] | None = None,
        limit: int = PENDING_LIMIT,
        size_limit: int = PENDING_SIZE,
    ) -> None:
        self._ahead = set() if ahead is None else ahead
        self._limit = limit
        self._size_limit = size_limit
        # By machine, the one that was silent for longest first; then by time and serial number.
        self._pending: dict[str, dict[str, Group]] = {}
        self._count = 0
        self._size = 0

    def __len__(self) -> int:
        return self._count

    @property
    def line(self) -> int | None:
        """The first line of what is not complete; None if everything is."""
        oldest = (next(iter(groups.values())).line for groups in self._pending.values())
        return min(oldest, default=None)

    def add(self, record: Record, line: int, size: int) -> list[Group]:
        """Take a record of a type in ``USED``, or an ``END``; return what is complete now.

        ``line`` is its number, ``size`` its length in bytes.
        """
        if record.event in self._ahead:
            return []
        node, stamp = record.event
        groups = self._pending.pop(node, None) or {}
        complete = self._expired(groups, record)
        group = groups.get(stamp)
        if record.type != END:
            if group is None:
                group = groups[stamp] = Group(record.event, record.time, line)
                self._count += 1
            self._keep(group, record, size)
        # The kernel writes the title of the process last.
        if group is not None and (
            record.type == END or (record.type == "PROCTITLE" and "SYSCALL" in group.records)
        ):
            complete.append(self._taken(groups, stamp))
        if groups:
            self._pending[node] = groups
        while self._count > self._limit or self._size > self._size_limit:
            hurried = self._oldest()
            hurried.hurried = True
            complete.append(hurried)
        return complete

    def flush(self) -> Iterator[Group]:
        """Yield what is not complete, since nothing more comes."""
        while self._pending:
            yield self._oldest()

    def _expired(self, groups: dict[str, Group], record: Record) -> list[Group]:
        """Take out the events of a machine that are too far from what it logs now."""
        expired: list[Group] = []
        while groups:
            stamp, group = next(iter(groups.items()))
            if stamp == record.event[1] or abs(group.time - record.time) < PATIENCE:
                break
            expired.append(self._taken(groups, stamp))
        return expired

    def _oldest(self) -> Group:
        """Take out the oldest event of the machine that was silent for longest."""
        node, groups = next(iter(self._pending.items()))
        group = self._taken(groups, next(iter(groups)))
        if not groups:
            del self._pending[node]
        return group

    def _keep(self, group: Group, record: Record, size: int) -> None:
        bodies = group.records.setdefault(record.type, [])
        if bodies and record.type not in _SEVERAL:
            return
        if bodies and (group.count >= EVENT_RECORDS or group.size + size > EVENT_SIZE):
            group.cut = True
            return
        bodies.append(record.body)
        group.count += 1
        group.size += size
        self._size += size

    def _taken(self, groups: dict[str, Group], stamp: str) -> Group:
        group = groups.pop(stamp)
        self._count -= 1
        self._size -= group.size
        if not self._count or len(self._ahead) >= AHEAD_LIMIT:
            self._ahead.clear()
        else:
            self._ahead.add(group.event)
        return group
