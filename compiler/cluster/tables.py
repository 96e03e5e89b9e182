"""What is known of Kubernetes: where resources are, and who is in which group.

Rules name resources; a policy names API groups, too. A resource that is not
here has to be told (``rulec k8s policy --group``).
"""

from collections.abc import Mapping
from typing import Final

CORE: Final = ""
APPS: Final = "apps"
RBAC: Final = "rbac.authorization.k8s.io"
ADMISSION: Final = "admissionregistration.k8s.io"
CERTIFICATES: Final = "certificates.k8s.io"
NETWORKING: Final = "networking.k8s.io"
STORAGE: Final = "storage.k8s.io"

# The resources of each API group. Some are in more than one.
_BY_GROUP: Final[Mapping[str, str]] = {
    CORE: "bindings componentstatuses configmaps endpoints events limitranges namespaces nodes"
    " persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers"
    " resourcequotas secrets serviceaccounts services",
    ADMISSION: "mutatingadmissionpolicies mutatingadmissionpolicybindings"
    " mutatingwebhookconfigurations validatingadmissionpolicies"
    " validatingadmissionpolicybindings validatingwebhookconfigurations",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "apiregistration.k8s.io": "apiservices",
    APPS: "controllerrevisions daemonsets deployments replicasets statefulsets",
    "authentication.k8s.io": "selfsubjectreviews tokenreviews",
    "authorization.k8s.io": "localsubjectaccessreviews selfsubjectaccessreviews"
    " selfsubjectrulesreviews subjectaccessreviews",
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs jobs",
    CERTIFICATES: "certificatesigningrequests clustertrustbundles podcertificaterequests",
    "coordination.k8s.io": "leases leasecandidates",
    "discovery.k8s.io": "endpointslices",
    "events.k8s.io": "events",
    "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
    NETWORKING: "ingresses ingressclasses ipaddresses networkpolicies servicecidrs",
    "node.k8s.io": "runtimeclasses",
    "policy": "poddisruptionbudgets",
    RBAC: "clusterrolebindings clusterroles rolebindings roles",
    "resource.k8s.io": "deviceclasses resourceclaims resourceclaimtemplates resourceslices",
    "scheduling.k8s.io": "priorityclasses",
    STORAGE: "csidrivers csinodes csistoragecapacities storageclasses volumeattachments"
    " volumeattributesclasses",
}


def _groups() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group, resources in _BY_GROUP.items():
        for resource in resources.split():
            found[resource] = (*found.get(resource, ()), group)
    return found


# The API groups of each resource.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = _groups()

# The resources that have such a part. Of others (status, scale), any resource may have one.
SUBRESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "approval": ("certificatesigningrequests",),
    "attach": ("pods",),
    "binding": ("pods",),
    "ephemeralcontainers": ("pods",),
    "eviction": ("pods",),
    "exec": ("pods",),
    "finalize": ("namespaces",),
    "log": ("pods",),
    "portforward": ("pods",),
    "proxy": ("nodes", "pods", "services"),
    "resize": ("pods",),
    "token": ("serviceaccounts",),
}

# Resources that have no parts at all, not even a status.
WITHOUT_PARTS: Final = frozenset(
    {
        *("bindings", "clusterrolebindings", "clusterroles", "configmaps", "controllerrevisions"),
        *("csidrivers", "csinodes", "endpoints", "endpointslices", "events", "ingressclasses"),
        *("leases", "limitranges", "podtemplates", "priorityclasses", "rolebindings", "roles"),
        *("runtimeclasses", "secrets", "storageclasses", "tokenreviews"),
        *("mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
        *("mutatingwebhookconfigurations", "validatingadmissionpolicybindings"),
        "validatingwebhookconfigurations",
    }
)

VERBS: Final = (
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
)

STAGES: Final = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")

# The users of the control plane and its neighbours, who ask for most of what is asked for.
SYSTEM_USERS: Final = (
    "kube-apiserver-healthcheck",
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "system:kube-scheduler",
)

# Groups whose members all have names that begin alike: that is how the API server names
# kubelets and service accounts. A client certificate that says otherwise is not issued by
# the signers of Kubernetes.
USER_GROUPS: Final[Mapping[str, str]] = {
    "system:nodes": "system:node:",
    "system:serviceaccounts:kube-system": "system:serviceaccount:kube-system:",
    "system:serviceaccounts": "system:serviceaccount:",
}

# Probes of the API server, which load balancers and kubelets ask for all day.
PROBES: Final = ("/healthz", "/livez", "/readyz")
