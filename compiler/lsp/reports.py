"""What is wrong with rules, as an editor shows it, and what can be done about it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from lsprotocol import types

from rulec.codes import CODES
from rulec.diagnostics import Diagnostic, printable
from rulec.lsp.checking import Snapshot
from rulec.lsp.positions import Lines
from rulec.lsp.structure import MAX_CHARACTERS
from rulec.text import File, Span

if TYPE_CHECKING:
    from rulec.lint.model import Finding

SOURCE: Final = "rulec"

# An editor that is shown thousands of mistakes shows none of them well.
MOST: Final = 500

_UNUSED: Final = frozenset({"LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST", "RULEC_UNREACHABLE_RULE"})
_DEPRECATED: Final = frozenset({"LOAD_DEPRECATED_ITEM", "RULEC_LEGACY_FIELD"})

_SEVERITIES: Final[Mapping[str, types.DiagnosticSeverity]] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for the characters of a file from ``start`` to ``end``."""

    name: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is wrong, from ``start`` to ``end``.

    ``action`` is what can be done about it, with the ``edits``; those of a ``finding``
    are only made if the rules mean the same afterwards.
    """

    file: File
    start: int
    end: int
    code: str
    severity: str
    message: str
    hint: str = ""
    action: str = ""
    edits: tuple[Edit, ...] = ()
    finding: "Finding | None" = None


def remarks(snapshot: Snapshot) -> dict[str, list[Remark]]:
    """Return what there is to say about a rule set, by the names of its files."""
    found: defaultdict[str, list[Remark]] = defaultdict(list)
    if snapshot.findings is None:
        said = map(_of_diagnostic, snapshot.diagnostics)
    else:
        said = map(_of_finding, snapshot.findings)
    for remark in said:
        found[remark.file.name].append(remark)
    for name in snapshot.too_large:
        text = f"the file has more than {MAX_CHARACTERS:,} characters: it is not checked here"
        hint = "rulec check reads it"
        found[name].append(Remark(File(name, ""), 0, 0, "too-large", "note", text, hint))
    return {name: _distinct(each)[:MOST] for name, each in found.items()}


def _distinct(remarks: Iterable[Remark]) -> list[Remark]:
    """Return remarks in the order of their places, each once."""
    found = {(r.start, r.end, r.code, r.message): r for r in remarks}
    return sorted(found.values(), key=lambda remark: (remark.start, remark.end))


def _of_diagnostic(diagnostic: Diagnostic) -> Remark:
    problem = diagnostic.problem
    if problem.span.text.pieces or not diagnostic.context:
        file, start = problem.span.origin
        end = start + problem.span.width
    else:
        last = diagnostic.context[-1].inside or diagnostic.context[-1]
        file, start = last.file, last.at
        end = start + 1
    start, end = _widened(file, start, end)
    action, edits = _suggested(file, start, end, problem.hint)
    return Remark(
        file,
        start,
        end,
        diagnostic.code,
        diagnostic.severity,
        printable(problem.message),
        printable(problem.hint),
        action,
        edits,
    )


def _of_finding(finding: "Finding") -> Remark:
    span: Span = finding.span
    file, start = span.origin
    start, end = _widened(file, start, start + span.width)
    fix = finding.fix
    if fix is None:
        action, edits = _suggested(file, start, end, finding.hint)
    else:
        action = fix.description
        edits = tuple(Edit(each.file.name, each.start, each.end, each.text) for each in fix.edits)
    return Remark(
        file,
        start,
        end,
        finding.lint,
        finding.severity.value,
        printable(finding.message),
        printable(finding.hint),
        action,
        edits,
        finding if fix is not None else None,
    )


_ITEM: Final = re.compile(r"(?:rule|macro|list)[ \t]*:[ \t]*[^\r\n]*[^\r\n \t]")
_WORD: Final = re.compile(r"[\w.%-]+")


def _widened(file: File, start: int, end: int) -> tuple[int, int]:
    """Return a place that can be seen: a place of one character is the word that begins there."""
    if end > start + 1:
        return start, end
    match = _ITEM.match(file.content, start) or _WORD.match(file.content, start)
    return start, match.end() if match else min(end, len(file.content))


_MEANT: Final = re.compile(r"did you mean '([^']+)'\?")
_NAME: Final = re.compile(r"[\w.-]+")


def _suggested(file: File, start: int, end: int, hint: str) -> tuple[str, tuple[Edit, ...]]:
    """Return the edit that a hint amounts to: another name for the one at the place."""
    meant = _MEANT.fullmatch(hint)
    if meant is None:
        return "", ()
    # A field has its argument behind it, and the place in an output begins with the sign.
    at = start + len(file.content[start:end]) - len(file.content[start:end].lstrip("%\"'"))
    name = _NAME.match(file.content, at, end)
    if name is None:
        return "", ()
    edit = Edit(file.name, name.start(), name.end(), meant[1])
    return f"Write {meant[1]!r}", (edit,)


@dataclass(frozen=True, slots=True)
class Shown:
    """Remarks on a file for an editor: ``lines`` are those of the file that was checked."""

    uri: str
    lines: Lines
    pages: "Pages"

    def diagnostic(self, remark: Remark) -> types.Diagnostic:
        """Return a remark as the protocol has it."""
        where = self.lines.range(remark.start, remark.end)
        related = None
        if remark.hint:
            place = types.Location(self.uri, where)
            related = [types.DiagnosticRelatedInformation(place, remark.hint)]
        page = self.pages.of(remark.code)
        return types.Diagnostic(
            where,
            remark.message,
            severity=_SEVERITIES[remark.severity],
            code=remark.code,
            code_description=types.CodeDescription(page) if page else None,
            source=SOURCE,
            tags=list(_tags(remark.code)) or None,
            related_information=related,
        )


def _tags(code: str) -> Iterator[types.DiagnosticTag]:
    if code in _UNUSED:
        yield types.DiagnosticTag.Unnecessary
    if code in _DEPRECATED:
        yield types.DiagnosticTag.Deprecated


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the documentation of codes and lints is: a folder, or a URL; empty for nowhere."""

    base: str

    @classmethod
    def at(cls, given: str) -> "Pages":
        """Return the pages that a setting names, or those of the checkout that this runs from."""
        if urlsplit(given).scheme in ("http", "https"):
            return cls(given.rstrip("/"))
        folder = Path(given).expanduser() if given else _checkout()
        return cls(folder.resolve().as_uri() if folder is not None and folder.is_dir() else "")

    def of(self, code: str) -> str:
        """Return the page about a code, or nothing."""
        if not self.base:
            return ""
        if code in CODES:
            return f"{self.base}/language.md#errors-and-warnings"
        return f"{self.base}/lints/{code}.md"


def _checkout() -> Path | None:
    import rulec

    docs = Path(rulec.__file__).resolve().parent.parent / "docs"
    return docs if (docs / "language.md").is_file() else None


LinesOf = Callable[[str], Lines | None]


def edits_of(remark: Remark, lines_of: LinesOf) -> dict[str, list[types.TextEdit]] | None:
    """Return the edits of a remark by the names of files; None if one of them is not there."""
    found: defaultdict[str, list[types.TextEdit]] = defaultdict(list)
    for edit in remark.edits:
        lines = lines_of(edit.name)
        if lines is None:
            return None
        found[edit.name].append(types.TextEdit(lines.range(edit.start, edit.end), edit.text))
    return dict(found)
