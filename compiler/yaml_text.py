"""Where the characters of a YAML scalar stand in the file.

YAML folds lines, drops indentation and decodes escapes, so the value of a
scalar is not a part of the file; but pieces of it are, and what YAML made of
the rest is known to come from what stands between them.
"""

import re
from collections.abc import Iterator

from rulec.text import File, Piece, Text
from rulec.yaml_nodes import Scalar

# An anchor ends before what cannot be a part of its name, which need not be a blank.
_PROPERTIES = re.compile(r"(?:(?:&[0-9A-Za-z_-]*|!\S*)(?:[ \t\r\n]+|#[^\n]*)*)*")


def text_of(file: File, scalar: Scalar) -> Text:
    """Return the value of a scalar, each character with its place in the file.

    >>> file = File("rules.yaml", "- a:  >\\n    b\\n    c")
    >>> text = text_of(file, Scalar("b c", 6, 19, plain=False))
    >>> str(text), text.span(2, 3).position
    ('b c', (3, 5))
    """
    value = scalar.value
    properties = _PROPERTIES.match(file.content, scalar.at, scalar.end)
    at = properties.end() if properties else scalar.at
    style = file.content[at : at + 1]
    whole = style not in ("|", ">", "'", '"') and file.content.startswith(value, at)
    if whole or not value:
        return Text((Piece(value, file, at),))
    find = _block if style in ("|", ">") else _flow
    pieces = _joined(file, find(file, value, at, scalar.end))
    if "".join(piece.characters for piece in pieces) == value:
        return Text(tuple(pieces))
    return Text((Piece(value, file, scalar.at, verbatim=False, width=1),))


_HEADER = re.compile(r"[|>][^\n]*\n?")
_WORD = re.compile(r"([ \t\r\n]*)([^ \t\r\n]*)")
_BLANKS = re.compile(r"[ \t\r\n]*")


def _block(file: File, value: str, at: int, end: int) -> Iterator[Piece]:
    """Find the words of a literal or folded text one after the other."""
    raw = file.content
    header = _HEADER.match(raw, at, end)
    at = header.end() if header else at
    for match in _WORD.finditer(value):
        blanks, word = match.groups()
        if not raw.startswith(blanks + word, at):
            yield Piece(blanks, file, at, verbatim=False, width=1)
            gap = _BLANKS.match(raw, at, end)
            at = gap.end() if gap else at
            blanks = ""
        if not raw.startswith(blanks + word, at):
            return
        yield Piece(blanks + word, file, at)
        at += len(blanks) + len(word)


_BREAK = r"(?:\r\n|\r|\n)"
_FOLD = rf"(?P<fold>[ \t]*{_BREAK}(?:[ \t]|{_BREAK})*)"
_JOIN = rf"(?P<join>\\{_BREAK}(?:[ \t]|{_BREAK})*)"
_ESCAPE = r"(?P<escape>\\(?:x..|u.{4}|U.{8}|.))"
_TOKENS = {
    '"': re.compile(rf"{_JOIN}|{_ESCAPE}|{_FOLD}|[^\\ \t\r\n]+|[ \t]+", re.DOTALL),
    "'": re.compile(rf"(?P<escape>'')|{_FOLD}|[^' \t\r\n]+|[ \t]+"),
    "": re.compile(rf"{_FOLD}|[^ \t\r\n]+|[ \t]+"),
}
_BREAKS = re.compile(_BREAK)


def _flow(file: File, value: str, at: int, end: int) -> Iterator[Piece]:
    """Read a plain or quoted text once more, to see how long each part of its value is."""
    style = file.content[at : at + 1]
    quoted = style in ("'", '"')
    if quoted:
        at, end = at + 1, end - 1
    done = 0
    for match in _TOKENS[style if quoted else ""].finditer(file.content, at, end):
        kind, part = match.lastgroup, match[0]
        if kind is None:
            yield Piece(part, file, match.start())
            done += len(part)
            continue
        length = 1
        if kind in ("fold", "join"):
            breaks = len(_BREAKS.findall(part))
            # A single line break is folded to a blank, or to nothing behind a backslash.
            length = breaks - 1 if breaks > 1 or kind == "join" else 1
        characters = value[done : done + length]
        yield Piece(characters, file, match.start(), verbatim=False, width=len(part))
        done += length


def _joined(file: File, pieces: Iterator[Piece]) -> list[Piece]:
    """Put together what stands together, and drop what is empty."""
    joined: list[Piece] = []
    start = end = 0  # the verbatim characters that have not been put into a piece yet
    for piece in pieces:
        if piece.verbatim and piece.offset == end:
            end += len(piece.characters)
            continue
        if start < end:
            joined.append(Piece(file.content[start:end], file, start))
        start = end = piece.offset
        if piece.verbatim:
            end += len(piece.characters)
        elif piece.characters:
            joined.append(piece)
    if start < end:
        joined.append(Piece(file.content[start:end], file, start))
    return joined
