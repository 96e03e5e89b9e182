"""The items of rules files as they are written: keys, values, and where each ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rulec.diagnostics import ProblemError
from rulec.documents import READERS
from rulec.text import File, Span, Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence
from rulec.yaml_reader import place, read_yaml


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """An item of a file. ``kind`` is the key that makes it one, ``name`` the value of that."""

    file: File
    kind: str
    name: str
    mapping: Mapping

    @property
    def span(self) -> Span:
        """Where the item begins."""
        return place(self.file, self.mapping.at)

    @property
    def end(self) -> int:
        """The first character behind the item."""
        return end_of(self.mapping)

    def entries(self) -> Iterator[tuple[Scalar, Node]]:
        """Yield the keys and their values, in the order of writing."""
        for key, value in self.mapping.pairs:
            if isinstance(key, Scalar):
                yield key, value

    def key(self, name: str) -> Scalar | None:
        """Return where a key is written."""
        return next((key for key, _ in self.entries() if key.value == name), None)

    def key_span(self, name: str) -> Span:
        """Return a key as a place; the item, if it has no such key."""
        key = self.key(name)
        return self.span if key is None else self.node_span(key)

    def node_span(self, node: Node) -> Span:
        """Return a text as it is written, or the beginning of something else, as a place."""
        if isinstance(node, Scalar) and node.end > node.at:
            return Text.verbatim(self.file, node.at, node.end).span(0)
        return place(self.file, node.at)


def parts_of(node: Node) -> Iterator[Node]:
    """Yield a node and all that is in it; what aliases stand for is yielded once."""
    seen: set[int] = set()
    pending = [node]
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, Sequence):
            pending.extend(part.items)
        elif isinstance(part, Mapping):
            pending.extend(each for pair in part.pairs for each in pair)


def end_of(node: Node) -> int:
    """Return where a node ends: behind its last text."""
    return max(part.end if isinstance(part, Scalar) else part.at for part in parts_of(node))


def written_items(files: Iterable[File]) -> Iterator[WrittenItem]:
    """Yield the items of files; those of files that are no YAML are left out."""
    for file in files:
        try:
            documents = read_yaml(file)
        except ProblemError:
            continue
        for document in documents:
            if not isinstance(document, Sequence):
                continue
            for node in document.items:
                if isinstance(node, Mapping):
                    yield _item(file, node)


def _item(file: File, mapping: Mapping) -> WrittenItem:
    kind = next((key for key in READERS if key in mapping), "")
    name = mapping.get(kind)
    return WrittenItem(file, kind, name.value if isinstance(name, Scalar) else "", mapping)
