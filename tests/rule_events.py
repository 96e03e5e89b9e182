"""Audit events for tests, complete enough for every shipped rule.

``audit_event`` describes a request in a few words and returns the event that
an API server would log for it; the other functions make the objects that
requests carry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

ALLOWED_USER = "kubernetes-admin"  # one of the list allowed_k8s_users
IMAGE = "registry.example.com/shop/web:1.4.2"  # in none of the lists of images


def audit_event(
    *,
    verb: str = "get",
    resource: str | None = "pods",
    name: str | None = "web",
    namespace: str | None = "shop",
    subresource: str | None = None,
    user: str = ALLOWED_USER,
    stage: str = "ResponseComplete",
    code: int = 200,
    reason: str | None = None,
    decision: str | None = "allow",
    uri: str | None = None,
    request: Mapping[str, Any] | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Return one event; ``None`` leaves a part out.

    The object of the response is the one of the request. ``members`` are
    members of the event itself, and come last.
    """
    event: dict[str, Any] = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata" if request is None else "RequestResponse",
        "auditID": "3f0c1f6e-8d0a-4b5c-9a53-7d5f0c2b1a10",
        "stage": stage,
        "requestURI": uri or _uri(resource, namespace, name, subresource),
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["192.0.2.10"],
        "userAgent": "kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0",
        "responseStatus": {"metadata": {}, "code": code},
        "requestReceivedTimestamp": "2026-03-02T09:15:00.000000Z",
        "stageTimestamp": "2026-03-02T09:15:00.012345Z",
        "annotations": {},
    }
    if resource is not None:
        target = {
            "resource": resource,
            "namespace": namespace,
            "name": name,
            "subresource": subresource,
            "apiVersion": "v1",
        }
        event["objectRef"] = {key: value for key, value in target.items() if value is not None}
    if reason is not None:
        event["responseStatus"]["reason"] = reason
    if decision is not None:
        event["annotations"] = {
            "authorization.k8s.io/decision": decision,
            "authorization.k8s.io/reason": 'RBAC: allowed by ClusterRoleBinding "admins"',
        }
    if request is not None:
        event["requestObject"] = dict(request)
        event["responseObject"] = {**request, "metadata": {"name": name}}
    return event | members


def _uri(
    resource: str | None, namespace: str | None, name: str | None, subresource: str | None
) -> str:
    scope = ["namespaces", namespace] if namespace and resource != "namespaces" else []
    return "/".join(["/api/v1", *(part for part in (*scope, resource, name, subresource) if part)])


def container(image: str = IMAGE, *, privileged: bool | None = None) -> dict[str, Any]:
    """Return a container of a pod."""
    spec: dict[str, Any] = {"name": "main", "image": image}
    if privileged is not None:
        spec["securityContext"] = {"privileged": privileged}
    return spec


def pod(*containers: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a pod with these containers (an ordinary one if none is given)."""
    return {"kind": "Pod", "spec": {"containers": [*containers] or [container()], **spec}}


def pod_with_host_path(path: str, image: str = IMAGE) -> dict[str, Any]:
    """Return a pod that mounts a path of its node, and something harmless besides."""
    volumes = [
        {"name": "settings", "configMap": {"name": "settings"}},
        {"name": "node", "hostPath": {"path": path, "type": ""}},
    ]
    return pod(container(image), volumes=volumes)


def role(resources: Sequence[str], verbs: Sequence[str]) -> dict[str, Any]:
    """Return a role of two rules: reading pods, and then what is asked for."""
    return {
        "kind": "Role",
        "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": [*resources], "verbs": [*verbs]},
        ],
    }


def binding(role_name: str, user: str = "ines@example.com") -> dict[str, Any]:
    """Return the binding of a cluster role to a user."""
    return {
        "kind": "ClusterRoleBinding",
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}],
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role_name,
        },
    }


def service(kind: str) -> dict[str, Any]:
    """Return a service of this type."""
    ports = [{"protocol": "TCP", "port": 80, "targetPort": 8080}]
    return {"kind": "Service", "spec": {"type": kind, "ports": ports}}


def config_map(**data: str) -> dict[str, Any]:
    """Return a config map."""
    return {"kind": "ConfigMap", "data": data}


def ingress(*, tls: bool) -> dict[str, Any]:
    """Return an ingress, with or without a certificate."""
    spec: dict[str, Any] = {"rules": [{"host": "shop.example.com"}]}
    if tls:
        spec["tls"] = [{"hosts": ["shop.example.com"], "secretName": "shop-certificate"}]
    return {"kind": "Ingress", "spec": spec}
