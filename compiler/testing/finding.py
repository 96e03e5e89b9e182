"""The files that tests are read from."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

SUFFIXES: Final = ("_test.yaml", ".test.yaml", "_test.yml", ".test.yml")


def files_of_tests(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
    """Yield the files that paths stand for, each once.

    A directory stands for the files in it, and in its directories, that are named as tests are:
    ``*_test.yaml`` or ``*.test.yaml``. Hidden directories are left out.

    :raises OSError: if a directory cannot be read.
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        for found in _inside(path) if path.is_dir() else (path,):
            if (real := found.resolve()) not in seen:
                seen.add(real)
                yield found


def _inside(path: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, names in os.walk(path, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)
