"""The recorded cases about reading: conditions, outputs, quoted values."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from conformance import cases, report

from rulec.canonical import canonical, escape_value
from rulec.diagnostics import Problem, ProblemError
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
    Node,
    Not,
    Or,
    Reference,
)
from rulec.parse import parse_condition
from rulec.quoting import EscapeError, unescape
from rulec.runtime.fields import Argument
from rulec.templates import Template, read_template
from rulec.text import Text

pytestmark = pytest.mark.conformance

# The recorded cases were made with this limit.
MAX_DEPTH = 100


def read(source: str) -> Condition | Problem:
    try:
        return parse_condition(Text.of(source), MAX_DEPTH)
    except ProblemError as error:
        return error.problem


def is_quirk(case: dict[str, Any]) -> bool:
    """Falco takes a list with a bad escape in its first value for an empty list."""
    return case["ok"] and "FIRST element" in case.get("note", "")


# --- our nodes, as the cases describe them -------------------------------------------


def tree(node: Any) -> list[Any]:
    """Describe a node as the cases do."""
    match node:
        case And(operands):
            return ["and", *map(tree, operands)]
        case Or(operands):
            return ["or", *map(tree, operands)]
        case Not(operand):
            return ["not", tree(operand)]
        case Macro(name):
            return ["macro", name]
        case Check(left, operator, None):
            return ["unary", operator, tree(left)]
        case Check(left, operator, FieldRef() as right):
            return ["binary", operator, tree(left), ["tr", "val", [tree(right)], None]]
        case Check(left, operator, right):
            return ["binary", operator, tree(left), tree(right)]
        case FieldRef(name, argument):
            return ["field", name, argument]
        case Call(name, arguments, selector):
            return ["tr", name, [tree(argument) for argument in arguments], selector]
        case Literal(text):
            return ["val", text]
        case Items(items):
            return ["list", [item.text for item in items]]
        case Group(items):
            return ["tlist", *map(tree, items)]
    raise AssertionError(node)


def positions(node: Any, source: str, place: int | None = None) -> Iterator[list[Any]]:
    """Yield the places of the nodes in the order of writing, as the cases do."""
    start = node.span.start if place is None else place
    match node:
        case And(operands) | Or(operands):
            yield [type(node).__name__.lower(), *mark(source, start)]
            for operand in operands:
                yield from positions(operand, source)
        case Not(operand):
            yield ["not", *mark(source, start)]
            yield from positions(operand, source)
        case Check(left, _, right):
            yield ["unary" if right is None else "binary", *mark(source, start)]
            yield from positions(left, source)
            if isinstance(right, FieldRef):
                yield ["tr", *mark(source, source.rindex("val(", 0, right.span.start))]
            if right is not None:
                yield from positions(right, source)
        case Call(_, arguments):
            yield ["tr", *mark(source, start)]
            for number, argument in enumerate(arguments):
                # Falco puts an argument right behind the comma, before any blanks.
                comma = len(source[: argument.span.start].rstrip(" \t\r\n\b"))
                yield from positions(argument, source, comma if number else None)
        case Group(items):
            yield ["tlist", *mark(source, start)]
            for item in items:
                # All of them, as if they were where the list is.
                yield from positions(item, source, start)
        case _:
            yield [KINDS[type(node)], *mark(source, start)]


KINDS: dict[type[Node], str] = {
    FieldRef: "field",
    Literal: "val",
    Items: "list",
    Macro: "macro",
}


def mark(source: str, index: int) -> tuple[int, int, int]:
    """Return index, line and column in bytes, where CR and LF both end a line."""
    before = source[:index].encode()
    lines = before.replace(b"\r", b"\n").split(b"\n")
    return len(before), len(lines), len(lines[-1]) + 1


def test_conditions() -> None:
    found: dict[str, list[bool]] = defaultdict(list)

    def check(name: str, case: dict[str, Any], passed: bool) -> None:
        found[name].append(passed)
        if not passed:
            print(f"{name}: {case['condition']!r}")

    for case in cases("language/parser.jsonl"):
        source, answer = case["condition"], read(case["condition"])
        if is_quirk(case):
            check("quirks", case, isinstance(answer, Problem) and "escape" in answer.kind)
            continue
        check("accepted or rejected", case, isinstance(answer, Problem) is not case["ok"])
        if isinstance(answer, Problem):
            check("kind of error", case, answer.kind == case.get("error_kind"))
            place = list(mark(source, answer.span.start))
            check("place of error", case, place == case.get("error_pos"))
        else:
            check("tree", case, tree(answer) == case.get("ast"))
            places = list(positions(answer, source))
            check("positions", case, places == case.get("positions"))
            check("canonical text", case, canonical(answer) == case.get("canonical"))
    for name, results in found.items():
        report(f"parser: {name}", sum(results), len(results))


# --- outputs ---------------------------------------------------------------------------

# The fields that the cases use, and what each takes as an argument.
PLAIN = """
    t.str t.str2 t.str3 t.path t.buf t.buf2 t.u64 t.u642 t.u32 t.u16 t.u8 t.i64 t.i32 t.i16 t.i8
    t.port t.bool t.bool2 t.double t.ip t.ip2 t.net t.reltime t.abstime t.hex t.oct t.pad t.strlist
    t.strlist2 t.u64list t.boollist t.iplist t.netlist t.i64list t.notr t.norhs
