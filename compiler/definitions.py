"""The tables of lists, macros and rules that the items of all files add up to.

Each name keeps the place in its table that its first definition gave it.
``first`` and ``latest`` are moments, counted in definitions: a list or a macro
sees another one when that was first defined before its own latest definition.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rulec.diagnostics import Diagnostic, Problem
from rulec.exceptions import append_exceptions, complete_exceptions, exception_texts
from rulec.items import (
    Broken,
    Context,
    EngineRequirement,
    Item,
    ListItem,
    MacroItem,
    PluginRequirement,
    PluginRequirements,
    Reading,
    Rule,
    RuleAppend,
    RuleOverride,
    RuleToggle,
)
from rulec.phrases import spaced
from rulec.rule_items import sorted_tags
from rulec.text import File, Text
from rulec.versions import ENGINE_VERSION, is_compatible, parse_version
from rulec.yaml_reader import place


@dataclass(frozen=True, slots=True)
class ListDefinition:
    """A list as all files together define it."""

    context: Context
    name: str
    items: tuple[Text, ...]
    first: int
    latest: int


@dataclass(frozen=True, slots=True)
class MacroDefinition:
    """A macro as all files together define it."""

    context: Context
    name: str
    condition: Text
    condition_context: Context
    first: int
    latest: int

    def sees(self, other: "MacroDefinition") -> bool:
        """Return whether the condition of this macro may use the other one."""
        return other.first < self.latest


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an item wrote into a list, a macro or a rule that was there before it.

    ``kind`` is ``append`` for what was added and ``override`` for what took the place of
    something; ``texts`` are conditions, items of lists, and fields and values of exceptions.
    """

    kind: str
    name: str
    context: Context
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that has been defined.

    ``broken`` names (kind, name) what could not be defined. Of a broken
    ``file`` nobody knows what it would have defined. ``amendments`` tell what
    was not written where a thing was first defined.
    """

    lists: Mapping[str, ListDefinition] = field(default_factory=dict)
    macros: Mapping[str, MacroDefinition] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    required_engine_version: str = "0.0.0"
    plugin_requirements: tuple[PluginRequirement, ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()
    moment: int = 0
    amendments: tuple[Amendment, ...] = ()


def define(
    definitions: Definitions,
    readings: Iterable[Reading],
    *,
    sources: Collection[str],
    operators: Collection[str],
    engine_version: str = ENGINE_VERSION,
) -> tuple[Definitions, tuple[Diagnostic, ...]]:
    """Return the definitions with the items of a file added, and all that was found out.

    The diagnostics are in the order in which Falco would come across them,
    those of reading the items included. ``operators`` are those that may
    stand in an exception.
    """
    tables = _Tables(definitions, sources, operators, engine_version)
    for reading in readings:
        tables.diagnostics += reading.diagnostics
        tables.add(reading.item)
    return tables.definitions(), tuple(tables.diagnostics)


class _Tables:
    """The tables while a file is being added to them."""

    def __init__(
        self,
        definitions: Definitions,
        sources: Collection[str],
        operators: Collection[str],
        engine_version: str,
    ) -> None:
        self.lists = dict(definitions.lists)
        self.macros = dict(definitions.macros)
        self.rules = dict(definitions.rules)
        self.required = definitions.required_engine_version
        self.plugins = list(definitions.plugin_requirements)
        self.broken = set(definitions.broken)
        self.moment = definitions.moment
        self.amendments = list(definitions.amendments)
        self.sources = sources
        self.operators = operators
        self.engine_version = engine_version
        self.diagnostics: list[Diagnostic] = []

    def definitions(self) -> Definitions:
        return Definitions(
            self.lists,
            self.macros,
            self.rules,
            self.required,
            tuple(self.plugins),
            frozenset(self.broken),
            self.moment,
            tuple(self.amendments),
        )

    def add(self, item: Item) -> None:
        self.moment += 1
        match item:
            case ListItem():
                self._list(item)
            case MacroItem():
                self._macro(item)
            case Rule():
                self._rule(item)
            case RuleAppend():
                self._append(item)
            case RuleToggle():
                self._toggle(item)
            case RuleOverride():
                self._override(item)
            case EngineRequirement():
                self._engine(item)
            case PluginRequirements(entries=entries):
                self.plugins += entries
            case Broken(kind=kind, name=name):
                self.broken.add((kind, name))

    def complain(
        self, item: Item, kind: str, message: str, code: str = "LOAD_ERR_VALIDATE", hint: str = ""
    ) -> None:
        last = item.context[-1]
        file: File = last.file
        problem = Problem(kind, message, place(file, last.at), hint, last.item_name)
        self.diagnostics.append(Diagnostic(code, problem, item.context))

    def _list(self, item: ListItem) -> None:
        previous = self.lists.get(item.name)
        if not item.append:
            first = previous.first if previous else self.moment
            new = ListDefinition(item.context, item.name, item.items, first, self.moment)
            self.lists[item.name] = new
        elif previous is None:
            self._nothing_to_change(item, "list", item.name, "append")
        else:
            items = previous.items + item.items
            self.lists[item.name] = replace(previous, items=items, latest=self.moment)
            self._amended(item, "append", item.name, items=item.items)

    def _macro(self, item: MacroItem) -> None:
        previous = self.macros.get(item.name)
        if not item.append:
            first = previous.first if previous else self.moment
            self.macros[item.name] = MacroDefinition(
                item.context, item.name, item.condition, item.condition_context, first, self.moment
            )
        elif previous is None:
            self._nothing_to_change(item, "macro", item.name, "append")
        else:
            condition = spaced(previous.condition, item.condition)
            self.macros[item.name] = replace(previous, condition=condition, latest=self.moment)
            self._amended(item, "append", item.name, condition=item.condition)

    def _rule(self, item: Rule) -> None:
        previous = self.rules.get(item.name)
        if previous is not None and not self._same_source(item, item.source, previous):
            return
        if item.source not in self.sources:
            message = f"unknown event source '{item.source}': the rule is skipped"
            self.complain(item, "unknown_source", message, "LOAD_UNKNOWN_SOURCE")
        exceptions, diagnostics = complete_exceptions(item.exceptions, self.operators)
        self.diagnostics += diagnostics
        if diagnostics:
            self.broken.add(("rule", item.name))
        else:
            self.rules[item.name] = replace(item, exceptions=exceptions)

    def _append(self, item: RuleAppend) -> None:
        previous = self._previous(item, item.name, "append")
        if previous is None or not self._same_source(item, item.source, previous):
            return
        if item.condition is None and not item.exceptions:
            message = "nothing is appended: the rule has neither 'condition' nor 'exceptions'"
            self.complain(item, "append_nothing", message)
            return
        more = {"condition": item.condition or Text(), "exceptions": item.exceptions}
        self._add_to(previous, more)
        self._amended(item, "append", item.name, **more)

    def _toggle(self, item: RuleToggle) -> None:
        previous = self._previous(item, item.name, "enable")
        if previous is not None:
            self.rules[item.name] = replace(previous, enabled=item.enabled)

    def _override(self, item: RuleOverride) -> None:
        operation = "append" if item.appended else "replace"
        previous = self._previous(item, item.name, operation)
        if previous is None or not self._same_source(item, item.source, previous):
            return
        appended = self._add_to(previous, item.appended)
        self.rules[item.name] = replace(appended, **item.replaced)
        self._amended(item, "append", item.name, **item.appended)
        self._amended(item, "override", item.name, **item.replaced)

    def _amended(self, item: Item, kind: str, name: str, **more: Any) -> None:
        """Note what an item has written into something that was there before it."""
        texts = (
            *filter(None, (more.get("condition"),)),
            *more.get("items", ()),
            *(text for each in more.get("exceptions", ()) for text in exception_texts(each)),
        )
        if texts:
            self.amendments.append(Amendment(kind, name, item.context, texts))

    def _add_to(self, previous: Rule, more: Mapping[str, Any]) -> Rule:
        exceptions, diagnostics = append_exceptions(
            previous.exceptions, more.get("exceptions", ()), self.operators
        )
        self.diagnostics += diagnostics
        if diagnostics:
            self.broken.add(("rule", previous.name))
        rule = replace(
            previous,
            condition=spaced(previous.condition, more.get("condition", Text())),
            output=spaced(previous.output, more.get("output", Text())),
            description=" ".join(filter(None, (previous.description, more.get("description")))),
            tags=sorted_tags((*previous.tags, *more.get("tags", ()))),
            exceptions=exceptions,
        )
        self.rules[previous.name] = rule
        return rule

    def _engine(self, item: EngineRequirement) -> None:
        if not is_compatible(self.engine_version, item.version):
            message = (
                f"the rules need engine version {item.version}, but this is {self.engine_version}"
            )
            self.complain(item, "engine_version_mismatch", message)
        versions = (self.required, item.version)
        self.required = max(versions, key=lambda version: parse_version(version) or (0, 0, 0))

    def _previous(self, item: Item, name: str, operation: str) -> Rule | None:
        previous = self.rules.get(name)
        if previous is None:
            self._nothing_to_change(item, "rule", name, operation)
        return previous

    def _nothing_to_change(self, item: Item, kind: str, name: str, operation: str) -> None:
        if (kind, name) in self.broken or any(lost == "file" for lost, _ in self.broken):
            return  # it is there, but wrong, which has been reported
        message = f"there is no {kind} '{name}' to {operation}{' to' * (operation == 'append')}"
        hint = f"define the {kind} before this place"
        self.complain(item, f"{operation}_without_previous", message, hint=hint)

    def _same_source(self, item: Item, source: str | None, previous: Rule) -> bool:
        if source in (None, previous.source):
            return True
        message = f"the rule is for source '{previous.source}', not for '{source}'"
        self.complain(item, "source_mismatch", message)
        return False
