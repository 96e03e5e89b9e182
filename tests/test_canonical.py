"""How conditions are printed."""

import pytest

from rulec.canonical import canonical, escape_value
from rulec.nodes import And, Check, Condition, Const, FieldRef, Items, Literal, Macro, Not, Or
from rulec.parse import parse_condition
from rulec.text import Text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("( a )", "a"),
        ("a and  b or c", "((a and b) or c)"),
        ("not(a or b)", "not (a or b)"),
        ("not (not a)", "not not a"),
        ("f.x  exists", "f.x exists"),
        ("f.x==y", "f.x == y"),
        ("f.x = 'y'", "f.x = y"),
        ("f.x = 'y z'", 'f.x = "y z"'),
        ("f.x in (y,'z z', '')", 'f.x in (y, "z z", )'),
        ("f.x in some_list", "f.x in some_list"),
        ("f.x = anyof (y)", "f.x = anyof (y)"),
        ("f.x['0'] = val( f.y )", "f.x[0] = val(f.y)"),
        ("f.x[''] exists", 'f.x[""] exists'),
        ("f.x['a b'] exists", 'f.x["a b"] exists'),
        ("join('-', (f.x, 5)) = y", "join(-,(f.x,5)) = y"),
        ("getopt(f.x, 'n:')['n'] = y", "getopt(f.x,n:)[n] = y"),
        ("f.x = tolower( f.y )", "f.x = tolower(f.y)"),
    ],
)
def test_canonical_text(source: str, expected: str) -> None:
    assert canonical(parse_condition(Text.of(source))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("(a,b)", "(a,b)"),
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ("it's", '''"it's"'''),
        ('say "hi"', r'"say \"hi\""'),
        ("a\\b", r'"a\\b"'),
        ("\b\f\n\r\t", r'"\b\f\n\r\t"'),
        pytest.param("a\0b", '"a\0b"', id="a NUL is quoted, but has no escape"),
        pytest.param("a\vb", "a\vb", id="a vertical tab is not even quoted"),
    ],
)
def test_escape_value(value: str, expected: str) -> None:
    assert escape_value(value) == expected


def test_nesting_does_not_matter() -> None:
    condition: Condition = Macro("a")
    for _ in range(50_000):
        condition = Not(condition)
    assert canonical(condition) == "not " * 50_000 + "a"
    for _ in range(50_000):
        condition = And((condition,))
    assert canonical(condition).startswith("((((")


def test_length_does_not_matter() -> None:
    check = Check(FieldRef("f.x"), "in", Items((Literal("y"),) * 100_000))
    text = canonical(Or((check, Macro("a"))))
    assert text.startswith("(f.x in (y, y, ")
    assert text.endswith(", y) or a)")


def test_only_what_was_written_has_a_text() -> None:
    with pytest.raises(TypeError, match="Const was never written"):
        canonical(Const(True))
