"""Disks that can be filled, in the ways that there are."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Final

from soak.serving import Served

# How much is written at a time, in bytes, and how often it is tried again, in seconds.
_CHUNK: Final = 1024 * 1024
_AGAIN: Final = 0.02


class SmallDisk:
    """A folder in which the files of the server get no longer, while it is called full.

    ``how`` says in words how it gets full.
    """

    how = "files may get no longer"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def full(self, served: Served) -> Iterator[None]:
        """Let the server write nothing more, until the end of the block."""
        served.bound_files(1)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                served.bound_files(None)


class _FileSystem(SmallDisk):
    """A file system of its own, which somebody else fills up."""

    how = "a small file system"

    @contextmanager
    def full(self, served: Served) -> Iterator[None]:
        """Take all the room that there is, also what the server gives back meanwhile."""
        ballast, end = self.folder / "ballast", Event()
        thread = Thread(target=_fill, args=(ballast, end))
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()
            ballast.unlink()


def _fill(ballast: Path, end: Event) -> None:
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    size = _CHUNK
    while not end.is_set():
        try:
            os.write(descriptor, bytes(size))
        except OSError:
            size //= 2
        if not size:
            end.wait(_AGAIN)
            size = _CHUNK
    os.close(descriptor)


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Mount a file system of so many bytes; where that is not allowed, do with a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield SmallDisk(folder)
        return
    try:
        yield _FileSystem(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
