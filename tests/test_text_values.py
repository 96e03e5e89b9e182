"""What text a JSON value has, and what is read from JSON."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.brackets import SMALL, can_be_skipped, deep, outside_strings, too_deep, unclosed
from rulec.runtime.convert import CONVERT
from rulec.runtime.fields import MISSING, Kind
from rulec.runtime.jsontext import Number, compact_size, decode, indented, text, texts


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('"a b"', "a b"),
        ('""', ""),
        ('"007"', "007"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("201", "201"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("2.50", "2.50"),
        ("1e3", "1e3"),
        ("1E+400", "1E+400"),
        ('{"b": 1, "a": [ "x", 2.50, null ]}', '{"b":1,"a":["x",2.50,null]}'),
        (
            r'{"a":"\u0001\b\f\n\r\t\"\\\/<\u003c\u007f\u2028é"}',
            '{"a":"\\u0001\\b\\f\\n\\r\\t\\"\\\\/<<\x7f\u2028é"}',
        ),
        ("[]", "[]"),
        ("{}", "{}"),
        ('{"a":1,"a":2}', '{"a":2}'),
        pytest.param(r'"a\u0000b"', "a\0b", id="a NUL is kept"),
        pytest.param(r'"\ud83d\ude00"', "😀", id="a pair of surrogates is a character"),
        pytest.param(r'"x\ud83dy"', r"x\ud83dy", id="half a pair stays as it is written"),
        pytest.param(r'["\\ud83d"]', r'["\\ud83d"]', id="an escaped backslash begins no escape"),
        pytest.param("1" * 5000, "1" * 5000, id="no number is too long"),
    ],
)
def test_text_of_json(document: str, expected: str) -> None:
    assert text(decode(document)) == expected
    assert text(decode(document.encode())) == expected


def test_bytes_that_are_no_utf_8_are_kept() -> None:
    found = decode(b'{"a":"\xff","n":1.50,"l":[true,{"\xfe":"\\u0001"}]}')
    assert found["a"] == "\udcff"
    assert text(found) == '{"a":"\udcff","n":1.50,"l":[true,{"\udcfe":"\\u0001"}]}'
    assert compact_size(found) > 0
    assert indented({"a": "\udcff"}) == '{\n  "a": "\udcff"\n}'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MISSING, None),
        (1.5, "1.5"),
        (10**400, str(10**400)),
        (math.nan, "null"),
        (b"\xff", "\udcff"),
        ((1, 2), "[1,2]"),
        ({"a": (1,)}, '{"a":[1]}'),
        (date(2018, 10, 20), "2018-10-20"),
        (type("Text", (str,), {})("a"), "a"),
        (10**5000, None),
        (object(), None),
        ({"a": object()}, None),
        ({None: 1}, None),
        ([object(), "\ud800"], None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_text_of_what_a_caller_may_have_put_into_a_dict(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_endless_values_have_no_text() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert text(circle) is None
    assert text(["\ud800", circle]) is None


def test_texts_of_an_array() -> None:
    assert texts([1, "b", None, {"k": 1}]) == ("1", "b", "null", '{"k":1}')
    assert texts([]) is None
    assert texts("x") is None


def test_indented_json_keeps_the_order_and_the_numbers() -> None:
    assert indented(decode('{"b":[1.50,{}],"a":[]}')) == (
        '{\n  "b": [\n    1.50,\n    {}\n  ],\n  "a": []\n}'
    )


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.INTEGER, 5, 5),
        (Kind.INTEGER, "-5", -5),
        (Kind.INTEGER, "5.0", None),
        (Kind.INTEGER, True, None),
        (Kind.INTEGER, 2**70, None),
        (Kind.INTEGER, Number("1e3"), None),
        (Kind.PORT, "8080", 8080),
        (Kind.PORT, 70000, None),
        (Kind.DOUBLE, Number("2.50"), 2.5),
        (Kind.DOUBLE, "1e3", 1000.0),
        (Kind.DOUBLE, "nan", None),
        (Kind.DOUBLE, Number("1e999"), None),
        (Kind.DOUBLE, 10**999, None),
        (Kind.BOOL, True, True),
        (Kind.BOOL, "false", False),
        (Kind.BOOL, 1, None),
        (Kind.BYTES, "é", "é".encode()),
        (Kind.ADDRESS, 5, None),
        (Kind.ADDRESS, "10.0.0.256", None),
    ],
)
def test_typed_values(kind: Kind, value: Any, expected: Any) -> None:
    found = CONVERT[kind](value)
    assert found == expected
    assert type(found) is type(expected)


def test_addresses() -> None:
    assert str(CONVERT[Kind.ADDRESS]("::1")) == "::1"
    assert str(CONVERT[Kind.NETWORK]("10.0.0.1")) == "10.0.0.1"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(anything)
def test_no_value_is_too_strange(value: Any) -> None:
    for kind, convert in CONVERT.items():
        found = convert(value)
        if kind is Kind.STRING:
            assert found is None or type(found) is str
    found = indented(value)
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize(
    ("document", "brackets"),
    [
        (b'{"a": [1, {}]}', b"{[{}]}"),
        (rb'{"a": "}", "b": "\"]", "c\\": {}}', b"{{}}"),
        (b'["", "[", "]["]', b"[]"),
        (b'["[', b"["),
    ],
)
def test_brackets_inside_strings_do_not_count(document: bytes, brackets: bytes) -> None:
    assert outside_strings(document) == brackets


def test_brackets_without_a_partner() -> None:
    assert unclosed(b"{[{}]") == b"{"
    assert unclosed(b"[" * 40 + b"]" * 39) == b"["


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"[" * 300 + b"]" * 300, False),
        (b"[" * 301 + b"]" * 301, True),
        (b'{"a":' * 301, True),
        (b"[" + b"{}," * 1000 + b"{}]", False),
        (b'["' + b"[" * 1000 + b'"]', False),
        pytest.param(b'["]]]",' * 301, True, id="closing brackets in strings hide nothing"),
        (b"{}[]" * 400 + b"[" * 301, True),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else None,
)
def test_depth(document: bytes, expected: bool) -> None:
    assert deep(document) is expected
    assert too_deep(document) is (expected and len(document) > SMALL)
    assert too_deep(document + b" " * SMALL) is expected


@pytest.mark.parametrize("level", [b"[", b'{"":', b'{"a":[', b'{"":[['])
def test_what_is_skipped_has_no_more_levels_than_a_stack_can_take(level: bytes) -> None:
    brackets = level.count(b"[") + level.count(b"{")
    for levels in range(100, 12_000, 100):
        document = level * (levels // brackets)
        assert not (can_be_skipped(document) and levels > 4096)
        assert can_be_skipped(document) or levels > 300


@pytest.mark.parametrize("levels", [99, 100, 101, 299, 300, 301, 900, 5000])
@pytest.mark.parametrize(
    "inside", ['"a"', "{}", "[1, 2.50]", '"\xff[{"', '"\\ud800"', "0.1e0", "1 2", "}"]
)
def test_any_depth_can_be_decoded(levels: int, inside: str) -> None:
    text = inside
    for level in range(levels):
        text = f'[0.10,{text},"]"]' if level % 2 else f'{{"b":0.2e5,"a":{text}}}'
    document = text.encode("latin-1")
    if inside in ("1 2", "}"):
        with pytest.raises(ValueError, match=r"."):
            decode(document)
        return
    found = decode(document)
    for level in reversed(range(levels)):
        assert (found[0] if level % 2 else found["b"]) == Number("0.10" if level % 2 else "0.2e5")
        found = found[1] if level % 2 else found["a"]
    assert found == decode(inside.encode("latin-1"))


@pytest.mark.parametrize(
    "document", [b"[" * 1000, b"]" * 1000, b"[" * 500 + b"}" * 500, b"[" * 1000 + b"]" * 999]
)
def test_brackets_that_do_not_fit_are_no_json(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(document)
