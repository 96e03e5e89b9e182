"""What a name can mean at a place: the sources, and the fields that they have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rulec.lsp.checking import Snapshot
from rulec.references import References
from rulec.runtime.fields import Field
from rulec.runtime.sources import EventSource


@dataclass(frozen=True, slots=True)
class Found:
    """A field of an event source, and the argument that it was written with."""

    field: Field
    source: EventSource
    argument: str | None = None


def find_field(text: str, sources: tuple[EventSource, ...]) -> list[Found]:
    """Return what a field is, as it is written, in each source that has it."""
    name, bracket, rest = text.partition("[")
    argument = rest.removesuffix("]").strip("\"'") if bracket else None
    found = []
    for source in sources:
        field, given, _ = References(source.fields, [], suggest=False).found(name, argument)
        if field is not None:
            found.append(Found(field, source, given))
    return found


def fields(sources: tuple[EventSource, ...]) -> Iterator[Found]:
    """Yield the fields that rules for these sources can use, each once."""
    seen: set[str] = set()
    for source in sources:
        for field in source.fields.values():
            if field.listed and field.name not in seen:
                seen.add(field.name)
                yield Found(field, source)


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be said about the event sources of an item.

    ``known`` are all sources, ``offered`` the names of those that the user works with.
    """

    known: Mapping[str, EventSource]
    offered: tuple[str, ...] = ()

    def sources(
        self, snapshot: Snapshot, file: str, said: str | None, rule: str = ""
    ) -> tuple[EventSource, ...]:
        """Return the sources that an item can be for.

        It may say so, or be about a ``rule`` that does. Otherwise it is taken to be for
        what the other rules in the file are for.
        """
        named = said or snapshot.source_of(rule)
        if named is not None:
            return (self.known[named],) if named in self.known else ()
        of_file = snapshot.sources.get(file) or frozenset()
        chosen = [name for name in self.known if name in of_file]
        chosen = chosen or [name for name in self.known if name in self.offered or not self.offered]
        return tuple(self.known[name] for name in chosen)
