"""Write audit.jsonl: one morning in the audit log of a small cluster.

The log is made up, but has the shape that kube-apiserver gives it under a
policy that keeps the objects that are written (pods, services, config maps,
roles ...) and no others, least of all secrets. Most of it is what any cluster
says all day: nodes renewing their leases, controllers watching, a release by
the CI system, an administrator looking around. In between, somebody at
203.0.113.66 takes the cluster over:

* 09:30  They look at the API server without logging in.
* 09:32  With the token of a hacked shop they start pods that reach their node.
* 09:38  On the node they find the administrator's credentials, and use them.
* 09:46  They see to it that they can come back.

    python docs/samples/make_audit_log.py            write audit.jsonl
    python docs/samples/make_audit_log.py --check    only tell whether it is up to date
"""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

OUTPUT = Path(__file__).with_name("audit.jsonl")
DAY = datetime(2026, 3, 2, tzinfo=UTC)

COMPLETE = "ResponseComplete"
STARTED = "ResponseStarted"

Json = dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """Who sends requests: a user, at an address, with a program."""

    name: str
    groups: tuple[str, ...]
    address: str
    agent: str
    reason: str = ""

    def user(self) -> Json:
        user: Json = {"username": self.name}
        if self.name.startswith("system:serviceaccount:"):
            user["uid"] = identifier(self.name)
        return user | {"groups": list(self.groups)}


@dataclass(frozen=True)
class Target:
    """What a request is about: an object, or all those of a kind."""

    resource: str
    name: str = ""
    namespace: str = ""
    group: str = ""
    subresource: str = ""

    def reference(self) -> Json:
        parts = {
            "resource": self.resource,
            "namespace": self.namespace,
            "name": self.name,
            "apiGroup": self.group,
            "apiVersion": "v1",
            "subresource": self.subresource,
        }
        return {key: value for key, value in parts.items() if value}

    def path(self, verb: str) -> str:
        parts = [f"apis/{self.group}/v1" if self.group else "api/v1"]
        if self.namespace:
            parts += ["namespaces", self.namespace]
        parts.append(self.resource)
        if verb not in ("create", "list", "watch") or self.subresource:
            parts.append(self.name)
        if self.subresource:
            parts.append(self.subresource)
        return "/" + "/".join(parts)


def identifier(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://example.com/audit/{text}"))


def timestamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Log:
    """The events so far."""

    def __init__(self) -> None:
        self.events: list[Json] = []

    def add(
        self,
        clock: str,
        actor: Actor,
        verb: str,
        target: Target | str,
        *,
        query: str = "",
        level: str = "Metadata",
        stage: str = COMPLETE,
        code: int = 200,
        error: tuple[str, str] | None = None,
        request: Json | None = None,
        given_name: str = "",
        seconds: int = 0,
        annotations: Json | None = None,
    ) -> None:
        """Add a request, made at a time of the day and so many seconds long.

        A target that is a text is a path. An error is a reason and a message.
        An object that asks for a name is given one.
        """
        uri = target if isinstance(target, str) else target.path(verb)
        identity = f"{clock} {actor.name} {verb} {uri}"
        dice = crc32(identity.encode())
        hours, minutes, rest = clock.split(":")
        received = DAY + timedelta(
            hours=int(hours), minutes=int(minutes), seconds=int(rest), microseconds=dice % 1_000_000
        )
        staged = received + timedelta(seconds=seconds, microseconds=900 + dice % 14_000)
        event: Json = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": level,
            "auditID": identifier(identity),
            "stage": stage,
            "requestURI": uri + query,
            "verb": verb,
            "user": actor.user(),
            "sourceIPs": [actor.address],
            "userAgent": actor.agent,
        }
        if isinstance(target, Target):
            event["objectRef"] = target.reference()
        event["responseStatus"] = _status(target, code, error)
        if request is not None:
            event["requestObject"] = request
        if request is not None and level == "RequestResponse":
            event["responseObject"] = _stored(request, received, given_name)
        event["requestReceivedTimestamp"] = timestamp(received)
        event["stageTimestamp"] = timestamp(staged)
        event["annotations"] = {
            "authorization.k8s.io/decision": "forbid" if code == 403 else "allow",
            "authorization.k8s.io/reason": "" if code == 403 else actor.reason,
            **(annotations or {}),
        }
        self.events.append(event)

    def text(self) -> str:
        """Return the log as the API server writes it: as things happened, a line each."""
        self.events.sort(key=lambda event: event["stageTimestamp"])
        return "".join(_line(event) for event in self.events)


