"""What a rules file consists of: its items, read but not yet put together.

Each item knows the way to it (``context``), so that whatever is found to be
wrong later on can be reported at its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rulec.diagnostics import Diagnostic, Location
from rulec.runtime.priority import Priority
from rulec.text import Text

Context: TypeAlias = tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Any item; by itself one that nothing is defined by."""

    context: Context


@dataclass(frozen=True, slots=True)
class EngineRequirement(Item):
    """``required_engine_version``; ``version`` is three numbers in any case."""

    version: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that is asked for."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class PluginRequirement:
    """An entry of ``required_plugin_versions``: one of the ``alternatives`` must be there."""

    context: Context
    alternatives: tuple[Plugin, ...]


@dataclass(frozen=True, slots=True)
class PluginRequirements(Item):
    """``required_plugin_versions``."""

    entries: tuple[PluginRequirement, ...]


@dataclass(frozen=True, slots=True)
class ListItem(Item):
    """A list; with ``append``, more items for one."""

    name: str
    items: tuple[Text, ...]
    append: bool = False


@dataclass(frozen=True, slots=True)
class MacroItem(Item):
    """A macro; with ``append``, more text for its condition."""

    name: str
    condition: Text
    condition_context: Context
    append: bool = False


Entry: TypeAlias = Text | tuple[Text, ...]
Value: TypeAlias = Text | tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class RuleException:
    """An exception of a rule, or as much of one as was written.

    With a list of ``fields`` each value is a tuple, one member for each field;
    with a single field each value is a text.
    """

    context: Context
    name: str
    fields: Entry | None = None
    operators: Entry | None = None
    values: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule(Item):
    """A rule with all that belongs to it. The tags are sorted.

    The condition is as written, without the exceptions. ``condition_context``
    and ``output_context`` are where Falco reports mistakes in them.
    """

    name: str
    condition: Text
    description: str
    output: Text
    priority: Priority
    condition_context: Context
    output_context: Context
    source: str = "syscall"
    enabled: bool = True
    tags: tuple[str, ...] = ()
    exceptions: tuple[RuleException, ...] = ()
    warn_evttypes: bool = True
    skip_if_unknown_filter: bool = False
    capture: bool = False
    capture_duration: int = 0


@dataclass(frozen=True, slots=True)
class RuleAppend(Item):
    """``append: true``: more text for the condition, more exceptions."""

    name: str
    source: str | None
    condition: Text | None
    exceptions: tuple[RuleException, ...]


@dataclass(frozen=True, slots=True)
class RuleToggle(Item):
    """A rule that is only enabled or disabled."""

    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class RuleOverride(Item):
    """``override``: new values for attributes of ``Rule``, by their names."""

    name: str
    source: str | None
    appended: Mapping[str, Any] = field(default_factory=dict)
    replaced: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken(Item):
    """An item that is wrong: what refers to it is not to blame for that."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An item and what was found out while it was read, in order."""

    item: Item
    diagnostics: tuple[Diagnostic, ...] = ()
