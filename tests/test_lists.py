"""Lists: what they hold, and what becomes of their names in conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_files import define_all

from rulec import lists
from rulec.diagnostics import ProblemError
from rulec.lists import Lists, ListText, expand_lists
from rulec.text import Text


def substituted(condition: str, **items: list[str]) -> str:
    texts = [ListText(name, tuple(each)) for name, each in items.items()]
    return str(Lists(texts).substitute(Text.of(condition))[0])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a in (l)", "a in ( x, y )"),
        ("l and a", "x, y  and a".replace("  ", " ")),
        ("a = l", "a = x, y "),
        ("a in (  l\n,\tb)", "a in ( x, y ,\tb)"),
        ("a in (l, l)", "a in ( x, y , x, y )"),
        ("l l l", "x, y x, y x, y "),
        ('a = "in l here"', 'a = "in x, y here"'),
        pytest.param('a = "l"', 'a = "l"', id="a quote does not end a word"),
        ("a in (ll, l.x, l-x)", "a in (ll, l.x, l-x)"),
    ],
)
def test_names_are_replaced_between_delimiters(condition: str, expected: str) -> None:
    assert substituted(condition, l=["x", "y"]) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a in (l)", "a in (  )"),
        ("a in (b, l, c)", "a in (b  , c)"),
        ("a in (l, c)", "a in (   c)"),
        ("a in (b, l)", "a in (b  )"),
    ],
)
def test_an_empty_list_takes_a_comma_with_it(condition: str, expected: str) -> None:
    assert substituted(condition, l=[]) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["a b", '"a b"', "'a b'", "(a)"], """a = "a b", "a b", 'a b', (a) """),
        (["", "", "a"], "a = a "),
        (["a", ""], "a = a,  "),
    ],
)
def test_items(items: list[str], expected: str) -> None:
    assert substituted("a = l", l=items) == expected


def test_later_lists_are_replaced_within_earlier_ones() -> None:
    assert substituted("a in (l)", l=["m", "x"], m=["l", "n"], n=["y"]) == "a in ( l, y , x )"


def test_a_name_may_be_no_word() -> None:
    assert substituted("a in (x y, z)", **{"x y": ["1"], "1": ["2"]}) == "a in ( 2 , z)"


def test_used_lists_and_places() -> None:
    text, used = Lists([ListText("l", ("a", "b")), ListText("m", ())]).substitute(
        Text.of("x in (l) or y", "f")
    )
    assert used == ("l",)
    assert str(text) == "x in ( a, b ) or y"
    assert [text.span(at, at + 1).position for at in (0, 7, 10, 12, 17)] == [
        (1, 1),
        (1, 7),
        (1, 7),
        (1, 8),
        (1, 13),
    ]
    assert text.span(10, 11).width == 1


def test_lists_must_not_make_a_condition_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_CONDITION", 1000)
    texts = [ListText(f"l{n}", (f"l{n + 1}",) * 10) for n in range(20)]
    with pytest.raises(ProblemError, match="longer than 1,000 characters with its lists"):
        Lists(texts).substitute(Text.of("a in (l0)"))


def test_lists_must_not_hold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_ITEMS", 100)
    content = "- {list: a, items: [x, y, z]}\n- list: b\n  items: [" + "a, " * 50 + "]\n"
    texts, (diagnostic,) = expand_lists(define_all(content)[0].lists)
    assert (diagnostic.kind, diagnostic.line, len(texts[1].items)) == ("list_too_long", 3, 96)


@pytest.mark.parametrize(
    ("definitions", "expected"),
    [
        ([("a", "x"), ("b", "a z")], {"a": "x", "b": "x z"}),
        pytest.param(
            [("a", "x"), ("b", "a"), ("c", "b")],
            {"a": "x", "b": "x", "c": "a"},
            id="one level only",
        ),
        pytest.param(
            [("b", "a z"), ("a", "x")], {"b": "a z", "a": "x"}, id="later lists are not seen"
        ),
        pytest.param([("a", "a z")], {"a": "a z"}, id="a list does not see itself"),
        pytest.param([("a", "x"), ("a", "a y")], {"a": "a y y"}, id="but a redefinition does"),
        pytest.param(
            [("b", "y"), ("a", "x"), ("b", "a")],
            {"b": "x", "a": "x"},
            id="a redefinition sees more",
        ),
    ],
)
def test_lists_in_lists(definitions: list[tuple[str, str]], expected: dict[str, str]) -> None:
    content = "".join(
        f"- list: {name}\n  items: [{', '.join(items.split())}]\n" for name, items in definitions
    )
    texts, _ = expand_lists(define_all(content)[0].lists)
    assert {text.name: " ".join(text.items) for text in texts} == expected


def test_uses_of_lists() -> None:
    texts, _ = expand_lists(
        define_all("- {list: a, items: [x]}\n- {list: b, items: [a, a]}\n")[0].lists
    )
    assert [text.uses for text in texts] == [(), ("a",)]


# --- against the plainest way to do it ---------------------------------------------------------


def naive(condition: str, texts: list[ListText]) -> str:
    """Replace one list after the other, as Falco is described to do."""
    for each in texts:
        at = 0
        while (at := condition.find(each.name, at)) >= 0:
            end = at + len(each.name)
            if not set(condition[max(at - 1, 0) : at] + condition[end : end + 1]) <= set(
                " \t\n\r(),="
            ):
                at += 1
                continue
            left, right = condition[:at].rstrip(" \t\n\r"), condition[end:].lstrip(" \t\n\r")
            if not each.items and left.endswith(","):
                left = left[:-1]
            elif not each.items:
                right = right.removeprefix(",")
            left += (" " if left else "") + each.text + " "
            condition, at = left + right, len(left)
    return condition


NAMES = st.sampled_from(["a", "b", "c", "ab", "a b", "a,b", "(a", "="])
ITEMS = st.lists(st.sampled_from(["a", "b", "c", "ab", "x", "x y", "'q'", ""]), max_size=3)


@given(
    st.lists(
        st.sampled_from(["a", "b", "c", "ab", "x", " ", " ", ",", ", ", "(", ")", "=", "\n", '"']),
        max_size=14,
    ),
    st.dictionaries(NAMES, ITEMS, max_size=4),
)
def test_substitution_is_one_list_after_the_other(
    words: list[str], items: dict[str, list[str]]
) -> None:
    texts = [ListText(name, tuple(each)) for name, each in items.items()]
    condition = Text.of("".join(words))
    text, _ = Lists(texts).substitute(condition)
    assert str(text) == naive(str(condition), texts)
    for piece in text.pieces:
        if piece.verbatim:
            assert str(condition).startswith(piece.characters, piece.offset)
