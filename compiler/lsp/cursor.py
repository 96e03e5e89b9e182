"""Where in a rules file the cursor is, also while the file is no YAML.

Only the lines from the beginning of the item to the cursor are looked at, with
as much of YAML as people write by hand: blocks, quotes, brackets and braces.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rulec.documents import READERS

# The keys whose values are mappings, or lists of them.
_MAPPINGS: Final = frozenset({"override", "exceptions", "required_plugin_versions", "alternatives"})

_DASH: Final = re.compile(r"^( *)-(?: |$)", re.MULTILINE)
_ITEM_KEY: Final = re.compile(
    r"^(?: *- +\{? *| +)[\"']?([a-zA-Z_-]+)[\"']?[ \t]*:[ \t]*(.*?)[ \t]*$", re.MULTILINE
)
_OUTSIDE: Final = re.compile(r"[a-z_]*")
_KEY: Final = re.compile(r"[\"']?([a-zA-Z_-]+)[\"']?[ \t]*:(?=[ \t\r\n]|$)[ \t]*")
_BLOCK: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?\r?$")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of the cursor.

    ``path`` are the keys that lead to it, ``text`` is what stands before it in
    the value of the last one, or of the key if ``in_key``, and begins at
    ``start``, in the ``column`` (from 0) of its line. ``kind`` and ``name`` are
    those of the item, empty for a new one; ``source`` is what it says of its
    source, and ``keys`` are those that it, or the mapping in it that the cursor is
    in, has. ``is_new`` tells that nothing is known of the item yet, ``is_outside``
    that not even its dash is there.
    """

    path: tuple[str, ...]
    text: str
    start: int
    in_key: bool
    kind: str = ""
    name: str = ""
    source: str | None = None
    keys: frozenset[str] = frozenset()
    is_new: bool = False
    is_outside: bool = False
    column: int = 0


def cursor(content: str, offset: int) -> Cursor | None:
    """Return where the cursor is; nothing where nothing can be written but comments."""
    line = content.rfind("\n", 0, offset) + 1
    if _OUTSIDE.fullmatch(content, line, offset):
        text = content[line:offset]
        return Cursor((), text, line, True, is_new=True, is_outside=True)
    bounds = _item(content, offset)
    if bounds is None:
        return None
    start, end = bounds
    found = _Walk(content, start, offset).cursor()
    if found is None:
        return None
    pairs = list(_pairs(content[start:end]))
    said = dict(reversed(pairs))  # the first of equal keys counts
    kind = next((key for key in READERS if key in said), "")
    keys = frozenset(said) if not found.path else found.keys
    return Cursor(
        found.path,
        found.text,
        found.start,
        found.in_key,
        kind,
        said.get(kind, ""),
        said.get("source"),
        keys,
        found.in_key and not found.path and not said,
        column=found.start - content.rfind("\n", 0, found.start) - 1,
    )


def _item(content: str, offset: int) -> tuple[int, int] | None:
    """Return where the item around the cursor begins and ends."""
    first = _DASH.search(content)
    if first is None:
        return None
    mark = "\n" + first[1] + "-"
    line_end = content.find("\n", offset)
    line_end = len(content) if line_end < 0 else line_end
    start = content.rfind(mark, 0, line_end) + 1
    if start == 0 and not content.startswith(mark[1:]):
        return None
    end = content.find(mark, max(start, offset))
    return start, len(content) if end < 0 else end


