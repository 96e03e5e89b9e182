"""What ``rulec lsp`` offers at the cursor, asked as an editor asks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsp_client import CAPABILITIES, Editor, editing, marked

from rulec.lsp.cursor import cursor
from rulec.lsp.scanning import Expects, expected, scan
from rulec.lsp.words import KEYS, OPERATORS
from rulec.operators import IN_RANGES, SYNONYMS
from rulec.operators import OPERATORS as TABLE
from rulec.rule_items import KEYS as RULE_KEYS

KNOWN = """
- list: shells
  items: [bash, zsh]

- list: readers
  items: [cat, "more or less"]

- macro: started
  condition: evt.type = execve

- macro: created
  condition: ka.verb = create

- rule: Shell Started
  desc: Somebody started a shell.
  condition: started and proc.name in (shells)
  output: shell started
  priority: NOTICE
  tags: [process, T1059]
"""

AUDIT = "\n- rule: New\n  source: k8s_audit\n  "
CALLS = "\n- rule: New\n  source: syscall\n  "


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "known.yaml").write_text(KNOWN, "utf-8")
    with editing(folder) as editor:
        editor.open("rules.yaml", "")
        editor.wait_for("textDocument/publishDiagnostics", lambda p: "known" in p["uri"])
        yield editor


def offered(editor: Editor, text: str) -> dict[str, dict[str, Any]]:
    text, line, character = marked(text)
    editor.change("rules.yaml", text)
    answer = editor.at("completion", "rules.yaml", line, character)
    return {item["label"]: item for item in answer["items"]} if answer else {}


CASES = {
    "a condition begins with fields, macros and transformers": (
        AUDIT + "condition: ¦",
        ["ka.verb", "jevt.value", "evt.num", "created", "tolower", "not"],
        ["proc.name", "and", "shells", "="],
    ),
    "fields are those of the source": (CALLS + "condition: ¦", ["proc.name"], ["ka.verb"]),
    "macros are those whose fields the source has": (
        CALLS + "condition: not ¦",
        ["started"],
        ["created"],
    ),
    "what has been typed narrows them down": (
        AUDIT + "condition: created and ka.ve¦",
        ["ka.verb"],
        ["ka.uri", "tolower"],
    ),
    "a folded condition over several lines": (
        AUDIT + "condition: >\n    created\n    and not (ka.verb = get\n    or ka.¦",
        ["ka.uri"],
        ["proc.name"],
    ),
    "a condition in quotes that do not end": (
        AUDIT + 'condition: "created and ka.u¦',
        ["ka.uri"],
        [],
    ),
    "the source may be said behind the condition": (
        "\n- rule: New\n  condition: ¦\n  source: k8s_audit\n",
        ["ka.verb"],
        ["proc.name"],
    ),
    "a rule that changes another is for its source": (
        "\n- rule: Shell Started\n  condition: and ¦\n  override: {condition: append}\n",
        ["proc.name"],
        ["ka.verb"],
    ),
    "without a source, that of the other rules in the file": (
        "- rule: A\n  source: k8s_audit\n\n- macro: m\n  condition: ¦\n",
        ["ka.verb"],
        [],
    ),
    "behind a field, the operators that it can be asked": (
        CALLS + "condition: proc.name ¦",
        ["=", "in", "startswith", "regex", "exists", "pmatch"],
        ["bcontains", "proc.name", "and"],
    ),
    "a number is not asked what it contains": (
        CALLS + "condition: evt.num ¦",
        ["=", ">=", "in"],
        ["contains", "regex"],
    ),
    "a list is asked about its elements": (
        AUDIT + "condition: ka.user.groups ¦",
        ["in", "intersects", "exists"],
        ["=", "startswith"],
    ),
    "behind a transformer, all operators": (
        CALLS + "condition: len(proc.args) ¦",
        [">", "="],
        ["and"],
    ),
    "types of events": (
        CALLS + "condition: evt.type = op¦",
        ["open", "openat"],
        ["execve", "proc.name"],
    ),
    "types of events in a list": (
        CALLS + "condition: evt.type in (open, ¦",
        ["openat", "execve", "shells"],
        ["proc.name", "and"],
    ),
    "verbs": (AUDIT + "condition: ka.verb = ¦", ["get", "deletecollection", "val"], ["ka.uri"]),
    "verbs in quotes": (AUDIT + "condition: ka.verb = 'de¦", ["delete"], ["val", "tolower"]),
    "resources": (AUDIT + "condition: ka.target.resource in (¦", ["pods", "secrets"], []),
    "stages": (AUDIT + "condition: ka.stage=¦", ["ResponseComplete"], []),
    "levels": (AUDIT + "condition: jevt.value[/level] = ¦", ["RequestResponse"], ["None"]),
    "truth values": (CALLS + "condition: evt.is_open_read = ¦", ["true", "false"], []),
    "kinds of descriptors": (CALLS + "condition: fd.type in (¦", ["ipv4", "file"], []),
    "lists behind an operator that takes one": (
        CALLS + "condition: proc.name in ¦",
        ["(", "shells"],
        ["proc.name"],
    ),
    "lists behind a modifier": (
        CALLS + "condition: proc.name startswith anyof ¦",
        ["(", "shells"],
        [],
    ),
    "modifiers where they can follow": (
        CALLS + "condition: proc.name startswith ¦",
        ["oneof", "anyof", "allof"],
        [],
    ),
    "connectives behind a comparison": (
        AUDIT + "condition: ka.verb = get ¦",
        ["and", "or"],
        ["ka.verb"],
    ),
    "connectives behind a macro": (AUDIT + "condition: created a¦", ["and"], ["created"]),
    "connectives behind a parenthesis": (
        AUDIT + "condition: ka.verb in (get) ¦",
        ["and", "or"],
        ["get"],
    ),
    "fields in a transformer": (CALLS + "condition: toupper(proc.n¦", ["proc.name"], ["shells"]),
    "fields to compare with": (CALLS + "condition: proc.name = val(proc.p¦", ["proc.pname"], []),
    "indices": (CALLS + "condition: proc.aname[¦", ["0", "1"], ["proc.name"]),
    "names of arguments": (CALLS + "condition: evt.arg.fl¦", ["evt.arg.flags"], []),
    "places in an event": (
        AUDIT + "condition: jevt.value[/objectRef/¦",
        ["/objectRef/resource"],
        ["/verb", "ka.verb"],
    ),
    "nothing in a comment": (AUDIT + "condition: created # ka.¦", [], ["ka.verb"]),
    "fields in an output": (AUDIT + "output: verb=%ka.¦", ["ka.verb"], ["created", "not"]),
    "fields behind a bare sign": (AUDIT + "output: verb=%¦", ["ka.verb", "tolower"], []),
    "fields behind a width": (AUDIT + "output: verb=%20ka.ve¦", ["ka.verb"], []),
    "fields in a transformer of an output": (
        AUDIT + "output: verb=%toupper(ka.ve¦",
        ["ka.verb"],
        [],
    ),
    "nothing in the text of an output": (AUDIT + "output: somebody did ¦", [], ["ka.verb"]),
    "nothing in a description": (AUDIT + "desc: ka.¦", [], ["ka.verb"]),
    "items": ("¦", ["rule", "macro", "list", "required_engine_version"], []),
    "items behind others": (KNOWN + "\nru¦", ["rule"], ["macro"]),
    "items behind a dash": ("- ma¦", ["macro"], ["rule"]),
    "keys of a rule that are not there": (
        "- rule: A\n  condition: x\n  ¦\n  output: y\n",
        ["desc", "priority", "tags", "exceptions"],
        ["condition", "output", "items", "rule"],
    ),
    "keys of a list": ("- list: a\n  it¦", ["items"], ["condition"]),
    "keys of a list in braces": ("- {list: a, it¦}", ["items"], ["condition"]),
    "what can be overridden": (
        "- rule: A\n  override:\n    ¦",
        ["condition", "enabled"],
        ["rule", "items"],
    ),
    "how it is overridden": ("- rule: A\n  override: {tags: ¦}", ["append", "replace"], []),
    "what cannot be appended": ("- rule: A\n  override: {priority: ¦}", ["replace"], ["append"]),
    "keys of an exception": (
        "- rule: A\n  exceptions:\n    - name: x\n      ¦",
        ["fields", "comps", "values"],
        ["name", "output"],
    ),
    "fields of an exception": (
        CALLS + "exceptions:\n    - name: x\n      fields: [proc.name, fd.na¦",
        ["fd.name"],
        ["ka.verb"],
    ),
    "comparisons of an exception": (
        CALLS + "exceptions:\n    - name: x\n      comps: [start¦",
        ["startswith"],
        ["in"],
    ),
    "lists in a list": ("- list: a\n  items: [shells, ¦]", ["readers"], ["started"]),
    "priorities": ("- rule: A\n  priority: ¦", ["WARNING", "EMERGENCY"], ["true"]),
    "sources": ("- rule: A\n  source: ¦", ["k8s_audit", "syscall"], []),
    "tags in use": ("- rule: A\n  tags: [T¦", ["T1059"], ["NOTICE"]),
    "switches": ("- rule: A\n  enabled: ¦", ["true", "false"], []),
    "rules to change": ("- rule: Sh¦", ["Shell Started"], ["started"]),
    "plugins": ("- required_plugin_versions:\n    - name: k8s¦", ["k8saudit"], []),
    "nothing in another YAML file": ("apiVersion: v1\nkind: Pod\nk¦", [], ["rule"]),
}


@pytest.mark.parametrize(("text", "there", "absent"), CASES.values(), ids=CASES.keys())
def test_what_is_offered(editor: Editor, text: str, there: list[str], absent: list[str]) -> None:
    found = offered(editor, text)
    assert set(there) <= found.keys()
    assert not set(absent) & found.keys()


def test_what_is_typed_is_replaced_and_nothing_else(editor: Editor) -> None:
    text, line, character = marked(
        AUDIT + 'condition: ka.uri = "\U0001f600" and ka.ve¦ and created'
    )
    editor.change("rules.yaml", text)
    answer = editor.at("completion", "rules.yaml", line, character)
    range_ = answer["itemDefaults"]["editRange"]
    assert range_["start"] == {"line": line, "character": character - len("ka.ve")}
    assert range_["end"] == {"line": line, "character": character}


def test_what_is_written_is_not_always_what_is_shown(editor: Editor) -> None:
    items = offered(editor, CALLS + "condition: proc.name ¦")
    assert items["in"]["textEditText"] == "in ($0)"
    assert items["in"]["insertTextFormat"] == 2  # a snippet
    assert items["="]["textEditText"] == "= "
    items = offered(editor, AUDIT + "condition: jevt.value[/objectRef/na¦")
    assert items["/objectRef/name"]["textEditText"] == "/objectRef/name]"
    rule = offered(editor, "ru¦")["rule"]
    assert rule["textEditText"].startswith("- rule: ${1:Name}\n  desc: ")
    assert "\n  condition: >\n    $0\n  output: " in rule["textEditText"]
    assert rule["insertTextMode"] == 1  # as it is
    keys = offered(editor, "- rule: A\n  ¦")
    assert keys["condition"]["textEditText"] == "condition: >\n    "
    assert keys["exceptions"]["textEditText"] == "exceptions:\n    - name: "
    assert keys["desc"]["textEditText"] == "desc: "


def test_documentation_comes_along(editor: Editor) -> None:
    items = offered(editor, AUDIT + "condition: ¦")
    assert items["ka.verb"]["documentation"] == "What was to be done, such as get or create."
    assert items["ka.verb"]["detail"] == "CHARBUF (k8s_audit)"
    assert items["created"]["documentation"] == "ka.verb = create"


def test_names_outlast_a_mistake(editor: Editor) -> None:
    """While an item is no YAML, its names are those that it had."""
    broken = "- macro: mine\n  condition: ka.verb = get\n"
    editor.change("rules.yaml", broken)
    editor.diagnostics("rules.yaml")
    text = "- macro: mine\n  condition: ka.verb: get: it\n\n- macro: other\n  condition: ¦"
    plain, line, character = marked(text)
    editor.change("rules.yaml", plain)
    assert editor.diagnostics("rules.yaml")[0]["code"] == "LOAD_ERR_YAML_PARSE"
    answer = editor.at("completion", "rules.yaml", line, character)
    assert "mine" in {item["label"] for item in answer["items"]}


def test_an_editor_without_extras(tmp_path: Path) -> None:
    """One that knows neither snippets nor shared ranges gets plain text with its own range."""
    able = {**CAPABILITIES, "textDocument": {"completion": {"completionItem": {}}}}
    with editing(tmp_path, capabilities=able) as editor:
        text, line, character = marked(CALLS + "condition: proc.name ¦")
        editor.open("rules.yaml", text)
        answer = editor.at("completion", "rules.yaml", line, character)
        items = {item["label"]: item for item in answer["items"]}
        assert items["in"]["textEdit"]["newText"] == "in "
        assert "insertTextFormat" not in items["in"]
        assert "itemDefaults" not in answer


# --- the parts ------------------------------------------------------------------------


def test_every_operator_and_key_is_described() -> None:
    assert OPERATORS.keys() == {*TABLE, *SYNONYMS} - {IN_RANGES}
    assert KEYS["rule",].keys() | {"rule"} == RULE_KEYS


WORDS = {
    "not a.b in (x, 'y z')": "not/connective a.b/field in/operator x/value 'y z'/value",
    "k and(a.b=c)": "k/macro and/connective a.b/field =/operator c/value",
    "a.b[x y] exists": "a.b[x/field y/unknown ]/value exists/unknown",
    "tolower(a.b) startswith oneof (c)": "tolower/transformer a.b/field startswith/operator "
    "oneof/modifier c/value",
    "a.b = oneof and m": "a.b/field =/operator oneof/modifier and/value m/unknown",
    "join(',', (a.b, 1)) = x": "join/transformer ','/value a.b/field 1/value =/operator x/value",
    "a.b = 'it\\'s' or m": "a.b/field =/operator 'it\\'s'/value or/connective m/macro",
    "(a or": "a/macro or/connective",
    ") = , and": "and/connective",
    "a.b glob [a-z]* and c": "a.b/field glob/operator [a-z]*/value and/connective c/macro",
    "a.b = val(c.d)": "a.b/field =/operator val/transformer c.d/field",
}


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_words_of_conditions(text: str, words: str) -> None:
    found = [f"{word.text}/{word.role.value}" for word in scan(text)]
    assert " ".join(found) == words


def test_scanning_ends_for_all_beginnings_of_a_condition() -> None:
    text = "not a.b in (x, 'y z') and (k or tolower(c.d[\"e f\"]) >= 'x\\'y') and g.h = val(i.j)"
    for end in range(len(text) + 1):
        assert isinstance(expected(text[:end]).expects, Expects)
        content = f"- rule: A\n  condition: {text[:end]}"
        assert cursor(content, len(content)) is None or cursor(content, len(content)).path
