"""Files in folders: which there are, and what is known of them by their names and contents."""

import os
from contextlib import suppress
from pathlib import Path

from rulec.runtime.tail import ANCHOR, Mark


def is_named_after(name: str, original: str) -> bool:
    """Return whether a file has a name that is given to files when they are rotated.

    >>> [is_named_after(name, "audit.log") for name in ("audit.log.1", "audit-2026.log", "x.log")]
    [True, True, False]
    """
    stem, dot, suffix = original.rpartition(".")
    dated = bool(dot) and name.startswith(f"{stem}-") and name.endswith(f".{suffix}")
    return dated or name.startswith((f"{original}.", f"{original}-"))


def files_in(folder: Path) -> list[tuple[os.stat_result, Path]]:
    """Return the files of a folder.

    :raises OSError: if the folder cannot be read.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # it has gone meanwhile
                if entry.is_file():
                    found.append((entry.stat(), folder / entry.name))
    return found


def has(path: Path, mark: Mark) -> bool:
    """Return whether a file has what was read of another."""
    try:
        with path.open("rb") as file:
            return bool(mark.anchor) and mark.is_in(file)
    except OSError:
        return False


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file, so many as tell it from others.

    :raises OSError: if it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        return file.read(ANCHOR)
