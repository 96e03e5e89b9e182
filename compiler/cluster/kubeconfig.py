"""The file that tells kube-apiserver where to send audit events (a kubeconfig)."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

ENDPOINT: Final = "/k8s-audit"
CERTIFICATE: Final = "CERTIFICATE"
PRIVATE_KEY: Final = "PRIVATE KEY"


class KubeconfigError(ValueError):
    """Something that a kubeconfig is to be made of is no such thing."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A file that is named in a kubeconfig, or what is in it."""

    path: str
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are sent, and how both sides know each other."""

    server: str
    ca: Secret | None = None
    certificate: Secret | None = None
    key: Secret | None = None
    token: Secret | None = None


def kubeconfig(webhook: Webhook) -> str:
    """Return the text of a kubeconfig.

    :raises KubeconfigError: if the parts do not go together, or a file has something else in it.
    """
    check_url(webhook.server)
    _check_parts(webhook)
    lines = [
        "apiVersion: v1",
        "kind: Config",
        "clusters:",
        "  - name: rulec",
        "    cluster:",
        f"      server: {json.dumps(webhook.server)}",
        *_credential("certificate-authority", webhook.ca, CERTIFICATE),
        "users:",
        "  - name: kube-apiserver",
        *_user(webhook),
        "contexts:",
        "  - name: rulec",
        "    context: {cluster: rulec, user: kube-apiserver}",
        "current-context: rulec",
    ]
    return "\n".join(lines) + "\n"


def check_url(url: str) -> None:
    """Look whether events can be posted to a URL.

    :raises KubeconfigError: if not.
    """
    if "@" in url:
        raise KubeconfigError("a URL with a user in it is not taken: use --token-file")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise KubeconfigError(f"{url!r} is no URL: {error}") from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise KubeconfigError(f"{url!r} is no URL: it has characters that have to be escaped")
    if parts.scheme not in ("http", "https"):
        raise KubeconfigError(f"{url!r} begins with neither https:// nor http://")
    if not parts.hostname:
        raise KubeconfigError(f"{url!r} names no host")
    if port == 0:
        raise KubeconfigError(f"{url!r} names no port that can be reached")
    if parts.query or parts.fragment:
        raise KubeconfigError(f"{url!r} has more behind its path")
    if parts.path in ("", "/"):
        raise KubeconfigError(f"{url!r} has no path, such as {url.rstrip('/')}{ENDPOINT}")


def doubts(webhook: Webhook) -> Iterator[str]:
    """Yield what is allowed, but seldom meant."""
    parts = urlsplit(webhook.server)
    host = parts.hostname or ""
    address = _address(host)
    if address is None and host != "localhost" and _is_name_of_service(host):
        yield (
            f"{host} looks like the name of a service: kube-apiserver does not ask the DNS of the"
            " cluster, so use the service's ClusterIP or the address of a node"
        )
    is_local = host == "localhost" or (address is not None and address.is_loopback)
    if parts.scheme == "http" and not is_local:
        secret = " and the token" if webhook.token else ""
        yield f"events{secret} are sent in clear text: use https"


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_name_of_service(host: str) -> bool:
    return "." not in host or host.endswith((".svc", ".svc.cluster.local"))


def _check_parts(webhook: Webhook) -> None:
    encrypted = webhook.server.startswith("https:")
    if not encrypted and (webhook.ca or webhook.certificate or webhook.key):
        raise KubeconfigError("certificates and keys are for https:// only")
    if (webhook.certificate is None) != (webhook.key is None):
        raise KubeconfigError("--client-cert and --client-key go together")
    if webhook.certificate and webhook.token:
        raise KubeconfigError("take either a client certificate or a token")


def _user(webhook: Webhook) -> Iterator[str]:
    lines = [
        *_credential("client-certificate", webhook.certificate, CERTIFICATE),
        *_credential("client-key", webhook.key, PRIVATE_KEY),
        *_token(webhook.token),
    ]
    yield from ["    user:", *lines] if lines else ["    user: {}"]


def _credential(name: str, secret: Secret | None, kind: str) -> Iterator[str]:
    if secret is None:
        return
    if secret.content is None:
        yield f"      {name}: {json.dumps(secret.path)}"
        return
    begin = b"-----BEGIN "
    if not any(
        line.startswith(begin) and kind.encode() in line for line in secret.content.splitlines()
    ):
        raise KubeconfigError(f"{secret.path} holds no {kind.lower()} in PEM form")
    yield f"      {name}-data: {b64encode(secret.content).decode()}"


def _token(secret: Secret | None) -> Iterator[str]:
    if secret is None:
        return
    if secret.content is None:
        yield f"      tokenFile: {json.dumps(secret.path)}"
        return
    token = secret.content.strip()
    if not token or not token.isascii() or any(sign < 0x21 or sign == 0x7F for sign in token):
        raise KubeconfigError(f"{secret.path} holds no token: one word of ASCII is expected")
    yield f"      token: {json.dumps(token.decode())}"
