"""From the tree of a rules file to its text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rulec.formatting.conditions import laid_out
from rulec.formatting.keys import (
    CONDITIONS,
    IN_BRACES,
    OPEN,
    OUTPUT,
    PROSE,
    appends_condition,
    changes_others,
    in_order,
    kind_of,
)
from rulec.formatting.texts import Block, block, folded, is_plain, is_text, written
from rulec.formatting.tree import (
    Alias,
    Collection,
    Comment,
    Document,
    Entry,
    Leaf,
    Node,
    Page,
    has_anchors,
    has_comments,
)
from rulec.phrases import WHITE

# No line is longer, if it can be broken.
WIDTH: Final = 100
INDENT: Final = 2


def page_text(page: Page) -> str:
    """Return the text of a page, in which each line ends with a line feed."""
    lines: list[str] = []
    for number, document in enumerate(page.documents):
        _add_document(lines, document, first=number == 0)
    _add_comments(lines, page.tail)
    return "".join(f"{line}\n" for line in lines)


def _add_document(lines: list[str], document: Document, *, first: bool) -> None:
    """Add the lines of a document, which are those of its items if it has some."""
    _add_comments(lines, document.before)
    entry = document.entry
    is_list = isinstance(entry.value, Collection) and not entry.value.is_mapping
    body = _node(entry.value, _Place(0, len("--- "), ""))
    marked = document.explicit or not first or (is_list and body.header != "")
    if marked and not first and not document.before:
        lines.append("")
    if document.directives:
        lines += [*([] if first else ["..."]), *document.directives]
    if marked:
        lines.append(_with_comment(f"--- {body.header}".rstrip(), entry.behind))
    else:
        lines += [body.header] if body.header else []
        _add_comments(lines, [entry.behind] if entry.behind else [])
    if not (is_list and isinstance(entry.value, Collection) and body.lines):
        lines += body.lines
        return
    items = _items(entry.value)
    lines += [""] if lines and not marked else []
    lines += items


def _items(collection: Collection) -> list[str]:
    """Return the lines of items, with blank ones between them."""
    lines: list[str] = []
    for item in collection.entries:
        _add_comments(lines, item.before)
        if lines and (item.spaced or not item.before):
            lines.append("")
        lines += _element(item, _Place(0, 0, ""), before=False)
    _add_comments(lines, collection.tail)
    return lines


def _add_comments(lines: list[str], comments: Sequence[Comment]) -> None:
    """Add comments in their paragraphs, the first of which is one in any case."""
    for number, comment in enumerate(comments):
        if lines and (comment.spaced or number == 0):
            lines.append("")
        lines.append(comment.text)


# --- nodes ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node is put: the column of lines of its own, and the characters before it.

    ``exact`` is whether each character of a condition or an output counts; ``appended``
    is whether a condition is one that may be appended to another.
    """

    column: int
    before: int
    role: str
    exact: bool = False
    appended: bool = False

    @property
    def room(self) -> int:
        return WIDTH - self.before

    @property
    def width(self) -> int:
        return max(WIDTH - self.column, WIDTH // 2)


def _node(node: Node, place: _Place) -> Block:
    match node:
        case Alias(text):
            return Block(text, [])
        case Leaf():
            return _leaf(node, place)
        case Collection():
            flat = _flow(node) if _may_flow(node, place.role) else None
            if flat is not None and len(flat) <= place.room:
                return Block(flat, [])
            entries = _mapping(node, place) if node.is_mapping else _sequence(node, place)
            return Block(node.properties, list(entries))


def _may_flow(node: Collection, role: str) -> bool:
    """Return whether a collection is written in brackets or braces if it fits on the line."""
    if not node.entries:
        return True
    if node.is_mapping:
        return role in IN_BRACES or (node.flow and role not in OPEN)
    # Rows of a table stand below each other, but each of them may have lists in it.
    return role.endswith("[]") or not any(isinstance(e.value, Collection) for e in node.entries)


def _flow(node: Node) -> str | None:
    """Return a node in flow style, if it can be written like that."""
    match node:
        case Alias(text):
            return text
        case Leaf():
            # What is not there cannot be seen between commas.
            return written(node, flow=True) or None
    if has_comments(node):
        return None
    parts: list[str] = []
    for entry in node.entries:
        flat = _flow(entry.value)
        if flat is None:
            return None
        parts.append(f"{written(entry.key, flow=True)}: {flat}" if entry.key else flat)
    inner = ", ".join(parts)
    return f"{node.properties} {f'{{{inner}}}' if node.is_mapping else f'[{inner}]'}".strip()


def _mapping(node: Collection, place: _Place) -> Iterator[str]:
    role = place.role
    if role == "[]":
        role = kind_of(node)
    # An alias must stay behind its anchor.
    entries = list(node.entries) if has_anchors(node) else in_order(role, node.entries)
    exact, appended = changes_others(node), appends_condition(node)
    for entry in entries:
        assert entry.key is not None
        key = written(entry.key, flow=False)
        before = place.column + len(key) + 2
        inner = f"{role}.{entry.key.value}"
        body = _node(entry.value, _Place(place.column + INDENT, before, inner, exact, appended))
        yield from _texts(entry.before)
        yield _with_comment(f"{key}: {body.header}".rstrip(), entry.behind)
        yield from _indented(body.lines)
    yield from _texts(node.tail)


def _sequence(node: Collection, place: _Place) -> Iterator[str]:
    for entry in node.entries:
        yield from _element(entry, place)
    yield from _texts(node.tail)


def _element(entry: Entry, place: _Place, *, before: bool = True) -> Iterator[str]:
    """Yield the lines of an element of a list; ``before`` is whether with those comments."""
    column = place.column + INDENT
    body = _node(entry.value, _Place(column, column, f"{place.role}[]"))
    comments = list(_texts(entry.before)) if before else []
    if body.header or not isinstance(entry.value, Collection):
        yield from comments
        yield _with_comment(f"- {body.header}".rstrip(), entry.behind)
        yield from _indented(body.lines)
        return
    # A block begins on the line of the dash; comments before its first entry cannot.
    lines = body.lines
    while lines and lines[0].startswith("#"):
        comments.append(lines.pop(0))
    yield from comments
    yield from [entry.behind.text] if entry.behind else []
    yield f"- {lines[0]}"
    yield from _indented(lines[1:])


def _leaf(leaf: Leaf, place: _Place) -> Block:
    if not leaf.properties and place.role in CONDITIONS:
        appended = place.appended
        lines = laid_out(leaf.value, place.room, place.width, appended=appended)
        if lines is not None:
            (line, *more) = lines
            fits = not more and len(line) <= place.room
            inline = fits and is_plain(line, flow=False) and is_text(line)
            return Block(line, []) if inline else Block(">", lines)
    if not leaf.properties and place.role == OUTPUT and not place.exact:
        text = leaf.value.strip(WHITE)
        if text and "\n" not in text:
            inline_text = written(Leaf(text, leaf.style, leaf.raw), flow=False)
            fits = len(inline_text) <= place.room
            found = None if fits else folded(f"{text}\n", place.width)
            return found or Block(inline_text, [])
    return _text(leaf, place)


def _text(leaf: Leaf, place: _Place) -> Block:
    """Write a text of which each character counts."""
    inline = written(leaf, flow=False)
    in_block, one_line = leaf.style in ("|", ">"), "\n" not in leaf.value
    broken = in_block or "\n" in leaf.raw
    fits = len(inline) <= place.room
    may_break = broken or place.role in PROSE
    if not may_break or (fits and (one_line or not broken)):
        return Block(inline, [])
    found = folded(leaf.value, place.width) or (None if one_line else block(leaf))
    if found is None:
        return Block(inline, [])
    return Block(f"{leaf.properties} {found.header}".strip(), found.lines)


# --- lines ----------------------------------------------------------------------------


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"{' ' * INDENT}{line}" if line else "" for line in lines)


def _texts(comments: Iterable[Comment]) -> Iterator[str]:
    return (comment.text for comment in comments)


def _with_comment(line: str, comment: Comment | None) -> str:
    return f"{line}  {comment.text}" if comment else line
