"""``rulec serve``: take audit events over HTTP, and print the alerts or send them somewhere."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import modules_among, notice, source_of_inputs
from rulec.commands.listening import (
    default_folder,
    limit_options,
    limits_of,
    listen_of,
    listen_options,
)
from rulec.commands.options import quiet_option, refuse, strategy
from rulec.commands.outputs import Given, form_options, output_options, renderer
from rulec.commands.rulesets import rules_option, ruleset_of
from rulec.runtime.engine import OutputError
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset

if TYPE_CHECKING:
    from rulec.server.running import Setup

# What the extra installs, by the names of modules.
_EXTRA: Final = ("granian", "prometheus_client", "watchfiles")

# The options of ``strategy``.
_STRATEGY: Final = ("priority", "rule_matching", "sources", "source_files")

# A source that there may be rules for in the same folder.
_SYSCALL: Final = "syscall"


@click.command(short_help="Take audit events over HTTP and print the alerts.")
@rules_option
@listen_options
@limit_options
@strategy
@output_options
@form_options
@click.option(
    "--watch/--no-watch",
    default=True,
    show_default=True,
    help="Load the rules anew when their files change. SIGHUP always does.",
)
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    rules: tuple[Path, ...],
    watch: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Take Kubernetes audit events over HTTP, match them, and print the alerts.

    It is what --audit-webhook-config-file of kube-apiserver points to. A
    request is answered 200 when its events are safe in the journal, so none is
    lost if the server dies. What cannot be kept now is answered 503, and
    kube-apiserver sends it again. Health is at /healthz and /readyz, numbers for
    Prometheus are at /metrics.

    \b
    rulec serve -r rules/ --listen 127.0.0.1:9765
    rulec serve -r rules/ --tls-cert tls.pem --client-ca ca.pem --client-san kube-apiserver
    """
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        message = f"it needs {missing[0]}: install the extra 'server' (pip install 'rulec[server]')"
        raise click.UsageError(message)
    # Whoever asks for the rules to be loaded anew must not end what has not quite begun.
    asked = Event()
    signal.signal(signal.SIGHUP, lambda *_: asked.set())
    from rulec.server.rulebook import fingerprint
    from rulec.server.running import Setup

    chosen = {name: options.pop(name) for name in _STRATEGY}
    sinks = Given.taken_from(options).sinks(renderer(options, named=True))
    listen, limits = listen_of(options), limits_of(options)
    read = (*rules, *chosen["source_files"])
    tried = fingerprint(read)
    ruleset = ruleset_of(rules, dict(chosen), quiet)
    source = _posted(ruleset, chosen["sources"])
    if not ruleset.matcher(source).rules:
        # Events that are taken and matched with nothing are lost, and nobody would notice.
        refuse(f"rulec serve: there are no rules for {source} in {', '.join(map(str, rules))}")
    ended = Event()
    load = partial(_loaded_again, ctx, rules, chosen, ended)
    folder = options["journal"] or default_folder()
    setup = Setup(ruleset, source, load, read, tried, watch, folder, sinks, listen, limits)
    status = asyncio.run(_served(setup, quiet, asked, ended))
    sys.stdout.flush()
    ctx.exit(status)


def _posted(ruleset: Ruleset, chosen: Sequence[str]) -> str:
    """Return the source of the events that are posted, or complain."""
    if _SYSCALL in chosen:
        raise click.BadParameter("system calls are not taken over HTTP", param_hint="'--source'")
    return source_of_inputs([name for name in ruleset.sources if name != _SYSCALL], chosen)


async def _served(setup: "Setup", quiet: bool, asked: Event, ended: Event) -> int:
    """Run a server until it ends, and note that it has; return the exit status.

    ``asked`` tells whether the signal HUP came before there was a server to hear it.
    """
    from rulec.server.journal import JournalError
    from rulec.server.listener import ListenError
    from rulec.server.running import Running

    def tell(line: str) -> None:
        # That nobody can be told, on a full disk or through a broken pipe, ends nothing.
        with suppress(OSError):
            notice(f"rulec serve: {line}")

    def ready() -> None:
        if not quiet:
            rules = counted(len(running.rulebook.current.matcher.rules), "rule")
            tell(f"{setup.listen.url}, {rules}, journal {setup.folder}")
        if asked.is_set():
            signal.raise_signal(signal.SIGHUP)

    failure: str | None
    try:
        running = Running(setup, tell)
        failure = await running.run(ready)
    except (ListenError, JournalError, OutputError) as error:
        failure = str(error)
    except OSError as error:
        failure = f"cannot use {error.filename or setup.folder}: {error.strerror}"
    finally:
        ended.set()
    if failure is None:
        return 0
    tell(failure)
    return BAD_INPUT


def _loaded_again(
    ctx: click.Context, rules: tuple[Path, ...], chosen: dict[str, Any], ended: Event
) -> Ruleset:
    """Return the ruleset as it is on disk now, unless the server has ended meanwhile.

    :raises RefusedRulesError: if it is refused.
    """
    from rulec.server.rulebook import RefusedRulesError, compiled_apart

    if modules_among(rules):
        with ctx.scope(cleanup=False):
            try:
                return ruleset_of(rules, dict(chosen), True)
            except (click.exceptions.Exit, click.ClickException, SystemExit):
                raise RefusedRulesError("the module cannot be used") from None
    arguments = ["--priority", chosen["priority"], "--rule-matching", chosen["rule_matching"]]
    arguments += (f"--source={name}" for name in chosen["sources"])
    arguments += (f"--source-file={file}" for file in chosen["source_files"])
    return compiled_apart([*arguments, "--", *map(str, rules)], ended)
