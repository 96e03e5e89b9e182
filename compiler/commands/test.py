"""``rulec test``: run tests of rules."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from rulec.cli import BAD_INPUT, BAD_RULES, FOUND
from rulec.commands.options import source_files

if TYPE_CHECKING:
    from rulec.testing import TestReport
    from rulec.testing.running import Progress, Runner

PERCENT: Final = click.FloatRange(0, 100)


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
    from rulec.testing.rulebooks import Rulebooks
    from rulec.testing.running import Runner

    runner = Runner(Rulebooks(rules, source_files), keep)
    missing = [path for path in paths if not path.exists()]
    if missing:
        _unreadable(f"{missing[0]}: No such file or directory")
    try:
        runner.load(paths)
    except OSError as error:
        _unreadable(f"{error.filename}: {error.strerror}")
    if not runner.loaded:
        names = ", ".join(map(str, paths))
        raise click.UsageError(f"there are no tests in {names}: name files like rules_test.yaml")
    if not runner.tests and not any(loaded.diagnostics for loaded in runner.loaded):
        raise click.UsageError(f"no test has {' or '.join(map(repr, keep))} in its name")
    with _progress("tests") as progress:
        report = runner.run(progress)
    status = _status(report)
    _print(report, junit, verbose)
    minima = _Minima(cover_min, mutate_min)
    if cover or mutate or minima != _Minima():
        mutate = mutate or mutate_min is not None
        met = _measure(runner, report, mutate, cover or not mutate or cover_min is not None, minima)
        status = status or (0 if met else FOUND)
    raise click.exceptions.Exit(status)


class _Minima(NamedTuple):
    """What is asked for in percent, if anything."""

    cover: float | None = None
    mutate: float | None = None


def _measure(
    runner: "Runner", report: "TestReport", mutate: bool, cover: bool, minima: _Minima
) -> bool:
    """Print how well the tests try the rules; return whether that is enough."""
    from rulec.testing.measuring import measured
    from rulec.testing.text import coverage_lines, mutation_lines

    with _progress("measuring") as progress:
        report = measured(report, runner.tests, with_mutants=mutate, progress=progress)
    met = True
    if cover and report.coverage is not None:
        for line in coverage_lines(report.coverage):
            click.echo(line)
        met &= _enough("coverage", report.coverage.percent, minima.cover)
    if report.mutation is not None:
        for line in mutation_lines(report.mutation):
            click.echo(line)
        met &= _enough("mutation", report.mutation.percent, minima.mutate)
    return met


def _enough(what: str, found: Fraction, minimum: float | None) -> bool:
    if minimum is None or found >= minimum:
        return True
    click.echo(f"{what} is below {minimum:g} %", err=True)
    return False


def _print(report: "TestReport", junit: Path | None, verbose: bool) -> None:
    from rulec.testing.text import lines

    # What goes to standard output must be XML and nothing else.
    for line in lines(report, verbose=verbose):
        click.echo(line, err=str(junit) == "-")
    if junit is not None:
        from rulec.testing.junit import junit as document

        try:
            with click.open_file(str(junit), "w", encoding="utf-8") as stream:
                stream.write(document(report))
        except BrokenPipeError:
            raise
        except OSError as error:
            click.echo(f"rulec test: cannot write {junit}: {error.strerror}", err=True)
            raise click.exceptions.Exit(BAD_INPUT) from None


def _status(report: "TestReport") -> int:
    if report.diagnostics:
        return BAD_RULES
    if any(result.unreadable for result in report.results):
        return BAD_INPUT
    return 0 if report.passed else FOUND


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
