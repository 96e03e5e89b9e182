"""Explanations as text: trees, places and values."""

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from rulec.explain import Explainer
from rulec.explain.show import show
from rulec.text import File


def shown(rules: list[dict[str, Any]], event: dict[str, Any], rule: str, **options: Any) -> str:
    settings = {"width": 100, "whole": False, "color": False} | options
    content = "".join(f"- {json.dumps(item)}\n" for item in rules)
    stream = StringIO()
    console = Console(
        file=stream,
        width=settings["width"],
        highlight=False,
        force_terminal=settings["color"],
        color_system="standard" if settings["color"] else None,
    )
    explanation = Explainer.of([File("r.yaml", content)]).explain(event, rule)
    show(explanation, console, whole=settings["whole"])
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def rule(condition: str, **more: Any) -> dict[str, Any]:
    found = {"rule": "r", "desc": "d", "condition": condition, "output": "o", "priority": "INFO"}
    return found | more


CALL = {"evt.type": "open", "proc.name": "cat", "fd.name": "/x"}


def test_macros_stand_before_what_they_are() -> None:
    items = [
        {"macro": "opens", "condition": "evt.type in (open, openat)"},
        {"macro": "reads", "condition": "opens"},
        {"macro": "either", "condition": "proc.name = cat or reads"},
        rule("either and fd.name = /y"),
    ]
    assert shown(items, CALL, "r", whole=True).splitlines()[3:13] == [
        "false and",
        "├── true macro either (or)  r.yaml:3",
        "│   ├── true proc.name = cat",
        "│   │        proc.name is cat",
        "│   └── true macro reads  r.yaml:2",
        "│       └── true macro opens  r.yaml:1",
        "│           └── true evt.type in (open, openat)",
        "│                    evt.type is open",
        "└── false fd.name = /y",
        "          fd.name is /x",
    ]


def test_what_decided_nothing_is_left_out_of_macros() -> None:
    items = [
        {"macro": "opens", "condition": "evt.type in (open, openat)"},
        rule("opens and fd.name = /y"),
    ]
    assert "evt.type" not in shown(items, CALL, "r")


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    items = [rule(f"fd.name in ({', '.join(f'/a/long/path/{n}' for n in range(50))})")]
    event = {**CALL, "fd.name": "/some/other/path" * 20}
    out = shown(items, event, "r", width=width)
    assert max(map(len, out.splitlines())) <= width
    assert "50 in all" in " ".join(out.split())


def test_colours_are_for_terminals() -> None:
    items = [rule("fd.name = /y and evt.type = open")]
    assert "\x1b[" not in shown(items, CALL, "r")
    coloured = shown(items, CALL, "r", color=True)
    assert "\x1b[31m" in coloured
    assert "\x1b[32m" in coloured


def test_where_parts_come_from_is_told_once() -> None:
    items = [
        {"list": "tools", "items": ["cat"]},
        {"list": "tools", "items": ["tac"], "override": {"items": "append"}},
        rule(
            "evt.type = open",
            exceptions=[
                {
                    "name": "known",
                    "fields": ["proc.name", "fd.name"],
                    "comps": ["in", "="],
                    "values": [["tools", "/x"]],
                }
            ],
        ),
    ]
    out = shown(items, CALL, "r")
    assert "false not  exception known r.yaml:3" in out
    assert "true proc.name in (cat, tac)  list tools r.yaml:1  added at r.yaml:2" in out
    assert out.count("exception known") == 1
