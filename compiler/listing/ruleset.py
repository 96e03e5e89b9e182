"""Rules that are free of errors, and what describes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rulec.analysis import Analysis
from rulec.api import check_files
from rulec.definitions import Definitions
from rulec.dependencies import Dependencies, Item, Kind, Use
from rulec.describe import describe, describe_item
from rulec.diagnostics import RulesError
from rulec.item_reader import suggest
from rulec.runtime.encoding import sanitised
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource
from rulec.text import File, Span

Described = dict[str, Any]


class UnknownItemError(ValueError):
    """There is no such rule, macro or list; the message says so, and what may have been meant."""


@dataclass(frozen=True)
class Listing:
    """What rules files define, and which of it uses which."""

    definitions: Definitions
    analysis: Analysis
    sources: Mapping[str, EventSource]

    @classmethod
    def of(cls, files: Iterable[File], sources: Mapping[str, EventSource]) -> "Listing":
        """Read and check rules.

        :raises RulesError: if there is something wrong with them.
        """
        definitions, analysis, diagnostics = check_files(files, sources)
        if any(diagnostic.severity == "error" for diagnostic in diagnostics):
            raise RulesError(diagnostics)
        return cls(definitions, analysis, sources)

    def only(self, sources: Sequence[str]) -> "Listing":
        """Return the rules for some of the event sources."""
        kept = tuple(rule for rule in self.analysis.rules if rule.source in sources)
        return replace(self, analysis=replace(self.analysis, rules=kept))

    @cached_property
    def dependencies(self) -> Dependencies:
        """Which macros and lists are used where."""
        return Dependencies(self.definitions, frozenset(r.name for r in self.analysis.rules))

    def found(self, kind: Kind, name: str) -> Item:
        """Return the item of this name.

        :raises UnknownItemError: if there is none.
        """
        item = Item(kind, name)
        if item in self.dependencies:
            return item
        if kind is Kind.RULE and name in self.definitions.rules:
            source = self.definitions.rules[name].source
            raise UnknownItemError(f"rule {name!r}, for {source}, is left out")
        hint = suggest(name, [other.name for other in self.dependencies.items(kind)])
        raise UnknownItemError(f"there is no {kind.value} {name!r}{', ' * bool(hint)}{hint}")

    def described(self, item: Item | None = None) -> Described:
        """Return what Falco says about one item, or about all."""
        if item is None:
            return describe(self.definitions, self.analysis, self.sources)
        return describe_item(item, self.definitions, self.analysis, self.sources)

    def document(self, item: Item | None = None) -> str:
        """Return the same as one line of JSON; of a macro or a list, also who uses it."""
        found = self.described(item)
        if item is not None and item.kind is not Kind.RULE:
            found["users"] = [_use(use) for use in self.dependencies.users(item)]
        return _json(found)

    def unused_document(self) -> str:
        """Return the macros and lists that no rule uses as one line of JSON."""
        found = (Use(each, self.dependencies.place(each)) for each in self.dependencies.unused())
        return _json({"unused": [_use(use) for use in found]})

    def summary(self) -> str:
        """Return how much there is."""
        counts = (
            counted(len(self.analysis.rules), "rule"),
            counted(len(self.definitions.macros), "macro"),
            counted(len(self.definitions.lists), "list"),
        )
        return ", ".join(counts)


def _use(use: Use) -> Described:
    return {
        "kind": use.item.kind.value,
        "name": sanitised(use.item.name),
        "file": sanitised(use.span.file),
        "line": use.span.position[0],
    }


def _json(found: Described) -> str:
    import msgspec

    return msgspec.json.encode(found, order="sorted").decode()


def where(span: Span) -> str:
    """Return a place as a file and a line."""
    return f"{span.file}:{span.position[0]}"
