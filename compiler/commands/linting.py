"""``rulec check --lint``: look for what is allowed, and probably not what was meant."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rulec.cli import BAD_INPUT, BAD_RULES, FOUND
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource

if TYPE_CHECKING:
    from rulec.cluster.audit_policy import AuditPolicy
    from rulec.lint import LintReport
    from rulec.text import File


def lint_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about lints."""
    for option in (
        click.option(
            "--lints",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_list,
            help="List the lints, and leave.",
        ),
        click.option(
            "--without",
            multiple=True,
            metavar="ID",
            help="Leave out a lint, or a code of the compiler (repeatable).",
        ),
        click.option(
            "--only",
            multiple=True,
            metavar="ID",
            help="Look for nothing but this lint or code (repeatable).",
        ),
        click.option("--diff", is_flag=True, help="With --fix: show, and write nothing."),
        click.option("--fix", "fixing", is_flag=True, help="With --lint: mend what is safe."),
        click.option(
            "--policy",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="With --lint: the audit policy of the cluster that the rules are for.",
        ),
        click.option("--lint", "linting", is_flag=True, help="Look for what is doubtful, too."),
    ):
        function = option(function)
    return function


def _list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from rulec.lint import LINTS

    width = max(map(len, LINTS))
    for lint in LINTS.values():
        fixes = " (--fix)" if lint.fixes else ""
        click.echo(f"{lint.id:{width}}  {lint.severity.value:7}  {lint.summary}{fixes}")
    ctx.exit()


@dataclass(frozen=True, slots=True)
class Linting:
    """What is asked for: the lints, what becomes of fixes, and how findings are told."""

    sources: Mapping[str, EventSource]
    form: str
    only: tuple[str, ...]
    without: tuple[str, ...]
    fixing: bool
    diff: bool
    policy: "AuditPolicy | None" = None

    def look(self, files: Sequence["File"]) -> "LintReport":
        from rulec.lint import lint

        return lint(files, self.sources, self.only or None, self.without, self.policy)


def check_lints(paths: tuple[Path, ...], linting: Linting) -> None:
    """Print what is found in the rules at ``paths``, and leave with what that means."""
    from rulec.diagnostics import RulesError
    from rulec.files import collect
    from rulec.lint.formats import FORMATS

    _refuse_unknown(linting.only, linting.without)
    try:
        files = collect(paths)
    except RulesError as error:
        click.echo(str(error))
        raise click.exceptions.Exit(BAD_RULES) from None
    if not files:
        click.echo(f"no .yaml or .yml files in {', '.join(map(str, paths))}", err=True)
    report = linting.look(files)
    if linting.fixing:
        report = _fixed(report, linting)
    if not linting.diff:
        click.echo(FORMATS[linting.form](report), nl=False)
    click.echo(_summary(report), err=True)
    if report.broken:
        raise click.exceptions.Exit(BAD_RULES)
    if report.findings:
        raise click.exceptions.Exit(FOUND)


def _fixed(report: "LintReport", linting: Linting) -> "LintReport":
    """Mend what can be mended, or show how; return what is found after that."""
    from rulec.lint.fixing import ChangedError, fix, write

    done = fix(report.files, report.findings, linting.sources)
    if linting.diff:
        click.echo(done.diff(), nl=False)
        return report
    try:
        write(done.changed)
    except ChangedError as error:
        click.echo(f"{error} was changed meanwhile: try again", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    except OSError as error:
        click.echo(f"cannot write {error.filename}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    applied, changed = counted(len(done.applied), "finding"), counted(len(done.changed), "file")
    click.echo(f"mended {applied} in {changed}", err=True)
    for finding in done.refused:
        line, column = finding.position
        place = f"{finding.file.name}:{line}:{column}"
        click.echo(f"{place}: not mended, as the rules would mean something else", err=True)
    return linting.look(done.files)


def _summary(report: "LintReport") -> str:
    counts = Counter(finding.severity for finding in report.findings)
    kinds = ", ".join(counted(count, severity.value) for severity, count in counts.items())
    suppressed = f", {len(report.suppressed)} suppressed" if report.suppressed else ""
    return f"{counted(report.rules, 'rule')}: {kinds or 'nothing found'}{suppressed}"


def policy_in(path: Path | None) -> "AuditPolicy | None":
    """Read the audit policy of a cluster, if there is one, or say why it cannot be read."""
    from rulec.cluster.audit_policy_reader import read_policy_file
    from rulec.diagnostics import ProblemError

    if path is None:
        return None
    try:
        return read_policy_file(path)
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror}"
    except ProblemError as error:
        line, column = error.problem.span.position
        reason = f"{path}:{line}:{column}: {error.problem.message}"
    click.echo(f"rulec check: {reason}", err=True)
    raise click.exceptions.Exit(BAD_INPUT)


def _refuse_unknown(only: tuple[str, ...], without: tuple[str, ...]) -> None:
    from difflib import get_close_matches

    from rulec.lint import known_ids

    for option, names in (("--only", only), ("--without", without)):
        for name in names:
            if name not in known_ids():
                near = get_close_matches(name, known_ids(), n=1)
                hint = f", did you mean {near[0]!r}?" if near else "; --lints lists them"
                message = f"there is no lint {name!r}{hint}"
                raise click.BadParameter(message, param_hint=repr(option))
