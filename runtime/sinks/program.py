"""Alerts for a program, which reads them from its standard input, one line each."""

import fcntl
import json
import os
import select
import shlex
import subprocess
import sys
import termios
from collections import deque
from contextlib import suppress
from time import monotonic, sleep
from typing import Final

from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.sink import Delivery, LineSink, Settings

# How long the program may read nothing before that counts as a failure, in seconds.
_TIMEOUT: Final = 10.0

# How often to look whether it has read something, in seconds: nobody tells.
_LOOK: Final = 0.001

# How long to wait for room at a time, in milliseconds.
_WAIT: Final = 100

# How long it may take to end when it is told to, in seconds.
_END: Final = 1.0


class Program(LineSink):
    """A program that runs all the time, and is started again when it ends.

    A line counts as safe when the program has read it. What it has not read
    when it ends is given to the next one, in whole lines.
    """

    grace = 2 * _END + 0.5  # see ``_stopped``

    def __init__(self, name: str, arguments: list[str], render: Renderer) -> None:
        super().__init__(name, render)
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._aborted = False
        self._begun = 0  # how many bytes of the next line are in the pipe
        self._written: list[bytes] = []  # lines in the pipe, or read since the last flush
        self._again: deque[bytes] = deque()  # lines that a program did not read before it ended

    def open(self) -> None:
        # Standard output is for alerts; what the program has to say goes beside our own words.
        self._process = subprocess.Popen(  # noqa: S603 - the user's own words, and no shell
            self._arguments, stdin=subprocess.PIPE, stdout=2, bufsize=0, start_new_session=True
        )
        assert self._process.stdin is not None, "it is a pipe"
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)

    def write(self, delivery: Delivery) -> None:
        self._resume()
        self._put(self.encoded_line(delivery))

    def flush(self) -> None:
        self._resume()
        unread, since = 0, monotonic()
        while now := self._unread():
            if now != unread:
                unread, since = now, monotonic()
            self._check(since)
            sleep(_LOOK)
        self._written.clear()

    def _check(self, since: float) -> None:
        """Look whether it makes sense to wait on."""
        if self._aborted:
            raise InterruptedError
        assert self._process is not None, "there is a pipe to it"
        # It may have ended though one that it has started could read, or go on though nobody can.
        if self._process.poll() is not None or self._poll(0, select.POLLERR):
            raise self._ended()
        if monotonic() - since > _TIMEOUT:
            raise TimeoutError("the program does not read")

    def abort(self) -> None:
        self._aborted = True

    def _resume(self) -> None:
        """See to it that the program runs, and has what an earlier one did not read."""
        if self._process is None:
            self.open()
        while self._again:
            self._put(self._again[0])
            self._again.popleft()

    def _put(self, line: bytes) -> None:
        """Write a line to the pipe; after a failure, go on where it was."""
        since = monotonic()
        while self._begun < len(line):
            try:
                self._begun += os.write(self._pipe, line[self._begun :])
                since = monotonic()
            except BlockingIOError:
                self._poll(_WAIT, select.POLLOUT)
                self._check(since)
            except BrokenPipeError:
                raise self._ended() from None
        self._begun = 0
        self._written.append(line)

    def _poll(self, milliseconds: int, event: int) -> bool:
        """Wait for something to happen to the pipe; return whether it has."""
        pipe = select.poll()
        pipe.register(self._pipe, event)
        return any(found & event for _, found in pipe.poll(milliseconds))

    def _unread(self) -> int:
        """Return how many bytes are in the pipe."""
        count = bytearray(4)
        fcntl.ioctl(self._pipe, termios.FIONREAD, count)
        return int.from_bytes(count, sys.byteorder)

    def _ended(self) -> OSError:
        """Note that the program has ended, or reads no more, and keep what it has not read."""
        unread = self._unread() - self._begun
        while unread > 0 and self._written:
            line = self._written.pop()
            self._again.appendleft(line)
            unread -= len(line)
        self._written.clear()
        self._begun = 0
        process, self._process = self._process, None
        assert process is not None, "there is a pipe to it"
        return OSError(f"the program ended {_how(_stopped(process, 0))}")

    def close(self, timeout: float) -> bool:
        if self._process is None:
            return not self._again
        try:
            taken = not self._written and not self._again and not self._begun
            return taken and not self._unread()
        finally:
            process, self._process = self._process, None
            _stopped(process, timeout)


def _stopped(process: subprocess.Popen[bytes], timeout: float) -> int:
    """Let a program end: by itself within so many seconds, or by force. Return its status."""
    assert process.stdin is not None, "it is a pipe"
    with suppress(OSError):
        process.stdin.close()
    for end, seconds in ((None, max(timeout, _END)), (process.terminate, _END)):
        if end is not None:
            end()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(seconds)
    process.kill()
    return process.wait()


def _how(status: int) -> str:
    return f"with status {status}" if status >= 0 else f"by signal {-status}"


def made(name: str, argument: str, settings: Settings) -> Program:
    """Return the sink that was asked for.

    The argument is a JSON array of a program and its arguments, or words as a
    shell divides them; there is no shell.

    :raises ValueError: if it is neither.
    """
    return Program(name, arguments_of(argument), settings.render)


def arguments_of(text: str) -> list[str]:
    """Return the program and its arguments.

    >>> arguments_of('notify --x "a b"'), arguments_of('["notify", "a b"]')
    (['notify', '--x', 'a b'], ['notify', 'a b'])
    """
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is no JSON: {error}") from None
        if not all(isinstance(word, str) for word in found):
            raise ValueError("a program and its arguments are strings")
    else:
        found = shlex.split(text)
    if not found or not found[0] or any("\0" in word for word in found):
        raise ValueError('name a program, as in program:["/usr/bin/notify","--x"]')
    words: list[str] = found
    return words
