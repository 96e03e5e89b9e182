"""``rulec check --lint``: look for what is allowed, and probably not what was meant."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from rulec.cli import BAD_RULES, FOUND
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource


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


def check_lints(
    paths: tuple[Path, ...],
    sources: Mapping[str, EventSource],
    form: str,
    only: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    """Print what is found in the rules at ``paths``, and leave with what that means."""
    from rulec.diagnostics import RulesError
    from rulec.files import collect
    from rulec.lint import lint
    from rulec.lint.formats import FORMATS

    _refuse_unknown(only, without)
    try:
        files = collect(paths)
    except RulesError as error:
        click.echo(str(error))
        raise click.exceptions.Exit(BAD_RULES) from None
    report = lint(files, sources, only or None, without)
    click.echo(FORMATS[form](report), nl=False)
    if not files:
        click.echo(f"no .yaml or .yml files in {', '.join(map(str, paths))}", err=True)
    counts = Counter(finding.severity for finding in report.findings)
    kinds = ", ".join(counted(count, severity.value) for severity, count in counts.items())
    summary = counted(report.rules, "rule") + f": {kinds or 'nothing found'}"
    suppressed = f", {len(report.suppressed)} suppressed" if report.suppressed else ""
    click.echo(summary + suppressed, err=True)
    if report.broken:
        raise click.exceptions.Exit(BAD_RULES)
    if report.findings:
        raise click.exceptions.Exit(FOUND)


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
