"""The paths of a system call, from its PATH and CWD records.

A call that makes, removes or renames something has several PATH records: those
of the directories (PARENT), of what was there (DELETE), of what is there now
(CREATE), and of what was only looked at (NORMAL, or UNKNOWN if it is not there).
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.auditd.records import Fields, integer, text


class Item(NamedTuple):
    """One PATH record: the path as the program gave it, and what happened to it."""

    number: int
    path: str
    kind: str
    fields: Fields


def items(records: Sequence[Fields]) -> list[Item]:
    """Return the PATH records that have a path, in the order in which the kernel looked at them."""
    found: list[Item] = []
    for place, fields in enumerate(records):
        if path := text(fields.get("name")):
            # Before Linux 3.15, "nametype" was "objtype".
            kind = fields.get("nametype") or fields.get("objtype") or "UNKNOWN"
            number = integer(fields.get("item"))
            found.append(Item(place if number is None else number, path, kind, fields))
    found.sort(key=lambda item: item.number)
    return found


def directory_of(path: str) -> str:
    """Return the directory that a path is in.

    >>> directory_of("/etc/shadow"), directory_of("/vmlinuz")
    ('/etc', '/')
    """
    return path.rpartition("/")[0] or "/"


Choose = Callable[[list[Item]], Item | None]


def _of_kind(place: int, *kinds: str) -> Choose:
    """Return what chooses, of the items of some kinds, that at a place."""

    def choose(items: list[Item]) -> Item | None:
        found = [item for item in items if item.kind in kinds]
        return found[place] if -len(found) <= place < len(found) else None

    return choose


def _object(items: list[Item]) -> Item | None:
    """Return what a call with one path is about."""
    found = [item for item in items if item.kind != "PARENT"]
    return found[-1] if found else None


# The part that an item may have in a call, one entry each.
ROLES: Final[dict[str, Choose]] = {
    "object": _object,
    "program": _of_kind(0, "NORMAL", "UNKNOWN"),  # behind it: what interprets it
    "looked_at": _of_kind(0, "NORMAL", "UNKNOWN"),
    "second": _of_kind(1, "NORMAL", "UNKNOWN"),
    "removed": _of_kind(0, "DELETE"),
    "made": _of_kind(-1, "CREATE"),
}
