"""A small editor: it starts ``rulec lsp`` and talks to it over standard input and output."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

# Long enough for whatever a busy machine has to do, in seconds.
LONG = 60.0

CAPABILITIES: Mapping[str, Any] = {
    "workspace": {
        "configuration": False,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    },
    "textDocument": {
        "completion": {
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]},
            "completionList": {"itemDefaults": ["editRange"]},
        }
    },
}


class AnsweredError(Exception):
    """The server answered that a request cannot be carried out."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


class Editor:
    """An editor with a server of its own.

    There is no delay and no lint, unless ``options`` say otherwise.
    ``settings`` are what it says when it is asked for its configuration; it
    then says so among its capabilities. Columns are units of ``encoding``.
    If it ``refuses``, it answers everything that it is asked with an error.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        encodings: list[str] | None = None,
        capabilities: Mapping[str, Any] = CAPABILITIES,
        refuses: bool = False,
        command: Sequence[str] = (sys.executable, "-m", "rulec", "lsp"),
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.refuses = refuses
        self.stderr: list[bytes] = []
        self.notifications: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.versions: dict[str, int] = {}
        self._incoming: Queue[dict[str, Any]] = Queue()
        self._number = 0
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for target in (self._read, self._read_errors):
            threading.Thread(target=target, daemon=True).start()
        able = json.loads(json.dumps(capabilities))
        if settings is not None:
            able["workspace"]["configuration"] = True
        if encodings is not None:
            able["general"] = {"positionEncodings": encodings}
        try:
            self.answer = self.request(
                "initialize",
                {
                    "processId": None,
                    "rootUri": folder.as_uri(),
                    "workspaceFolders": [{"uri": folder.as_uri(), "name": "test"}],
                    "capabilities": able,
                    "initializationOptions": {"delay": 0, "lint": False, **(options or {})},
                },
            )
            self.notify("initialized", {})
        except BaseException:
            self.end()
            raise

    # --- messages -------------------------------------------------------------------

    def send(self, message: Mapping[str, Any]) -> None:
        self.send_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_bytes(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        """Send a request and return its result, whatever else comes meanwhile."""
        self._number += 1
        number = self._number
        self.send({"id": number, "method": method, "params": params})
        message = self._until(lambda m: m.get("id") == number and "method" not in m)
        if "error" in message:
            raise AnsweredError(message["error"])
        return message.get("result")

    def wait_for(self, method: str, fits: Callable[[Any], bool] = lambda params: True) -> Any:
        """Return the parameters of a notification, of those to come or that came."""
        for kept in self.notifications:
            if kept["method"] == method and fits(kept["params"]):
                self.notifications.remove(kept)
                return kept["params"]
        message = self._until(
            lambda m: m.get("method") == method and "id" not in m and fits(m["params"])
        )
        return message["params"]

    def _until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            try:
                message = self._incoming.get(timeout=LONG)
            except Empty:
                said = b"".join(self.stderr).decode()
                message = f"no answer in {LONG:g} seconds; the server says: {said}"
                raise AssertionError(message) from None
            if "ended" in message:
                raise AssertionError(
                    f"the server ended, and says: {b''.join(self.stderr).decode()}"
                )
            if "method" in message and "id" in message:
                self._answer(message)
            elif fits(message):
                return message
            elif "method" in message:
                self.notifications.append(message)

    def _answer(self, message: dict[str, Any]) -> None:
        self.asked.append(message)
        is_settings = message["method"] == "workspace/configuration"
        result = [self.settings] if is_settings else None
        error = {"code": -32601, "message": "there is no such method"}
        answer = {"error": error} if self.refuses else {"result": result}
        self.send({"id": message["id"], **answer})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name == b"Content-Length" else length
                header = stream.readline()
            self._incoming.put(json.loads(stream.read(length)))
        self._incoming.put({"method": "", "ended": True})

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.stderr += self.process.stderr

    # --- documents ------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> str:
        """Open a file, as it is on disk or with another text; return its URI."""
        path = self.folder / name
        text = path.read_text("utf-8") if text is None else text
        uri = path.as_uri()
        self.versions[uri] = 1
        document = {"uri": uri, "languageId": "falco-rules", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def change(self, name: str, text: str) -> None:
        uri = self.uri(name)
        self.versions[uri] += 1
        document = {"uri": uri, "version": self.versions[uri]}
        change = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.notify("textDocument/didChange", change)

    def diagnostics(self, name: str) -> list[dict[str, Any]]:
        """Return what is wrong with a file as it is now."""
        uri = self.uri(name)
        version = self.versions.get(uri)
        published = self.wait_for(
            "textDocument/publishDiagnostics",
            lambda params: params["uri"] == uri and params.get("version") == version,
        )
        found: list[dict[str, Any]] = published["diagnostics"]
        return found

    def at(self, method: str, name: str, line: int, character: int, **more: Any) -> Any:
        """Ask about a place in a file."""
        return self.request(
            f"textDocument/{method}",
            {
                "textDocument": {"uri": self.uri(name)},
                "position": {"line": line, "character": character},
                **more,
            },
        )

    def close(self) -> int:
        """Leave as editors do, and return the exit status of the server."""
        self.request("shutdown", None)
        self.notify("exit", None)
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(LONG)

    def end(self) -> None:
        """End the server, whatever it does."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):  # what was not sent need not be
                stream.close()


@contextmanager
def editing(folder: Path, *args: Any, **options: Any) -> Iterator[Editor]:
    """Start an editor in a folder; end its server whatever happens."""
    editor = Editor(folder, *args, **options)
    try:
        yield editor
    finally:
        editor.end()


def marked(text: str, mark: str = "¦") -> tuple[str, int, int]:
    """Return a text without its mark, and where that was: line, and column in units of UTF-16."""
    before, _, after = text.partition(mark)
    line = before.count("\n")
    column = len(before.rpartition("\n")[2].encode("utf-16-le")) // 2
    return before + after, line, column
