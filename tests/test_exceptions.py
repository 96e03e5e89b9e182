"""Exceptions of rules: what they do to the condition, and what is wrong with them."""

import pytest
from rules_files import RULE, define_all, told

from rulec.exceptions import exception_fields, fold_exceptions

VALIDATE = "LOAD_ERR_VALIDATE"


def folded(*changes: str) -> str:
    definitions, diagnostics = define_all(RULE, *changes)
    assert [d for d in diagnostics if d.severity == "error"] == []
    text, problems = fold_exceptions(definitions.rules["r"])
    assert problems == []
    return str(text)


@pytest.mark.parametrize(
    ("exceptions", "condition"),
    [
        ("", "a.b = c"),
        ("{name: e, fields: [f.x]}", "(a.b = c)"),
        ("{name: e, fields: [f.x], values: [[v]]}", "(a.b = c) and not (( f.x = v))"),
        (
            "{name: e, fields: [f.x, f.y], values: [[a, b], [c, d]]}",
            "(a.b = c) and not (( f.x = a and  f.y = b) or ( f.x = c and  f.y = d))",
        ),
        (
            "{name: e, fields: [f.x, f.y], comps: [contains, ' startswith oneof '], values: [[a b, [c d, e]]]}",
            '(a.b = c) and not (( f.x contains "a b" and  f.y startswith oneof ("c d", e)))',
        ),
        pytest.param(
            "{name: e, fields: [f.x], comps: [in], values: [[a b]]}",
            "(a.b = c) and not (( f.x in (a b)))",
            id="a text for a list gets no quotes",
        ),
        (
            "{name: e, fields: [f.x], comps: [in], values: [['(a, b)']]}",
            "(a.b = c) and not (( f.x in (a, b)))",
        ),
        (
            "{name: e, fields: [f.x], comps: [in], values: [[[]]]}",
            "(a.b = c) and not (( f.x in ()))",
        ),
        ("{name: e, fields: f.x, values: [a, b c]}", '(a.b = c) and not (f.x in (a, "b c"))'),
        (
            "{name: e, fields: f.x, comps: pmatch, values: [/a]}",
            "(a.b = c) and not (f.x pmatch (/a))",
        ),
        (
            "{name: e, fields: f.x, values: [a]}, {name: f, fields: f.y}, {name: g, fields: f.z, values: [b]}",
            "(a.b = c) and not (f.x in (a)) and not (f.z in (b))",
        ),
    ],
)
def test_folding(exceptions: str, condition: str) -> None:
    definitions, _ = define_all(RULE + f"  exceptions: [{exceptions}]")
    assert str(fold_exceptions(definitions.rules["r"])[0]) == condition


def test_appending() -> None:
    first = "- rule: r\n  exceptions: [{name: e, fields: f.x, values: [a]}]\n  append: true"
    second = "- rule: r\n  exceptions: [{name: e, values: [b]}]\n  override: {exceptions: append}"
    third = "- rule: r\n  condition: or x\n  append: true"
    assert folded(first, second, third) == "(a.b = c or x) and not (f.x in (a, b))"


def test_replacing() -> None:
    first = "- rule: r\n  exceptions: [{name: e, fields: f.x, values: [a]}]\n  append: true"
    second = "- rule: r\n  exceptions: [{name: f, fields: f.y, comps: in, values: [b]}]\n  override: {exceptions: replace}"
    assert folded(first, second) == "(a.b = c) and not (f.y in (b))"


def test_each_part_is_found_where_it_was_written() -> None:
    exceptions = (
        "  exceptions:\n  - name: e\n    fields: [f.x]\n    comps: [in]\n    values:\n    - [a]\n"
    )
    definitions, _ = define_all(RULE + exceptions)
    text, _ = fold_exceptions(definitions.rules["r"])
    expected = {
        "(a.b": (3, 14),
        "a.b": (3, 14),
        "f.x": (8, 14),
        "in (": (9, 13),
        "a)": (11, 8),
        " and not": (7, 5),
    }
    found = {part: text.span(str(text).rindex(part)).position for part in expected}
    assert found == expected


def test_the_fields_can_be_checked_later() -> None:
    definitions, _ = define_all(
        RULE + "  exceptions: [{name: e, fields: [f.x, f.y]}, {name: g, fields: f.z}]"
    )
    found = [
        (str(field), context[-1].item_name)
        for field, context in exception_fields(definitions.rules["r"])
    ]
    assert found == [("f.x", "e"), ("f.y", "e"), ("f.z", "g")]


@pytest.mark.parametrize(
    ("exception", "kinds"),
    [
        ("{name: e, fields: []}", ["exception_missing_fields"]),
        ("{name: e, fields: [f.x, f.y], comps: [=]}", ["exception_fields_comps_length"]),
        ("{name: e, fields: [f.x], comps: [like]}", ["exception_unknown_operator"]),
        ("{name: e, fields: [f.x], comps: [in oneof]}", ["exception_unknown_operator"]),
        ("{name: e, fields: f.x, comps: [in]}", ["exception_comps_not_scalar"]),
        ("{name: e, fields: f.x, comps: =}", ["exception_comp_not_set_operator"]),
        ("{name: e, fields: f.x, comps: like oneof}", ["exception_comp_not_set_operator"]),
    ],
)
def test_mistakes(exception: str, kinds: list[str]) -> None:
    _, diagnostics = define_all(RULE + f"  exceptions: [{exception}]")
    assert told(diagnostics) == [f"6:16 {VALIDATE} {kind}" for kind in kinds]


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        ("{name: e, fields: [f.x, f.y], values: [[a]]}", "exception_fields_values_length"),
        ("{name: e, fields: [f.x], values: [a]}", "exception_fields_values_length"),
        ("{name: e, fields: f.x, values: [[a]]}", "exception_values_not_scalar"),
    ],
)
def test_mistakes_in_values(exception: str, kind: str) -> None:
    definitions, diagnostics = define_all(RULE + f"  exceptions: [{exception}]")
    assert diagnostics == []
    _, problems = fold_exceptions(definitions.rules["r"])
    assert told(problems) == [f"6:16 {VALIDATE} {kind}"]


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("{name: e}", ["6:16 LOAD_APPEND_NO_VALUES append_no_values"]),
        ("{name: e, fields: f.x, values: [a]}", [f"6:16 {VALIDATE} exception_append_fields"]),
        ("{name: e, comps: in, values: [a]}", [f"6:16 {VALIDATE} exception_append_comps"]),
        ("{name: n, values: [a]}", [f"6:16 {VALIDATE} exception_missing_fields"]),
        ("{name: n, fields: f.x, values: []}", [f"6:16 {VALIDATE} exception_missing_values"]),
        (
            "{name: e, values: [a]}, {name: e, values: [b]}",
            ["6:40 LOAD_EXCEPTION_NAME_NOT_UNIQUE exception_name_not_unique"],
        ),
    ],
)
def test_mistakes_in_appending(addition: str, expected: list[str]) -> None:
    base = RULE + "  exceptions: [{name: e, fields: f.x}]\n"
    change = f"\n\n- rule: r\n  override: {{exceptions: append}}\n\n  exceptions: [{addition}]\n"
    assert told(define_all(base, change)[1]) == expected
