"""Versions, and what rules require of them."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rulec.items import PluginRequirement

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
