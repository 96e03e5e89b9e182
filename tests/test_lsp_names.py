"""What ``rulec lsp`` says of words, and where names are defined, used and renamed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from lsp_client import AnsweredError, Editor, editing, marked

import rulec.rules
from rulec import compile_ruleset
from rulec.api import check_files
from rulec.canonical import canonical
from rulec.files import collect
from rulec.lsp.naming import Kind, naming
from rulec.lsp.navigation import Target, list_names, target
from rulec.lsp.renaming import Change, RenameError, rename
from rulec.text import File

BASE = """\
- list: shells
  items: [bash, zsh]

- list: programs
  items: [cat, shells]

- macro: started
  condition: evt.type in (execve, execveat)

- macro: shell_started
  condition: started and proc.name in (shells)

- rule: Shell Started
  desc: Somebody started a shell.
  condition: >
    shell_started
    and not proc.pname in (programs)
  output: shell (command=%proc.cmdline user=%toupper(user.name))
  priority: NOTICE
  tags: [process]
  exceptions:
    - name: parents
      fields: [proc.pname, proc.name]
      comps: [in, startswith]
      values:
        - [[shells], z]
"""

OVERLAY = """\
- list: shells
  items: [fish]
  override: {items: append}

- macro: started
  condition: and not evt.failed = true
  override:
    condition: append

- rule: "Shell Started"
  condition: and not proc.aname in (shells)
  override:
    condition: append

- rule: Other
  desc: The word shells in a text is no name.
  condition: started
    and proc.name = "\U0001f600" and proc.pname in
    (shells)
  output: other %proc.name
  priority: DEBUG
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "base.yaml").write_text(BASE, "utf-8")
    (folder / "overlay.yaml").write_text(OVERLAY, "utf-8")
    with editing(folder) as editor:
        editor.open("base.yaml")
        editor.open("overlay.yaml")
        assert editor.diagnostics("overlay.yaml") == []
        yield editor


def place(text: str, before: str, after: str) -> tuple[int, int]:
    """Return where one text ends and the other begins, for the first time."""
    assert before + after in text
    _, line, column = marked(text.replace(before + after, f"{before}¦{after}", 1))
    return line, column


def hover(
    editor: Editor, before: str, after: str, text: str = BASE, name: str = "base.yaml"
) -> str:
    answer = editor.at("hover", name, *place(text, before, after))
    value: str = answer["contents"]["value"] if answer else ""
    return value


HOVERS = {
    "a field": ("not ", "proc.pname", ["**proc.pname**: CHARBUF (syscall)", "parent"]),
    "a field in an output": ("command=%", "proc.cmdline", ["**proc.cmdline**", "CHARBUF"]),
    "a field in a transformer": ("toupper(", "user.name", ["**user.name**"]),
    "a transformer": ("user=%", "toupper", ["ASCII letters in upper case"]),
    "an operator": ("evt.type ", "in", ["**in**: operator, takes a list of values"]),
    "an operator of an exception": ("in, ", "startswith", ["begins with the text"]),
    "a connective": ("and ", "not", ["does not hold"]),
    "a type of events": ("(", "execve,", ["**execve**: a value of `evt.type` (syscall)"]),
    "a macro": (
        "    ",
        "shell_started",
        ["**shell_started**: macro", "started and proc.name in (shells)", "not evt.failed = true"],
    ),
    "a macro that is changed elsewhere": ("", "started and", ["changed in 1 place"]),
    "a list": ("proc.name in (", "shells", ["list of 3 values, changed in 1 place", "`fish`"]),
    "a list with a list in it": (
        "proc.pname in (",
        "programs",
        ["list of 4 values", "From lists: `shells`"],
    ),
    "a list in an exception": ("[[", "shells", ["list of 3 values"]),
    "a rule": ("rule: ", "Shell Started", ["Notice, syscall", "proc.aname in", "fish"]),
    "a priority": ("priority: ", "NOTICE", ["**NOTICE**", "From the most severe"]),
    "a tag": ("tags: [", "process", ["tag of 1 rule"]),
    "a key": ("  ", "output:", ["What the alert says"]),
}


