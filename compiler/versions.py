"""Versions, and what rules require of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from rulec.diagnostics import Diagnostic, Problem
from rulec.items import PluginRequirement
from rulec.text import Text

# The newest version of Falco's rules language that is understood.
ENGINE_VERSION = "0.62.0"


class Version(NamedTuple):
    """Three numbers; versions of another ``major`` never fit."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def satisfies(self, required: "Version") -> bool:
        """Return whether this version will do where ``required`` is asked for."""
        return self.major == required.major and self >= required


_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")


def parse_version(text: str) -> Version | None:
    """Return the version that ``text`` begins with, or nothing.

    >>> parse_version("0.31.0-rc1"), parse_version("0.31")
    (Version(major=0, minor=31, patch=0), None)
    """
    match = _VERSION.match(text.strip(" \t\r\n"))
    return Version(*map(int, match.groups())) if match else None


def is_compatible(available: str, required: str) -> bool:
    """Return whether the version ``available`` will do where ``required`` is asked for."""
    have, want = parse_version(available), parse_version(required)
    return have is not None and want is not None and have.satisfies(want)


# The plugins of Falco whose work is done here, with the versions that it is as good as.
PLUGINS: Final[Mapping[str, str]] = {
    "k8saudit": "0.18.0",
    "k8saudit-aks": "0.6.0",
    "k8saudit-eks": "0.12.0",
    "k8saudit-gke": "0.9.0",
    "k8saudit-ovh": "0.6.0",
    "json": "0.7.4",
    "container": "0.7.2",
}


def plugin_findings(requirements: Iterable[PluginRequirement]) -> Iterator[Diagnostic]:
    """Yield what there is to say about the plugins that rules require.

    A newer version than is known here is an error. Whether plugins that are
    not known here will be there, nobody can tell.
    """
    for requirement in unmet_requirements(requirements, PLUGINS):
        names = [plugin.name for plugin in requirement.alternatives]
        first = requirement.alternatives[0]
        location = requirement.context[-1]
        span = Text.verbatim(location.file, location.at, location.at).span(0)
        if PLUGINS.keys().isdisjoint(names):
            text = f"the rules need the plugin {first.name}, of which nothing is known here"
            yield Diagnostic("RULEC_UNKNOWN_PLUGIN", Problem("unknown_plugin", text, span))
            continue
        known = ", ".join(f"{name} {PLUGINS[name]}" for name in names if name in PLUGINS)
        text = f"the rules need the plugin {first.name} {first.version}, but this is {known}"
        problem = Problem("plugin_version_mismatch", text, span)
        yield Diagnostic("LOAD_ERR_VALIDATE", problem, requirement.context)


def unmet_requirements(
    requirements: Iterable[PluginRequirement], plugins: Mapping[str, str]
) -> list[PluginRequirement]:
    """Return the requirements that ``plugins`` (name to version) do not meet.

    The first of the alternatives that is there decides: an old version of it
    is not made good by another alternative.
    """
    unmet = []
    for requirement in requirements:
        found = [plugin for plugin in requirement.alternatives if plugin.name in plugins]
        if not found or not is_compatible(plugins[found[0].name], found[0].version):
            unmet.append(requirement)
    return unmet
