"""The rules of the soak: the shipped ones, whose alerts here say which event they are about."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from rule_sets import SHIPPED

from rulec import compile_ruleset
from rulec.runtime.ruleset import Ruleset

# The field that tells an event from all others.
ID: Final = "ka.auditid"

_EVERY_EVENT: Final[dict[str, object]] = {
    "rule": "Every Event",
    "desc": "There was an event.",
    "condition": f"{ID} exists",
    "output": f"Event (id=%{ID})",
    "priority": "DEBUG",
    "source": "k8s_audit",
}


def write_rules(folder: Path, *, every_event: bool = False) -> tuple[Path, ...]:
    """Write the rules, and return their files in load order.

    With ``every_event`` there is a rule that raises an alert on each event.
    """
    file = folder / "with-ids.yaml"
    items = [with_id(name) for name in shipped_names()]
    if every_event:
        items.append(_EVERY_EVENT)
    file.write_text(yaml.safe_dump(items, sort_keys=False))
    return SHIPPED, file


@cache
def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped rules."""
    return tuple(rule.name for rule in compile_ruleset(SHIPPED).rules)


def with_id(rule: str, text: str = "") -> dict[str, object]:
    """Return what makes a rule tell which event an alert is about, and perhaps some text."""
    output = f" (id=%{ID}){text}"
    return {"rule": rule, "output": output, "override": {"output": "append"}}


def compiled(rules: tuple[Path, ...], rule_matching: str = "first") -> Ruleset:
    """Return the ruleset in some files."""
    return compile_ruleset(*rules, rule_matching=rule_matching)
