"""Whether two texts of a rules file mean the same, besides where things stand.

This knows nothing of how files are formatted: both are read as any rules file is, and
what was read is compared. Conditions may differ in blanks and in parentheses that mean
nothing, outputs in the blanks around them, and the order of keys does not matter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rulec import yaml_nodes
from rulec.definitions import Definitions, define
from rulec.diagnostics import ProblemError
from rulec.documents import READERS, items_of
from rulec.exceptions import fold_exceptions
from rulec.formatting.sameness import same_meaning, same_nonsense
from rulec.items import Reading
from rulec.lists import Lists, expand_lists
from rulec.operators import words
from rulec.phrases import WHITE
from rulec.runtime.sources import SOURCES
from rulec.text import File, Text
from rulec.yaml_nodes import Node, Scalar, Sequence

# Nodes that have been compared: with aliases, the same ones are met again and again.
_Seen: TypeAlias = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Contents:
    """A file that has been read: its YAML, and the items in that."""

    documents: tuple[Node, ...]
    readings: tuple[Reading, ...]

    @classmethod
    def of(cls, file: File, documents: Iterable[Node]) -> "Contents":
        """Read the items in the documents of a file."""
        documents = tuple(documents)
        return cls(documents, items_of(file, documents))


def same_rules(old: Contents, new: Contents) -> bool:
    """Return whether two files define the same."""
    if len(old.documents) != len(new.documents):
        return False
    seen: _Seen = set()
    pairs = zip(old.documents, new.documents, strict=True)
    return all(_same_documents(*pair, seen) for pair in pairs) and _same_definitions(old, new)


# --- as it is written -----------------------------------------------------------------


def _same_documents(old: Node, new: Node, seen: _Seen) -> bool:
    if not (isinstance(old, Sequence) and isinstance(new, Sequence)):
        return _same(old, new, seen)
    return len(old.items) == len(new.items) and all(
        _same_items(one, two, seen) for one, two in zip(old.items, new.items, strict=True)
    )


def _same_items(old: Node, new: Node, seen: _Seen) -> bool:
    """Compare items, in which some texts may be written with other blanks."""
    if not (isinstance(old, yaml_nodes.Mapping) and isinstance(new, yaml_nodes.Mapping)):
        return _same(old, new, seen)
    kind = next((kind for kind in READERS if kind in old), "")
    # What is appended to an output begins and ends as it is written.
    whole = kind == "rule" and "override" not in old
    pairs = list(_paired(old, new))
    return len(old.pairs) == len(pairs) == len(new.pairs) and all(
        _same_values(key, kind, whole, one, two, seen) for key, one, two in pairs
    )


def _same_values(key: str, kind: str, whole: bool, old: Node, new: Node, seen: _Seen) -> bool:
    if isinstance(old, Scalar) and isinstance(new, Scalar) and old.is_null == new.is_null:
        if key == "condition" and kind in ("rule", "macro"):
            return same_meaning(old.value, new.value)
        if key == "output" and whole:
            return old.value.strip(WHITE) == new.value.strip(WHITE)
    return _same(old, new, seen)


def _paired(old: yaml_nodes.Mapping, new: yaml_nodes.Mapping) -> Iterator[tuple[str, Node, Node]]:
    """Yield the values of equal keys, where both mappings have the same keys."""
    for (one, left), (two, right) in zip(_sorted(old), _sorted(new), strict=False):
        if one == two:
            yield one, left, right


def _sorted(mapping: yaml_nodes.Mapping) -> list[tuple[str, Node]]:
    pairs = [(k.value if isinstance(k, Scalar) else "", value) for k, value in mapping.pairs]
    return sorted(pairs, key=lambda pair: pair[0])


def _same(old: Node, new: Node, seen: _Seen) -> bool:
    if (id(old), id(new)) in seen:
        return True
    seen.add((id(old), id(new)))
    match old, new:
        case Scalar(), Scalar():
            return (old.value, old.is_null) == (new.value, new.is_null)
        case Sequence(), Sequence():
            return len(old.items) == len(new.items) and all(
                _same(one, two, seen) for one, two in zip(old.items, new.items, strict=True)
            )
        case yaml_nodes.Mapping(), yaml_nodes.Mapping():
            pairs = list(_paired(old, new))
            return len(old.pairs) == len(pairs) == len(new.pairs) and all(
                _same(one, two, seen) for _, one, two in pairs
            )
        case _:
            return False


# --- as it is defined -----------------------------------------------------------------


def _same_definitions(old: Contents, new: Contents) -> bool:
    """Compare what is appended, with the lists of the file and the exceptions in it."""
    ours, theirs = _definitions(old), _definitions(new)
    if ours.keys() != theirs.keys():
        return False
    return all(_same_conditions(text, theirs[key]) for key, text in ours.items())


def _definitions(contents: Contents) -> Mapping[Any, str]:
    definitions, _ = define(Definitions(), contents.readings, sources=SOURCES, operators=words())
    texts, _ = expand_lists(definitions.lists)
    lists = Lists(texts)
    found: dict[Any, str] = {("output", r.name): str(r.output) for r in definitions.rules.values()}
    for macro in definitions.macros.values():
        found["macro", macro.name] = _substituted(lists, macro.condition)
    for rule in definitions.rules.values():
        found["rule", rule.name] = _substituted(lists, fold_exceptions(rule)[0])
    return found


def _substituted(lists: Lists, condition: Text) -> str:
    try:
        return str(lists.substitute(condition)[0])
    except ProblemError as error:
        return error.problem.kind


def _same_conditions(old: str, new: str) -> bool:
    # Lists can turn a condition into something else than one.
    return same_meaning(old, new) or same_nonsense(old, new)
