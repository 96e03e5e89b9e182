"""What comes for editors: the grammar, and the folder for Visual Studio Code."""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rulec.lsp.settings import NAMES, OF_THE_EDITOR, Settings, read_settings

ROOT = Path(__file__).resolve().parent.parent
VSCODE = ROOT / "editors" / "vscode"
PACKAGE = json.loads((VSCODE / "package.json").read_text("utf-8"))
SETTINGS = PACKAGE["contributes"]["configuration"]["properties"]

# So long may npm take to fetch two packages, in seconds.
FETCHING = 120


def test_the_grammar_is_what_the_tables_say() -> None:
    """If this fails, run editors/textmate.py."""
    script = runpy.run_path(str(ROOT / "editors" / "textmate.py"))
    assert script["GRAMMAR"].read_text("utf-8") == script["text"]()


def test_every_setting_of_the_server_is_one_of_the_extension() -> None:
    names = {name.removeprefix("rulec.").partition(".")[0] for name in SETTINGS}
    assert names == {*NAMES, *OF_THE_EDITOR}
    defaults = {
        name.removeprefix("rulec."): setting["default"]
        for name, setting in SETTINGS.items()
        if name.removeprefix("rulec.") in NAMES
    }
    assert read_settings(defaults) == (Settings(), [])


def test_every_setting_is_described() -> None:
    page = (ROOT / "docs" / "editors.md").read_text("utf-8")
    section = page.partition("## Settings")[2].partition("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(NAMES)


def test_what_the_extension_names_is_there() -> None:
    (language,) = PACKAGE["contributes"]["languages"]
    (grammar,) = PACKAGE["contributes"]["grammars"]
    json.loads((VSCODE / language["configuration"]).read_text("utf-8"))
    found = json.loads((VSCODE / grammar["path"]).read_text("utf-8"))
    assert found["scopeName"] == grammar["scopeName"]
    assert grammar["language"] == language["id"]
    assert (VSCODE / PACKAGE["main"]).is_file()


# --- with the engine of the editor ----------------------------------------------------------


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


Tokens = list[list[tuple[str, list[str]]]]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Tokens]:
    """Return what tells the tokens of a text; the packages for it are fetched once."""
    node, npm = _tool("node"), _tool("npm")
    folder = tmp_path_factory.mktemp("node")
    packages = ["vscode-textmate@9", "vscode-oniguruma@2"]
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, *packages]
    try:
        fetched = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=FETCHING
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm does not get the packages in time")
    if fetched.returncode:
        pytest.skip(f"npm cannot get the packages: {fetched.stderr.strip().splitlines()[-1:]}")
    grammar = VSCODE / PACKAGE["contributes"]["grammars"][0]["path"]
    script = ROOT / "tests" / "textmate.mjs"

    def tokenize(text: str) -> Tokens:
        command = [node, script, folder / "node_modules", grammar]
        run = subprocess.run(command, input=text.encode(), capture_output=True, timeout=FETCHING)
        assert run.returncode == 0, run.stderr.decode()
        found: Tokens = json.loads(run.stdout)
        return found

    return tokenize


RULES = """\
# proc.name in a comment
- list: shells
  items: [bash, "more or less", 3]
- macro: m
  condition: evt.type in (open, openat) and not proc.aname[2] in (shells)
- condition: first and
    second
  macro: third
- rule: Shell: started # why
  desc: this and that or not proc.name
  condition: >
    m and (ka.uri startswith /api/v1/ or jevt.value[/objectRef/name] = "a \\" b")
    and tolower(proc.name) = val(proc.pname) and fd.name != docker.io/a

    and proc.name startswith oneof (a.b, c) and evt.arg.flags exists
  output: hey (user=%user.name n=%20proc.name[1] %toupper(fd.name)) and proc.name
  priority: WARNING
  exceptions:
    - name: x
      fields: [proc.name]
      comps: [startswith]
- rule: X
  condition: "and not ka.verb = 'get'"
  override:
    condition: append
"""

FIELD, OPERATOR, VALUE = "variable.other.property", "keyword.operator", "string.unquoted"

