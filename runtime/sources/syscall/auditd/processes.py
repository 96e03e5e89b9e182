"""The processes that an audit log has told of so far, for what rules ask of parents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

PROCESS_LIMIT: Final = 32768  # as many as Linux has by default
ANCESTOR_LIMIT: Final = 64
ARGUMENTS_LIMIT: Final = 4096  # characters of the arguments of one process, as Falco keeps them


@dataclass(frozen=True, slots=True)
class Process:
    """One process, as of when it was heard of last.

    ``argv`` is None if its arguments are not known. ``capabilities`` has the
    sets of them by name, as bits, if they are known.
    """

    pid: int
    ppid: int | None
    name: str | None
    exepath: str | None
    argv: tuple[str, ...] | None = None
    capabilities: Mapping[str, int] | None = None


class Processes:
    """The processes of all machines that a log is from, by machine and number.

    The one that was not heard of for longest is forgotten when there are too many.
    """

    def __init__(self, limit: int = PROCESS_LIMIT) -> None:
        self._limit = limit
        self._known: dict[tuple[str, int], Process] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, node: str, pid: int | None) -> Process | None:
        """Return what is known of a process."""
        return None if pid is None else self._known.get((node, pid))

    def executed(self, node: str, process: Process) -> Process:
        """Learn of a program that was started."""
        self._keep(node, process)
        return process

    def seen(self, node: str, process: Process) -> Process:
        """Learn of a process that did something; return all that is known of it.

        Its name stays that with which it was started: threads have names of
        their own.
        """
        key = node, process.pid
        known = self._known.get(key)
        if known is None or known.exepath != process.exepath:
            self._keep(node, process)
            return process
        argv = process.argv if known.argv is None else known.argv
        capabilities = process.capabilities or known.capabilities
        if (known.ppid, known.argv, known.capabilities) != (process.ppid, argv, capabilities):
            known = replace(known, ppid=process.ppid, argv=argv, capabilities=capabilities)
        self._keep(node, known)
        return known if known.name == process.name else replace(known, name=process.name)

    def ended(self, node: str, pid: int) -> None:
        """Forget a process."""
        self._known.pop((node, pid), None)

    def restarted(self, node: str) -> None:
        """Forget the processes of a machine that was started again."""
        self._known = {key: process for key, process in self._known.items() if key[0] != node}

    def ancestors(self, node: str, process: Process) -> tuple[Process, ...]:
        """Return the ancestors of a process that are known, the parent first, without a gap."""
        return tuple(self._ancestors(node, process))

    def _ancestors(self, node: str, process: Process) -> Iterator[Process]:
        met = {process.pid}
        while (parent := self.get(node, process.ppid)) and parent.pid not in met:
            yield parent
            met.add(parent.pid)
            if len(met) > ANCESTOR_LIMIT:
                return
            process = parent

    def _keep(self, node: str, process: Process) -> None:
        key = node, process.pid
        self._known.pop(key, None)
        if len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
        argv = process.argv
        if argv is not None and len(argv) + sum(map(len, argv)) > ARGUMENTS_LIMIT:
            process = replace(process, argv=_cut(argv))
        self._known[key] = process


def _cut(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many arguments as are kept."""
    left = ARGUMENTS_LIMIT
    found: list[str] = []
    for argument in argv:
        if left <= 0:
            break
        found.append(argument[:left])
        left -= len(argument) + 1
    return tuple(found)
