"""The traffic of a cluster that is of no interest to the rules: most of what there is."""

from typing import Any

from cluster.audit_log import STARTED, AuditLog, Event
from cluster.clients import (
    CONTROLLER_MANAGER,
    SCHEDULER,
    add_on,
    anonymous,
    application,
    controller,
    deployer,
    kubelet,
)
from cluster.objects import APPS, NAMESPACES, created, deployment, pod, pod_status, suffix, uuid

READ = ("pods", "endpointslices", "nodes", "configmaps", "services", "replicasets", "namespaces")


def node_lease(log: AuditLog) -> Event:
    """A kubelet says that its node is alive."""
    client = kubelet(log.rng)
    name = client.name.rpartition(":")[2]
    query = "timeout=10s"
    return log.event(client, "update", "leases", name, "kube-node-lease", query=query)


def leader_lease(log: AuditLog) -> Event:
    """A component looks whether it still leads, or says that it does."""
    client = log.rng.choice((SCHEDULER, CONTROLLER_MANAGER))
    verb = log.rng.choice(("get", "update"))
    return log.event(client, verb, "leases", client.name[7:], "kube-system", query="timeout=5s")


def read(log: AuditLog) -> Event:
    """A component or an add-on gets an object, or lists them."""
    rng = log.rng
    client = rng.choice((kubelet, controller, add_on, add_on, application))(rng)
    resource = rng.choice(READ)
    namespace = None if resource in ("nodes", "namespaces") else rng.choice(NAMESPACES)
    if rng.random() < 0.6:
        return log.event(client, "get", resource, f"{rng.choice(APPS)}-{suffix(rng)}", namespace)
    query = f"limit=500&resourceVersion={rng.randrange(10**6, 10**7)}"
    return log.event(client, "list", resource, None, namespace, query=query)


def watch(log: AuditLog) -> Event:
    """A watch begins, or comes to its end some minutes later."""
    rng = log.rng
    client = rng.choice((kubelet, controller, add_on, lambda _: SCHEDULER))(rng)
    last = rng.randrange(300, 600)
    query = (
        f"allowWatchBookmarks=true&resourceVersion={rng.randrange(10**6, 10**7)}"
        f"&timeout={last // 60}m{last % 60}s&timeoutSeconds={last}&watch=true"
    )
    more: dict[str, Any] = {"stage": STARTED} if rng.random() < 0.5 else {"seconds": last}
    return log.event(client, "watch", rng.choice(READ), query=query, **more)


def probe(log: AuditLog) -> Event:
    """A load balancer asks whether the API server is well."""
    path = log.rng.choice(("/readyz", "/livez", "/healthz?timeout=5s"))
    return log.request(anonymous(log.rng), "get", path)


def access_review(log: AuditLog) -> Event:
    """Somebody's own API server asks whether a user may do something."""
    rng = log.rng
    subject = application(rng)
    spec = {
        "resourceAttributes": {"namespace": "shop", "verb": "get", "resource": "services"},
        "user": subject.name,
        "groups": list(subject.groups),
        "uid": subject.uid,
    }
    review = {"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec": spec}
    return log.event(add_on(rng), "create", "subjectaccessreviews", code=201, request=review)


def status_patch(log: AuditLog) -> Event:
    """A kubelet tells how a pod is, and is answered with the whole pod."""
    rng = log.rng
    namespace = rng.choice(NAMESPACES)
    patch, answer = pod_status(rng), created(rng, pod(rng, namespace))
    answer["status"] = patch["status"]
    name = answer["metadata"]["name"]
    return log.event(
        kubelet(rng), "patch", "pods", name, namespace, "status", request=patch, response=answer
    )


def notice(log: AuditLog) -> Event:
    """A component writes an event about a pod."""
    rng = log.rng
    namespace = rng.choice(NAMESPACES)
    name = f"{rng.choice(APPS)}-{suffix(rng, 9)}-{suffix(rng)}"
    about = {"kind": "Pod", "namespace": namespace, "name": name, "uid": uuid(rng)}
    body = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": f"{name}.{rng.getrandbits(64):x}", "namespace": namespace},
        "involvedObject": about,
        "reason": "Pulled",
        "message": "Container image is already present on the machine",
        "source": {"component": "kubelet", "host": "worker-1"},
        "count": rng.randrange(1, 9),
        "type": "Normal",
    }
    return log.event(kubelet(rng), "create", "events", None, namespace, code=201, request=body)


def plain_pod(log: AuditLog) -> Event:
    """A controller creates a pod with nothing special in it."""
    namespace = log.rng.choice(NAMESPACES)
    body = pod(log.rng, namespace, {"runAsNonRoot": True, "privileged": False})
    answer = created(log.rng, body)
    client = controller(log.rng)
    return log.event(
        client, "create", "pods", None, namespace, code=201, request=body, response=answer
    )


def rollout(log: AuditLog) -> Event:
    """A new version of an application is deployed."""
    namespace = log.rng.choice(NAMESPACES)
    body = deployment(log.rng, namespace)
    name = body["metadata"]["name"]
    return log.event(
        deployer(log.rng), "patch", "deployments", name, namespace, request=body, response=body
    )
