"""What conditions mean, and what is said about those that mean nothing."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.canonical import canonical
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
    Not,
    Or,
)
from rulec.parse import parse_condition
from rulec.text import File, Span, Text

A, B, C = Macro("a"), Macro("b"), Macro("c")
FIELD, OTHER = FieldRef("f.x"), FieldRef("f.y")


def check(operator: str, right: Any) -> Check:
    return Check(FIELD, operator, Literal(right) if isinstance(right, str) else right)


def items(*texts: str) -> Items:
    return Items(tuple(map(Literal, texts)))


def parse(source: str) -> Condition:
    return parse_condition(Text.of(source))


def problem(source: str, max_depth: int = 1000) -> Problem:
    with pytest.raises(ProblemError) as caught:
        parse_condition(Text.of(source), max_depth)
    return caught.value.problem


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a", A),
        ("  ( a )\n", A),
        ("a and b and c", And((A, B, C))),
        ("a or b and c", Or((A, And((B, C))))),
        ("(a or b) and c", And((Or((A, B)), C))),
        ("(a and b) and c", And((And((A, B)), C))),
        ("not a and b", And((Not(A), B))),
        pytest.param("not not a", A, id="neighbouring nots cancel each other out"),
        pytest.param("not not not(a)", Not(A), id="an odd number leaves one"),
        pytest.param("not (not a)", Not(Not(A)), id="a parenthesis keeps them apart"),
        pytest.param("a and(b)or(c)", Or((And((A, B)), C)), id="no blank before a parenthesis"),
        pytest.param("a\band\vb", None, id="a vertical tab is no blank"),
        pytest.param("a\band\bb", And((A, B)), id="a backspace is one"),
        pytest.param("not\va", Not(A), id="after 'not', a vertical tab will do"),
        pytest.param("a or(b) and c", None, id="'or(' takes the group only"),
        pytest.param("and", Macro("and"), id="a keyword alone is the name of a macro"),
        pytest.param("a and or", And((A, Macro("or"))), id="also as an operand"),
    ],
)
def test_and_or_not(source: str, expected: Condition | None) -> None:
    if expected is None:
        problem(source)
    else:
        assert parse(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f.x exists", Check(FIELD, "exists", None)),
        ("f.x = y", check("=", "y")),
        ("f.x==y", check("==", "y")),
        ("f.x != 'y z'", check("!=", "y z")),
        ("f.x = f.y", check("=", "f.y")),
        ("f.x >= -1.5e+3", check(">=", "-1.5e+3")),
        ("f.x < 0xFF", check("<", "0xFF")),
        ("f.x startswith /etc", check("startswith", "/etc")),
        ("f.x glob *.[ch]", check("glob", "*.[ch]")),
        ("f.x in (y, 'z z' , \"\")", check("in", items("y", "z z", ""))),
        ("f.x in ( )", check("in", items())),
        ("f.x intersects some_list", check("intersects", "some_list")),
        ("f.x = val(f.y)", check("=", OTHER)),
        ("f.x in val( f.y[1] )", check("in", FieldRef("f.y", "1"))),
        ("f.x = tolower(f.y)", check("=", Call("tolower", (OTHER,)))),
        ("f.x = anyof (y, z)", check("= anyof", items("y", "z"))),
        ("f.x contains allof some_list", check("contains allof", "some_list")),
        ("f.x = oneof", check("=", "oneof")),
        ("f.x = oneof and a", And((check("=", "oneof"), A))),
        ("f.x = oneof oneof", check("= oneof", "oneof")),
        pytest.param("f.x inside", check("in", "side"), id="'in' needs no blank behind it"),
        pytest.param("f.x existsand a", And((Check(FIELD, "exists", None), A)), id="nor 'exists'"),
        pytest.param("f.x =1and", check("=", "1and"), id="a bare word swallows a keyword"),
        pytest.param("f.x >1and a", And((check(">", "1"), A)), id="a number does not"),
        pytest.param(r"f.x = C:\new", check("=", r"C:\new"), id="a bare word has no escapes"),
        pytest.param("f.x = café", check("=", "café"), id="a bare word may be in any language"),
    ],
)
def test_checks(source: str, expected: Condition) -> None:
    assert parse(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b.c", FieldRef("a.b.c")),
        ("a.b[0]", FieldRef("a.b", "0")),
        ("a.b[/x/y~1z(,=)]", FieldRef("a.b", "/x/y~1z(,=)")),
        ("a.b['[x] y']", FieldRef("a.b", "[x] y")),
        pytest.param('a.b[""]', FieldRef("a.b", ""), id="an empty argument is one"),
        ("len(f.x)", Call("len", (FIELD,))),
        ("toupper(b64( f.x ))", Call("toupper", (Call("b64", (FIELD,)),))),
        ("concat(f.x,'-', 5)", Call("concat", (FIELD, Literal("-"), Literal("5")))),
        ("join(',', (f.x , f.y))", Call("join", (Literal(","), Group((FIELD, OTHER))))),
        ("getopt(f.x, 'n:')[n]", Call("getopt", (FIELD, Literal("n:")), "n")),
    ],
)
def test_fields_and_transformers(source: str, expected: FieldRef | Call) -> None:
    assert parse(f"{source} exists") == Check(expected, "exists", None)


@pytest.mark.parametrize(
    ("quoted", "expected"),
    [
        (r"'\b\f\n\r\t\\\/'", "\b\f\n\r\t\\/"),
        (r"'it\'s'", "it's"),
        (r'''"it's"''', "it's"),
        ("'two\nlines'", "two\nlines"),
        (r"'\x41\x42C'", "ABC"),
        pytest.param(r"'\xc3\xa9'", "é", id="bytes that are UTF-8 are text"),
        pytest.param(r"'\xffé'", "\udcffé", id="others are kept as lone surrogates"),
        pytest.param(r"'a\ b'", r"a\b", id="an escaped blank is lost, as in Falco"),
    ],
)
def test_escapes(quoted: str, expected: str) -> None:
    assert parse(f"f.x = {quoted}") == check("=", expected)
    assert parse(f"f.x[{quoted}] exists") == Check(FieldRef("f.x", expected), "exists", None)


@pytest.mark.parametrize(
    ("source", "kind", "place", "hint"),
    [
        ("", "empty_condition", 0, ""),
        ("  ", "missing_check", 2, ""),
        ("a and", "missing_blank_after_and", 5, "another check must follow"),
        ("a orb", "missing_blank_after_or", 4, ""),
        ("a AND b", "trailing_input", 2, "keywords are lower case: write 'and'"),
        ("a && b", "trailing_input", 2, "write 'and'"),
        ("!a", "missing_check", 0, "write 'not'"),
        ("a not b", "trailing_input", 2, "write 'and not' or 'or not'"),
        ("a # b", "trailing_input", 2, "a condition has no comments"),
        ("a\N{NO-BREAK SPACE}and b", "trailing_input", 1, "this is no blank: write a space"),
        ("a) or b", "trailing_input", 1, "no parenthesis is open here"),
        ("(a", "missing_close_paren", 2, "'(' in line 1, column 1 is not closed"),
        ("a or(b) and c", "trailing_input", 8, "after 'or(...)' only 'or' can follow: put a blank before the parenthesis"),
        ("name = x", "trailing_input", 5, "'name' is a macro: the name of a field has a dot"),
        ("f.x", "missing_operator", 3, "write 'exists', or an operator and a value"),
        ("f.x contians y", "missing_operator", 4, "did you mean 'contains'?"),
        ("f.x CONTAINS y", "missing_operator", 4, "operators are lower case: write 'contains'"),
        ("f.x contains'y'", "missing_operator", 4, "a blank and a value must follow 'contains'"),
        ("f.x not in (y)", "missing_operator", 4, "write 'not' before the field"),
        ("f.x anyof (y)", "missing_operator", 4, "write an operator before it: '= anyof (...)'"),
        ("f.x intersect (y)", "trailing_input", 14, "did you mean 'intersects'?"),
        ("f.x includes y", "trailing_input", 13, "'includes' is no operator"),
        ("f.x =", "missing_string_operand", 5, ""),
        ("f.x === y", "missing_string_operand", 6, "write '=='"),
        ("f.x = (y)", "missing_string_operand", 6, "write 'in' to compare with a list, or put a modifier before it: '= anyof (...)'"),
        ("f.x = 'y", "missing_string_operand", 6, "the string is never closed (a quote behind a backslash does not close it)"),
        ("f.x = y z", "trailing_input", 8, "write 'and' or 'or' before it, or put a value with blanks in quotes"),
        ("f.x = y=z", "trailing_input", 7, "put the value in quotes if '=' is part of it"),
        ("f.x = anyof(y)", "trailing_input", 11, "write 'anyof' in lower case between blanks"),
        ("f.x in 'y'", "missing_list_operand", 7, "a quoted string cannot follow 'in'; put it in parentheses"),
        ("f.x in (y z)", "missing_close_paren", 10, "put a comma between values, or quotes around a value with blanks"),
        ("f.x in (y,)", "missing_string_operand", 10, "there is a comma too many"),
        ("f.x > '1'", "missing_number_operand", 6, "write the number without quotes"),
        ("f.x > f.y", "missing_number_operand", 6, "to compare with a field, write 'val(f.y)'"),
        ("f.x > 1e5", "trailing_input", 7, "the number was read as '1'; an exponent needs its sign"),
        ("f.x [0] = y", "missing_operator", 4, "no blank may stand before '['"),
        ("f.x[ 0] = y", "bad_field_argument", 4, "no blank, bracket or quote may stand in a bare argument"),
        ("f.x[0 1] = y", "missing_close_bracket", 5, "put an argument with blanks or brackets in quotes"),
        ("f.x = val(len(f.y))", "val_needs_field", 10, "'val(...)' takes one field; a transformer can stand without it"),
        ("len(name) > 1", "bad_transformer_argument", 4, "the name of a field has a dot"),
        ("join(',', (,)) = y", "bad_transformer_list_argument", 11, ""),
        ("len(f.x > 1", "missing_close_paren_transformer", 8, "'len(' in line 1, column 1 is not closed"),
        ("lower(f.x) = y", "trailing_input", 5, "did you mean 'tolower'?"),
        ("len (f.x) = y", "trailing_input", 4, "no blank may stand between 'len' and its parenthesis"),
        (r"f.x = '\d'", "bad_escape", 10, r"write '\\' for a backslash, or leave the quotes out: a bare word has no escapes"),
        (r"f.x = '\xg'", "bad_hex_escape", 11, r"write the byte as '\x41'"),
        (r"""f.x = '\"'""", "bad_quote_escape", 10, 'write " without a backslash: only the quote around the string needs one'),
        pytest.param(r"f.x in ('\d')", "bad_escape", 12, r"write '\\' for a backslash, or leave the quotes out: a bare word has no escapes", id="Falco takes this for an empty list"),
    ],
)  # fmt: skip
def test_problems(source: str, kind: str, place: int, hint: str) -> None:
    found = problem(source)
    assert (found.kind, found.span.start, found.hint) == (kind, place, hint)


def test_a_problem_says_what_was_expected_and_what_was_found() -> None:
    assert problem("f.x = y z").message == "expected 'and', 'or' or the end, found 'z'"
    assert problem("f.x > ").message == "expected a number, found the end of the condition"
    assert problem("a \0").message == "expected 'and', 'or' or the end, found the character U+0000"


def test_a_problem_points_into_the_file() -> None:
    content = "- macro: m\n  condition: a and f.x iz y\n"
    text = Text.verbatim(File("rules.yaml", content), content.index("a and"), len(content) - 1)
    with pytest.raises(ProblemError) as caught:
        parse_condition(text)
    assert caught.value.problem.span.position == (2, 24)


# --- places ----------------------------------------------------------------------------


def written(source: str, span: Span) -> str:
    return source[span.start : span.end]


def test_every_node_knows_where_it_was_written() -> None:
    source = " (a or not not b) and not(len( f.x[0] ) = anyof ('y', z) and c)"
    node = parse(source)
    assert isinstance(node, And)
    assert written(source, node.span) == source[1:]
    either, negated = node.operands
    assert isinstance(either, Or)
    assert isinstance(negated, Not)
    assert written(source, either.span) == "a or not not b"
    assert written(source, either.operands[1].span) == "b"
    assert written(source, negated.span) == "not(len( f.x[0] ) = anyof ('y', z) and c)"
    assert isinstance(negated.operand, And)
    comparison = negated.operand.operands[0]
    assert isinstance(comparison, Check)
    assert written(source, comparison.span) == "len( f.x[0] ) = anyof ('y', z)"
    assert written(source, comparison.left.span) == "len( f.x[0] )"
    assert isinstance(comparison.left, Call)
    assert written(source, comparison.left.arguments[0].span) == "f.x[0]"
    assert isinstance(comparison.right, Items)
    assert written(source, comparison.right.span) == "('y', z)"
    assert [written(source, item.span) for item in comparison.right.items] == ["'y'", "z"]


def test_a_field_on_the_right_is_where_its_name_is_and_the_check_goes_on() -> None:
    source = "f.x = val( f.y ) and a"
    node = parse(source)
    assert isinstance(node, And)
    (comparison, _) = node.operands
    assert isinstance(comparison, Check)
    assert comparison.right is not None
    assert written(source, comparison.right.span) == "f.y"
    assert written(source, comparison.span) == "f.x = val( f.y )"


# --- limits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "limit", "parentheses"),
    [("a", 100, 19), ("f.x = y", 100, 18), ("a", 1000, 199), ("f.x = y", 1000, 198)],
)
def test_nesting_is_limited(inner: str, limit: int, parentheses: int) -> None:
    fits = "(" * parentheses + inner + ")" * parentheses
    parse_condition(Text.of(fits), limit)
    assert problem(f"({fits})", limit).kind == "depth_exceeded"


@pytest.mark.parametrize(
    ("opening", "closing"), [("not(", ")"), ("a and(", ")"), ("a or(", ")"), ("a and (", ")")]
)
def test_whatever_nests_is_limited(opening: str, closing: str) -> None:
    parse(opening * 150 + "a" + closing * 150)
    assert problem(opening * 1000 + "a" + closing * 1000).kind == "depth_exceeded"
    calls = "len(" * 150 + "f.x" + ")" * 150 + " = 1"
    parse(calls)
    assert problem("len(" * 300 + calls).kind == "depth_exceeded"


@pytest.mark.parametrize(
    ("source", "size"),
    [
        pytest.param("f.x in (" + ", ".join(["item"] * 100_000) + ")", 100_000, id="a long list"),
        pytest.param(" and ".join(["a"] * 10_000), 10_000, id="many ands"),
        pytest.param(" or ".join(["f.x = 'y'"] * 10_000), 10_000, id="many ors"),
    ],
)
def test_length_is_not_limited(source: str, size: int) -> None:
    started = time.perf_counter()
    node = parse(source)
    assert time.perf_counter() - started < 10
    operands = node.right.items if isinstance(node, Check) else node.operands  # type: ignore[union-attr]
    assert len(operands) == size


def test_nots_do_not_nest() -> None:
    assert parse("not " * 20_001 + "a") == Not(A)


# --- any text ------------------------------------------------------------------------------

FRAGMENTS = (
    st.sampled_from(["a", "f.x", "f.y[0]", "f.y[' ']", "[", "]", ",", "'", '"', "\\", "\\x4", "\0"])
    | st.sampled_from(["=", "==", "<", "exists", "in", "contains", "glob", "anyof", "5", "0x1"])
    | st.sampled_from(
        ["not", "and", "or", "val(", "len(", "join(", "(", ")", "and(", "or(", "not("]
    )
)


@given(st.lists(FRAGMENTS | st.text(max_size=3)).map(" ".join) | st.lists(FRAGMENTS).map("".join))
def test_any_text_is_a_condition_or_a_problem(source: str) -> None:
    try:
        parse(source)
    except ProblemError as error:
        found: Problem | None = error.problem
    else:
        found = None
    assert found is None or 0 <= found.span.start <= len(source)


# Without commas and parentheses, which are printed as they are, and without a
# backslash at the end, behind which no string can be closed.
WORDS = st.sampled_from(["y", "/etc/*", "5", "a b", "it's", '"', "\\d", "\t", "é", "\x01"])
REFERENCES: st.SearchStrategy[Any] = st.recursive(
    st.builds(FieldRef, st.sampled_from(["f.x", "a.b.c"]), st.none() | WORDS),
    lambda inner: st.builds(Call, st.just("concat"), st.tuples(inner, inner)),
    max_leaves=4,
)
CHECKS = (
    st.builds(Check, REFERENCES, st.just("exists"), st.none())
    | st.builds(
        Check, REFERENCES, st.sampled_from(["=", "contains"]), WORDS.map(Literal) | REFERENCES
    )
    | st.builds(
        Check,
        REFERENCES,
        st.sampled_from(["in", "pmatch", "!= allof"]),
        st.lists(WORDS.map(Literal)).map(tuple).map(Items),
    )
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    CHECKS | st.sampled_from([A, B]),
    lambda inner: (
        st.builds(Not, inner.filter(lambda node: not isinstance(node, Not)))
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_the_canonical_text_is_read_back(condition: Condition) -> None:
    assert parse(canonical(condition)) == condition
