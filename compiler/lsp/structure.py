"""What a rules file consists of, with the place of each key and each text.

This is the YAML as it stands in the file, before anything is made of it. A
file that is no YAML at the moment is read item by item, so that only the
items with a mistake are missing.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, pairwise
from typing import Final

from rulec.diagnostics import ProblemError
from rulec.documents import READERS
from rulec.lsp.latest import latest
from rulec.text import File, Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence
from rulec.yaml_reader import read_yaml
from rulec.yaml_text import text_of

# What a person edits by hand. Reading a larger file again and again would make an editor wait.
MAX_CHARACTERS: Final = 2_000_000

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its name, and the keys that lead to it, itself included."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """A text, found under ``path``; from ``start`` to ``end`` with its quotes.

    ``base`` is where the part of the file begins that ``text`` was read from.
    """

    path: Path
    text: Text
    start: int
    end: int
    base: int

    @cached_property
    def _starts(self) -> list[int]:
        """Where each piece of the text begins, and where the last one ends."""
        lengths = (len(piece.characters) for piece in self.text.pieces)
        return list(accumulate(lengths, initial=0))

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where some characters of the text stand in the file, if they stand there."""
        pieces, starts = self.text.pieces, self._starts
        index = bisect_right(starts, start, hi=len(pieces)) - 1
        if index < 0 or not pieces[index].verbatim or end > starts[index + 1]:
            return None
        offset = self.base + pieces[index].offset + start - starts[index]
        return offset, offset + end - start


@dataclass(frozen=True, slots=True)
class Item:
    """An item: ``kind`` is the key that makes it one, ``name`` what that says."""

    kind: str
    name: str
    start: int
    end: int
    entries: tuple[Entry, ...]
    keys: tuple[Key, ...]

    @property
    def naming(self) -> Entry | None:
        """The text that is its name."""
        return next((entry for entry in self.entries if entry.path == (self.kind,)), None)

    @property
    def is_change(self) -> bool:
        """Whether the item changes one that was defined before."""
        appends = any(str(entry.text) == "true" for entry in self.texts("append"))
        toggles = self.kind == "rule" and not self.has("condition", "output", "desc", "priority")
        return appends or toggles or self.has("override")

    def has(self, *keys: str) -> bool:
        """Return whether the item has one of these keys."""
        return any(key.path[0] in keys and len(key.path) == 1 for key in self.keys)

    def texts(self, *path: str) -> Iterator[Entry]:
        """Yield the texts under some keys."""
        return (entry for entry in self.entries if entry.path == path)


@dataclass(frozen=True)
class Structure:
    """The items of a file. ``is_whole`` tells that nothing in it was left out."""

    items: tuple[Item, ...]
    is_whole: bool

    def item_at(self, offset: int) -> Item | None:
        """Return the item around a place, or before it."""
        index = bisect_right(self.items, offset, key=lambda item: item.start)
        return self.items[index - 1] if index else None


@latest
def structure(file: File) -> Structure:
    """Return what a file consists of; nothing of one that is too large."""
    if len(file.content) > MAX_CHARACTERS:
        return Structure((), is_whole=False)
    try:
        return Structure(tuple(_items(file, read_yaml(file), 0)), is_whole=True)
    except ProblemError:
        return Structure(tuple(_readable_items(file)), is_whole=False)


_BEGINNING: Final = re.compile(r"^- ", re.MULTILINE)
_KEY: Final = re.compile("|".join(READERS))
_MOST_PARTS: Final = 2_000


def _readable_items(file: File) -> Iterator[Item]:
    """Yield the items of a file that can be read by themselves."""
    starts = [match.start() for match in _BEGINNING.finditer(file.content)]
    for start, end in islice(pairwise([*starts, len(file.content)]), _MOST_PARTS):
        part = File(file.name, file.content[start:end])
        if _KEY.search(part.content) is None:
            continue
        try:
            yield from _items(part, read_yaml(part), start)
        except ProblemError:
            continue


def _items(file: File, documents: Iterable[Node], base: int) -> Iterator[Item]:
    reader = _Reader(file, base)
    for document in documents:
        if isinstance(document, Sequence):
            for node in document.items:
                if isinstance(node, Mapping) and reader.is_new(node):
                    yield reader.item(node)


class _Reader:
    """Reads items. What an alias stands for once more is not read once more."""

    def __init__(self, file: File, base: int) -> None:
        self.file = file
        self.base = base
        self.seen: set[int] = set()
        self.nodes: list[Node] = []  # keeps what was seen, so that no other gets its id

    def is_new(self, node: Node) -> bool:
        if id(node) in self.seen:
            return False
        self.seen.add(id(node))
        self.nodes.append(node)
        return True

    def item(self, node: Mapping) -> Item:
        kind = next((key for key in READERS if key in node), "")
        named = node.get(kind)
        name = named.value if isinstance(named, Scalar) else ""
        keys: list[Key] = []
        entries = list(self.entries(node, (), keys))
        start = self.base + node.at
        end = max([start, *(key.end for key in keys), *(entry.end for entry in entries)])
        return Item(kind, name, start, end, tuple(entries), tuple(keys))

    def entries(self, node: Node, path: Path, keys: list[Key]) -> Iterator[Entry]:
        """Yield the texts in a node; add the keys in it to ``keys``."""
        match node:
            case Scalar():
                yield self.entry(node, path)
            case Sequence(items):
                for item in items:
                    if self.is_new(item):
                        yield from self.entries(item, path, keys)
            case Mapping(pairs):
                for key, value in pairs:
                    if isinstance(key, Scalar):
                        inner = (*path, key.value)
                        keys.append(Key(inner, self.base + key.at, self.base + key.end))
                        if self.is_new(value):
                            yield from self.entries(value, inner, keys)

    def entry(self, node: Scalar, path: Path) -> Entry:
        # A block text ends where the next thing begins.
        written = self.file.content[node.at : node.end].rstrip()
        start = self.base + node.at
        return Entry(path, text_of(self.file, node), start, start + len(written), self.base)
