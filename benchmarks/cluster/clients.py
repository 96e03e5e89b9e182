"""Who asks the API server of the benchmarks' cluster for something."""

import random
from dataclasses import dataclass, field
from typing import Any

from cluster.objects import APPS, uuid

_CREDENTIAL = "authentication.kubernetes.io/credential-id"


@dataclass(frozen=True)
class Client:
    """A user as the API server sees it: an account, a program and an address."""

    name: str
    groups: tuple[str, ...]
    agent: str
    address: str
    uid: str | None = None
    extra: dict[str, list[str]] = field(default_factory=dict)

    def user(self) -> dict[str, Any]:
        """Return the ``user`` of an audit event."""
        user: dict[str, Any] = {"username": self.name}
        if self.uid is not None:
            user["uid"] = self.uid
        user["groups"] = list(self.groups)
        if self.extra:
            user["extra"] = self.extra
        return user


def component(name: str, program: str) -> Client:
    """Return a part of the control plane."""
    agent = f"{program}/v1.33.2 (linux/amd64) kubernetes/5f2a9c1/leader-election"
    return Client(f"system:{name}", ("system:authenticated",), agent, "192.0.2.10")


def kubelet(rng: random.Random) -> Client:
    """Return the kubelet of one of the nodes."""
    node = rng.randrange(1, 41)
    certificate = {_CREDENTIAL: [f"X509SHA256={random.Random(node).getrandbits(256):064x}"]}
    agent = "kubelet/v1.33.2 (linux/amd64) kubernetes/5f2a9c1"
    groups = ("system:nodes", "system:authenticated")
    return Client(
        f"system:node:worker-{node}", groups, agent, f"192.0.2.{50 + node}", extra=certificate
    )


def service_account(rng: random.Random, namespace: str, name: str, agent: str) -> Client:
    """Return a program in a pod, which shows the token that it was given."""
    stable = random.Random(f"{namespace}/{name}")
    node = stable.randrange(1, 41)
    extra = {
        _CREDENTIAL: [f"JTI={uuid(stable)}"],
        "authentication.kubernetes.io/node-name": [f"worker-{node}"],
        "authentication.kubernetes.io/node-uid": [uuid(stable)],
        "authentication.kubernetes.io/pod-name": [f"{name}-{stable.getrandbits(32):08x}"],
        "authentication.kubernetes.io/pod-uid": [uuid(stable)],
    }
    groups = (
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    )
    account = f"system:serviceaccount:{namespace}:{name}"
    address = f"10.244.{node}.{rng.randrange(2, 250)}"
    return Client(account, groups, agent, address, uuid(stable), extra)


def controller(rng: random.Random) -> Client:
    """Return one of the control plane's controllers, each with an account of its own."""
    name = rng.choice(("replicaset-controller", "generic-garbage-collector", "job-controller"))
    program = f"kube-controller-manager/v1.33.2 (linux/amd64) kubernetes/5f2a9c1/{name}"
    return service_account(rng, "kube-system", name, program)


def add_on(rng: random.Random) -> Client:
    """Return a program that was installed into the cluster and watches it."""
    namespace, name, agent = rng.choice(
        (
            ("kube-system", "coredns", "coredns/1.12.1 (linux/amd64)"),
            ("monitoring", "prometheus", "Prometheus/3.4.1"),
            ("ingress-nginx", "controller", "nginx-ingress-controller/v1.12.2 (linux/amd64)"),
            ("kube-system", "metrics-server", "metrics-server/v0.7.2 (linux/amd64)"),
        )
    )
    return service_account(rng, namespace, name, agent)


def application(rng: random.Random) -> Client:
    """Return one of the applications, which has little to ask."""
    return service_account(rng, "shop", rng.choice(APPS), "python-requests/2.32.3")


def deployer(rng: random.Random) -> Client:
    """Return what installs the applications."""
    return service_account(rng, "ci", "deployer", "Helm/3.18.2")


def admin(rng: random.Random) -> Client:
    """Return a person with the credentials of the cluster's administrator."""
    agent = "kubectl/v1.33.2 (linux/amd64) kubernetes/5f2a9c1"
    groups = ("kubeadm:cluster-admins", "system:authenticated")
    return Client("kubernetes-admin", groups, agent, f"198.51.100.{rng.randrange(1, 20)}")


def stranger(rng: random.Random) -> Client:
    """Return a person whom the rules do not expect."""
    agent = "kubectl/v1.32.0 (darwin/arm64) kubernetes/70d3cc9"
    name = f"{rng.choice(('mallory', 'trudy', 'oscar'))}@example.net"
    return Client(name, ("oidc:contractors", "system:authenticated"), agent, "203.0.113.66")


def anonymous(rng: random.Random) -> Client:
    """Return somebody who does not say who they are: a load balancer, or a scanner."""
    address = f"203.0.113.{rng.randrange(1, 250)}"
    return Client("system:anonymous", ("system:unauthenticated",), "curl/8.9.1", address)


SCHEDULER = component("kube-scheduler", "kube-scheduler")
CONTROLLER_MANAGER = component("kube-controller-manager", "kube-controller-manager")
