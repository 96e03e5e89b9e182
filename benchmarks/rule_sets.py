"""The rules that the benchmarks are about: those of k8s_audit.yaml, and many more like them."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from rulec.text import File

SHIPPED = Path(str(files("rulec.rules") / "k8s_audit.yaml"))
EIGHT = Path(__file__).parent / "eight_rules" / "falco.yaml"

# How many times the 48 rules of k8s_audit.yaml: 48, 192, 480 and 1,920.
COPIES = (1, 4, 10, 40)
# The least number of copies that are 1,000 rules.
THOUSAND = 21


def many(copies: int) -> list[File]:
    """Return variants of the shipped rules, and those at the end: ``copies`` files in all.

    A variant is what another team would have made of the rules: everything
    has another name, and users, images and what else is listed are the team's own.
    One variant in two is about the team's namespace, the others about its own
    kinds of objects, so that not all can be told apart by one field. No event of the
    benchmarks is a team's, so the alerts are those of the shipped rules.
    """
    text = SHIPPED.read_text("utf-8")
    items = [item for item in yaml.safe_load(text) if {"list", "macro", "rule"} & item.keys()]
    variants = [File(f"team-{team}.yaml", _variant(items, team)) for team in range(1, copies)]
    return [*variants, File(SHIPPED.name, text)]


def _variant(items: list[dict[str, Any]], team: int) -> str:
    defined = {item[kind] for item in items for kind in ("list", "macro") if kind in item}
    # A word of its own: not a part of a field, of a name with dashes or of a path.
    words = re.compile(rf"(?<![\w.:/-])(?:{'|'.join(map(re.escape, defined))})(?![\w.:/-])")
    changed = []
    for item in items:
        new = dict(item)
        for kind in ("list", "macro"):
            if kind in item:
                new[kind] = f"{item[kind]}_{team}"
        if "rule" in item:
            new["rule"] = f"{item['rule']} (team {team})"
        if "items" in item:
            new["items"] = [_item(str(value), team, defined) for value in item["items"]]
        if "condition" in item:
            new["condition"] = words.sub(rf"\g<0>_{team}", _condition(item, team))
        changed.append(new)
    return yaml.safe_dump(changed, sort_keys=False, width=100)


def _item(value: str, team: int, defined: set[str]) -> str:
    if value in defined:
        return f"{value}_{team}"
    return value if value == "ResponseComplete" else f"{value}-{team}"


def _condition(item: dict[str, Any], team: int) -> str:
    condition = item["condition"]
    if item.get("macro") == "non_system_user":
        return f'ka.user.name startswith "team-{team}:"'
    condition = condition.replace("system:anonymous", f"guest-{team}")
    if team % 2:
        kind = r"(ka\.target\.(?:sub)?resource = \w+)"
        return re.sub(kind, rf"\1.team-{team}", condition)
    return f"({condition}) and ka.target.namespace = team-{team}" if "rule" in item else condition