@pytest.mark.parametrize(("before", "after", "said"), HOVERS.values(), ids=HOVERS.keys())
def test_words_are_described(editor: Editor, before: str, after: str, said: list[str]) -> None:
    found = hover(editor, before, after)
    assert [part for part in said if part not in found] == []


def test_values_that_a_field_has_are_listed(tmp_path: Path) -> None:
    text = "- rule: A\n  source: k8s_audit\n  condition: ka.verb = get\n"
    with editing(tmp_path) as editor:
        editor.open("a.yaml", text)
        assert "`deletecollection`" in hover(editor, "", "ka.verb", text, "a.yaml")
        assert hover(editor, "= ", "get", text, "a.yaml").startswith("**get**: a value of")
        assert "events" in hover(editor, "source: ", "k8s_audit", text, "a.yaml")


def test_nothing_is_said_about_nothing(editor: Editor) -> None:
    assert hover(editor, "desc: ", "Somebody") == ""
    assert editor.at("hover", "base.yaml", 10_000, 10_000) is None


def spots(locations: Any) -> list[tuple[str, int, int]]:
    """Return the files and positions of locations, in order."""
    return sorted(
        (
            each["uri"].rpartition("/")[2],
            each["range"]["start"]["line"],
            each["range"]["start"]["character"],
        )
        for each in locations
    )


def spot(name: str, text: str, before: str, after: str) -> tuple[str, int, int]:
    return (name, *place(text, before, after))


DEFINITIONS = {
    "a macro": ("    ", "shell_started", ("- macro: ", "shell_started")),
    "a list in a condition": ("proc.name in (", "shells", ("- list: ", "shells")),
    "a list in a list": ("cat, ", "shells", ("- list: ", "shells")),
    "a list in an exception": ("[[", "shells", ("- list: ", "shells")),
}


@pytest.mark.parametrize(("before", "after", "where"), DEFINITIONS.values(), ids=DEFINITIONS.keys())
def test_definitions(editor: Editor, before: str, after: str, where: tuple[str, str]) -> None:
    found = editor.at("definition", "base.yaml", *place(BASE, before, after))
    assert spots(found) == [spot("base.yaml", BASE, *where)]


def test_the_definition_of_what_another_file_changes(editor: Editor) -> None:
    found = editor.at("definition", "overlay.yaml", *place(OVERLAY, '"', "Shell Started"))
    assert spots(found) == [spot("base.yaml", BASE, "rule: ", "Shell Started")]
    found = editor.at("definition", "overlay.yaml", *place(OVERLAY, "condition: ", "started\n"))
    assert spots(found) == [spot("base.yaml", BASE, "- macro: ", "started")]


LIST_USES = [
    spot("base.yaml", BASE, "cat, ", "shells"),
    spot("base.yaml", BASE, "proc.name in (", "shells"),
    spot("base.yaml", BASE, "[[", "shells"),
    spot("overlay.yaml", OVERLAY, "- list: ", "shells"),
    spot("overlay.yaml", OVERLAY, "proc.aname in (", "shells"),
    spot("overlay.yaml", OVERLAY, "    (", "shells"),
]


def test_references(editor: Editor) -> None:
    at = place(BASE, "- list: ", "shells")
    context = {"includeDeclaration": False}
    assert spots(editor.at("references", "base.yaml", *at, context=context)) == sorted(LIST_USES)
    context = {"includeDeclaration": True}
    everywhere = sorted([*LIST_USES, spot("base.yaml", BASE, "- list: ", "shells")])
    assert spots(editor.at("references", "base.yaml", *at, context=context)) == everywhere
    at = place(OVERLAY, "and ", "proc.name")
    assert len(editor.at("references", "overlay.yaml", *at, context=context)) == 4


def test_highlights(editor: Editor) -> None:
    found = editor.at("documentHighlight", "base.yaml", *place(BASE, "- list: ", "shells"))
    kinds = [each["kind"] for each in sorted(found, key=lambda h: h["range"]["start"]["line"])]
    assert kinds == [3, 2, 2, 2]  # written, then read


