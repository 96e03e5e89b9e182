"""What a worker has to tell of its part of the inputs, on the way to its parent.

Mostly it is little, and is sent as it is. An event can raise hundreds of
alerts, though, and every line of a file can be no event: beyond some size it
goes through a file.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, assert_never
from uuid import uuid4

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks.sink import Delivery

# How much is kept in memory, in characters, and what everything costs besides its text.
_MOST: Final = 1024 * 1024
_EACH: Final = 100


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a part of an input: counts, and what went wrong when it was read.

    ``lines`` are those of a part with another one behind it.
    """

    lines: int
    events: int
    alerts: int
    skipped: dict[str, int]
    error: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was skipped: its line in the part, and why."""

    number: int
    detail: str


# An alert, as a line or on its way to sinks; what was skipped; the end of a part.
Item: TypeAlias = str | Delivery | Skipped | Finished


@dataclass(frozen=True, slots=True)
class Sent:
    """Everything that was told: the items, and before them those in a file if there is one."""

    items: list[Item]
    path: Path | None

    def received(self) -> Iterator[Item]:
        """Yield the items in order, once: the file is removed then.

        :raises OSError: if the file cannot be read.
        """
        if self.path is not None:
            with self.path.open("rb") as file:
                self.path.unlink()
                while file.peek(1):
                    yield from pickle.load(file)  # noqa: S301 - it was pickled below
        yield from self.items


class Spool:
    """Collects what is to be sent, in a file in a folder where it is much."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._items: list[Item] = []
        self._size = 0

    def add(self, item: Item) -> None:
        """Take an item.

        :raises OutputError: if there is no room for it.
        """
        self._items.append(item)
        self._size += _size(item)
        if self._size > _MOST:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            self._path = self._folder / uuid4().hex
        try:
            with self._path.open("ab") as file:
                pickle.dump(self._items, file)
        except OSError as error:
            raise OutputError(error.strerror or str(error)) from None
        self._items = []
        self._size = 0

    def sent(self) -> Sent:
        """Return what was collected."""
        return Sent(self._items, self._path)


def _size(item: Item) -> int:
    """Return about how much memory an item takes, in characters."""
    match item:
        case str():
            return _EACH + len(item)
        case Delivery():
            fields = sum(_EACH + _length(value) for value in item.alert.output_fields.values())
            return 2 * _EACH + len(item.alert.message) + fields
        case Skipped():
            return _EACH + len(item.detail)
        case Finished():
            return _EACH
        case _:
            assert_never(item)


def _length(value: object) -> int:
    """Return how many characters there are in the value of a field."""
    if isinstance(value, str | bytes):
        return len(value)
    return sum(map(_length, value)) if isinstance(value, tuple) else 0
