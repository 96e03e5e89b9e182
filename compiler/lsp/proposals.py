"""Proposals as the protocol has them."""

from dataclasses import dataclass
from typing import Final

from lsprotocol import types

from rulec.lsp.completion import Proposal, Proposals
from rulec.lsp.positions import Lines

# More than that, nobody looks through; typing a letter gets the rest.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Client:
    """What the editor can do with proposals."""

    snippets: bool = False
    shared_range: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> "Client":
        """Return what the editor says that it can do."""
        document = capabilities.text_document
        completion = document.completion if document is not None else None
        if completion is None:
            return cls()
        item, listed = completion.completion_item, completion.completion_list
        defaults = listed.item_defaults if listed is not None else None
        return cls(bool(item is not None and item.snippet_support), "editRange" in (defaults or ()))


def completion_list(
    proposals: Proposals, lines: Lines, offset: int, client: Client
) -> types.CompletionList:
    """Return the proposals that have in them what has been typed."""
    typed = proposals.prefix.lower()
    fitting = [each for each in proposals.found if typed in each.label.lower()]
    fitting.sort(key=lambda each: (each.rank, not each.label.lower().startswith(typed)))
    where = lines.range(offset - len(proposals.prefix), offset)
    return types.CompletionList(
        # What is left out now must be asked for again when other letters are typed.
        is_incomplete=bool(typed) or len(fitting) > MOST,
        items=[_item(each, where, client) for each in fitting[:MOST]],
        item_defaults=types.CompletionItemDefaults(edit_range=where)
        if client.shared_range
        else None,
    )


def _item(proposal: Proposal, where: types.Range, client: Client) -> types.CompletionItem:
    is_snippet = client.snippets and bool(proposal.snippet)
    text = proposal.snippet if is_snippet else proposal.insert or proposal.label
    tags = [types.CompletionItemTag.Deprecated] if proposal.deprecated else None
    return types.CompletionItem(
        proposal.label,
        kind=proposal.kind,
        detail=proposal.detail or None,
        documentation=proposal.doc or None,
        tags=tags,
        sort_text=f"{proposal.rank:03}{proposal.label}",
        insert_text_format=types.InsertTextFormat.Snippet if is_snippet else None,
        # Lines are indented as they have to be, and not once more.
        insert_text_mode=types.InsertTextMode.AsIs if "\n" in text else None,
        text_edit=None if client.shared_range else types.TextEdit(where, text),
        text_edit_text=text if client.shared_range and text != proposal.label else None,
    )
