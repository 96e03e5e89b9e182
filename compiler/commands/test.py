"""``rulec test``: run tests of rules."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.cli import BAD_INPUT, BAD_RULES, FOUND
from rulec.commands.options import allow_deep_conditions, format_option, source_files

if TYPE_CHECKING:
    from rulec.testing import TestReport
    from rulec.testing.coverage import Coverage
    from rulec.testing.mutation import Mutation
    from rulec.testing.running import Progress, Runner

PERCENT: Final = click.FloatRange(0, 100)

_COLOURS: Final[Mapping[str, Mapping[str, Any]]] = {
    "passed": {"fg": "green"},
    "FAILED": {"fg": "red", "bold": True},
    "BROKEN": {"fg": "red", "bold": True},
    "skipped": {"fg": "yellow"},
    "coverage:": {"bold": True},
    "mutation:": {"bold": True},
}


@click.command(short_help="Run tests of rules.")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "-r",
    "--rules",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Rules for tests that name none: a YAML file or a directory (repeatable, in load order).",
)
@source_files
@click.option(
    "-k",
    "keep",
    multiple=True,
    metavar="TEXT",
    help="Run only tests with TEXT in their name, or in that of their file (repeatable).",
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what came of the tests to FILE, too, as JUnit XML (- for standard output).",
)
@click.option(
    "--cover",
    is_flag=True,
    help="Tell which parts of conditions were never true, or never false, in any test.",
)
@click.option(
    "--cover-min",
    metavar="PERCENT",
    type=PERCENT,
    help="Fail if tests see less of the outcomes of parts than this; means --cover, too.",
)
@click.option(
    "--mutate",
    is_flag=True,
    help="Tell which small changes of conditions no test would notice.",
)
@click.option(
    "--mutate-min",
    metavar="PERCENT",
    type=PERCENT,
    help="Fail if tests would notice less of the changes than this; means --mutate, too.",
)
@click.option(
    "--rule",
    "names",
    multiple=True,
    metavar="NAME",
    help="Of what is measured, tell only about this rule (repeatable; default: every rule).",
)
@format_option("Lines for people; or everything as JSON, on one line.")
@click.option("-v", "--verbose", is_flag=True, help="Print a line for each test.")
def command(
    paths: tuple[Path, ...],
    rules: tuple[Path, ...],
    source_files: tuple[Path, ...],
    keep: tuple[str, ...],
    junit: Path | None,
    cover: bool,
    cover_min: float | None,
    mutate: bool,
    mutate_min: float | None,
    names: tuple[str, ...],
    form: str,
    verbose: bool,
) -> None:
    """Run the tests in PATH...: files, and directories with files *_test.yaml or *.test.yaml.

    A test has events, and the alerts that are to come of them; nothing else may
    come. What is different is told, and why a rule did not fire.

    \b
    # pods_test.yaml
    rules: [pods.yaml]
    tests:
      - name: a privileged pod is told of
        event:
          verb: create
          stage: ResponseComplete
          objectRef: {resource: pods, name: web}
          requestObject:
            spec: {containers: [{image: nginx, securityContext: {privileged: true}}]}
        alerts:
          - rule: Privileged Pod
            fields: {ka.target.name: web}
      - name: nothing is told of those who only look
        matrix: {verb: [get, list]}
        event: {verb: "{verb}", stage: ResponseComplete, objectRef: {resource: pods}}
        alerts: none

    \b
    rulec test rules/
    rulec test pods_test.yaml -k privileged --junit report.xml
    rulec test rules/ --cover-min 100 --mutate

    The exit status is 0 if all tests pass, 1 if not, or if a minimum is missed,
    2 if rules or tests cannot be read, 4 if files of events cannot be read.
    """
    from rulec.testing.measuring import Wanted, measured
    from rulec.testing.rulebooks import Rulebooks
    from rulec.testing.running import Runner

    allow_deep_conditions()
    runner = Runner(Rulebooks(rules, source_files), keep)
    missing = [path for path in paths if not path.exists()]
    if missing:
        _unreadable(f"{missing[0]}: No such file or directory")
    try:
        runner.load(paths)
    except OSError as error:
        _unreadable(f"{error.filename}: {error.strerror}")
    if not runner.loaded:
        given = ", ".join(map(str, paths))
        raise click.UsageError(f"there are no tests in {given}: name files like rules_test.yaml")
    if not runner.tests and not any(loaded.diagnostics for loaded in runner.loaded):
        raise click.UsageError(f"no test has {' or '.join(map(repr, keep))} in its name")
    _find(names, runner)
    with _progress("tests") as progress:
        report = runner.run(progress)
    mutants = mutate or mutate_min is not None
    covered = cover or cover_min is not None
    if covered or mutants:
        with _progress("measuring") as progress:
            report = measured(report, runner.tests, Wanted(mutants, frozenset(names)), progress)
    if not covered:
        report = replace(report, coverage=None)
    if junit is not None:
        _write_junit(report, junit)
    # What goes to standard output must be XML and nothing else then.
    _print(report, form, verbose, err=str(junit) == "-")
    raise click.exceptions.Exit(_status(report, cover_min, mutate_min))


def _find(names: Sequence[str], runner: "Runner") -> None:
    """Complain if there is no rule of one of these names."""
    from rulec.item_reader import suggest

    known = {rule for test in runner.tests for rule in test.book.outlines}
    for name in names:
        if known and name not in known:
            hint = suggest(name, known)
            message = f"there is no rule {name!r}{', ' * bool(hint)}{hint}"
            raise click.BadParameter(message, param_hint="'--rule'")


def _print(report: "TestReport", form: str, verbose: bool, err: bool) -> None:
    if form == "json":
        from rulec.testing.document import document

        click.echo(document(report), err=err)
        return
    from rulec.testing.text import lines

    for line in lines(report, verbose=verbose):
        click.echo(_coloured(line), err=err)


def _coloured(line: str) -> str:
    """Return a line with the colour of its first word, which only a terminal shows."""
    word, blank, rest = line.partition(" ")
    return f"{click.style(word, **_COLOURS[word])}{blank}{rest}" if word in _COLOURS else line


def _write_junit(report: "TestReport", path: Path) -> None:
    from rulec.testing.junit import junit

    try:
        with click.open_file(str(path), "w", encoding="utf-8") as stream:
            stream.write(junit(report))
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(f"rulec test: cannot write {path}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None


def _status(report: "TestReport", cover_min: float | None, mutate_min: float | None) -> int:
    if report.diagnostics:
        return BAD_RULES
    if any(result.unreadable for result in report.results):
        return BAD_INPUT
    enough = [
        _enough("coverage", report.coverage, cover_min),
        _enough("mutation", report.mutation, mutate_min),
    ]
    return 0 if report.passed and all(enough) else FOUND


def _enough(what: str, found: "Coverage | Mutation | None", minimum: float | None) -> bool:
    if minimum is None or found is None or found.percent >= minimum:
        return True
    click.echo(f"{what} is below {minimum:g} %", err=True)
    return False


def _unreadable(message: str) -> None:
    click.echo(f"rulec test: cannot read {message}", err=True)
    raise click.exceptions.Exit(BAD_INPUT)


@contextmanager
def _progress(what: str) -> "Iterator[Progress]":
    """Show how far the tests have got, if somebody is watching a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