def test_symbols_of_a_file(editor: Editor) -> None:
    uri = {"textDocument": {"uri": editor.uri("overlay.yaml")}}
    found = editor.request("textDocument/documentSymbol", uri)
    assert [(each["name"], each["detail"]) for each in found] == [
        ("shells", "list, changed"),
        ("started", "macro, changed"),
        ("Shell Started", "rule, changed"),
        ("Other", "rule"),
    ]


def test_symbols_of_the_workspace(editor: Editor) -> None:
    found = editor.request("workspace/symbol", {"query": "SHELL"})
    assert sorted(each["name"] for each in found) == [
        "Shell Started",
        "Shell Started",
        "shell_started",
        "shells",
        "shells",
    ]


# --- new names ------------------------------------------------------------------------


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """Return a text with edits made, counting columns in units of UTF-16."""
    lines = text.split("\n")
    for edit in sorted(
        edits,
        key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]),
        reverse=True,
    ):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        units = lines[start["line"]].encode("utf-16-le")
        new = edit["newText"].encode("utf-16-le")
        units = units[: 2 * start["character"]] + new + units[2 * end["character"] :]
        lines[start["line"]] = units.decode("utf-16-le")
    return "\n".join(lines)


def renamed(editor: Editor, at: tuple[int, int], new: str) -> dict[str, str]:
    answer = editor.at("rename", "base.yaml", *at, newName=new)
    texts = {"base.yaml": BASE, "overlay.yaml": OVERLAY}
    for uri, edits in answer["changes"].items():
        name = uri.rpartition("/")[2]
        texts[name] = applied(texts[name], edits)
    return texts


RENAMES = {
    "a list": ("- list: ", "shells", "interpreters"),
    "a macro": ("- macro: ", "started", "program_started"),
    "a rule": ("- rule: ", "Shell Started", "Shell: 'started' \"here\""),
    "a rule that is called a number": ("- rule: ", "Shell Started", "17"),
}


@pytest.mark.parametrize(("before", "old", "new"), RENAMES.values(), ids=RENAMES.keys())
def test_a_new_name_is_written_everywhere(
    editor: Editor, tmp_path: Path, before: str, old: str, new: str
) -> None:
    """The rules with the new name are the same rules."""
    texts = renamed(editor, place(BASE, before, old), new)
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    rules = [(r.name, r.source, r.priority) for r in compile_ruleset(tmp_path).rules]
    expected_name = new if before == "- rule: " else "Shell Started"
    assert rules == [(expected_name, "syscall", "Notice"), ("Other", "syscall", "Debug")]
    for name, text in texts.items():
        found = naming(File(name, text))
        assert not any(m.name == old for m in found.mentions)
        assert old not in found.list_words
    assert "The word shells in a text" in texts["overlay.yaml"]


REFUSED = {
    "a list that is there": ("- list: ", "shells", "programs", "there is a list 'programs'"),
    "a list that would replace a word": ("- list: ", "shells", "execve", "is a word of"),
    "a list with a blank": ("- list: ", "shells", "my shells", "the name of a list is"),
    "a macro that is there": ("- macro: ", "started", "shell_started", "there is a macro"),
    "a macro that no condition can use": ("- macro: ", "started", "is-started", "a macro is"),
    "a macro that is a word of the language": ("- macro: ", "started", "not", "a macro is"),
    "a macro that a list would replace": ("- macro: ", "started", "shells", "there is a list"),
    "a rule that is there": ("- rule: ", "Shell Started", "Other", "there is a rule 'Other'"),
    "a rule without a name": ("- rule: ", "Shell Started", " ", "the name of a rule"),
    "what has no name": ("not ", "proc.pname", "x.y", "only rules, macros and lists"),
}


