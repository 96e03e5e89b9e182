"""Alerts on standard output, one line each."""

import io
import os
import sys
from collections.abc import Callable
from time import monotonic
from typing import Final, TextIO

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks.sink import Delivery, GoneError, LineSink, Settings, reason

# How long alerts may wait in a buffer while there is more to read, in seconds.
PATIENCE: Final = 0.25


class Direct:
    """What is written to a stream, without the buffer of that.

    If nobody reads, a thread that waits with the buffer lets nobody else have it, and Python
    cannot end.

    :raises OSError: if what the buffer has cannot be written.
    """

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._file = stream.fileno()
        self._form = stream.encoding, stream.errors or "strict"
        self._waiting = bytearray()

    def write(self, text: str) -> None:
        """Take a text, which is written with the next ``flush``."""
        self._waiting += text.encode(*self._form)

    def flush(self) -> None:
        """Write what has been taken."""
        while self._waiting:
            del self._waiting[: os.write(self._file, self._waiting)]


def direct(stream: TextIO) -> TextIO | Direct:
    """Return what other threads than the main one may write to in place of a stream.

    :raises OSError: as ``Direct`` does.
    """
    # What stands in for a stream may lead anywhere.
    is_file = isinstance(getattr(stream, "buffer", None), io.BufferedWriter)
    return Direct(stream) if is_file else stream


class Writer:
    """Writes lines to a stream.

    They are passed on at once if ``live``, as when events come in while
    somebody waits; otherwise a few times a second.
    """

    def __init__(self, stream: TextIO | Direct, *, live: bool) -> None:
        self._stream = stream
        self._patience = 0.0 if live else PATIENCE
        self._flushed = monotonic()

    def __call__(self, line: str) -> None:
        """Write a line, which comes without its end.

        :raises OutputError: if the stream does not take it.
        :raises BrokenPipeError: if nobody reads the stream any more.
        """
        self._do(lambda: self._stream.write(line + "\n"))

    def pause(self) -> None:
        """Pass on what has been written, if it has waited long enough."""
        if monotonic() - self._flushed >= self._patience:
            self.flush()

    def flush(self) -> None:
        """Pass on everything that has been written."""
        self._do(self._stream.flush)
        self._flushed = monotonic()

    def _do(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(reason(error)) from None


class Stdout(LineSink):
    """Standard output beside other sinks. What it does not take is lost for good."""

    def open(self) -> None:
        self._writer = Writer(direct(sys.stdout), live=True)

    def write(self, delivery: Delivery) -> None:
        line = self.line(delivery)
        self._do(lambda: self._writer(line))

    def flush(self) -> None:
        self._do(self._writer.flush)

    def _do(self, action: Callable[[], object]) -> None:
        # A stream does not tell how much of a line it took, so there is no second attempt.
        try:
            action()
        except (OutputError, BrokenPipeError) as error:
            raise GoneError(reason(error)) from error


def made(name: str, argument: str, settings: Settings) -> Stdout:
    """Return the sink that was asked for.

    :raises ValueError: if there is an argument.
    """
    if argument:
        raise ValueError("stdout takes no argument")
    return Stdout(name, settings.render)
