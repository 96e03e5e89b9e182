"""Remember, for the values of a few fields, which rules an event could match.

Two tables: one by the exact values of the key fields, and behind it one by
their classes, in which values that no rule can tell apart are the same. The
number of classes depends on the rules alone, so nobody can make matching slow
by inventing names. Both are bounded, and cleared when they are full.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rulec.runtime.events import Event

_MOST_KEYS: Final = 8192
_MOST_CLASSES: Final = 65536


@dataclass(frozen=True, slots=True)
class Key:
    """What the rules know of the values of a key field.

    ``constants`` are those that some rule names. ``signature`` gives for any
    other value the answers to everything else that rules ask about it.
    """

    constants: frozenset[str]
    signature: Callable[[str], tuple[bool, ...]] | None = None

    def class_of(self, value: str | None) -> Any:
        """Return what stands for a value: itself, or what it has in common with others."""
        if value is None or value in self.constants:
            return value
        return () if self.signature is None else self.signature(value)


class Gate:
    """The rules that can match an event, by the values of its key fields.

    ``key`` gives the values for an event, ``candidates`` the numbers of the
    rules for the values: they are the rules whose gates these values open.
    """

    __slots__ = ("_by_class", "_by_key", "_candidates", "_keys", "key")

    def __init__(
        self,
        key: Callable[[Event], tuple[str | None, ...]],
        keys: tuple[Key, ...],
        candidates: Callable[..., tuple[int, ...]],
    ) -> None:
        self.key = key
        self._keys = keys
        self._candidates = candidates
        self._by_key: dict[tuple[str | None, ...], tuple[int, ...]] = {}
        self._by_class: dict[tuple[Any, ...], tuple[int, ...]] = {}

    def __call__(self, event: Event) -> tuple[int, ...]:
        """Return the numbers of the rules that have to be tried on an event, in order."""
        key = self.key(event)
        found = self._by_key.get(key)
        return self._looked_up(key) if found is None else found

    def _looked_up(self, key: tuple[str | None, ...]) -> tuple[int, ...]:
        classes = tuple(known.class_of(value) for known, value in zip(self._keys, key, strict=True))
        found = self._by_class.get(classes)
        if found is None:
            found = self._candidates(*key)
            if len(self._by_class) >= _MOST_CLASSES:
                self._by_class.clear()
            self._by_class[classes] = found
        if len(self._by_key) >= _MOST_KEYS:
            self._by_key.clear()
        self._by_key[key] = found
        return found
