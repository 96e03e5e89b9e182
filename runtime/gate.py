"""Which rules an event could match, by the values of a few fields, or by its type.

Of the values of fields, two tables remember what was found out: one by the
exact values of the key fields, and behind it one by their classes, in which
values that no rule can tell apart are the same. The number of classes depends
on the rules alone, so nobody can make matching slow by inventing names: before they
are looked up, names are replaced by one that is like them. All tables are
bounded, and cleared when they are full.
"""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.fields import MISSING, Missing
from rulec.runtime.jsontext import text

if TYPE_CHECKING:
    from rulec.runtime.look import MakesLook

_MOST_KEYS: Final = 8192
_MOST_CLASSES: Final = 65536

# Of the values that are not known, every so many-th are remembered.
_REMEMBERED: Final = 8


class Alike(dict[Any, Any]):
    """For each value of a field, one that no gate can tell from it.

    Of names that somebody makes up, a few stand for all others, so what is looked up with
    them is mostly known. ``class_of`` gives the same for texts that are the same to all gates.
    What is no text stands for itself.
    """

    __slots__ = ("_class_of", "_examples", "_misses")

    def __init__(self, class_of: Callable[[str], Any]) -> None:
        super().__init__({None: None, MISSING: MISSING})
        self._class_of = class_of
        self._examples: dict[Any, str] = {}
        self._misses = 0

    def __missing__(self, value: Any) -> Any:
        if type(value) is not str:
            return value
        found = self._examples.setdefault(self._class_of(value), value)
        self._misses += 1
        if self._misses % _REMEMBERED == 0:
            if len(self) >= _MOST_KEYS:
                self.clear()
                self.update({None: None, MISSING: MISSING})
            self[value] = found
        return found


class ByType:
    """The rules that can match an event, by the type that it has under ``name``.

    ``types`` has their numbers for the types that some rule names, and for None if
    an event without a type is different; ``others`` are those for all other types.
    """

    __slots__ = ("_others", "_types", "name")

    def __init__(
        self, name: str, types: Mapping[str | None, tuple[int, ...]], others: tuple[int, ...]
    ) -> None:
        self.name = name
        self._types = types
        self._others = others

    @property
    def asked(self) -> frozenset[str] | None:
        """The types of events that some rule is about; None if a rule is about all others, too."""
        return None if self._others else frozenset(filter(None, self._types))

    def __call__(self, event: Any) -> tuple[int, ...]:
        """Return the numbers of the rules that have to be tried on an event, in order."""
        return self.of(event[self.name])

    def of(self, type_: str | None) -> tuple[int, ...]:
        """Return the numbers for a type of events."""
        return self._types.get(type_, self._others)


