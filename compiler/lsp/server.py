"""The server: which request is answered by what, in the words of the protocol."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter

from rulec.lsp import answers
from rulec.lsp.checking import Snapshot
from rulec.lsp.completion import TRIGGERS
from rulec.lsp.highlighting import LEGEND
from rulec.lsp.proposals import Client
from rulec.lsp.reports import Shown, remarks
from rulec.lsp.rule_sets import name_of
from rulec.lsp.schedule import Schedule
from rulec.lsp.session import Session
from rulec.version import version

logger = logging.getLogger(__name__)

SECTION: Final = "rulec"

# How long an editor may take to answer, in seconds.
_PATIENCE: Final = 10


class Protocol(LanguageServerProtocol):
    """The protocol, with an answer also to requests whose parameters are wrong."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return a message as an object.

        :raises JsonRpcException: if it has not the parameters of its method.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class RulesServer(LanguageServer):
    """A language server for rules files.

    Buffers come as a whole (``Full``): what an editor takes for the end of a
    line is then of no concern to what is in them.
    """

    def __init__(self) -> None:
        super().__init__(
            SECTION,
            version(),
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
            converter_factory=default_converter,
        )
        self.session = Session()
        self.schedule = Schedule(self.check, lambda: self.session.settings.delay / 1000)
        # One at a time: what runs for a request that was cancelled meanwhile cannot be stopped.
        self.slow = ThreadPoolExecutor(1)
        self.published: dict[str, set[str]] = {}
        self.was_shut_down = False
        self.complaints: list[str] = []  # those that can be told once the editor is ready
        for method, handler in _NOTIFICATIONS.items():
            self.feature(method)(handler)
        for method, (answer, options) in _REQUESTS.items():
            handler = _slowly if method in _SLOW else _answering
            self.feature(method, options)(handler(answer))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Write what went wrong to the log; nobody can do anything about it in the editor."""
        logger.error("%s: %s", getattr(source, "__name__", source), error)

    def supports(self, *path: str) -> bool:
        """Return whether the editor can do something, by the names of its capability."""
        found: Any = self.client_capabilities
        for name in path:
            found = getattr(found, name, None)
        return bool(found)

    def complain(self, complaints: list[str]) -> None:
        """Tell what is wrong with the settings."""
        if complaints:
            text = f"rulec: {'; '.join(complaints)}"
            message = types.ShowMessageParams(types.MessageType.Warning, text)
            self.window_show_message(message)

    async def touch_all(self) -> None:
        """Have every rule set checked, also those that nobody wants to know about any more."""
        keys = await asyncio.to_thread(self.session.sets.keys)
        self.schedule.touch(*keys, *self.published)

    async def check(self, key: str) -> None:
        """Check a rule set, and show what is wrong with it; then also what is doubtful."""
        snapshot = await asyncio.to_thread(self.session.checked, key)
        self.show(key, snapshot)
        if self.session.settings.lint and not self.schedule.is_waiting(key):
            self.show(key, await asyncio.to_thread(self.session.linted, snapshot))

    def show(self, key: str, snapshot: Snapshot) -> None:
        """Keep what came of a check, and show what is wrong with the files as they are."""
        session = self.session
        session.snapshots[key] = snapshot
        found = remarks(snapshot)
        checked = {file.name: file for file in snapshot.files}
        names = {*checked, *snapshot.too_large}
        for name in names:
            session.remarks[name] = found.get(name, [])
            file = checked.get(name) or session.sets.file(name)
            if file is not None and file == session.sets.file(name):
                shown = Shown(session.sets.uri(name), session.lines(file), session.pages)
                self.publish(name, [shown.diagnostic(each) for each in session.remarks[name]])
        for name in self.published.get(key, set()) - names:
            session.remarks.pop(name, None)
            if session.sets.key(name) == key:
                self.publish(name, [])
        self.published[key] = names

    def publish(self, name: str, diagnostics: list[types.Diagnostic]) -> None:
        """Show what is wrong with a file, and nothing else any more."""
        buffer = self.session.sets.buffers.get(name)
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                self.session.sets.uri(name),
                diagnostics,
                buffer.version if buffer is not None else None,
            )
        )

    async def pull_settings(self) -> None:
        """Ask the editor for its settings, if it keeps them."""
        if not self.supports("workspace", "configuration"):
            return
        item = types.ConfigurationItem(section=SECTION)
        params = types.ConfigurationParams([item])
        for given in await self.answered(self.workspace_configuration_async(params)) or ():
            if given is not None:
                self.complain(self.session.configure(given))

    async def answered(self, request: Awaitable[Any]) -> Any:
        """Return what the editor answers; None if it refuses, or does not answer in time."""
        try:
            # An answer that comes later is still taken for one.
            return await asyncio.wait_for(asyncio.shield(request), _PATIENCE)
        except (JsonRpcException, TimeoutError) as error:
            logger.error("the editor does not answer: %s", error or "it takes too long")
            return None


# --- notifications ------------------------------------------------------------------------


def initialize(ls: RulesServer, params: types.InitializeParams) -> None:
    """Take the folders, the settings and the way of counting over."""
    session = ls.session
    session.encoding = ls.workspace.position_encoding or types.PositionEncodingKind.Utf16
    session.client = Client.of(params.capabilities)
    session.sets.folders = _folders(ls)
    ls.complaints = session.begin(params.initialization_options)


async def initialized(ls: RulesServer, params: types.InitializedParams) -> None:
    """Begin: now the editor can be asked, and told."""
    ls.complain(ls.complaints)
    watched = ("workspace", "did_change_watched_files", "dynamic_registration")
    if ls.supports(*watched):
        watcher = types.FileSystemWatcher("**/*.{yaml,yml}")
        options = types.DidChangeWatchedFilesRegistrationOptions([watcher])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration("rulec-files", method, options)
        registrations = types.RegistrationParams([registration])
        await ls.answered(ls.client_register_capability_async(registrations))
    await ls.pull_settings()
    await ls.touch_all()


def did_open(ls: RulesServer, params: types.DidOpenTextDocumentParams) -> None:
    """Take what is in a buffer in place of what is on disk."""
    document = params.text_document
    ls.session.sets.open(document.uri, document.text, document.version)
    ls.schedule.touch(ls.session.sets.key(name_of(document.uri)))


def did_change(ls: RulesServer, params: types.DidChangeTextDocumentParams) -> None:
    """The same; the whole text comes with every change."""
    document = ls.workspace.get_text_document(params.text_document.uri)
    ls.session.sets.open(document.uri, document.source, params.text_document.version)
    ls.schedule.touch(ls.session.sets.key(name_of(document.uri)))


def did_close(ls: RulesServer, params: types.DidCloseTextDocumentParams) -> None:
    """Take what is on disk again."""
    key = ls.session.sets.key(name_of(params.text_document.uri))
    ls.session.sets.close(params.text_document.uri)
    ls.schedule.touch(key)


async def files_changed(ls: RulesServer, params: object) -> None:
    """Look at all files again, and at what other folders there are."""
    ls.session.sets.folders = _folders(ls)
    await ls.touch_all()


async def settings_changed(ls: RulesServer, params: types.DidChangeConfigurationParams) -> None:
    """Take new settings over: those that come along, or those that the editor keeps."""
    given = params.settings
    if isinstance(given, dict) and isinstance(given.get(SECTION), dict):
        ls.complain(ls.session.configure(given[SECTION]))
    else:
        await ls.pull_settings()
    await ls.touch_all()


def shutdown(ls: RulesServer, params: object) -> None:
    """Begin nothing new."""
    ls.was_shut_down = True
    ls.schedule.cancel()


def _folders(ls: RulesServer) -> tuple[Path, ...]:
    uris = [folder.uri for folder in ls.workspace.folders.values()]
    if not uris and ls.workspace.root_uri:
        uris = [ls.workspace.root_uri]
    paths = [Path(name_of(uri)) for uri in uris]
    return tuple(path for path in paths if path.is_absolute())


_NOTIFICATIONS: Final[dict[str, Callable[..., Any]]] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: settings_changed,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: files_changed,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: files_changed,
    types.SHUTDOWN: shutdown,
}


# --- requests -----------------------------------------------------------------------------


def _answering(answer: Callable[[Session, Any], Any]) -> Callable[..., Any]:
    def handler(ls: RulesServer, params: Any) -> Any:
        return answer(ls.session, params)

    return handler


def _slowly(answer: Callable[[Session, Any], Any]) -> Callable[..., Any]:
    """Answer in a thread, so that other requests need not wait."""

    async def handler(ls: RulesServer, params: Any) -> Any:
        name = name_of(params.text_document.uri)
        before = ls.session.sets.file(name)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(ls.slow, answer, ls.session, params)
        if ls.session.sets.file(name) != before:
            raise JsonRpcContentModified("the file has changed meanwhile")
        return found

    return handler


_SLOW: Final = frozenset({types.TEXT_DOCUMENT_CODE_ACTION, types.TEXT_DOCUMENT_FORMATTING})

# Every request, one entry each: what answers it, and what the editor is told about it.
_REQUESTS: Final[dict[str, tuple[Callable[[Session, Any], Any], Any]]] = {
    types.TEXT_DOCUMENT_COMPLETION: (
        answers.completion,
        types.CompletionOptions(trigger_characters=list(TRIGGERS)),
    ),
    types.TEXT_DOCUMENT_HOVER: (answers.hover, None),
    types.TEXT_DOCUMENT_DEFINITION: (answers.definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (answers.references, None),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (answers.highlights, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (answers.document_symbols, None),
    types.WORKSPACE_SYMBOL: (answers.workspace_symbols, None),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (answers.prepare_rename, None),
    types.TEXT_DOCUMENT_RENAME: (answers.renamed, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        answers.code_actions,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    ),
    types.TEXT_DOCUMENT_FORMATTING: (answers.formatted, None),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (answers.tokens, LEGEND),
}
