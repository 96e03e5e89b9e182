"""The state of a machine: who is there, and what becomes of them."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from rulec.runtime.sources.syscall.capture.decoders import Decode
from rulec.runtime.sources.syscall.capture.events import kinds
from rulec.runtime.sources.syscall.paths import AT_FDCWD, UNKNOWN
from rulec.runtime.sources.syscall.state.containers import CONTAINERS_LIMIT, Container, identified
from rulec.runtime.sources.syscall.state.descriptors import (
    INET_TYPES,
    Descriptor,
    swapped,
)
from rulec.runtime.sources.syscall.state.tables import Interfaces, User
from rulec.runtime.sources.syscall.state.threads import Process, Thread

# How much is remembered at most. What is beyond that is left out, and counted.
THREADS_LIMIT: Final = 131_072
DESCRIPTORS_LIMIT: Final = 16_384  # of one process
ALL_DESCRIPTORS_LIMIT: Final = 4_194_304
USERS_LIMIT: Final = 1_048_576

_INIT: Final = 1
_ANCESTORS_LIMIT: Final = 1000
_SOON: Final = 2 * 10**9  # nanoseconds in which a number of a thread is not used again


class Machine:
    """Everything that is known of a machine at one moment.

    ``left_out`` counts threads and descriptors for which there was no room.
    """

    def __init__(self, order: str = "little") -> None:
        self.kinds = kinds(order)
        self.threads: dict[int, Thread] = {}
        self.users: dict[int, User] = {}
        self.groups: dict[int, str] = {}
        self.containers: dict[str, Container] = {}
        self.interfaces = Interfaces()
        self.hostname = ""
        self.left_out = 0
        # The events that began a call which is not over yet, by thread: code and parameters.
        self.began: dict[int, tuple[int, list[bytes]]] = {}
        # What goes when the next event comes: a descriptor that was closed, a thread that ended.
        self.closing: tuple[Process, int] | None = None
        self.ending: tuple[Thread, int, int] | None = None
        # What was listed since the last event: connections and threads; ports that are listened on.
        self.listed: list[tuple[Process, int]] = []
        self.listed_threads: list[Thread] = []
        self._ports: set[int] = set()
        self._exited: dict[tuple[int, int], int] = {}
        self._opened = 0

    def decoders(self, code: int) -> tuple[Decode, ...]:
        """Return what decodes the parameters of events with a code."""
        kind = self.kinds[code]
        return () if kind is None else kind.decoders

    # Threads

    def add(self, thread: Thread) -> bool:
        """Make a thread known; return whether there was room."""
        threads = self.threads
        if (old := threads.get(thread.tid)) is not None:
            self._forget(old)
        elif len(threads) >= THREADS_LIMIT:
            self.left_out += 1
            return False
        threads[thread.tid] = thread
        thread.process.members.add(thread.tid)
        return True

    def placeholder(self, tid: int) -> Thread:
        """Return what stands for a thread of which nothing is known."""
        thread = Thread(tid, "placeholder")
        thread.comm = thread.exe = "<NA>"
        self.add(thread)
        return thread

    def leader(self, thread: Thread) -> Thread:
        """Return the thread that a process has its number from."""
        return thread if thread.tid == thread.pid else self.threads.get(thread.pid, thread)

    def parent(self, thread: Thread) -> Thread | None:
        """Return the leader of the process that is the parent of a thread's process."""
        leader = self.leader(thread)
        found = leader.parent
        if found is None:
            # It was not known when the thread came, but it may be now.
            found = self.threads.get(leader.ptid)
            return None if found is None or leader.ptid == leader.pid else self.leader(found)
        if found.gone:
            while found is not None and found.gone:
                found = found.heir
            leader.parent = found
            leader.ptid = 0 if found is None else found.tid
        return found

    def ancestors(self, thread: Thread) -> Iterator[Thread]:
        """Yield the leaders of the parent, the parent of that, and so on."""
        seen = {self.leader(thread).tid}
        found = self.parent(thread)
        while found is not None and found.tid not in seen and len(seen) < _ANCESTORS_LIMIT:
            yield found
            seen.add(found.tid)
            found = self.parent(found)

    def ancestor(self, thread: Thread, level: int) -> Thread | None:
        """Return the ancestor that many steps up; 0 is the thread itself."""
        if not level:
            return thread
        return next(islice(self.ancestors(thread), level - 1, None), None)

    def settle(self) -> None:
        """Carry out what waits for the next event."""
        if (closing := self.closing) is not None:
            self.closing = None
            if closing[0].descriptors.pop(closing[1], None) is not None:
                self._opened -= 1
        if (ending := self.ending) is not None:
            self.ending = None
            self._end(*ending)

    def exited_lately(self, parent: int, tid: int, time: int) -> bool:
        """Return whether a child with that number ended a short time ago."""
        return time - self._exited.get((parent, tid), -_SOON) < _SOON

    def _end(self, thread: Thread, reaper: int, time: int) -> None:
        if len(self._exited) >= THREADS_LIMIT:
            self._exited.clear()
        self._exited[thread.ptid, thread.tid] = time
        members = thread.process.members
        members.discard(thread.tid)
        if members:
            # The leader of a process stays as long as other threads live.
            if not thread.is_leader:
                self._remove(thread, None)
            return
        leader = self.leader(thread)
        heir = self.threads.get(reaper) or self.threads.get(_INIT)
        heir = None if heir is None or heir.pid == leader.pid else self.leader(heir)
        self._remove(thread, heir)
        if leader is not thread and leader.dead:
            self._remove(leader, heir)

    def _remove(self, thread: Thread, heir: Thread | None) -> None:
        thread.gone = True
        thread.heir = heir
        if self.threads.get(thread.tid) is thread:
            del self.threads[thread.tid]
            self.began.pop(thread.tid, None)
        if not thread.process.members:
            self._opened -= len(thread.process.descriptors)
            thread.process.descriptors = {}

    def _forget(self, thread: Thread) -> None:
        """Make room for another thread with the same number."""
        thread.process.members.discard(thread.tid)
        init = self.threads.get(_INIT)
        self._remove(thread, None if init is thread else init)

    def drop_others(self, thread: Thread) -> None:
        """Forget all other threads of a process."""
        others = thread.process.members - {thread.tid}
        for tid in others:
            if (other := self.threads.get(tid)) is not None:
                thread.process.members.discard(tid)
                self._remove(other, thread)

    # Descriptors

    def open(self, thread: Thread, number: int, descriptor: Descriptor) -> None:
        """Let a process have a descriptor."""
        descriptors = thread.process.descriptors
        if number not in descriptors:
            if (
                not thread.process.members
                or len(descriptors) >= DESCRIPTORS_LIMIT
                or self._opened >= ALL_DESCRIPTORS_LIMIT
            ):
                self.left_out += 1
                return
            self._opened += 1
        descriptors[number] = descriptor

    def share(self, process: Process, source: Process) -> None:
        """Let a new process have the descriptors of another."""
        if self._opened + len(source.descriptors) > ALL_DESCRIPTORS_LIMIT:
            self.left_out += len(source.descriptors)
            return
        process.descriptors = source.descriptors.copy()
        self._opened += len(process.descriptors)

    def keep(self, process: Process, descriptors: dict[int, Descriptor]) -> None:
        """Let a process have only these of its descriptors."""
        self._opened += len(descriptors) - len(process.descriptors)
        process.descriptors = descriptors

    def base(self, thread: Thread | None, number: int | None, path: str) -> str:
        """Return the directory that a path is relative to, of which there is a descriptor."""
        if path.startswith("/"):
            return "/"
        if thread is not None and number is not None:
            if number == AT_FDCWD:
                return thread.process.cwd
            if (found := thread.process.descriptors.get(number)) is not None:
                return found.name
        return UNKNOWN

    def settle_lists(self) -> None:
        """Bring together what was listed: threads and processes, connections and who is the client.

        Connections were listed with the end of this machine as the source. Where that is a port
        that somebody listens on, it is the server.
        """
        threads, self.listed_threads = self.listed_threads, []
        for thread in threads:
            leader = self.leader(thread)
            if leader is not thread and leader.process is not thread.process:
                self._opened -= len(thread.process.descriptors)
                thread.process = leader.process
                leader.process.members.add(thread.tid)
            if (parent := self.threads.get(leader.ptid)) is not None:
                parent = self.leader(parent)
                leader.parent = None if parent is leader else parent
        listed, self.listed = self.listed, []
        for process, number in listed:
            one = process.descriptors.get(number)
            if one is not None and one.listening:
                self._ports.add(one.destination_port)
        ports = self._ports
        for process, number in listed:
            one = process.descriptors.get(number)
            if one is not None and one.type in INET_TYPES and not one.role:
                served = one.source_port in ports
                process.descriptors[number] = (
                    swapped(one, "server") if served else one.but(role="client")
                )

    # Containers and users

    def container_id(self, thread: Thread) -> str:
        """Return the id of the container that a thread is in; "" if in none."""
        return identified(thread.cgroups)

    def know(self, id_: str, container: Container) -> None:
        """Take note of what a container is."""
        if id_ in self.containers or len(self.containers) < CONTAINERS_LIMIT:
            self.containers[id_] = container
        else:
            self.left_out += 1

    def user(self, thread: Thread, uid: int) -> User | None:
        """Return a user; those of containers are not known."""
        return None if self.container_id(thread) else self.users.get(uid)

    def user_name(self, thread: Thread, uid: int) -> str:
        """Return the name of a user, as it is shown."""
        found = self.user(thread, uid)
        return found.name if found is not None else "<NA>" if uid else "root"

    def group_name(self, thread: Thread, gid: int) -> str:
        """Return the name of a group, as it is shown."""
        found = None if self.container_id(thread) else self.groups.get(gid)
        return found if found is not None else "<NA>" if gid else "root"
