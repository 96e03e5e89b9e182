"""What the comparisons of the runtime answer, as tables people can read."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.encoding import (
    ascii_lower,
    ascii_upper,
    byte_order,
    byte_text,
    contains,
    ends,
    from_utf8,
    starts,
    utf8,
)
from rulec.runtime.globs import glob, iglob
from rulec.runtime.values import (
    Members,
    Networks,
    Paths,
    exactly_one,
    ranges_of,
    regex,
    regex_problem,
    within,
)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("**", "a/b", True),
        ("/etc/*", "/etc/ssh/config", True),
        ("*.conf", ".conf", True),
        ("*ssh*", "/etc/ssh/config", True),
        ("ssh", "ssh", True),
        ("ssh", "sshd", False),
        ("a*a", "a", False),
        ("a*ab*b", "aabab", True),
        ("?", "a", True),
        ("?", "", False),
        pytest.param("?", "é", False, id="a question mark is one byte"),
        pytest.param("??", "é", True, id="so an accented letter is two"),
        ("?", "\udcff", True),
        ("?", "\n", True),
        ("[a-c]", "b", True),
        ("[!a-c]", "b", False),
        ("[^a-c]", "d", True),
        ("[]]", "]", True),
        ("[!]]", "]", False),
        ("[a-]", "-", True),
        ("[c-a]", "b", False),
        (r"[a\-c]", "b", False),
        (r"[\]]", "]", True),
        ("[[:alpha:]][[:digit:]]", "a1", True),
        ("[[:alpha:]_]", "_", True),
        pytest.param("[[:alpha:]]", "\udcc3", False, id="classes are ASCII"),
        pytest.param("[[:none:]]", "n", False, id="an unknown class has no members"),
        ("[[=a=]]", "a", True),
        ("[[.-.]]", "-", True),
        pytest.param("[a", "[a", True, id="an open bracket alone is itself"),
        pytest.param("[a*", "[axx", True, id="and what follows keeps its meaning"),
        ("[]", "[]", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"\a", "a", True),
        pytest.param("a\\", "a\\", False, id="a backslash at the end matches nothing"),
        ("{a,b}", "a", False),
        ("A", "a", False),
    ],
)
def test_glob(pattern: str, text: str, expected: bool) -> None:
    assert glob(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("ABC", "abc", True),
        ("a*", "ABC", True),
        ("[a-c]?[B-D]", "B_c", True),
        ("[!a]", "A", False),
        (r"\A*\*", "aa*", True),
        pytest.param("é", "É", False, id="only ASCII letters are folded"),
        pytest.param("*é", "É", False, id="also at the end of a text"),
        pytest.param("k", "\u212a", False, id="a Kelvin sign is no k"),
    ],
)
def test_iglob(pattern: str, text: str, expected: bool) -> None:
    assert iglob(pattern)(text) is expected


BYTES = [b"a", b"b", b"A", b"-", b"]", b"\xc3", b"\xa9"]
# How a part of a pattern is written, and what it takes: one of some bytes, or anything.
PARTS: list[tuple[bytes, frozenset[bytes] | None]] = [
    (b"*", None),
    (b"?", frozenset(BYTES)),
    (b"a", frozenset({b"a"})),
    (b"\\b", frozenset({b"b"})),
    (b"\xc3", frozenset({b"\xc3"})),
    (b"[a-b]", frozenset({b"a", b"b"})),
    (b"[!]a]", frozenset(BYTES) - {b"]", b"a"}),
    (b"[[:upper:]-]", frozenset({b"A", b"-"})),
]


def plainly_matches(parts: Sequence[frozenset[bytes] | None], text: Sequence[bytes]) -> bool:
    if not parts:
        return not text
    first, rest = parts[0], parts[1:]
    if first is None:
        return any(plainly_matches(rest, text[at:]) for at in range(len(text) + 1))
    return bool(text) and text[0] in first and plainly_matches(rest, text[1:])


@given(st.lists(st.sampled_from(PARTS), max_size=6), st.lists(st.sampled_from(BYTES), max_size=8))
def test_glob_agrees_with_the_plainest_matcher(
    parts: list[tuple[bytes, frozenset[bytes] | None]], text: list[bytes]
) -> None:
    pattern = from_utf8(b"".join(spelling for spelling, _ in parts))
    expected = plainly_matches([accepted for _, accepted in parts], text)
    assert glob(pattern)(from_utf8(b"".join(text))) is expected


@pytest.mark.parametrize("pattern", ["*a" * 20 + "b", "*[a]*?" * 15 + "b", "*" + "a?" * 60 + "b*"])
def test_no_text_makes_a_glob_slow(pattern: str) -> None:
    assert not glob(pattern)("a" * 20_000)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("World", "Hello World", False),
        ("^Hello.*$", "Hello World", True),
        ("", "", True),
        ("", "a", False),
        (".", "é", True),
        (".", "\n", False),
        ("[^x]", "\n", True),
        ("a|ab", "ab", True),
        ("[[:alpha:]]+", "abc", True),
        (r"\x78\.\t", "x.\t", True),
        ("a*?b", "aab", True),
        ("{a}", "{a}", True),
        ("^x$", "x\ny", False),
        ("(a|aa)+b", "a" * 50, False),
        ("HELLO", "hello", False),
        pytest.param("a\ufffdb", "a\udcffb", True, id="bytes that are no UTF-8 look like U+FFFD"),
        pytest.param(".", "\udce2\udc82", True, id="and an incomplete character like one"),
    ],
)
def test_regex(pattern: str, text: str, expected: bool) -> None:
    assert regex_problem(pattern) is None
    assert regex(pattern)(text) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"\d", r"\w", r"\s", r"\b", r"\p{Greek}", r"\Qa\E", r"(.)\1", r"\é"),
        *("(?i)a", "(?:a)", "(?P<n>a)", "*a", "a)", "(a", "[a", "[b-a]", "[[:none:]]"),
        *("a{1001}", "(a{1000}){1000}", "\udcff"),
    ],
)
def test_regex_refuses(pattern: str) -> None:
    assert regex_problem(pattern)


@pytest.mark.parametrize(
    ("paths", "path", "expected"),
    [
        ((), "/", False),
        (("/",), "", True),
        (("",), "a", True),
        (("/etc",), "/etc", True),
        (("/etc",), "/etc/passwd", True),
        (("/etc",), "/etcetera", False),
        (("/etc",), "/ETC", False),
        (("/etc",), "/", False),
        (("/a//b/",), "a/b", True),
        (("/a/./b",), "/a/b", False),
        (("/a/b", "/a"), "/a/c", True),
        (("/a", "/a/b"), "/a/c", True),
        (("/proc/*/mem",), "/proc/1/mem", True),
        pytest.param(("/proc/*/mem",), "/proc/1/2/mem", False, id="a star stays in its component"),
        (("/[ab]/x", "/a/y"), "/a/x", True),
        (("/a*/x", "/*b/y", "/ab/z"), "/ab/y/1", True),
        pytest.param((r"/a\*",), "/a*", True, id="with a wildcard there are escapes"),
        pytest.param((r"/a\b",), r"/a\b", True, id="without one there are none"),
    ],
)
def test_paths(paths: tuple[str, ...], path: str, expected: bool) -> None:
    assert Paths(paths).covers(path) is expected


def plainly_covers(prefix: str, path: str) -> bool:
    wanted = [name for name in prefix.split("/") if name]
    found = [name for name in path.split("/") if name]
    pairs = list(zip(wanted, found, strict=False))
    return len(pairs) == len(wanted) and all(glob(want)(name) for want, name in pairs)


PATHS = st.text("a/", max_size=7) | st.text("ab/", max_size=7)
PREFIXES = PATHS | st.text("ab*?/", max_size=7)


@given(st.lists(PREFIXES, max_size=5), PATHS)
def test_paths_agree_with_their_definition(prefixes: list[str], path: str) -> None:
    assert Paths(prefixes).covers(path) is any(plainly_covers(p, path) for p in prefixes)


@pytest.mark.parametrize(
    ("texts", "text", "expected"),
    [
        (("80",), "80", True),
        (("80",), "080", False),
        (("1:1024",), "80", True),
        (("1:1024",), "1024", True),
        (("1:1024",), "1025", False),
        (("1:1024",), "+080", True),
        (("1:1024",), "1:1024", True),
        (("1:1024",), "8x", False),
        (("1:1024",), "", False),
        (("1:1024",), "٣", False),
        (("1:1024",), "9" * 10_000, False),
        (("-5:+5",), "-3", True),
        (("9:1",), "5", False),
        (("a:b", ":", "1:"), "a", False),
        (("0:0", "30:40"), "35", True),
    ],
)
def test_members(texts: tuple[str, ...], text: str, expected: bool) -> None:
    assert (text in Members(texts)) is expected


def test_ranges_are_in_order() -> None:
    assert ranges_of(["30:40", "x", "-1:5", "30:35"]) == ((-1, 5), (30, 35), (30, 40))


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "0.0.0.0/0", True),
        ("::1", "0.0.0.0/0", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", False),
        ("fe80::1", "fe80::/10", True),
        ("10.1.2.3", "fe80::/10", False),
    ],
)
def test_networks(address: str, network: str, expected: bool) -> None:
    asked, block = ip_address(address), ip_network(network)
    assert within(asked, block) is expected
    assert (asked in Networks([ip_network("1.2.3.0/24"), block])) is expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [((), False), ((True,), True), ((True, True), False), ((False, True, False), True)],
)
def test_exactly_one(answers: tuple[bool, ...], expected: bool) -> None:
    assert exactly_one(*answers) is expected


def test_case_is_a_matter_of_ascii() -> None:
    assert ascii_lower("ÀÉ AZ\udcff") == "ÀÉ az\udcff"
    assert ascii_upper("àß az\udcff") == "àß AZ\udcff"
    assert ascii_lower("\u212a\u0130") == "\u212a\u0130"


# --- texts against the bytes that they stand for ------------------------------------


DATA = st.lists(st.sampled_from([b"a", b"\xc3", b"\xa9", b"\xf0", b"\xff", "€😀".encode()])).map(
    b"".join
)


@given(DATA)
def test_bytes_survive_as_text(data: bytes) -> None:
    text = from_utf8(data)
    assert utf8(text) == data
    assert byte_text(text).encode("latin-1") == data


@given(DATA, DATA)
def test_texts_compare_as_their_bytes(data: bytes, other: bytes) -> None:
    text, part = from_utf8(data), from_utf8(other)
    assert contains(text, part) is (other in data)
    assert starts(text, part) is data.startswith(other)
    assert ends(text, part) is data.endswith(other)
    assert (byte_order(text) < byte_order(part)) is (data < other)


def test_half_a_surrogate_pair_disturbs_nobody() -> None:
    text = "a\ud800"  # JSON can say so
    assert glob("a*?")(text)
    assert regex("a.+")(text)
    assert ascii_lower(text).startswith("a")
    assert not Paths(["/b?"]).covers(text)
