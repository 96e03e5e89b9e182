"""Reading YAML: what is accepted, what is refused and where, and where characters stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec import yaml_reader
from rulec.diagnostics import ProblemError
from rulec.text import File, Text
from rulec.yaml_nodes import Mapping, Node, Scalar, Sequence
from rulec.yaml_reader import read_yaml
from rulec.yaml_text import text_of


def plain(node: Node) -> Any:
    match node:
        case Scalar():
            return None if node.is_null else node.value
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(pairs):
            return [(plain(key), plain(value)) for key, value in pairs]


def read(content: str) -> list[Any]:
    return [plain(node) for node in read_yaml(File("f", content))]


@pytest.mark.parametrize(
    ("content", "documents"),
    [
        ("", []),
        ("# a comment\n", []),
        ("- a\n---\n- b\n", [["a"], ["b"]]),
        pytest.param(
            "[yes, 1e3, 2020-01-01, 0x10]", [["yes", "1e3", "2020-01-01", "0x10"]], id="all is text"
        ),
        pytest.param(
            "[~, null, '', '~']", [[None, None, "", "~"]], id="only plain nulls are nothing"
        ),
        ("a: 1\na: 2", [[("a", "1"), ("a", "2")]]),
        ("- &x [a]\n- *x", [[["a"], ["a"]]]),
        pytest.param('- "a\n', [["a "]], id="a quoted text may end with the file"),
        ("- 'a", [["a"]]),
        pytest.param("- a\x01\x7fb", [["a\x01\x7fb"]], id="control characters are accepted"),
        pytest.param("- a # x\u2028- b", [["a"]], id="a comment ends with the line"),
        ('- "a\u2028b\x85"', [["a\u2028b\x85"]]),
        ("- !!python/object:os.system x", [["x"]]),
    ],
)
def test_documents(content: str, documents: list[Any]) -> None:
    assert read(content) == documents


@pytest.mark.parametrize(
    ("content", "position", "message"),
    [
        ("this : is : not : yaml", (1, 11), "mapping values are not allowed here"),
        ("- a: b\n   c: d", (2, 5), "mapping values are not allowed here"),
        ("a:\n\t- b", (2, 1), "found character '\\t' that cannot start any token"),
        ("- [a", (1, 5), "expected ',' or ']', but got the end of the file"),
        ("- a\0", (1, 4), "a NUL character is not allowed in YAML"),
        ("- caf\udce9", (1, 6), "byte 0xe9 is not UTF-8"),
        ('- "\\ud800"', (1, 3), "an escape stands for a half of a character"),
        ('- "\\UFFFFFFFF"', (1, 6), "an escape or a directive has a number that means nothing"),
        ("- *a", (1, 3), "alias '*a' has no anchor before it"),
        pytest.param(
            "- &a [*a]", (1, 7), "alias '*a' has no anchor before it", id="no value holds itself"
        ),
        ("[" * 100_000, (1, 65), "the YAML is nested more than 64 levels deep"),
        ("- ? " * 70, (1, 129), "the YAML is nested more than 64 levels deep"),
    ],
)
def test_refusals(content: str, position: tuple[int, int], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        read(content)
    assert error.value.problem.span.position == position
    assert error.value.problem.message.startswith(message)


def test_aliases_must_not_stand_for_too_much() -> None:
    lines = ["- &a0 [" + "x" * 1000 + "]"]
    lines += [f"- &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}]" for n in range(20)]
    with pytest.raises(ProblemError, match="the aliases of the file stand for too much"):
        read("\n".join(lines))


def test_files_must_not_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "MAX_CHARACTERS", 10)
    with pytest.raises(ProblemError, match="the file has more than 10 characters"):
        read("- 123456789")


# --- where characters stand ---------------------------------------------------------


def first(content: str) -> tuple[File, Text]:
    file = File("f", content)
    (document,) = read_yaml(file)
    assert isinstance(document, Sequence)
    (scalar, *_) = document.items
    assert isinstance(scalar, Scalar)
    return file, text_of(file, scalar)


STYLES = [
    "- ka.verb = X\n",
    "- ka.verb = X # comment\n",
    "- ka.verb\n  = X\n",
    "- ka.verb   \n\n  = X\n",
    "- >\n    ka.verb\n    = X\n",
    "- >-\n    ka.verb\n\n      = X\n",
    "- > # comment\n    ka.verb =\n    X\n",
    "- |2\n    ka.verb =\n    X\n",
    "- 'ka.verb = X'\n",
    "- 'it''s\n   ''X'' '\n",
    '- "ka.verb\\n\\t \\x41\\u00e9 = X"\n',
    '- "ka.verb \\\n    = \\"X\\""\n',
    "- &anchor ka.verb = X\n- *anchor\n",
    "- &anchor:X\n",
    "- !!str ka.verb\n  = X\n",
    "- ka.verb\r\n  = X\r\n",
]


@pytest.mark.parametrize("content", STYLES)
def test_each_character_is_found_where_it_was_written(content: str) -> None:
    file, text = first(content)
    at = str(text).index("X")
    assert text.span(at, at + 1).origin == (file, content.index("X"))


@given(
    st.text("a '\"\\\n:#é-&|>", max_size=30),
    st.sampled_from(["{}", "'{}'", '"{}"', ">\n    {}\n", "|\n    {}\n"]),
)
def test_verbatim_characters_are_those_of_the_file(value: str, style: str) -> None:
    file = File("f", "- " + style.format(value.replace("\n", "\n    ")))
    try:
        (document,) = read_yaml(file)
    except ProblemError:
        return
    if not isinstance(document, Sequence) or not isinstance(document.items[0], Scalar):
        return
    text = text_of(file, document.items[0])
    assert str(text) == document.items[0].value
    for piece in text.pieces:
        if piece.verbatim:
            assert file.content.startswith(piece.characters, piece.offset)
