"""How mistakes are told, to people and to programs that know Falco."""

import json
import pickle

import pytest

from rulec.codes import CODES
from rulec.diagnostics import (
    Diagnostic,
    Location,
    Problem,
    ProblemError,
    RulesError,
    diagnose_condition,
    snippet,
)
from rulec.text import File, Text

RULES = File("rules.yaml", "- rule: r\n  condition: ka.verb contians x\n")
CONDITION = Text.verbatim(RULES, 23, 41)
ITEM = (Location("rules content", "", RULES, 0), Location("rule", "r", RULES, 2))


def misspelt(hint: str = "did you mean 'contains'?") -> Diagnostic:
    problem = Problem(
        "unknown_operator", "unknown operator 'contians'", CONDITION.span(8, 16), hint
    )
    context = (*ITEM, Location("rule condition", "", RULES, 23))
    return diagnose_condition("LOAD_ERR_COMPILE_CONDITION", problem, context, CONDITION)


def test_a_diagnostic_points_at_the_place() -> None:
    assert str(misspelt()) == (
        "rules.yaml:2:22: LOAD_ERR_COMPILE_CONDITION: unknown operator 'contians'\n"
        "      condition: ka.verb contians x\n"
        "                         ^^^^^^^^ did you mean 'contains'?"
    )


@pytest.mark.parametrize(
    ("content", "at", "expected"),
    [
        ("\ta\tb = c", 3, "\ta\tb = c\n\t \t^"),
        pytest.param("ä = b", 4, "ä = b\n    ^", id="columns are characters"),
        pytest.param("x" * 200, 100, "..." + "x" * 160 + "...\n" + " " * 83 + "^", id="long"),
        pytest.param("\n\n", 1, "", id="there is nothing to see on an empty line"),
    ],
)
def test_caret(content: str, at: int, expected: str) -> None:
    file = File("f", content)
    problem = Problem("k", "m", Text.verbatim(file, at, at + 1).span(0))
    assert Diagnostic("LOAD_ERR_YAML_PARSE", problem).caret == expected


def test_the_json_of_falco_adds_the_positions_of_item_and_condition() -> None:
    found = misspelt(hint="").to_falco()
    assert found["code"] == "LOAD_ERR_COMPILE_CONDITION"
    assert found["codedesc"] == "Invalid condition"
    assert found["message"] == "unknown operator 'contians'"
    *_, condition, expression = found["context"]["locations"]
    assert condition == {
        "item_type": "rule condition",
        "item_name": "",
        "position": {"name": "rules.yaml", "line": 1, "column": 13, "offset": 23},
    }
    assert expression["item_type"] == "condition expression"
    assert expression["position"] == {
        "name": '"ka.verb contians x"',
        "line": 2,
        "column": 22,
        "offset": 31,
    }
    assert json.loads(json.dumps(found)) == found


def test_falco_names_a_long_condition_by_its_beginning() -> None:
    text = Text.of("ka.verb = x\nand ka.verb = y")
    problem = Problem("k", "m", text.span(12))
    found = diagnose_condition("LOAD_ERR_VALIDATE", problem, ITEM, text).to_falco()
    position = found["context"]["locations"][-1]["position"]
    assert position == {"name": '"ka.verb = x and k..."', "line": 2, "column": 3, "offset": 14}


def test_falco_counts_bytes() -> None:
    location = Location("rule", "r", File("f", "# äöü\n- rüle: r"), 10)
    assert location.mark == (1, 5, 14)


@pytest.mark.parametrize(
    ("content", "offset", "expected"),
    [
        ("a = b\nc = d\n", 8, "c = d\n  ^\n"),
        pytest.param("a = b\n", 99, "a = b\n    ^\n", id="behind the end: the last character"),
        pytest.param("a\n\nb", 2, "a\n^\n", id="on line ends: the character before them"),
        ("a" * 200, 100, "..." + "a" * 158 + "...\n" + " " * 83 + "^\n"),
        ("", 0, ""),
    ],
)
def test_snippet(content: str, offset: int, expected: str) -> None:
    assert snippet(content, offset) == expected


def test_warnings_are_described_at_length() -> None:
    diagnostic = Diagnostic("LOAD_UNUSED_LIST", Problem("unused", "list 'l' is not used"), ITEM)
    found = diagnostic.to_falco()
    assert (diagnostic.severity, found["codedesc"]) == ("warning", "Nothing uses the list.")


def test_the_deprecated_field_is_named_in_the_json() -> None:
    problem = Problem("deprecated_field", "field 'evt.dir' is deprecated", subject="evt.dir")
    found = Diagnostic("LOAD_DEPRECATED_ITEM", problem, ITEM).to_falco()
    assert found["deprecated_field"] == "evt.dir"


def test_an_error_shows_everything_sorted_by_place() -> None:
    later = Diagnostic("LOAD_ERR_VALIDATE", Problem("k", "later", CONDITION.span(0)), ITEM)
    first = Diagnostic("LOAD_ERR_VALIDATE", Problem("k", "first"), ITEM)
    error = RulesError([later, first])
    assert [diagnostic.message for diagnostic in error.diagnostics] == ["first", "later"]
    assert str(error).startswith("rules.yaml:1:3: LOAD_ERR_VALIDATE: first\n")


def test_errors_can_be_pickled() -> None:
    error = RulesError([misspelt()])
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics
    problem = ProblemError(misspelt().problem)
    assert pickle.loads(pickle.dumps(problem)).problem == problem.problem
    assert str(problem) == "unknown operator 'contians'"


def test_every_code_is_described() -> None:
    assert list(CODES) == [code.name for code in CODES.values()]
    for name, code in CODES.items():
        assert ("_ERR_" in name, code.short[-1] != ".", code.long[-1]) == (
            code.severity == "error",
            True,
            ".",
        )
