"""From the text of a file to YAML nodes, within limits.

The events of PyYAML are put together here, without recursion: a file can
neither exhaust the stack by its depth nor the memory by its aliases. Of the
dialects of YAML, what yaml-cpp does is followed, which is what Falco uses.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from rulec.diagnostics import Problem, ProblemError
from rulec.text import File, Span, Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence

MAX_CHARACTERS = 16_000_000
MAX_DEPTH = 64
# What all aliases of a file may stand for, in nodes and characters.
MAX_EXPANDED = 64_000_000


class Parser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML as far as the events, without what it makes of them."""

    def __init__(self, content: str) -> None:
        yaml.reader.Reader.__init__(self, content)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def check_printable(self, data: str) -> None:
        """Accept control characters, as Falco does."""


def read_yaml(file: File) -> list[Node]:
    """Return the documents of a file; a ``ProblemError`` says why there are none."""
    return read_completed(file)[0]


def read_completed(file: File) -> tuple[list[Node], str]:
    """Return the documents of a file and its content, with the quote that it may lack."""
    _check_characters(file)
    try:
        return _compose(file, file.content), file.content
    except yaml.MarkedYAMLError as error:
        # A quoted text may end with the file instead of with a quote.
        if _is_unterminated(error) and error.context_mark is not None:
            quote = file.content[error.context_mark.index]
            try:
                return _compose(file, file.content + quote), file.content + quote
            except yaml.MarkedYAMLError:
                pass
        raise ProblemError(_describe(file, error)) from None


def _is_unterminated(error: yaml.MarkedYAMLError) -> bool:
    return (
        error.context == "while scanning a quoted scalar"
        and error.problem == "found unexpected end of stream"
    )


_UNDECODABLE = re.compile("[\0\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _check_characters(file: File) -> None:
    if len(file.content) > MAX_CHARACTERS:
        raise _refusal(file, 0, f"the file has more than {MAX_CHARACTERS:,} characters")
    match = _UNDECODABLE.search(file.content)
    if match is None:
        return
    character = ord(match[0])
    if character == 0:
        raise _refusal(file, match.start(), "a NUL character is not allowed in YAML")
    byte = f"byte 0x{character & 0xFF:02x}" if 0xDC80 <= character <= 0xDCFF else "a surrogate"
    raise _refusal(file, match.start(), f"{byte} is not UTF-8")


def _refusal(file: File, at: int, message: str, hint: str = "") -> ProblemError:
    return ProblemError(Problem("yaml_syntax", message, place(file, at), hint))


def _describe(file: File, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    at = len(file.content) if mark is None else min(mark.index, len(file.content))
    message = " ".join(part for part in (error.problem, error.context) if part)
    message = (
        message.replace("'<stream end>'", "the end of the file").replace("<", "").replace(">", "")
    )
    return Problem("yaml_syntax", " ".join(message.split()), place(file, at))


def _compose(file: File, content: str) -> list[Node]:
    replaced = stand_ins(content)
    parser = Parser(content.translate(replaced))
    restore = {ord(stand_in): chr(character) for character, stand_in in replaced.items()}
    return _Composer(file, content, restore).compose(_events(file, parser))


def stand_ins(content: str) -> dict[int, str]:
    """Return a character that does not occur for each that only PyYAML takes for a line break.

    A comment must not end in the middle of what every editor shows as a line.
    """
    breaks = [character for character in "\x85\u2028\u2029" if character in content]
    unused = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in content)
    return {ord(character): next(unused, " ") for character in breaks}


def _events(file: File, parser: Any) -> Iterator[yaml.Event]:
    while True:
        try:
            if not parser.check_event():
                return
            event = parser.get_event()
        except (ValueError, OverflowError):
            # PyYAML does not look before it converts numbers.
            message = "an escape or a directive has a number that means nothing"
            raise _refusal(file, parser.index, message) from None
        yield event


_BLANKS_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


class _Open:
    """A sequence or mapping that is not complete yet."""

    __slots__ = ("anchor", "at", "children", "is_mapping", "weight")

    def __init__(self, event: Any, is_mapping: bool) -> None:
        self.at: int = event.start_mark.index
        self.anchor: str | None = event.anchor
        self.is_mapping = is_mapping
        self.children: list[Node] = []
        self.weight = 1

    def close(self) -> Node:
        if not self.is_mapping:
            return Sequence(tuple(self.children), self.at)
        return Mapping(tuple(zip(self.children[::2], self.children[1::2], strict=True)), self.at)


class _Composer:
    """Puts events together. ``weight`` is what a node costs when it is walked through."""

    def __init__(self, file: File, content: str, restore: dict[int, str]) -> None:
        self.file = file
        self.content = content
        self.restore = restore
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.documents: list[Node] = []
        self.expanded = 0

    def compose(self, events: Iterator[Any]) -> list[Node]:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._enter(event)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    container = self.open.pop()
                    self._add(container.close(), container.weight, container.anchor)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.DocumentStartEvent():
                    self.anchors = {}
        return self.documents

    def _scalar(self, event: Any) -> None:
        at, end = event.start_mark.index, event.end_mark.index
        if at == end:
            # What is not there is found where the next thing begins.
            match = _BLANKS_AND_COMMENTS.match(self.content, at)
            at = end = match.end() if match else at
        value = event.value.translate(self.restore) if self.restore else event.value
        if _SURROGATE.search(value):
            raise _refusal(self.file, at, "an escape stands for a half of a character")
        node = Scalar(value, at, end, not event.style and event.tag is None)
        self._add(node, 1 + len(value), event.anchor)

    def _enter(self, event: Any) -> None:
        if len(self.open) == MAX_DEPTH:
            message = f"the YAML is nested more than {MAX_DEPTH} levels deep"
            raise _refusal(self.file, event.start_mark.index, message)
        self.open.append(_Open(event, isinstance(event, yaml.MappingStartEvent)))

    def _alias(self, event: Any) -> None:
        at = event.start_mark.index
        if event.anchor not in self.anchors:
            message = f"alias '*{event.anchor}' has no anchor before it"
            raise _refusal(self.file, at, message, f"mark a value with '&{event.anchor}' first")
        node, weight = self.anchors[event.anchor]
        self.expanded += weight
        if self.expanded > MAX_EXPANDED:
            raise _refusal(self.file, at, "the aliases of the file stand for too much")
        self._add(node, weight, None)

    def _add(self, node: Node, weight: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, weight)
        if self.open:
            self.open[-1].children.append(node)
            self.open[-1].weight += weight
        else:
            self.documents.append(node)


def place(file: File, at: int) -> Span:
    """Return the character at ``at`` as a place; the end of a file is one, too."""
    return Text.verbatim(file, at, at + 1).span(0)