class Gate:
    """The rules that can match an event, by the values of its key fields.

    ``key`` gives the values for the views of an event. ``class_of`` gives what
    stands for some values, as texts, ``candidates`` the numbers of the rules
    for them: those whose gates these values open. ``look`` makes the look at a
    document, for sources that have one.

    ``known`` remembers the numbers by the values in a view, ``known_objects`` by
    the values in an event that was decoded before, MISSING where there are none.
    """

    __slots__ = (
        "_by_class",
        "_candidates",
        "_class_of",
        "_misses",
        "_texts",
        "key",
        "known",
        "known_objects",
        "look",
    )

    def __init__(
        self,
        key: Callable[[Any, Any], tuple[Any, ...]],
        class_of: Callable[..., tuple[Any, ...]],
        candidates: Callable[..., tuple[int, ...]],
        look: "MakesLook | None" = None,
    ) -> None:
        self.key = key
        self.look = look
        self._class_of = class_of
        self._candidates = candidates
        self.known: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self.known_objects: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._by_class: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._texts: dict[str, str] = {}  # that are in known keys
        self._misses = 0

    def __call__(self, event: Any) -> tuple[int, ...]:
        """Return the numbers of the rules that have to be tried on an event, in order."""
        key = self.key(event.data, event.audit)
        # Among what a caller may have put into an object, much is equal that has another text.
        return self.look_up(key if _TEXTS.issuperset(map(type, key)) else _as_texts(key))

    def look_up(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """Return the numbers for some values, as a decoder gives them."""
        try:
            found = self.known.get(key)
        except TypeError:  # an object or an array among the values
            found = None
        return self.find(key) if found is None else found

    def find(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """Return the numbers for values that are not known, and remember them perhaps."""
        try:
            found = self._by_class.get(self._class_of(*key))
        except (AttributeError, TypeError):
            found = None
        if found is None:
            # Something new, or no text: the class of that is the class of its text.
            found = self._by_text(_as_texts(key))
            if not all(map(_is_itself, key)):
                return found
        self._remember(self.known, key, found)
        return found

    def find_objects(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """Do the same for values out of an event that was decoded before.

        Where a number may be, the value comes with its type: 1 is equal to true, and 200 to
        200.0, but these are other texts.

        :raises TypeError: if one of them is nothing of that. A caller may have put anything there.
        """
        values = tuple(map(_plain_value, key))
        try:
            found = self._by_class.get(self._class_of(*values))
        except (AttributeError, TypeError):
            found = None
        if found is None:
            texts = tuple(None if value is MISSING else text(value) for value in values)
            found = self._by_text(texts)
            if _TEXTS_OF_OBJECTS.issuperset(map(type, values)):
                self._learn(self._class_of(*values), found)
        self._remember(self.known_objects, key, found)
        return found

    def _remember(
        self,
        known: dict[tuple[Any, ...], tuple[int, ...]],
        key: tuple[Any, ...],
        found: tuple[int, ...],
    ) -> None:
        # What comes again is remembered soon enough, and what does not costs less like this.
        self._misses += 1
        if self._misses % _REMEMBERED == 0:
            if len(known) >= _MOST_KEYS:
                known.clear()
                self._texts.clear()
            # What many keys have in common is one object then, and at hand when it is compared.
            known[tuple(map(self._same, key))] = found

    def _same(self, value: Any) -> Any:
        return self._texts.setdefault(value, value) if type(value) is str else value

    def _by_text(self, texts: tuple[str | None, ...]) -> tuple[int, ...]:
        classes = self._class_of(*texts)
        found = self._by_class.get(classes)
        if found is None:
            found = self._candidates(*texts)
            self._learn(classes, found)
        return found

    def _learn(self, classes: tuple[Any, ...], found: tuple[int, ...]) -> None:
        if len(self._by_class) >= _MOST_CLASSES:
            self._by_class.clear()
        self._by_class[classes] = found


class OpenGate(Gate):
    """A gate that leaves all of so many rules, whatever the event is."""

    __slots__ = ("all",)

    def __init__(self, count: int) -> None:
        self.all = tuple(range(count))
        super().__init__(lambda data, audit: (), lambda: (), lambda: self.all)
        self.known[()] = self.all

    def __call__(self, event: Any) -> tuple[int, ...]:
        """Return the numbers of all rules."""
        return self.all


# The types of what is its own text, or none.
_TEXTS: Final = frozenset({str, NoneType})
_TEXTS_OF_OBJECTS: Final = frozenset({str, Missing})
_SIMPLE: Final = frozenset({str, int, bool, Missing})


def _as_texts(key: tuple[Any, ...]) -> tuple[str | None, ...]:
    return tuple(None if value is None else text(value) for value in key)


def _plain_value(value: Any) -> Any:
    """Return a value of a key without its type.

    :raises TypeError: if it is neither a text nor a number that comes with its type.
    """
    kind = type(value)
    if kind is str or value is MISSING:
        return value
    if kind is tuple and value[0] in _SIMPLE and type(value[1]) is value[0]:
        return value[1]
    raise TypeError(f"{kind.__name__} in place of a text")


def _is_itself(value: Any) -> bool:
    """Return whether a decoder gives nothing that is equal to this, but has another text.

    True is 1, and false is 0.
    """
    return value > 1 if type(value) is int else type(value) in _TEXTS
