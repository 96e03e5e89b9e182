"""Remember, for the values of a few fields, which rules an event could match.

Two tables: one by the exact values of the key fields, and behind it one by
their classes, in which values that no rule can tell apart are the same. The
number of classes depends on the rules alone, so nobody can make matching slow
by inventing names. Both are bounded, and cleared when they are full.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rulec.runtime.events import SeenEvent
from rulec.runtime.fields import MISSING
from rulec.runtime.jsontext import text

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

    ``key`` gives the values for the views of an event, ``candidates`` the
    numbers of the rules for the values, as texts: they are the rules whose
    gates these values open. ``known`` remembers the numbers by the values.
    """

    __slots__ = ("_by_class", "_candidates", "_keys", "key", "known")

    def __init__(
        self,
        key: Callable[[Any, Any], tuple[Any, ...]],
        keys: tuple[Key, ...],
        candidates: Callable[..., tuple[int, ...]],
    ) -> None:
        self.key = key
        self._keys = keys
        self._candidates = candidates
        self.known: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._by_class: dict[tuple[Any, ...], tuple[int, ...]] = {}

    def __call__(self, event: SeenEvent) -> tuple[int, ...]:
        """Return the numbers of the rules that have to be tried on an event, in order."""
        return self.look_up(tuple(map(_unmistakable, self.key(event.data, event.audit))))

    def look_up(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """Return the numbers for some values, as a decoder gives them, and remember them."""
        try:
            found = self.known.get(key)
        except TypeError:  # an object or an array
            return self._of_class(tuple(map(text, key)))
        if found is None:
            found = self._of_class(tuple(map(text, key)))
            if all(map(_is_itself, key)):
                if len(self.known) >= _MOST_KEYS:
                    self.known.clear()
                self.known[key] = found
        return found

    def _of_class(self, texts: tuple[str | None, ...]) -> tuple[int, ...]:
        classes = tuple(key.class_of(each) for key, each in zip(self._keys, texts, strict=True))
        found = self._by_class.get(classes)
        if found is None:
            found = self._candidates(*texts)
            if len(self._by_class) >= _MOST_CLASSES:
                self._by_class.clear()
            self._by_class[classes] = found
        return found


def _unmistakable(value: Any) -> Any:
    """Return a value of a decoded document that is equal to no value with another text."""
    if type(value) is str:
        return value
    found = text(value)
    return MISSING if found is None else found


def _is_itself(value: Any) -> bool:
    """Return whether a decoder gives nothing that is equal to this, but has another text.

    True is 1, and false is 0.
    """
    if type(value) is int:
        return value > 1
    return type(value) is str or value is MISSING or value is None
