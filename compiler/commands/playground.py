"""``rulec playground``: try rules on events in the browser."""

import signal
import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final, NoReturn

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import modules_among, notice, refuse_events
from rulec.commands.options import quiet_option, refuse, rules_given, source_files

if TYPE_CHECKING:
    from rulec.playground.model import Preset

# How long compiling and matching what is in the page may take, in seconds.
_SECONDS: Final = 10


@click.command(short_help="Try rules on events in the browser, as you type.")
@rules_given(required=False)
@click.argument("event", required=False, metavar="[EVENT-FILE]", type=click.Path(path_type=Path))
@source_files
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Listen at this port of 127.0.0.1.  [default: any that is free]",
)
@click.option(
    "--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser."
)
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    rules: tuple[Path, ...],
    event: Path | None,
    source_files: tuple[Path, ...],
    port: int,
    browser: bool,
    quiet: bool,
) -> None:
    """Serve a page on this machine that tries rules on events as you type.

    It shows what is wrong with the rules and where, the alerts, why a rule fires or does not,
    and the code that it is compiled to. It begins with the rules given with -r and the events
    in EVENT-FILE, or with an example; no file is written. Ctrl-C ends it.

    \b
    rulec playground
    rulec playground -r rules/k8s_audit.yaml event.json
    """
    from rulec.playground.listener import Listener
    from rulec.playground.service import Service
    from rulec.playground.workers import Workers

    given = _given(rules, source_files, event)
    workers = Workers(_SECONDS)
    try:
        try:
            listener = Listener(Service(workers, given), port)
        except OSError as error:
            _fail(ctx, f"cannot listen at 127.0.0.1:{port}: {error.strerror}")
        # Whoever ends it with a signal ends it as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if not quiet:
            notice(f"rulec playground: {listener.url} (Ctrl-C ends it)")
        if browser:
            Thread(target=_open, args=(listener.url,), daemon=True).start()
        with listener, suppress(KeyboardInterrupt):
            listener.serve_forever(poll_interval=0.2)
    finally:
        workers.close()


def _given(
    rules: tuple[Path, ...], source_files: tuple[Path, ...], event: Path | None
) -> "Preset | None":
    """Read what the page begins with, or tell what cannot be read and leave."""
    from rulec.diagnostics import RulesError
    from rulec.playground.given import GivenError, preset

    refuse_events(rules)
    if modules := modules_among(rules):
        raise click.UsageError(f"{modules[0]} is compiled: give the rules that it was built from")
    if not (rules or source_files or event):
        return None
    ctx = click.get_current_context()
    try:
        return preset(rules, source_files, event)
    except RulesError as error:
        refuse(str(error))
    except GivenError as error:
        _fail(ctx, str(error))
    except OSError as error:
        _fail(ctx, f"cannot read {error.filename or event}: {error.strerror or error}")


def _fail(ctx: click.Context, message: str) -> NoReturn:
    click.echo(f"{ctx.command_path}: {message}", err=True)
    raise click.exceptions.Exit(BAD_INPUT)


def _open(url: str) -> None:
    """Open a page in a browser, but not in one that takes the terminal."""
    with suppress(webbrowser.Error):  # the address has been printed
        found = webbrowser.get()
        beside = isinstance(found, webbrowser.BackgroundBrowser)
        if beside or not isinstance(found, webbrowser.GenericBrowser):
            found.open(url)
