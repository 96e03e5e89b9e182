"""What a worker has to tell of its part of the inputs, on the way to its parent.

Mostly it is little, and is sent as it is. An event can raise hundreds of
alerts, though, and every line of a file can be no event: beyond some size it
goes through a file.
"""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, assert_never
from uuid import uuid4

from rulec.runtime.alert import Alert
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
            with self.path.open(encoding="ascii") as file:
                self.path.unlink()
                for line in file:
                    yield _item(json.loads(line))
        yield from self.items


class Parcel:
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
            with self._path.open("a", encoding="ascii") as file:
                file.writelines(f"{json.dumps(_row(item))}\n" for item in self._items)
        except OSError as error:
            raise OutputError(error.strerror or str(error)) from None
        self._items = []
        self._size = 0

    def sent(self) -> Sent:
        """Return what was collected."""
        return Sent(self._items, self._path)


# An item in the file is one line of JSON, in ASCII: text that was no UTF-8 is kept, too.


def _row(item: Item) -> tuple[Any, ...]:
    match item:
        case str():
            return ("line", item)
        case Delivery(alert, name):
            return ("delivery", name, *(getattr(alert, field) for field in Alert.__struct_fields__))
        case Skipped():
            return ("skipped", *astuple(item))
        case Finished():
            return ("finished", *astuple(item))
        case _:
            assert_never(item)


def _item(row: list[Any]) -> Item:
    match row:
        case ["line", str(line)]:
            return line
        case ["delivery", name, *fields]:
            return Delivery(Alert(*map(_value, fields)), name)
        case ["skipped", *fields]:
            return Skipped(*fields)
        case ["finished", *fields]:
            return Finished(*fields)
        case _:
            raise ValueError(f"nothing that was written begins with {row[0]!r}")


def _value(value: Any) -> Any:
    """Return what was written: sequences in alerts are tuples."""
    if isinstance(value, dict):
        return {name: _value(each) for name, each in value.items()}
    return tuple(map(_value, value)) if isinstance(value, list) else value


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