def _status(target: Target | str, code: int, error: tuple[str, str] | None) -> Json:
    if error is None:
        return {"metadata": {}, "code": code}
    reason, message = error
    status: Json = {"metadata": {}, "status": "Failure", "message": message, "reason": reason}
    if isinstance(target, Target):
        details = {"name": target.name, "group": target.group, "kind": target.resource}
        status["details"] = {key: value for key, value in details.items() if value}
    return status | {"code": code}


def _stored(body: Json, time: datetime, given_name: str) -> Json:
    """Return an object as it is answered: with what the API server adds to it."""
    name = given_name or body["metadata"]["name"]
    added = {
        "name": name,
        "uid": identifier(f"object {body['kind']} {name}"),
        "creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    answer = {**body, "metadata": body["metadata"] | added}
    if body["kind"] == "Pod":
        answer["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    return answer


def _line(event: Json) -> str:
    """Return one event as Go's JSON encoder spells it, which is wary of HTML."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    for sign in "&<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text + "\n"


# ----------------------------------------------------------------------------------------
# Who is there
# ----------------------------------------------------------------------------------------

AUTHENTICATED = "system:authenticated"
KUBERNETES = "(linux/amd64) kubernetes/5f2a9c1"
KUBECTL = f"kubectl/v1.33.2 {KUBERNETES}"
INTRUDER = "203.0.113.66"


def component(name: str, agent: str) -> Actor:
    return Actor(
        f"system:{name}",
        (AUTHENTICATED,),
        "192.0.2.10",
        f"{name}/v1.33.2 {KUBERNETES}/{agent}",
        f'RBAC: allowed by ClusterRoleBinding "system:{name}" of ClusterRole '
        f'"system:{name}" to User "system:{name}"',
    )


def service_account(
    namespace: str, name: str, address: str, agent: str, binding: str, role: str
) -> Actor:
    return Actor(
        f"system:serviceaccount:{namespace}:{name}",
        ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED),
        address,
        agent,
        f'RBAC: allowed by {binding} of {role} to ServiceAccount "{name}/{namespace}"',
    )


def controller(name: str) -> Actor:
    return service_account(
        "kube-system",
        name,
        "192.0.2.10",
        f"kube-controller-manager/v1.33.2 {KUBERNETES}/system:serviceaccount:kube-system:{name}",
        f'ClusterRoleBinding "system:controller:{name}"',
        f'ClusterRole "system:controller:{name}"',
    )


def administrator(address: str, agent: str) -> Actor:
    return Actor(
        "kubernetes-admin",
        ("kubeadm:cluster-admins", AUTHENTICATED),
        address,
        agent,
        'RBAC: allowed by ClusterRoleBinding "kubeadm:cluster-admins" of ClusterRole '
        '"cluster-admin" to Group "kubeadm:cluster-admins"',
    )


def anonymous(address: str, agent: str) -> Actor:
    return Actor(
        "system:anonymous",
        ("system:unauthenticated",),
        address,
        agent,
        'RBAC: allowed by ClusterRoleBinding "system:public-info-viewer" of ClusterRole '
        '"system:public-info-viewer" to Group "system:unauthenticated"',
    )


def storefront(address: str, agent: str) -> Actor:
    return service_account(
        "shop",
        "storefront",
        address,
        agent,
        'RoleBinding "storefront-edit/shop"',
        'ClusterRole "edit"',
    )


NODES = [
    Actor(
        f"system:node:worker-{number}",
        ("system:nodes", AUTHENTICATED),
        f"192.0.2.{20 + number}",
        f"kubelet/v1.33.2 {KUBERNETES}",
    )
    for number in (1, 2, 3)
]
SCHEDULER = component("kube-scheduler", "scheduler")
ELECTED_SCHEDULER = component("kube-scheduler", "leader-election")
ELECTED_MANAGER = component("kube-controller-manager", "leader-election")
PROXY = service_account(
    "kube-system",
    "kube-proxy",
    "2001:db8:0:1::22",
    f"kube-proxy/v1.33.2 {KUBERNETES}",
    'ClusterRoleBinding "kubeadm:node-proxier"',
    'ClusterRole "system:node-proxier"',
)
DNS = service_account(
    "kube-system",
    "coredns",
    "192.0.2.131",
    "coredns/1.12.1 (linux/amd64)",
    'ClusterRoleBinding "system:coredns"',
    'ClusterRole "system:coredns"',
)
CI = service_account(
    "ci",
    "deployer",
    "198.51.100.40",
    "Helm/3.18.2",
    'RoleBinding "deployer/shop"',
    'ClusterRole "admin"',
)
ON_CALL = administrator("198.51.100.7", f"kubectl/v1.33.1 {KUBERNETES}")
BALANCER = anonymous("192.0.2.5", "lb-health/2.1")
SHOP = storefront("192.0.2.140", "storefront/7.3.0 (linux/amd64)")

PROBER = anonymous(INTRUDER, "curl/8.9.1")
STOLEN_TOKEN = storefront(INTRUDER, KUBECTL)
STOLEN_ADMIN = administrator(INTRUDER, KUBECTL)
MADE_UP_USER = Actor(
    "support@example.net",
    ("system:masters", AUTHENTICATED),
    "2001:db8:bad::66",
    KUBECTL,
)

# ----------------------------------------------------------------------------------------
# What is there
# ----------------------------------------------------------------------------------------

RBAC = "rbac.authorization.k8s.io"
CREATED_BY_HAND = "?fieldManager=kubectl-create&fieldValidation=Strict"
APPLIED = "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict"


def lease(name: str, namespace: str = "kube-node-lease") -> Target:
    return Target("leases", name, namespace, "coordination.k8s.io")


def in_shop(resource: str, name: str = "", group: str = "", subresource: str = "") -> Target:
    return Target(resource, name, "shop", group, subresource)


def pod(name: str, namespace: str, image: str, **spec: Any) -> Json:
    """Return a pod with one container; ``security`` is that container's context."""
    container: Json = {"name": name, "image": image, "resources": {}}
    if "security" in spec:
        container["securityContext"] = spec.pop("security")
    if "mounts" in spec:
        container["volumeMounts"] = spec.pop("mounts")
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": None},
        "spec": {"containers": [container], "restartPolicy": "Always", **spec},
        "status": {},
    }


def daemon_set(name: str, namespace: str, image: str) -> Json:
    """Return a daemon set with a privileged container that sees the whole node."""
    template = pod(
        name,
        namespace,
        image,
        security={"privileged": True},
        mounts=[{"name": "node", "mountPath": "/node"}],
        volumes=[{"name": "node", "hostPath": {"path": "/", "type": ""}}],
    )
    labels = {"app": name}
    return {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": None},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
        },
    }


