"""Where a name is defined, and where it is used."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from rulec.lsp.naming import Kind, naming
from rulec.text import File


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name stands. It is nowhere if a line break or an escape is in it."""

    file: File
    place: tuple[int, int] | None
    defines: bool = False
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What the word at the cursor names, and where the word is."""

    kind: Kind
    name: str
    start: int
    end: int


def list_names(files: Iterable[File]) -> frozenset[str]:
    """Return the names of all lists."""
    return frozenset(
        mention.name
        for file in files
        for mention in naming(file).mentions
        if mention.kind is Kind.LIST
    )


def target(file: File, offset: int, lists: Collection[str]) -> Target | None:
    """Return what the word at a place of a file names."""
    mention = naming(file).at(offset)
    if mention is None:
        return None
    kind = mention.kind
    if kind in (Kind.VALUE, Kind.MACRO) and mention.name in lists:
        kind = Kind.LIST
    return Target(kind, mention.name, mention.start, mention.end)


def occurrences(files: Iterable[File], kind: Kind, name: str) -> Iterator[Occurrence]:
    """Yield every place where a name stands, file by file.

    The name of a list is replaced wherever it is a word of a condition, so all
    of those are places of it.
    """
    for file in files:
        found = naming(file)
        for mention in found.of(kind, name):
            place = (mention.start, mention.end)
            yield Occurrence(file, place, mention.defines, mention.changes)
        if (kind, name) in found.nowhere:
            yield Occurrence(file, None)
        if kind is Kind.LIST:
            for each in found.list_words.get(name, ()):
                yield Occurrence(file, each)


def definitions(files: Iterable[File], kind: Kind, name: str) -> list[Occurrence]:
    """Return where something is defined, or at least changed."""
    found = list(occurrences(files, kind, name))
    defining = [occurrence for occurrence in found if occurrence.defines]
    return defining or [occurrence for occurrence in found if occurrence.changes]
