"""Kubernetes objects as an audit log shows them, with as much in them as real ones have."""

import random
from typing import Any

Object = dict[str, Any]

NAMESPACES = ("default", "shop", "payments", "monitoring", "ingress-nginx")
APPS = ("storefront", "checkout", "ledger", "search", "recommendations", "mailer")
REGISTRY = "registry.example.com"


def uuid(rng: random.Random) -> str:
    """Return an identifier as Kubernetes gives to requests, users and objects."""
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def suffix(rng: random.Random, length: int = 5) -> str:
    """Return what controllers put behind the names of what they create."""
    return "".join(rng.choices("bcdfghjklmnpqrstvwxz2456789", k=length))


def meta(rng: random.Random, name: str, namespace: str | None = None, app: str = "") -> Object:
    """Return the ``metadata`` of an object."""
    app = app or rng.choice(APPS)
    return {
        "name": name,
        **({} if namespace is None else {"namespace": namespace}),
        "labels": {
            "app.kubernetes.io/name": app,
            "app.kubernetes.io/instance": f"{app}-{rng.randrange(1, 4)}",
            "app.kubernetes.io/managed-by": "Helm",
        },
    }


def container(rng: random.Random, app: str, **more: Any) -> Object:
    """Return a container of a pod."""
    port = rng.choice((8080, 8443, 9090))
    return {
        "name": app,
        "image": f"{REGISTRY}/{app}/{app}:{rng.randrange(1, 5)}.{rng.randrange(20)}.0",
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "env": [
            {"name": "LOG_LEVEL", "value": rng.choice(("info", "debug"))},
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ],
        "resources": {
            "limits": {"cpu": "500m", "memory": "512Mi"},
            "requests": {"cpu": f"{rng.randrange(1, 5) * 50}m", "memory": "256Mi"},
        },
        "volumeMounts": [
            {
                "name": f"kube-api-access-{suffix(rng)}",
                "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": port}, "periodSeconds": 10},
        "imagePullPolicy": "IfNotPresent",
        **more,
    }


def template(rng: random.Random, containers: list[Object], **spec: Any) -> Object:
    """Return the ``spec`` of a pod."""
    return {
        "volumes": [{"name": "config", "configMap": {"name": f"settings-{suffix(rng)}"}}],
        "containers": containers,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        **spec,
    }


def pod(rng: random.Random, namespace: str, context: Object | None = None, **spec: Any) -> Object:
    """Return a pod; ``context`` is the security context of its container."""
    app = rng.choice(APPS)
    more = {} if context is None else {"securityContext": context}
    name = f"{app}-{suffix(rng, 9)}-{suffix(rng)}"
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": meta(rng, name, namespace, app),
        "spec": template(rng, [container(rng, app, **more)], **spec),
        "status": {},
    }


def with_host_path(rng: random.Random, namespace: str, path: str) -> Object:
    """Return a pod that mounts a path of its node."""
    volume = {"name": "host", "hostPath": {"path": path, "type": "Directory"}}
    return pod(rng, namespace, volumes=[volume])


def deployment(rng: random.Random, namespace: str) -> Object:
    """Return a deployment of one of the applications."""
    app = rng.choice(APPS)
    metadata = meta(rng, app, namespace, app)
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": metadata,
        "spec": {
            "replicas": rng.randrange(1, 6),
            "selector": {"matchLabels": metadata["labels"]},
            "template": {
                "metadata": {"labels": metadata["labels"]},
                "spec": template(rng, [container(rng, app)]),
            },
            "strategy": {"type": "RollingUpdate"},
        },
    }


def config_map(rng: random.Random, namespace: str, **data: str) -> Object:
    """Return a config map with the settings of an application, and ``data``."""
    app = rng.choice(APPS)
    settings = "\n".join(f"{key} = {rng.randrange(1000)}" for key in ("workers", "retries", "ttl"))
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": meta(rng, f"{app}-settings", namespace, app),
        "data": {"settings.ini": f"[server]\n{settings}\n", "mode": "production", **data},
    }


def service(rng: random.Random, namespace: str, kind: str = "ClusterIP") -> Object:
    """Return a service of a type."""
    app = rng.choice(APPS)
    metadata = meta(rng, app, namespace, app)
    port = {"name": "http", "protocol": "TCP", "port": 80, "targetPort": "http"}
    spec = {"ports": [port], "selector": metadata["labels"], "type": kind}
    return {"kind": "Service", "apiVersion": "v1", "metadata": metadata, "spec": spec}


def ingress(rng: random.Random, namespace: str) -> Object:
    """Return an ingress that names no certificate."""
    app = rng.choice(APPS)
    backend = {"service": {"name": app, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "kind": "Ingress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": meta(rng, app, namespace, app),
        "spec": {"rules": [{"host": f"{app}.example.com", "http": {"paths": [path]}}]},
    }


def role(rng: random.Random, name: str, resources: list[str], verbs: list[str]) -> Object:
    """Return a cluster role with one interesting rule behind two dull ones."""
    return {
        "kind": "ClusterRole",
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": meta(rng, name),
        "rules": [
            {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["services"]},
            {"verbs": ["get"], "apiGroups": ["apps"], "resources": ["deployments"]},
            {"verbs": verbs, "apiGroups": [""], "resources": resources},
        ],
    }


def binding(rng: random.Random, name: str, to: str) -> Object:
    """Return what gives a cluster role to a service account."""
    group = "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "name": rng.choice(APPS), "namespace": "shop"}
    return {
        "kind": "ClusterRoleBinding",
        "apiVersion": f"{group}/v1",
        "metadata": meta(rng, name),
        "subjects": [account],
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": to},
    }


def pod_status(rng: random.Random) -> Object:
    """Return the patch by which a kubelet tells how a pod is."""
    since = f"2026-03-02T0{rng.randrange(10)}:15:{rng.randrange(10, 60)}Z"
    conditions = [
        {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": since}
        for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    address = f"10.244.{rng.randrange(40)}.{rng.randrange(2, 250)}"
    status = {"conditions": conditions, "phase": "Running", "podIP": address, "startTime": since}
    return {"metadata": {"uid": uuid(rng)}, "status": status}


def created(rng: random.Random, request: Object) -> Object:
    """Return what the API server answers: the object, with what it was given on the way."""
    more = {"uid": uuid(rng), "creationTimestamp": "2026-03-02T09:28:05Z"}
    version = {"resourceVersion": str(rng.randrange(10**6, 10**7))}
    return {**request, "metadata": {**request["metadata"], **more, **version}}