def role(name: str, *rules: Json) -> Json:
    return {
        "kind": "ClusterRole",
        "apiVersion": f"{RBAC}/v1",
        "metadata": {"name": name, "creationTimestamp": None},
        "rules": list(rules),
    }


def rule(groups: list[str], resources: list[str], verbs: list[str]) -> Json:
    return {"verbs": verbs, "apiGroups": groups, "resources": resources}


def config_map(name: str, **data: str) -> Json:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": None},
        "data": data,
    }


def forbidden(actor: Actor, verb: str, target: Target) -> tuple[str, str]:
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    object_name = f' "{target.name}"' if target.name else ""
    what = f'resource "{target.resource}" in API group "{target.group}" {where}'
    return (
        "Forbidden",
        f'{target.resource}{object_name} is forbidden: User "{actor.name}" cannot {verb} {what}',
    )


# ----------------------------------------------------------------------------------------
# An ordinary morning
# ----------------------------------------------------------------------------------------


def leases(log: Log) -> None:
    for minute in (24, 31, 37, 42):
        for number, node in enumerate(NODES, start=1):
            log.add(
                f"09:{minute}:{number * 9:02}",
                node,
                "update",
                lease(node.name.removeprefix("system:node:")),
                query="?timeout=10s",
            )
    for minute in (25, 35, 45):
        election = lease("kube-scheduler", "kube-system")
        log.add(f"09:{minute}:12", ELECTED_SCHEDULER, "get", election, query="?timeout=5s")
        log.add(f"09:{minute}:14", ELECTED_SCHEDULER, "update", election, query="?timeout=5s")
        election = lease("kube-controller-manager", "kube-system")
        log.add(f"09:{minute}:16", ELECTED_MANAGER, "update", election, query="?timeout=5s")


