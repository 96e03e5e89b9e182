"""What can be wrong with rules, and how it is told.

A stage that finds a mistake describes it as a ``Problem``: what and where.
Whoever knows to which item of which file the place belongs turns it into a
``Diagnostic``, which has one of Falco's codes and the way down to the place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple
from unicodedata import category

from rulec.codes import CODES
from rulec.text import NOWHERE, File, Span, Text


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a text: ``kind`` names it for programs, ``message`` for people.

    Messages are lower case without a full stop and say what was found; the
    hint says what to do about it. ``subject`` is the name the mistake is
    about (the unknown key, the deprecated field), where there is one. ``check``
    is the whole comparison that the place is part of, where Falco reports that.
    """

    kind: str
    message: str
    span: Span = NOWHERE
    hint: str = ""
    subject: str = ""
    check: Span | None = None


class ProblemError(Exception):
    """Carries a problem out of a stage that cannot go on after it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem.message


class Mark(NamedTuple):
    """A position as Falco reports it: from 0, and in bytes."""

    line: int
    column: int
    offset: int


@dataclass(frozen=True, slots=True)
class Location:
    """One step on the way to a mistake: an item, and where it begins.

    ``at`` counts the characters of ``file`` from 0. In a condition, ``file``
    is the condition itself, and ``inside`` the item it belongs to: Falco adds
    the two positions. When the mistake is in a macro that the condition uses,
    ``at`` counts the characters of ``counted``, the macro's condition.
    """

    item_type: str
    item_name: str
    file: File
    at: int
    inside: "Location | None" = None
    counted: str | None = None

    @property
    def mark(self) -> Mark:
        """Where the item begins, as Falco counts."""
        counted = self.file.content if self.counted is None else self.counted
        before = _encode(counted[: self.at])
        line = before.count(b"\n")
        mark = Mark(line, len(before) - (before.rfind(b"\n") + 1), len(before))
        if self.inside is None:
            return mark
        outer = self.inside.mark
        # Falco counts the lines and columns of a condition from 1.
        return Mark(
            outer.line + mark.line + 1,
            outer.column + mark.column + 1,
            outer.offset + mark.offset,
        )

    def to_falco(self) -> dict[str, Any]:
        """Return the location as in Falco's JSON."""
        mark = self.mark
        position = {
            "name": self.file.name,
            "line": mark.line,
            "column": mark.column,
            "offset": mark.offset,
        }
        return {"item_type": self.item_type, "item_name": self.item_name, "position": position}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake, with its code and the way to it: ``context`` is outermost first."""

    code: str
    problem: Problem
    context: tuple[Location, ...] = ()

    @property
    def severity(self) -> str:
        """Either ``error`` or ``warning``."""
        return CODES[self.code].severity

    @property
    def kind(self) -> str:
        """What went wrong, for programs."""
        return self.problem.kind

    @property
    def message(self) -> str:
        """What went wrong, for people."""
        return self.problem.message

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.problem.hint

    @property
    def file(self) -> str:
        """The name of the file that is to be edited."""
        return self._origin[0].name

    @property
    def line(self) -> int:
        """The line of the place, counted from 1."""
        file, offset = self._origin
        return file.position(offset)[0]

    @property
    def column(self) -> int:
        """The column of the place in characters, counted from 1."""
        file, offset = self._origin
        return file.position(offset)[1]

    @property
    def _origin(self) -> tuple[File, int]:
        if self.problem.span.text.pieces or not self.context:
            return self.problem.span.origin
        last = self.context[-1].inside or self.context[-1]
        return last.file, last.at

    @property
    def caret(self) -> str:
        """The line of the place, and below it a mark under the place; nothing without a line."""
        file, offset = self._origin
        line, column = file.position(offset)
        text = file.line(line)
        if not text.strip():
            return ""
        width = self.problem.span.width if self.problem.span.text.pieces else 1
        return _underline(printable(text, "\t"), column - 1, width)

    def __str__(self) -> str:
        message, hint = printable(self.message), printable(self.hint)
        lines = [f"{printable(self.file)}:{self.line}:{self.column}: {self.code}: {message}"]
        caret = self.caret
        lines += ["    " + line for line in caret.split("\n") if caret]
        if hint and caret:
            lines[-1] += f" {hint}"
        elif hint:
            lines.append(f"    {hint}")
        return "\n".join(lines)

    def to_falco(self) -> dict[str, Any]:
        """Return the JSON object that Falco gives for this."""
        code = CODES[self.code]
        result: dict[str, Any] = {
            "code": self.code,
            "codedesc": code.short if self.severity == "error" else code.long,
            "message": f"{self.message} ({self.hint})" if self.hint else self.message,
            "context": {
                "locations": [location.to_falco() for location in self.context],
                "snippet": self.snippet,
            },
        }
        if self.kind == "deprecated_field":
            result["deprecated_field"] = self.problem.subject
        return result

    @property
    def snippet(self) -> str:
        """The line of the last location with a mark below, as Falco shows it."""
        if not self.context:
            return ""
        last = self.context[-1]
        return snippet(last.file.content, last.mark.offset)


def condition_location(
    inside: Location, condition: Text, at: int, counted: str | None = None
) -> Location:
    """Return a place in a condition, which belongs to the item ``inside``."""
    content = intern(str(condition))  # thousands of mistakes in it share the text
    start = content if len(content) <= 20 else content[:17] + "..."
    file = File('"' + start.replace("\n", " ") + '"', content)
    return Location("condition expression", "", file, at, inside, counted)


def diagnose_condition(
    code: str, problem: Problem, context: tuple[Location, ...], condition: Text
) -> Diagnostic:
    """Attach a problem to the item in whose ``condition`` it was found.

    ``condition`` is the text that was read: with exceptions, lists replaced.
    """
    place = problem.check or problem.span
    found = intern(str(place.text))
    counted = None if found == str(condition) else found
    last = condition_location(context[-1], condition, place.start, counted)
    return Diagnostic(code, problem, (*context, last))


class RulesError(Exception):
    """Rules cannot be loaded; ``diagnostics`` holds everything that is wrong with them."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = in_file_order(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


