"""Who uses what: the macros and the lists that rules, macros and lists name, and where.

Only what is named directly counts as used; ``everything`` follows the names. The text of a
condition decides, with its exceptions and before lists are replaced: that is where Falco looks.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from rulec.definitions import Definitions, ListDefinition, MacroDefinition
from rulec.diagnostics import ProblemError
from rulec.exceptions import fold_exceptions
from rulec.items import Rule
from rulec.lists import Lists, expand_lists
from rulec.parse import parse_condition
from rulec.resolve import references
from rulec.text import Span, Text
from rulec.yaml_reader import place

_WORD: Final = re.compile(r"[^ \t\n\r(),=]+")


class Kind(Enum):
    """What can be defined."""

    RULE = "rule"
    MACRO = "macro"
    LIST = "list"


class Item(NamedTuple):
    """Something that is defined, by its name."""

    kind: Kind
    name: str


class Use(NamedTuple):
    """A name that stands for a macro or a list, and the place where it stands."""

    item: Item
    span: Span


@dataclass(frozen=True)
class Dependencies:
    """Which items use which; each is looked at when it is first asked for.

    Of the rules, only those in ``rules`` are there, if that is given.
    """

    definitions: Definitions
    rules: Collection[str] | None = None
    _uses: dict[Item, tuple[Use, ...]] = field(default_factory=dict, init=False)
    _users: dict[Item, list[Use]] = field(default_factory=dict, init=False)
    _lists: Lists = field(init=False)
    _rules: Mapping[str, Rule] = field(init=False)

    def __post_init__(self) -> None:
        chosen = self.rules
        rules = self.definitions.rules.items()
        found = {name: rule for name, rule in rules if chosen is None or name in chosen}
        object.__setattr__(self, "_rules", found)
        object.__setattr__(self, "_lists", Lists(expand_lists(self.definitions.lists)[0]))

    def __contains__(self, item: Item) -> bool:
        return item.name in self._table(item.kind)

    def items(self, kind: Kind) -> Iterator[Item]:
        """Yield all items of a kind, in order."""
        return (Item(kind, name) for name in self._table(kind))

    def place(self, item: Item) -> Span:
        """Return where an item is defined."""
        last = self._table(item.kind)[item.name].context[-1]
        return place(last.file, last.at)

    def uses(self, item: Item) -> tuple[Use, ...]:
        """Return what an item names, in order, each name once."""
        if item not in self._uses:
            found: dict[Item, Use] = {}
            for use in self._named(item):
                found.setdefault(use.item, use)
            self._uses[item] = tuple(found.values())
        return self._uses[item]

    def everything(self, item: Item) -> tuple[Item, ...]:
        """Return all that an item uses, and what that uses, in the order of a first look."""
        found: dict[Item, None] = {}
        pending = [use.item for use in reversed(self.uses(item))]
        while pending:
            if (used := pending.pop()) not in found:
                found[used] = None
                pending += [use.item for use in reversed(self.uses(used))]
        return tuple(found)

    def users(self, item: Item) -> tuple[Use, ...]:
        """Return the items that name an item, in order, each with the place where."""
        if not self._users:
            for kind in Kind:
                for other in self.items(kind):
                    for use in self.uses(other):
                        self._users.setdefault(use.item, []).append(Use(other, use.span))
        return tuple(self._users.get(item, ()))

    def unused(self) -> Iterator[Item]:
        """Yield the macros and lists that no rule uses, also not by way of others."""
        used = {item for rule in self.items(Kind.RULE) for item in self.everything(rule)}
        for kind in (Kind.MACRO, Kind.LIST):
            yield from (item for item in self.items(kind) if item not in used)

    def _table(self, kind: Kind) -> Mapping[str, Rule | MacroDefinition | ListDefinition]:
        match kind:
            case Kind.RULE:
                return self._rules
            case Kind.MACRO:
                return self.definitions.macros
            case Kind.LIST:
                return self.definitions.lists

    def _named(self, item: Item) -> Iterator[Use]:
        match item:
            case Item(Kind.RULE, name):
                yield from self._in_condition(fold_exceptions(self.definitions.rules[name])[0])
            case Item(Kind.MACRO, name):
                yield from self._in_condition(self.definitions.macros[name].condition)
            case Item(Kind.LIST, name):
                for text in self.definitions.lists[name].items:
                    if str(text) in self.definitions.lists and str(text) != name:
                        yield Use(Item(Kind.LIST, str(text)), text.span(0))

    def _in_condition(self, text: Text) -> Iterator[Use]:
        found = [*self._macros(text), *self._names_of_lists(text)]
        # In the order of the text, which may be put together from several files.
        for _, use in sorted(found, key=lambda each: each[0]):
            yield use

    def _macros(self, text: Text) -> Iterator[tuple[int, Use]]:
        try:
            parsed = parse_condition(text)
        except ProblemError:
            # It makes no sense before its lists are replaced: they stand for more than values.
            try:
                parsed = parse_condition(self._lists.substitute(text)[0])
            except ProblemError:
                return
        for reference in references(parsed):
            if reference.name in self.definitions.macros:
                yield reference.span.start, Use(Item(Kind.MACRO, reference.name), reference.span)

    def _names_of_lists(self, text: Text) -> Iterator[tuple[int, Use]]:
        for word in _WORD.finditer(str(text)):
            if word[0] in self.definitions.lists:
                span = text.span(word.start(), word.end())
                yield word.start(), Use(Item(Kind.LIST, word[0]), span)
