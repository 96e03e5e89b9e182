"""The recorded cases about rules files: what loads, what is refused and where."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from conformance import cases, report
from synthetic import SOURCE

from rulec.canonical import canonical
from rulec.extras import Extras
from rulec.items import Rule
from rulec.lists import expand_lists
from rulec.outputs import without_container_info
from rulec.runtime.fields import Catalogue, catalogue
from rulec.runtime.priority import Priority, parse_priority
from rulec.runtime.sources import SOURCES, EventSource
from rulec.runtime.sources.syscall.event_types import EVENT_TYPES
from rulec.selection import RULE_MATCHING, matches_wildcard, parse_rule_matching, select_rules
from rulec.text import File
from rulec.validation import FileResult, validate
from rulec.versions import is_compatible, unmet_requirements

pytestmark = pytest.mark.conformance

Case = dict[str, Any]


# What was recorded without Falco's plugins for containers and JSON.
PLUGINS = ("container.", "k8s.", "proc.is_container_", "json.", "jevt.")


def syscall_source() -> EventSource:
    """Return the source that most cases are about, with the fields that are made for tests."""
    fields = [
        field for name, field in SOURCES["syscall"].fields.items() if not name.startswith(PLUGINS)
    ]
    own = [field for field in SOURCE.fields.values() if field.name.startswith("t.")]
    return ForTests("syscall", catalogue([*fields, *own]))


@dataclass(frozen=True)
class ForTests:
    """An event source that rules can be loaded for."""

    name: str
    fields: Catalogue
    doc: str = ""
    lenient: bool = False
    event_types: frozenset[str] = EVENT_TYPES

    @property
    def documents(self) -> Any:
        raise AssertionError("nothing is read")


@cache
def sources() -> dict[str, EventSource]:
    # Recorded without Falco's json plugin.
    fields = {n: f for n, f in SOURCE.fields.items() if not n.startswith(PLUGINS)}
    return {"syscall": syscall_source(), "test": replace(SOURCE, fields=fields)}


def load_result(case: Case) -> list[FileResult]:
    """Load the files of a case until there is an error."""
    files = [
        File(content["name"], content["content"])
        for content in case.get("files") or [{"name": "rules.yaml", "content": case["rules"]}]
    ]
    return validate(files, sources(), Extras(append_output(case)))


def append_output(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "match": {key: entry[key] for key in ("source", "rule", "tags") if entry.get(key)},
            "extra_output": entry.get("extra_output"),
            "extra_fields": [*entry.get("raw", ()), entry.get("formatted", {})],
        }
        for entry in case.get("append_output", ())
    ]


# --- what a case expects, and what there is ------------------------------------------------


def check_error(case: Case, results: list[FileResult]) -> bool:
    """The same code and kind, or none."""
    found = results[-1].error
    expected = [(error["code"], error["kind"]) for error in case["error_details"]]
    return expected == ([] if found is None else [(found.code, found.kind)])


def check_place(case: Case, results: list[FileResult]) -> bool:
    """The same way to the same position, shown in the same way."""
    (expected,) = case["error_details"]
    found = results[-1].error
    if found is None:
        return False
    locations = found.to_falco()["context"]["locations"]
    position = locations[-1]["position"]
    del position["name"]
    return (
        [location["item_type"] for location in locations] == expected["item_types"]
        and [location["item_name"] for location in locations if location["item_name"]]
        == expected["item_name"]
        and position == expected["position"]
        and found.snippet == expected["snippet"]
    )


def check_warnings(case: Case, results: list[FileResult]) -> bool:
    """The same codes for the same items, in the same order."""
    expected = [
        (warning["code"], warning["item"], warning.get("key", ""))
        for warning in case["warning_details"]
    ]
    found = []
    for warning in results[-1].warnings:
        last = warning.context[-1]
        key = warning.problem.subject if warning.code == "LOAD_UNKNOWN_KEY" else ""
        item = f"{last.item_type} {last.item_name}".strip()
        found.append((warning.code, item, key))
    return found == expected


def check_files(case: Case, results: list[FileResult]) -> bool:
    """For each file, the same codes."""
    return [(file["errors"], file["warnings"]) for file in case["per_file"]] == [
        ([result.error.code] if result.error else [], [warning.code for warning in result.warnings])
        for result in results
    ]


def loaded_rules(results: list[FileResult]) -> list[Rule]:
    """The rules that are there to be matched, enabled or not."""
    compiled = {rule.name for rule in results[-1].analysis.rules}
    return [rule for rule in results[-1].definitions.rules.values() if rule.name in compiled]


def check_rules(case: Case, results: list[FileResult]) -> bool:
    """The same rules in the same order, with the same attributes."""
    found = {
        rule.name: {
            "priority": rule.priority.text,
            "source": rule.source,
            "enabled": rule.enabled,
            "tags": list(rule.tags),
            "description": rule.description,
            "capture": rule.capture,
            "capture_duration": rule.capture_duration,
        }
        for rule in loaded_rules(results)
    }
    return list(found) == case["rule_order"] and found == case["rule_info"]


def check_enabled(case: Case, results: list[FileResult]) -> bool:
    """As many rules that run."""
    selection = [
        {entry["op"]: {key: value for key, value in entry.items() if key != "op"}}
        for entry in case.get("selection", [])
    ]
    threshold = parse_priority(case.get("priority", "debug"))
    assert threshold is not None
    enabled = select_rules(loaded_rules(results), selection, threshold)
    return len(enabled) == case["enabled_rules"]


def check_conditions(case: Case, results: list[FileResult]) -> bool:
    """The same conditions, with lists, macros and exceptions in them."""
    resolved = results[-1].analysis.resolved
    return case["compiled_conditions"] == {
        rule.name: canonical(resolved[rule.name]) for rule in loaded_rules(results)
    }


def check_outputs(case: Case, results: list[FileResult]) -> bool:
    """The same outputs, with what a configuration appends."""
    extras = Extras(append_output(case))
    return case["compiled_outputs"] == {
        rule.name: str(without_container_info(extras.output(rule)))
        for rule in loaded_rules(results)
    }


def check_macros(case: Case, results: list[FileResult]) -> bool:
    """The same macros, with lists and macros in them."""
    macros = results[-1].analysis.macros
    return case["compiled_macros"] == {name: canonical(each) for name, each in macros.items()}


def check_lists(case: Case, results: list[FileResult]) -> bool:
    """The same items, with lists in lists replaced."""
    texts, _ = expand_lists(results[-1].definitions.lists)
    return {text.name: list(text.items) for text in texts} == case["compiled_lists"]


def check_schema(case: Case, results: list[FileResult]) -> bool:
    """The same verdict on the last file."""
    status = results[-1].schema.status
    return {"ok": True, "failed": False, "none": None}[status] is case["schema_valid"]


# What is compared, one entry each: a name, which cases it concerns, and how.
CHECKS: dict[str, tuple[Callable[[Case], bool], Callable[[Case, list[FileResult]], bool]]] = {
    "rules files: error": (lambda case: True, check_error),
    "rules files: place of error": (lambda case: bool(case["error_details"]), check_place),
    "rules files: warnings": (lambda case: True, check_warnings),
    "rules files: one after the other": (lambda case: "per_file" in case, check_files),
    "rules files: rules": (lambda case: "rule_order" in case, check_rules),
    "rules files: enabled rules": (lambda case: "enabled_rules" in case, check_enabled),
    "rules files: conditions": (lambda case: "compiled_conditions" in case, check_conditions),
    "rules files: outputs": (lambda case: "compiled_outputs" in case, check_outputs),
    "rules files: macros": (lambda case: "compiled_macros" in case, check_macros),
    "rules files: lists": (lambda case: "compiled_lists" in case, check_lists),
    "rules files: schema": (lambda case: True, check_schema),
}


@cache
def loaded() -> list[tuple[Case, list[FileResult]]]:
    return [(case, load_result(case)) for case in cases("language/rules_load.jsonl")]


@pytest.mark.parametrize("name", CHECKS)
def test_rules_files(name: str) -> None:
    concerns, check = CHECKS[name]
    verdicts = {case["id"]: check(case, found) for case, found in loaded() if concerns(case)}
    print([case for case, passed in verdicts.items() if not passed])
    report(name, sum(verdicts.values()), len(verdicts))


def test_whole_cases() -> None:
    """A case passes when everything about it is the same."""
    passed = sum(
        all(check(case, found) for concerns, check in CHECKS.values() if concerns(case))
        for case, found in loaded()
    )
    report("rules_load", passed, len(loaded()))


# --- smaller things -------------------------------------------------------------------------


def check_priority(case: Case) -> bool:
    priority = parse_priority(case["text"])
    if priority is None or case["value"] is None:
        return priority is case["value"]
    return (int(priority), priority.text) == (case["value"], case["canonical"])


def check_plugins(case: Case) -> bool:
    (result,) = load_result({"rules": case["rules"]})
    plugins = {plugin["name"]: plugin["version"] for plugin in case["plugins"]}
    unmet = unmet_requirements(result.definitions.plugin_requirements, plugins)
    return (result.error is None and not unmet) is case["expect"]


SMALLER: dict[str, Callable[[Case], bool]] = {
    "rule_name_wildcard": lambda case: (
        matches_wildcard(case["pattern"], case["name"]) is case["expect"]
    ),
    "priority_parse": check_priority,
    "rule_matching_parse": lambda case: (
        parse_rule_matching(case["text"])
        == (None if case["value"] is None else RULE_MATCHING[case["value"]])
    ),
    "version_compatible": lambda case: (
        is_compatible(case["available"], case["required"]) is case["expect"]
    ),
    "plugin_requirements": check_plugins,
}


@pytest.mark.parametrize("kind", SMALLER)
def test_smaller_things(kind: str) -> None:
    results = {
        case["id"]: SMALLER[kind](case)
        for case in cases("language/misc.jsonl")
        if case["kind"] == kind
    }
    print([case for case, passed in results.items() if not passed])
    report(f"misc: {kind}", sum(results.values()), len(results))


def test_priorities_are_complete() -> None:
    found = {
        case["value"] for case in cases("language/misc.jsonl") if case["kind"] == "priority_parse"
    }
    assert found - {None} == {int(priority) for priority in Priority}
