"""Recorded cases about rules for system calls: their fields, and files that do not load."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conformance import cases, folder, report

from rulec import compile_ruleset
from rulec.event_sources import known_sources
from rulec.event_types import event_types
from rulec.nodes import Const
from rulec.plan import plan
from rulec.runtime.fields import OPTIONAL, Argument
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.syscall.documents import read
from rulec.selection import select_rules
from rulec.text import File
from rulec.type_gates import TypeGates
from rulec.validation import FileResult, validate

pytestmark = pytest.mark.conformance

Case = dict[str, Any]

# Falco lists its argument as required, and takes the field without one.
ALSO_WITHOUT = {"evt.abspath"}

# What Falco tells of the arguments of fields that plugins add.
KINDS = {
    Argument.KEY: ["KEY"],
    Argument.REQUIRED: ["INDEX", "KEY"],
}


def test_fields() -> None:
    declared = {name: field for name, field in SOURCES["syscall"].fields.items() if field.listed}
    recorded = {entry["name"]: entry for entry in cases("describe/fields_syscall.jsonl")}
    assert list(declared.keys() - recorded.keys()) == []
    passed = 0
    for name, entry in recorded.items():
        field = declared.get(name)
        argument = entry["argument"]
        fine = (
            field is not None
            and (field.type.name, field.is_list) == (entry["type"], entry["is_list"])
            and (argument is not None) is (field.argument is not Argument.NONE)
        )
        if fine and field and argument:
            required = field.argument not in OPTIONAL or name in ALSO_WITHOUT
            fine = required is argument["required"]
            fine &= not argument["type"] or argument["type"] == KINDS.get(field.argument)
        passed += fine
        if not fine:
            print(entry, field)
    report("describe: fields of syscall", passed, len(recorded))


# What Falco 0.44 printed for a rule about one program that opens files.
EXPECTED = "expected/single_rule_cat_write_0_44"


# --- files that do not load -----------------------------------------------------------

# Of Falco itself, not of rules: what it does about events that were lost.
NOT_ABOUT_RULES = {"falco-0.23.0/falco_tests/monitor_syscall_drops_exit"}

BASE_RULE = """\
- rule: some rule
  desc: some desc
  condition: evt.type=open
  output: some output
  priority: INFO
