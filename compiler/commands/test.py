"""``rulec test``: run tests of rules."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulec.cli import BAD_INPUT, BAD_RULES, FOUND
from rulec.commands.options import source_files

if TYPE_CHECKING:
    from rulec.testing import TestReport
    from rulec.testing.running import Progress


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
@click.option("-v", "--verbose", is_flag=True, help="Print a line for each test.")
def command(
    paths: tuple[Path, ...],
    rules: tuple[Path, ...],
    source_files: tuple[Path, ...],
    keep: tuple[str, ...],
    junit: Path | None,
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

    The exit status is 0 if all tests pass, 1 if not, 2 if rules or tests cannot
    be read, 4 if files of events cannot be read.
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
    with _progress() as progress:
        report = runner.run(progress)
    _print(report, junit, verbose)
    raise click.exceptions.Exit(_status(report))


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
def _progress() -> "Iterator[Progress]":
    """Show how far the tests have got, if somebody is watching a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("tests"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
