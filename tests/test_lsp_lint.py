"""What ``rulec lsp`` shows of lints, and which of their fixes it offers."""

from pathlib import Path
from typing import Any

from lsp_client import Editor, editing

RULE = """\
- rule: Secret Read
  desc: A program was started where secrets are.
  condition: evt.type in (execve, execveat) and proc.cwd regex "/etc/.*"
  output: Secret read (command=%proc.cmdline)
  priority: WARNING
  tags: [files]
"""


def found(editor: Editor, name: str, code: str) -> list[dict[str, Any]]:
    """Return what is wrong with a file as soon as something has a code."""
    published = editor.wait_for(
        "textDocument/publishDiagnostics",
        lambda p: p["uri"] == editor.uri(name) and code in {d["code"] for d in p["diagnostics"]},
    )
    diagnostics: list[dict[str, Any]] = published["diagnostics"]
    return diagnostics


def test_findings_take_the_place_of_what_the_check_says(tmp_path: Path) -> None:
    """The check says that the expression could be simpler; the lint says it better, and mends it."""
    with editing(tmp_path, {"lint": True}) as editor:
        editor.open("a.yaml", RULE)
        (finding,) = found(editor, "a.yaml", "regex-simpler")
        assert finding["severity"] == 3
        assert finding["range"]["start"]["line"] == 2
        assert finding["codeDescription"]["href"].endswith("/docs/lints/regex-simpler.md")


def test_a_safe_fix_is_offered(tmp_path: Path) -> None:
    with editing(tmp_path, {"lint": True}) as editor:
        editor.open("a.yaml", RULE)
        (finding,) = found(editor, "a.yaml", "regex-simpler")
        params = {
            "textDocument": {"uri": editor.uri("a.yaml")},
            "range": finding["range"],
            "context": {"diagnostics": [finding]},
        }
        (action,) = editor.request("textDocument/codeAction", params)
        assert action["kind"] == "quickfix"
        lines = RULE.split("\n")
        edits = action["edit"]["changes"][editor.uri("a.yaml")]
        for edit in sorted(edits, key=lambda e: -e["range"]["start"]["character"]):
            start, end = edit["range"]["start"], edit["range"]["end"]
            line = lines[start["line"]]
            lines[start["line"]] = (
                line[: start["character"]] + edit["newText"] + line[end["character"] :]
            )
        assert (
            lines[2] == "  condition: evt.type in (execve, execveat) and proc.cwd startswith /etc/"
        )


def test_what_a_comment_suppresses_is_not_shown(tmp_path: Path) -> None:
    comment = "# rulec: ignore[regex-simpler]: copied from the documentation of the team\n"
    with editing(tmp_path, {"lint": True}) as editor:
        editor.open("a.yaml", RULE.replace("execveat", "execveatt"))
        found(editor, "a.yaml", "LOAD_ERR_COMPILE_CONDITION")
        editor.change("a.yaml", comment + RULE + "\n- list: nobody\n  items: [a]\n")
        diagnostics = found(editor, "a.yaml", "LOAD_UNUSED_LIST")
        while "LOAD_COMPILE_CONDITION" in {d["code"] for d in diagnostics}:
            diagnostics = found(editor, "a.yaml", "LOAD_UNUSED_LIST")  # the check came first
        assert [each["code"] for each in diagnostics] == ["LOAD_UNUSED_LIST"]
