"""The shipped Kubernetes rules: what each reports, and what it lets pass."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.resources import files
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from rule_cases import Case, Item, append, definitions, names, switch, variants
from rule_events import (
    audit_event,
    binding,
    config_map,
    container,
    ingress,
    pod,
    pod_with_host_path,
    role,
    service,
)

from rulec import compile_ruleset

ROOT = Path(__file__).parent.parent
SHIPPED = Path(str(files("rulec.rules") / "k8s_audit.yaml"))
CONFORMANCE = Path(os.environ.get("RULEC_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
UPSTREAM = CONFORMANCE / "k8s_audit" / "rules" / "plugins-head" / "k8s_audit_rules.yaml"
SAMPLES = ROOT / "docs" / "samples"

# ----------------------------------------------------------------------------------------
# Names: part of the interface, because overlays refer to them.
# ----------------------------------------------------------------------------------------

RULES = [
    "Disallowed K8s User",
    "Create Disallowed Pod",
    "Create Privileged Pod",
    "Create Sensitive Mount Pod",
    "Create HostNetwork Pod",
    "Create HostPid Pod",
    "Create HostIPC Pod",
    "Create NodePort Service",
    "Create/Modify Configmap With Private Credentials",
    "Anonymous Request Allowed",
    "Attach/Exec Pod",
    "port-forward",
    "EphemeralContainers Created",
    "Create Disallowed Namespace",
    "Pod Created in Kube Namespace",
    "Service Account Created in Kube Namespace",
    "System ClusterRole Modified/Deleted",
    "Attach to cluster-admin Role",
    "ClusterRole With Wildcard Created",
    "ClusterRole With Write Privileges Created",
    "ClusterRole With Pod Exec Created",
    "K8s Deployment Created",
    "K8s Deployment Deleted",
    "K8s Service Created",
    "K8s Service Deleted",
    "K8s ConfigMap Created",
    "K8s ConfigMap Deleted",
    "K8s Namespace Created",
    "K8s Namespace Deleted",
    "K8s Serviceaccount Created",
    "K8s Serviceaccount Deleted",
    "K8s Role Created",
    "K8s Role Deleted",
    "K8s ClusterRole Created",
    "K8s ClusterRole Deleted",
    "K8s RoleBinding Created",
    "K8s RoleBinding Deleted",
    "K8s ClusterRoleBinding Created",
    "K8s ClusterRoleBinding Deleted",
    "K8s Secret Created",
    "K8s Secret Deleted",
    "K8s Secret Get Successfully",
    "K8s Secret Get Unsuccessfully Tried",
    "All K8s Audit Events",
    "Full K8s Administrative Access",
    "Ingress Object without TLS Certificate Created",
    "Untrusted Node Successfully Joined the Cluster",
    "Untrusted Node Unsuccessfully Tried to Join the Cluster",
]

MACROS = {
    "k8s_audit_always_true",
    "k8s_audit_never_true",
    "kevt",
    "kevt_started",
    "kactivity",
    "kall",
    "non_system_user",
    "response_successful",
    "kget",
    "kcreate",
    "kmodify",
    "kdelete",
    "pod",
    "pod_subresource",
    "deployment",
    "service",
    "configmap",
    "namespace",
    "serviceaccount",
    "role",
    "clusterrole",
    "rolebinding",
    "clusterrolebinding",
    "secret",
    "ingress",
    "node",
    "health_endpoint",
    "live_endpoint",
    "ready_endpoint",
    "any_container_privileged",
    "sensitive_vol_mount",
    "contains_private_credentials",
    "writable_verbs",
    "ingress_tls",
    "allowed_kube_namespace_pods",
    "trusted_sa",
    "allowed_k8s_containers",
    "consider_activity_events",
    "consider_all_events",
    "allowed_full_admin_users",
    "allow_all_k8s_nodes",
    "user_known_node_port_service",
    "user_known_exec_pod_activities",
    "user_known_portforward_activities",
    "user_known_pod_debug_activities",
}

LISTS = {
    "k8s_audit_stages",
    "allowed_k8s_users",
    "vertical_pod_autoscaler_users",
    "eks_allowed_k8s_users",
    "full_admin_k8s_users",
    "k8s_audit_privileged_images",
    "k8s_audit_sensitive_mount_images",
    "k8s_audit_hostnetwork_images",
    "k8s_audit_hostpid_images",
    "k8s_audit_hostipc_images",
    "allowed_namespaces",
    "allowed_kube_namespace_image_list",
    "user_allowed_kube_namespace_image_list",
    "k8s_image_list",
    "user_trusted_image_list",
    "known_sa_list",
    "user_known_sa_list",
    "allowed_k8s_nodes",
}


def test_the_names_of_rules_macros_and_lists_are_frozen() -> None:
    assert list(definitions(SHIPPED, "rule")) == RULES
    assert set(definitions(SHIPPED, "macro")) == MACROS
    assert set(definitions(SHIPPED, "list")) == LISTS
    assert (len(RULES), len(MACROS), len(LISTS)) == (48, 45, 18)


@pytest.mark.conformance
@pytest.mark.skipif(not UPSTREAM.exists(), reason="the conformance folder is not there")
def test_names_priorities_and_tags_are_those_of_falco() -> None:
    for kind in ("macro", "list"):
        assert set(definitions(SHIPPED, kind)) == set(definitions(UPSTREAM, kind))
    assert _labels(SHIPPED) == _labels(UPSTREAM)


@pytest.mark.conformance
@pytest.mark.skipif(not UPSTREAM.exists(), reason="the conformance folder is not there")
def test_lists_have_the_items_of_falco() -> None:
    shipped, upstream = (definitions(path, "list") for path in (SHIPPED, UPSTREAM))
    assert {name: item["items"] for name, item in shipped.items()} == {
        name: item["items"] for name, item in upstream.items()
    }


def _labels(path: Path) -> list[tuple[Any, ...]]:
    """Return what a router of alerts sees of every rule, in order."""
    return [
        (name, rule["source"], rule["priority"], sorted(rule["tags"]), rule.get("enabled", True))
        for name, rule in definitions(path, "rule").items()
    ]


# ----------------------------------------------------------------------------------------
# Rules: an event that is reported, and what must change for it to pass.
# ----------------------------------------------------------------------------------------


STARTED: Mapping[str, Any] = {"stage": "ResponseStarted"}
REFUSED: Mapping[str, Any] = {"code": 403, "reason": "Forbidden", "decision": "forbid"}
SYSTEM_USER: Mapping[str, Any] = {"user": "system:serviceaccount:ci:deployer"}
NO_NEW_POD: tuple[Mapping[str, Any], ...] = (
    {"verb": "update"},
    {"subresource": "status"},
    {"resource": "podtemplates"},
    STARTED,
)
NODE_OFF = switch("allow_all_k8s_nodes", "k8s_audit_never_true")


def created(resource: str, **more: Any) -> dict[str, Any]:
    return {"verb": "create", "resource": resource, "code": 201, **more}


def deleted(resource: str, **more: Any) -> dict[str, Any]:
    return {"verb": "delete", "resource": resource, **more}


def created_pod(*containers: Item, **spec: Any) -> dict[str, Any]:
    return created("pods", request=pod(*containers, **spec))


def activity(what: str, verb: str, event: Mapping[str, Any], *misses: Mapping[str, Any]) -> Case:
    """A rule of the record of activity, with the misses that all of them have in common."""
    common = ({"verb": "patch"}, {"resource": "events"}, {"code": 409}, STARTED)
    return Case(f"K8s {what} {verb.capitalize()}d", event, (*common, *misses))


SECURITY = [
    Case(
        "Disallowed K8s User",
        {"user": "m.keller@example.net"},
        (
            {"user": "kubernetes-admin"},
            {"user": "vpa-updater"},  # from the list inside the list
            {"user": "eks:nodewatcher"},
            {"user": "system:node:worker-1"},
            STARTED,
        ),
        ({"user": "m.system:"}, {"user": ""}, REFUSED, {"resource": None, "uri": "/version"}),
    ),
    Case(
        "Create Disallowed Pod",
        created_pod(container("nginx:1.27")),
        (
            {"request": pod(container("registry.example.com/shop/web:1"))},
            *NO_NEW_POD,
        ),
        ({"request": pod(container("registry.example.com/shop/web:1"), container("nginx"))},),
        switch(
            "allowed_k8s_containers",
            "ka.req.pod.containers.image.repository in (registry.example.com/shop/web)",
        ),
    ),
    Case(
        "Create Privileged Pod",
        created_pod(container(privileged=True)),
        (
            {"request": pod(container(privileged=False))},
            {"request": pod(container())},
            {"request": pod(container("calico/node:v3.29", privileged=True))},
            *NO_NEW_POD,
        ),
        (
            {"request": pod(container(), container(privileged=True))},
            {"request": pod(initContainers=[container(privileged=True)])},
            {"request": pod(ephemeralContainers=[container(privileged=True)])},
            {"request": pod(container("calico/node", privileged=True), container())},
            {"namespace": "kube-system"},  # comes before the rule on this namespace
            REFUSED,
        ),
    ),
    Case(
        "Create Sensitive Mount Pod",
        created("pods", request=pod_with_host_path("/etc")),
        (
            {"request": pod_with_host_path("/etc/ssl")},
            {"request": pod_with_host_path("/", "docker.io/prom/node-exporter:v1.9")},
            {"request": pod()},
            *NO_NEW_POD,
        ),
        (
            {"request": pod_with_host_path("/")},
            {"request": pod_with_host_path("/run/containerd/containerd.sock")},
        ),
    ),
    Case(
        "Create HostNetwork Pod",
        created_pod(hostNetwork=True),
        (
            {"request": pod(hostNetwork=False)},
            {"request": pod()},
            {"request": pod(container("gke.gcr.io/kube-proxy:v1"), hostNetwork=True)},
            *NO_NEW_POD,
        ),
    ),
    Case(
        "Create HostPid Pod",
        created_pod(hostPID=True),
        ({"request": pod(hostPID=False)}, {"request": pod()}, *NO_NEW_POD),
        ({"request": pod(container("falcosecurity/falco:0.44.1"), hostPID=True)},),
    ),
    Case(
        "Create HostIPC Pod",
        created_pod(hostIPC=True),
        ({"request": pod(hostIPC=False)}, {"request": pod()}, *NO_NEW_POD),
        ({"request": pod(container("falcosecurity/falco:0.44.1"), hostIPC=True)},),
    ),
    Case(
        "Create NodePort Service",
        created("services", request=service("NodePort")),
        (
            {"request": service("ClusterIP")},
            {"request": service("LoadBalancer")},
            {"verb": "update"},
            {"resource": "endpoints"},
            STARTED,
        ),
    ),
    Case(
        "Create/Modify Configmap With Private Credentials",
        {"verb": "create", "resource": "configmaps", "request": config_map(password="hunter2")},
        (
            {"request": config_map(colour="blue")},
            {"request": config_map(PASSWORD="hunter2")},
            {"resource": "secrets"},
            {"verb": "delete"},
            STARTED,
        ),
        (
            {"verb": "update"},
            {"verb": "patch"},
            {"request": config_map(text="passphrase: hunter2")},
            {"request": config_map(text="aws_access_key_id = AKIAEXAMPLE")},
            {"request": {"data": {"aws-s3-access-key-id": "AKIAEXAMPLE"}}},
        ),
    ),
    Case(
        "Anonymous Request Allowed",
        {"user": "system:anonymous", "uri": "/api/v1/namespaces"},
        (
            {"user": "system:serviceaccount:shop:web"},
            {"decision": "forbid"},
            {"decision": None},
            *({"uri": uri} for uri in ("/healthz", "/healthz?verbose", "/livez", "/livez?x=1")),
            *({"uri": uri} for uri in ("/readyz", "/readyz?exclude=etcd")),
            STARTED,
        ),
        ({"uri": "/healthz/etcd"}, {"uri": "/version"}),
    ),
    Case(
        "Attach/Exec Pod",
        {
            "verb": "create",
            "subresource": "exec",
            "uri": "/api/v1/namespaces/shop/pods/web/exec?command=sh&stdin=true&tty=true",
            "code": 101,
            **STARTED,
        },
        (
            {"stage": "ResponseComplete"},
            {"subresource": "log"},
            {"verb": "delete"},
            {"resource": "services"},
        ),
        ({"subresource": "attach"}, {"verb": "get"}),
    ),
    Case(
        "port-forward",
        {"verb": "create", "subresource": "portforward", "code": 101, **STARTED},
        ({"subresource": "proxy"}, {"subresource": None}),
        ({"stage": "ResponseComplete"}, {"verb": "get"}),
    ),
    Case(
        "EphemeralContainers Created",
        {
            "verb": "patch",
            "subresource": "ephemeralcontainers",
            "request": {"spec": {"ephemeralContainers": [container("busybox:1.37")]}},
        },
        (
            {"verb": "get"},
            {"subresource": "status"},
            {"resource": "podtemplates"},
            STARTED,
        ),
        ({"verb": "update"}, {"verb": "create"}),
    ),
    Case(
        "Create Disallowed Namespace",
        created("namespaces", name="crypto"),
        ({"name": "default"}, {"verb": "update"}, {"resource": "nodes"}, STARTED),
        (REFUSED, SYSTEM_USER),
    ),
    Case(
        "Pod Created in Kube Namespace",
        created_pod() | {"namespace": "kube-system"},
        (
            {"namespace": "kube-node-lease"},
            {"request": pod(container("registry.k8s.io/kube-apiserver:v1.33.1"))},
            *NO_NEW_POD,
        ),
        (
            {"namespace": "kube-public"},
            {"request": pod(container("registry.k8s.io/kube-apiserver:v1.33.1"), container())},
        ),
    ),
    Case(
        "Service Account Created in Kube Namespace",
        created("serviceaccounts", namespace="kube-system", name="backup"),
        (
            {"name": "coredns"},
            {"namespace": "shop"},
            {"verb": "patch"},
            {"subresource": "token", "resource": "pods"},
            REFUSED,
            STARTED,
        ),
        ({"namespace": "kube-public"},),
    ),
    Case(
        "System ClusterRole Modified/Deleted",
        {
            "verb": "update",
            "resource": "roles",
            "namespace": "kube-system",
            "name": "system:controller:token-cleaner",
        },
        (
            {"name": "token-cleaner"},
            {"name": "system:coredns"},
            {"name": "system:managed-certificate-controller"},
            {"verb": "get"},
            {"resource": "rolebindings"},
            STARTED,
        ),
        (
            {"verb": "create"},
            {"verb": "patch"},
            {"verb": "delete"},
            {"resource": "clusterroles", "namespace": None},
        ),
    ),
    Case(
        "Attach to cluster-admin Role",
        created("clusterrolebindings", namespace=None, request=binding("cluster-admin")),
        (
            {"request": binding("view")},
            {"resource": "rolebindings"},
            {"verb": "delete"},
            STARTED,
        ),
    ),
    Case(
        "ClusterRole With Wildcard Created",
        created("roles", request=role(["*"], ["get"])),
        (
            {"request": role(["secrets/*"], ["get"])},
            {"verb": "update"},
            {"resource": "clusterrolebindings"},
            STARTED,
        ),
        (
            {"request": role(["secrets"], ["*"])},
            {"request": role(["*"], ["create"])},  # not "With Write Privileges" as well
            {"resource": "clusterroles", "namespace": None},
        ),
    ),
    Case(
        "ClusterRole With Write Privileges Created",
        created("roles", request=role(["secrets"], ["deletecollection"])),
        (
            {"request": role(["secrets"], ["get", "list", "watch"])},
            {"verb": "patch"},
            {"resource": "configmaps"},
            STARTED,
        ),
        (
            *({"request": role(["pods"], [verb])} for verb in ("create", "update", "patch")),
            {"request": role(["pods/exec"], ["create"])},
            {"resource": "clusterroles", "namespace": None},
        ),
    ),
    Case(
        "ClusterRole With Pod Exec Created",
        created("roles", request=role(["pods/exec"], ["get"])),
        (
            {"request": role(["pods/log"], ["get"])},
            {"verb": "delete"},
            {"resource": "deployments"},
            STARTED,
        ),
        ({"resource": "clusterroles", "namespace": None},),
    ),
]

ACTIVITY = [
    activity("Deployment", "create", created("deployments"), {"resource": "daemonsets"}),
    activity("Deployment", "delete", deleted("deployments"), {"resource": "replicasets"}),
    activity("Service", "create", created("services", request=service("ClusterIP"))),
    activity("Service", "delete", deleted("services"), {"resource": "endpoints"}),
    activity("ConfigMap", "create", created("configmaps", request=config_map(colour="blue"))),
    activity("ConfigMap", "delete", deleted("configmaps"), {"resource": "secrets"}),
    activity("Namespace", "create", created("namespaces", name="default"), {"resource": "pods"}),
    activity("Namespace", "delete", deleted("namespaces"), SYSTEM_USER),
    activity("Serviceaccount", "create", created("serviceaccounts")),
    activity("Serviceaccount", "delete", deleted("serviceaccounts")),
    activity(
        "Role",
        "create",
        created("roles", request=role(["services"], ["list"])),
        {"resource": "clusterroles"},
    ),
    activity("Role", "delete", deleted("roles"), {"resource": "clusterroles"}),
    activity(
        "ClusterRole",
        "create",
        created("clusterroles", namespace=None, request=role(["services"], ["list"])),
        {"resource": "roles"},
    ),
    activity("ClusterRole", "delete", deleted("clusterroles"), {"resource": "roles"}),
    activity(
        "RoleBinding",
        "create",
        created("rolebindings", request=binding("cluster-admin")),
        {"resource": "clusterrolebindings"},
    ),
    activity("RoleBinding", "delete", deleted("rolebindings"), {"resource": "clusterrolebindings"}),
    activity(
        "ClusterRoleBinding",
        "create",
        created("clusterrolebindings", namespace=None, request=binding("view")),
        {"resource": "rolebindings"},
    ),
    activity(
        "ClusterRoleBinding", "delete", deleted("clusterrolebindings"), {"resource": "rolebindings"}
    ),
    activity(
        "Secret",
        "create",
        created("secrets"),
        {"namespace": "kube-system"},
        {"namespace": None},  # a missing field differs from nothing
        SYSTEM_USER,
    ),
    activity("Secret", "delete", deleted("secrets"), {"namespace": "kube-system"}, SYSTEM_USER),
    Case(
        "K8s Secret Get Successfully",
        {"verb": "get", "resource": "secrets"},
        ({"verb": "list"}, {"resource": "configmaps"}, {"code": 404}, STARTED),
        (SYSTEM_USER, {"namespace": "kube-system"}),
    ),
    Case(
        "K8s Secret Get Unsuccessfully Tried",
        {"verb": "get", "resource": "secrets", "code": 404},
        ({"verb": "watch"}, {"resource": "pods"}, {"code": 200}, STARTED),
        (SYSTEM_USER, REFUSED),
    ),
]

REMAINING = [
    Case(
        "All K8s Audit Events",
        {"verb": "list"},
        (STARTED, {"stage": "RequestReceived"}),
        (REFUSED, SYSTEM_USER, {"resource": None, "uri": "/version"}),
        switch("consider_all_events", "k8s_audit_always_true"),
    ),
    Case(
        "Full K8s Administrative Access",
        {"user": "kubernetes-admin", "verb": "list"},
        ({"user": "kube"}, SYSTEM_USER, STARTED),
        ({"user": "minikube-user"}, REFUSED),
        switch("allowed_full_admin_users", "k8s_audit_never_true"),
    ),
    Case(
        "Ingress Object without TLS Certificate Created",
        created("ingresses", request=ingress(tls=False)),
        (
            {"request": ingress(tls=True)},
            {"verb": "update"},
            {"resource": "services"},
            {"code": 422},
            STARTED,
        ),
    ),
    Case(
        "Untrusted Node Successfully Joined the Cluster",
        created("nodes", name="worker-9", namespace=None, user="system:node:worker-9"),
        ({"name": "worker-1"}, {"verb": "patch"}, {"resource": "leases"}, {"code": 403}, STARTED),
        overlay=NODE_OFF + append("allowed_k8s_nodes", "worker-1"),
    ),
    Case(
        "Untrusted Node Unsuccessfully Tried to Join the Cluster",
        created("nodes", name="worker-9", namespace=None, user="system:node:worker-8")
        | {"code": 403, "reason": "Forbidden"},
        ({"name": "worker-1"}, {"verb": "get"}, {"resource": "pods"}, {"code": 201}, STARTED),
        overlay=NODE_OFF + append("allowed_k8s_nodes", "worker-1"),
    ),
]

CASES = [*SECURITY, *ACTIVITY, *REMAINING]

Compile = Callable[..., Any]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compile the shipped rules and an overlay, once for each overlay."""
    known: dict[tuple[str, str], Any] = {}

    def compiled(overlay: str = "", rule_matching: str = "first") -> Any:
        key = (overlay, rule_matching)
        if key not in known:
            paths = [SHIPPED]
            if overlay:
                paths.append(tmp_path_factory.mktemp("rules") / "overlay.yaml")
                paths[-1].write_text(overlay, encoding="utf-8")
            known[key] = compile_ruleset(*map(str, paths), rule_matching=rule_matching)
        return known[key]

    return compiled


