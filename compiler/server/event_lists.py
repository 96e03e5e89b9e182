"""Lists of audit events, cut into the bytes of their events.

kube-apiserver posts its events in lists, most of which are plain: nothing but the
position of the brackets has to be looked at to have the events one by one, and each
is then matched at a glance.
"""

from typing import Final, Literal

import msgspec

from rulec.runtime.brackets import too_deep
from rulec.runtime.sources.k8s_audit.documents import cut

# Before an item, which has no kind: the document of an event begins like this.
_BEFORE: Final = b'{"kind":"Event",'


class _List(msgspec.Struct, gc=False):
    kind: Literal["EventList"]
    items: list[msgspec.Raw] = []


_decode: Final = msgspec.json.Decoder(_List).decode


def items(document: bytes) -> list[bytes] | None:
    """Return the items of a list of events; None if it is none."""
    if not too_deep(document):
        try:
            return [bytes(item) for item in _decode(document).items]
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass
    return _told_apart(document)


def _told_apart(document: bytes) -> list[bytes] | None:
    """Return the items of a list, some of which cannot be decoded and must not cost the others."""
    start, end, pieces = cut(document)
    around = document[:start] + document[end:]
    if not pieces or too_deep(around):
        return None
    try:
        _decode(around)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return [piece.strip() for piece in pieces]


def as_event(item: bytes) -> bytes:
    """Return an item as a document by itself: it is no plain event if the item was no object.

    >>> as_event(b'{"verb":"get"}')
    b'{"kind":"Event","verb":"get"}'
    """
    return _BEFORE + item[1:] if item[:1] == b"{" else item


def as_list(item: bytes) -> bytes:
    """Return an item as the only one of a list."""
    return b'{"kind":"EventList","items":[' + item + b"]}"