def in_file_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics file by file, as they came up, and line by line."""
    found = list(diagnostics)
    files = {name: number for number, name in enumerate(dict.fromkeys(d.file for d in found))}
    return tuple(sorted(found, key=lambda diagnostic: (files[diagnostic.file], diagnostic.line)))


_SHOWN = 80  # how much of a long line is shown on either side of the place


def snippet(content: str, offset: int) -> str:
    """Return the line of ``content`` at a byte, and a mark below that byte, as Falco does.

    >>> print(snippet("a = b\\nc", 4), end="")
    a = b
        ^
    """
    data = _encode(content)
    # What lies behind a line is shown at the line's end.
    offset = min(offset, len(data) - 1)
    while offset > 0 and data[offset] == ord("\n"):
        offset -= 1
    if offset < 0:
        return ""
    start = data.rfind(b"\n", 0, offset) + 1
    end = data.find(b"\n", offset)
    before = data[start:offset].decode("utf-8", "replace")
    after = data[offset : len(data) if end < 0 else end].decode("utf-8", "replace")
    if len(before) > _SHOWN:
        before = "..." + before[-_SHOWN:]
    if len(after) > _SHOWN - 2:
        after = after[: _SHOWN - 2] + "..."
    return f"{before}{after}\n{' ' * len(before)}^\n"


def printable(text: str, kept: str = "") -> str:
    r"""Replace what no terminal can show, or what it would obey, character by character.

    >>> printable("a\x1b[1m\u202e\udcff\u00a0b") == "a\ufffd[1m\ufffd\ufffd\u00a0b"
    True
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in kept or category(c) == "Zs" else "\ufffd" for c in text
    )


def _underline(line: str, at: int, width: int) -> str:
    if at > _SHOWN:
        line, at = "..." + line[at - _SHOWN :], _SHOWN + 3
    if len(line) > at + _SHOWN:
        line = line[: at + _SHOWN] + "..."
    # Keep tabs, so the caret lands where the reader's terminal puts the text.
    indent = "".join(c if c == "\t" else " " for c in line[:at])
    return f"{line}\n{indent}{'^' * max(1, min(width, len(line) - at))}"


def _encode(content: str) -> bytes:
    return content.encode("utf-8", "surrogateescape")
