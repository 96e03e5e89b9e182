"""Findings as SARIF 2.1.0, the format of OASIS that code scanning takes."""

from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from rulec.codes import CODES
from rulec.lint.catalogue import LINTS
from rulec.lint.formats.documents import encoded
from rulec.lint.formats.regions import Region
from rulec.lint.linter import LintReport
from rulec.lint.model import Edit, Finding, Fix
from rulec.text import File
from rulec.version import version

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

# What tells a finding from others, wherever the lines around it go.
FINGERPRINT: Final = "rulecFinding/v1"


def sarif(report: LintReport) -> str:
    """Return the report as SARIF: one run, with the lints that were looked for."""
    names = [*LINTS, *CODES]
    seen: Counter[str] = Counter()
    results = [_result(finding, names, seen) for finding in report.findings]
    for each in report.suppressed:
        suppression = {"kind": "inSource", "justification": each.reason}
        results.append({**_result(each.finding, names, seen), "suppressions": [suppression]})
    driver = {
        "name": "rulec",
        "version": version(),
        "rules": [*map(_lint, LINTS), *map(_code, CODES)],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": uri(file)}} for file in report.files],
        "results": results,
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return encoded(document, indent=True)


def _lint(name: str) -> dict[str, Any]:
    lint = LINTS[name]
    page = f"docs/lints/{name}.md"
    return {
        "id": name,
        "shortDescription": {"text": lint.summary},
        "help": {"text": f"See {page}.", "markdown": f"See `{page}`."},
        "defaultConfiguration": {"level": lint.severity.value},
    }


def _code(name: str) -> dict[str, Any]:
    code = CODES[name]
    return {
        "id": name,
        "shortDescription": {"text": code.short},
        "fullDescription": {"text": code.long},
        "defaultConfiguration": {"level": code.severity},
    }


def _result(finding: Finding, names: list[str], seen: Counter[str]) -> dict[str, Any]:
    message = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    place = {
        "artifactLocation": {"uri": uri(finding.file)},
        "region": _region(Region.of(finding.span)),
    }
    digest = _digest(finding)
    seen[digest] += 1
    result: dict[str, Any] = {
        "ruleId": finding.lint,
        "ruleIndex": names.index(finding.lint),
        "level": finding.severity.value,
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {FINGERPRINT: f"{digest}:{seen[digest]}"},
    }
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix)]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(uri(edit.file), []).append(edit)
    return {
        "description": {"text": fix.description},
        "artifactChanges": [
            {"artifactLocation": {"uri": place}, "replacements": list(map(_replacement, edits))}
            for place, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    region = Region.between(edit.file, edit.start, edit.end)
    return {"deletedRegion": _region(region), "insertedContent": {"text": edit.text}}


def _region(region: Region) -> dict[str, int]:
    return {
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _digest(finding: Finding) -> str:
    line = finding.file.line(finding.position[0])
    told = "\0".join((finding.lint, uri(finding.file), finding.subject, " ".join(line.split())))
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def uri(file: File) -> str:
    """Return the name of a file as a URI: relative to the folder of the call, or absolute."""
    path = PurePath(file.name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="replace")
