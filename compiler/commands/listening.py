"""Options of ``rulec serve``: where and to whom it listens, and how much it takes."""

import os
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import click

from rulec.runtime.sinks.sink import MIB
from rulec.server.settings import Limits, Listen, Tls

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)

# Paths that have a meaning of their own.
_PAGES: Final = ("/healthz", "/readyz", "/metrics")


def listen_options(function: Callable[..., Any]) -> Callable[..., Any]:
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


def limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
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
                type=click.IntRange(1, 200 * MIB),
                default=12 * MIB,
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
                help="How long a request may take to come before the connection is closed.",
            ),
            click.option(
                "--patience",
                type=click.FloatRange(0.01, 600),
                default=2.0,
                show_default=True,
                metavar="SECONDS",
                help="How long a request waits for the disk before it is refused with 503.",
            ),
            click.option(
                "--grace",
                type=click.FloatRange(0, 3600),
                default=10.0,
                show_default=True,
                metavar="SECONDS",
                help="How long to go on with what was accepted when the server is to end.",
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


def limits_of(options: dict[str, Any]) -> Limits:
    """Return the bounds that the options give."""
    return Limits(
        body=options["max_body"],
        memory=max(256 * MIB, 4 * options["max_body"]),
        timeout=options["timeout"],
        patience=options["patience"],
        grace=options["grace"],
        connections=options["max_connections"],
        journal=options["journal_size"] * MIB,
        window=options["window"],
    )


def default_folder() -> Path:
    """Return where the journal is if nobody says: where the state of programs is kept."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0]) / "journal"
    if os.geteuid() == 0:
        return Path("/var/lib/rulec/journal")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rulec" / "journal"


# --- where to listen ------------------------------------------------------------------


def listen_of(options: dict[str, Any]) -> Listen:
    """Return where to listen, or tell what is wrong with it."""
    host, port = _address(options["listen"])
    endpoint = options["endpoint"]
    if not endpoint.startswith("/") or "?" in endpoint or endpoint in _PAGES:
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
