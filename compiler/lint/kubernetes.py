"""What is known of Kubernetes that rules are likely to forget: one table for each kind of thing."""

from collections.abc import Mapping
from typing import Final

from rulec.runtime.fields import Step

Path = tuple[Step, ...]

REQUEST: Final[Path] = ("requestObject",)
RESPONSE: Final[Path] = ("responseObject",)
SPEC: Final[Path] = (*REQUEST, "spec")
STATUS: Final[Path] = ("responseStatus",)
CODE: Final[Path] = (*STATUS, "code")
NAMESPACE: Final[Path] = ("objectRef", "namespace")
LEVEL: Final[Path] = ("level",)
IMPERSONATED: Final[Path] = ("impersonatedUser", "username")
DECISION: Final[Path] = ("annotations", "authorization.k8s.io/decision")
REASON: Final[Path] = ("annotations", "authorization.k8s.io/reason")

# What an event cannot have when its request has only been received: nobody has decoded,
# allowed or answered it.
NOT_YET: Final = (REQUEST, RESPONSE, STATUS, DECISION, REASON)

# The lists of containers in a pod, and what they are called.
CONTAINERS: Final = "containers"
INIT: Final = "initContainers"
EPHEMERAL: Final = "ephemeralContainers"
LISTS: Final[Mapping[str, str]] = {
    CONTAINERS: "containers",
    INIT: "init containers",
    EPHEMERAL: "ephemeral containers",
}

# Where objects that make pods have the pod.
TEMPLATES: Final[Mapping[str, str]] = {
    "cronjobs": "/spec/jobTemplate/spec/template/spec",
    "podtemplates": "/template/spec",
    **dict.fromkeys(
        (
            *("daemonsets", "deployments", "jobs", "replicasets", "replicationcontrollers"),
            "statefulsets",
        ),
        "/spec/template/spec",
    ),
}

# What a pod has directly below /requestObject/spec, and the objects above have not.
OF_PODS: Final = tuple(
    (*SPEC, name)
    for name in (
        *LISTS,
        *("volumes", "hostNetwork", "hostPID", "hostIPC", "securityContext", "nodeName"),
        *("serviceAccountName", "hostUsers", "automountServiceAccountToken"),
    )
)

# Who makes the pods of such objects: these service accounts of kube-system, or the controller
# manager itself if it has none for its controllers.
CONTROLLERS: Final = (
    *("daemon-set-controller", "job-controller", "replicaset-controller"),
    *("replication-controller", "statefulset-controller"),
)
ACCOUNTS: Final = "system:serviceaccount:"
CONTROLLER_USERS: Final = tuple(f"{ACCOUNTS}kube-system:{name}" for name in CONTROLLERS)

# Requests for these parts last: their event at ResponseStarted says that they were allowed,
# that at ResponseComplete that they are over.
LASTING: Final[Mapping[str, tuple[str, ...]]] = {
    "attach": ("pods",),
    "exec": ("pods",),
    "log": ("pods",),
    "portforward": ("pods",),
    "proxy": ("nodes", "pods", "services"),
}

# Of these, sessions that are opened with POST (SPDY) or with GET (WebSocket).
SESSIONS: Final = ("attach", "exec", "portforward")
SESSION_VERBS: Final = ("create", "get")
# What is passed on may be asked with any method.
PROXY_VERBS: Final = ("get", "create", "update", "patch", "delete")

# Verbs whose requests have no object, and those that say no more than how to delete.
BODILESS: Final = ("get", "list", "watch")
DELETING: Final = ("delete", "deletecollection")

# Objects that are asked rather than kept: they can be created, and nothing else.
NOT_KEPT: Final = frozenset(
    {
        *("bindings", "localsubjectaccessreviews", "selfsubjectaccessreviews"),
        *("selfsubjectreviews", "selfsubjectrulesreviews", "subjectaccessreviews", "tokenreviews"),
    }
)

# Requests for parts of an object that are made all the time, and that a rule about the whole
# matches as well, by verb.
_STATUS: Final = (
    *("certificatesigningrequests", "cronjobs", "daemonsets", "deployments", "jobs", "namespaces"),
    *("nodes", "persistentvolumeclaims", "persistentvolumes", "pods", "replicasets", "services"),
    *("statefulsets", "ingresses", "horizontalpodautoscalers", "customresourcedefinitions"),
)
OFTEN: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("pods", "get"): ("log",),
    ("pods", "create"): ("binding", "eviction", "exec"),
    ("serviceaccounts", "create"): ("token",),
    **{(resource, verb): ("status",) for resource in _STATUS for verb in ("update", "patch")},
}

# Groups that everybody knows, and that are no users.
WELL_KNOWN_GROUPS: Final = frozenset(
    {
        *("system:authenticated", "system:bootstrappers", "system:masters", "system:monitoring"),
        *("system:nodes", "system:serviceaccounts", "system:unauthenticated"),
    }
)
# ... and the other way round.
WELL_KNOWN_USERS: Final = frozenset(
    {
        *("system:admin", "system:anonymous", "system:apiserver", "system:kube-controller-manager"),
        *("system:kube-proxy", "system:kube-scheduler"),
    }
)

# What kubectl understands, and the API server has never heard of.
SHORT_NAMES: Final[Mapping[str, str]] = {
    "cj": "cronjobs",
    "cm": "configmaps",
    "crd": "customresourcedefinitions",
    "crds": "customresourcedefinitions",
    "csr": "certificatesigningrequests",
    "deploy": "deployments",
    "ds": "daemonsets",
    "ep": "endpoints",
    "hpa": "horizontalpodautoscalers",
    "ing": "ingresses",
    "netpol": "networkpolicies",
    "ns": "namespaces",
    "pdb": "poddisruptionbudgets",
    "po": "pods",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "rc": "replicationcontrollers",
    "rs": "replicasets",
    "sa": "serviceaccounts",
    "sts": "statefulsets",
    "svc": "services",
}

# The methods of HTTP, which are the verbs of requests for no resource.
METHODS: Final = ("connect", "delete", "get", "head", "options", "patch", "post", "put", "trace")
