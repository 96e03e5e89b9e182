"""Every plugin of Falco that events or their fields come from, one entry each.

rulec has no plugins: what they do belongs to the event sources. Their names
only matter where it is told, as Falco tells it, which of them a rule needs.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FalcoPlugin:
    """A plugin that adds to the event source ``source``.

    ``fields`` are what the names of its fields begin with, ``event_types``
    the events that it adds to those of the source. ``makes_events`` tells
    whether the source is its own.
    """

    name: str
    source: str
    fields: tuple[str, ...]
    event_types: frozenset[str] = frozenset()
    makes_events: bool = False


PLUGINS: Final = (
    FalcoPlugin(
        "container",
        "syscall",
        ("container.", "k8s.", "proc.is_container_"),
        event_types=frozenset({"container"}),
    ),
    FalcoPlugin("json", "k8s_audit", ("json.", "jevt.")),
    FalcoPlugin("k8saudit", "k8s_audit", ("ka.",), makes_events=True),
)


def used_plugins(source: str, fields: Collection[str], event_types: Iterable[str]) -> list[str]:
    """Return the plugins, by name, that a rule needs for its source, fields and types of events.

    >>> used_plugins("k8s_audit", ["jevt.value[/stage]"], [])
    ['json', 'k8saudit']
    """
    types = frozenset(event_types)
    return [
        plugin.name
        for plugin in PLUGINS
        if plugin.source == source
        and (
            plugin.makes_events
            or any(field.startswith(plugin.fields) for field in fields)
            or types & plugin.event_types
        )
    ]
