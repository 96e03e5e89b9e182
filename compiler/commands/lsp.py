"""``rulec lsp``: help an editor with rules files, over the language server protocol."""

import gc
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import BinaryIO, Final

import click

from rulec.cli import BAD_INPUT, FOUND

# A request waits no longer than this (seconds) for a check that is going on meanwhile.
_SWITCH: Final = 0.0005

_LOOPBACK: Final = "127.0.0.1"


@click.command(short_help="Help an editor with rules files.")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output: the default.")
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Wait for one editor at this port of the loopback interface instead, for debugging.",
)
@click.option("-v", "--verbose", is_flag=True, help="Tell on standard error what is going on.")
def command(stdio: bool, port: int | None, verbose: bool) -> None:
    """Serve an editor that speaks the language server protocol.

    Errors and warnings while you type, completion, documentation, definitions and references,
    renaming, formatting and fixes. Editors start this command themselves.

    The exit status is 0 if the editor said goodbye, and 1 if it went away without.
    """
    if stdio and port is not None:
        raise click.UsageError("--stdio and --tcp exclude each other")
    if find_spec("pygls") is None:
        raise click.UsageError("pygls is missing: pip install 'rulec[lsp]'")
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, stream=sys.stderr)
    from rulec.lsp.server import RulesServer

    # Whoever waits for standard input cannot be interrupted in another way.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.setswitchinterval(_SWITCH)
    gc.freeze()  # what was imported stays
    server = RulesServer()
    if port is None:
        server.start_io(stdout=_own_output())
    else:
        # An editor that resets the connection went away as well.
        with suppress(ConnectionError), _connection(port) as editor:
            server.start_io(editor.makefile("rb"), editor.makefile("wb"))
    if not server.was_shut_down:
        raise click.exceptions.Exit(FOUND)


def _connection(port: int) -> socket.socket:
    """Wait for an editor at a port.

    Since Python 3.12, what pygls has for this waits for ever: it does not close its connection.
    """
    try:
        with socket.create_server((_LOOPBACK, port)) as listening:
            editor, _ = listening.accept()
    except OSError as error:
        click.echo(f"rulec lsp: cannot listen: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    return editor


def _own_output() -> BinaryIO:
    """Return standard output; what anybody else prints goes to standard error from now on."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output
