"""The event sources that rules can be about: those that come with rulec, and the user's."""

from collections.abc import Iterable
from dataclasses import replace

from rulec.runtime.sources import SOURCES, BuiltIn, EventSource
from rulec.runtime.sources.json_source import JsonSource


def known_sources(
    own: Iterable[JsonSource] = (), *, strict: bool = False
) -> dict[str, EventSource]:
    """Return all event sources by name; if ``strict``, with nothing that Falco would refuse."""
    found = dict(SOURCES)
    if strict:
        for name, source in SOURCES.items():
            if isinstance(source, BuiltIn):
                found[name] = replace(source, lenient=False)
    return found | {source.name: source for source in own}
