"""A rules file as it is written: what YAML consists of, with its comments.

The nodes that ``yaml_reader`` makes say what a file means. These say how it is written,
too: in which style, with which anchors and tags, and which comments stand where.
"""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its ``#`` on; ``spaced`` is whether a blank line stands before it."""

    text: str
    column: int
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar. ``raw`` is how it is written, without its ``properties`` (anchor and tag)."""

    value: str
    style: str
    raw: str
    properties: str = ""
    tagged: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is written without quotes, tag or block style."""
        return not self.style and not self.tagged


@dataclass(frozen=True, slots=True)
class Alias:
    """``*name``."""

    text: str


@dataclass(slots=True)
class Entry:
    """An element of a sequence, a pair of a mapping, or the content of a document.

    ``before`` are comments on lines of their own, ``behind`` one behind the first line.
    ``spaced`` is whether there is a blank line between the entry and what precedes it.
    """

    key: Leaf | None = None
    node: "Node | None" = None
    before: list[Comment] = field(default_factory=list)
    behind: Comment | None = None
    spaced: bool = False

    @property
    def value(self) -> "Node":
        """The node, which is only missing while the entry is read."""
        assert self.node is not None
        return self.node


@dataclass(frozen=True, slots=True)
class Collection:
    """A sequence or a mapping; ``tail`` are comments behind its last entry."""

    is_mapping: bool
    entries: tuple[Entry, ...]
    flow: bool
    properties: str
    tail: tuple[Comment, ...]


Node: TypeAlias = Leaf | Alias | Collection


@dataclass(frozen=True, slots=True)
class Document:
    """A document. ``directives`` are the lines before its ``---``, if that is written."""

    directives: tuple[str, ...]
    explicit: bool
    entry: Entry
    before: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole file: its documents, and the comments behind them."""

    documents: tuple[Document, ...]
    tail: tuple[Comment, ...]


def has_comments(node: Node) -> bool:
    """Return whether there are comments somewhere in a node."""
    if not isinstance(node, Collection):
        return False
    return bool(node.tail) or any(
        entry.before or entry.behind or has_comments(entry.value) for entry in node.entries
    )


def has_anchors(node: Node) -> bool:
    """Return whether there are anchors or aliases somewhere in a node, or tags."""
    match node:
        case Alias():
            return True
        case Leaf():
            return bool(node.properties)
        case Collection():
            return bool(node.properties) or any(has_anchors(each.value) for each in node.entries)
