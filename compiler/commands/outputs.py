"""What the commands that raise alerts share: where these go."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.commands.inputs import notice
from rulec.runtime.sinks import SINKS, Settings, Sink, sink
from rulec.runtime.sinks.handing import Handing, Printing
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.sink import MIB
from rulec.runtime.sinks.stdout import Writer, direct

if TYPE_CHECKING:
    from rulec.runtime.sinks import Outputs

STDOUT: Final = "stdout"

# How long outputs have to hand on what they still have when the run is interrupted, in seconds.
_INTERRUPTED: Final = 1.0


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where alerts go; ``Given`` takes what they give, and the next."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    folder = click.Path(file_okay=False, path_type=Path)
    kinds = ", ".join(name + kind.argument for name, kind in SINKS.items())
    for option in (
        click.option(
            "--http-cert",
            type=file,
            metavar="FILE",
            help="The certificate and the key to show to HTTPS servers (PEM).",
        ),
        click.option(
            "--http-ca",
            type=file,
            metavar="FILE",
            help="Certificates to check HTTPS servers with, instead of those of the system (PEM).",
        ),
        click.option(
            "--spool-limit",
            type=click.IntRange(1),
            default=1024,
            show_default=True,
            metavar="MIB",
            help="How much is kept there for each server.",
        ),
        click.option(
            "--spool",
            type=folder,
            metavar="DIR",
            help="Where alerts for HTTP servers are kept until they have arrived.",
        ),
        click.option(
            "--output",
            "outputs",
            multiple=True,
            default=(STDOUT,),
            metavar="KIND[:ARGUMENT]",
            help=f"Where alerts go: {kinds} (repeatable; default: stdout).",
        ),
    ):
        function = option(function)
    return function


def form_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say in what form alerts go there; ``renderer`` takes what they give."""
    for option in (
        click.option(
            "--time-format",
            type=click.Choice(["local", "iso8601"]),
            default="local",
            show_default=True,
            help="How the time of an alert is printed: local time of day, or ISO 8601 in UTC.",
        ),
        click.option(
            "--format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="How alerts are printed: a line of text, or Falco's JSON.",
        ),
    ):
        function = option(function)
    return function


def renderer(
    options: dict[str, Any], include: Mapping[str, Any] | None = None, *, named: bool
) -> Renderer:
    """Take the form of alerts out of the options of a command; see ``Renderer`` for the rest."""
    form, time_format = options.pop("format"), options.pop("time_format")
    return Renderer(form == "json", time_format == "iso8601", include or {}, named)


def output_timeout(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says how long a run waits for outputs."""
    return click.option(
        "--output-timeout",
        type=click.FloatRange(0),
        default=30,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for an output that takes nothing, and for all at the end.",
    )(function)


@dataclass(frozen=True)
class Given:
    """What the options of ``output_options`` were given."""

    outputs: tuple[str, ...]
    spool: Path | None
    spool_limit: int
    http_ca: Path | None
    http_cert: Path | None
    output_timeout: float = 0.0

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> "Given":
        """Take what belongs here out of the options of a command."""
        names = [name for name in cls.__dataclass_fields__ if name in options]
        return cls(**{name: options.pop(name) for name in names})

    @property
    def to_stdout(self) -> bool:
        """Whether alerts go to standard output."""
        return STDOUT in self.outputs

    def sinks(self, render: Renderer) -> list[Sink]:
        """Return the sinks that were asked for, or complain; none of them is opened yet."""
        settings = Settings(
            render, self.spool, self.spool_limit * MIB, self.http_ca, self.http_cert
        )
        if self.spool is not None and not any(each.startswith("http:") for each in self.outputs):
            raise click.BadParameter("no --output goes to an HTTP server", param_hint="'--spool'")
        found: list[Sink] = []
        for text in self.outputs:
            try:
                if self.outputs.count(text) > 1:
                    raise ValueError("given more than once")
                found.append(sink(text, settings))
            except ValueError as error:
                raise click.BadParameter(f"{text}: {error}", param_hint="'--output'") from None
        self._tell_of_other_spools(found)
        return found

    def _tell_of_other_spools(self, sinks: Sequence[Sink]) -> None:
        """Say that there are alerts in the spool for which there is no output now."""
        if self.spool is None or not self.spool.is_dir():
            return
        from rulec.runtime.sinks.http import SpooledHttp

        used = {each.folder for each in sinks if isinstance(each, SpooledHttp)}
        for folder in sorted(set(self.spool.iterdir()) - used):
            if any(folder.glob("*.spool")):
                notice(f"{folder}: there are alerts for an output that is not given")

    @contextmanager
    def handing(self, sinks: Sequence[Sink], render: Renderer, live: bool) -> Iterator[Handing]:
        """Open the sinks, and yield what hands alerts on to them: at once if ``live``.

        :raises OutputError: if one of them cannot be opened.
        """
        if self.outputs == (STDOUT,):
            # What comes in live may be waited for, and printed, by several threads.
            yield Printing(render, Writer(direct(sys.stdout) if live else sys.stdout, live=live))
            return
        from rulec.runtime.sinks.outputs import Outputs
        from rulec.runtime.sinks.sending import Sending

        identify = any(each.identifies for each in sinks)
        timeout = self.output_timeout
        command = click.get_current_context().command_path
        with (
            Outputs(sinks, notice, patience=timeout) as outputs,
            reopened_on_hangup(outputs),
            _ended_on_termination(),
        ):
            sending = Sending(outputs, identify=identify, live=live, timeout=timeout)
            try:
                yield sending
            except BaseException as error:
                for line in sending.break_off(min(_INTERRUPTED, timeout)):
                    if not isinstance(error, BrokenPipeError):  # then nobody wants to know
                        notice(f"{command}: {line}")
                raise


@contextmanager
def reopened_on_hangup(outputs: "Outputs") -> Iterator[None]:
    """Open files again when the signal SIGHUP comes, as after they were moved away."""
    with _on("SIGHUP", lambda *_: outputs.reopen()):
        yield


@contextmanager
def _ended_on_termination() -> Iterator[None]:
    """End in good order when the signal SIGTERM comes: alerts may still be waiting."""

    def end(number: int, _: object) -> None:
        raise click.exceptions.Exit(128 + number)

    with _on("SIGTERM", end):
        yield


@contextmanager
def _on(name: str, handler: Callable[[int, object], object]) -> Iterator[None]:
    """Call a function when a signal comes, inside of a block."""
    import signal

    number = signal.Signals[name]
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before or signal.SIG_DFL)
