"""What Falco tells of whole rules files with ``-L``, and what is told here."""

import gzip
import json
from typing import Any

import pytest
from conformance import folder, report

from rulec.api import check_files
from rulec.describe import describe
from rulec.event_sources import known_sources
from rulec.files import collect

pytestmark = pytest.mark.conformance

# Where the order of the elements says something.
ORDERED = {"output_fields", "items_compiled"}


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a rule, macro or list with its sets sorted."""
    details = {
        key: sorted(value) if isinstance(value, list) and key not in ORDERED else value
        for key, value in entry["details"].items()
    }
    return {"info": entry["info"], "details": details}


def parts(described: dict[str, Any]) -> list[Any]:
    """Return what can be right or wrong by itself: each entry, and what all files require."""
    entries = [
        comparable(each) for kind in ("rules", "macros", "lists") for each in described[kind]
    ]
    return [*entries, described["required_engine_version"], described["required_plugin_versions"]]


@pytest.mark.parametrize("name", ["k8s_stock", "falco_rules", "falco_incubating", "falco_sandbox"])
def test_descriptions(name: str) -> None:
    path = folder() / "describe" / f"{name}.json.gz"
    if not path.is_file():
        pytest.skip(f"no recorded cases: {path} is missing")
    recorded = json.loads(gzip.decompress(path.read_bytes()))
    files = collect(folder() / file for file in recorded["files"])
    definitions, analysis, _ = check_files(files, known_sources())
    found = parts(describe(definitions, analysis, known_sources()))
    expected = parts(recorded["describe"])
    assert recorded["describe"].keys() == describe(definitions, analysis, known_sources()).keys()
    passed = sum(map(lambda ours, theirs: ours == theirs, found, expected))
    print([ours for ours, theirs in zip(found, expected, strict=False) if ours != theirs])
    report(f"describe: {name}", passed if len(found) == len(expected) else 0, len(expected))
