"""The manifests in deploy/: they are well-formed, fit together, and start rulec as it is."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from audit_policy import load
from rule_events import audit_event, container, pod

from rulec.cli import COMMANDS
from rulec.cluster.kubeconfig import ENDPOINT

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")

# The API version of each kind that is used.
VERSIONS = {
    "Namespace": "v1",
    "ServiceAccount": "v1",
    "PersistentVolumeClaim": "v1",
    "Service": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "Deployment": "apps/v1",
}


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    """The objects that kustomize makes, by kind."""
    resources = read("kustomization.yaml")["resources"]
    found = {item["kind"]: item for item in map(read, resources)}
    assert len(found) == len(resources)
    return found


@pytest.fixture(scope="module")
def pod_spec(objects: Mapping[str, Any]) -> Any:
    return objects["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def serving(pod_spec: Any) -> Any:
    [found] = pod_spec["containers"]
    return found


def option(serving: Any, name: str) -> str:
    [found] = [text for text in serving["args"] if text.startswith(f"--{name}=")]
    return str(found.partition("=")[2])


def test_every_file_is_used(objects: Mapping[str, Any]) -> None:
    others = {"kustomization.yaml", "kind.yaml"}
    files = {path.name for path in DEPLOY.glob("*.yaml")}
    assert files == {*read("kustomization.yaml")["resources"], *others}
    assert {kind: item["apiVersion"] for kind, item in objects.items()} == VERSIONS


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kustomize_takes_it(objects: Mapping[str, Any]) -> None:
    call = ["kubectl", "kustomize", str(DEPLOY)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    made = list(yaml.safe_load_all(done.stdout))
    assert {item["kind"]: item["metadata"]["name"] for item in made} == {
        kind: item["metadata"]["name"] for kind, item in objects.items()
    }


def test_everything_is_in_the_namespace(objects: Mapping[str, Any]) -> None:
    namespace = objects["Namespace"]["metadata"]["name"]
    for kind, item in objects.items():
        assert kind == "Namespace" or item["metadata"]["namespace"] == namespace
    for command in re.findall(r"kubectl .*? create .*|kubectl -n .*", PAGE):
        assert f"-n {namespace} " in command, command


def test_labels_lead_to_the_pod(objects: Mapping[str, Any]) -> None:
    deployment = objects["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    for selector in (
        deployment["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector
        assert selector.items() <= labels.items()


def test_ports_lead_to_the_server(objects: Mapping[str, Any], serving: Any) -> None:
    [port] = serving["ports"]
    assert option(serving, "listen") == f":{port['containerPort']}"
    [of_service] = objects["Service"]["spec"]["ports"]
    assert of_service["targetPort"] == port["name"]
    [ingress] = objects["NetworkPolicy"]["spec"]["ingress"]
    assert [each["port"] for each in ingress["ports"]] == [port["name"]]
    for probe, path in {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }.items():
        expected = {"path": path, "port": port["name"], "scheme": "HTTPS"}
        assert serving[probe]["httpGet"] == expected
    address = objects["Service"]["spec"]["clusterIP"]
    assert f"--url https://{address}:{of_service['port']}{ENDPOINT}" in PAGE
    assert f"make-certificates.sh secrets {address}\n" in PAGE


def test_volumes_are_mounted_where_the_arguments_look(
    objects: Mapping[str, Any], pod_spec: Any, serving: Any
) -> None:
    mounts = {mount["name"]: mount for mount in serving["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod_spec["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert volumes["journal"]["persistentVolumeClaim"] == {
        "claimName": objects["PersistentVolumeClaim"]["metadata"]["name"]
    }
    assert option(serving, "rules") == mounts["rules"]["mountPath"]
    assert option(serving, "journal").startswith(mounts["journal"]["mountPath"] + "/")
    assert not mounts["journal"].get("readOnly")
    files = {
        "tls": {option(serving, "tls-cert"), option(serving, "tls-key")},
        "token": {option(serving, "token-file")},
    }
    names = {"tls": {"tls.crt", "tls.key"}, "token": {"token"}}  # what each secret has in it
    for volume, paths in files.items():
        assert paths == {f"{mounts[volume]['mountPath']}/{name}" for name in names[volume]}
    # What the page says is what is mounted.
    assert f"create secret tls {volumes['tls']['secret']['secretName']} " in PAGE
    assert f"create secret generic {volumes['token']['secret']['secretName']} " in PAGE
    assert f"create configmap {volumes['rules']['configMap']['name']} " in PAGE
    # Those for system calls are of no use there.
    for file in (ROOT / "rules").glob("k8s_*.yaml"):
        assert f"--from-file=rules/{file.name}" in PAGE


def test_the_journal_fits_into_its_volume(objects: Mapping[str, Any], serving: Any) -> None:
    claimed = objects["PersistentVolumeClaim"]["spec"]["resources"]["requests"]["storage"]
    assert int(option(serving, "journal-size")) * 1.5 <= int(claimed.removesuffix("Gi")) * 1024


def test_the_pod_may_do_as_little_as_possible(
    objects: Mapping[str, Any], pod_spec: Any, serving: Any
) -> None:
    """By the restricted standard, which the namespace enforces, and by rulec's own rules."""
    labels = objects["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert pod_spec["securityContext"]["runAsNonRoot"] is True
    assert pod_spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert serving["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod_spec["automountServiceAccountToken"] is False
    assert objects["ServiceAccount"]["automountServiceAccountToken"] is False
    assert pod_spec["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod_spec.keys()
    assert serving["resources"]["limits"]["memory"]
    assert objects["NetworkPolicy"]["spec"]["egress"] == []


def test_its_own_rules_have_nothing_against_it(objects: Mapping[str, Any]) -> None:
    from rulec import compile_ruleset

    ruleset = compile_ruleset(ROOT / "rules", rule_matching="all")
    event = audit_event(
        verb="create", resource="deployments", code=201, request=objects["Deployment"]
    )
    assert [alert.rule for alert in ruleset.match(event, source="k8s_audit")] == [
        "K8s Deployment Created"
    ]


# --- the arguments --------------------------------------------------------------------


# What the manifests rely on.
FLAGS = {
    *("rules", "listen", "tls-cert", "tls-key", "token-file", "journal", "journal-size"),
    *("output", "format"),
}


def test_the_arguments_are_those_that_are_checked(serving: Any) -> None:
    assert serving["args"][0] == "serve"
    assert {text.removeprefix("--").partition("=")[0] for text in serving["args"][1:]} == FLAGS


def test_the_arguments_are_taken(serving: Any, pod_spec: Any, tmp_path: Path) -> None:
    """The parser of the command takes them, with the files that are mounted in their places."""
    arguments = list(serving["args"][1:])
    for name in ("tls-cert", "tls-key", "token-file"):
        path = option(serving, name)
        file = tmp_path / Path(path).name
        file.write_text("token\n")
        arguments = [text.replace(path, str(file)) for text in arguments]
    command: click.Command = import_module(COMMANDS["serve"][0]).command
    ctx = command.make_context("serve", arguments)
    names = {name for each in command.params for name in each.opts}
    assert {f"--{flag}" for flag in FLAGS} <= names
    assert ctx.params["journal"] == Path(option(serving, "journal"))
    if hasattr(module := import_module(COMMANDS["serve"][0]), "listen_of"):
        listen = module.listen_of(ctx.params)
        assert (listen.port, listen.endpoint) == (9765, ENDPOINT)


def test_the_image_starts_rulec_as_the_same_user(pod_spec: Any) -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    user = pod_spec["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}" in lines
    assert 'ENTRYPOINT ["rulec"]' in lines
    copied = {line.split()[1] for line in lines if re.match(r"COPY \w+ \w+$", line)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folders = project["tool"]["setuptools"]["package-dir"].values()
    assert copied == set(folders)
    assert any("'.[server]'" in line for line in lines)
    image = pod_spec["containers"][0]["image"]
    assert image == f"rulec:{project['project']['version']}"
    assert lines[0] == f"# docker build -f deploy/Dockerfile -t {image} ."
    assert f"docker build -f deploy/Dockerfile -t {image} .\n" in PAGE


# --- kind -------------------------------------------------------------------------------


def test_kind_gives_the_api_server_its_files() -> None:
    cluster = read("kind.yaml")
    assert (cluster["kind"], cluster["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")
    [node] = cluster["nodes"]
    [mount] = node["extraMounts"]
    [patch] = map(yaml.safe_load, node["kubeadmConfigPatches"])
    server = patch["apiServer"]
    arguments = server["extraArgs"]
    assert all(isinstance(value, str) for value in arguments.values())
    volumes = {volume["mountPath"]: volume for volume in server["extraVolumes"]}
    for name, file in {
        "audit-policy-file": "audit/policy.yaml",
        "audit-webhook-config-file": "audit/webhook.yaml",
    }.items():
        folder, _, base = arguments[name].rpartition("/")
        assert f"-o {file}\n" in PAGE
        assert f"{mount['hostPath'].removeprefix('./')}/{base}" == file
        assert volumes[folder]["hostPath"] == mount["containerPath"]
    assert arguments["audit-log-path"].rpartition("/")[0] in volumes
    assert f"--name {cluster['name']}" in PAGE
    assert f"docker exec {cluster['name']}-control-plane" in PAGE


# --- the page -----------------------------------------------------------------------------


def commands(word: str) -> str:
    [found] = re.findall(rf"^```sh {word}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_set_up_makes_what_belongs_together(tmp_path: Path) -> None:
    """The commands of the page are run, and what they write is looked at."""
    for name in ("rules", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "rulec"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rulec "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}
    call = ["sh", "-euc", commands("setup")]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    logs = load((tmp_path / "audit" / "policy.yaml").read_text("utf-8"))
    privileged = audit_event(verb="create", request=pod(container(privileged=True)))
    assert logs.logged(privileged)["requestObject"] == privileged["requestObject"]  # type: ignore[index]
    webhook = yaml.safe_load((tmp_path / "audit" / "webhook.yaml").read_text("utf-8"))
    token = (tmp_path / "secrets" / "token").read_text().strip()
    assert webhook["users"][0]["user"] == {"token": token}
    address = read("service.yaml")["spec"]["clusterIP"]
    check = ["openssl", "verify", "-CAfile", "ca.crt", "-verify_ip", address, "tls.crt"]
    verified = subprocess.run(check, cwd=tmp_path / "secrets", capture_output=True, text=True)
    assert verified.stdout == "tls.crt: OK\n", verified.stderr
    files = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert files == {"ca.crt", "ca.key", "tls.crt", "tls.key", "token"}
    assert all((tmp_path / "secrets" / name).stat().st_mode & 0o77 == 0 for name in files)


def test_what_is_installed_is_what_the_manifests_name() -> None:
    lines = commands("install").splitlines()
    assert lines[0] == "kubectl apply -f deploy/namespace.yaml"
    assert "kubectl apply -k deploy/" in lines
    for file in re.findall(r"=(secrets/\w+\.?\w*)", commands("install")):
        assert Path(file).name in {"tls.crt", "tls.key", "token"}