"""


def shown_text(case: Case) -> str:
    """Return the rules that Falco 0.23 showed beside its complaint."""
    shown = case["expect"].get("stdout_is") or case["expect"]["stdout_contains"]
    return str(shown.split("---\n")[1])


def texts(case: Case, known: dict[str, Case]) -> list[str]:
    """Return the contents of the files of a case: those that are there, or were shown."""
    names = case.get("options", {}).get("validate_rules_file")
    if names is None:
        rules = folder() / "syscall" / "rules"
        return [(rules / name).read_text("utf-8") for name in case["rules"]]
    stem = case["id"].rpartition("/")[2]
    if found := known.get(f"falco023-{stem}"):
        if "files" in found:
            return [file["content"] for file in found["files"]]
        return [found["rules"]]
    text = shown_text(case)
    if "_rule" in stem and stem.startswith(("invalid_append", "invalid_overwrite")):
        own = text.removeprefix(f"{BASE_RULE}\n")
        documents = [BASE_RULE, own]
        return ["---\n".join(documents)] if "multiple_docs" in stem else documents
    return [text]


def told(result: FileResult) -> Case:
    """Return what is recorded of a file: whether it loads, the error and the warnings."""
    errors = []
    if result.error is not None:
        last = result.error.to_falco()["context"]["locations"][-1]
        named = last["item_type"] != "condition expression"
        item = last["item_name"] if named else ""
        errors.append((result.error.code, last["item_type"], item))
    return {
        "ok": result.error is None,
        "errors": errors,
        "warnings": [warning.code for warning in result.warnings],
    }


def recorded(file: Case) -> Case:
    errors = [(error["code"], error["item_type"], error["item"]) for error in file["errors"]]
    return {"ok": file["ok"], "errors": errors, "warnings": file["warnings"]}


def selected(case: Case, results: list[FileResult]) -> bool:
    """Return whether the rules that are chosen are those that alerted."""
    options = case["options"]
    selection: list[Case] = [{"disable": {"tag": tag}} for tag in options.get("disable_tags", ())]
    selection += [{"disable": {"rule": name}} for name in options.get("disabled_rules", ())]
    selection.append({"disable": {"rule": "*"}})
    selection += [{"enable": {"tag": tag}} for tag in options["run_tags"]]
    rules = list(results[-1].definitions.rules.values())
    return list(select_rules(rules, selection)) == [
        name for name, count in case["expect_0_44"]["by_rule"].items() if count
    ]


def test_files_that_do_not_load() -> None:
    known = {case["id"]: case for case in cases("language/rules_load.jsonl")}
    passed = total = 0
    for case in cases("syscall/cases.jsonl"):
        if case["kind"] != "validation" or case["id"] in NOT_ABOUT_RULES:
            continue
        files = [File(f"{n}.yaml", text) for n, text in enumerate(texts(case, known))]
        results = validate(files, known_sources())
        expected = case["expect_0_44"]
        if "files" in expected:
            fine = [told(result) for result in results] == list(map(recorded, expected["files"]))
        else:
            fine = selected(case, results)
        total += 1
        passed += fine
        if not fine:
            print(case["id"], [told(result) for result in results], json.dumps(expected))
    report("syscall: validation", passed, total)


def test_every_stock_rule_is_compiled_without_warnings() -> None:
    passed = total = 0
    for path in sorted((folder() / "syscall" / "rules" / "stock").glob("*.yaml")):
        (result,) = validate([File(Path(path).name, path.read_text("utf-8"))], known_sources())
        total += 1
        passed += result.error is None and not result.warnings
    report("syscall: stock rules files", passed, total)


def test_gates_are_those_types_that_rules_are_about() -> None:
    """Of a stock rule, the gate opens for the types that are inferred as Falco does.

    Or it never opens, if the condition cannot hold: one rule asks for a namespace of an empty list.
    """
    types = SOURCES["syscall"].event_types
    passed = total = 0
    for path in sorted((folder() / "syscall" / "rules" / "stock").glob("*.yaml")):
        (result,) = validate([File(path.name, path.read_text("utf-8"))], known_sources())
        (group,) = plan(result.analysis.rules, "all").groups
        gates = group.gates
        assert isinstance(gates, TypeGates)
        for number, rule in enumerate(group.rules):
            opened = {each for each in types if number in gates.types.get(each, gates.others)}
            inferred = event_types(result.analysis.resolved[rule.name]).among(types)
            total += 1
            passed += opened == (inferred if rule.condition != Const(False) else set())
    report("syscall: gates of stock rules", passed, total)


# --- alerts ----------------------------------------------------------------------------


def test_lines_of_alerts() -> None:
    """What Falco printed for a capture, from the values that it printed and the rule asks for."""
    rules = folder() / "syscall" / "rules" / "testing" / "SingleRuleWithTags.yaml"
    ruleset = compile_ruleset(rules)
    lines = (folder() / "syscall" / EXPECTED).with_suffix(".txt").read_text("utf-8").splitlines()
    passed = total = 0
    for entry, text in zip(cases(f"syscall/{EXPECTED}.jsonl"), lines, strict=True):
        given = {"evt.type": "open", "proc.name": "cat", "fd.name": "/dev/null"}
        alerts = ruleset.match(given | entry["output_fields"], source="syscall")
        told = [
            msgspec.structs.replace(a, hostname=entry["hostname"], iso8601=True) for a in alerts
        ]
        total += 1
        passed += [json.loads(alert.json()) for alert in told] == [entry]
        passed -= [alert.text() for alert in told] != [text]
    report("syscall: lines of alerts", passed, total)


def test_outputs_of_stock_rules() -> None:
    """What Falco told of a capture, from the values that it told."""
    stock = folder() / "syscall" / "rules" / "stock"
    rules = {rule.name: rule for rule in compile_ruleset(stock).rules}
    seen: set[str] = set()
    passed = 0
    for case in cases("syscall/stock_cases.jsonl"):
        for number, name, priority, message, fields in case["alerts"]:
            told = json.dumps([number, name, fields], sort_keys=True)
            if told in seen:
                continue
            seen.add(told)
            (event,), _ = read({"evt.num": number, "evt.time": 5, **fields})
            alert = rules[name].alert(event)
            found = json.loads(alert.json())["output_fields"]
            del found["evt.time"]
            # What is shown like a missing value, a dictionary cannot tell from one.
            expected = {key: None if value == "<NA>" else value for key, value in fields.items()}
            fine = (alert.priority, alert.message, found) == (priority, message, expected)
            passed += fine
            if not fine:
                print(case["id"], name, alert.message, message, found, fields)
    report("syscall: outputs of stock rules", passed, len(seen))
