"""``rulec serve``: take audit events over HTTP, and print the alerts."""

import asyncio
import os
import sys
from functools import partial
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import modules_among, notice, source_of_inputs
from rulec.commands.options import quiet_option, strategy
from rulec.commands.rulesets import rules_option, ruleset_of
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.stdout import Writer

if TYPE_CHECKING:
    from rulec.server.settings import Limits, Listen

# What the extra installs, by the names of modules.
_EXTRA: Final = ("granian", "prometheus_client", "watchfiles")

_MIB: Final = 1024 * 1024
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


def _listening(function: Any) -> Any:
    """Add the options about where and to whom the server listens."""
    for option in reversed(
        (
            click.option(
                "--listen",
                default=":9765",
                show_default=True,
                metavar="[HOST]:PORT",
                help="Where to listen; without HOST at all addresses.",
            ),
            click.option(
                "--endpoint",
                default="/k8s-audit",
                show_default=True,
                metavar="PATH",
                help="Where events are posted to; a query after it is ignored.",
            ),
            click.option(
                "--tls-cert",
                type=_FILE,
                metavar="FILE",
                help="The certificate of the server in PEM, with the chain; perhaps with the key.",
            ),
            click.option(
                "--tls-key", type=_FILE, metavar="FILE", help="The key, if it is elsewhere."
            ),
            click.option(
                "--client-ca",
                type=_FILE,
                metavar="FILE",
                help="Take clients only with a certificate that this one has signed.",
            ),
            click.option(
                "--client-san",
                "client_sans",
                multiple=True,
                metavar="NAME",
                help="... and only if it is for this DNS name, address or URI (repeatable).",
            ),
            click.option(
                "--token-file",
                type=_FILE,
                metavar="FILE",
                help="Take clients only with a bearer token that is a line of this file.",
            ),
            click.option(
                "--insecure",
                is_flag=True,
                help="Listen to other machines without TLS, or without knowing who they are.",
            ),
        )
    ):
        function = option(function)
    return function


def _bounds(function: Any) -> Any:
    """Add the options about sizes and times."""
    for option in reversed(
        (
            click.option(
                "--journal",
                type=click.Path(path_type=Path, file_okay=False),
                metavar="DIR",
                help="Where events are kept until their alerts are delivered. Default: the state "
                "directory of the service, or one of the user's.",
            ),
            click.option(
                "--journal-size",
                type=click.IntRange(1),
                default=1024,
                show_default=True,
                metavar="MIB",
                help="How large it may get. Then events are refused with 503, and sent again.",
            ),
            click.option(
                "--max-body",
                type=click.IntRange(1, 200 * _MIB),
                default=12 * _MIB,
                show_default=True,
                metavar="BYTES",
                help="The largest request body.",
            ),
            click.option(
                "--timeout",
                type=click.FloatRange(0.1, 600),
                default=10.0,
                show_default=True,
                metavar="SECONDS",
                help="How long a whole request may take before the connection is closed.",
            ),
            click.option(
                "--max-connections",
                type=click.IntRange(1),
                default=4096,
                show_default=True,
                metavar="N",
                help="How many connections are served at once.",
            ),
            click.option(
                "--window",
                type=click.IntRange(2),
                default=500_000,
                show_default=True,
                metavar="N",
                help="How many events are remembered, to match none twice that is sent again.",
            ),
        )
    ):
        function = option(function)
    return function


@click.command(short_help="Take audit events over HTTP and print the alerts.")
@rules_option
@_listening
@_bounds
@strategy
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How alerts are printed: a line of text, or Falco's JSON.",
)
@click.option(
    "--time-format",
    type=click.Choice(["local", "iso8601"]),
    default="local",
    show_default=True,
    help="How the time of an alert is printed: local time of day, or ISO 8601 in UTC.",
)
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
    form: str,
    time_format: str,
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
    chosen = {name: options.pop(name) for name in _STRATEGY}
    listen, limits = _listen_of(options), _limits_of(options)
    folder = options["journal"] or _default_folder()
    ruleset = ruleset_of(rules, dict(chosen), quiet)
    source = source_of_inputs(ruleset.sources, chosen["sources"])
    render = Renderer(form == "json", time_format == "iso8601")
    say = _quietly if quiet else notice
    load = partial(_loaded_again, ctx, rules, chosen)
    status = asyncio.run(
        _serve(ruleset, source, rules, load, folder, listen, limits, render, watch, say)
    )
    sys.stdout.flush()
    ctx.exit(status)


_STRATEGY: Final = ("priority", "rule_matching", "sources", "source_files")


