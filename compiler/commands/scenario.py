"""``rulec scenario``: make a capture of a scenario, or list its events."""

from pathlib import Path

import click

from rulec.cli import BAD_INPUT
from rulec.commands.options import quiet_option, refuse
from rulec.diagnostics import RulesError, printable
from rulec.runtime.rendering import counted
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.scenarios.model import Scenario


@click.command(short_help="Make a capture of a scenario, or list its events.")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the capture to FILE (- for standard output) instead of listing its events.",
)
@quiet_option
def command(path: Path, output: Path | None, quiet: bool) -> None:
    """Make a capture (.scap) of the scenario that a YAML file describes.

    Without -o, the events are listed, a line each: number, time, process,
    type and arguments.

    \b
    rulec scenario attack.yaml -o attack.scap
    rulec run -r rules/ attack.scap
    """
    try:
        scenario = Scenario.from_yaml(path)
    except RulesError as error:
        refuse(str(error))
    if output is None:
        for event in scenario.events():
            click.echo(line(event))
        return
    try:
        with click.open_file(str(output), "wb", atomic=str(output) != "-") as stream:
            scenario.write(stream)
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(f"rulec scenario: cannot write {output}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    if str(output) != "-" and not quiet:
        events = sum(1 for _ in scenario.events())
        click.echo(f"{output}: {counted(events, 'event')}", err=True)


def line(event: CaptureEvent) -> str:
    """Return an event as a line of text."""
    name, pid = event["proc.name"] or "-", event["proc.pid"]
    process = name if pid is None or pid < 0 else f"{name}({pid})"
    arguments = event["evt.args"] or ""
    place = f"{event['evt.num']} {event['evt.time']}"
    return printable(f"{place} {process} {event['evt.type']} {arguments}".rstrip())
