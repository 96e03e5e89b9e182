"""Describe rules, macros and lists as Falco does (``falco -L`` and ``falco -l``).

For each of them there is what the files say (``info``) and what it amounts to
(``details``): what it refers to itself (``macros``, ``lists``), and what it
needs with all of that replaced (fields, operators, types of events, plugins).

What Falco lists in no particular order is sorted here; only ``output_fields``
are in the order of the output, once for each time that one stands there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from rulec.analysis import Analysis
from rulec.canonical import canonical
from rulec.definitions import Definitions
from rulec.dependencies import Item, Kind
from rulec.diagnostics import ProblemError
from rulec.event_types import ALL, NUMBER_FIELD, EventTypes, event_types
from rulec.exceptions import exception_fields
from rulec.extras import NO_EXTRAS, Extras
from rulec.items import PluginRequirement, Rule
from rulec.lists import Lists, ListText, expand_lists
from rulec.mentions import condition_fields, constants, output_fields
from rulec.nodes import Check, Condition, FieldRef, Macro, checks, rebuild
from rulec.outputs import without_container_info
from rulec.parse import parse_condition
from rulec.plan import CheckedRule
from rulec.plugins import used_plugins
from rulec.resolve import references
from rulec.runtime.encoding import sanitised
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.syscall.event_types import LISTED, SYNONYMS
from rulec.text import Text

Described: TypeAlias = dict[str, Any]

# Events that are no system calls: notifications, and those of other event sources.
_NOTIFICATION: Final = "asyncevent"
_OTHER_SOURCE: Final = "pluginevent"

_TYPE_FIELDS: Final = frozenset({"evt.type", "evt.asynctype"})


def describe(
    definitions: Definitions,
    analysis: Analysis,
    sources: Mapping[str, EventSource],
    extras: Extras = NO_EXTRAS,
) -> Described:
    """Return what there is to know about all rules, macros and lists, ready for JSON.

    The rules must be free of errors. Those that are skipped are left out.
    """
    return _clean(_Describer(definitions, analysis, sources, extras).everything())


def describe_rule(
    name: str,
    definitions: Definitions,
    analysis: Analysis,
    sources: Mapping[str, EventSource],
    extras: Extras = NO_EXTRAS,
) -> Described:
    """Return what there is to know about one rule, in the same shape.

    :raises KeyError: if there is no such rule.
    """
    describer = _Describer(definitions, analysis, sources, extras)
    for rule in analysis.rules:
        if rule.name == name:
            return _clean({"rules": [describer.of_rule(rule)]})
    raise KeyError(name)


def describe_item(
    item: Item,
    definitions: Definitions,
    analysis: Analysis,
    sources: Mapping[str, EventSource],
    extras: Extras = NO_EXTRAS,
) -> Described:
    """Return what there is to know about one rule, macro or list, in the same shape.

    :raises KeyError: if there is no such item.
    """
    describer = _Describer(definitions, analysis, sources, extras)
    match item:
        case Item(Kind.RULE, name):
            return describe_rule(name, definitions, analysis, sources, extras)
        case Item(Kind.MACRO, name):
            return _clean({"macros": [describer.of_macro(name, analysis.macros[name])]})
        case Item(_, name):
            for text in describer.lists:
                if text.name == name:
                    return _clean({"lists": [describer.of_list(text)]})
    raise KeyError(item.name)


@dataclass
class _Describer:
    definitions: Definitions
    analysis: Analysis
    sources: Mapping[str, EventSource]
    extras: Extras

    @cached_property
    def lists(self) -> tuple[ListText, ...]:
        texts, _ = expand_lists(self.definitions.lists)
        return texts

    def everything(self) -> Described:
        definitions, conditions = self.definitions, self.analysis.macros
        return {
            "required_engine_version": definitions.required_engine_version,
            "required_plugin_versions": list(map(_plugin, definitions.plugin_requirements)),
            "rules": list(map(self.of_rule, self.analysis.rules)),
            "macros": [
                self.of_macro(name, conditions[name])
                for name in definitions.macros
                if name in conditions
            ],
            "lists": list(map(self.of_list, self.lists)),
        }

    def of_rule(self, checked: CheckedRule) -> Described:
        rule = self.definitions.rules[checked.name]
        condition = self.analysis.resolved[rule.name]
        has_types = bool(self.sources[rule.source].event_types)
        details = {
            **self.of_condition(condition, rule.condition),
            **self.of_output(rule),
            **_exceptions(rule),
            "events": _events(condition) if has_types else [_NOTIFICATION, _OTHER_SOURCE],
        }
        kinds = ("condition_fields", "output_fields", "exception_fields")
        fields = [field for kind in kinds for field in details[kind]]
        details["plugins"] = used_plugins(rule.source, fields, _named_types(condition))
        return {"info": _rule_info(rule), "details": details}

    def of_macro(self, name: str, condition: Condition) -> Described:
        written = self.definitions.macros[name].condition
        return {
            "info": {"name": name, "condition": str(written)},
            "details": {
                **self.of_condition(condition, written),
                "used": name in self.analysis.used_macros,
                "events": _events(condition),
                "plugins": [],  # they depend on the source of the rule that uses the macro
            },
        }

    def of_list(self, text: ListText) -> Described:
        items = map(str, self.definitions.lists[text.name].items)
        return {
            "info": {
                "name": text.name,
                "items": [item for item in items if item not in text.uses],
            },
            "details": {
                "used": text.name in self.analysis.used_lists,
                "lists": sorted(text.uses),
                "items_compiled": list(text.items),
                "plugins": [],
            },
        }

    def of_condition(self, condition: Condition, written: Text) -> Described:
        """Describe a condition by what it came to and by how it was written."""
        macros, lists = self.names(written)
        return {
            "macros": sorted(macros),
            "lists": sorted(lists),
            "condition_compiled": canonical(condition),
            "condition_fields": sorted(set(condition_fields(condition))),
            "condition_operators": sorted({check.operator for check in checks(condition)}),
        }

    def names(self, written: Text) -> tuple[set[str], set[str]]:
        """Return the names of the macros and of the lists in a condition."""
        known = self.definitions
        try:
            parsed = parse_condition(written)
        except ProblemError:
            # It makes no sense before its lists are replaced: they stand for more than values.
            replaced, used = Lists(self.lists).substitute(written)
            return {macro.name for macro in references(parse_condition(replaced))}, set(used)
        macros = {macro.name for macro in references(parsed)}
        lists = {text for check in checks(parsed) for text in constants(check)}
        return macros & known.macros.keys(), lists & known.lists.keys()

    def of_output(self, rule: Rule) -> Described:
        text = without_container_info(self.extras.output(rule))
        declared = self.extras.fields(self.sources[rule.source].fields)
        extra = {each.key: each.form for each in self.extras.extra_fields(rule)}
        formatted = {key: str(form) for key, form in extra.items() if form is not None}
        found: Described = {
            "output_compiled": str(text),
            "output_fields": [
                *output_fields(text, declared),
                *sorted(formatted.get(key, key) for key in extra),
            ],
        }
        if formatted:
            found["extra_output_formatted_fields"] = formatted
        return found


# --- parts of a description ------------------------------------------------------------------


def _plugin(requirement: PluginRequirement) -> Described:
    first, *others = (
        {"name": plugin.name, "version": plugin.version} for plugin in requirement.alternatives
    )
    return {**first, "alternatives": others}


def _rule_info(rule: Rule) -> Described:
    return {
        "name": rule.name,
        "condition": str(rule.condition),
        "description": rule.description,
        "output": str(rule.output),
        "priority": rule.priority.text,
        "source": rule.source,
        "enabled": rule.enabled,
        "tags": list(rule.tags),
        "capture": rule.capture,
        "capture_duration": rule.capture_duration,
    }


def _exceptions(rule: Rule) -> Described:
    operators: set[str] = set()
    for exception in rule.exceptions:
        given = exception.operators or ()
        operators.update(map(str, (given,) if isinstance(given, Text) else given))
    return {
        "exception_names": sorted({exception.name for exception in rule.exceptions}),
        "exception_operators": sorted(operators),
        "exception_fields": sorted({str(field) for field, _ in exception_fields(rule)}),
    }


def _events(condition: Condition) -> list[str]:
    """Return the types of events that a condition is about, by Falco's names for them."""
    try:
        found = event_types(_unnumbered(condition))
    except ProblemError:  # in a macro that no rule uses
        found = ALL
    names = frozenset(SYNONYMS.get(name, name) for name in found.names)
    return sorted(EventTypes(names, found.all_but).among(LISTED) | {_NOTIFICATION})


def _unnumbered(condition: Condition) -> Condition:
    """Return a condition in which nothing is known about the numbers of events.

    That the first one is number 1 is only known to Falco's engine after 0.62.
    """
    if isinstance(condition, Check) and condition.left == FieldRef(NUMBER_FIELD):
        return Macro(NUMBER_FIELD)
    return rebuild(condition, _unnumbered)


def _named_types(condition: Condition) -> Iterator[str]:
    """Yield what the types of events are compared with."""
    for check in checks(condition):
        if isinstance(check.left, FieldRef) and check.left.name in _TYPE_FIELDS:
            yield from constants(check)


def _clean(described: Described) -> Described:
    """Return a description without bytes that are no UTF-8, which JSON cannot have."""
    return {key: _clean_value(value) for key, value in described.items()}


def _clean_value(value: Any) -> Any:
    match value:
        case str():
            return sanitised(value)
        case dict():
            return _clean(value)
        case list():
            return list(map(_clean_value, value))
        case _:
            return value
