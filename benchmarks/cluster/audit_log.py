"""Write down requests as kube-apiserver does: its members in its order, as time goes by."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from cluster.clients import Client
from cluster.objects import uuid

Event = dict[str, Any]

# The API group and version of what is not in the core group.
GROUPS = {
    "leases": "coordination.k8s.io/v1",
    "deployments": "apps/v1",
    "replicasets": "apps/v1",
    "ingresses": "networking.k8s.io/v1",
    "endpointslices": "discovery.k8s.io/v1",
    "clusterroles": "rbac.authorization.k8s.io/v1",
    "clusterrolebindings": "rbac.authorization.k8s.io/v1",
    "subjectaccessreviews": "authorization.k8s.io/v1",
}
STARTED = "ResponseStarted"
COMPLETE = "ResponseComplete"


class AuditLog:
    """An API server's log in the making: a clock, and chances that are the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._clock = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def request(self, client: Client, verb: str, uri: str, **more: Any) -> Event:
        """Return the event of a request that is about no object, such as a health probe."""
        return self._event(client, verb, uri, None, **more)

    def event(
        self,
        client: Client,
        verb: str,
        resource: str,
        name: str | None = None,
        namespace: str | None = None,
        subresource: str | None = None,
        query: str = "",
        **more: Any,
    ) -> Event:
        """Return the event of a request that is about objects."""
        group, _, version = GROUPS.get(resource, "v1").rpartition("/")
        reference = {
            "resource": resource,
            "namespace": namespace,
            "name": name,
            "apiGroup": group,
            "apiVersion": version,
            "subresource": subresource,
        }
        path = [f"/apis/{group}/{version}" if group else f"/api/{version}"]
        path += ["namespaces", namespace] if namespace else []
        # What is to be created has its name in the body, not in the path.
        in_path = name if verb != "create" or subresource else None
        path += [part for part in (resource, in_path, subresource) if part]
        uri = "/".join(path) + (f"?{query}" if query else "")
        given = {key: value for key, value in reference.items() if value}
        return self._event(client, verb, uri, given, **more)

    def _event(
        self,
        client: Client,
        verb: str,
        uri: str,
        reference: dict[str, str] | None,
        *,
        stage: str = COMPLETE,
        code: int = 200,
        reason: str = "",
        request: Any = None,
        response: Any = None,
        seconds: float = 0.0,
        allowed: bool = True,
    ) -> Event:
        self._clock += timedelta(microseconds=self.rng.randrange(200, 40_000))
        took = timedelta(seconds=seconds, microseconds=self.rng.randrange(900, 15_000))
        status: dict[str, Any] = {"metadata": {}}
        if code >= 400:
            status |= {"status": "Failure", "message": f'{uri}: "{reason}"', "reason": reason}
        status["code"] = code
        event: Event = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": _level(request, response),
            "auditID": uuid(self.rng),
            "stage": stage,
            "requestURI": uri,
            "verb": verb,
            "user": client.user(),
            "sourceIPs": [client.address],
            "userAgent": client.agent,
        }
        if reference is not None:
            event["objectRef"] = reference
        event["responseStatus"] = status
        if request is not None:
            event["requestObject"] = request
        if response is not None:
            event["responseObject"] = response
        event["requestReceivedTimestamp"] = _stamp(self._clock - took)
        event["stageTimestamp"] = _stamp(self._clock)
        event["annotations"] = _decision(client, allowed)
        return event


def _level(request: Any, response: Any) -> str:
    if response is not None:
        return "RequestResponse"
    return "Metadata" if request is None else "Request"


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _decision(client: Client, allowed: bool) -> dict[str, str]:
    """Return how the authorizer decided, and why."""
    kind = "ServiceAccount" if client.name.startswith("system:serviceaccount:") else "User"
    name = client.name.rpartition(":")[2]
    why = f'RBAC: allowed by ClusterRoleBinding "{name}" of ClusterRole "{name}" to {kind} "{name}"'
    return {
        "authorization.k8s.io/decision": "allow" if allowed else "forbid",
        "authorization.k8s.io/reason": why if allowed else "",
    }
