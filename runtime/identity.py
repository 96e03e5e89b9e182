"""Names for alerts that stay the same: also after a restart, in another process or another form.

Who gets the same alert twice, because nobody knew whether it had arrived, can
tell by its name that it is the same.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rulec.runtime.jsontext import text

if TYPE_CHECKING:
    from rulec.runtime.sources import AnyEvent


def event_key(event: "AnyEvent") -> bytes:
    """Return what tells an event from others: a hash of its source and all that it says.

    It does not depend on where the event was found, nor on blanks and the
    order of members in its document.
    """
    found = blake2b(event.time.to_bytes(16, signed=True), digest_size=16, person=b"rulec event")
    found.update(f"{event.source}\n".encode("utf-8", "surrogatepass"))
    found.update(b"".join(_pieces(event.document)))
    return found.digest()


def _pieces(document: Any) -> Iterator[bytes]:
    """Yield what a document consists of: the same for the same members in whatever order.

    It may be nested more deeply than functions can call each other.
    """
    rest = [document]
    while rest:
        match rest.pop():
            case dict() as members:
                yield b"{%d" % len(members)
                for name in sorted(members, key=str, reverse=True):
                    rest += (members[name], str(name))
            case list() | tuple() as items:
                yield b"[%d" % len(items)
                rest += reversed(items)
            case str() as string:
                found = string.encode("utf-8", "surrogatepass")
                yield b'"%d:' % len(found)
                yield found
            case bytes() as data:
                yield b"'%d:" % len(data)
                yield data
            case value:
                yield f",{text(value)}".encode("utf-8", "surrogatepass")


def alert_id(event_key: bytes | str, rule: str) -> str:
    """Return the name of the alert that a rule raises on an event, in the form of a UUID.

    >>> alert_id("an event", "A Rule")
    '310312ac-93a3-8464-8186-0e71181a3cfb'
    """
    key = event_key.encode("utf-8", "surrogatepass") if isinstance(event_key, str) else event_key
    found = blake2b(len(key).to_bytes(8), digest_size=16, person=b"rulec alert")
    found.update(key)
    found.update(rule.encode("utf-8", "surrogatepass"))
    # Version 8 of RFC 9562: a hash that says of itself that it is one.
    bits = int.from_bytes(found.digest())
    bits = bits & ~(0xF << 76) | 8 << 76
    return str(UUID(int=bits & ~(0x3 << 62) | 2 << 62))
