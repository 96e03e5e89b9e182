"""A simpler operator says the same as the regular expression it is written for."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulec.lint.patterns import is_exact, simplest
from rulec.operators import OPERATORS
from rulec.runtime import prepared
from rulec.runtime.fields import Kind
from rulec.runtime.values import regex, regex_problem

FUZZ = int(os.environ.get("RULEC_FUZZ", "0"))

PIECES = (
    *("a", "b", "ab", "/", " ", "-", "_", '"', "'", "0", "é"),
    *(".", "*", ".*", "+", "?", "^", "$", "|", "(", ")", "[", "]", "{", "}", "\\", r"\."),
    *(r"\\", r"\|", r"\$", r"\^", r"\-", r"\_", r"\ ", r"\/", r"\(", r"\*", r"\a"),
)


def holds(found: tuple[str, tuple[str, ...]], text: str) -> bool:
    operator, constants = found
    if operator == "exists":
        return True
    meaning = OPERATORS[operator].meanings[Kind.STRING]
    operand = constants if operator == "in" else constants[0]
    return meaning.holds(text, prepared(meaning.prepare, operand))


@pytest.mark.fuzz
def test_the_simplest_operator_says_what_the_pattern_says() -> None:
    simple = 0

    @settings(
        max_examples=4000 + FUZZ,
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.sampled_from(PIECES), max_size=7).map("".join),
        st.lists(st.text("ab/ -_.*|$^()\\+\n\"'0é", max_size=6), min_size=6, max_size=6),
    )
    def agree(pattern: str, texts: list[str]) -> None:
        nonlocal simple
        if regex_problem(pattern) is not None or (found := simplest(pattern)) is None:
            return
        simple += 1
        matches = regex(pattern)
        near = [pattern, *found[1], *(f"a{c}b" for c in found[1]), *(f"{c}\n" for c in found[1])]
        for text in (*texts, *near):
            if is_exact(pattern) or "\n" not in text:
                assert matches(text) is holds(found, text), (pattern, found, text)
            elif matches(text):
                assert holds(found, text), (pattern, found, text)

    agree()
    assert simple > 500


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/etc/.*", ("startswith", ("/etc/",))),
        (r".*\.sh", ("endswith", (".sh",))),
        (".*passwd.*", ("contains", ("passwd",))),
        (r"^/bin/a\.b$", ("=", ("/bin/a.b",))),
        ("", ("=", ("",))),
        (".*", ("exists", ())),
        ("a|b|a", ("in", ("a", "b"))),
        ("^(a|b)$", ("in", ("a", "b"))),
        ("(a)|(b)", None),
        ("(a|b)c|d", None),
        (r"a\|b", ("in", ("a|b",))),
        ("a.", None),
        ("a.+", None),
        ("[ab]", None),
        (r"a\.*", None),
        (r"a\\.*", ("startswith", ("a\\",))),
        ("é.*", None),
        ("a$b", None),
    ],
)
def test_what_is_simplest(pattern: str, expected: tuple[str, tuple[str, ...]] | None) -> None:
    assert simplest(pattern) == expected
