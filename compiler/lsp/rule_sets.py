"""Which files are loaded together: the rule sets of what is open in an editor.

What stands in the buffers of the editor takes the place of the files on disk.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from rulec.diagnostics import RulesError
from rulec.documents import READERS
from rulec.files import collect, rules_files
from rulec.text import File

# A folder with more is searched no further: it is no folder of rules.
MAX_ENTRIES: Final = 20_000
MAX_FILES: Final = 500
# What is looked at to tell a rules file from other YAML, and what is read at all.
_GLANCE: Final = 65_536
MAX_BYTES: Final = 8_000_000

_SUFFIXES: Final = (".yaml", ".yml")
_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "site-packages"})
_RULES: Final = re.compile(
    rf"""^[ ]*-[ ]+\{{?[ ]*["']?(?:{"|".join(READERS)})["']?[ ]*:""", re.MULTILINE
)


def looks_like_rules(content: str) -> bool:
    """Return whether a text is a list with an item of a rules file.

    >>> looks_like_rules("- macro: a"), looks_like_rules("alerts:\\n  - rule: a")
    (True, False)
    """
    return could_be_rules(content) and _RULES.search(content) is not None


def could_be_rules(content: str) -> bool:
    """Return whether a text can become a rules file: it begins with an item, or with nothing."""
    for line in content[:_GLANCE].splitlines():
        text = line.strip()
        if text and not text.startswith(("#", "---", "%")):
            return text.startswith(("-", "[", "{")) or _WORD.fullmatch(text) is not None
    return True


_WORD: Final = re.compile("[a-z_]+")


@dataclass(frozen=True, slots=True)
class Buffer:
    """A file that is open in the editor: by which URI, what is in it, and its version."""

    uri: str
    content: str
    version: int | None = None


# The rule set of the paths in the settings; the others are named by their directory.
CONFIGURED: Final = "<paths>"


@dataclass
class RuleSets:
    """The rule sets of a workspace. A file has the name under which it is on disk.

    ``folders`` are those of the workspace, ``paths`` those of the settings. What
    is read from disk is kept until the disk says that it has changed. Rule sets are
    looked up in another thread than the one in which ``buffers`` change.
    """

    folders: tuple[Path, ...] = ()
    paths: tuple[str, ...] = ()
    buffers: dict[str, Buffer] = field(default_factory=dict)
    _read: dict[Path, tuple[tuple[int, int], File]] = field(default_factory=dict)

    # --- names ---------------------------------------------------------------------

    def open(self, uri: str, content: str, version: int | None = None) -> None:
        """Take note of what is in a buffer."""
        self.buffers[name_of(uri)] = Buffer(uri, content, version)

    def close(self, uri: str) -> None:
        """Take note that what counts is on disk again."""
        self.buffers.pop(name_of(uri), None)

    def uri(self, name: str) -> str:
        """Return the URI of a file, spelled as the editor does if it is open there."""
        buffer = self.buffers.get(name)
        if buffer is not None:
            return buffer.uri
        return Path(name).as_uri() if Path(name).is_absolute() else name

    def file(self, name: str) -> File | None:
        """Return a file as it is in the editor, or else on disk."""
        buffer = self.buffers.get(name)
        if buffer is not None:
            return File(name, buffer.content)
        return self._from_disk(Path(name)) if Path(name).is_absolute() else None

    # --- rule sets -----------------------------------------------------------------

    def configured_paths(self) -> list[Path]:
        """Return the paths of the settings; they may start from the first folder."""
        base = self.folders[0] if self.folders else Path.cwd()
        return [Path(os.path.normpath(base / Path(path).expanduser())) for path in self.paths]

    def key(self, name: str) -> str:
        """Return which rule set a file belongs to."""
        path = Path(name)
        if not path.is_absolute():
            return name
        for given in self.configured_paths():
            if path == given or (path.parent == given and path.suffix in _SUFFIXES):
                return CONFIGURED
        return str(path.parent)

    def files(self, key: str) -> tuple[File, ...]:
        """Return the files of a rule set, in load order."""
        if key == CONFIGURED:
            names = [name for path in self.configured_paths() for name in self._names(path)]
        elif Path(key).is_absolute():
            names = self._names(Path(key))
        else:
            return tuple(self._present([key]))
        found = self._present(name for name in dict.fromkeys(names) if self.key(name) == key)
        return tuple(f for f in found if key == CONFIGURED or looks_like_rules(f.content))

    def is_wanted(self, key: str) -> bool:
        """Return whether somebody wants to know about a rule set (any more)."""
        if any(self.key(name) == key for name in list(self.buffers)):
            return True
        if self.paths:
            return key == CONFIGURED
        return any(Path(key).is_relative_to(folder) for folder in self.folders)

    def keys(self) -> list[str]:
        """Return every rule set: of what is open, and of what is in the folders."""
        found = dict.fromkeys(self.key(name) for name in list(self.buffers))
        if self.paths:
            found[CONFIGURED] = None
        else:
            found |= dict.fromkeys(self.directories())
        return list(found)

    def directories(self) -> list[str]:
        """Return the directories in the folders of the workspace that have rules files."""
        found: dict[str, None] = {}
        for number, path in enumerate(_yaml_files(self.folders)):
            if number == MAX_FILES:
                break
            if str(path.parent) not in found and _glance(path):
                found[str(path.parent)] = None
        return list(found)

    def _names(self, path: Path) -> list[str]:
        """Return the files that a path stands for, with those that are only in the editor."""
        if not path.is_dir():
            return [str(path)]
        inside = [
            name
            for name, buffer in list(self.buffers.items())
            if Path(name).parent == path and looks_like_rules(buffer.content)
        ]
        try:
            on_disk = [str(inner) for inner in islice(rules_files(path), MAX_FILES)]
        except OSError:
            on_disk = []
        return sorted({*on_disk, *inside}, key=os.fsencode)

    def _present(self, names: Iterable[str]) -> Iterator[File]:
        return (file for file in map(self.file, names) if file is not None)

    def _from_disk(self, path: Path) -> File | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if status.st_size > MAX_BYTES or not path.is_file():
                return None
            kept = self._read.get(path)
            if kept is None or kept[0] != stamp:
                (file,) = collect([path])
                kept = self._read[path] = (stamp, file)
        except (OSError, RulesError):
            return None
        return kept[1]


def name_of(uri: str) -> str:
    """Return the name of the file at a URI: its path, or the URI of what is in no file.

    >>> name_of("file:///etc/falco/my%20rules.yaml"), name_of("untitled:Untitled-1")
    ('/etc/falco/my rules.yaml', 'untitled:Untitled-1')
    """
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" and parts.path else uri


def _yaml_files(folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the YAML files in folders and in the folders in them, those of tools left out."""
    seen = 0
    for folder in folders:
        for directory, inner, names in os.walk(folder):
            seen += len(inner) + len(names)
            if seen > MAX_ENTRIES:
                return
            inner[:] = sorted(
                name
                for name in inner
                if name not in _SKIPPED and not name.startswith((".", "venv"))
            )
            for name in sorted(names):
                if name.endswith(_SUFFIXES):
                    yield Path(directory, name)


def _glance(path: Path) -> bool:
    """Return whether the beginning of a file looks like rules."""
    try:
        with path.open("rb") as stream:
            return looks_like_rules(stream.read(_GLANCE).decode("utf-8", "replace"))
    except OSError:
        return False