def watches(log: Log) -> None:
    watching = "?allowWatchBookmarks=true&resourceVersion=418832&timeoutSeconds=412&watch=true"
    for clock, actor, target in (
        ("09:22:03", SCHEDULER, Target("persistentvolumes")),
        ("09:22:40", DNS, Target("endpointslices", group="discovery.k8s.io")),
        ("09:23:18", PROXY, Target("services")),
        ("09:24:51", controller("deployment-controller"), Target("replicasets", group="apps")),
    ):
        log.add(clock, actor, "watch", target, query=watching, stage=STARTED)
        log.add(clock, actor, "watch", target, query=watching, seconds=412)
    for clock, node in zip(("09:26:30", "09:33:30", "09:40:30"), NODES, strict=True):
        own = Target("pods")
        query = f"?fieldSelector=spec.nodeName%3D{node.name.removeprefix('system:node:')}"
        log.add(clock, node, "list", own, query=f"{query}&limit=500")


def upkeep(log: Log) -> None:
    for minute in (22, 32, 44):
        log.add(f"09:{minute}:01", BALANCER, "get", "/livez")
        log.add(f"09:{minute}:31", BALANCER, "get", "/readyz", query="?verbose")
    for clock, node in zip(("09:27:05", "09:36:05", "09:43:05"), NODES, strict=True):
        name = node.name.removeprefix("system:node:")
        log.add(
            clock,
            node,
            "patch",
            Target("nodes", name, subresource="status"),
            query="?timeout=10s",
            level="Request",
            request={"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
        )
    log.add("09:25:44", controller("namespace-controller"), "get", "/apis")
    log.add("09:34:08", SHOP, "get", in_shop("configmaps", "storefront"))
    log.add(
        "09:47:20",
        controller("pod-garbage-collector"),
        "delete",
        in_shop("pods", "reindex-29540160-k2x7p"),
        level="Request",
        request={"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0},
    )


def release(log: Log) -> None:
    """The CI system brings out a new version of the shop."""
    log.add(
        "09:28:02",
        CI,
        "list",
        in_shop("secrets"),
        query="?labelSelector=name%3Dshop%2Cowner%3Dhelm",
    )
    log.add(
        "09:28:03",
        CI,
        "patch",
        in_shop("deployments", "storefront", "apps"),
        query="?fieldManager=helm",
    )
    log.add(
        "09:28:04",
        CI,
        "create",
        in_shop("deployments", "recommendations", "apps"),
        query="?fieldManager=helm",
        code=201,
    )
    name = "recommendations-5d9c7b6f4d"
    body = pod(name, "shop", "registry.example.com/shop/recommendations:2.0.1")
    body["metadata"] = {"generateName": f"{name}-", "namespace": "shop", "creationTimestamp": None}
    created = f"{name}-w4hxs"
    log.add(
        "09:28:05",
        controller("replicaset-controller"),
        "create",
        in_shop("pods"),
        level="RequestResponse",
        code=201,
        request=body,
        given_name=created,
    )
    log.add(
        "09:28:06",
        SCHEDULER,
        "create",
        in_shop("pods", created, subresource="binding"),
        level="Request",
        code=201,
        request={"kind": "Binding", "target": {"kind": "Node", "name": "worker-2"}},
    )
    log.add("09:28:06", NODES[1], "get", in_shop("pods", created))
    log.add("09:28:09", NODES[1], "patch", in_shop("pods", created, subresource="status"))
    log.add("09:29:10", CI, "get", in_shop("deployments", "recommendations", "apps"))


def on_call(log: Log) -> None:
    """The administrator on call has a look, and then notices something."""
    log.add("09:26:10", ON_CALL, "list", in_shop("pods"), query="?limit=500")
    log.add(
        "09:26:41",
        ON_CALL,
        "get",
        in_shop("pods", "storefront-6b8f9d5c77-q9zlm", subresource="log"),
        query="?container=storefront&tailLines=100",
    )
    log.add("09:29:34", ON_CALL, "get", in_shop("services", "storefront"))
    log.add("09:41:22", ON_CALL, "list", in_shop("deployments", group="apps"), query="?limit=500")
    log.add("09:50:02", ON_CALL, "list", Target("pods"), query="?limit=500")
    log.add("09:50:40", ON_CALL, "list", Target("clusterrolebindings", group=RBAC))
    log.add(
        "09:51:12",
        ON_CALL,
        "patch",
        Target("nodes", "worker-3"),
        query="?fieldManager=kubectl-cordon",
        level="Request",
        request={"spec": {"unschedulable": True}},
    )


# ----------------------------------------------------------------------------------------
# The intrusion
# ----------------------------------------------------------------------------------------


def outside(log: Log) -> None:
    """09:30: without logging in."""
    log.add("09:30:02", PROBER, "get", "/version")
    target = Target("namespaces")
    error = forbidden(PROBER, "list", target)
    log.add("09:30:05", PROBER, "list", target, code=403, error=error)


def with_the_token(log: Log) -> None:
    """09:32: with the token of the shop, which may do far too much in its namespace."""

    def create_pod(clock: str, name: str, image: str, violations: str, **spec: Any) -> None:
        body = pod(name, "shop", image, **spec)
        violation = f'would violate PodSecurity "baseline:latest": {violations}'
        log.add(
            clock,
            STOLEN_TOKEN,
            "create",
            in_shop("pods", name),
            query=APPLIED,
            level="RequestResponse",
            code=201,
            request=body,
            annotations={"pod-security.kubernetes.io/audit-violations": violation},
        )

    log.add(
        "09:32:07",
        STOLEN_TOKEN,
        "create",
        Target("selfsubjectrulesreviews", group="authorization.k8s.io"),
        code=201,
    )
    log.add("09:32:15", STOLEN_TOKEN, "get", in_shop("secrets", "storefront-session"))
    for secret in ("payments-db", "payments-db-replica"):
        target = Target("secrets", secret, "payments")
        error = forbidden(STOLEN_TOKEN, "get", target)
        log.add("09:32:31", STOLEN_TOKEN, "get", target, code=403, error=error)
    create_pod(
        "09:33:02",
        "cache-warmer",
        "docker.io/library/alpine:3.22",
        'privileged (container "cache-warmer" must not set securityContext.privileged=true)',
        security={"privileged": True},
    )
    shell = in_shop("pods", "cache-warmer", subresource="exec")
    for stage, seconds in ((STARTED, 0), (COMPLETE, 141)):
        log.add(
            "09:33:40",
            STOLEN_TOKEN,
            "create",
            shell,
            query="?command=sh&container=cache-warmer&stdin=true&stdout=true&tty=true",
            level="Request",
            stage=stage,
            code=101,
            seconds=seconds,
        )
    create_pod(
        "09:36:20",
        "log-rotate",
        "docker.io/library/alpine:3.22",
        'hostPath volumes (volume "node")',
        mounts=[{"name": "node", "mountPath": "/node"}],
        nodeName="control-1",
        volumes=[{"name": "node", "hostPath": {"path": "/etc/kubernetes", "type": "Directory"}}],
    )
    log.add(
        "09:36:48",
        STOLEN_TOKEN,
        "create",
        in_shop("pods", "log-rotate", subresource="exec"),
        query="?command=cat&command=%2Fnode%2Fadmin.conf&container=log-rotate&stdout=true",
        level="Request",
        stage=STARTED,
        code=101,
    )
    create_pod(
        "09:37:10",
        "net-probe",
        "registry.example.net/tools/netprobe:1.0",
        "host namespaces (hostNetwork=true)",
        hostNetwork=True,
    )
    create_pod(
        "09:37:32",
        "top-helper",
        "registry.example.net/tools/top:1.0",
        "host namespaces (hostPID=true)",
        hostPID=True,
    )


def with_the_admin_credentials(log: Log) -> None:
    """09:38: as the administrator, from where no administrator ever was."""
    log.add("09:38:45", STOLEN_ADMIN, "list", Target("namespaces"), query="?limit=500")
    log.add("09:39:04", STOLEN_ADMIN, "get", Target("secrets", "payments-db", "payments"))
    debugger = {"name": "debugger-x7k2m", "image": "registry.example.net/tools/shell:1.0"}
    log.add(
        "09:39:50",
        STOLEN_ADMIN,
        "patch",
        Target("pods", "ledger-0", "payments", subresource="ephemeralcontainers"),
        level="Request",
        request={"spec": {"ephemeralContainers": [debugger]}},
    )
    for stage, seconds in ((STARTED, 0), (COMPLETE, 218)):
        log.add(
            "09:40:44",
            STOLEN_ADMIN,
            "create",
            Target("pods", "ledger-db-0", "payments", subresource="portforward"),
            level="Request",
            stage=stage,
            code=101,
            seconds=seconds,
        )
    body = config_map("report-settings", HOST="ledger-db.payments", DB_URL="user=r password=Tr0ub4")
    log.add(
        "09:45:05",
        STOLEN_ADMIN,
        "create",
        in_shop("configmaps", "report-settings"),
        query=CREATED_BY_HAND,
        level="RequestResponse",
        code=201,
        request=body,
    )


def to_come_back(log: Log) -> None:
    """09:46: several ways back, some of them well hidden."""

    def create(clock: str, target: Target, body: Json, level: str = "Request") -> None:
        log.add(
            clock,
            STOLEN_ADMIN,
            "create",
            target,
            query=CREATED_BY_HAND,
            level=level,
            code=201,
            request=body,
        )

    account = {"metadata": {"name": "metrics-sync", "namespace": "kube-system"}}
    create(
        "09:46:02",
        Target("serviceaccounts", "metrics-sync", "kube-system"),
        {"kind": "ServiceAccount", "apiVersion": "v1", **account},
    )
    create(
        "09:46:09",
        Target("clusterroles", "metrics-sync", group=RBAC),
        role("metrics-sync", rule(["*"], ["*"], ["*"])),
        "RequestResponse",
    )
    create(
        "09:46:15",
        Target("clusterrolebindings", "metrics-sync", group=RBAC),
        {
            "kind": "ClusterRoleBinding",
            "apiVersion": f"{RBAC}/v1",
            "metadata": {"name": "metrics-sync", "creationTimestamp": None},
            "subjects": [
                {"kind": "ServiceAccount", "name": "metrics-sync", "namespace": "kube-system"}
            ],
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        },
        "RequestResponse",
    )
    create(
        "09:46:21",
        Target("serviceaccounts", "metrics-sync", "kube-system", subresource="token"),
        {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "spec": {"audiences": None, "expirationSeconds": 31536000, "boundObjectRef": None},
        },
    )
    create(
        "09:46:33",
        Target("clusterroles", "pod-viewer", group=RBAC),
        role("pod-viewer", rule([""], ["pods", "pods/log", "pods/exec"], ["get", "list"])),
        "RequestResponse",
    )
    public = role(
        "system:public-info-viewer",
        {"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version"]},
        rule([""], ["secrets"], ["get", "list"]),
    )
    log.add(
        "09:46:58",
        STOLEN_ADMIN,
        "update",
        Target("clusterroles", "system:public-info-viewer", group=RBAC),
        query="?fieldManager=kubectl-edit&fieldValidation=Strict",
        level="RequestResponse",
        request=public,
    )
    create(
        "09:47:40",
        Target("pods", "kube-state-sync", "kube-system"),
        pod(
            "kube-state-sync",
            "kube-system",
            "registry.example.net/tools/beacon:1.0",
            serviceAccountName="metrics-sync",
        ),
        "RequestResponse",
    )
    create(
        "09:47:55",
        Target("daemonsets", "node-tuner", "kube-system", "apps"),
        daemon_set("node-tuner", "kube-system", "registry.example.net/tools/tuner:1.0"),
    )
    create(
        "09:48:05",
        in_shop("services", "storefront-metrics"),
        {
            "kind": "Service",
            "apiVersion": "v1",
            "metadata": {"name": "storefront-metrics", "namespace": "shop"},
            "spec": {
                "type": "NodePort",
                "selector": {"app": "net-probe"},
                "ports": [{"protocol": "TCP", "port": 4443, "targetPort": 4443, "nodePort": 31337}],
            },
        },
    )
    create(
        "09:48:21",
        in_shop("ingresses", "storefront-status", "networking.k8s.io"),
        {
            "kind": "Ingress",
            "apiVersion": "networking.k8s.io/v1",
            "metadata": {"name": "storefront-status", "namespace": "shop"},
            "spec": {"rules": [{"host": "status.shop.example.com"}]},
        },
    )
    create(
        "09:48:39",
        Target("namespaces", "kube-metrics"),
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-metrics"}},
    )
    request = Target("certificatesigningrequests", "support", group="certificates.k8s.io")
    log.add("09:48:55", STOLEN_ADMIN, "create", request, query=CREATED_BY_HAND, code=201)
    log.add(
        "09:49:02",
        STOLEN_ADMIN,
        "update",
        replace(request, subresource="approval"),
        level="Request",
        request={
            "kind": "CertificateSigningRequest",
            "apiVersion": "certificates.k8s.io/v1",
            "metadata": {"name": "support"},
            "status": {"conditions": [{"type": "Approved", "reason": "KubectlApprove"}]},
        },
    )
    log.add("09:49:30", MADE_UP_USER, "list", Target("secrets"), query="?limit=500")
    log.add("09:49:41", MADE_UP_USER, "get", Target("secrets", "payments-db", "payments"))


def sample() -> str:
    """Return the whole log."""
    log = Log()
    for ordinary in (leases, watches, upkeep, release, on_call):
        ordinary(log)
    for alarming in (outside, with_the_token, with_the_admin_credentials, to_come_back):
        alarming(log)
    return log.text()


def main() -> int:
    parser = argparse.ArgumentParser(description="Write audit.jsonl.")
    parser.add_argument("--check", action="store_true", help="only compare, and say if it differs")
    check = parser.parse_args().check
    text = sample().encode()
    if not check:
        OUTPUT.write_bytes(text)
        return 0
    if OUTPUT.exists() and OUTPUT.read_bytes() == text:
        return 0
    print(f"{OUTPUT.name} is not what {Path(__file__).name} writes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