"""
FIELDS = {
    **dict.fromkeys(PLAIN.split(), Argument.NONE),
    "t.key": Argument.KEY,
    "t.idx": Argument.REQUIRED_INDEX,
    "t.opt": Argument.OPTIONAL,
}


def resolves(value: Reference) -> bool:
    if isinstance(value, Call):
        # The only wrong type among the cases.
        return not (value.name == "toupper" and FieldRef("t.u64") in value.arguments)
    takes = FIELDS.get(value.name)
    if takes is Argument.NONE or takes is None:
        return takes is not None and value.argument is None
    return value.argument is not None or takes is Argument.OPTIONAL


def same_names(template: Template, names: list[str]) -> bool:
    """Compare the fields and the slots with the names that Falco reports.

    Of the calls inside of a call, Falco reports those that are not the last
    argument. As nothing depends on it, they are left out.
    """
    fields = [written(found) for slot in template.slots for found in fields_in(slot.value)]
    slots = [written(slot.value) for slot in template.slots]
    return fields == [name for name in names if "(" not in name] and set(slots) <= set(names)


def fields_in(value: Any) -> Iterator[FieldRef]:
    match value:
        case FieldRef():
            yield value
        case Call(_, parts) | Group(parts):
            for part in parts:
                yield from fields_in(part)


def written(value: Reference) -> str:
    return canonical(Check(value, "exists", None)).removesuffix(" exists")


def test_outputs() -> None:
    passed = total = 0
    for case in cases("language/format.jsonl"):
        if case["kind"] != "field_format":
            continue
        total += 1
        try:
            template = read_template(Text.of(case["format"]), resolves)
        except ProblemError as error:
            agrees = not case["ok"] and error.problem.kind == case["error_kind"]
        else:
            agrees = case["ok"] and same_names(template, case["field_names"])
        passed += agrees
        if not agrees:
            print(case["format"], case)
    report("format: templates", passed, total)


# --- values -----------------------------------------------------------------------------


def unescaped(text: str) -> str | None:
    try:
        return unescape(text)
    except EscapeError:
        return None


def test_values() -> None:
    results: dict[str, list[bool]] = {"escape_value": [], "unescape_quoted": []}
    for case in cases("language/misc.jsonl"):
        if case["kind"] == "escape_value":
            results["escape_value"].append(escape_value(case["value"]) == case["expect"])
        elif case["kind"] == "unescape_quoted":
            results["unescape_quoted"].append(unescaped(case["text"]) == case.get("expect"))
    for kind, found in results.items():
        report(f"misc: {kind}", sum(found), len(found))
