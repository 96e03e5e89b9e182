"""What an explanation says: the verdict of each part, why, and what would change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from enum import Enum
from typing import Any

from rulec.explain.outline import Origin, OutlinePart
from rulec.nodes import Loaded
from rulec.text import NOWHERE, Span


class Why(Enum):
    """Why a comparison is true or false."""

    TRUE = "true"
    DIFFERENT = "different"  # there is a value, and the comparison is not true of it
    ABSENT = "absent"  # there is no value
    UNKNOWABLE = "unknowable"  # there is none because the event was logged without it


@dataclass(frozen=True, slots=True)
class Seen:
    """The value of a field in the event, as JSON has it; None if there is none.

    ``absent_because`` says why, in a few words; empty if there is a value.
    """

    field: str
    value: object
    absent_because: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"field": self.field, "value": self.value, "absent_because": self.absent_because}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition with its verdict, found by compiled code.

    Of a comparison, ``why`` says why, and ``seen`` what it looked at. The ``decisive``
    parts are those that made the verdict of the whole condition what it is.
    """

    outline: OutlinePart
    verdict: bool
    why: Why | None
    seen: tuple[Seen, ...]
    parts: tuple["Part", ...]
    decisive: bool

    def walk(self) -> Iterator["Part"]:
        """Yield the part and all parts below it, in the order of their numbers."""
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            pending.extend(reversed(part.parts))

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.outline.id,
            "kind": self.outline.kind,
            "text": self.outline.text,
            "verdict": self.verdict,
            "decisive": self.decisive,
            "why": None if self.why is None else self.why.value,
            "seen": [each.to_dict() for each in self.seen],
            **_place(self.outline.span),
            "origin": [_origin(each) for each in self.outline.origin],
        }
        return found | {"parts": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that a field would be given: as JSON has it, None for no value at all.

    ``loaded`` and ``raw`` are the same as the compiler and the runtime have them.
    """

    field: str
    value: object
    loaded: Loaded = attribute(compare=False, repr=False)
    raw: object = attribute(compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        return {"field": self.field, "value": self.value}


@dataclass(frozen=True, slots=True)
class Change:
    """A comparison whose verdict would have to change, and a way to have that.

    ``how`` says it in a sentence. ``settings`` are values that do it, one for each field
    that is to change; none if no values were found. Those of all changes of an
    explanation are to be had at once.
    """

    part: OutlinePart
    from_: bool
    to: bool
    how: str
    settings: tuple[Setting, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.part.id,
            "text": self.part.text,
            "from": self.from_,
            "to": self.to,
            "how": self.how,
            "set": [each.to_dict() for each in self.settings],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule fires on an event, or does not.

    ``holds`` says whether its condition is true of the event, ``fires`` whether it raises an
    alert; if only the first, ``instead`` says what happens. ``changes`` are a smallest set of
    comparisons that would make ``holds`` the opposite if they changed; empty if there is
    none, or none was found. ``notes`` say what else there is to know, in sentences.
    """

    rule: str
    source: str
    holds: bool
    fires: bool
    instead: str | None
    root: Part
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    span: Span = attribute(default=NOWHERE, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it, ready for JSON."""
        return {
            "rule": self.rule,
            "source": self.source,
            **_place(self.span),
            "holds": self.holds,
            "fires": self.fires,
            "instead": self.instead,
            "root": self.root.to_dict(),
            "changes": [change.to_dict() for change in self.changes],
            "notes": list(self.notes),
        }


def _origin(origin: Origin) -> dict[str, Any]:
    return {"kind": origin.kind, "name": origin.name, **_place(origin.span)}


def _place(span: Span) -> dict[str, Any]:
    line, column = span.position
    return {"file": span.file, "line": line, "column": column}
