"""Make audit logs that look like those of a real cluster, the same for the same seed.

The typical mix is mostly leases, watches and reads of the cluster's own
components; about one event in a hundred raises an alert of the shipped rules.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Event = dict[str, Any]

COMPONENTS = (
    "system:kube-scheduler",
    "system:kube-controller-manager",
    "system:node:worker-1",
    "system:node:worker-2",
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "system:serviceaccount:monitoring:prometheus",
)
NAMESPACES = ("default", "shop", "payments", "monitoring", "kube-system")
RESOURCES = ("pods", "endpoints", "nodes", "configmaps", "services", "deployments", "events")


def _event(rng: random.Random, user: str, verb: str, ref: Event, **more: Any) -> Event:
    second, micro = rng.randrange(86_400), rng.randrange(1_000_000)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{micro:06}Z"
    namespace = f"/namespaces/{ref['namespace']}" if "namespace" in ref else ""
    name = f"/{ref['name']}" if "name" in ref else ""
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse" if "requestObject" in more else "Metadata",
        "auditID": f"{rng.getrandbits(128):032x}",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1{namespace}/{ref['resource']}{name}?timeout=10s",
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": [f"192.0.2.{rng.randrange(1, 255)}"],
        "userAgent": "kube-probe/1.31",
        "objectRef": {"apiVersion": "v1", **ref},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": f"2026-03-02T{clock}",
        "stageTimestamp": f"2026-03-02T{clock}",
        "annotations": {
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "RBAC: allowed by ClusterRoleBinding of a component",
        },
        **more,
    }


def _lease(rng: random.Random) -> Event:
    node = f"worker-{rng.randrange(1, 40)}"
    ref = {"resource": "leases", "namespace": "kube-node-lease", "name": node}
    return _event(rng, f"system:node:{node}", "update", ref)


def _read(rng: random.Random) -> Event:
    ref = {"resource": rng.choice(RESOURCES), "namespace": rng.choice(NAMESPACES)}
    verb = rng.choice(("get", "list", "watch"))
    if verb == "get":
        ref["name"] = f"object-{rng.randrange(1000)}"
    return _event(rng, rng.choice(COMPONENTS), verb, ref)


def _patch(rng: random.Random) -> Event:
    name = f"web-{rng.randrange(1000)}"
    ref = {"resource": "pods", "subresource": "status", "namespace": "shop", "name": name}
    body = {"status": {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}}
    user = rng.choice(COMPONENTS)
    return _event(rng, user, "patch", ref, requestObject=body, responseObject=body)


def _pod(rng: random.Random, privileged: bool) -> Event:
    container: Event = {"name": "main", "image": f"registry.example.net/app:{rng.randrange(9)}"}
    if privileged:
        container["securityContext"] = {"privileged": True}
    pod = {"metadata": {"name": f"job-{rng.randrange(1000)}"}, "spec": {"containers": [container]}}
    ref = {"resource": "pods", "namespace": "shop"}
    user = "system:serviceaccount:kube-system:job-controller"
    return _event(rng, user, "create", ref, requestObject=pod, responseObject=pod)


def _secret(rng: random.Random) -> Event:
    ref = {"resource": "secrets", "namespace": "payments", "name": "db"}
    return _event(rng, "system:serviceaccount:shop:storefront", "get", ref)


def _stranger(rng: random.Random) -> Event:
    return _event(rng, "mallory@example.net", "list", {"resource": "pods", "namespace": "shop"})


Maker = Callable[[random.Random], Event]

# How often each kind of event occurs in 1,000.
TYPICAL: tuple[tuple[int, Maker], ...] = (
    (420, _lease),
    (460, _read),
    (90, _patch),
    (18, lambda rng: _pod(rng, privileged=False)),
    (4, lambda rng: _pod(rng, privileged=True)),
    (4, _secret),
    (4, _stranger),
)
ALERTING: tuple[tuple[int, Maker], ...] = (
    (380, _read),
    (320, lambda rng: _pod(rng, privileged=True)),
    (150, _secret),
    (150, _stranger),
)


def make(
    count: int, mix: tuple[tuple[int, Maker], ...] = TYPICAL, seed: int = 1
) -> Iterator[bytes]:
    """Yield ``count`` events as lines of JSON, without their ends."""
    rng = random.Random(seed)
    weights, makers = zip(*mix, strict=True)
    for maker in rng.choices(makers, weights, k=count):
        yield json.dumps(maker(rng), separators=(",", ":")).encode()
