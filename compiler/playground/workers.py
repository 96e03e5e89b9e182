"""Processes that answer questions, each within a deadline."""

import os
import queue
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from select import POLLHUP, POLLIN, POLLOUT, poll
from threading import Lock
from time import monotonic
from typing import Final

from rulec.playground.worker import SIZE

# How many questions are worked on at a time.
_COUNT: Final = 2

# How long a process may take to begin, in seconds.
_START: Final = 60

# The largest answer, in bytes.
_MOST: Final = 64 * 1024 * 1024

_PIECE: Final = 1024 * 1024

_ENDED: Final = "the process that compiles the rules ended"


class UnansweredError(Exception):
    """There is no answer; the message says why."""


class BusyError(Exception):
    """Other questions are worked on, and take long."""


class Workers:
    """Answers questions in processes of their own.

    A question may take so many ``seconds``. The process that takes longer is killed, and
    another one takes its place. The one that answered last is asked first: it remembers
    the rules.
    """

    def __init__(self, seconds: int, count: int = _COUNT) -> None:
        self._seconds = seconds
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all = [_Worker(seconds) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)

    def ask(self, question: bytes, unwanted: Callable[[], bool] = lambda: False) -> bytes:
        """Return the answer to a question, unless it is unwanted by the time a worker is free.

        :raises UnansweredError: if it takes too long, or the process dies of it.
        :raises BusyError: if no worker gets free in time.
        """
        try:
            worker = self._idle.get(timeout=2 * self._seconds + 1)
        except queue.Empty:
            raise BusyError from None
        try:
            if unwanted():
                raise UnansweredError("nobody waits for the answer")
            return worker.ask(question)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the processes; there are no answers any more."""
        for worker in self._all:
            worker.stop()
        # Whoever asks one gives it back now.
        for worker in [self._idle.get() for _ in self._all]:
            worker.close()
            self._idle.put(worker)


class _Worker:
    """A process that answers questions, and is started again when it has to be."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._closed = False
        self._changing = Lock()
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        self._ready = False  # it says so by an empty message
        # Nothing is imported from the folder that the command happens to run in (-P), and Ctrl-C
        # at the terminal is for the command, which ends this process then.
        command = [sys.executable, "-P", "-m", "rulec.playground.worker", str(self._seconds)]
        process = subprocess.Popen(  # noqa: S603 - a list, and no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None, "it is a pipe"
        os.set_blocking(process.stdin.fileno(), False)  # no write may take longer than a question
        return process

    def ask(self, question: bytes) -> bytes:
        if self._process.poll() is not None:
            self._replace()
        if self._closed:
            raise UnansweredError(_ENDED)
        try:
            if not self._ready:
                self._read(SIZE.size, monotonic() + _START)
                self._ready = True
            deadline = monotonic() + self._seconds
            self._write(SIZE.pack(len(question)) + question, deadline)
            (size,) = SIZE.unpack(self._read(SIZE.size, deadline))
            if size > _MOST:
                raise UnansweredError("the answer is too large")
            return self._read(size, deadline)
        except UnansweredError:
            self._replace()
            raise
        except OSError:
            self._replace()
            raise UnansweredError(_ENDED) from None

    def _write(self, message: bytes, deadline: float) -> None:
        """Have the process read something: a pipe takes less at a time than a question may be."""
        assert self._process.stdin is not None, "it is a pipe"
        stream = self._process.stdin.fileno()
        ready = poll()
        ready.register(stream, POLLOUT)
        rest = memoryview(message)
        while rest:
            self._await(ready, deadline)
            rest = rest[os.write(stream, rest) :]

    def _read(self, size: int, deadline: float) -> bytes:
        """Return so many bytes of what the process writes."""
        assert self._process.stdout is not None, "it is a pipe"
        stream = self._process.stdout.fileno()
        ready = poll()
        ready.register(stream, POLLIN | POLLHUP)
        pieces: list[bytes] = []
        while size:
            self._await(ready, deadline)
            piece = os.read(stream, min(size, _PIECE))
            if not piece:
                raise UnansweredError(f"{_ENDED}: perhaps it needed more memory than it may have")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _await(self, ready: poll, deadline: float) -> None:
        if not ready.poll(max(0, deadline - monotonic()) * 1000):
            raise UnansweredError(f"that takes more than {self._seconds} seconds: it was ended")

    def _replace(self) -> None:
        self._end()
        with self._changing:
            if not self._closed:
                self._process = self._started()

    def stop(self) -> None:
        """End the process for good, also if somebody asks it at the moment."""
        with self._changing:
            self._closed = True
            self._process.kill()

    def close(self) -> None:
        """Forget the process, once nobody asks it."""
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not written yet need not be
                    stream.close()
