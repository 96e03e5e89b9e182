"""The kubeconfig for the audit webhook: what is in it, and what is refused."""

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from rulec.cli import cli
from rulec.cluster.kubeconfig import KubeconfigError, check_url

URL = "https://10.96.0.50:9765/k8s-audit"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n"

# The members of a kubeconfig that kube-apiserver reads (client-go, api/v1), with their types.
CLUSTER = {"server": str, "certificate-authority": str, "certificate-authority-data": bytes}
USER = {
    "client-certificate": str,
    "client-certificate-data": bytes,
    "client-key": str,
    "client-key-data": bytes,
    "token": str,
    "tokenFile": str,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    (tmp_path / "client.crt").write_text(CERTIFICATE)
    (tmp_path / "client.key").write_text(KEY)
    (tmp_path / "token").write_text("s3cret-token\n")
    return tmp_path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["k8s", "webhook-config", *map(str, arguments)])


def checked(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the cluster and the user of a kubeconfig that is valid."""
    found = yaml.safe_load(text)
    assert {*found} == {"apiVersion", "kind", "clusters", "users", "contexts", "current-context"}
    assert (found["apiVersion"], found["kind"]) == ("v1", "Config")
    [cluster], [user], [context] = found["clusters"], found["users"], found["contexts"]
    assert context["name"] == found["current-context"]
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    for members, known in ((cluster["cluster"], CLUSTER), (user["user"], USER)):
        for name, value in members.items():
            assert isinstance(value, str)
            if known[name] is bytes:
                members[name] = base64.b64decode(value, validate=True).decode()
    return cluster["cluster"], user["user"]


def test_everything_is_put_into_it(folder: Path) -> None:
    files = [f"--ca-file={folder}/ca.crt", f"--client-cert={folder}/client.crt"]
    done = run("--url", URL, *files, f"--client-key={folder}/client.key")
    assert (done.exit_code, done.stderr) == (0, "")
    cluster, user = checked(done.stdout)
    assert cluster == {"server": URL, "certificate-authority-data": CERTIFICATE}
    assert user == {"client-certificate-data": CERTIFICATE, "client-key-data": KEY}


def test_or_the_paths(folder: Path) -> None:
    names = ["--ca-file=/pki/ca.crt", "--client-cert=/pki/c.crt", "--client-key=/pki/c.key"]
    cluster, user = checked(run("--url", URL, "--paths", *names).stdout)
    assert cluster == {"server": URL, "certificate-authority": "/pki/ca.crt"}
    assert user == {"client-certificate": "/pki/c.crt", "client-key": "/pki/c.key"}
    assert "no absolute path" in run("--url", URL, "--paths", "--ca-file=ca.crt").stderr


def test_a_token(folder: Path) -> None:
    _, user = checked(run("--url", URL, f"--token-file={folder}/token").stdout)
    assert user == {"token": "s3cret-token"}
    _, user = checked(run("--url", URL, "--paths", "--token-file=/pki/token").stdout)
    assert user == {"tokenFile": "/pki/token"}


def test_nothing_but_a_url() -> None:
    assert checked(run("--url", URL).stdout) == ({"server": URL}, {})


def test_what_is_written_is_for_its_owner(folder: Path) -> None:
    done = run("--url", URL, f"--token-file={folder}/token", "-o", folder / "webhook.yaml")
    assert (done.exit_code, done.stdout) == (0, "")
    assert stat.S_IMODE((folder / "webhook.yaml").stat().st_mode) == 0o600
    assert checked((folder / "webhook.yaml").read_text())[1] == {"token": "s3cret-token"}
    assert [path.name for path in folder.iterdir() if path.name.startswith("tmp")] == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "http://127.0.0.1:9765/k8s-audit",
        "https://[2001:db8::1]:9765/k8s-audit",
        "https://audit.example.com/k8s-audit",
    ],
)
def test_urls_that_are_taken(url: str) -> None:
    check_url(url)
    assert run("--url", url).stderr == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("10.96.0.50:9765/k8s-audit", "begins with neither"),
        ("ftp://10.96.0.50/k8s-audit", "begins with neither"),
        ("https:///k8s-audit", "names no host"),
        ("https://10.96.0.50:0/k8s-audit", "no port"),
        ("https://10.96.0.50:99999/k8s-audit", "is no URL"),
        ("https://10.96.0.50:x/k8s-audit", "is no URL"),
        ("https://[::1/k8s-audit", "is no URL"),
        ("https://10.96.0.50:9765", "has no path, such as https://10.96.0.50:9765/k8s-audit"),
        ("https://10.96.0.50:9765/", "has no path"),
        ("https://me:secret@10.96.0.50/k8s-audit", "--token-file"),
        ("https://10.96.0.50/k8s-audit?x=1", "has more behind its path"),
        ("https://10.96.0.50/k8s-audit#x", "has more behind its path"),
        ("https://10.96.0.50/k8s audit", "have to be escaped"),
        ("https://10.96.0.50/k8s-\naudit", "have to be escaped"),
    ],
)
def test_urls_that_are_refused(url: str, why: str) -> None:
    with pytest.raises(KubeconfigError, match=why):
        check_url(url)
    done = run("--url", url)
    assert "secret" not in done.stdout + done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("url", "warning"),
    [
        ("https://rulec.rulec.svc:9765/k8s-audit", "ClusterIP"),
        ("https://rulec.rulec.svc.cluster.local/k8s-audit", "ClusterIP"),
        ("https://rulec:9765/k8s-audit", "ClusterIP"),
        ("http://10.96.0.50:9765/k8s-audit", "in clear text"),
    ],
)
def test_what_is_seldom_meant_is_warned_of(url: str, warning: str) -> None:
    done = run("--url", url)
    assert done.exit_code == 0
    assert warning in done.stderr
    checked(done.stdout)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--client-cert={}/client.crt"], "go together"),
        (["--client-key={}/client.key"], "go together"),
        (["--ca-file={}/client.key"], "holds no certificate"),
        (["--client-cert={}/client.crt", "--client-key={}/ca.crt"], "holds no private key"),
        (["--token-file={}/ca.crt"], "holds no token"),
        (["--url=http://127.0.0.1/x", "--ca-file={}/ca.crt"], "for https:// only"),
        (
            ["--client-cert={}/client.crt", "--client-key={}/client.key", "--token-file={}/token"],
            "either",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options: list[str], why: str, folder: Path) -> None:
    done = run("--url", URL, *(option.format(folder) for option in options))
    assert (done.exit_code, done.stdout) == (2, "")  # 3, once it has gone through main()
    assert why in done.stderr


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    done = run("--url", URL, f"--ca-file={folder}/none")
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr == f"rulec k8s: cannot read {folder}/none: No such file or directory\n"
    (folder / "large").write_bytes(b"x" * (1 << 20) + b"x")
    assert "is larger than" in run("--url", URL, f"--ca-file={folder}/large").stderr
