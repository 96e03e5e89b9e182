"""What ``rulec lsp`` says is wrong, what can be set, and what it survives."""

import asyncio
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lsp_client import LONG, AnsweredError, Editor, editing, marked
from lsprotocol.types import DocumentFormattingParams, FormattingOptions, TextDocumentIdentifier

import rulec.rules
from rulec.cli import cli
from rulec.lsp import rule_sets, server
from rulec.lsp.latest import latest
from rulec.lsp.positions import Lines
from rulec.lsp.rule_sets import RuleSets
from rulec.lsp.session import Session
from rulec.lsp.structure import MAX_CHARACTERS, structure
from rulec.text import File

GOOD = """\
- rule: Verb
  desc: Somebody did something.
  condition: ka.verb = get
  output: done (user=%ka.user.name)
  priority: NOTICE
  source: k8s_audit
"""

BAD = GOOD.replace("ka.verb", "ka.verbb").replace("ka.user.name", "ka.usr.name")


def codes(found: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Return codes with the line and the columns of their places."""
    return [
        (
            each["code"],
            each["range"]["start"]["line"],
            each["range"]["start"]["character"],
            each["range"]["end"]["character"],
        )
        for each in found
    ]


# --- what is wrong ----------------------------------------------------------------------


def test_what_is_wrong_is_shown_while_it_is(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        editor.open("a.yaml", BAD)
        found = editor.diagnostics("a.yaml")
        assert codes(found) == [
            ("LOAD_ERR_COMPILE_CONDITION", 2, 13, 21),
            ("LOAD_ERR_COMPILE_OUTPUT", 3, 21, 33),
        ]
        assert found[0]["message"] == "unknown field 'ka.verbb'"
        assert found[0]["severity"] == 1
        assert found[0]["source"] == "rulec"
        assert found[0]["codeDescription"]["href"].endswith("language.md#errors-and-warnings")
        assert found[0]["relatedInformation"][0]["message"] == "did you mean 'ka.verb'?"
        editor.change("a.yaml", GOOD)
        assert editor.diagnostics("a.yaml") == []


def test_warnings_and_their_tags(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        unused = "- macro: nobody\n  condition: ka.verb = get\n"
        editor.open("a.yaml", GOOD + unused + GOOD.replace("Verb", "Later"))
        found = editor.diagnostics("a.yaml")
        assert codes(found) == [
            ("LOAD_UNUSED_MACRO", 6, 2, 15),
            ("RULEC_UNREACHABLE_RULE", 8, 2, 13),
        ]
        assert [each["severity"] for each in found] == [2, 2]
        assert [each["tags"] for each in found] == [[1], [1]]


def test_files_are_checked_together_in_load_order(tmp_path: Path) -> None:
    """What is in a buffer counts, not what is on disk; a mistake is shown in its own file."""
    (tmp_path / "1.yaml").write_text("- macro: m\n  condition: ka.verb = get\n", "utf-8")
    (tmp_path / "2.yaml").write_text(GOOD.replace("ka.verb = get", "m"), "utf-8")
    (tmp_path / "other.yaml").write_text("kind: Pod\n", "utf-8")
    (tmp_path / "other_test.yaml").write_text("tests:\n  - rule: Verb\n", "utf-8")
    with editing(tmp_path) as editor:
        editor.open("2.yaml")
        assert editor.diagnostics("2.yaml") == []
        editor.open("1.yaml", "- macro: n\n  condition: ka.verb = get\n")
        uri = editor.uri("2.yaml")
        found = editor.wait_for(
            "textDocument/publishDiagnostics", lambda p: p["uri"] == uri and p["diagnostics"]
        )
        assert codes(found["diagnostics"]) == [("LOAD_ERR_VALIDATE", 2, 13, 14)]
        editor.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri("1.yaml")}})
        editor.wait_for(
            "textDocument/publishDiagnostics", lambda p: p["uri"] == uri and not p["diagnostics"]
        )
        assert all("other" not in note["params"].get("uri", "") for note in editor.notifications)


def test_rules_of_other_directories_are_other_rules(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "two" / "b.yaml").write_text(BAD.replace("Verb", "Other"), "utf-8")
    with editing(tmp_path) as editor:
        published = {}
        while len(published) < 3:
            params = editor.wait_for("textDocument/publishDiagnostics")
            published[params["uri"]] = len(params["diagnostics"])
        assert published == {
            editor.uri("one/a.yaml"): 0,
            editor.uri("two/a.yaml"): 0,
            editor.uri("two/b.yaml"): 2,
        }


def test_a_change_on_disk_is_noticed_when_the_editor_tells(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        editor.open("2.yaml", GOOD.replace("ka.verb = get", "m"))
        assert codes(editor.diagnostics("2.yaml")) == [("LOAD_ERR_VALIDATE", 2, 13, 14)]
        (tmp_path / "1.yaml").write_text("- macro: m\n  condition: ka.verb = get\n", "utf-8")
        change = {"uri": editor.uri("1.yaml"), "type": 1}
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [change]})
        editor.wait_for(
            "textDocument/publishDiagnostics",
            lambda p: p["uri"] == editor.uri("2.yaml") and not p["diagnostics"],
        )
        registered = [ask for ask in editor.asked if ask["method"] == "client/registerCapability"]
        assert "**/*.{yaml,yml}" in json.dumps(registered)


def test_a_file_without_a_folder(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        uri = "untitled:Untitled-1"
        document = {"uri": uri, "languageId": "falco-rules", "version": 7, "text": BAD}
        editor.notify("textDocument/didOpen", {"textDocument": document})
        params = editor.wait_for("textDocument/publishDiagnostics", lambda p: p["uri"] == uri)
        assert len(params["diagnostics"]) == 2
        assert params["version"] == 7
        editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        editor.wait_for(
            "textDocument/publishDiagnostics", lambda p: p["uri"] == uri and not p["diagnostics"]
        )


# --- what can be done about it --------------------------------------------------------------


def actions(editor: Editor, line: int, column: int = 4) -> list[dict[str, Any]]:
    place = {"line": line, "character": column}
    params = {
        "textDocument": {"uri": editor.uri("a.yaml")},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    found: list[dict[str, Any]] = editor.request("textDocument/codeAction", params)
    return found


def test_a_name_that_was_meant_can_be_written(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        editor.open(
            "a.yaml",
            BAD.replace("ka.usr.name", "ka.usr.name)") + "  ouput: a text that is long enough\n",
        )
        editor.diagnostics("a.yaml")
        (field,) = actions(editor, 2, 15)
        (edit,) = field["edit"]["changes"][editor.uri("a.yaml")]
        assert (field["title"], edit["newText"]) == ("Write 'ka.verb'", "ka.verb")
        assert (edit["range"]["start"], edit["range"]["end"]) == (
            {"line": 2, "character": 13},
            {"line": 2, "character": 21},
        )
        assert field["diagnostics"][0]["code"] == "LOAD_ERR_COMPILE_CONDITION"
        (output,) = actions(editor, 3, 25)
        (edit,) = output["edit"]["changes"][editor.uri("a.yaml")]
        assert edit["newText"] == "ka.user.name"
        assert edit["range"]["start"] == {"line": 3, "character": 22}
        assert actions(editor, 0) == []
        (key,) = actions(editor, 6)
        assert key["title"] == "Write 'output'"
        editor.change("a.yaml", "\n" + BAD)
        editor.diagnostics("a.yaml")
        assert len(actions(editor, 3, 15)) == 1


def test_formatting(tmp_path: Path) -> None:
    from rulec.formatting import format_text

    text = "- macro:   m   \n  condition:   ka.verb=get\n"
    request = {"options": {"tabSize": 2, "insertSpaces": True}}
    with editing(tmp_path) as editor:
        editor.open("a.yaml", text)
        uri = {"textDocument": {"uri": editor.uri("a.yaml")}}
        (edit,) = editor.request("textDocument/formatting", uri | request)
        lines = Lines(text)
        start, end = (lines.offset(_Position(**edit["range"][side])) for side in ("start", "end"))
        assert text[:start] + edit["newText"] + text[end:] == format_text(text, "a.yaml")
        editor.change("a.yaml", format_text(text, "a.yaml"))
        assert editor.request("textDocument/formatting", uri | request) == []
        editor.change("a.yaml", "- macro: m\n  condition: a: b: c\n")
        with pytest.raises(AnsweredError, match="line 2: "):
            editor.request("textDocument/formatting", uri | request)


class _Position:
    def __init__(self, line: int, character: int) -> None:
        self.line, self.character = line, character


# --- settings ---------------------------------------------------------------------------------


SOURCE = """\
source: github
description: Deliveries of a webhook.
fields:
  - {name: github.action, pointer: /action, description: What was done.}
"""


def test_settings_that_come_with_the_start(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    (tmp_path / "first.yaml").write_text(GOOD.replace("Verb", "First"), "utf-8")
    override = "- rule: First\n  enabled: false\n  override: {enabled: replace}\n"
    (tmp_path / "last" / "b.yaml").write_text(override, "utf-8")
    (tmp_path / "github.source.yaml").write_text(SOURCE, "utf-8")
    options = {"paths": ["./first.yaml", "last/../last"], "sourceFiles": ["github.source.yaml"]}
    with editing(tmp_path, options) as editor:
        editor.open("last/b.yaml")
        assert editor.diagnostics("last/b.yaml") == []
        editor.open(
            "last/c.yaml", "- rule: Second\n  enabled: false\n  override: {enabled: replace}\n"
        )
        (nothing,) = editor.diagnostics("last/c.yaml")  # that is in no file yet
        assert nothing["code"] == "LOAD_ERR_VALIDATE"
        text, line, column = marked("- rule: A\n  source: github\n  condition: github.¦")
        editor.change("last/b.yaml", text)
        answer = editor.at("completion", "last/b.yaml", line, column)
        assert [item["label"] for item in answer["items"]] == ["github.action"]


def test_settings_that_the_editor_keeps(tmp_path: Path) -> None:
    lenient = GOOD.replace("ka.verb = get", "ka.user.groups = admins")
    settings = {"strict": True, "delay": 0, "lint": False}
    with editing(tmp_path, settings=settings) as editor:
        editor.open("a.yaml", lenient)
        editor.wait_for(
            "textDocument/publishDiagnostics",
            lambda p: [d["severity"] for d in p["diagnostics"]] == [1],
        )
        editor.notifications.clear()
        settings["strict"] = False
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        editor.wait_for(
            "textDocument/publishDiagnostics",
            lambda p: [d["code"] for d in p["diagnostics"]] == ["RULEC_LIST_FIELD_OPERATOR"],
        )
        editor.notify("workspace/didChangeConfiguration", {"settings": {"rulec": {"strict": True}}})
        editor.wait_for(
            "textDocument/publishDiagnostics",
            lambda p: [d["severity"] for d in p["diagnostics"]] == [1],
        )


def test_an_editor_that_refuses_what_it_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD, "utf-8")
    with editing(tmp_path, settings={}, refuses=True) as editor:
        assert len(editor.diagnostics("a.yaml")) == 2
        assert [ask["method"] for ask in editor.asked] == [
            "client/registerCapability",
            "workspace/configuration",
        ]


def test_an_editor_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(server, "_PATIENCE", 0.01)
    assert asyncio.run(server.RulesServer().answered(never())) is None


def test_what_takes_long_is_not_begun_for_a_request_that_was_cancelled() -> None:
    begun: list[str] = []
    first, others = threading.Event(), threading.Event()

    def answer(_: Session, params: DocumentFormattingParams) -> str:
        begun.append(params.text_document.uri)
        first.set()
        others.wait(LONG)
        return params.text_document.uri

    async def asked() -> str:
        handler, ls = server._slowly(answer), server.RulesServer()
        uris = [f"untitled:{number}" for number in range(4)]
        params = [
            DocumentFormattingParams(TextDocumentIdentifier(uri), FormattingOptions(2, True))
            for uri in uris
        ]
        requests = [asyncio.ensure_future(handler(ls, each)) for each in params]
        await asyncio.to_thread(first.wait, LONG)
        for request in requests[:3]:
            request.cancel()
        await asyncio.wait(requests[:3])
        others.set()
        return str(await requests[3])

    assert asyncio.run(asked()) == "untitled:3"
    assert begun == ["untitled:0", "untitled:3"]


WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "an unknown one": ({"path": "x"}, "unknown setting 'path'"),
    "one of another type": ({"paths": 3}, "'paths' is no list of texts"),
    "a negative delay": ({"delay": -1}, "'delay' is no number from 0 to 10000"),
    "an unknown source": ({"sources": ["k8s"]}, "no event source 'k8s'"),
    "a description that is not there": ({"sourceFiles": ["none.yaml"]}, "none.yaml"),
    "rules that are not there": ({"paths": ["none"]}, "there is no file"),
}


def test_rules_that_are_not_wanted_any_more_are_forgotten(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(BAD, "utf-8")
    with editing(tmp_path) as editor:
        for name in ("one", "two"):
            assert len(editor.diagnostics(f"{name}/a.yaml")) == 2
        editor.notify("workspace/didChangeConfiguration", {"settings": {"rulec": {"paths": "two"}}})
        assert editor.diagnostics("one/a.yaml") == []
        assert len(editor.diagnostics("two/a.yaml")) == 2


def test_what_was_set_at_the_start_holds_unless_it_is_set_again(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.yaml").write_text(BAD, "utf-8")
    (tmp_path / "b.yaml").write_text(BAD, "utf-8")
    with editing(tmp_path, {"paths": ["one"]}, settings={"strict": True}) as editor:
        for _ in range(2):  # before and after the editor was asked
            published = editor.wait_for("textDocument/publishDiagnostics")
            assert published["uri"] == editor.uri("one/a.yaml")
            editor.notify("workspace/didChangeConfiguration", {"settings": None})


def test_wrong_settings_are_told(tmp_path: Path) -> None:
    with editing(tmp_path, {"path": "x"}) as editor:
        assert "unknown setting 'path'" in editor.wait_for("window/showMessage")["message"]
        for options, message in WRONG.values():
            editor.notify("workspace/didChangeConfiguration", {"settings": {"rulec": options}})
            assert message in editor.wait_for("window/showMessage")["message"]
        editor.open("a.yaml", GOOD)
        assert editor.diagnostics("a.yaml") == []


# --- how columns are counted --------------------------------------------------------------------

WIDE = GOOD.replace("ka.verb = get", 'ka.uri = "\U0001f600é" and ka.verbb = get')


@pytest.mark.parametrize(
    ("encodings", "chosen", "column"),
    [(None, "utf-16", 32), (["utf-8"], "utf-8", 35), (["utf-32", "utf-16"], "utf-32", 31)],
)
def test_columns_are_counted_as_agreed(
    tmp_path: Path, encodings: list[str] | None, chosen: str, column: int
) -> None:
    with editing(tmp_path, encodings=encodings) as editor:
        assert editor.answer["capabilities"]["positionEncoding"] == chosen
        editor.open("a.yaml", WIDE)
        assert codes(editor.diagnostics("a.yaml")) == [
            ("LOAD_ERR_COMPILE_CONDITION", 2, column, column + 8)
        ]
        answer = editor.at("hover", "a.yaml", 2, column + 9)
        assert answer["range"]["start"]["character"] == column + 9


def test_lines_end_as_editors_end_them(tmp_path: Path) -> None:
    """What only Python takes for the end of a line is none; a carriage return alone is."""
    text = f"# \x0b \x0c \x85 \u2028\r\n{BAD}"
    with editing(tmp_path) as editor:
        editor.open("a.yaml", text)
        assert [line for _, line, *_ in codes(editor.diagnostics("a.yaml"))] == [3, 4]
    assert [Lines("a\rb\r\n\nc").position(offset).line for offset in range(7)] == [
        *(0, 0, 1, 1, 1, 2, 3)
    ]


# --- what it survives -----------------------------------------------------------------------------


def test_nonsense(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        with pytest.raises(AnsweredError) as unknown:
            editor.request("textDocument/nonsense", {})
        assert unknown.value.code == -32601
        editor.notify("$/nonsense", {"x": 1})
        editor.send_bytes(b"no json at all")
        editor.send_bytes(b"[" * 100_000)
        editor.send_bytes(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": []}')
        with pytest.raises(AnsweredError):
            editor.at("rename", "a.yaml", -1, 0, newName="x")
        assert editor.at("hover", "none.yaml", 3, 3) is None
        assert editor.at("definition", "none.yaml", 3, 3) == []
        editor.open("a.yaml", GOOD)
        assert editor.diagnostics("a.yaml") == []
        assert editor.close() == 0


BROKEN = {
    "half a text": '- rule: "',
    "half a mapping": "- {rule: a, condition: [",
    "tabs": "-\trule: a\n\tcondition: b",
    "an unknown alias": "- *x\n- rule: a",
    "depth": "- rule: " + "[" * 5_000,
    "an alias that stands for very much": "- &a [x, x]\n"
    + "".join(f"- &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20))
    + "- rule: *u\n  condition: *u\n",
    "a half of a character": '- macro: a\n  condition: "\\ud83d"\n',
    "a zero": "- macro: a\n  condition: \0\n",
    "parentheses": "- macro: a\n  condition: " + "(" * 3_000,
    "keys that are no texts": "- {[a]: b, {c: d}: e, rule: {f: g}, condition: [h]}",
    "two documents": "---\n- macro: a\n  condition: x\n...\n---\n- list: b\n",
    "no list": "rule: a\ncondition: b\n",
}


def test_broken_files_are_answered_like_others(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        editor.open("a.yaml", GOOD)
        for text in BROKEN.values():
            editor.change("a.yaml", text)
            uri = {"textDocument": {"uri": editor.uri("a.yaml")}}
            last = text.count("\n")
            for line, column in ((0, 3), (last, len(text.split("\n")[-1])), (last + 5, 99)):
                editor.at("completion", "a.yaml", line, column)
                editor.at("hover", "a.yaml", line, column)
                editor.at("definition", "a.yaml", line, column)
                editor.at("documentHighlight", "a.yaml", line, column)
            editor.request("textDocument/documentSymbol", uri)
            editor.request("textDocument/semanticTokens/full", uri)
        editor.change("a.yaml", GOOD)
        assert editor.diagnostics("a.yaml") == []
        assert editor.close() == 0
        assert b"Traceback" not in b"".join(editor.stderr)


def test_a_broken_item_does_not_hide_the_others() -> None:
    text = "- macro: a\n  condition: x\n- macro: b\n  condition: a: b: c\n- macro: c\n"
    found = structure(File("a.yaml", text))
    assert [item.name for item in found.items] == ["a", "c"]
    assert not found.is_whole
    assert [text[key.start : key.end] for item in found.items for key in item.keys] == [
        *("macro", "condition", "macro")
    ]


def test_more_files_than_are_remembered_are_looked_at_by_several_threads() -> None:
    lengths = latest(lambda file: len(file.content))

    def look(folder: int) -> bool:
        names = (f"{folder}/{number}.yaml" for number in range(5_000))
        return all(lengths(File(name, "text")) == 4 for name in names)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(look, range(20)))
    finally:
        sys.setswitchinterval(before)


def test_large_files_are_left_alone(tmp_path: Path) -> None:
    large = GOOD + "# x\n" * (MAX_CHARACTERS // 4)
    with editing(tmp_path) as editor:
        editor.open("a.yaml", large)
        (found,) = editor.diagnostics("a.yaml")
        assert (found["code"], found["severity"]) == ("too-large", 3)
        assert editor.at("hover", "a.yaml", 2, 15) is None
        editor.open("b.yaml", GOOD)
        assert editor.diagnostics("b.yaml") == []


def test_folders_are_searched_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "node_modules", ".hidden", "b/c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "rules.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "a" / "link").symlink_to(tmp_path)
    found = RuleSets((tmp_path,)).directories()
    assert found == [str(tmp_path / "a"), str(tmp_path / "b" / "c")]
    monkeypatch.setattr(rule_sets, "MAX_ENTRIES", 6)
    assert RuleSets((tmp_path,)).directories() == [str(tmp_path / "a")]


def test_a_server_whose_editor_is_gone_ends(tmp_path: Path) -> None:
    with editing(tmp_path) as editor:
        assert editor.process.stdin is not None
        editor.process.stdin.close()
        assert editor.process.wait(LONG) == 1


# Whoever runs the tests in the background has them ignore what Ctrl-C sends.
INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from rulec.cli import main
main(["lsp"])
"""


def test_ctrl_c_ends_it_while_the_editor_is_there(tmp_path: Path) -> None:
    with editing(tmp_path, command=(sys.executable, "-c", INTERRUPTED)) as editor:
        editor.process.send_signal(signal.SIGINT)
        assert editor.process.wait(LONG / 4) == -signal.SIGINT


@pytest.mark.parametrize("is_reset", [False, True])
def test_over_tcp(tmp_path: Path, is_reset: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "rulec", "lsp", "--tcp", str(port)]
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
        assert result.returncode == 4
        assert "cannot listen" in result.stderr
    server = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        connection = _connected(port, server)
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize"}
        request["params"] = {"processId": None, "rootUri": None, "capabilities": {}}
        body = json.dumps(request).encode()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            stream.flush()
            length = int(stream.readline().split(b":")[1])
            while stream.readline().strip():
                pass
            assert json.loads(stream.read(length))["result"]["serverInfo"]["name"] == "rulec"
            if is_reset:
                at_once = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        assert server.wait(LONG) == 1  # nobody said goodbye
    finally:
        server.kill()
        server.wait()


def _connected(port: int, server: subprocess.Popen[bytes]) -> socket.socket:
    """Connect as soon as somebody listens."""
    while server.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), LONG)
        except ConnectionRefusedError:
            continue
    raise AssertionError(f"the server ended with {server.returncode}")


def test_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(cli, ["lsp", "--stdio", "--tcp", "4000"])
    assert "exclude each other" in result.output
    result = CliRunner().invoke(cli, ["lsp", "--tcp", "0"])
    assert "0 is not in the range" in result.output
    monkeypatch.setitem(sys.modules, "pygls", None)
    result = CliRunner().invoke(cli, ["lsp"])
    assert "pip install 'rulec[lsp]'" in result.output


def test_the_shipped_rules_are_as_good_in_an_editor(tmp_path: Path) -> None:
    with editing(Path(rulec.rules.__file__).parent) as editor:
        editor.open("k8s_audit.yaml")
        editor.open("syscall.yaml")
        assert editor.diagnostics("k8s_audit.yaml") == []
        assert editor.diagnostics("syscall.yaml") == []