def test_every_rule_has_a_case() -> None:
    assert [case.rule for case in CASES] == RULES
    assert all(case.misses for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_reports_its_event(case: Case, compiled: Compile) -> None:
    [alert] = compiled(case.overlay).match(audit_event(**case.event), source="k8s_audit")
    assert alert.rule == case.rule
    assert "<NA>" not in alert.message, "the output names a field that the event does not have"
    assert "ka.user.name" in alert.output_fields


@pytest.mark.parametrize(("case", "change"), variants(CASES, "hits"))
def test_a_rule_reports_variants_of_its_event(
    case: Case, change: Mapping[str, Any], compiled: Compile
) -> None:
    event = audit_event(**{**case.event, **change})
    assert names(compiled(case.overlay), event) == [case.rule]


@pytest.mark.parametrize(("case", "change"), variants(CASES, "misses"))
def test_a_rule_lets_a_near_miss_pass(
    case: Case, change: Mapping[str, Any], compiled: Compile
) -> None:
    event = audit_event(**{**case.event, **change})
    assert case.rule not in names(compiled(case.overlay, "all"), event)


# ----------------------------------------------------------------------------------------
# Order, switches and exceptions
# ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            created("namespaces", name="crypto"),
            ["Create Disallowed Namespace", "K8s Namespace Created"],
            id="a new namespace is not just activity",
        ),
        pytest.param(
            created("clusterroles", request=role(["*"], ["*", "create"])),
            [
                "ClusterRole With Wildcard Created",
                "ClusterRole With Write Privileges Created",
                "K8s ClusterRole Created",
            ],
            id="a wildcard says more than a verb",
        ),
        pytest.param(
            created_pod(container(privileged=True), hostPID=True) | {"namespace": "kube-system"},
            ["Create Privileged Pod", "Create HostPid Pod", "Pod Created in Kube Namespace"],
            id="what a pod can do comes before where it is",
        ),
        pytest.param(
            created_pod(hostIPC=True) | {"user": "m.keller@example.net"},
            ["Disallowed K8s User", "Create HostIPC Pod"],
            id="who does it comes first of all",
        ),
    ],
)
def test_the_first_of_several_rules_wins(
    event: Mapping[str, Any], expected: list[str], compiled: Compile
) -> None:
    assert names(compiled("", "all"), audit_event(**event)) == expected
    assert names(compiled(), audit_event(**event)) == expected[:1]


