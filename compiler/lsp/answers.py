"""The answer to each request, from what the session knows."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from rulec.lsp.completion import Place, propose
from rulec.lsp.cursor import cursor
from rulec.lsp.formatting import FormattingError, edit_of
from rulec.lsp.highlighting import semantic_tokens
from rulec.lsp.hover import Subject, describe
from rulec.lsp.naming import NAMED, Kind, naming
from rulec.lsp.navigation import Occurrence, definitions, list_names, occurrences
from rulec.lsp.proposals import completion_list
from rulec.lsp.renaming import RENAMED, RenameError, rename
from rulec.lsp.reports import Shown
from rulec.lsp.rule_sets import could_be_rules, looks_like_rules, name_of
from rulec.lsp.session import Session
from rulec.lsp.structure import structure

# An editor that is told of more places than these shows none of them well.
_MOST: Final = 1_000
_MOST_LOCATIONS: Final = 10_000

# The protocol's code for a request that is fine, but cannot be carried out.
_REQUEST_FAILED: Final = -32803


def completion(session: Session, params: types.CompletionParams) -> types.CompletionList | None:
    """Return what could stand at the cursor."""
    spot = session.spot(params.text_document.uri, params.position)
    if spot is None or not could_be_rules(spot.file.content):
        return None
    found = cursor(spot.file.content, spot.offset)
    if found is None:
        return None
    snapshot = session.snapshot(spot.file.name)
    rule = found.name if found.kind == "rule" else ""
    sources = session.scope.sources(snapshot, spot.file.name, found.source, rule)
    proposals = propose(Place(found, snapshot, sources, session.known))
    return completion_list(proposals, spot.lines, spot.offset, session.client)


def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """Return what there is to say about the word at the cursor."""
    spot = session.spot(params.text_document.uri, params.position)
    mention = naming(spot.file).at(spot.offset) if spot is not None else None
    if spot is None or mention is None:
        return None
    snapshot = session.snapshot(spot.file.name)
    said = next((str(entry.text) for entry in mention.item.texts("source")), None)
    rule = mention.item.name if mention.item.kind == "rule" else ""
    sources = session.scope.sources(snapshot, spot.file.name, said, rule)
    text = describe(Subject(mention, snapshot, sources, session.known))
    if text is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, spot.lines.range(mention.start, mention.end))


def definition(session: Session, params: types.DefinitionParams) -> list[types.Location]:
    """Return where what the word at the cursor names is defined."""
    spot = session.spot(params.text_document.uri, params.position)
    if spot is None:
        return []
    found, files = session.target(spot)
    if found is None:
        return []
    return list(_locations(session, iter(definitions(files, found.kind, found.name))))


def references(session: Session, params: types.ReferenceParams) -> list[types.Location]:
    """Return where what the word at the cursor names is used."""
    spot = session.spot(params.text_document.uri, params.position)
    if spot is None:
        return []
    found, files = session.target(spot)
    if found is None or found.kind not in _FOLLOWED:
        return []
    everywhere = occurrences(files, found.kind, found.name)
    wanted = (o for o in everywhere if params.context.include_declaration or not o.defines)
    return list(islice(_locations(session, wanted), _MOST_LOCATIONS))


# What is worth looking for in other files.
_FOLLOWED: Final = RENAMED | {Kind.FIELD, Kind.TAG}


def _locations(session: Session, found: Iterator[Occurrence]) -> Iterator[types.Location]:
    for occurrence in found:
        if occurrence.place is not None:
            where = session.lines(occurrence.file).range(*occurrence.place)
            yield types.Location(session.sets.uri(occurrence.file.name), where)


def highlights(
    session: Session, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    """Return the places in the file where the word at the cursor stands."""
    spot = session.spot(params.text_document.uri, params.position)
    found = session.target(spot)[0] if spot is not None else None
    if spot is None or found is None:
        return []
    found_here = occurrences([spot.file], found.kind, found.name)
    return [
        types.DocumentHighlight(
            spot.lines.range(*occurrence.place),
            types.DocumentHighlightKind.Write
            if occurrence.defines
            else types.DocumentHighlightKind.Read,
        )
        for occurrence in islice(found_here, _MOST)
        if occurrence.place is not None
    ]


_SYMBOLS: Final = {
    Kind.RULE: types.SymbolKind.Class,
    Kind.MACRO: types.SymbolKind.Function,
    Kind.LIST: types.SymbolKind.Enum,
}


def document_symbols(
    session: Session, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    """Return the rules, macros and lists of a file."""
    file = session.sets.file(name_of(params.text_document.uri))
    if file is None:
        return []
    lines = session.lines(file)
    found = []
    for item in structure(file).items:
        naming_ = item.naming
        if item.kind in NAMED and naming_ is not None and item.name:
            found.append(
                types.DocumentSymbol(
                    item.name,
                    _SYMBOLS[NAMED[item.kind]],
                    lines.range(item.start, item.end),
                    lines.range(naming_.start, naming_.end),
                    detail=f"{item.kind}, changed" if item.is_change else item.kind,
                )
            )
    return found


def workspace_symbols(
    session: Session, params: types.WorkspaceSymbolParams
) -> list[types.SymbolInformation]:
    """Return the rules, macros and lists of all files whose names have a text in them."""
    return list(islice(_symbols(session, params.query.lower()), _MOST))


def _symbols(session: Session, query: str) -> Iterator[types.SymbolInformation]:
    for snapshot in list(session.snapshots.values()):
        for file in snapshot.files:
            lines, uri = session.lines(file), session.sets.uri(file.name)
            for mention in naming(file).mentions:
                if (mention.defines or mention.changes) and query in mention.name.lower():
                    where = types.Location(uri, lines.range(mention.start, mention.end))
                    yield types.SymbolInformation(where, mention.name, _SYMBOLS[mention.kind])


def prepare_rename(
    session: Session, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    """Return the name at the cursor, if it can be another one."""
    spot = session.spot(params.text_document.uri, params.position)
    found = session.target(spot)[0] if spot is not None else None
    if spot is None or found is None or found.kind not in RENAMED:
        return None
    return types.PrepareRenamePlaceholder(spot.lines.range(found.start, found.end), found.name)


def renamed(session: Session, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Return the edits that give the name at the cursor another one, everywhere."""
    spot = session.spot(params.text_document.uri, params.position)
    if spot is None:
        return None
    found, files = session.target(spot)
    if found is None or found.kind not in RENAMED:
        raise JsonRpcException("only rules, macros and lists have names", code=_REQUEST_FAILED)
    try:
        changes = rename(files, found, params.new_name)
    except RenameError as error:
        raise JsonRpcException(str(error), code=_REQUEST_FAILED) from None
    edits: defaultdict[str, list[types.TextEdit]] = defaultdict(list)
    for change in changes:
        where = session.lines(change.file).range(change.start, change.end)
        edits[session.sets.uri(change.file.name)].append(types.TextEdit(where, change.text))
    return types.WorkspaceEdit(dict(edits))


