"""What the commands that read events share: which inputs, of which source, how far."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from rulec.cli import BAD_INPUT
from rulec.runtime.inputs import STDIN, Input, expand
from rulec.runtime.sources import SOURCES


def expanded(inputs: Iterable[str]) -> list[str]:
    """Return the inputs that were named, or tell what cannot be read and leave."""
    try:
        return list(expand(inputs or (STDIN,)))
    except OSError as error:
        command = click.get_current_context().command_path
        click.echo(f"{command}: cannot read {error.filename}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None


def inputs_of(
    names: Iterable[str], sources: Iterable[str], chosen: Sequence[str], *, expand: bool = True
) -> list[Input]:
    """Return the inputs that were named, with the source of those of which it was said.

    ``SOURCE=INPUT`` says that of one of the ``sources``. If some were
    ``chosen``, it has to be one of these. If ``expand``, the files in a folder
    are given instead of it.
    """
    files = expanded if expand else list
    found: list[Input] = []
    known = tuple(sources)
    for name in names or (STDIN,):
        source, said, rest = name.partition("=")
        if not said or source not in known:
            found += map(Input, files((name,)))
        elif chosen and source not in chosen:
            message = f"{name!r} is for {source}, which --source leaves out"
            raise click.UsageError(message)
        else:
            found += (Input(each, source) for each in files((rest,)))
    return found


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


def sources_of_inputs(used: Iterable[str], chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the event sources that inputs may belong to, given those that rules are about."""
    return tuple(dict.fromkeys(chosen)) or tuple(dict.fromkeys(used)) or tuple(SOURCES)[:1]


def source_of_inputs(used: Iterable[str], chosen: Sequence[str]) -> str:
    """Return the event source that all inputs belong to, given those that rules are about.

    Without any rules, it is the first one that there is.
    """
    found = sources_of_inputs(used, chosen)
    if len(found) > 1:
        message = f"there are rules for {', '.join(found)}: choose one with --source"
        raise click.UsageError(message)
    return found[0]


def notice(line: str) -> None:
    """Print a line to standard error. If that cannot be, the alerts are not to suffer."""
    try:
        click.echo(line, err=True)
    except BrokenPipeError:  # nobody will ever read what we say, also when Python ends
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stderr.fileno())
    except OSError:
        pass  # such as a full disk: another line may find room


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
