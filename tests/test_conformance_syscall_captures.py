"""Recorded cases about captures: what is read of them, fields, and the alerts of rules."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from conformance import cases, folder, report

from rulec import compile_ruleset
from rulec.cli import cli
from rulec.runtime.alert import Alert
from rulec.runtime.events import host_name
from rulec.runtime.gate import ByType
from rulec.runtime.matcher import Matcher
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import codes
from rulec.runtime.sources.syscall.capture.reader import Capture

pytestmark = pytest.mark.conformance

Case = dict[str, Any]

# How many blocks of events each capture has.
BLOCKS = {
    "falco-0.23.0/cat_write.scap": 345,
    "falco-0.23.0/connect_localhost.scap": 374,
    "falco-0.23.0/empty.scap": 143,
    "falco-0.23.0/open-multiple-files.scap": 1272,
    "falco-0.23.0/ping_sendto.scap": 1526,
    "falco-0.23.0/psp/privileged.scap": 2059,
    "falco-0.23.0/psp/run_as_user_0_container.scap": 4143,
    "falco-0.23.0/psp/run_as_user_65534_container.scap": 241,
    "falco-0.23.0/psp/write_tmp_test.scap": 229,
    "falco-0.23.0/syscall.scap": 368,
    "libs/curl_google.scap": 1536,
    "libs/curl_google_comments.scap": 1536,
    "libs/sample.scap": 572,
    "libs/single_ipv6_conn.scap": 1728,
    "libs/test_ipv6_client.scap": 326,
}


def scap(name: str) -> Path:
    return folder() / "syscall" / "scap" / name


def events(name: str, **options: Any) -> Iterator[CaptureEvent]:
    """Yield the events of a capture; it must be read without a complaint."""
    with scap(name).open("rb") as stream:
        capture = Capture(stream, **options)
        yield from capture
    assert (capture.failed_blocks, capture.unknown_events, capture.notices) == (0, 0, [])


def test_captures() -> None:
    passed = 0
    for name, blocks in BLOCKS.items():
        # With the beginnings of calls, an event comes of each block.
        read = sum(1 for _ in events(name, enter_events=True))
        undecoded = [
            event
            for event in events(name)
            if len(event.parts) < len(event.kind.parameters) and "managed" in event.kind.flags
        ]
        passed += read == blocks and not undecoded
    report("syscall: captures", passed, len(BLOCKS))


# Types that rules ask for, and fields that depend on much that other events change.
ASKED = frozenset({"open", "execve", "connect", "clone", "close", "sendto", "madvise", "procexit"})
TOLD = (
    "evt.num", "evt.type", "evt.args", "evt.res", "evt.reltime", "proc.name", "proc.cmdline", "proc.cwd",
    "proc.pname", "proc.aname", "proc.ppid", "proc.duration", "proc.fdopencount", "proc.nthreads",
    "fd.num", "fd.name", "fd.type", "fd.cip", "fd.lport", "fd.connected", "fd.name_changed",
    "user.name", "container.id", "container.image", "proc.vmsize", "fs.path.name",
)  # fmt: skip


def told(event: CaptureEvent) -> list[Any]:
    return [event[field] for field in TOLD]


def test_what_is_skipped_changes_nothing() -> None:
    for name in BLOCKS:
        everything = [told(event) for event in events(name) if event["evt.type"] in ASKED]
        wanted = [told(event) for event in events(name, wanted=ASKED)]
        assert wanted == everything, name


# --- fields -----------------------------------------------------------------------------


def same(value: Any, expected: Any) -> bool:
    if isinstance(value, bytes):
        value = value.decode()
    if value is not None and not isinstance(value, bool | int | str):
        value = str(value)
    return type(value) is type(expected) and value == expected


def test_scenarios() -> None:
    passed = total = whole = scenarios = 0
    for case in cases("syscall/scenarios.jsonl"):
        *_, last = events(case["scap"])
        wrong = {
            field: last[field]
            for field, value in case["expect"].items()
            if not same(last[field], value)
        }
        if wrong:
            print(case["id"], wrong)
        total += len(case["expect"])
        passed += len(case["expect"]) - len(wrong)
        scenarios += 1
        whole += not wrong
    report("syscall: scenarios", whole, scenarios)
    report("syscall: values of scenarios", passed, total)


def selected(case: Case) -> Iterator[CaptureEvent]:
    """Yield the events that the filter of a case selects, from the one that it names on."""
    matches = selection(case["filter"])
    after = case["after"].partition(" ")[0]
    begun = not after
    for event in events(case["scap"]):
        if matches.matching(event):
            begun = begun or event["evt.type"] == after
            if begun:
                yield event


@cache
def selection(condition: str) -> Matcher:
    rule = {"rule": "r", "desc": "d", "condition": condition, "output": "o", "priority": "INFO"}
    with TemporaryDirectory() as place:
        path = Path(place, "rule.yaml")
        path.write_text(json.dumps([rule]))
        return compile_ruleset(path, sources=["syscall"]).matcher("syscall")


def agrees(event: CaptureEvent, fields: Case) -> bool:
    return all(
        event[field] in ip_network(value) if field.endswith("net") else same(event[field], value)
        for field, value in fields.items()
    )


def test_fields() -> None:
    passed = total = 0
    for case in cases("syscall/cases.jsonl"):
        if case["kind"] != "fields":
            continue
        total += 1
        fields = dict(case["expect"]["fields"])
        found = list(selected(case))
        names = fields.pop("fd.name (in order)", None)
        if names is not None:
            passed += [event["fd.name"] for event in found] == names
        else:
            passed += bool(found) and all(agrees(event, fields) for event in found)
    report("syscall: fields of captures", passed, total)


def test_counts() -> None:
    passed = total = 0
    for case in cases("syscall/cases.jsonl"):
        if case["kind"] != "counts":
            continue
        total += 1
        found = list(events(case["scap"]))
        counts = Counter(event.code for event in found)
        expected = case["expect"]["events_after_conversion"]
        one = case["expect"]["event"]
        passed += all(counts[codes()[id_]] == n for id_, n in expected.items()) and any(
            (event.time, event.tid, event.kind.id) == (one["ts"], one["tid"], one["id"])
            and all(event.named(name) == value for name, value in one["params"].items())
            for event in found
        )
    report("syscall: counts of captures", passed, total)


# --- alerts -----------------------------------------------------------------------------


@cache
def matcher(rules: tuple[str, ...], *options: tuple[str, Any]) -> Matcher:
    paths = [folder() / "syscall" / "rules" / name for name in rules]
    settings = {name: json.loads(value) for name, value in options}
    return compile_ruleset(paths, sources=["syscall"], **settings).matcher("syscall")


def compiled(case: Case) -> Matcher:
    """Return the rules of a case, with the settings that its options stand for."""
    options = case.get("options", {})
    chosen: list[Case] = []
    for name in options.get("disabled_rules", ()):
        chosen.append({"disable": {"rule": name}})
    for name in (*options.get("disabled_tags", ()), *options.get("disable_tags", ())):
        chosen.append({"disable": {"tag": name}})
    enabled = (*options.get("enabled_tags", ()), *options.get("run_tags", ()))
    if enabled:
        chosen.append({"disable": {"rule": "*"}})
        chosen += [{"enable": {"tag": name}} for name in enabled]
    priority = options.get("min_priority") or options.get("priority") or "debug"
    settings = {
        "rules": chosen,
        "priority": (priority[0] if isinstance(priority, list) else priority).lower(),
        "rule_matching": "all" if options.get("all_matching") else "first",
    }
    return matcher(
        tuple(case["rules"]), *((name, json.dumps(value)) for name, value in settings.items())
    )


def alerts(case: Case, rules: Matcher) -> list[Alert]:
    read = events(case["scap"], wanted=asked(rules))
    return [alert for event in read for alert in rules.match(event)]


def asked(rules: Matcher) -> frozenset[str] | None:
    return rules.gate.asked if isinstance(rules.gate, ByType) else None


def lines(case: Case, found: list[Alert]) -> str:
    """Return what Falco prints with the settings of a case."""
    options = case.get("options", {})
    settings = [setting for setting in options.get("args", ()) if "=" in setting]
    given = {name: value == "true" for name, _, value in (one.partition("=") for one in settings)}
    as_json = "json_include_output_property" in given or options.get("json_output", False)
    iso = given.get("time_format_iso_8601", False) or options.get("time_iso_8601", False)
    include = {
        "include_output": given.get("json_include_output_property", not options.get("json_output")),
        "include_tags": given.get("json_include_tags_property", True),
    }
    render = Renderer(bool(as_json), bool(iso), include)
    return "".join(render(alert) + "\n" for alert in found)


LEVELS = {"INFO": "INFORMATIONAL"}


def complaint(case: Case, found: list[Alert]) -> str | None:
    """Return what is wrong with the alerts of a case; None if nothing is."""
    expect = case.get("expect_0_44") or case["expect"]
    counts = Counter(alert.rule for alert in found)
    by_rule = expect.get("by_rule")
    if by_rule is None and "by_rule_by_version" in expect:
        *_, by_rule = expect["by_rule_by_version"].values()
    if by_rule is not None and any(counts[name] != count for name, count in by_rule.items()):
        return f"{dict(counts)} instead of {by_rule}"
    if "total" in expect and len(found) != expect["total"]:
        return f"{len(found)} alerts instead of {expect['total']}"
    if "detect" in expect and bool(found) is not expect["detect"]:
        return f"{len(found)} alerts"
    priorities = {alert.priority.upper() for alert in found}
    for level in (*expect.get("priorities_present", ()), *expect.get("levels", ())):
        if LEVELS.get(level, level) not in priorities:
            return f"no {level} among {priorities}"
    messages = {alert.message for alert in found}
    outputs = expect.get("outputs", {})
    if isinstance(outputs, dict):
        missing = {text for texts in outputs.values() for text in texts} - messages
        if missing:
            return f"{missing} are not among {messages}"
    text = lines(case, found)
    for pattern in expect.get("stdout_regex", ()):
        if not re.search(pattern, text):
            return f"{pattern!r} is not in {text!r}"
    for pattern in expect.get("stdout_not_regex", ()):
        if re.search(pattern, text):
            return f"{pattern!r} is in {text!r}"
    return None


def test_detections() -> None:
    passed = total = 0
    for case in cases("syscall/cases.jsonl"):
        if case["kind"] != "detection" or case.get("scap_missing"):
            continue
        total += 1
        wrong = complaint(case, alerts(case, compiled(case)))
        if wrong:
            print(case["id"], wrong)
        passed += not wrong
    report("syscall: detections", passed, total)


def recorded(event: CaptureEvent, alert: Alert) -> list[Any]:
    """Return an alert as the cases have it: without times."""
    fields = {
        name: value
        for name, value in alert.output_fields.items()
        if not name.startswith("evt.time")
    }
    rendered = json.loads(alert.json())["output_fields"]
    fields = {name: rendered[name] for name in fields}
    return [event.number, alert.rule, alert.priority, alert.message, fields]


def test_stock_rules() -> None:
    passed = total = 0
    for case in cases("syscall/stock_cases.jsonl"):
        options = (("rule_matching", json.dumps(case["rule_matching"])),)
        rules = matcher(tuple(case["rules"]), *options)
        found, times = [], []
        for event in events(case["scap"], wanted=asked(rules)):
            for alert in rules.match(event):
                found.append(recorded(event, alert))
                times.append(json.loads(alert.json())["time"])
        fine = (found, times) == (case["alerts"], case["times"])
        if not fine:
            print(case["id"], found, case["alerts"])
        total += 1
        passed += fine
    report("syscall: stock cases", passed, total)


def test_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALCO_HOSTNAME", "test-falco-hostname")
    host_name.cache_clear()
    passed = total = 0
    for case in cases("syscall/cases.jsonl"):
        expect = case.get("expect_0_44") or case["expect"]
        for kind in ("stdout_lines_file", "stdout_json_lines_file"):
            if case["kind"] == "detection" and kind in expect:
                total += 1
                wanted = (folder() / "syscall" / expect[kind]).read_text("utf-8")
                passed += lines(case, alerts(case, compiled(case))) == wanted
    host_name.cache_clear()
    report("syscall: lines of captures", passed, total)


def test_rulec_run_has_all_stock_rules_and_captures_without_a_complaint() -> None:
    rules = folder() / "syscall" / "rules" / "stock"
    call = ["run", "-r", str(rules), *(str(scap(name)) for name in BLOCKS)]
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 0
    # Of the rules, it is told that an earlier one hides some; of the captures nothing.
    assert ".scap" not in result.stderr
    assert result.stderr.splitlines()[-1] == "13,751 events, 1 alert"
    assert "Unexpected UDP Traffic Seen" in result.stdout
