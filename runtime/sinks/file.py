"""Alerts in a file, one line each, which grows."""

import os
from contextlib import suppress
from stat import S_ISREG
from typing import Final

from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.sink import Delivery, LineSink, Settings

# Alerts say what happened in a cluster: that is not for everybody.
_MODE: Final = 0o640


class File(LineSink):
    """A file that alerts are appended to.

    Lines are whole, also after the disk was full or the process was killed.
    """

    longest_pause = 2.0

    def __init__(self, name: str, path: str, render: Renderer) -> None:
        super().__init__(name, render)
        self._path = path
        self._file = -1
        self._regular = False
        self._lines = bytearray()  # what is yet to be written, in whole lines
        self._begun = 0  # how much of the first one is in the file already

    def open(self) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        self._regular = S_ISREG(os.fstat(file).st_mode)
        if self._regular and self._broken_off():
            self._lines[:0] = b"\n"
        self._file = file

    def _broken_off(self) -> bool:
        """Return whether the last line of the file has no end, because its writer was killed."""
        with suppress(OSError), open(self._path, "rb") as file:  # noqa: PTH123 - it may be anything
            if size := file.seek(0, os.SEEK_END):
                file.seek(size - 1)
                return file.read(1) != b"\n"
        return False

    def write(self, delivery: Delivery) -> None:
        self._lines += self.encoded_line(delivery)

    def flush(self) -> None:
        while self._lines:
            self._begun += os.write(self._file, self._lines[self._begun :])
            ended = self._lines.rfind(b"\n", 0, self._begun) + 1
            del self._lines[:ended]
            self._begun -= ended
        if self._regular:
            os.fdatasync(self._file)

    def reopen(self) -> None:
        before = self._file
        self.open()
        self._begun = 0  # a line that the other file has only a part of
        os.close(before)

    def close(self, timeout: float) -> bool:
        if self._file >= 0:
            with suppress(OSError):
                self.flush()
            os.close(self._file)
            self._file = -1
        return not self._lines


def made(name: str, argument: str, settings: Settings) -> File:
    """Return the sink that was asked for.

    :raises ValueError: if no file is named.
    """
    if not argument or "\0" in argument:
        raise ValueError("name a file, as in file:/var/log/alerts.log")
    return File(name, argument, settings.render)
