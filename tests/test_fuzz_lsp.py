"""Rules files with anything wrong in them, in an editor: every request is answered, at every place.

``RULEC_FUZZ=50000 pytest -m fuzz tests/test_fuzz_lsp.py -s`` tries that many mutants.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final

import pytest
from conformance import ROOT
from fuzzing import SEED, Fuzzing, Outcome, try_mutants
from lsprotocol import types
from mutations import mutant
from pygls.exceptions import JsonRpcException
from test_lsp_completion import KNOWN
from test_lsp_names import BASE, OVERLAY

from rulec.files import decode
from rulec.lsp import answers
from rulec.lsp.positions import Lines
from rulec.lsp.reports import Shown, remarks
from rulec.lsp.session import Session

SECONDS: Final = 10.0  # more than this must no mutant take
SMALL: Final = 20_000  # bytes: only so small are those that are tried every time
PLACES: Final = 3  # so many places of each are asked about

SHIPPED: Final = sorted(ROOT.glob("rules/*.yaml"))

URI: Final = "file:///rules/a.yaml"
DOCUMENT: Final = types.TextDocumentIdentifier(URI)


def seeds() -> list[bytes]:
    """Return small files, and parts of the shipped ones."""
    found = [text.encode() for text in (KNOWN, BASE, OVERLAY)]
    for path in SHIPPED:
        items = path.read_bytes().split(b"\n- ")
        found += [b"- " + b"\n- ".join(items[at : at + 12]) for at in range(1, len(items), 12)]
    return found


def examine(contents: Sequence[bytes]) -> Outcome:
    """Ask everything that an editor can ask, at some places."""
    begin = time.perf_counter()
    text = decode(contents[0])
    random = Random(len(text))
    session = Session()
    session.sets.open("file:///rules/b.yaml", BASE, 1)
    session.sets.open(URI, text, 1)
    snapshot = session.checked("/rules")
    session.snapshots["/rules"] = snapshot
    found = remarks(snapshot)
    session.remarks.update(found)
    lines = Lines(text)
    for remark in found.get("/rules/a.yaml", []):
        assert 0 <= remark.start <= remark.end <= len(text)
        shown = Shown(URI, lines, session.pages).diagnostic(remark)
        assert lines.offset(shown.range.start) == remark.start
    for _ in range(PLACES):
        ask(session, lines.position(random.randrange(len(text) + 1)))
    return Outcome("answered", time.perf_counter() - begin)


def ask(session: Session, position: types.Position) -> None:
    """Ask about a place, and look that all places in the answers are some."""
    at: dict[str, Any] = {"text_document": DOCUMENT, "position": position}
    place = types.Range(position, position)
    answers.completion(session, types.CompletionParams(**at))
    answers.hover(session, types.HoverParams(**at))
    answers.definition(session, types.DefinitionParams(**at))
    everywhere = types.ReferenceContext(include_declaration=True)
    answers.references(session, types.ReferenceParams(**at, context=everywhere))
    answers.highlights(session, types.DocumentHighlightParams(**at))
    answers.prepare_rename(session, types.PrepareRenameParams(**at))
    with suppress(JsonRpcException):
        answers.renamed(session, types.RenameParams(**at, new_name="other_name"))
    answers.code_actions(
        session, types.CodeActionParams(DOCUMENT, place, types.CodeActionContext([]))
    )
    answers.document_symbols(session, types.DocumentSymbolParams(DOCUMENT))
    answers.workspace_symbols(session, types.WorkspaceSymbolParams("a"))
    tokens = answers.tokens(session, types.SemanticTokensParams(DOCUMENT))
    assert tokens is not None
    assert len(tokens.data) % 5 == 0
    assert min(tokens.data, default=0) >= 0


def fuzzing() -> Fuzzing:
    found = seeds()
    return Fuzzing(
        lambda number: [mutant(found, Random(f"{SEED}/{number}"))], examine, ".yaml", SECONDS
    )


@pytest.mark.fuzz
def test_mutants(capsys: pytest.CaptureFixture[str]) -> None:
    try_mutants(fuzzing(), capsys, 100, SMALL)


def test_every_place_of_good_files() -> None:
    """What is asked nowhere fails at any place of the shipped rules, which have no mistakes."""
    session = Session()
    for path in SHIPPED:
        session.sets.open(path.as_uri(), path.read_text("utf-8"), 1)
    key = str(SHIPPED[0].parent)
    session.snapshots[key] = session.checked(key)
    assert remarks(session.snapshots[key]) == {}
    for path in SHIPPED:
        text = path.read_text("utf-8")
        lines = Lines(text)
        for offset in range(0, len(text), 293):
            document = types.TextDocumentIdentifier(path.as_uri())
            position = lines.position(offset)
            answers.hover(session, types.HoverParams(document, position))
            answers.completion(session, types.CompletionParams(document, position))
            for found in answers.definition(session, types.DefinitionParams(document, position)):
                assert found.range.start.line <= text.count("\n") or found.uri != path.as_uri()
