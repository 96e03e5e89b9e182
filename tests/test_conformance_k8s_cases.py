"""Recorded alerts: rules files and audit logs in, numbers of alerts by rule out."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conformance import cases, folder, report

from rulec import compile_ruleset
from rulec.api import build
from rulec.runtime.engine import run
from rulec.runtime.loading import execute, load, to_bytecode
from rulec.runtime.ruleset import Ruleset

pytestmark = pytest.mark.conformance


Compile = Callable[[tuple[Path, ...]], Ruleset]


@cache
def in_memory(rules: tuple[Path, ...]) -> Ruleset:
    return compile_ruleset(rules, sources=["k8s_audit"])


@cache
def built(rules: tuple[Path, ...]) -> Ruleset:
    with TemporaryDirectory() as folder:
        module = Path(folder, "compiled.pyc")
        module.write_bytes(to_bytecode(build(rules, sources=["k8s_audit"]).code))
        return load(module)


class Forgetful(dict[Any, Any]):
    """A table that remembers nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


@cache
def without_memory(rules: tuple[Path, ...]) -> Ruleset:
    ruleset = execute(str(in_memory(rules).code))
    for program in ruleset.programs:
        if program.gate is not None:
            program.gate.known, program.gate.known_objects = Forgetful(), Forgetful()
            program.gate._by_class = Forgetful()
    return ruleset


def complaint(case: dict[str, Any], root: Path, compiled: Compile) -> str | None:
    """Return what is wrong with the alerts of a case; None if nothing is."""
    ruleset = compiled(tuple(root / name for name in case["rules"]))
    alerts: list[Any] = []
    notices: list[str] = []
    run(ruleset, "k8s_audit", [str(root / case["trace"])], alerts.append, notices.append)
    counts = Counter(alert.rule for alert in alerts)
    wrong = {name: counts[name] for name, n in case["expect"].items() if counts[name] != n}
    if wrong or (case["expect_none"] and alerts):
        return f"{dict(counts)} instead of {case['expect']}"
    if case["priority"]:
        priorities = {alert.priority.upper() for alert in alerts}
        wanted = {"INFO": "INFORMATIONAL"}.get(case["priority"], case["priority"])
        if wanted not in priorities:
            return f"priorities {priorities} without {wanted}"
    if "expect_message" in case and alerts[0].message != case["expect_message"]:
        return f"message {alerts[0].message!r}"
    return None


@pytest.mark.parametrize("compiled", [in_memory, built, without_memory], ids=lambda c: c.__name__)
@pytest.mark.parametrize(
    "suite", ["seed", "testing-head", "falco-0.31.1", "falco-0.23.0", "falco-0.23.0-psp"]
)
def test_alerts(suite: str, compiled: Compile) -> None:
    passed, total = 0, 0
    root = folder() / "k8s_audit"
    for case in cases("k8s_audit/cases.jsonl"):
        if case["suite"] != suite or case["source"] != "k8s_audit":
            continue
        total += 1
        wrong = complaint(case, root, compiled)
        passed += wrong is None
        if wrong is not None:
            print(f"{case['id']}: {wrong}")
    report(f"k8s_audit: cases, {suite}", passed, total)
