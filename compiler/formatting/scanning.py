"""What stands in a YAML text: its events, its tokens, and the comments between those."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from rulec.formatting.tree import Comment
from rulec.yaml_reader import Parser, stand_ins


@dataclass(frozen=True, slots=True)
class FoundComment:
    """A comment, and where it is; ``alone`` is whether the line has nothing else."""

    comment: Comment
    at: int
    line: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """The events, tokens and comments of a text, each in order.

    ``restore`` maps characters in them to what they stand for.
    """

    events: list[Any]
    tokens: list[Any]
    comments: list[FoundComment]
    restore: dict[int, str]

    @property
    def remarks(self) -> list[str]:
        """The texts of the comments, sorted."""
        return sorted(found.comment.text for found in self.comments)


def scan(content: str) -> Scan:
    """Return what stands in a text that can be read."""
    replaced = stand_ins(content)
    recorder: Any = _Recorder(content.translate(replaced))
    events: list[Any] = []
    while recorder.check_event():
        events.append(recorder.get_event())
    # A key is only known for one when its colon is seen.
    tokens = sorted(recorder.taken, key=lambda token: index_of(token.start_mark))
    restore = {ord(stand_in): chr(character) for character, stand_in in replaced.items()}
    return Scan(events, tokens, list(_comments(content, tokens)), restore)


class _Recorder(Parser):
    """Gives events, and remembers the tokens that they were made of."""

    def __init__(self, content: str) -> None:
        self.taken: list[Any] = []
        super().__init__(content)

    def get_token(self) -> Any:
        token: Any = super().get_token()  # type: ignore[no-untyped-call]
        self.taken.append(token)
        return token


def index_of(mark: Any) -> int:
    """Return the number of the character at a mark of PyYAML, from 0."""
    index: int = mark.index
    return index


_COMMENT: Final = re.compile("#[^\n]*")
_HEADER: Final = re.compile("[|>][^\n#]*?[ \t](#[^\n]*)")


def _comments(content: str, tokens: list[Any]) -> Iterator[FoundComment]:
    lines = content.split("\n")
    line_start, line = 0, 0
    for at, end in _places(content, tokens):
        while (line_end := line_start + len(lines[line])) < at:
            line_start, line = line_end + 1, line + 1
        before = lines[line][: at - line_start]
        alone = not before.strip()
        spaced = alone and line > 0 and not lines[line - 1].strip()
        comment = Comment(content[at:end].rstrip(), len(before), spaced)
        yield FoundComment(comment, at, line, alone)


def _places(content: str, tokens: list[Any]) -> Iterator[tuple[int, int]]:
    """Yield where the comments of a text begin and end: what is between tokens but no blank."""
    at = 0
    for token in tokens:
        start, end = index_of(token.start_mark), index_of(token.end_mark)
        if start > at:
            yield from (match.span() for match in _COMMENT.finditer(content, at, start))
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            header = _HEADER.match(content, start, end)
            if header:
                yield header.span(1)
        at = max(at, end)
