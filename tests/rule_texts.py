"""Rules as text for conditions that were drawn: with macros and lists where somebody put them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from hypothesis import strategies as st
from strategies import Author, events_for, is_number

from rulec.diagnostics import ProblemError
from rulec.event_types import event_types
from rulec.nodes import (
    And,
    Call,
    Check,
    Condition,
    FieldRef,
    Group,
    Items,
    Literal,
    Macro,
    Not,
    OneOf,
    Or,
    rebuild,
)
from rulec.parse import parse_condition
from rulec.runtime.encoding import utf8
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.text import Text

Draw = Callable[[st.SearchStrategy[Any]], Any]


def text_of(node: Any, lists: Mapping[Items, str] = {}) -> str:
    """Return the text of a parsed condition, such that reading it gives the same condition."""
    match node:
        case Macro(name):
            return name
        case Not(operand):
            return f"not ({text_of(operand, lists)})"
        case And(operands):
            return " and ".join(f"({text_of(part, lists)})" for part in operands)
        case Or(operands):
            return " or ".join(f"({text_of(part, lists)})" for part in operands)
        case Check(left, operator, None):
            return f"{text_of(left)} {operator}"
        case Check(left, operator, Literal(number)) if operator[0] in "<>":
            return f"{text_of(left)} {operator} {number}"
        case Check(left, operator, FieldRef() as right):
            return f"{text_of(left)} {operator} val({text_of(right)})"
        case Check(left, operator, Items() as items) if items in lists:
            return f"{text_of(left)} {operator} ({lists[items]})"
        case Check(left, operator, right):
            return f"{text_of(left)} {operator} {text_of(right)}"
        case Literal(text):
            return quoted(text)
        case Items(items) | Group(items):
            return f"({', '.join(map(text_of, items))})"
        case FieldRef(name, None):
            return name
        case FieldRef(name, str(argument)):
            return f"{name}[{quoted(argument)}]"
        case Call(name, arguments, selector):
            chosen = "" if selector is None else f"[{quoted(selector)}]"
            return f"{name}({', '.join(map(text_of, arguments))}){chosen}"
        case OneOf():
            raise AssertionError("nothing is parsed as this")
        case _:
            assert_never(node)


def readable(node: Condition) -> Condition:
    """Return a condition without what can be checked, but not be in rules, such as ``< "<NA>"``."""
    if not isinstance(node, Check):
        return rebuild(node, readable)
    try:
        event_types(node)
        return parse_condition(Text.of(text_of(node)))
    except ProblemError:
        return Check(FieldRef("evt.num"), "exists", None)


def quoted(text: str) -> str:
    """Write a text in quotes. What is no plain character is written as its bytes."""
    if text.isascii() and text.isprintable() and not {"\\", '"'} & set(text):
        return f'"{text}"'
    return '"' + "".join(f"\\x{byte:02x}" for byte in utf8(text)) + '"'


@dataclass(frozen=True)
class Written:
    """Rules in a file, the conditions that they have, and events to ask them about."""

    content: str
    conditions: tuple[Condition, ...]
    events: tuple[AnyEvent, ...]

    def __repr__(self) -> str:
        return self.content


@st.composite
def written_rules(draw: Draw, source: EventSource, rules: int, events: int) -> Written:
    """Draw rules, some parts of which are macros and lists, with events for them.

    Some of the last parts of a condition are exceptions.
    """
    author = Author(draw, source)
    conditions, items = [], list[dict[str, Any]]()
    macros = _Macros(draw, items)
    for number in range(rules):
        condition = readable(author.condition())
        rule = {
            "rule": f"rule {number}",
            "desc": "d",
            "output": "o",
            "priority": "INFO",
            "source": source.name,
            "condition": macros.text(macros.without_some(condition)),
        }
        except_for = author.check(author.one_of(author.words.questions))
        if author.chance(30) and _may_be_exception(except_for):
            rule["exceptions"] = [_exception(except_for)]
            condition = And((condition, Not(except_for)))
        conditions.append(condition)
        items.append(rule)
    found = tuple(conditions)
    drawn = events_for(draw, source, found, events)
    return Written("\n".join(f"- {json.dumps(item)}" for item in items), found, drawn)


def _may_be_exception(node: Check) -> bool:
    """Return whether a comparison can stand in an exception: with constants, and no brackets."""
    if not isinstance(node.left, FieldRef) or node.left.argument is not None:
        return False
    if readable(node) != node:
        return False
    return isinstance(node.right, Literal) and is_number(node.right.text)


def _exception(node: Check) -> dict[str, Any]:
    assert isinstance(node.right, Literal)
    return {
        "name": "known",
        "fields": [text_of(node.left)],
        "comps": [node.operator],
        "values": [[node.right.text]],
    }


class _Macros:
    """Takes parts out of conditions, and defines them in a file."""

    def __init__(self, draw: Draw, items: list[dict[str, Any]]) -> None:
        self._draw = draw
        self._items = items
        self._count = 0

    def _chance(self, percent: int) -> bool:
        return bool(self._draw(st.integers(0, 99)) >= 100 - percent)

    def without_some(self, node: Condition) -> Condition:
        """Return a condition with macros in the place of some of its parts."""
        node = rebuild(node, self.without_some)
        if not self._chance(20):
            return node
        self._count += 1
        name = f"macro_{self._count}"
        self._items.append({"macro": name, "condition": self.text(node)})
        return Macro(name)

    def text(self, node: Condition) -> str:
        """Return the text of a condition, with the names of lists for some of its lists."""
        lists: dict[Items, str] = {}
        for check in _checks(node):
            items = check.right
            if not isinstance(items, Items) or not items.items or not self._chance(30):
                continue
            texts = [item.text for item in items.items]
            if all(text.isalnum() for text in texts):
                self._count += 1
                lists[items] = f"list_{self._count}"
                self._items.append({"list": lists[items], "items": texts})
        return text_of(node, lists)


def _checks(node: Condition) -> Sequence[Check]:
    match node:
        case Check():
            return (node,)
        case Not(operand):
            return _checks(operand)
        case And(operands) | Or(operands) | OneOf(operands):
            return [check for operand in operands for check in _checks(operand)]
        case _:
            return ()
