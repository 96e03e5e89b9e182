"""The files that rules are read from."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rulec.diagnostics import Diagnostic, Location, Problem, RulesError
from rulec.text import File
from rulec.yaml_reader import MAX_CHARACTERS, place

_SUFFIXES = (".yaml", ".yml")

# Bytes that are read of a file: one more than allowed is enough for it to be refused.
LONGEST_FILE = 4 * MAX_CHARACTERS + 1


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
            files += map(read_file, rules_files(path))
        except OSError as error:
            name = error.filename or path
            diagnostics.append(unreadable(shown(name), error.strerror or "cannot be read"))
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


def read_file(path: Path) -> File:
    """Return a file of rules.

    :raises OSError: if it cannot be read.
    """
    with path.open("rb") as stream:
        content = stream.read(LONGEST_FILE)
    return File(shown(path), decode(content))


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it can be printed, whatever bytes it consists of."""
    return os.fsencode(path).decode("utf-8", "replace")


def decode(content: bytes) -> str:
    """Return the text of a rules file; bytes that are no UTF-8 are reported by the reader."""
    return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def unreadable(name: str, reason: str) -> Diagnostic:
    """Return that a file cannot be read."""
    file = File(name, "")
    problem = Problem("file_unreadable", f"cannot read the file: {reason}", place(file, 0))
    return Diagnostic("LOAD_ERR_FILE_READ", problem, (Location("rules content", "", file, 0),))
