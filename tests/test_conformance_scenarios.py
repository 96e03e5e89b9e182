"""Recorded scenarios, told as scenarios of rulec: the values that Falco gave come out."""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from conformance import cases, report
from test_conformance_syscall_captures import BLOCKS, events, same
from test_shipped_syscall_rules_on_scenarios import matcher

from rulec.runtime.sources.syscall.capture.events import codes, kinds
from rulec.runtime.sources.syscall.symbols import SYMBOLS
from rulec.scenarios import read_scenario

pytestmark = pytest.mark.conformance

Case = dict[str, Any]

MACHINE: Final[Case] = {
    "users": {"alice": 1000},
    "interfaces": {"lo": "127.0.0.1/8", "eth0": "10.1.2.3/24"},
}


def process(thread: Case) -> Case:
    """Return a process of a recorded scenario as one of ours."""
    names = {"uid": "user", "gid": "group", "loginuid": "login", "sid": "session"}
    same_names = ("cwd", "tty", "env", "exepath")
    return {
        "pid": thread["tid"],
        "parent": thread["ptid"],
        "name": thread["comm"],
        "command": [thread["exe"], *thread.get("args", ())],
        **{ours: thread[theirs] for theirs, ours in names.items() if theirs in thread},
        **{name: thread[name] for name in same_names if name in thread},
    }


def ends(value: list[Any]) -> str:
    """Return the address, or both, that a list stands for."""
    texts = [
        f"[{host}]:{port}" if ip_address(host).version == 6 else f"{host}:{port}"
        for host, port in zip(value[::2], value[1::2], strict=True)
    ]
    return "->".join(texts)


def named(value: int, table: str) -> Any:
    """Return the names of flags instead of their number, where there are some for all of it."""
    found, left = [], value
    for name, bits in SYMBOLS[table]:
        if bits and left & bits == bits:
            found.append(name)
            left &= ~bits
    return "|".join(found) if found and not left else value


def parameters(event: Case) -> Case:
    """Return the parameters of an event as people write them."""
    kind = kinds()[codes()[event["id"]]]
    assert kind is not None
    found = {}
    for name, value in event["params"].items():
        parameter = kind.parameters[kind.positions[name]]
        if value is not None and parameter.type in ("sockaddr", "socktuple"):
            value = ends(value)
        elif value is not None and parameter.type.startswith("flags") and parameter.symbols:
            value = named(value, parameter.symbols)
        found[name] = value
    return found


def told(case: Case) -> Case:
    """Return a recorded scenario as one of ours."""
    events = [
        {event["id"]: parameters(event), "process": event.get("tid", 100)}
        for event in case["events"]
    ]
    return {**MACHINE, "processes": list(map(process, case["threads"])), "events": events}


def test_recorded_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    passed = total = whole = scenarios = 0
    for case in cases("syscall/scenarios.jsonl"):
        path.write_text(json.dumps(told(case)), "utf-8")
        *_, last = read_scenario(path).events()
        wrong = {
            field: last[field]
            for field, value in case["expect"].items()
            if not same(last[field], value)
        }
        if wrong:
            print(case["id"], wrong, case["expect"])
        total += len(case["expect"])
        passed += len(case["expect"]) - len(wrong)
        scenarios += 1
        whole += not wrong
    report("syscall: scenarios as YAML", whole, scenarios)
    report("syscall: values of scenarios as YAML", passed, total)


def test_ordinary_activity() -> None:
    """Recordings of real machines on which nothing bad happens."""
    quiet = 0
    for name in BLOCKS:
        found = [alert.rule for event in events(name) for alert in matcher("all").match(event)]
        if found:
            print(name, found)
        quiet += not found
    report("syscall: captures without an alert of the shipped rules", quiet, len(BLOCKS))
