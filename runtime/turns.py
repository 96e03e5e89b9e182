"""Threads that work one at a time, and wait side by side."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

Result = TypeVar("Result")


class StoppedError(Exception):
    """There is nothing to work on any more."""


class Turns:
    """A lock that goes to whoever has waited longest, and that is left while somebody waits.

    A lock of Python may be taken again by the thread that has just left it,
    for as long as that has something to do.
    """

    def __init__(self) -> None:
        self._mutex = Lock()
        self._taken = False
        self._stopped = False
        self._waiting: deque[Lock] = deque()

    def take(self) -> None:
        """Wait for one's turn.

        :raises StoppedError: if it is all over.
        """
        with self._mutex:
            if not self._taken:
                self._taken = True
                gate = None
            else:
                gate = Lock()
                gate.acquire()
                self._waiting.append(gate)
        if gate is not None:
            gate.acquire()
        if self._stopped:
            self.give()
            raise StoppedError

    def give(self) -> None:
        """Let somebody else work."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def stop(self) -> None:
        """Let nobody else begin to work."""
        self._stopped = True

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have one's turn."""
        self.take()
        try:
            yield
        finally:
            self.give()

    def between(self) -> None:
        """Let others work, if they want to."""
        if self._waiting:
            self.give()
            self.take()

    def waiting(self, wait: Callable[[], Result]) -> Result:
        """Return what a function returns that waits for something; others can work then."""
        self.give()
        try:
            return wait()
        finally:
            self.take()
