"""Values in test files: what YAML stands for, with the values of a matrix filled in.

Plain scalars are what the core schema of YAML 1.2 makes of them, as far as JSON has it: ``true``,
``null`` and numbers; ``yes`` and dates are texts. ``{name}`` in a text is replaced.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from rulec.item_reader import suggest
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence, is_null

# How many values all tests of a file may consist of, with every case of every matrix.
VALUES_LIMIT: Final = 1_000_000

Bindings = Mapping[str, Any]
NO_BINDINGS: Final[Bindings] = {}

_BOOLEANS: Final = {
    spelling: value
    for word, value in (("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_INTEGER: Final = re.compile("[-+]?(?:0|[1-9][0-9]{0,29})")
_DECIMAL: Final = re.compile(
    r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}\.[0-9]{0,30}|[0-9]{1,30}(?=[eE]))(?:[eE][-+]?[0-9]{1,9})?"
)
_PLACEHOLDER: Final = re.compile(r"\{\{([^{}]*)\}\}|\{([^{}]*)\}")


class ValueMistakeError(Exception):
    """A value is wrong. ``node`` is where, ``hint`` says what could be written."""

    def __init__(self, message: str, node: Node, hint: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.hint = hint


def plain(text: str) -> Any:
    """Return what a scalar without quotes stands for.

    >>> [plain(text) for text in ("true", "yes", "12", "012", "1.5", "~", "a b")]
    [True, 'yes', 12, '012', 1.5, None, 'a b']
    """
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and not (text[0] == "0" and text[1:2].isdigit()):
        number = float(text)
        return number if isfinite(number) else text
    return None if is_null(Scalar(text, 0, 0)) else text


def as_text(value: Any) -> str | None:
    """Return a value as it stands in a text; None if it cannot."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            return None


class Values:
    """Makes values of nodes, and counts them: a small file can stand for a lot."""

    def __init__(self) -> None:
        self.made = 0

    def of(self, node: Node, bindings: Bindings = NO_BINDINGS) -> Any:
        """Return the value of a node.

        :raises ValueMistakeError: if it has none.
        """
        self.made += 1
        if self.made > VALUES_LIMIT:
            message = f"the tests of this file consist of more than {VALUES_LIMIT:,} values"
            raise ValueMistakeError(message, node, "use fewer aliases, or a smaller matrix")
        if isinstance(node, Scalar):
            if node.plain and not bindings:
                return plain(node.value)
            found = filled(node, bindings) if bindings else node.value
            return plain(found) if node.plain and found is node.value else found
        if isinstance(node, MappingNode):
            return self._mapping(node, bindings)
        return [self.of(item, bindings) for item in node.items]

    def _mapping(self, node: MappingNode, bindings: Bindings) -> dict[str, Any]:
        found: dict[str, Any] = {}
        under: dict[str, Any] = {}
        for key, value in node.pairs:
            if not isinstance(key, Scalar):
                raise ValueMistakeError("this key is no text", key)
            if key.plain and key.value == "<<":
                under = self._bases(value, bindings) | under
                continue
            if key.value in bindings and len(node.pairs) == 1 and is_null(value):
                hint = f'write "{{{key.value}}}", with quotes'
                raise ValueMistakeError("in YAML, this is a mapping", key, hint)
            name = as_text(filled(key, bindings)) if bindings else key.value
            if name is None:
                raise ValueMistakeError("what is filled in here is no text", key)
            if name in found:
                raise ValueMistakeError(f"{name!r} is written twice", key)
            found[name] = self.of(value, bindings)
        return under | found

    def _bases(self, node: Node, bindings: Bindings) -> dict[str, Any]:
        """Return what a mapping takes over from others, as YAML 1.1 has it; the first one wins."""
        found: dict[str, Any] = {}
        for base in node.items if isinstance(node, Sequence) else (node,):
            value = self.of(base, bindings)
            if not isinstance(value, dict):
                raise ValueMistakeError("only a mapping can be taken over by '<<'", base)
            found = value | found
        return found


def whole_placeholder(text: str) -> str:
    """Return the name that is all of a text, in braces; nothing if there is more, or less.

    >>> whole_placeholder("{verb}"), whole_placeholder("a {verb}")
    ('verb', '')
    """
    found = _PLACEHOLDER.fullmatch(text)
    return (found[2] or "") if found is not None else ""


def filled(node: Scalar, bindings: Bindings) -> Any:
    """Return a text with the values of a matrix in it, or the one that is all of it.

    >>> filled(Scalar("{verb} of {{verb}}", 0, 0), {"verb": "get"})
    'get of {verb}'

    :raises ValueMistakeError: if it asks for what is not in the matrix, but nearly, or no text.
    """
    text = node.value
    if "{" not in text:
        return text
    if (whole := whole_placeholder(text)) in bindings:
        return bindings[whole]

    def fill(found: re.Match[str]) -> str:
        escaped, name = found.groups()
        if escaped is not None:
            return f"{{{escaped}}}" if escaped in bindings else found[0]
        if name not in bindings:
            if hint := suggest(name, bindings):
                raise ValueMistakeError(f"there is no {name!r} in the matrix", node, hint)
            return found[0]
        if (value := as_text(bindings[name])) is None:
            raise ValueMistakeError(f"{name!r} is no text: it cannot be a part of one", node)
        return value

    changed = _PLACEHOLDER.sub(fill, text)
    return text if changed == text else changed


def merged(under: Any, over: Any) -> Any:
    """Return what is given over what is given by default; mappings are merged member by member.

    >>> merged({"user": {"name": "a", "uid": 1}, "verb": "get"}, {"user": {"name": "b"}})
    {'user': {'name': 'b', 'uid': 1}, 'verb': 'get'}
    """
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    return under | {
        key: merged(under[key], value) if key in under else value for key, value in over.items()
    }