SILENT = [
    "Create Disallowed Pod",
    "All K8s Audit Events",
    "Full K8s Administrative Access",
    "Untrusted Node Successfully Joined the Cluster",
    "Untrusted Node Unsuccessfully Tried to Join the Cluster",
]


@pytest.mark.parametrize("case", [case for case in CASES if case.overlay], ids=lambda c: c.rule)
def test_a_rule_behind_a_switch_is_silent_as_shipped(case: Case, compiled: Compile) -> None:
    assert case.rule in SILENT
    assert names(compiled("", "all"), audit_event(**case.event)) == []


@pytest.mark.parametrize("case", [*ACTIVITY, REMAINING[2]], ids=lambda case: case.rule)
def test_activity_can_be_silenced(case: Case, compiled: Compile) -> None:
    overlay = switch("consider_activity_events", "k8s_audit_never_true")
    assert names(compiled(overlay, "all"), audit_event(**case.event)) == []


WEB = "registry.example.com/shop/web"
EXCEPTIONS = [
    ("Disallowed K8s User", "allowed_k8s_users", "m.keller@example.net"),
    ("Disallowed K8s User", "vertical_pod_autoscaler_users", "m.keller@example.net"),
    ("Create Privileged Pod", "k8s_audit_privileged_images", WEB),
    ("Create Sensitive Mount Pod", "k8s_audit_sensitive_mount_images", WEB),
    ("Create HostNetwork Pod", "k8s_audit_hostnetwork_images", WEB),
    ("Create HostPid Pod", "k8s_audit_hostpid_images", WEB),
    ("Create HostIPC Pod", "k8s_audit_hostipc_images", WEB),
    ("Create NodePort Service", "user_known_node_port_service", "ka.target.name = web"),
    ("Attach/Exec Pod", "user_known_exec_pod_activities", "ka.target.name = web"),
    ("port-forward", "user_known_portforward_activities", "ka.target.name = web"),
    ("EphemeralContainers Created", "user_known_pod_debug_activities", "ka.target.name = web"),
    ("Create Disallowed Namespace", "allowed_namespaces", "crypto"),
    ("Pod Created in Kube Namespace", "user_allowed_kube_namespace_image_list", WEB),
    ("Pod Created in Kube Namespace", "user_trusted_image_list", WEB),
    ("Pod Created in Kube Namespace", "allowed_kube_namespace_image_list", WEB),
    ("Pod Created in Kube Namespace", "k8s_image_list", WEB),
    ("Service Account Created in Kube Namespace", "user_known_sa_list", "backup"),
    ("Service Account Created in Kube Namespace", "known_sa_list", "backup"),
]


