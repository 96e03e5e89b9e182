"""The recorded cases about rules files: what loads, what is refused and where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from conformance import cases, report
from rules_files import SOURCES

from rulec.definitions import Definitions, define
from rulec.diagnostics import Diagnostic, Problem
from rulec.documents import read_rules_file
from rulec.exceptions import fold_exceptions
from rulec.lists import Lists, expand_lists
from rulec.operators import words
from rulec.runtime.priority import Priority, parse_priority
from rulec.selection import RULE_MATCHING, matches_wildcard, parse_rule_matching, select_rules
from rulec.text import File
from rulec.versions import is_compatible, unmet_requirements

pytestmark = pytest.mark.conformance

Case = dict[str, Any]

# Accepted on purpose: the rules language of the next version is understood.
DECIDED = {"x-engine-version-0.62.1", "x-engine-version-0.63.0"}

# What is found out only when conditions and outputs are read.
LATER_ERRORS = {"undefined_macro", "macro_loop", "exception_unknown_field"}
LATER_WARNINGS = {
    "LOAD_COMPILE_CONDITION",
    "LOAD_NO_EVTTYPE",
    "LOAD_UNKNOWN_FILTER",
    "LOAD_UNSAFE_NA_CHECK",
    "LOAD_UNUSED_MACRO",
}
LATER_WARNING_KINDS = {"deprecated_field", "container_info"}


@dataclass(frozen=True)
class Loaded:
    """What came of one file: everything defined so far, and what was found out."""

    definitions: Definitions
    diagnostics: list[Diagnostic]
    schema: str

    @property
    def error(self) -> Diagnostic | None:
        """The first error, which is the only one that Falco reports."""
        return next((d for d in self.diagnostics if d.severity == "error"), None)

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings before the first error: Falco does not come to the others."""
        end = self.diagnostics.index(self.error) if self.error else len(self.diagnostics)
        return self.diagnostics[:end]


def load_result(case: Case) -> list[Loaded]:
    """Load the files of a case until there is an error."""
    results: list[Loaded] = []
    definitions = Definitions()
    for content in case.get("files") or [{"name": "rules.yaml", "content": case["rules"]}]:
        rules_file = read_rules_file(File(content["name"], content["content"]))
        definitions, found = define(
            definitions, rules_file.readings, sources=SOURCES, operators=words()
        )
        diagnostics = list(found)
        if not any(diagnostic.severity == "error" for diagnostic in found):
            diagnostics += compile_all(definitions)
        results.append(Loaded(definitions, diagnostics, rules_file.schema.status))
        if results[-1].error:
            break
    return results


def compile_all(definitions: Definitions) -> list[Diagnostic]:
    """Return what is wrong with the definitions, without looking into conditions."""
    texts, diagnostics = expand_lists(definitions.lists)
    lists = Lists(texts)
    used = {name for text in texts for name in text.uses}
    for macro in definitions.macros.values():
        used.update(lists.substitute(macro.condition)[1])
    for rule in definitions.rules.values():
        if rule.source in SOURCES:
            condition, problems = fold_exceptions(rule)
            diagnostics += problems
            used.update(lists.substitute(condition)[1])
    for name, definition in definitions.lists.items():
        if name not in used:
            problem = Problem("unused_list", f"list '{name}' is not used", subject=name)
            diagnostics.append(Diagnostic("LOAD_UNUSED_LIST", problem, definition.context))
    return diagnostics


# --- what a case expects, and what there is ------------------------------------------------


def expected_error(case: Case) -> Case | None:
    for error in case["error_details"]:
        later = error["code"].startswith("LOAD_ERR_COMPILE") or error["kind"] in LATER_ERRORS
        return None if later else error
    return None


def fails_later(case: Case) -> bool:
    return not case["expect_ok"] and expected_error(case) is None


def check_error(case: Case, results: list[Loaded]) -> bool:
    """The same code and kind, or none."""
    expected, found = expected_error(case), results[-1].error
    if expected is None or found is None:
        return expected is found
    return (found.code, found.kind) == (expected["code"], expected["kind"])


def check_place(case: Case, results: list[Loaded]) -> bool:
    """The same way to the same position, shown in the same way."""
    expected, found = expected_error(case), results[-1].error
    assert expected is not None
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


