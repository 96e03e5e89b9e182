"""Which keys there are in the items of rules files, and how their values are written.

A role says what a node is for: the kind of an item (``rule``), below it the way down
to a node, with dots before keys and ``[]`` for the elements of a list.
"""

from collections.abc import Mapping
from typing import Final

from rulec.documents import READERS
from rulec.formatting.tree import Collection, Entry, Leaf

PLUGINS: Final = "required_plugin_versions.required_plugin_versions[]"

# The order of keys, by the role of the mapping. Other keys follow as they are written.
ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "list": ("list", "items", "append", "override"),
    "macro": ("macro", "condition", "append", "override"),
    "rule": (
        "rule",
        "desc",
        "condition",
        "exceptions",
        "output",
        "priority",
        "tags",
        "source",
        "enabled",
        "warn_evttypes",
        "skip-if-unknown-filter",
        "capture",
        "capture_duration",
        "append",
        "override",
    ),
    "rule.exceptions[]": ("name", "fields", "comps", "values"),
    PLUGINS: ("name", "version", "alternatives"),
    f"{PLUGINS}.alternatives[]": ("name", "version"),
}

CONDITIONS: Final = frozenset({"rule.condition", "macro.condition"})
OUTPUT: Final = "rule.output"
PROSE: Final = frozenset({"rule.desc", OUTPUT})

# Mappings that are written in braces if they fit on the line, however they were written.
IN_BRACES: Final = frozenset(
    {*(f"{kind}.override" for kind in READERS), f"{PLUGINS}.alternatives[]"}
)
# Mappings that never are.
OPEN: Final = frozenset({"[]", "rule.exceptions[]", PLUGINS})


def kind_of(item: Collection) -> str:
    """Return the kind of an item: the first key that makes it one; nothing if none does."""
    keys = {entry.key.value for entry in item.entries if entry.key}
    return next((kind for kind in READERS if kind in keys), "")


def in_order(role: str, entries: tuple[Entry, ...]) -> list[Entry]:
    """Return the entries of a mapping in the order of its role; equal keys stay in order."""
    order = ORDERS.get(role, ())

    def rank(entry: Entry) -> int:
        key = entry.key.value if entry.key else ""
        return order.index(key) if key in order else len(order)

    return sorted(entries, key=rank)


def changes_others(item: Collection) -> bool:
    """Return whether an item adds to another one, or replaces a part of it."""
    return any(entry.key and entry.key.value in ("append", "override") for entry in item.entries)


def appends_condition(item: Collection) -> bool:
    """Return whether the condition of an item may be appended to that of another one."""
    return changes_others(item) and not _replaces_condition(item)


def _replaces_condition(item: Collection) -> bool:
    for entry in item.entries:
        if entry.key and entry.key.value == "override" and isinstance(entry.value, Collection):
            operations = [
                each.value.value
                for each in entry.value.entries
                if each.key and each.key.value == "condition" and isinstance(each.value, Leaf)
            ]
            return operations == ["replace"]
    return False
