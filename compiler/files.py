"""The files that rules are read from."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rulec.diagnostics import Diagnostic, Location, Problem, RulesError
from rulec.text import File
from rulec.yaml_reader import MAX_CHARACTERS, place

_SUFFIXES = (".yaml", ".yml")


def collect(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[File]:
    """Return the files that ``paths`` name, in load order.

    A directory stands for the rules files in it, sorted, but not for those in
    its directories. Raise a ``RulesError`` with every file that cannot be read.
    """
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    files: list[File] = []
    diagnostics: list[Diagnostic] = []
    for path in map(Path, paths):
        try:
            files += map(_read, rules_files(path))
        except OSError as error:
            name = error.filename or path
            diagnostics.append(_unreadable(_shown(name), error.strerror or "cannot be read"))
    if diagnostics:
        raise RulesError(diagnostics)
    return files


def rules_files(path: Path) -> Iterator[Path]:
    """Yield the files that a path stands for, in load order.

    :raises OSError: if it is a directory that cannot be read.
    """
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.iterdir(), key=os.fsencode):
        if inner.name.endswith(_SUFFIXES) and inner.is_file():
            yield inner


def _read(path: Path) -> File:
    with path.open("rb") as stream:
        # One byte more than allowed is enough to be refused.
        content = stream.read(4 * MAX_CHARACTERS + 1)
    return File(_shown(path), decode(content))


def _shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it can be printed, whatever bytes it consists of."""
    return os.fsencode(path).decode("utf-8", "replace")


def decode(content: bytes) -> str:
    """Return the text of a rules file; bytes that are no UTF-8 are reported by the reader."""
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _unreadable(name: str, reason: str) -> Diagnostic:
    file = File(name, "")
    problem = Problem("file_unreadable", f"cannot read the file: {reason}", place(file, 0))
    return Diagnostic("LOAD_ERR_FILE_READ", problem, (Location("rules content", "", file, 0),))