def is_later(warning: Case) -> bool:
    return warning["code"] in LATER_WARNINGS or warning.get("kind") in LATER_WARNING_KINDS


def check_warnings(case: Case, results: list[Loaded]) -> bool:
    """The same codes for the same items, in the same order."""
    expected = [
        (warning["code"], warning["item"], warning.get("key", ""))
        for warning in case["warning_details"]
        if not is_later(warning)
    ]
    found = []
    for warning in results[-1].warnings:
        last = warning.context[-1]
        key = warning.problem.subject if warning.code == "LOAD_UNKNOWN_KEY" else ""
        item = f"{last.item_type} {last.item_name}".strip()
        # Falco never gets to unused lists when it does not like a condition.
        if not (fails_later(case) and warning.code == "LOAD_UNUSED_LIST"):
            found.append((warning.code, item, key))
    return found == expected


def check_files(case: Case, results: list[Loaded]) -> bool:
    """For each file, the same codes."""
    for file, result in zip(case["per_file"], results, strict=True):
        errors = [code for code in file["errors"] if "COMPILE" not in code]
        expected = [code for code in file["warnings"] if code not in LATER_WARNINGS]
        found = [warning.code for warning in result.warnings]
        last = file is case["per_file"][-1]
        if result.error is None and not (last and fails_later(case)):
            if errors or found != expected:
                return False
        elif result.error is not None and [result.error.code] != errors:
            return False
    return True


def check_rules(case: Case, results: list[Loaded]) -> bool:
    """The same rules in the same order, with the same attributes."""
    rules = [r for r in results[-1].definitions.rules.values() if r.source in SOURCES]
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
        for rule in rules
    }
    return list(found) == case["rule_order"] and found == case["rule_info"]


def check_enabled(case: Case, results: list[Loaded]) -> bool:
    """As many rules that run."""
    rules = [r for r in results[-1].definitions.rules.values() if r.source in SOURCES]
    selection = [
        {entry["op"]: {key: value for key, value in entry.items() if key != "op"}}
        for entry in case.get("selection", [])
    ]
    threshold = parse_priority(case.get("priority", "debug"))
    assert threshold is not None
    return len(select_rules(rules, selection, threshold)) == case["enabled_rules"]


def check_lists(case: Case, results: list[Loaded]) -> bool:
    """The same items, with lists in lists replaced."""
    texts, _ = expand_lists(results[-1].definitions.lists)
    return {text.name: list(text.items) for text in texts} == case["compiled_lists"]


def check_schema(case: Case, results: list[Loaded]) -> bool:
    """The same verdict on the last file."""
    return {"ok": True, "failed": False, "none": None}[results[-1].schema] is case["schema_valid"]


def skips_rules(case: Case) -> bool:
    return "LOAD_UNKNOWN_FILTER" in case["warnings"]


# What is compared, one entry each: a name, which cases it concerns, and how.
CHECKS: dict[str, tuple[Callable[[Case], bool], Callable[[Case, list[Loaded]], bool]]] = {
    "rules files: error": (lambda case: True, check_error),
    "rules files: place of error": (lambda case: expected_error(case) is not None, check_place),
    "rules files: warnings": (lambda case: True, check_warnings),
    "rules files: one after the other": (lambda case: "per_file" in case, check_files),
    "rules files: rules": (
        lambda case: "rule_order" in case and not skips_rules(case),
        check_rules,
    ),
    "rules files: enabled rules": (
        lambda case: "enabled_rules" in case and not skips_rules(case),
        check_enabled,
    ),
    "rules files: lists": (lambda case: "compiled_lists" in case, check_lists),
    "rules files: schema": (lambda case: True, check_schema),
}


@pytest.mark.parametrize("name", CHECKS)
def test_rules_files(name: str) -> None:
    concerns, check = CHECKS[name]
    results = {
        case["id"]: check(case, load_result(case))
        for case in cases("language/rules_load.jsonl")
        if case["id"] not in DECIDED and concerns(case)
    }
    print([case for case, passed in results.items() if not passed])
    report(name, sum(results.values()), len(results))


def test_newer_versions_are_accepted_on_purpose() -> None:
    decided = [case for case in cases("language/rules_load.jsonl") if case["id"] in DECIDED]
    assert len(decided) == len(DECIDED)
    for case in decided:
        assert load_result(case)[-1].error is None


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
