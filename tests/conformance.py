"""The recorded cases of Falco's behaviour, and how many of them must pass.

The cases are no part of this repository. They are read from the folder that
``RULEC_CONFORMANCE`` names, or from ``../shared/conformance``; a test that
needs them is skipped when there is none. A test reads like this::

    @pytest.mark.conformance
    def test_transformers() -> None:
        found = [agrees(case) for case in cases("language/transformers.jsonl")]
        report("language/transformers.jsonl", sum(found), len(found))
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

# How many cases of each suite must pass at least. Numbers go up, never down.
FLOORS: Final[dict[str, int]] = {
    "parser: accepted or rejected": 676,
    "parser: tree": 422,
    "parser: positions": 422,
    "parser: canonical text": 422,
    "parser: kind of error": 254,
    "parser: place of error": 254,
    "parser: quirks": 5,
    "format: templates": 118,
    "misc: escape_value": 11,
    "misc: unescape_quoted": 17,
    "operators": 1658,
    "transformers": 378,
    "k8s_audit: cases, seed": 1,
    "k8s_audit: cases, testing-head": 66,
    "k8s_audit: cases, falco-0.31.1": 66,
    "k8s_audit: cases, falco-0.23.0": 63,
    "k8s_audit: cases, falco-0.23.0-psp": 68,
    "k8s_audit: compare": 46,
    "k8s_audit: extract": 152,
    "k8s_audit: extract_traces": 83,
    "k8s_audit: fields": 108,
    "k8s_audit: documents": 30,
    "describe: fields of k8s_audit": 124,
    "describe: k8s_stock": 113,
    "describe: falco_rules": 163,
    "describe: falco_incubating": 298,
    "describe: falco_sandbox": 417,
    "event types": 175,
    "rules files: error": 562,
    "rules files: place of error": 208,
    "rules files: warnings": 562,
    "rules files: one after the other": 32,
    "rules files: rules": 351,
    "rules files: enabled rules": 354,
    "rules files: conditions": 351,
    "rules files: outputs": 351,
    "rules files: macros": 83,
    "rules files: lists": 95,
    "rules files: schema": 562,
    "stock rules files": 175,
    "describe: fields of syscall": 268,
    "syscall: validation": 33,
    "syscall: stock rules files": 3,
    "syscall: lines of alerts": 4,
    "syscall: gates of stock rules": 93,
    "syscall: outputs of stock rules": 202,
    "syscall: captures": 15,
    "syscall: scenarios": 56,
    "syscall: values of scenarios": 253,
    "syscall: scenarios as YAML": 56,
    "syscall: values of scenarios as YAML": 253,
    "syscall: captures without an alert of the shipped rules": 15,
    "syscall: fields of captures": 5,
    "syscall: counts of captures": 1,
    "syscall: detections": 147,
    "syscall: stock cases": 1050,
    "syscall: lines of captures": 4,
    "rules_load": 562,
    "format": 190,
    "misc: rule_name_wildcard": 29,
    "misc: priority_parse": 33,
    "misc: rule_matching_parse": 5,
    "misc: version_compatible": 13,
    "misc: plugin_requirements": 17,
    "auditd: stock rules": 26,
    "lint report: findings": 1,
    "formatting: rules files": 161,
    "formatting: recorded cases": 481,
}

# What ``report`` was told, for the summary at the end of the run (see conftest.py).
reported: Final[list[str]] = []


def folder() -> Path:
    """Return the folder with the cases; skip the test if there is none."""
    path = Path(os.environ.get("RULEC_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
    if not path.is_dir():
        pytest.skip(f"no recorded cases: {path} is no folder (set RULEC_CONFORMANCE)")
    return path


def cases(name: str) -> Iterator[dict[str, Any]]:
    """Yield the cases of a file of the folder, such as ``language/parser.jsonl``."""
    path = folder() / name
    if not path.is_file():
        pytest.skip(f"no recorded cases: {path} is missing")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def report(name: str, passed: int, total: int) -> None:
    """Print ``name: passed/total`` at the end of the run; fail below the floor of ``name``.

    Another folder may have fewer cases; then all of them must pass. Cases with
    a ``quirk`` are no cases to be proud of: count them apart, under
    a name of their own.
    """
    reported.append(f"{name}: {passed}/{total}")
    floor = FLOORS.get(name)
    assert floor is not None, f"add {name!r} to FLOORS, with {passed}"
    least = min(floor, total)
    assert passed >= least, f"{name}: {passed} of {total} pass, it must be {least}"
