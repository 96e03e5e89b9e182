"""Inputs of the command line: files, directories, compressed files, standard input."""

import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, cast

STDIN = "-"


def expand(names: Iterable[str]) -> Iterator[str]:
    """Yield the inputs that ``names`` stand for.

    A directory stands for the files in it (not for those in its directories),
    the oldest first, as Falco reads them; hidden files are left out.

    :raises OSError: if a directory cannot be read.
    """
    for name in names:
        path = Path(name)
        if name == STDIN or not path.is_dir():
            yield name
            continue
        found = [entry for entry in path.iterdir() if entry.is_file() and entry.name[0] != "."]
        found.sort(key=lambda entry: (entry.stat().st_mtime_ns, entry.name))
        yield from map(str, found)


def is_live(name: str) -> bool:
    """Return whether an input may be a stream that somebody still writes to, not a file.

    Such a one can be read once only.
    """
    if name == STDIN:
        return True
    try:
        return not S_ISREG(Path(name).stat().st_mode)
    except (OSError, ValueError):  # whoever opens it will tell
        return False


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open an input for reading; what ends in ``.gz`` is decompressed on the way.

    Whoever reads captures decompresses them as well, and keeps what can be saved of them.

    :raises OSError: if it cannot be read.
    """
    if name == STDIN:
        yield sys.stdin.buffer
    elif name.endswith(".gz") and not name.endswith(".scap.gz"):
        with gzip.open(name, "rb") as stream:
            yield cast(BinaryIO, stream)
    else:
        with Path(name).open("rb") as stream:
            yield stream
