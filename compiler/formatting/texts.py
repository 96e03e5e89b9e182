"""How a text is written in YAML: plain, in quotes, folded or literal.

All that is written here stands for exactly the text that it is made of.
"""

import re
from typing import Final, NamedTuple

from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from rulec.formatting.filling import filled
from rulec.formatting.tree import Leaf

# Where a plain text may begin, and what it must not have in it. What has a meaning only
# in flow style is avoided there only.
_PLAIN: Final = re.compile(r"(?![-?:](?:\s|$))[^\s,\[\]{}#&*!|>'\"%@`](?:.*\S)?")
_PLAIN_FLOW: Final = re.compile(r"[^?:,\[\]{}]((?!:[,\[\]{}])[^?,\[\]{}])*")
_NOT_PLAIN: Final = re.compile(r":(?:\s|$)|\s#|\t|^(?:---|\.\.\.)(?:\s|$)")

# Lines of a folded text are joined by one blank, so that is where it can be broken.
_BREAK: Final = re.compile(r"(?<=[^ \t]) (?=[^ \t])")
_HEADER: Final = re.compile(r"[^\n]*\n?")

_ESCAPES: Final = {
    '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\a": "\\a",
    "\v": "\\v", "\f": "\\f", "\x1b": "\\e", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L",
    "\u2029": "\\P",
}  # fmt: skip


class Block(NamedTuple):
    """A text on lines of its own, which are not indented yet, and what stands before them."""

    header: str
    lines: list[str]


def is_plain(text: str, flow: bool) -> bool:
    """Return whether a text can be written without quotes.

    >>> is_plain("a: b", False), is_plain("a, b", False), is_plain("a, b", True)
    (False, True, False)
    """
    if not text.isprintable() or not _PLAIN.fullmatch(text) or _NOT_PLAIN.search(text):
        return False
    return not flow or _PLAIN_FLOW.fullmatch(text) is not None


def written(leaf: Leaf, flow: bool) -> str:
    """Return a text on one line, with its anchor and tag."""
    return f"{leaf.properties} {_written(leaf, flow)}".strip()


def _written(leaf: Leaf, flow: bool) -> str:
    text = leaf.value
    if not leaf.style and leaf.raw == text and (not flow or is_plain(text, flow)):
        return text  # also if it is null, or looks like nothing we would write
    # Quotes say that something is a text that looks like a number, for example.
    bare = not leaf.tagged and (leaf.plain or is_text(text))
    return text if bare and is_plain(text, flow) else in_quotes(text)


def is_text(value: str) -> bool:
    """Return whether YAML, with or without the types of YAML 1.1, takes this for a text."""
    tag = _RESOLVER.resolve(ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return tag == "tag:yaml.org,2002:str" and not _OTHER_TYPES.fullmatch(value)


_RESOLVER: Final = Resolver()
_NUMBER: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_OTHER_TYPES: Final = re.compile(rf"[yYnN]|0o[0-7]+|{_NUMBER}")


def in_quotes(text: str) -> str:
    r"""Return a text in quotes: double ones, unless that means to escape what is printable.

    >>> print(in_quotes("a: b"), in_quotes('"a"'), in_quotes("a\t'b'"))
    "a: b" '"a"' "a\t'b'"
    """
    if text.isprintable():
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def folded(text: str, width: int) -> Block | None:
    """Return a text of one paragraph as a folded block, if it can be one."""
    body = text.removesuffix("\n")
    if not body or "\n" in body or body != body.strip(" \t") or not _is_clean(body):
        return None
    header = ">" if text.endswith("\n") else ">-"
    return Block(header, filled(_BREAK.split(body), width))


def block(leaf: Leaf) -> Block | None:
    """Return a text of several lines as a block with the same lines, if it can be one."""
    text = leaf.value
    body = text.removesuffix("\n")
    lines = body.split("\n")
    if not _is_clean(body.replace("\n", "")) or not lines[0].strip(" \t") or not lines[-1]:
        return None
    ending = "" if text.endswith("\n") else "-"
    if leaf.style == ">" and (raw := _lines_of_folded(leaf.raw)):
        return Block(f">{ending}", raw)
    # A blank at its beginning would be taken for the indentation.
    return None if text[0] in " \t" else Block(f"|{ending}", lines)


def _lines_of_folded(raw: str) -> list[str]:
    """Return the lines of a folded block without indentation, if that can be seen."""
    header = _HEADER.match(raw)
    assert header is not None
    first, *rest = raw[header.end() :].rstrip("\n").split("\n")
    indent = len(first) - len(first.lstrip(" "))
    lines = [line[indent:] if line.strip(" ") else "" for line in (first, *rest)]
    unclear = re.search(r"\d", header[0].split("#")[0]) or not first.strip()
    return [] if unclear or lines[0][0] == "\t" or not lines[-1] else lines


def _is_clean(text: str) -> bool:
    """Return whether a text has nothing that a file should not have in it as it is."""
    return text.replace("\t", "").isprintable()
