"""Every plugin of Falco that events or their fields come from, one entry each.

rulec has no plugins: what they do belongs to the event sources. Their names
only matter where it is told, as Falco tells it, which of them a rule needs.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rulec.diagnostics import Diagnostic, Problem
from rulec.items import PluginRequirement
from rulec.versions import unmet_requirements
from rulec.yaml_reader import place


@dataclass(frozen=True, slots=True)
class FalcoPlugin:
    """A plugin that adds to the event source ``source``.

    ``versions`` has its name, and those of plugins that do the same for other
    places, each with the version that rulec is as good as. ``fields`` are what
    the names of its fields begin with, ``event_types`` the events that it adds
    to those of the source. ``makes_events`` tells whether the source is its own.
    """

    name: str
    source: str
    versions: Mapping[str, str]
    fields: tuple[str, ...]
    event_types: frozenset[str] = frozenset()
    makes_events: bool = False


PLUGINS: Final = (
    FalcoPlugin(
        "container",
        "syscall",
        {"container": "0.7.2"},
        ("container.", "k8s.", "proc.is_container_"),
        event_types=frozenset({"container"}),
    ),
    FalcoPlugin("json", "k8s_audit", {"json": "0.7.4"}, ("json.", "jevt.")),
    FalcoPlugin(
        "k8saudit",
        "k8s_audit",
        {
            "k8saudit": "0.18.0",
            "k8saudit-aks": "0.6.0",
            "k8saudit-eks": "0.12.0",
            "k8saudit-gke": "0.9.0",
            "k8saudit-ovh": "0.6.0",
        },
        ("ka.",),
        makes_events=True,
    ),
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


# The versions of all plugins, by name.
VERSIONS: Final = {name: each for plugin in PLUGINS for name, each in plugin.versions.items()}


def plugin_findings(requirements: Iterable[PluginRequirement]) -> Iterator[Diagnostic]:
    """Yield what there is to say about the plugins that rules require.

    A newer version than rulec is as good as is an error. Whether a plugin
    that is not known here will be there, nobody can tell.
    """
    for requirement in unmet_requirements(requirements, VERSIONS):
        names = [plugin.name for plugin in requirement.alternatives]
        first = requirement.alternatives[0]
        location = requirement.context[-1]
        span = place(location.file, location.at)
        if VERSIONS.keys().isdisjoint(names):
            text = f"the rules need the plugin {first.name}, of which nothing is known here"
            yield Diagnostic("RULEC_UNKNOWN_PLUGIN", Problem("unknown_plugin", text, span))
            continue
        known = ", ".join(f"{name} {VERSIONS[name]}" for name in names if name in VERSIONS)
        text = f"the rules need the plugin {first.name} {first.version}, but this is {known}"
        problem = Problem("plugin_version_mismatch", text, span)
        yield Diagnostic("LOAD_ERR_VALIDATE", problem, requirement.context)
