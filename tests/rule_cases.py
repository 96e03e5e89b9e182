"""What the tests of the shipped rules share: a rule, what it reports and what it lets pass."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One rule.

    ``event`` are the arguments of ``audit_event`` for an event that this rule
    alone reports. Each of ``misses`` changes it so that the rule, even if all
    rules are asked, does not match; each of ``hits`` so that it still does.
    ``overlay`` are rules to be loaded after the shipped ones.
    """

    rule: str
    event: Mapping[str, Any]
    misses: tuple[Mapping[str, Any], ...]
    hits: tuple[Mapping[str, Any], ...] = ()
    overlay: str = ""


def definitions(path: Path, kind: str) -> dict[str, Item]:
    """Return the rules, macros or lists of a file by name, in order."""
    items: list[Item] = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = [item for item in items if kind in item]
    found = {item[kind]: item for item in named}
    assert len(found) == len(named), f"some {kind} is defined twice"
    return found


def switch(macro: str, condition: str) -> str:
    """Return the overlay that replaces a macro."""
    return f"- macro: {macro}\n  condition: {condition}\n  override: {{condition: replace}}\n"


def append(name: str, *items: str) -> str:
    """Return the overlay that appends to a list."""
    return f"- list: {name}\n  items: [{', '.join(items)}]\n  override: {{items: append}}\n"


def names(ruleset: Any, event: Mapping[str, Any]) -> list[str]:
    """Return the rules that report an event."""
    return [alert.rule for alert in ruleset.match(event, source="k8s_audit")]


def variants(cases: Iterable[Case], kind: str) -> list[Any]:
    """Return every case with each of its ``hits`` or ``misses``, under a name that reads well."""
    return [
        pytest.param(case, change, id=f"{case.rule}: {_described(change)}")
        for case in cases
        for change in getattr(case, kind)
    ]


def _described(change: Mapping[str, Any]) -> str:
    return ", ".join(
        key if isinstance(value, dict | list) else f"{key}={value}" for key, value in change.items()
    )
