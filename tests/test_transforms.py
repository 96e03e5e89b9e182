"""What transformers make of values, as tables people can read."""

import base64
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.transforms import (
    b64,
    basename,
    concat,
    getopt,
    join,
    length,
    tolower,
    toupper,
)


@pytest.mark.parametrize(
    ("transform", "value", "expected"),
    [
        (tolower, "ÀBc", "Àbc"),
        (tolower, ("A", "b"), ("a", "b")),
        (toupper, "ßbC", "ßBC"),
        (basename, "/usr/bin/cat", "cat"),
        (basename, "/usr/bin/", ""),
        (basename, "cat", "cat"),
        (basename, "\\a\\b", "\\a\\b"),
        (basename, ("/a/b", "c"), ("b", "c")),
        (length, "", 0),
        (length, "日本", 6),
        (length, "\udcff", 1),
        pytest.param(length, "ab\0c", 2, id="a text ends before its first NUL"),
        pytest.param(length, b"ab\0c", 4, id="but bytes do not"),
        (length, ("a", "bc"), 2),
        (length, (), 0),
        (tolower, None, None),
        (basename, None, None),
        (length, None, None),
        (b64, None, None),
    ],
)
def test_one_value(transform: Any, value: object, expected: object) -> None:
    assert transform(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("aGVsbG8=", "hello"),
        (b"aGVsbG8=", b"hello"),
        ("", ""),
        pytest.param("aGVsbG8", "hello", id="padding may be missing"),
        pytest.param("aGVsbG8==", "hello", id="or too long"),
        pytest.param("aGVsbG8===", None, id="but not three symbols"),
        pytest.param("YWJj==", "abc", id="even when none is needed"),
        ("=", None),
        ("==", None),
        ("====", None),
        ("a", None),
        ("aGVs bG8=", None),
        ("aGVsbG8=\n", None),
        ("aGVsbG8*", None),
        ("aG=sbG8=", None),
        ("-_", None),
        ("é", None),
        pytest.param("aGVsbG9=", None, id="bits left over must be zero"),
        pytest.param("YQBi", "a", id="a text ends before its first NUL"),
        pytest.param(b"YQBi", b"a\0b", id="but bytes do not"),
        ("/w==", "\udcff"),
        (("YQ==", "Yg"), ("a", "b")),
        pytest.param(("YQ==", "?"), None, id="one bad element spoils the list"),
    ],
)
def test_b64(value: object, expected: object) -> None:
    assert b64(value) == expected


@given(st.binary(max_size=40))
def test_b64_undoes_encoding(data: bytes) -> None:
    encoded = base64.b64encode(data)
    assert b64(encoded) == data
    assert b64(encoded.rstrip(b"=")) == data


SYMBOLS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def plainly_decoded(text: str) -> bytes | None:
    symbols = text.removesuffix("=").removesuffix("=")
    if set(symbols) - set(SYMBOLS) or len(symbols) % 4 == 1 or (text and not symbols):
        return None
    bits = "".join(f"{SYMBOLS.index(symbol):06b}" for symbol in symbols)
    rest = len(bits) % 8
    if "1" in bits[len(bits) - rest :]:
        return None
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - rest, 8))


@given(st.text("AQgw+/=-é ", max_size=9))
def test_b64_agrees_with_its_definition(text: str) -> None:
    assert b64(text.encode()) == plainly_decoded(text)


@pytest.mark.parametrize(
    ("separator", "parts", "expected"),
    [
        ("-", ("a", "b"), "a-b"),
        ("", ("a", "b"), "ab"),
        ("-", ("a",), "a"),
        ("-", (), ""),
        (",", ("a", ("b", "c"), "d"), "a,b,c,d"),
        (",", ("a", 1, -1), "a,1,-1"),
        (",", (1, 2), "1,2"),
        (",", ("a", None), None),
        (",", None, None),
        (None, ("a",), None),
    ],
)
def test_join(separator: str | None, parts: tuple[object, ...] | None, expected: object) -> None:
    assert join(separator, parts) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("a", "b", "c"), "abc"),
        (("a", None), None),
        pytest.param(("\udcc3", "\udca9"), "é", id="bytes can be UTF-8 together"),
    ],
)
def test_concat(parts: tuple[object, ...], expected: str | None) -> None:
    assert concat(*parts) == expected


@pytest.mark.parametrize(
    ("words", "options", "expected"),
    [
        ("-n -t hello", "nt:", "n t hello"),
        ("-nt hello", "nt:", "n t hello"),
        ("-thello", "t:", "t hello"),
        ("-t -123", "t:", "t -123"),
        ("-abcvalue", "abc:", "a b c value"),
        ("-n -- -t", "nt:", "n"),
        ("-n file -t", "nt", "n"),
        ("- -n", "n", ""),
        ("--exec -n", "n", "n"),
        ("-nx", "n", "n ?"),
        ("-:", "t:", "?"),
        ("-n", "", "?"),
        ("-t -t:", ":t:", "t -t:"),
        ("-v -v", "v", "v v"),
        pytest.param("-é", "n", "? ?", id="options are bytes"),
        ("-é", "\udcc3\udca9", "\udcc3 \udca9"),
        ("-té", "t:", "t é"),
    ],
)
def test_getopt_lists_options(words: str, options: str, expected: str) -> None:
    assert getopt(tuple(words.split()), options) == tuple(expected.split())


@pytest.mark.parametrize(
    ("words", "options", "selector", "expected"),
    [
        ("-n -t hello", "nt:", "t", "hello"),
        ("-n -t hello", "nt:", "n", "n"),
        ("-t v1 -t v2", "t:", "t", "v2"),
        ("-t v1 -t", "t:", "t", ""),
        ("-x", "n", "x", None),
        ("-x", "n", "?", None),
        ("-t?", "t:", "t", "?"),
        ("-t:", ":t:", "t", ":"),
        ("-n", "nt:", "t", None),
        ("-té", "t:", "t", "é"),
    ],
)
def test_getopt_selects(words: str, options: str, selector: str, expected: str | None) -> None:
    assert getopt(tuple(words.split()), options, selector) == expected


def test_getopt_with_values_that_are_empty_or_missing() -> None:
    assert getopt(("-n", "", "-t"), "nt") == ("n",)
    assert getopt(("-t", ""), "t:") == ("t", "")
    assert getopt(("-t",), "t:") == ("",)
    assert getopt(("-t",), "t:", "t") == ""
    assert getopt(None, "t") is None
    assert getopt(("-t",), None) is None
    assert getopt(("-t", None), "t") is None
