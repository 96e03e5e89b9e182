"""The way in: bodies are written to the journal in groups, by a thread of their own.

While the disk makes one group safe, the next one gathers. So however slow the
disk is, the event loop never waits for it, and many requests share its delay.
"""

import asyncio
from collections.abc import Callable
from struct import Struct
from threading import Condition, Thread
from time import time_ns
from typing import Final, NamedTuple

from rulec.server.journal import Journal

# A document in the journal: when it came, in nanoseconds since the epoch, then its bytes.
_TIME: Final = Struct(">Q")

# How many bytes are written in one go, about.
_GROUP: Final = 16 * 1024 * 1024

# What the journal needs for a document besides its bytes, rounded up.
_OVERHEAD: Final = 64


def packed(time: int, *parts: bytes) -> bytes:
    """Return the content of a record for a document, in parts, that came at a time."""
    return b"".join((_TIME.pack(time), *parts))


def unpacked(content: bytes) -> tuple[int, bytes]:
    """Return the time and the document in the content of a record."""
    return _TIME.unpack_from(content)[0], content[_TIME.size :]


class RefusedError(Exception):
    """A document cannot be taken now; ``reason`` says why, shortly and for counting.

    ``wait`` is how many seconds to wait before the next attempt.
    """

    def __init__(self, reason: str, wait: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class _Waiting(NamedTuple):
    content: bytes
    done: asyncio.Future[None]


class Intake:
    """Takes documents from an event loop, and puts them into a journal.

    The journal may have ``journal_limit`` bytes; ``queue`` documents may wait
    for the disk, with ``memory`` bytes together. ``arrived`` is called when there is
    more in the journal, ``failed`` with what the disk said to each group.
    """

    def __init__(
        self,
        journal: Journal,
        journal_limit: int,
        queue: int,
        memory: int,
        arrived: Callable[[], object],
        failed: Callable[[OSError | None], object],
    ) -> None:
        self._journal = journal
        self._limit = journal_limit
        self._most = queue
        self._memory = memory
        self._arrived = arrived
        self._failed = failed
        self._waiting: list[_Waiting] = []
        self._bytes = 0  # of the documents that wait or are being written
        self._change = Condition()
        self._closing = False
        self._thread = Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def refuse_if_full(self, size: int) -> None:
        """Tell whether a document of so many bytes could be taken now.

        :raises RefusedError: if not.
        """
        if self._closing:
            raise RefusedError("closing")
        if len(self._waiting) >= self._most or self._bytes + size > self._memory:
            raise RefusedError("queue_full")
        if self._journal.size + self._bytes + size + _OVERHEAD > self._limit:
            raise RefusedError("journal_full", 5)

    async def put(self, parts: list[bytes]) -> None:
        """Take a document in parts, all of them out of a list, and return when it is safe on disk.

        So it is in memory once only while it waits.

        :raises RefusedError: if there is no room for it, or the disk fails.
        """
        done = asyncio.get_running_loop().create_future()
        with self._change:
            self.refuse_if_full(sum(map(len, parts)))
            self._waiting.append(_Waiting(packed(time_ns(), *parts), done))
            parts.clear()
            self._bytes += _cost(self._waiting[-1])
            self._change.notify()
        await done

    def close(self, timeout: float) -> bool:
        """Take nothing more, and wait until everything that was taken is safe, for so many seconds.

        Return whether it is.
        """
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (group := self._next_group()) is not None:
            if not group:
                continue
            contents = [each.content for each in group]
            refusal: RefusedError | None = None
            try:
                self._journal.append(contents)
            except OSError as error:
                refusal = RefusedError("disk", 5)
                self._failed(error)
            else:
                self._failed(None)
            with self._change:
                self._bytes -= sum(map(_cost, group))
            if refusal is None:
                self._arrived()
            loop = group[0].done.get_loop()
            try:
                loop.call_soon_threadsafe(_tell, group, refusal)
            except RuntimeError:  # the loop has ended: nobody waits any more
                return

    def _next_group(self) -> list[_Waiting] | None:
        """Return the next documents to write, perhaps none; None when it is time to end."""
        with self._change:
            while not self._waiting:
                if self._closing:
                    return None
                self._change.wait()
            group: list[_Waiting] = []
            size = count = 0
            for each in self._waiting:
                if group and size + len(each.content) > _GROUP:
                    break
                count += 1
                if each.done.cancelled():  # the client has been told that it took too long
                    self._bytes -= _cost(each)
                else:
                    size += len(each.content)
                    group.append(each)
            del self._waiting[:count]
            return group


def _cost(each: _Waiting) -> int:
    return len(each.content) + _OVERHEAD


def _tell(group: list[_Waiting], refusal: RefusedError | None) -> None:
    for each in group:
        if each.done.done():  # the client has gone, or its time was over
            continue
        if refusal is None:
            each.done.set_result(None)
        else:
            each.done.set_exception(refusal)