def _pairs(item: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of an item with what stands behind them in the line."""
    indent = None
    for match in _ITEM_KEY.finditer(item):
        column = match.start(1) - match.start()
        indent = column if indent is None else indent
        if column == indent:
            value = match[2].partition(",")[0] if "{" in match[0] else match[2]
            yield match[1], value.strip("\"'")


@dataclass(slots=True)
class _Level:
    indent: int
    key: str


class _Walk:
    """Goes from the beginning of an item to the cursor, line by line."""

    def __init__(self, content: str, start: int, offset: int) -> None:
        self.content = content
        self.start = start
        self.offset = offset
        self.levels: list[_Level] = []
        self.keys: dict[int, set[str]] = {}  # those seen so far, by their indentation
        self.value = -1  # where the value begins that the next line may go on with
        self.block = False

    def cursor(self) -> Cursor | None:
        at = self.start
        while True:
            end = self.content.find("\n", at)
            last = end < 0 or end >= self.offset
            line = self.content[at : self.offset if last else end]
            found = self.see(line, at, last)
            if last:
                return found
            at = end + 1

    def see(self, line: str, at: int, last: bool) -> Cursor | None:
        """Take a line in; of the last one, return where its end is."""
        stripped = line.lstrip(" ")
        indent = len(line) - len(stripped)
        if not stripped.strip() and not last:
            return None
        is_deeper = self.value >= 0 and self.levels and indent > self.levels[-1].indent
        if is_deeper and (self.block or not self.begins_anew(stripped)):
            return self.here() if last else None
        self.value, self.block = -1, False
        while stripped.startswith("- ") or stripped.rstrip() == "-":
            self.leave(indent + 1)
            width = len(stripped) - len(stripped[1:].lstrip(" "))
            indent, stripped = indent + width, stripped[width:]
            self.keys.pop(indent, None)
        if stripped.startswith("#"):
            return None
        return self.rest(stripped, indent, at + len(line) - len(stripped), last)

    def rest(self, text: str, indent: int, at: int, last: bool) -> Cursor | None:
        """Take in what stands behind the blanks and dashes of a line."""
        match = _KEY.match(text)
        if match is None:
            self.leave(indent)
            if text[:1] in ("{", "["):
                self.value = at
                return self.here() if last else None
            above = self.levels[-1].key if self.levels else ""
            if last and (not self.levels or above in _MAPPINGS):
                return self.key(text, at, indent)
            self.value = at
            return self.here() if last else None
        self.leave(indent)
        self.levels.append(_Level(indent, match[1]))
        self.keys.setdefault(indent, set()).add(match[1])
        self.value = at + match.end()
        header = _BLOCK.match(text, match.end())
        if header is not None:
            self.value, self.block = at + header.end(), True
        return self.here() if last else None

    def begins_anew(self, stripped: str) -> bool:
        """Return whether a line does not go on with the value before it."""
        before = self.content[self.value : self.value + 1]
        if before in ("[", "{", '"', "'"):
            return False
        return (
            bool(_KEY.match(stripped))
            or stripped.startswith("- ")
            or stripped == "-"
            or (self.levels[-1].key in _MAPPINGS)
        )

    def leave(self, indent: int) -> None:
        """Leave the mappings that end before a line of this indentation."""
        while self.levels and self.levels[-1].indent >= indent:
            self.levels.pop()
        for deeper in [each for each in self.keys if each > indent]:
            del self.keys[deeper]

    def path(self) -> tuple[str, ...]:
        return tuple(level.key for level in self.levels)

    def key(self, text: str, at: int, indent: int) -> Cursor | None:
        """Return that a key is being written."""
        if not re.fullmatch(r"[\"']?[a-zA-Z_-]*", text):
            return None
        keys = frozenset(self.keys.get(indent, ()))
        return Cursor(self.path(), text, at, True, keys=keys)

    def here(self) -> Cursor | None:
        """Return that a value is being written."""
        start, text = self.value, self.content[self.value : self.offset]
        blanks = len(text) - len(text.lstrip())
        start, text = start + blanks, text[blanks:]
        if self.block:
            return Cursor(self.path(), text, start, False)
        if text[:1] in ("[", "{"):
            return _in_brackets(self.path(), text, start)
        if text[:1] in ('"', "'"):
            if len(text) > 1 and text[-1] == text[0]:
                return None  # behind the closing quote
            start, text = start + 1, text[1:]
        elif re.search(r"(?:^|[ \t])#", text.rpartition("\n")[2]):
            return None
        return Cursor(self.path(), text, start, False)


_FLOW: Final = re.compile(r"""[\[\]{},]|"(?:\\.|[^"\\])*"?|'[^']*'?|[^\[\]{},"']+""", re.DOTALL)


def _in_brackets(path: tuple[str, ...], text: str, at: int) -> Cursor | None:
    """Return where the cursor is in brackets and braces."""
    open_: list[tuple[str, str, set[str]]] = []
    key, start = "", 0
    for token in _FLOW.finditer(text):
        word = token[0]
        if word in ("[", "{"):
            open_.append((word, key, set()))
            key, start = "", token.end()
        elif word in ("]", "}"):
            if open_:
                open_.pop()
            key, start = "", token.end()
        elif word == ",":
            key, start = "", token.end()
        elif open_ and open_[-1][0] == "{" and not key:
            begin = token.end() - len(word.lstrip())
            if match := _KEY.match(text, begin):
                key, start = match[1], match.end()
                open_[-1][2].add(key)
    if not open_:
        return None
    inner = (*path, *(name for _, name, _ in open_ if name), *((key,) if key else ()))
    rest = text[start:]
    blanks = len(rest) - len(rest.lstrip())
    start, rest = start + blanks, rest[blanks:]
    if rest[:1] in ('"', "'"):
        start, rest = start + 1, rest[1:]
    in_key = open_[-1][0] == "{" and not key
    return Cursor(inner, rest, at + start, in_key, keys=frozenset(open_[-1][2]))
