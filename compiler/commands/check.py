"""``rulec check``: tell what is wrong with rules."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from rulec.cli import BAD_RULES
from rulec.commands.linting import Linting, check_lints, lint_options, policy_in
from rulec.commands.options import format_option, own_sources, paths, source_files
from rulec.event_sources import known_sources
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource


@click.command(short_help="Tell what is wrong with rules.")
@paths()
@format_option(
    "Text for people; or the JSON that 'falco -V' prints. With --lint also other forms.",
    ("text", "json", "sarif", "junit", "github"),
)
@lint_options
@source_files
@click.option("--strict", is_flag=True, help="Take what Falco's k8saudit plugin refuses as errors.")
def command(
    paths: tuple[Path, ...],
    form: str,
    source_files: tuple[Path, ...],
    strict: bool,
    linting: bool,
    fixing: bool,
    diff: bool,
    only: tuple[str, ...],
    without: tuple[str, ...],
    policy: Path | None,
) -> None:
    """Check the rules in PATH... (files and directories, in load order).

    Everything that is wrong is told at once: the code that Falco has for it,
    the file, line and column, the line itself and often what to do. With
    --format json it is what Falco says, which stops at the first error.

    With --lint, what is allowed but doubtful is looked for, too (--lints lists
    for what).

    The exit status is 0 if the rules can be loaded, 2 if not; with --lint 1 if
    something is found.
    """
    of_lints = (fixing, diff, only, without, policy)
    if not linting and (any(of_lints) or form not in ("text", "json")):
        names = "--fix, --diff, --only, --without, --policy"
        raise click.UsageError(f"{names} and such a --format need --lint")
    if diff and not fixing:
        raise click.UsageError("--diff needs --fix")
    sources = known_sources(own_sources(source_files), strict=strict)
    if linting:
        check_lints(paths, Linting(sources, form, only, without, fixing, diff, policy_in(policy)))
    elif form == "json":
        _check_as_falco(paths, sources)
    else:
        _check(paths, sources)


def _check(paths: tuple[Path, ...], sources: Mapping[str, EventSource]) -> None:
    from rulec.api import check_files
    from rulec.diagnostics import RulesError, in_file_order
    from rulec.files import collect
    from rulec.plan import plan
    from rulec.shadowing import shadowed_rules

    try:
        files = collect(paths)
    except RulesError as error:
        click.echo(str(error))
        raise click.exceptions.Exit(BAD_RULES) from None
    definitions, analysis, diagnostics = check_files(files, sources)
    severities: dict[str, Counter[str]] = {file.name: Counter() for file in files}
    if not any(diagnostic.severity == "error" for diagnostic in diagnostics):
        enabled = [r for r in analysis.rules if definitions.rules[r.name].enabled]
        diagnostics = (*diagnostics, *shadowed_rules(plan(enabled, "first", sources).rules))
    for diagnostic in in_file_order(diagnostics):
        click.echo(str(diagnostic))
        severities.setdefault(diagnostic.file, Counter())[diagnostic.severity] += 1
    for name, counts in severities.items():
        click.echo(f"{name}: {_verdict(counts)}")
    unknown = len(definitions.rules) - len(analysis.rules)
    skipped = f", {unknown} of them not compiled" if unknown else ""
    if not files:
        click.echo(f"no .yaml or .yml files in {', '.join(map(str, paths))}", err=True)
    click.echo(f"{counted(len(definitions.rules), 'rule')}{skipped}", err=True)
    if any(counts["error"] for counts in severities.values()):
        raise click.exceptions.Exit(BAD_RULES)


def _verdict(counts: Counter[str]) -> str:
    if counts["error"]:
        return f"Invalid ({counted(counts['error'], 'error')})"
    return f"Ok, with {counted(counts['warning'], 'warning')}" if counts["warning"] else "Ok"


def _check_as_falco(paths: tuple[Path, ...], sources: Mapping[str, EventSource]) -> None:
    import msgspec

    from rulec.diagnostics import RulesError
    from rulec.files import collect
    from rulec.validation import validate

    try:
        files = collect(paths)
    except RulesError as error:
        results = [
            {
                "name": diagnostic.file,
                "successful": False,
                "errors": [diagnostic.to_falco()],
                "warnings": [],
            }
            for diagnostic in error.diagnostics
        ]
    else:
        results = [result.to_falco() for result in validate(files, sources)]
    document = msgspec.json.encode({"falco_load_results": results}, order="sorted")
    click.echo(document.decode())
    if not all(result["successful"] for result in results):
        raise click.exceptions.Exit(BAD_RULES)
