"""Look for everything that lints and the compiler can find, and leave out what is suppressed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rulec.api import check_files
from rulec.cluster.audit_policy import AuditPolicy
from rulec.codes import CODES
from rulec.diagnostics import Diagnostic
from rulec.lint.catalogue import LINTS, known_ids
from rulec.lint.model import Finding, Severity, Subject
from rulec.lint.suppressions import Suppression, suppressions
from rulec.lint.written import written_items
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import File, Span
from rulec.yaml_reader import place


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment suppresses, and the reason that it gives."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found in files, in the order of the files and of what is in them.

    If the rules are ``broken``, they cannot be loaded: some findings are the
    errors, and of what could not be checked there are no others.
    """

    files: tuple[File, ...]
    rules: int
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    broken: bool


def lint(
    files: Iterable[File],
    sources: Mapping[str, EventSource] = SOURCES,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    policy: AuditPolicy | None = None,
) -> LintReport:
    """Look at rules; at ``only`` what these lints and codes find, or ``without`` some.

    ``policy`` is the one by which a cluster writes the audit events that the rules are for.

    :raises ValueError: if there is no such lint and no such code.
    """
    for name in (*(only or ()), *without):
        if name not in known_ids():
            raise ValueError(f"no lint {name!r}")
    wanted = known_ids() if only is None else frozenset(only)
    wanted -= frozenset(without)
    files = tuple(files)
    definitions, analysis, diagnostics = check_files(files, sources)
    items = tuple(written_items(files))
    found_comments = tuple(suppressions(files, items))
    subject = Subject(files, items, definitions, analysis, sources, found_comments, policy)
    errors = [d for d in diagnostics if d.severity == "error"]
    findings = [*_of_compiler(diagnostics, wanted), *_of_lints(subject, wanted)]
    kept, suppressed, unused = _suppress(findings, found_comments, wanted)
    return LintReport(
        files,
        len(definitions.rules),
        _in_order(files, [*kept, *unused]),
        tuple(suppressed),
        bool(errors),
    )


def _of_lints(subject: Subject, wanted: Collection[str]) -> Iterator[Finding]:
    for entry in LINTS.values():
        if entry.id in wanted:
            for finding in entry.look(subject):
                yield replace(finding, lint=entry.id, severity=entry.severity)


def _of_compiler(diagnostics: Iterable[Diagnostic], wanted: Collection[str]) -> Iterator[Finding]:
    """Yield what the compiler has to say. Its errors cannot be left out."""
    told = {kind for name in wanted if name in LINTS for kind in LINTS[name].replaces}
    for diagnostic in diagnostics:
        if diagnostic.severity == "warning":
            if diagnostic.code not in wanted or diagnostic.kind in told:
                continue
            severity = Severity.WARNING
        else:
            severity = Severity.ERROR
        yield Finding(
            diagnostic.message,
            _span(diagnostic),
            diagnostic.hint,
            diagnostic.problem.subject,
            None,
            diagnostic.code,
            severity,
        )


def _span(diagnostic: Diagnostic) -> Span:
    if diagnostic.problem.span.text.pieces or not diagnostic.context:
        return diagnostic.problem.span
    last = diagnostic.context[-1].inside or diagnostic.context[-1]
    return place(last.file, last.at)


def _suppress(
    findings: Iterable[Finding],
    comments: Collection[Suppression],
    wanted: Collection[str],
) -> tuple[list[Finding], list[Suppressed], list[Finding]]:
    """Return findings that are left, those that are suppressed, and comments without an effect."""
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[tuple[Span, str]] = set()
    for finding in findings:
        covering = [comment for comment in comments if comment.covers(finding)]
        if not covering or _is_error_of_compiler(finding):
            kept.append(finding)
            continue
        suppressed.append(Suppressed(finding, covering[0].reason))
        used.update((comment.span, finding.lint) for comment in covering)
    return kept, suppressed, list(_unused(comments, used, wanted))


def _is_error_of_compiler(finding: Finding) -> bool:
    return finding.lint in CODES and CODES[finding.lint].severity == "error"


_UNUSED = "suppression-unused"


def _unused(
    comments: Iterable[Suppression], used: Collection[tuple[Span, str]], wanted: Collection[str]
) -> Iterator[Finding]:
    """Yield comments that suppress nothing, of those whose lints were looked for."""
    if _UNUSED not in wanted:
        return
    for comment in comments:
        for name in comment.lints:
            if name not in known_ids():
                message = f"the comment names {name!r}, and there is no such lint"
            elif name in wanted and (comment.span, name) not in used:
                message = f"there is no finding of {name!r} here to suppress"
            else:
                continue
            severity = LINTS[_UNUSED].severity
            yield Finding(message, comment.span, "", name, None, _UNUSED, severity)


def _in_order(files: Collection[File], findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of the files, each only once."""
    numbers = {id(file): number for number, file in enumerate(files)}
    distinct: dict[tuple[int, int, str, str], Finding] = {}
    for finding in findings:
        file, offset = finding.span.origin
        place = numbers.get(id(file), len(numbers)), offset
        distinct.setdefault((*place, finding.lint, finding.message), finding)
    return tuple(finding for _, finding in sorted(distinct.items(), key=lambda pair: pair[0]))
