"""The shipped rules on ways around the others: what each reports, and what it lets pass."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from rule_cases import Case, append, definitions, names, switch, variants
from rule_events import audit_event, binding, container, pod, pod_with_host_path, role

from rulec import compile_ruleset
from rulec.api import check_files
from rulec.event_sources import known_sources
from rulec.files import collect

FOLDER = Path(str(files("rulec.rules")))
SHIPPED = FOLDER / "k8s_attack_paths.yaml"
OTHER = FOLDER / "k8s_audit.yaml"
ROOT = Path(__file__).parent.parent
CONFORMANCE = Path(os.environ.get("RULEC_CONFORMANCE", ROOT.parent / "shared" / "conformance"))
SAMPLE = ROOT / "docs" / "samples" / "audit.jsonl"

STARTED: Mapping[str, Any] = {"stage": "ResponseStarted"}
DRY_RUN: Mapping[str, Any] = {"uri": "/apis/apps/v1/namespaces/shop/x?dryRun=All"}
CONTROLLER: Mapping[str, Any] = {"user": "system:serviceaccount:kube-system:deployment-controller"}


def template(*containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a workload with these containers in the template of its pods."""
    return {"kind": "DaemonSet", "spec": {"template": {"spec": pod(*containers, **spec)["spec"]}}}