@pytest.mark.parametrize(("rule", "name", "value"), EXCEPTIONS)
def test_an_exception_lets_an_event_pass(
    rule: str, name: str, value: str, compiled: Compile
) -> None:
    [case] = [case for case in CASES if case.rule == rule]
    overlay = switch(name, value) if name in MACROS else append(name, value)
    assert rule in names(compiled("", "all"), audit_event(**case.event))
    assert rule not in names(compiled(overlay, "all"), audit_event(**case.event))


def test_an_alert_does_not_repeat_the_password_it_is_about(compiled: Compile) -> None:
    event = audit_event(**created("configmaps", request=config_map(password="hunter2")))
    [alert] = compiled().match(event, source="k8s_audit")
    assert "hunter2" not in alert.message
    assert "hunter2" not in str(alert.output_fields)


# ----------------------------------------------------------------------------------------
# The sample log
# ----------------------------------------------------------------------------------------

SAMPLE = SAMPLES / "audit.jsonl"
DOCUMENTATION = [
    ip_network(block)
    for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
SAMPLE_ALERTS = {
    "Disallowed K8s User": 2,
    "Create Privileged Pod": 1,
    "Create Sensitive Mount Pod": 1,
    "Create HostNetwork Pod": 1,
    "Create HostPid Pod": 1,
    "Create NodePort Service": 1,
    "Create/Modify Configmap With Private Credentials": 1,
    "Anonymous Request Allowed": 1,
    "Attach/Exec Pod": 2,
    "port-forward": 2,
    "EphemeralContainers Created": 1,
    "Create Disallowed Namespace": 1,
    "Pod Created in Kube Namespace": 1,
    "Service Account Created in Kube Namespace": 2,  # a token is created with the same verb
    "System ClusterRole Modified/Deleted": 1,
    "Attach to cluster-admin Role": 1,
    "ClusterRole With Wildcard Created": 1,
    "ClusterRole With Pod Exec Created": 1,
    "K8s Deployment Created": 1,
    "K8s Secret Get Successfully": 2,
    "K8s Secret Get Unsuccessfully Tried": 2,
    "Ingress Object without TLS Certificate Created": 1,
}


def sample_events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def test_the_sample_log_is_what_its_script_writes() -> None:
    script = SAMPLES / "make_audit_log.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_sample_log_is_in_order_and_names_nobody() -> None:
    events = sample_events()
    times = [event["stageTimestamp"] for event in events]
    assert times == sorted(times)
    assert all(event["requestReceivedTimestamp"] < event["stageTimestamp"] for event in events)
    for address in {address for event in events for address in event["sourceIPs"]}:
        assert any(ip_address(address) in block for block in DOCUMENTATION), address


def test_the_sample_log_raises_alerts(compiled: Compile) -> None:
    events = sample_events()
    found = Counter(name for event in events for name in names(compiled(), event))
    assert found == SAMPLE_ALERTS
    assert found.total() < len(events) / 3, "two thirds of the log are ordinary"
