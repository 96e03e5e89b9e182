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
from rulec.diagnostics import ProblemError
from rulec.event_types import ALL, EventTypes, event_types
from rulec.exceptions import exception_fields
from rulec.extras import NO_EXTRAS, Extras
from rulec.items import PluginRequirement, Rule
from rulec.lists import Lists, ListText, expand_lists
from rulec.nodes import (
    Call,
    Check,
    Condition,
    FieldRef,
    Group,
    Items,
    Literal,
    Operand,
    checks,
)
from rulec.outputs import field_text, fields_in, without_container_info
from rulec.parse import parse_condition
from rulec.plan import CheckedRule, Slot
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
            return _clean({"rules": [describer.rule(rule)]})
    raise KeyError(name)


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
            "rules": list(map(self.rule, self.analysis.rules)),
            "macros": [
                self.macro(name, conditions[name]) for name in definitions.macros if name in conditions
            ],
            "lists": list(map(self.list, self.lists)),
        }

    def rule(self, checked: CheckedRule) -> Described:
        rule = self.definitions.rules[checked.name]
        condition = self.analysis.resolved[rule.name]
        details = {
            **self.condition(condition, rule.condition),
            **self.output(rule, checked),
            **_exceptions(rule),
            "events": [_NOTIFICATION, _OTHER_SOURCE],
        }
        if self.sources[rule.source].event_types:
            details["events"] = _events(condition)
        fields = {
            *details["condition_fields"],
            *details["output_fields"],
            *details["exception_fields"],
        }
        details["plugins"] = used_plugins(rule.source, fields, _named_types(condition))
        return {"info": _rule_info(rule), "details": details}

    def macro(self, name: str, condition: Condition) -> Described:
        written = self.definitions.macros[name].condition
        return {
            "info": {"name": name, "condition": str(written)},
            "details": {
                **self.condition(condition, written),
                "used": name in self.analysis.used_macros,
                "events": _events(condition),
                "plugins": [],  # they depend on the source of the rule that uses the macro
            },
        }

    def list(self, text: ListText) -> Described:
        return {
            "info": {
                "name": text.name,
                "items": list(map(str, self.definitions.lists[text.name].items)),
            },
            "details": {
                "used": text.name in self.analysis.used_lists,
                "lists": sorted(text.uses),
                "items_compiled": list(text.items),
                "plugins": [],
            },
        }

    def condition(self, condition: Condition, written: Text) -> Described:
        """Describe a condition by what it came to and by how it was written."""
        macros, lists = self.names(written)
        fields = {_field(field) for check in checks(condition) for field in _fields(check)}
        return {
            "macros": sorted(macros),
            "lists": sorted(lists),
            "condition_compiled": canonical(condition),
            "condition_fields": sorted(fields),
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
        words = {word for check in checks(parsed) for word in _words(check.right)}
        return macros & known.macros.keys(), words & known.lists.keys()

    def output(self, rule: Rule, checked: CheckedRule) -> Described:
        fields = [
            field_text(field)
            for part in checked.output.parts
            if isinstance(part, Slot)
            for field in fields_in(part.value)
        ]
        extra = {each.key: each.form for each in self.extras.extra_fields(rule)}
        formatted = {key: str(form) for key, form in extra.items() if form is not None}
        fields += sorted(formatted.get(key, key) for key in extra)
        found: Described = {
            "output_compiled": str(without_container_info(self.extras.output(rule))),
            "output_fields": fields,
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
        found = event_types(condition)
    except ProblemError:  # in a macro that no rule uses
        found = ALL
    names = frozenset(SYNONYMS.get(name, name) for name in found.names)
    return sorted(EventTypes(names, found.all_but).among(LISTED) | {_NOTIFICATION})


def _named_types(condition: Condition) -> Iterator[str]:
    """Yield what the types of events are compared with."""
    for check in checks(condition):
        if isinstance(check.left, FieldRef) and check.left.name in _TYPE_FIELDS:
            yield from _words(check.right)


def _words(operand: Operand | None) -> Iterator[str]:
    match operand:
        case Literal(text):
            yield text
        case Items(items):
            yield from (item.text for item in items)
        case _:
            pass


def _fields(check: Check) -> Iterator[FieldRef]:
    """Yield the fields on both sides of a comparison, also those that are transformed."""
    pending: list[Operand | Group | None] = [check.right, check.left]
    while pending:
        match pending.pop():
            case FieldRef() as field:
                yield field
            case Call(_, arguments):
                pending.extend(arguments)
            case Group(items):
                pending.extend(items)
            case _:
                pass


def _field(field: FieldRef) -> str:
    return f"{field.name}[{field.argument}]" if field.argument else field.name


def _clean(value: Any) -> Any:
    """Return a value without bytes that are no UTF-8, which JSON cannot have."""
    match value:
        case str():
            return sanitised(value)
        case dict():
            return {sanitised(key): _clean(each) for key, each in value.items()}
        case list():
            return list(map(_clean, value))
        case _:
            return value
