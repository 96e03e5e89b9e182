"""What the shipped rules report, one function for each way to be reported."""

from collections.abc import Callable
from typing import Any

from cluster import objects
from cluster.audit_log import STARTED, AuditLog, Event
from cluster.clients import Client, admin, anonymous, application, controller, deployer, stranger
from cluster.objects import Object, created, suffix

Maker = Callable[[AuditLog], Event]


def create(
    log: AuditLog, client: Client, resource: str, body: Object, namespace: str | None = None
) -> Event:
    """Return the event of a successful creation, with both objects."""
    name = body["metadata"]["name"]
    answer = created(log.rng, body)
    return log.event(
        client, "create", resource, name, namespace, code=201, request=body, response=answer
    )


def pods(
    make: Callable[..., Object], *arguments: Any, namespace: str = "shop", **spec: Any
) -> Maker:
    """Return a maker of events in which a controller creates such a pod."""
    return lambda log: create(
        log, controller(log.rng), "pods", make(log.rng, namespace, *arguments, **spec), namespace
    )


def installed(resource: str, make: Callable[..., Object], *arguments: Any, **more: Any) -> Maker:
    """Return a maker of events in which an object of an application is created."""
    return lambda log: create(
        log, deployer(log.rng), resource, make(log.rng, "shop", *arguments, **more), "shop"
    )


def granted(resource: str, make: Callable[..., Object], name: str, *arguments: Any) -> Maker:
    """Return a maker of events in which somebody creates a role, or a binding to one."""
    return lambda log: create(
        log, admin(log.rng), resource, make(log.rng, f"{name}-{suffix(log.rng)}", *arguments)
    )


def deleted(resource: str, namespace: str | None = "shop") -> Maker:
    """Return a maker of events in which somebody deletes an object."""
    return lambda log: log.event(
        admin(log.rng), "delete", resource, f"old-{suffix(log.rng)}", namespace
    )


def into_pod(verb: str, subresource: str, query: str, stage: str = STARTED) -> Maker:
    """Return a maker of events in which somebody connects to a running pod."""
    return lambda log: log.event(
        admin(log.rng),
        verb,
        "pods",
        f"ledger-{suffix(log.rng)}",
        "payments",
        subresource,
        query,
        stage=stage,
        code=101,
    )


def named(resource: str, namespace: str | None = None) -> Maker:
    """Return a maker of events in which an object with nothing but a name is created."""

    def make(log: AuditLog) -> Event:
        name = f"{resource[:4]}-{suffix(log.rng)}"
        body = {"kind": resource, "apiVersion": "v1", "metadata": objects.meta(log.rng, name)}
        return create(log, admin(log.rng), resource, body, namespace)

    return make


def secret_read(log: AuditLog) -> Event:
    """An application reads a secret of another one."""
    name = f"payments-db-{log.rng.randrange(9)}"
    return log.event(application(log.rng), "get", "secrets", name, "payments")


def secret_refused(log: AuditLog) -> Event:
    """An application may not read a secret."""
    return log.event(
        application(log.rng),
        "get",
        "secrets",
        f"db-{log.rng.randrange(9)}",
        "payments",
        code=403,
        reason="Forbidden",
        allowed=False,
    )


def token(log: AuditLog) -> Event:
    """Somebody asks for a token of a service account."""
    body = {"kind": "TokenRequest", "spec": {"audiences": ["https://kubernetes.default.svc"]}}
    return log.event(
        admin(log.rng),
        "create",
        "serviceaccounts",
        "default",
        "shop",
        "token",
        code=201,
        request=body,
    )


def ephemeral(log: AuditLog) -> Event:
    """Somebody adds a container to a running pod."""
    added = objects.container(log.rng, "debugger")
    name = f"ledger-{suffix(log.rng)}"
    return log.event(
        admin(log.rng),
        "patch",
        "pods",
        name,
        "payments",
        "ephemeralcontainers",
        request={"spec": {"ephemeralContainers": [added]}},
        response=objects.pod(log.rng, "payments"),
    )


def system_role(log: AuditLog) -> Event:
    """Somebody changes a role that Kubernetes relies on."""
    body = objects.role(log.rng, "system:node", ["secrets"], ["get", "list"])
    return log.event(admin(log.rng), "update", "clusterroles", "system:node", request=body)


INCIDENTS: tuple[Maker, ...] = (
    pods(objects.pod, {"privileged": True}),
    pods(objects.with_host_path, "/var/lib/kubelet"),
    pods(objects.with_host_path, "/etc"),
    pods(objects.pod, hostNetwork=True),
    pods(objects.pod, hostPID=True),
    pods(objects.pod, hostIPC=True),
    pods(objects.pod, namespace="kube-system"),
    installed("services", objects.service, "NodePort"),
    installed("services", objects.service),
    installed("configmaps", objects.config_map, password="correct-horse-battery"),
    installed("configmaps", objects.config_map),
    installed("deployments", objects.deployment),
    installed("ingresses", objects.ingress),
    granted("clusterroles", objects.role, "all", ["*"], ["get"]),
    granted("clusterroles", objects.role, "writer", ["configmaps"], ["create", "update"]),
    granted("clusterroles", objects.role, "shell", ["pods/exec"], ["get"]),
    granted("clusterroles", objects.role, "reader", ["configmaps"], ["get"]),
    granted("clusterrolebindings", objects.binding, "admin", "cluster-admin"),
    granted("clusterrolebindings", objects.binding, "view", "view"),
    named("namespaces"),
    named("serviceaccounts", "kube-system"),
    named("serviceaccounts", "shop"),
    *map(deleted, ("deployments", "services", "configmaps", "serviceaccounts", "secrets")),
    deleted("clusterrolebindings", None),
    into_pod("create", "exec", "command=sh&command=-c&command=id&container=ledger&stdin=true"),
    into_pod("get", "attach", "container=ledger&stdout=true"),
    into_pod("create", "portforward", "ports=8080"),
    lambda log: log.event(stranger(log.rng), "list", "pods", None, "shop", query="limit=500"),
    lambda log: log.request(anonymous(log.rng), "get", "/version"),
    secret_read,
    secret_refused,
    token,
    ephemeral,
    system_role,
)


def incident(log: AuditLog) -> Event:
    """Return an event that some rule reports."""
    return log.rng.choice(INCIDENTS)(log)