def code_actions(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the fixes of what is wrong at a place."""
    name = name_of(params.text_document.uri)
    start = session.spot(params.text_document.uri, params.range.start)
    end = session.spot(params.text_document.uri, params.range.end)
    if start is None or end is None:
        return []
    actions = []
    for remark in session.remarks_on(name):
        touches = remark.start <= end.offset and start.offset <= remark.end
        edits = session.edits(remark) if touches and remark.edits else None
        if edits is not None:
            shown = Shown(session.sets.uri(name), start.lines, session.pages).diagnostic(remark)
            actions.append(
                types.CodeAction(
                    remark.action[:1].upper() + remark.action[1:],
                    types.CodeActionKind.QuickFix,
                    diagnostics=[shown],
                    is_preferred=True,
                    edit=types.WorkspaceEdit(edits),
                )
            )
    return actions


def formatted(session: Session, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """Return the edit that lays a file out."""
    file = session.sets.file(name_of(params.text_document.uri))
    if file is None or not looks_like_rules(file.content):
        return []
    try:
        edit = edit_of(file)
    except FormattingError as error:
        raise JsonRpcException(str(error), code=_REQUEST_FAILED) from None
    if edit is None:
        return []
    start, end, text = edit
    return [types.TextEdit(session.lines(file).range(start, end), text)]


def tokens(session: Session, params: types.SemanticTokensParams) -> types.SemanticTokens | None:
    """Return the words of a file with what they are."""
    file = session.sets.file(name_of(params.text_document.uri))
    if file is None:
        return None
    snapshot = session.snapshot(file.name)
    lists = {symbol.name for symbol in snapshot.named(Kind.LIST)} | list_names([file])
    return semantic_tokens(file, session.lines(file), lists)
