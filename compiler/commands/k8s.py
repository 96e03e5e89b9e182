"""``rulec k8s``: have a cluster log and send what the rules need."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import modules_among
from rulec.commands.options import refuse, report_warnings, rules_given
from rulec.runtime.rendering import counted

SOURCE: Final = "k8s_audit"

# The largest file that is put into a kubeconfig, in bytes.
_LARGEST: Final = 1 << 20


@click.group(
    short_help="Have a cluster log and send what the rules need.", invoke_without_command=True
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Write what kube-apiserver needs to log and send the events that rules are about.

    \b
    rulec k8s policy -r rules/ -o audit-policy.yaml
    rulec k8s webhook-config --url https://10.96.0.50:9765/k8s-audit -o audit-webhook.yaml
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="-",
    metavar="FILE",
    help="Where to write (default: standard output).",
)


@command.command(short_help="Write an audit policy for the rules.")
@rules_given(name="paths")
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="RESOURCE=GROUP",
    help="The API group of a resource that Kubernetes does not come with (repeatable).",
)
@_output
def policy(paths: tuple[Path, ...], groups: tuple[str, ...], output: Path) -> None:
    """Write an audit policy (audit.k8s.io/v1) that logs what the rules read, and no more.

    It is worked out from the conditions and outputs of the rules: which requests a rule may
    match, at which stages, and whether it reads the objects of request and response. Each
    entry says in a comment which rules need it. It is the same for the same rules.
    """
    from rulec.api import plan_files
    from rulec.cluster.policy import UnknownGroupError, policy
    from rulec.cluster.policy_text import policy_text
    from rulec.diagnostics import RulesError
    from rulec.files import collect

    named = _named_groups(groups)
    if modules := modules_among(paths):
        raise click.UsageError(
            f"{modules[0]} is compiled, and does not tell what its conditions were: "
            "give the rules that it was built from"
        )
    try:
        planned, warnings = plan_files(collect(paths), sources=[SOURCE])
    except RulesError as error:
        refuse(str(error))
    report_warnings(warnings)
    rules = [rule for rule in planned.rules if rule.source == SOURCE]
    if not rules:
        click.echo(f"no rules for {SOURCE} in {', '.join(map(str, paths))}", err=True)
    try:
        found = policy(rules, named)
    except UnknownGroupError as error:
        given = " ".join(f"--group {resource}=GROUP" for resource in error.resources)
        raise click.UsageError(
            f"rules name resources of an unknown API group: add {given}"
        ) from None
    for resource, readers in found.exposed:
        listed = ", ".join(map(repr, readers))
        click.echo(f"note: what is in {resource} is logged, for {listed}", err=True)
    _write(output, policy_text(found, counted(len(rules), "rule")))


def _named_groups(groups: tuple[str, ...]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in groups:
        resource, sign, group = text.partition("=")
        if not resource or not sign:
            raise click.BadParameter(
                f"{text!r} is not RESOURCE=GROUP, such as rollouts=argoproj.io",
                param_hint="'--group'",
            )
        found.setdefault(resource, []).append(group)
    return found


_file = click.Path(path_type=Path)


@command.command("webhook-config", short_help="Write the file that says where events are sent.")
@click.option("--url", required=True, help="Where 'rulec serve' listens, with the path.")
@click.option("--ca-file", type=_file, metavar="FILE", help="What its certificate is signed with.")
@click.option("--client-cert", type=_file, metavar="FILE", help="The API server's certificate.")
@click.option("--client-key", type=_file, metavar="FILE", help="The key for it.")
@click.option("--token-file", type=_file, metavar="FILE", help="A token to send, instead.")
@click.option(
    "--paths",
    is_flag=True,
    help="Write the paths of the files, as they are on the control plane, and not what is in them.",
)
@_output
def webhook_config(url: str, paths: bool, output: Path, **files: Path | None) -> None:
    """Write the kubeconfig for kube-apiserver's --audit-webhook-config-file.

    Certificates, key and token are put into it, so that it is all that has to be copied to the
    control plane; keep it as secret as the key. With --paths it names the files instead.
    """
    from rulec.cluster.kubeconfig import KubeconfigError, Webhook, doubts, kubeconfig

    try:
        webhook = Webhook(
            url,
            _secret(files["ca_file"], paths),
            _secret(files["client_cert"], paths),
            _secret(files["client_key"], paths),
            _secret(files["token_file"], paths),
        )
        text = kubeconfig(webhook)
    except KubeconfigError as error:
        raise click.UsageError(str(error)) from None
    for doubt in doubts(webhook):
        click.echo(f"warning: {doubt}", err=True)
    _write(output, text, private=not paths)


def _secret(file: Path | None, named: bool) -> Any:
    from rulec.cluster.kubeconfig import KubeconfigError, Secret

    if file is None:
        return None
    if named:
        if not file.is_absolute():
            raise KubeconfigError(f"{file} is no absolute path, which --paths needs")
        return Secret(str(file))
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        click.echo(f"rulec k8s: cannot read {file}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    if len(content) > _LARGEST:
        raise KubeconfigError(f"{file} is larger than {_LARGEST} bytes")
    return Secret(str(file), content)


def _write(output: Path, text: str, *, private: bool = False) -> None:
    """Write a file as a whole or not at all; a private one so that only its owner reads it."""
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    try:
        if private:
            _write_private(output, text)
        else:
            with click.open_file(str(output), "w", encoding="utf-8", atomic=True) as stream:
                stream.write(text)
    except OSError as error:
        click.echo(f"rulec k8s: cannot write {output}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None


def _write_private(output: Path, text: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", dir=output.parent, delete=False) as stream:
        try:
            stream.write(text)
            stream.flush()
            Path(stream.name).replace(output)
        except OSError:
            Path(stream.name).unlink()
            raise
