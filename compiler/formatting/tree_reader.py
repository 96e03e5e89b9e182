"""From the text of a file to its tree, with every comment in its place.

The tree is put together of the same events that ``yaml_reader`` puts its nodes
together of. Each comment goes to the entry that it stands behind, or before, or to the
end of what is closed after it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, Final

import yaml

from rulec.diagnostics import Problem, ProblemError
from rulec.formatting.scanning import FoundComment, Scan, index_of
from rulec.formatting.tree import Alias, Collection, Comment, Document, Entry, Leaf, Node, Page
from rulec.text import File
from rulec.yaml_reader import place

# YAML does not look further for the colon behind a key.
_LONGEST_KEY: Final = 1000


def read_tree(file: File, found: Scan) -> Page:
    """Return the tree of a file in which ``found`` stands.

    :raises ProblemError: if it has a key that is no plain text, as YAML allows.
    """
    return _Builder(file, found).page()


class _Builder:
    """Puts events together. ``last`` is the entry that a comment on its line belongs to."""

    def __init__(self, file: File, found: Scan) -> None:
        self.file = file
        self.content = file.content
        self.restore = found.restore
        self.events = found.events
        self.at = 0
        self.tokens = found.tokens
        self.starts = [token.start_mark.index for token in self.tokens]
        self.dashes = [
            token.start_mark for token in self.tokens if isinstance(token, yaml.BlockEntryToken)
        ]
        self.comments = found.comments
        self.next_comment = 0
        self.lines = self.content.split("\n")
        self.last: Entry | None = None
        self.last_line = -1
        self.columns: list[int] = []

    def page(self) -> Page:
        documents: list[Document] = []
        while (event := self._event()) is not None:
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append(self._document(event))
        return Page(tuple(documents), tuple(self._before(len(self.content) + 1)))

    def _event(self) -> Any:
        """Return the next event, or nothing behind the last."""
        self.at += 1
        return self.events[self.at - 1] if self.at <= len(self.events) else None

    def _document(self, event: Any) -> Document:
        entry = Entry()
        before: list[Comment] = []
        if event.explicit:
            # The directives belong to the event, which begins where the first of them does.
            before = self._before(event.end_mark.index)
            self._reached(entry, event.end_mark.line)
        entry.node = self._node(entry)
        return Document(tuple(self._directives(event)), event.explicit, entry, tuple(before))

    def _directives(self, event: Any) -> Iterator[str]:
        first = bisect_left(self.starts, event.start_mark.index)
        end = bisect_left(self.starts, event.end_mark.index)
        for token in self.tokens[first:end]:
            if isinstance(token, yaml.DirectiveToken):
                line = self.lines[token.start_mark.line]
                yield re.split(r"[ \t]#", line)[0].strip()

    def _node(self, entry: Entry) -> Node:
        event = self._event()
        start, end = event.start_mark, event.end_mark
        match event:
            case yaml.ScalarEvent():
                self._reached(entry, end.line)
                return self._leaf(event)
            case yaml.AliasEvent():
                self._reached(entry, end.line)
                return Alias(self.content[start.index : end.index])
            case _:
                return self._collection(event, entry)

    def _leaf(self, event: Any) -> Leaf:
        properties, raw = self._properties(event), ""
        start, end = event.start_mark.index, event.end_mark.index
        for token in self.tokens[bisect_left(self.starts, start) : bisect_left(self.starts, end)]:
            if isinstance(token, yaml.ScalarToken):
                raw = self.content[token.start_mark.index : token.end_mark.index]
        value = event.value.translate(self.restore) if self.restore else event.value
        return Leaf(value, event.style or "", raw, properties, event.tag is not None)

    def _properties(self, event: Any) -> str:
        """Return the anchor and the tag of a node as they are written."""
        count = (event.anchor is not None) + (event.tag is not None)
        first = bisect_left(self.starts, event.start_mark.index)
        found = [
            self.content[token.start_mark.index : token.end_mark.index]
            for token in self.tokens[first : first + 4 * count]
            if isinstance(token, yaml.AnchorToken | yaml.TagToken)
        ]
        return " ".join(found[:count])

    def _collection(self, event: Any, owner: Entry) -> Collection:
        flow, is_mapping = event.flow_style, isinstance(event, yaml.MappingStartEvent)
        if flow:
            self._reached(owner, event.start_mark.line)
        column = 0 if flow else self._column(is_mapping)
        self.columns.append(-1 if flow else column)
        entries: list[Entry] = []
        while not isinstance(self._upcoming(), yaml.CollectionEndEvent):
            entries.append(self._entry(is_mapping))
        end = self._event()
        self.columns.pop()
        if flow:
            tail = self._before(end.start_mark.index)
            self._reached(owner, end.end_mark.line)
            if not entries:  # nothing can stand in [] or {}
                owner.before += tail
                tail = []
        else:
            tail = self._tail(column)
        properties = self._properties(event)
        return Collection(is_mapping, tuple(entries), flow, properties, tuple(tail))

    def _upcoming(self) -> Any:
        return self.events[self.at]

    def _column(self, is_mapping: bool) -> int:
        """Return the column of what begins the entries of a block: a key or a dash."""
        mark = self._upcoming().start_mark
        if not is_mapping:
            mark = self.dashes[bisect_left(self.dashes, mark.index, key=index_of) - 1]
        column: int = mark.column
        return column

    def _entry(self, is_mapping: bool) -> Entry:
        mark = self._upcoming().start_mark
        spaced = mark.line > 0 and not self.lines[mark.line - 1].strip()
        entry = Entry(before=self._before(mark.index), spaced=spaced)
        if is_mapping:
            entry.key = self._key(entry)
        entry.node = self._node(entry)
        return entry

    def _key(self, entry: Entry) -> Leaf:
        event = self._event()
        end = event.end_mark
        if not isinstance(event, yaml.ScalarEvent):
            raise self._unusual(event, "a key that is no text")
        key = self._leaf(event)
        if key.properties or "\n" in key.raw or not 0 < len(key.raw) <= _LONGEST_KEY:
            raise self._unusual(event, "a key with more than a name")
        self._reached(entry, end.line)
        return key

    def _unusual(self, event: Any, what: str) -> ProblemError:
        span = place(self.file, event.start_mark.index)
        return ProblemError(Problem("cannot_format", f"{what} cannot be laid out", span))

    # --- comments ---------------------------------------------------------------------

    def _reached(self, entry: Entry, line: int) -> None:
        self.last, self.last_line = entry, line

    def _pending(self) -> FoundComment | None:
        if self.next_comment == len(self.comments):
            return None
        return self.comments[self.next_comment]

    def _before(self, at: int) -> list[Comment]:
        """Take the comments before a place; one behind the last entry is given to that."""
        taken: list[Comment] = []
        while (found := self._pending()) is not None and found.at < at:
            self.next_comment += 1
            if not self._goes_behind(found):
                taken.append(found.comment)
        return taken

    def _goes_behind(self, found: FoundComment) -> bool:
        if found.alone or self.last is None or found.line > self.last_line:
            return False
        if self.last.behind is None:
            self.last.behind = found.comment
        else:
            self.last.before.append(found.comment)
        return True

    def _tail(self, column: int) -> list[Comment]:
        """Take the comments that still belong to a block that has ended."""
        event = self._behind_ends()
        goes_on = not isinstance(event, yaml.DocumentEndEvent)
        if not self.columns and self.at < len(self.events) - 2:
            return []  # they stand before the next document
        outer = self.columns[-1] if self.columns else -1
        taken: list[Comment] = []
        while (found := self._pending()) is not None and found.at < event.start_mark.index:
            comment = found.comment
            if found.alone:
                if comment.column < column or (goes_on and self._touches(found, event)):
                    break
                # Dashes may stand below the key, where comments about the next key do, too.
                if column == outer and not comment.text.lstrip("# ").startswith("-"):
                    break
            self.next_comment += 1
            if not self._goes_behind(found):
                taken.append(comment)
        return taken

    def _behind_ends(self) -> Any:
        at = self.at
        while isinstance(self.events[at], yaml.CollectionEndEvent):
            at += 1
        return self.events[at]

    def _touches(self, found: FoundComment, event: Any) -> bool:
        """Return whether a paragraph of comments stands closer to what follows."""
        if not found.comment.spaced:
            return False
        last = found.line
        for number in range(self.next_comment + 1, len(self.comments)):
            other = self.comments[number]
            if other.line != last + 1 or not other.alone:
                break
            last = other.line
        touches: bool = event.start_mark.line <= last + 1
        return touches
