"""``rulec run --follow``: its options, and how it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import notice
from rulec.runtime.inputs import STDIN, Input
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sinks.handing import Handing
from rulec.runtime.streams import Summaries


def follow_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about files that grow."""
    for option in (
        click.option(
            "--checkpoint",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="With --follow: keep how far files were read in this file, and go on there.",
        ),
        click.option(
            "--from-start",
            is_flag=True,
            help="With --follow: read also what is in the files now.",
        ),
        click.option(
            "--follow",
            is_flag=True,
            help="Follow files as they grow, are rotated or cut, until SIGTERM or Ctrl-C.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class Following:
    """How files are to be followed."""

    from_start: bool = False
    checkpoint: Path | None = None


def following(
    follow: bool, from_start: bool, checkpoint: Path | None, inputs: Sequence[str], jobs: int
) -> Following | None:
    """Return what the options ask for; None if nothing is to be followed."""
    if not follow:
        for name, given in (("--from-start", from_start), ("--checkpoint", checkpoint)):
            if given:
                message = f"{name} goes with --follow"
                raise click.UsageError(message)
        return None
    if not inputs or any(name.rpartition("=")[2] == STDIN for name in inputs):
        message = "--follow takes files and directories, not standard input"
        raise click.UsageError(message)
    if jobs != 1:
        message = "files are followed by one process: leave -j out"
        raise click.UsageError(message)
    return Following(from_start, checkpoint)


def run_following(
    how: Following,
    ruleset: Ruleset,
    candidates: Sequence[str],
    inputs: Sequence[Input],
    handing: Handing,
    progress: Callable[[int], object] | None,
) -> Summaries:
    """Follow the inputs until a signal says that it is enough."""
    from rulec.runtime.checkpoint import Checkpoint, CheckpointError
    from rulec.runtime.following import Follower
    from rulec.runtime.stopping import stopping

    def pause(events: int) -> None:
        handing.pause()
        if progress is not None:
            progress(events)

    try:
        with stopping() as stop:
            follower = Follower(
                ruleset,
                candidates,
                inputs,
                Handed(handing),
                notice,
                checkpoint=Checkpoint(how.checkpoint) if how.checkpoint else None,
                from_start=how.from_start,
                progress=pause,
                make=handing.make,
            )
            return follower.run(stop)
    except CheckpointError as error:
        for line in (*handing.finish(), str(error)):
            notice(f"rulec run: {line}")
        raise click.exceptions.Exit(BAD_INPUT) from None


class Handed:
    """What hands alerts on, as the outputs of a ``Follower``."""

    def __init__(self, handing: Handing) -> None:
        self._handing = handing

    def send(self, alerts: Sequence[Any], mark: int) -> None:
        """Take alerts; none of them says that everything up to the mark has been taken."""
        for alert in alerts:
            self._handing.take(alert)
        if not alerts:
            self._handing.mark(mark)

    @property
    def settled(self) -> int:
        """The last mark before which nothing will be lost any more."""
        return self._handing.settled

    def wait(self, mark: int, timeout: float) -> bool:
        """Wait until a mark is settled, for so many seconds; return whether it is."""
        return self._handing.wait(mark, timeout)