@pytest.mark.parametrize(("before", "old", "new", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_names_that_cannot_be(
    editor: Editor, before: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(AnsweredError, match=message) as refused:
        editor.at("rename", "base.yaml", *place(BASE, before, old), newName=new)
    assert refused.value.code == -32803


def test_what_can_be_renamed(editor: Editor) -> None:
    answer = editor.at("prepareRename", "base.yaml", *place(BASE, "    ", "shell_started"))
    assert answer["placeholder"] == "shell_started"
    assert answer["range"]["end"]["character"] - answer["range"]["start"]["character"] == 13
    assert editor.at("prepareRename", "base.yaml", *place(BASE, "not ", "proc.pname")) is None


def test_no_name_is_changed_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BASE, "utf-8")
    with editing(tmp_path) as editor:
        editor.open("a.yaml")
        editor.open("b.yaml", "- macro: x\n  condition: a: b: c\n")
        with pytest.raises(AnsweredError, match=r"b\.yaml cannot be read"):
            editor.at("rename", "a.yaml", *place(BASE, "- list: ", "shells"), newName="others")


def test_other_names_do_not_change_the_shipped_rules() -> None:
    """One new name after the other, for every third macro and list; the conditions stay the same."""
    folder = Path(rulec.rules.__file__).parent
    files = tuple(collect(folder))
    before = resolved(files)
    names = [
        mention
        for file in files
        for mention in naming(file).mentions
        if mention.defines and mention.kind in (Kind.MACRO, Kind.LIST)
    ]
    assert len(names) > 100
    for number, mention in enumerate(names[::3]):
        found = Target(mention.kind, mention.name, 0, 0)
        changes = rename(files, found, f"a_new_name_{number}")
        assert changes
        files = tuple(changed(file, changes) for file in files)
    assert resolved(files) == before


def resolved(files: Sequence[File]) -> dict[str, str]:
    """Return the conditions of rules, with macros and lists replaced."""
    _, analysis, diagnostics = check_files(files)
    assert diagnostics == ()
    return {name: canonical(condition) for name, condition in analysis.resolved.items()}


def changed(file: File, changes: Sequence[Change]) -> File:
    content = file.content
    for change in sorted(changes, key=lambda change: -change.start):
        if change.file == file:
            content = content[: change.start] + change.text + content[change.end :]
    return File(file.name, content)


HIDDEN = {
    "a macro with an escape": '- macro: m\n  condition: a.b exists\n- macro: n\n  condition: "\\x6d"\n',
    "a list with an escape": '- list: m\n  items: [x]\n- macro: n\n  condition: "a.b in (\\x6d)"\n',
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_name_that_cannot_be_changed_everywhere_is_changed_nowhere(text: str) -> None:
    file = File("a.yaml", text)
    found = target(file, text.index("m\n"), list_names([file]))
    assert found is not None
    assert found.name == "m"
    with pytest.raises(RenameError, match="cannot be edited"):
        rename([file], found, "other")


def test_semantic_tokens(editor: Editor) -> None:
    uri = {"textDocument": {"uri": editor.uri("overlay.yaml")}}
    data = editor.request("textDocument/semanticTokens/full", uri)["data"]
    legend = editor.answer["capabilities"]["semanticTokensProvider"]["legend"]["tokenTypes"]
    lines = [line.encode("utf-16-le") for line in OVERLAY.split("\n")]
    found, line, column = [], 0, 0
    for lines_on, columns_on, length, kind, _ in zip(*[iter(data)] * 5, strict=True):
        line, column = line + lines_on, columns_on + (0 if lines_on else column)
        word = lines[line][2 * column : 2 * (column + length)].decode("utf-16-le")
        found.append((word, legend[kind]))
    assert found[:3] == [("shells", "enum"), ("fish", "string"), ("started", "function")]
    assert found[-12:] == [
        ("Other", "class"),
        ("started", "function"),
        ("and", "keyword"),
        ("proc.name", "property"),
        ("=", "operator"),
        ('"\U0001f600"', "string"),
        ("and", "keyword"),
        ("proc.pname", "property"),
        ("in", "operator"),
        ("shells", "enum"),
        ("proc.name", "property"),
        ("DEBUG", "enumMember"),
    ]
