"""New names for rules, macros and lists, in all files that mention them.

A new name must not change what the rules mean, so it is refused if it is in use,
or if a list of that name would be put in the place of words that mean something else.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rulec.lsp.naming import Kind, naming
from rulec.lsp.navigation import Target, occurrences
from rulec.lsp.structure import structure
from rulec.operators import MODIFIERS, OPERATORS
from rulec.text import File
from rulec.transformers import TRANSFORMERS
from rulec.yaml_nodes import boolean

RENAMED: Final = frozenset({Kind.RULE, Kind.MACRO, Kind.LIST})

_RESERVED: Final = frozenset({"and", "or", "not", "val", *OPERATORS, *MODIFIERS, *TRANSFORMERS})
_MACRO: Final = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")
_LIST: Final = re.compile(r"[a-zA-Z_][\w.-]*")
# What needs no quotes in YAML, wherever it stands.
_PLAIN: Final = re.compile(r"[a-zA-Z0-9_/(](?:[\w ./()+-]*[\w)])?")
_NUMBER: Final = re.compile(r"[-+.0-9][-+.0-9a-fA-FxXoOeE_]*")


class RenameError(ValueError):
    """Something cannot be renamed; the text says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """New text for the characters of a file from ``start`` to ``end``."""

    file: File
    start: int
    end: int
    text: str


def rename(files: Sequence[File], target: Target, new: str) -> list[Change]:
    """Return what has to be changed to give something another name.

    :raises RenameError: if it cannot have that name, or not all places are known.
    """
    if new == target.name:
        return []
    for file in files:
        if not structure(file).is_whole:
            raise RenameError(f"{file.name} cannot be read as it stands, so a name may be missed")
    _CHECKS[target.kind](files, new)
    found = list(occurrences(files, target.kind, target.name))
    if not any(occurrence.defines or occurrence.changes for occurrence in found):
        raise RenameError(f"there is no {target.kind.value} {target.name!r} in these files")
    changes: dict[tuple[str, int], Change] = {}
    for each in found:
        if each.place is None:
            raise RenameError(f"a place in {each.file.name} cannot be edited: write it on one line")
        start, end = each.place
        text = _written(each.file, start, end, new)
        changes[each.file.name, start] = Change(each.file, start, end, text)
    return list(changes.values())


def _written(file: File, start: int, end: int, new: str) -> str:
    """Return a name as it is written in the place of another."""
    quote = file.content[start - 1 : start]
    if quote == file.content[end : end + 1] and quote in ("'", '"'):
        return new.replace("'", "''") if quote == "'" else _quoted(new)[1:-1]
    is_word = boolean(new) is not None or new.lower() in ("null", "~")
    if _PLAIN.fullmatch(new) and not _NUMBER.fullmatch(new) and not is_word:
        return new
    return _quoted(new)


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _check_rule(files: Sequence[File], new: str) -> None:
    if not new.strip() or new != new.strip() or not new.isprintable():
        raise RenameError("the name of a rule is a line of text without blanks around it")
    _check_free(files, Kind.RULE, new)


def _check_macro(files: Sequence[File], new: str) -> None:
    if not _MACRO.fullmatch(new) or new in _RESERVED:
        raise RenameError("the name of a macro is a letter, then letters, digits and '_'")
    _check_free(files, Kind.MACRO, new)
    if any(_uses(file, Kind.MACRO, new) for file in files):
        raise RenameError(f"a condition already says {new!r}")
    if any(_uses(file, Kind.LIST, new) for file in files):
        raise RenameError(f"there is a list {new!r}, which would take the place of the macro")


def _check_list(files: Sequence[File], new: str) -> None:
    if not _LIST.fullmatch(new) or new in _RESERVED:
        raise RenameError("the name of a list is a letter, then letters, digits, '_', '.' and '-'")
    _check_free(files, Kind.LIST, new)
    for file in files:
        if new in naming(file).list_words:
            raise RenameError(f"{new!r} is a word of a condition or a list in {file.name}")


def _check_free(files: Sequence[File], kind: Kind, new: str) -> None:
    for file in files:
        for mention in naming(file).of(kind, new):
            if mention.defines or mention.changes:
                raise RenameError(f"there is a {kind.value} {new!r} in {file.name}")


def _uses(file: File, kind: Kind, name: str) -> bool:
    return next(naming(file).of(kind, name), None) is not None


_CHECKS: Final[Mapping[Kind, Callable[[Sequence[File], str], None]]] = {
    Kind.RULE: _check_rule,
    Kind.MACRO: _check_macro,
    Kind.LIST: _check_list,
}
