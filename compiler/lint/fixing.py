"""Apply fixes to rules files, and look whether the rules still mean the same.

Nothing is written here before it has been read back, checked and compared: the fixes
that would change what a rule means are left out, and their findings stay.
"""

import contextlib
import difflib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rulec.api import check_files
from rulec.files import decode
from rulec.lint.meaning import meaning
from rulec.lint.model import Edit, Finding
from rulec.runtime.encoding import utf8
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import File

_MARK = b"\xef\xbb\xbf"  # some editors begin files with it


class ChangedError(Exception):
    """A file is not any more what was read, so nothing was written to it."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What came of fixes: the files as they are to be, those that were changed, and how."""

    files: tuple[File, ...]
    changed: tuple[tuple[File, File], ...]
    applied: tuple[Finding, ...]
    refused: tuple[Finding, ...]

    def diff(self) -> str:
        """Return what was changed, as a unified diff."""
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for old, new in self.changed
            for line in difflib.unified_diff(
                _lines(old),
                _lines(new),
                old.name,
                new.name,
            )
        )


def _lines(file: File) -> list[str]:
    """Return the lines as patches count them: some characters only end lines elsewhere."""
    return io.StringIO(file.content, newline="\n").readlines()


def fix(
    files: Sequence[File],
    findings: Iterable[Finding],
    sources: Mapping[str, EventSource] = SOURCES,
) -> Fixed:
    """Apply what fixes the findings propose, as far as the rules mean the same afterwards."""
    proposed = list(_apart(findings))
    trial = _Trial(tuple(files), sources)
    applied = trial.accepted(proposed)
    refused = [finding for finding in proposed if finding not in applied]
    new = trial.edited(applied)
    pairs = zip(files, new, strict=True)
    changed = tuple((old, each) for old, each in pairs if old.content != each.content)
    return Fixed(new, changed, tuple(applied), tuple(refused))


def _apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings with fixes that do not touch what earlier ones change."""
    taken: list[Edit] = []
    for finding in findings:
        if finding.fix is None:
            continue
        edits = finding.fix.edits
        if not any(_touch(one, other) for one in edits for other in taken):
            taken += edits
            yield finding


def _touch(one: Edit, other: Edit) -> bool:
    return one.file is other.file and one.start <= other.end and other.start <= one.end


@dataclass(frozen=True, slots=True)
class _Trial:
    """Tries fixes of some files."""

    files: tuple[File, ...]
    sources: Mapping[str, EventSource]

    def accepted(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return those findings whose fixes keep the meaning, also all together."""
        before = self.meaning(self.files)
        if before is None:
            return []
        return self.among(list(findings), before)

    def among(self, findings: list[Finding], before: Any) -> list[Finding]:
        """Halve the findings until what is left keeps the meaning."""
        if not findings or self.meaning(self.edited(findings)) == before:
            return findings
        if len(findings) == 1:
            return []
        half = len(findings) // 2
        first = self.among(findings[:half], before)
        second = self.among(findings[half:], before)
        together = sorted((*first, *second), key=findings.index)
        return together if self.meaning(self.edited(together)) == before else first

    def edited(self, findings: Iterable[Finding]) -> tuple[File, ...]:
        """Return the files with the fixes of some findings applied."""
        by_file: dict[int, list[Edit]] = {}
        for finding in findings:
            for edit in finding.fix.edits if finding.fix else ():
                by_file.setdefault(id(edit.file), []).append(edit)
        return tuple(
            File(file.name, _edited(file.content, by_file[id(file)]))
            if id(file) in by_file
            else file
            for file in self.files
        )

    def meaning(self, files: Sequence[File]) -> Any:
        """Return what the rules in files mean; None if there is something wrong with them."""
        definitions, analysis, diagnostics = check_files(files, self.sources)
        if any(diagnostic.severity == "error" for diagnostic in diagnostics):
            return None
        return list(meaning(definitions, analysis).items())


def _edited(content: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        content = content[: edit.start] + edit.text + content[edit.end :]
    return content


def write(changed: Iterable[tuple[File, File]]) -> None:
    """Write files that were changed, each at once or not at all.

    :raises ChangedError: if one of them is not any more what was read.
    :raises OSError: if it cannot be written.
    """
    for old, new in changed:
        path = Path(old.name).resolve()
        data = path.read_bytes()
        if decode(data) != old.content:
            raise ChangedError(old.name)
        mark = _MARK if data.startswith(_MARK) else b""
        _replace(path, mark + utf8(new.content))


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(path.stat().st_mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