# The line (from 0), a word in it, how many of the same come before, and what it is.
EXPECTED: list[tuple[int, str, int, str]] = [
    (0, "# proc.name in a comment", 0, "comment.line"),
    (1, "list", 0, "storage.type.list"),
    (1, "shells", 0, "entity.name.enum"),
    (2, "items", 0, "entity.name.tag"),
    (2, "more or less", 0, "string.quoted.double"),
    (3, "m", 0, "entity.name.function.macro"),
    (4, "condition", 0, "entity.name.tag"),
    (4, "evt.type", 0, FIELD),
    (4, "in", 0, OPERATOR),
    (4, "openat", 0, VALUE),
    (4, "and", 0, "keyword.control"),
    (4, "not", 0, "keyword.control"),
    (4, "2", 0, "string.unquoted.argument"),
    (4, "shells", 0, VALUE),
    (5, "first", 0, "entity.name.function.macro"),
    (6, "second", 0, "entity.name.function.macro"),
    (7, "macro", 0, "entity.name.tag"),
    (8, "Shell: started", 0, "entity.name.class"),
    (8, "# why", 0, "comment.line"),
    (9, "this and that or not proc.name", 0, "string.unquoted.description"),
    (10, ">", 0, "keyword.control.flow.block-scalar"),
    (11, "/api/v1/", 0, VALUE),
    (11, "/objectRef/name", 0, "string.unquoted.argument"),
    (11, '\\"', 0, "constant.character.escape"),
    (12, "tolower", 0, "support.function"),
    (12, "val", 0, "support.function"),
    (12, "proc.pname", 0, FIELD),
    (12, "docker.io/a", 0, VALUE),
    (14, "oneof", 0, OPERATOR),
    (14, "a.b", 0, VALUE),
    (14, "exists", 0, OPERATOR),
    (15, "%", 0, "punctuation.definition.placeholder"),
    (15, "user.name", 0, FIELD),
    (15, "20", 0, "constant.numeric.width"),
    (15, "toupper", 0, "support.function"),
    (15, "fd.name", 0, FIELD),
    (15, ") and proc.name", 0, "string.unquoted.output"),
    (16, "WARNING", 0, "constant.language.priority"),
    (19, "proc.name", 0, FIELD),
    (20, "startswith", 0, OPERATOR),
    (22, "not", 0, "keyword.control"),
    (22, "get", 0, "string.quoted.single"),
    (24, "condition", 0, "entity.name.tag"),
    (24, "append", 0, "constant.language"),
]


@pytest.mark.node
def test_words_have_the_right_scopes(tokens: Callable[[str], Tokens]) -> None:
    lines = tokens(RULES)
    wrong = []
    for line, word, before, scope in EXPECTED:
        found = [scopes[-1] for text, scopes in lines[line] if text.strip() == word]
        if len(found) <= before or not found[before].startswith(scope):
            wrong.append((line, word, scope, lines[line]))
    assert wrong == []


@pytest.mark.node
def test_the_shipped_rules_are_coloured_to_their_end(tokens: Callable[[str], Tokens]) -> None:
    """Nothing runs on beyond its item, and each name of a field is one in conditions."""
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        text = path.read_text("utf-8")
        for line, found in zip(text.split("\n"), tokens(text), strict=True):
            if line.startswith(("- rule:", "- macro:", "- list:")):
                scopes = [scopes[-1] for word, scopes in found if word.strip()]
                assert scopes[1].startswith("storage.type."), line
                assert scopes[3].startswith("entity.name."), line
            elif line.startswith("#"):
                assert {scopes[-1] for _, scopes in found} == {
                    "comment.line.number-sign.falco-rules"
                }


@pytest.mark.node
def test_the_extension_starts_the_server_that_is_set(tmp_path: Path) -> None:
    """Run it with stand-ins for the editor and its client, which write down what they are told."""
    modules = tmp_path / "node_modules"
    for name, content in _STAND_INS.items():
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(content, "utf-8")
    shutil.copy(VSCODE / "extension.js", tmp_path)
    program = (
        "const e = require('./extension.js');"
        "(async () => { await e.activate({ subscriptions: [] }); await e.deactivate();"
        "console.log(JSON.stringify(globalThis.told)) })()"
    )
    run = subprocess.run(
        [_tool("node"), "-e", program], cwd=tmp_path, capture_output=True, timeout=FETCHING
    )
    assert run.returncode == 0, run.stderr.decode()
    told: list[Any] = json.loads(run.stdout)
    assert told[0]["server"] == {"command": "a", "args": ["b", "lsp"], "transport": 0}
    assert {"language": "falco-rules"} in told[0]["options"]["documentSelector"]
    assert told[1:] == ["started", "stopped"]


_STAND_INS = {
    "vscode.js": """
globalThis.told = [];
module.exports = {
  commands: { registerCommand: () => ({}) },
  window: { showErrorMessage: (text) => told.push(text) },
  workspace: {
    getConfiguration: () => ({ get: () => ["a", "b", "lsp"] }),
    onDidChangeConfiguration: () => ({}),
  },
};
""",
    "vscode-languageclient/node.js": """
exports.TransportKind = { stdio: 0 };
exports.LanguageClient = class {
  constructor(id, name, server, options) { told.push({ server, options }); }
  async start() { told.push("started"); }
  async stop() { told.push("stopped"); }
};
""",
}
