"""What the commands that read events share: which inputs, of which source, how far."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from rulec.cli import BAD_INPUT
from rulec.runtime.inputs import STDIN, expand
from rulec.runtime.sources import SOURCES


def expanded(inputs: Iterable[str]) -> list[str]:
    """Return the inputs that were named, or tell what cannot be read and leave."""
    try:
        return list(expand(inputs or (STDIN,)))
    except OSError as error:
        command = click.get_current_context().command_path
        click.echo(f"{command}: cannot read {error.filename}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None


def tell_of_stdin(inputs: Sequence[str]) -> None:
    """Say that standard input is read, if somebody may be waiting for something else."""
    if STDIN in inputs and sys.stdin.isatty():
        click.echo("reading standard input; end it with Ctrl-D", err=True)


def refuse_events(rules: Iterable[Path]) -> None:
    """Complain if events are given where rules belong."""
    for path in rules:
        if path.suffix in (".json", ".jsonl", ".log", ".gz"):
            message = f"-r takes rules, and {path} looks like events: give it without -r"
            raise click.UsageError(message)


def modules_among(rules: Iterable[Path]) -> list[Path]:
    """Return those of the rules that have been compiled to a module before."""
    return [path for path in rules if path.suffix in (".py", ".pyc")]


def source_of_inputs(used: Iterable[str], chosen: Sequence[str]) -> str:
    """Return the event source that the inputs belong to, given those that rules are about.

    Without any rules, it is the first one that there is.
    """
    found = tuple(chosen) or tuple(dict.fromkeys(used)) or tuple(SOURCES)[:1]
    if len(found) > 1:
        message = f"there are rules for {', '.join(found)}: choose one with --source"
        raise click.UsageError(message)
    return found[0]


def notice(line: str) -> None:
    """Print a line to standard error."""
    click.echo(line, err=True)


@contextmanager
def progress_shown(wanted: bool) -> Iterator[Callable[[int], object] | None]:
    """Show how far the run has got, if it is wanted and somebody is watching a terminal.

    What is given is to be told the number of events; None if nobody wants to know.
    """
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} events"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda events: progress.update(task, completed=events)
