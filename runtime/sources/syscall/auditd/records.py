"""From lines of an audit log to records.

A line is ``type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e ...``, perhaps
with ``node=HOST`` or what a syslog daemon writes before it, and perhaps with
names for numbers at its end, behind the separator 0x1d.

Whoever runs programs can choose their names, arguments and paths. The kernel
writes such a value in quotes if it has no blank, quote or control character in
it, and in hexadecimal digits otherwise, so that it cannot look like anything else.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

# The longest line, in bytes. The kernel's records have less than 9 KiB; names are added to them.
LINE_LIMIT: Final = 64 * 1024

# The last time that the nanoseconds of an event have room for.
_LATEST: Final = 2**63 - 1

Fields = Mapping[str, str]


class Record(NamedTuple):
    """One record: its type, the event that it belongs to, and its ``body``, the fields.

    ``event`` is the node, the time and the serial number as they stand in the
    line: what all records of an event share. ``time`` is in nanoseconds since
    the epoch.
    """

    type: str
    event: tuple[str, str]
    time: int
    body: bytes

    @property
    def node(self) -> str:
        """The machine that the record is from, if the line says so."""
        return self.event[0]


class RecordError(ValueError):
    """A line is no record; ``reason`` is a short stable name of what is wrong."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


# What comes before the fields. The kernel's own messages have a number as type, and no "msg=".
_HEAD: Final = re.compile(
    rb"(?:.{0,256}?\b(?:audit|auditd|audispd|audisp-syslog)(?:\[[0-9]{1,10}\])?: )?"
    rb"(?:node=(?P<node>\S{1,255}) )?"
    rb"type=(?P<type>[A-Z][A-Z0-9_]{0,63}|UNKNOWN\[(?P<unknown>[0-9]{1,5})\]|(?P<number>[0-9]{1,5}))"
    rb" (?:msg=)?audit\((?P<stamp>(?P<second>[0-9]{1,11})\.(?P<milli>[0-9]{3}):[0-9]{1,20})\): ?"
)
_INTERPRETED: Final = re.compile(rb"audit\([0-9]{1,4}[/.-][^)]{0,40} [^)]{0,40}\)")

# A value in braces has blanks in it: what auditd says of an address. Nothing here is looked at
# more than once or twice, however long the line is.
_FIELD: Final = re.compile(
    r'(?<![^ \x1d])([A-Za-z0-9_\[\]-]{1,64})=("[^"]*"|\{[^}]{0,256}\}|[^ \x1d]*)'
)

_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")

# The numbers of the types that are used here, for lines that have no names for them.
_TYPES: Final[Mapping[int, str]] = {
    1300: "SYSCALL",
    1302: "PATH",
    1304: "SOCKETCALL",
    1306: "SOCKADDR",
    1307: "CWD",
    1309: "EXECVE",
    1318: "OBJ_PID",
    1320: "EOE",
    1321: "BPRM_FCAPS",
    1322: "CAPSET",
    1327: "PROCTITLE",
    1330: "KERN_MODULE",
    1337: "OPENAT2",
}


def record(line: bytes) -> Record:
    """Return the record that a line is.

    :raises RecordError: if it is none.
    """
    head = _HEAD.match(line)
    if head is None:
        if _INTERPRETED.search(line):
            raise RecordError(
                "the record was interpreted; it is read as it was logged (ausearch --raw)",
                "interpreted",
            )
        raise RecordError("the line is no audit record", "not_audit")
    if (number := head["number"] or head["unknown"]) is not None:
        type_ = _TYPES.get(int(number), number.decode())
    else:
        type_ = head["type"].decode()
    node = (head["node"] or b"").decode("utf-8", "surrogateescape")
    time = int(head["second"]) * 1_000_000_000 + int(head["milli"]) * 1_000_000
    if time > _LATEST:
        raise RecordError("the time is beyond the year 2262", "bad_time")
    return Record(type_, (node, head["stamp"].decode()), time, line[head.end() :])


def fields(body: bytes) -> Fields:
    """Return the fields in the body of a record, as they are written.

    What comes first counts: nothing at the end of a record overrides it.

    >>> fields(b'argc=2 a0="ls" a1=2D6C\\x1dARCH=x86_64 AUID="unset"')["a1"]
    '2D6C'
    """
    pairs = _FIELD.findall(body.decode("utf-8", "surrogateescape"))
    pairs.reverse()
    return dict(pairs)


def data(value: str | None) -> bytes | None:
    """Return the bytes that a value of somebody's choice stands for: a name, a path, an argument.

    None is for no value. What is neither in quotes nor hexadecimal stands for itself.
    """
    if value is None or value in ("(null)", "?"):
        return None
    if not value.startswith('"') and (found := octets(value)) is not None:
        return found
    return value.strip('"').encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    """Return the text of bytes; those that are no UTF-8 are lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def text(value: str | None) -> str | None:
    """Return what a value of somebody's choice says.

    >>> text('"cat"'), text("6D7920636174"), text("(null)"), text("pts0")
    ('cat', 'my cat', None, 'pts0')
    """
    found = data(value)
    return None if found is None else decoded(found)


def octets(value: str | None) -> bytes | None:
    """Return the bytes that hexadecimal digits stand for; None if they are no such digits."""
    if value is None or not _HEXADECIMAL.fullmatch(value):
        return None
    return bytes.fromhex(value)


def integer(value: str | None, base: int = 10) -> int | None:
    """Return the number that a value says; None if it says none, or one beyond 64 bits.

    >>> integer("-13"), integer("ffffff9c", 16), integer("yes"), integer(None)
    (-13, 4294967196, None, None)
    """
    # 64 bits have 20 digits, or 22 octal ones.
    if value is None or len(value) > 24 or not value.isascii() or "_" in value:
        return None
    try:
        found = int(value, base)
    except ValueError:
        return None
    return found if -(2**63) <= found < 2**64 else None