async def _serve(
    ruleset: Ruleset,
    source: str,
    rules: tuple[Path, ...],
    load: Any,
    folder: Path,
    listen: "Listen",
    limits: "Limits",
    render: Renderer,
    watch: bool,
    say: Any,
) -> int:
    from rulec.server.journal import JournalError
    from rulec.server.listener import ListenError
    from rulec.server.metrics import Metrics
    from rulec.server.plain_output import PlainOutput
    from rulec.server.rulebook import Rulebook
    from rulec.server.running import Running
    from rulec.server.service import Service

    def tell(line: str) -> None:
        notice(f"rulec serve: {line}")

    metrics = Metrics()
    running = Running(limits, tell)
    outputs = PlainOutput(Writer(sys.stdout, live=True), render)

    def told(good: bool) -> None:
        metrics.reloads.labels("ok" if good else "refused").inc()
        service.note_rules()

    rulebook = Rulebook(ruleset, source, load, rules, told, tell)
    try:
        service = Service(
            folder, limits, outputs, lambda: rulebook.current, metrics, tell, running.failed
        )
    except JournalError as error:
        tell(str(error))
        return BAD_INPUT
    except OSError as error:
        tell(f"cannot use {error.filename or folder}: {error.strerror}")
        return BAD_INPUT

    def ready() -> None:
        scheme = "https" if listen.tls else "http"
        host = f"[{listen.host}]" if ":" in listen.host else listen.host
        count = counted(len(rulebook.current.matcher.rules), "rule")
        say(
            f"rulec serve: {scheme}://{host}:{listen.port}{listen.endpoint}, {count}, "
            f"journal {folder}"
        )

    try:
        failure = await running.run(listen, service, rulebook, outputs, watch, ready)
    except ListenError as error:
        failure = str(error)
    if failure is None:
        return 0
    tell(failure)
    return BAD_INPUT


def _quietly(line: str) -> None:
    """Say nothing."""


def _loaded_again(ctx: click.Context, rules: tuple[Path, ...], chosen: dict[str, Any]) -> Ruleset:
    """Return the ruleset as it is on disk now.

    :raises RefusedRulesError: if it is refused.
    """
    from rulec.server.rulebook import RefusedRulesError, compiled_apart

    if modules_among(rules):
        with ctx.scope(cleanup=False):
            try:
                return ruleset_of(rules, dict(chosen), True)
            except (click.exceptions.Exit, click.ClickException):
                raise RefusedRulesError("the module cannot be used") from None
    arguments = ["--priority", chosen["priority"], "--rule-matching", chosen["rule_matching"]]
    arguments += (f"--source={name}" for name in chosen["sources"])
    arguments += (f"--source-file={file}" for file in chosen["source_files"])
    return compiled_apart([*arguments, "--", *map(str, rules)])


def _limits_of(options: dict[str, Any]) -> "Limits":
    from rulec.server.settings import Limits

    return Limits(
        body=options["max_body"],
        memory=max(256 * _MIB, 4 * options["max_body"]),
        timeout=options["timeout"],
        connections=options["max_connections"],
        journal=options["journal_size"] * _MIB,
        window=options["window"],
    )


def _default_folder() -> Path:
    """Return where the journal is if nobody says: where the state of programs is kept."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0]) / "journal"
    if os.geteuid() == 0:
        return Path("/var/lib/rulec/journal")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rulec" / "journal"


# --- where to listen ------------------------------------------------------------------


def _listen_of(options: dict[str, Any]) -> "Listen":
    """Return where to listen, or tell what is wrong with it."""
    from rulec.server.settings import Listen, Tls

    host, port = _address(options["listen"])
    endpoint = options["endpoint"]
    if not endpoint.startswith("/") or "?" in endpoint or endpoint in _TAKEN:
        raise click.BadParameter(
            f"{endpoint!r} is no path such as /k8s-audit", param_hint="'--endpoint'"
        )
    tokens = _tokens(options["token_file"])
    certificate, key, client_ca = options["tls_cert"], options["tls_key"], options["client_ca"]
    sans = options["client_sans"]
    if certificate is None and (key or client_ca or sans):
        raise click.UsageError("--tls-key, --client-ca and --client-san go with --tls-cert")
    if sans and client_ca is None:
        raise click.UsageError("--client-san goes with --client-ca")
    tls = Tls(certificate, key or certificate, client_ca, frozenset(sans)) if certificate else None
    if not options["insecure"] and not _is_loopback(host):
        lacking = [
            *(() if tls else ("TLS (--tls-cert)",)),
            *(() if tokens or client_ca else ("authentication (--client-ca or --token-file)",)),
        ]
        if lacking:
            raise click.UsageError(
                f"{host} can be reached by other machines, so there has to be "
                f"{' and '.join(lacking)}; or listen to 127.0.0.1, or say --insecure"
            )
    return Listen(host, port, endpoint, tls, tokens)


_TAKEN: Final = ("/healthz", "/readyz", "/metrics")


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not separator or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(
            f"{text!r} is no address such as :9765 or 127.0.0.1:9765", param_hint="'--listen'"
        )
    if host == "localhost":
        host = "127.0.0.1"
    if not host:
        return "0.0.0.0", int(port)  # noqa: S104 - only with TLS and authentication, see above
    try:
        ip_address(host)
    except ValueError:
        message = f"{host!r} is no IP address"
        raise click.BadParameter(message, param_hint="'--listen'") from None
    return host, int(port)


def _is_loopback(host: str) -> bool:
    return ip_address(host).is_loopback


def _tokens(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    try:
        tokens = tuple(file.read_text(encoding="ascii").split())
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no ASCII"
        raise click.BadParameter(
            f"cannot read {file}: {reason}", param_hint="'--token-file'"
        ) from None
    if not tokens:
        raise click.BadParameter(f"there is no token in {file}", param_hint="'--token-file'")
    return tokens