def cron_job(*containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    job = {"spec": template(*containers, **spec)["spec"]}
    return {"kind": "CronJob", "spec": {"schedule": "0 3 * * *", "jobTemplate": job}}


def host_path(path: str) -> dict[str, Any]:
    return template(volumes=pod_with_host_path(path)["spec"]["volumes"])


def json_patch(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    """Return the arguments of an event with a JSON patch, which is an array."""
    patch = [{"op": op, "path": path, "value": value}]
    return {"verb": "patch", "request": None, "level": "Request", "requestObject": patch}


def merge_patch(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"verb": "patch", "request": None, "level": "Request", "requestObject": body}


def adding(*capabilities: str, drop: tuple[str, ...] = ()) -> dict[str, Any]:
    lists = {"add": [*capabilities], "drop": [*drop]}
    found = {key: value for key, value in lists.items() if value}
    return container() | {"securityContext": {"capabilities": found}}


def written(resource: str, request: Any, **more: Any) -> dict[str, Any]:
    return {"verb": "create", "resource": resource, "code": 201, "request": request, **more}


NO_NEW_WORKLOAD: tuple[Mapping[str, Any], ...] = (
    STARTED,
    DRY_RUN,
    CONTROLLER,
    {"verb": "delete"},
    {"verb": "get"},
    {"subresource": "status"},
    {"resource": "pods"},
    {"resource": "events"},
)
KINDS: tuple[Mapping[str, Any], ...] = (
    {"verb": "update"},
    {"resource": "deployments", "verb": "update"},  # in this file, not an activity
    {"resource": "statefulsets"},
    {"resource": "replicasets"},
    {"resource": "replicationcontrollers"},
    {"resource": "jobs"},
    {"resource": "podtemplates"},
)
NO_NEW_POD: tuple[Mapping[str, Any], ...] = (
    STARTED,
    {"verb": "update"},
    {"subresource": "status"},
    {"resource": "podtemplates"},
    {"uri": "/api/v1/namespaces/shop/pods?dryRun=All&x=1"},
)
SECURITY = "/spec/template/spec/containers/0/securityContext"
TRUSTED = container("quay.io/calico/node:v3.30", privileged=False)

CASES = [
    Case(
        "Privileged Workload",
        written("daemonsets", template(container(privileged=True))),
        (
            {"request": template(container(privileged=False))},
            {"request": template(container())},
            {"request": template(container() | {"args": ['"privileged":true']})},
            json_patch(f"{SECURITY}/privileged", False),
            json_patch("/metadata/annotations/x", '{"privileged":true}'),
            *NO_NEW_WORKLOAD,
        ),
        (
            *KINDS,
            {"resource": "cronjobs", "request": cron_job(container(privileged=True))},
            {"request": template(initContainers=[container(privileged=True)])},
            {"user": "system:serviceaccount:ci:deployer", "code": 403},
            merge_patch(template(container(privileged=True))),
            json_patch(f"{SECURITY}/privileged", True),
            json_patch(SECURITY, {"privileged": True}, "add"),
        ),
    ),
    Case(
        "Workload With Sensitive Mount",
        written("daemonsets", host_path("/")),
        (
            {"request": host_path("/srv/data")},
            {"request": host_path("/etc/ssl/certs")},
            {"request": host_path("/var/lib/kubelet/plugins")},
            {"request": template(container() | {"livenessProbe": {"httpGet": {"path": "/"}}})},
            {"request": template(volumes=[{"name": "n", "nfs": {"path": "/", "server": "nfs"}}])},
            json_patch("/spec/template/spec/volumes/0/nfs/path", "/"),
            *NO_NEW_WORKLOAD,
        ),
        (
            *KINDS,
            {"request": host_path("/etc")},
            {"request": host_path("/etc/")},
            {"request": host_path("//etc")},
            {"request": host_path("/./etc")},
            {"request": host_path("/var/run/docker.sock")},
            {"request": host_path("/run/docker.sock")},
            {"request": host_path("/var/lib/etcd")},
            {
                "resource": "cronjobs",
                "request": cron_job(volumes=pod_with_host_path("/root")["spec"]["volumes"]),
            },
            merge_patch(host_path("/etc/kubernetes/pki")),
            merge_patch({"spec": {"hostPath": {"type": "", "path": "/anything"}}}),
            json_patch("/spec/template/spec/volumes/0/hostPath/path", "/"),
            json_patch("/spec/template/spec/volumes/-", {"hostPath": {"path": "/"}}, "add"),
        ),
    ),
    Case(
        "Workload in Host Namespaces",
        written("daemonsets", template(hostPID=True)),
        (
            {"request": template(hostPID=False)},
            {"request": template()},
            json_patch("/spec/template/spec/hostPID", False),
            *NO_NEW_WORKLOAD,
        ),
        (
            *KINDS,
            {"request": template(hostNetwork=True)},
            {"request": template(hostIPC=True)},
            {"resource": "cronjobs", "request": cron_job(hostNetwork=True)},
            merge_patch(template(hostNetwork=True)),
            json_patch("/spec/template/spec/hostNetwork", True),
        ),
    ),
    Case(
        "Dangerous Capability",
        written("pods", pod(adding("SYS_ADMIN"))),
        (
            {"request": pod(adding("NET_BIND_SERVICE", drop=("ALL",)))},
            {"request": pod(adding(drop=("SYS_ADMIN",)))},
            {"request": pod()},
            *NO_NEW_POD[:3],
            NO_NEW_POD[4],
        ),
        (
            {"request": pod(adding("ALL"))},
            {"request": pod(adding("CHOWN", "CAP_SYS_PTRACE"))},
            {"request": pod(initContainers=[adding("NET_ADMIN")])},
            {"resource": "deployments", "request": template(adding("BPF"))},
            {"resource": "cronjobs", "request": cron_job(adding("SYS_MODULE"))},
            {"resource": "deployments"} | merge_patch(template(adding("DAC_READ_SEARCH"))),
        ),
    ),
    Case(
        "Disallowed Workload",
        written("statefulsets", template(container("nginx"))),
        (
            {"request": template(container("registry.example.com/shop/web:1"))},
            merge_patch(template(container("nginx"))),
            *NO_NEW_WORKLOAD,
        ),
        ({"verb": "update"},),
        switch(
            "allowed_k8s_workloads",
            "jevt.value[/requestObject/spec/template/spec/containers/0/image]"
            ' startswith "registry.example.com/"',
        ),
    ),
    Case(
        "Privileged Init Container",
        written("pods", pod(TRUSTED, initContainers=[container("alpine", privileged=True)])),
        (
            {"request": pod(TRUSTED, initContainers=[container("alpine", privileged=False)])},
            {
                "request": pod(
                    TRUSTED, initContainers=[TRUSTED | {"securityContext": {"privileged": True}}]
                )
            },
            {"request": pod(container(privileged=True))},
            *NO_NEW_POD,
        ),
        (
            {"verb": "patch", "code": 201},
            {"request": pod(initContainers=[container(privileged=True)])},
            {"request": pod(TRUSTED, ephemeralContainers=[container(privileged=True)])},
        ),
    ),
    Case(
        "Sensitive Mount Beyond the List",
        written("pods", pod_with_host_path("/run")),
        (
            {"request": pod_with_host_path("/srv")},
            {"request": pod_with_host_path("/etc")},  # on the other list
            {"request": pod_with_host_path("/etc/ssl")},
            *NO_NEW_POD,
        ),
        (
            {"verb": "patch", "code": 201},
            {"request": pod_with_host_path("/etc/")},
            {"request": pod_with_host_path("/var/lib/etcd/member")},
            {
                "request": pod(
                    container("docker.io/prom/node-exporter:v1.9"),
                    initContainers=[container()],
                    volumes=pod_with_host_path("/")["spec"]["volumes"],
                )
            },
        ),
    ),
    Case(
        "Privileged Ephemeral Container",
        {
            "verb": "patch",
            "subresource": "ephemeralcontainers",
            "request": {"spec": {"ephemeralContainers": [container("busybox", privileged=True)]}},
        },
        (
            {"request": {"spec": {"ephemeralContainers": [container("busybox")]}}},
            {"verb": "get"},
            {"subresource": "status"},
            STARTED,
        ),
        (
            {"verb": "update"},
            {"request": {"spec": {"ephemeralContainers": [adding("SYS_PTRACE")]}}},
            {
                **json_patch("/spec/ephemeralContainers/-", container(privileged=True), "add"),
                "subresource": "ephemeralcontainers",
            },
        ),
    ),
    Case(
        "Image of Running Pod Changed",
        {"resource": "pods", **merge_patch({"spec": {"containers": [container("evil")]}})},
        (
            merge_patch({"metadata": {"labels": {"image": "x"}}, "spec": {"image": None}}),
            merge_patch({"metadata": {"annotations": {"last": '{"image":"x"}'}}}),
            {"verb": "update"},
            {"verb": "create"},
            {"subresource": "status"},
            {"resource": "nodes"},
            STARTED,
        ),
        (json_patch("/spec/containers/0/image", "evil"), {"code": 422}),
    ),
    Case(
        "Role With Rights to Escalate",
        written("roles", role(["roles"], ["escalate"])),
        (
            {"request": role(["roles"], ["get", "list", "watch"])},
            {"request": role(["serviceaccounts"], ["get"])},
            {"user": "system:apiserver"},
            {"verb": "delete"},
            {"resource": "rolebindings"},
            {"uri": "/apis/rbac.authorization.k8s.io/v1/roles?dryRun=All"},
            STARTED,
        ),
        (
            {"request": role(["clusterroles"], ["bind"])},
            {"request": role(["users"], ["impersonate"])},
            {"request": role(["nodes/proxy"], ["get"])},
            {"request": role(["serviceaccounts/token"], ["create"])},  # comes before "Write"
            {"verb": "update", "resource": "clusterroles", "namespace": None},
            json_patch("/rules/0/verbs/-", "impersonate", "add"),
            merge_patch(role(["certificatesigningrequests/approval"], ["update"])),
        ),
    ),
    Case(
        "Role Changed to Wildcard",
        written("roles", role(["*"], ["get"]), verb="update"),
        (
            {"request": role(["secrets/*"], ["get"])},
            {"verb": "create"},
            {"user": "system:serviceaccount:kube-system:clusterrole-aggregation-controller"},
            {"resource": "configmaps"},
            json_patch("/rules/0/verbs/-", "watch", "add"),
            STARTED,
        ),
        (
            {"request": role(["secrets"], ["*"])},
            {"resource": "clusterroles", "namespace": None},
            merge_patch(role(["*"], ["get"])),
            json_patch("/rules/0/verbs", ["*"]),
        ),
    ),
    Case(
        "Binding for Anonymous Users",
        written("rolebindings", binding("view", "system:anonymous")),
        (
            {"request": binding("view")},
            {"resource": "roles"},
            {"verb": "delete"},
            {"user": "system:apiserver"},
            json_patch("/subjects/-", {"kind": "User", "name": "ines@example.com"}, "add"),
            STARTED,
        ),
        (
            {"request": {"subjects": [{"kind": "Group", "name": "system:unauthenticated"}]}},
            {"request": {"subjects": [{"kind": "Group", "name": "system:authenticated"}]}},
            {"resource": "clusterrolebindings", "namespace": None, "verb": "update"},
            json_patch("/subjects/-", {"kind": "User", "name": "system:anonymous"}, "add"),
        ),
    ),
    Case(
        "Binding to cluster-admin by Other Means",
        written("rolebindings", binding("cluster-admin")),
        (
            {"request": binding("admin")},
            {"resource": "clusterrolebindings"},  # the other file has it
            {"verb": "delete"},
            {"user": "system:apiserver"},
            STARTED,
        ),
        (
            {"resource": "clusterrolebindings", "verb": "update", "namespace": None},
            {
                "resource": "clusterrolebindings",
                "name": "kubeadm:cluster-admins",
                **merge_patch({"subjects": binding("x")["subjects"]}),
            },
        ),
    ),
    Case(
        "Service Account Token Issued",
        written("serviceaccounts", None, subresource="token", user="system:serviceaccount:a:b"),
        (
            {"user": "system:node:worker-1"},
            {"user": "system:kube-controller-manager"},
            {"code": 403},
            {"subresource": None},
            {"verb": "get"},
            {"resource": "pods"},
            STARTED,
        ),
        ({"user": "kubernetes-admin"},),
    ),
    Case(
        "Secrets Listed",
        {"verb": "list", "resource": "secrets"},
        (
            {"verb": "get"},
            {"resource": "configmaps"},
            {"code": 403},
            {"user": "system:node:worker-1"},
            {"user": "system:kube-controller-manager"},
            {"user": "system:serviceaccount:kube-system:generic-garbage-collector"},
            STARTED,
        ),
        ({"verb": "watch"}, {"user": "system:serviceaccount:shop:storefront"}),
    ),
    Case(
        "Certificate Request Approved",
        {"verb": "update", "resource": "certificatesigningrequests", "subresource": "approval"},
        (
            {"user": "system:serviceaccount:kube-system:certificate-controller"},
            {"subresource": "status"},
            {"subresource": None},
            {"verb": "get"},
            STARTED,
        ),
        ({"verb": "patch"}, {"code": 403}),
    ),
    Case(
        "Impersonation of Administrator or Component",
        {"impersonatedUser": {"username": "x", "groups": ["system:masters"]}},
        (
            {"impersonatedUser": {"username": "ines@example.com", "groups": ["dev"]}},
            {"impersonatedUser": {"username": "x", "groups": ["not-system:masters"]}},
            {"impersonatedUser": {}},
            {"user": "system:node:worker-1"},
            {"user": "system:serviceaccount:kube-system:replicaset-controller"},
            {"user": "system:kube-scheduler"},
            STARTED,
        ),
        (
            {"impersonatedUser": {"username": "system:admin"}},
            {"user": "system:serviceaccount:shop:storefront"},
        ),
    ),
    Case(
        "Kubelet Reached Through Node Proxy",
        {
            "verb": "create",
            "resource": "nodes",
            "name": "worker-1",
            "namespace": None,
            "subresource": "proxy",
            "uri": "/api/v1/nodes/worker-1/proxy/run/shop/web/main?cmd=id",
            **STARTED,
        },
        (
            {"uri": "/api/v1/nodes/worker-1/proxy/metrics/cadvisor"},
            {"uri": "/api/v1/nodes/worker-1/proxy/stats/summary"},
            {"stage": "ResponseComplete"},
            {"resource": "services"},
            {"subresource": "status"},
        ),
        ({"verb": "get", "uri": "/api/v1/nodes/worker-1/proxy/exec/shop/web/main?command=sh"},),
    ),
    Case(
        "Admission Control Changed",
        {"verb": "create", "resource": "mutatingwebhookconfigurations", "namespace": None},
        (
            {"verb": "get"},
            {"verb": "watch"},
            {"user": "system:apiserver"},
            {"resource": "customresourcedefinitions"},
            {"uri": "/apis/admissionregistration.k8s.io/v1/x?dryRun=All"},
            {"subresource": "status"},
            STARTED,
        ),
        (
            {"verb": "delete"},
            {"verb": "patch", "resource": "validatingwebhookconfigurations"},
            {"verb": "update", "resource": "validatingadmissionpolicies"},
        ),
    ),
    Case(
        "Events Deleted",
        {"verb": "deletecollection", "resource": "events", "name": None},
        (
            {"user": "system:serviceaccount:kube-system:namespace-controller"},
            {"verb": "create"},
            {"resource": "pods"},
            STARTED,
        ),
        ({"verb": "delete", "name": "web.17f"},),
    ),
]

Compile = Callable[..., Any]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compile both shipped files and an overlay, once for each overlay."""
    known: dict[tuple[str, str], Any] = {}

    def compiled(overlay: str = "", rule_matching: str = "first") -> Any:
        key = (overlay, rule_matching)
        if key not in known:
            path = tmp_path_factory.mktemp("rules") / "overlay.yaml"
            path.write_text(overlay, encoding="utf-8")
            known[key] = compile_ruleset(FOLDER, path, rule_matching=rule_matching)
        return known[key]

    return compiled


def test_every_rule_has_a_case() -> None:
    assert [case.rule for case in CASES] == list(definitions(SHIPPED, "rule"))
    assert all(case.misses for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_reports_its_event(case: Case, compiled: Compile) -> None:
    """It comes before the rules of the other file, whatever those say."""
    [alert] = compiled(case.overlay).match(audit_event(**case.event), source="k8s_audit")
    assert alert.rule == case.rule
    assert {"ka.user.name", "ka.verb", "ka.target.resource"} & alert.output_fields.keys()


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


# --- blind spots: the other file alone says nothing, or nothing about this ----------------


@pytest.fixture(scope="module")
def without() -> Any:
    """The rules of the other file alone."""
    return compile_ruleset(OTHER, rule_matching="all")


SAID_BY_THE_OTHER = {
    "Role With Rights to Escalate": {"K8s Role Created"},
    "Binding for Anonymous Users": {"K8s RoleBinding Created"},
    "Binding to cluster-admin by Other Means": {"K8s RoleBinding Created"},
    "Privileged Ephemeral Container": {"EphemeralContainers Created"},
    "Service Account Token Issued": {"K8s Serviceaccount Created"},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_other_file_does_not_see_it(case: Case, without: Any) -> None:
    found = set(names(without, audit_event(**case.event)))
    assert found == SAID_BY_THE_OTHER.get(case.rule, set())


def test_an_image_of_ones_own_beside_a_trusted_one_was_let_pass(without: Any) -> None:
    trusted = container("quay.io/calico/node:v3.30")
    event = audit_event(
        **written("pods", pod(trusted, initContainers=[container(privileged=True)]))
    )
    assert names(without, event) == []


# --- switches, exceptions, names ----------------------------------------------------------


EXCEPTIONS = [
    *(
        (rule, "user_known_workloads")
        for rule in (
            "Privileged Workload",
            "Workload With Sensitive Mount",
            "Workload in Host Namespaces",
        )
    ),
    ("Dangerous Capability", "user_known_capabilities"),
    ("Privileged Init Container", "user_known_init_containers"),
    ("Sensitive Mount Beyond the List", "user_known_sensitive_mounts"),
    ("Image of Running Pod Changed", "user_known_pod_changes"),
    ("Role With Rights to Escalate", "user_known_role_changes"),
    ("Role Changed to Wildcard", "user_known_role_changes"),
    ("Binding for Anonymous Users", "user_known_binding_changes"),
    ("Binding to cluster-admin by Other Means", "user_known_binding_changes"),
    ("Service Account Token Issued", "user_known_token_requests"),
    ("Secrets Listed", "user_known_secret_lists"),
    ("Kubelet Reached Through Node Proxy", "user_known_node_proxies"),
    ("Certificate Request Approved", "user_known_certificate_approvals"),
    ("Admission Control Changed", "user_known_admission_changes"),
    ("Impersonation of Administrator or Component", "user_known_impersonations"),
    ("Events Deleted", "user_known_event_deletions"),
]


@pytest.mark.parametrize(("rule", "macro"), EXCEPTIONS)
def test_an_exception_lets_an_event_pass(rule: str, macro: str, compiled: Compile) -> None:
    [case] = [case for case in CASES if case.rule == rule]
    overlay = switch(macro, f"ka.user.name = {audit_event(**case.event)['user']['username']}")
    assert rule not in names(compiled(overlay, "all"), audit_event(**case.event))


def test_every_exception_is_in_the_list_at_the_top_and_tested() -> None:
    macros = {name for name in definitions(SHIPPED, "macro") if name.startswith("user_known_")}
    head = SHIPPED.read_text("utf-8").partition("required_engine_version")[0]
    assert {macro for _, macro in EXCEPTIONS} == macros
    assert all(f"#     {macro} " in head for macro in macros)


def test_the_switch_is_on_as_shipped(compiled: Compile) -> None:
    [case] = [case for case in CASES if case.overlay]
    assert names(compiled("", "all"), audit_event(**case.event)) == []


@pytest.mark.parametrize(
    ("name", "value", "rule", "event"),
    [
        ("trusted_privileged_init_images", "alpine", "Privileged Init Container", CASES[5].event),
        ("workload_controllers", "kubernetes-admin", "Privileged Workload", CASES[0].event),
        (
            "secret_listers",
            "kubernetes-admin",
            "Secrets Listed",
            {"verb": "list", "resource": "secrets"},
        ),
    ],
)
def test_an_item_in_a_list_lets_an_event_pass(
    name: str, value: str, rule: str, event: Mapping[str, Any], compiled: Compile
) -> None:
    assert rule in names(compiled("", "all"), audit_event(**event))
    assert rule not in names(compiled(append(name, value), "all"), audit_event(**event))


def test_the_template_of_an_extension_is_seen_when_its_resource_is_listed(
    compiled: Compile,
) -> None:
    event = audit_event(**{**CASES[0].event, "resource": "rollouts"})
    assert names(compiled("", "all"), event) == []
    assert names(compiled(append("workload_resources", "rollouts")), event) == [CASES[0].rule]


def test_the_file_stands_alone_and_is_loaded_first() -> None:
    assert len(compile_ruleset(SHIPPED).rules) == len(CASES)
    loaded = [Path(file.name) for file in collect(FOLDER)]
    assert loaded.index(SHIPPED) < loaded.index(OTHER)


def test_falco_would_load_it() -> None:
    """No warning, and nothing that Falco's plugin refuses."""
    _, _, diagnostics = check_files(collect(SHIPPED), known_sources([], strict=True))
    assert diagnostics == ()


@pytest.mark.parametrize("kind", ["rule", "macro", "list"])
def test_no_name_is_one_of_the_other_file(kind: str) -> None:
    assert not definitions(SHIPPED, kind).keys() & definitions(OTHER, kind).keys()


@pytest.mark.conformance
@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the conformance folder is not there")
@pytest.mark.parametrize("kind", ["rule", "macro", "list"])
def test_no_name_is_one_of_falcos_own(kind: str) -> None:
    own = definitions(SHIPPED, kind).keys()
    for path in sorted(CONFORMANCE.glob("*/rules/**/*.yaml")):
        items = _items(path)
        assert not own & {item[kind] for item in items if kind in item}, path.name


def _items(path: Path) -> list[Mapping[str, Any]]:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError:
        return []
    return [item for item in found or [] if isinstance(item, dict)]


def test_every_rule_says_which_technique_it_is_about() -> None:
    for name, rule in definitions(SHIPPED, "rule").items():
        kinds = [tag.partition("_")[0] for tag in rule["tags"][:2]]
        assert kinds == ["k8s", "mitre"], name
        assert rule["tags"][2].startswith("T1"), name


def test_the_sample_log_raises_alerts(compiled: Compile) -> None:
    events = [msgspec.json.decode(line) for line in SAMPLE.read_bytes().splitlines()]
    own = definitions(SHIPPED, "rule").keys()
    found = Counter(name for event in events for name in names(compiled(), event))
    assert {name: found[name] for name in own & found.keys()} == {
        "Privileged Workload": 1,
        "Service Account Token Issued": 1,
        "Certificate Request Approved": 1,
        "Secrets Listed": 2,
    }
    assert found.total() <= len(events) / 3, "two thirds of the log are ordinary"
