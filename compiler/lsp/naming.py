"""Every word of a file that means something, and where each name is used."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from rulec.lsp.latest import latest
from rulec.lsp.scanning import Role, scan
from rulec.lsp.structure import Entry, Item, structure
from rulec.text import File


class Kind(Enum):
    """What a word is; the first three are names that rules files give."""

    RULE = "rule"
    MACRO = "macro"
    LIST = "list"
    FIELD = "field"
    OPERATOR = "operator"
    MODIFIER = "modifier"
    TRANSFORMER = "transformer"
    VALUE = "value"
    CONNECTIVE = "connective"
    KEY = "key"
    PRIORITY = "priority"
    SOURCE = "source"
    TAG = "tag"


NAMED: Final = {kind.value: kind for kind in (Kind.RULE, Kind.MACRO, Kind.LIST)}


@dataclass(frozen=True, slots=True)
class Mention:
    """A word in a file, from ``start`` to ``end``.

    A mention ``defines`` or ``changes`` what it names, or uses it. ``field`` is
    what a value is compared with; ``path`` are the keys that lead to a word.
    """

    kind: Kind
    name: str
    start: int
    end: int
    item: Item
    defines: bool = False
    changes: bool = False
    field: str = ""
    path: tuple[str, ...] = ()


Place = tuple[int, int]


@dataclass(frozen=True)
class Naming:
    """The words of a file, in order.

    ``list_words`` are all words that are replaced if there is a list of their
    name, each with its places; None is one that stands in no single place, because of
    an escape or a line break in it. ``nowhere`` are the other words of that sort.
    """

    mentions: tuple[Mention, ...]
    list_words: Mapping[str, tuple[Place | None, ...]]
    nowhere: frozenset[tuple[Kind, str]] = frozenset()

    def at(self, offset: int) -> Mention | None:
        """Return the word at a place, or just before it."""
        index = bisect_right(self.mentions, offset, key=lambda mention: mention.start)
        for mention in reversed(self.mentions[max(0, index - 2) : index]):
            if mention.start <= offset <= mention.end:
                return mention
        return None

    def of(self, kind: Kind, name: str) -> Iterator[Mention]:
        """Yield the words that name something."""
        return (each for each in self.mentions if each.kind is kind and each.name == name)


@latest
def naming(file: File) -> Naming:
    """Return the words of a file."""
    words: defaultdict[str, list[Place | None]] = defaultdict(list)
    mentions = [mention for item in structure(file).items for mention in _mentions(item, words)]
    mentions.sort(key=lambda mention: (mention.start, mention.end))
    return Naming(
        tuple(mention for mention in mentions if mention.start >= 0),
        {name: tuple(found) for name, found in words.items()},
        frozenset((mention.kind, mention.name) for mention in mentions if mention.start < 0),
    )


_NOWHERE: Final = (-1, -1)

Words = defaultdict[str, list[Place | None]]


def _mentions(item: Item, words: Words) -> Iterator[Mention]:
    for key in item.keys:
        yield Mention(Kind.KEY, key.path[-1], key.start, key.end, item, path=key.path)
    for entry in item.entries:
        if entry.path == (item.kind,) and item.kind in NAMED:
            yield from _whole(NAMED[item.kind], entry, item)
            continue
        read = _READERS.get(entry.path)
        if read is not None:
            yield from read(entry, item)
        if entry.path in _SUBSTITUTED:
            _add_words(entry, words)


def _whole(kind: Kind, entry: Entry, item: Item) -> Iterator[Mention]:
    """Yield a text that is one word."""
    place = entry.place(0, len(entry.text)) or (entry.start, entry.end)
    defines = kind.value == item.kind
    changes = defines and item.is_change
    name = str(entry.text)
    yield Mention(kind, name, *place, item, defines and not changes, changes, path=entry.path)


def _word(kind: Kind) -> Callable[[Entry, Item], Iterator[Mention]]:
    return lambda entry, item: _whole(kind, entry, item)


_KINDS: Final = {
    Role.FIELD: Kind.FIELD,
    Role.OPERATOR: Kind.OPERATOR,
    Role.MODIFIER: Kind.MODIFIER,
    Role.TRANSFORMER: Kind.TRANSFORMER,
    Role.VALUE: Kind.VALUE,
    Role.MACRO: Kind.MACRO,
    Role.CONNECTIVE: Kind.CONNECTIVE,
}


def _condition(entry: Entry, item: Item) -> Iterator[Mention]:
    for word in scan(str(entry.text)):
        kind = _KINDS.get(word.role)
        place = entry.place(word.start, word.end) or _NOWHERE
        if kind is not None:
            yield Mention(kind, word.text, *place, item, field=word.field, path=entry.path)


_SLOT: Final = re.compile(r"%[0-9]*(?=([a-zA-Z]\w*(?:\.\w+)+(?:\[[^\]\s]*\])?|[a-z0-9]+\())")


def _output(entry: Entry, item: Item) -> Iterator[Mention]:
    text = str(entry.text)
    for slot in _SLOT.finditer(text):
        written = slot[1]
        if written.endswith("("):
            closing = text.find(")", slot.end())
            written = text[slot.end() : len(text) if closing < 0 else closing]
        for word in scan(written):
            kind = _KINDS.get(word.role)
            place = entry.place(slot.end() + word.start, slot.end() + word.end) or _NOWHERE
            if kind is not None:
                yield Mention(kind, word.text, *place, item, path=entry.path)


# Texts that consist of words, by the keys that lead to them.
_READERS: Final[Mapping[tuple[str, ...], Callable[[Entry, Item], Iterable[Mention]]]] = {
    ("condition",): _condition,
    ("output",): _output,
    ("items",): _word(Kind.VALUE),
    ("priority",): _word(Kind.PRIORITY),
    ("source",): _word(Kind.SOURCE),
    ("tags",): _word(Kind.TAG),
    ("exceptions", "fields"): _condition,
    ("exceptions", "comps"): _word(Kind.OPERATOR),
    ("exceptions", "values"): _word(Kind.VALUE),
}

# Where the names of lists are replaced, and what stands around a name there.
_SUBSTITUTED: Final = frozenset(
    {("condition",), ("items",), ("exceptions", "fields"), ("exceptions", "values")}
)
_LIST_WORD: Final = re.compile(r"[^ \t\n\r(),=]+")


def _add_words(entry: Entry, words: Words) -> None:
    for match in _LIST_WORD.finditer(str(entry.text)):
        words[match[0]].append(entry.place(match.start(), match.end()))
