"""The fields of a Kubernetes audit event.

The ``ka`` fields start from ``Event.audit``, which is empty in a document
without ``auditID``; the others see every document.
"""

from collections.abc import Callable
from typing import Any, Final

from rulec.runtime.fields import Argument, Field, catalogue
from rulec.runtime.sources.generic import EVENT_FIELDS, JSON_FIELDS
from rulec.runtime.sources.k8s_audit import compute
from rulec.runtime.sources.k8s_audit.containers import CONTAINERS, POD_CONTEXT, SPEC

SUBJECTS: Final = "/requestObject/subjects"


def _one(
    name: str, doc: str, path: str, *, deprecated: bool = False, structured: bool = False
) -> Field:
    """Declare a field with one value."""
    return Field(
        f"ka.{name}", doc, path, root="audit", deprecated=deprecated, structured=structured
    )


def _all(name: str, doc: str, path: str, structured: bool = False) -> Field:
    """Declare a list field without argument."""
    return Field(f"ka.{name}", doc, path, is_list=True, root="audit", structured=structured)


def _each(
    name: str, doc: str, path: str, complete: bool = False, structured: bool = False
) -> Field:
    """Declare a list field whose argument may select an element."""
    return Field(
        f"ka.{name}",
        doc,
        path,
        is_list=True,
        argument=Argument.INDEX,
        root="audit",
        complete=complete,
        structured=structured,
    )


def _worked_out(
    name: str,
    doc: str,
    function: Callable[..., Any],
    *reads: str,
    argument: Argument = Argument.NONE,
    is_list: bool = False,
    deprecated: bool = False,
) -> Field:
    """Declare a field that a function works out of the values at some paths."""
    return Field(
        f"ka.{name}",
        doc,
        is_list=is_list,
        argument=argument,
        reads=reads,
        compute=function,
        root="audit",
        deprecated=deprecated,
    )


REQUEST: Final = (
    _one("auditid", "The unique id of the audit event.", "/auditID"),
    _one("stage", "How far the request had got, such as ResponseComplete.", "/stage"),
    _one(
        "auth.decision",
        "Whether the request was allowed or forbidden.",
        "/annotations/authorization.k8s.io~1decision",
    ),
    _one(
        "auth.reason",
        "Why the request was allowed or forbidden.",
        "/annotations/authorization.k8s.io~1reason",
    ),
    _one(
        "auth.openshift.decision",
        "What OpenShift's authentication decided.",
        "/annotations/authentication.openshift.io~1decision",
    ),
    _one(
        "auth.openshift.username",
        "The user that OpenShift authenticated.",
        "/annotations/authentication.openshift.io~1username",
    ),
    _one(
        "validations.admission.policy.failure",
        "Which admission policies refused the object, and why.",
        "/annotations/validation.policy.admission.k8s.io~1validation_failure",
    ),
    _one(
        "security.pod.violations",
        "How the object violates the pod security standard.",
        "/annotations/pod-security.kubernetes.io~1audit-violations",
    ),
    _one("user.name", "The user who made the request.", "/user/username"),
    _all("user.groups", "The groups of the user who made the request.", "/user/groups[]"),
    _one("impuser.name", "The user who was impersonated.", "/impersonatedUser/username"),
    _one("verb", "What was to be done, such as get or create.", "/verb"),
    _one("uri", "The URI that the client asked for.", "/requestURI"),
    _worked_out(
        "uri.param",
        "The value of a query parameter of the URI.",
        compute.query_parameter,
        "/requestURI",
        argument=Argument.KEY,
    ),
    _one("useragent", "The client program, as it calls itself.", "/userAgent"),
    _each("sourceips", "The addresses that the request came through.", "/sourceIPs[]"),
    _one("cluster.name", "The name of the cluster (GKE only).", "/annotations/cluster_name"),
    _one("target.name", "The name of the object acted on.", "/objectRef/name"),
    _one("target.namespace", "The namespace of the object acted on.", "/objectRef/namespace"),
    _one("target.resource", "The kind of object acted on, in plural.", "/objectRef/resource"),
    _one("target.subresource", "The part of the object acted on.", "/objectRef/subresource"),
    _worked_out(
        "target.pod.name",
        "The name of the pod acted on, as the response has it.",
        compute.target_pod_name,
        "/objectRef/resource",
        "/objectRef/subresource",
        "/responseObject/metadata/name",
    ),
    _one("resp.name", "The name of the object in the response.", "/responseObject/metadata/name"),
    _one("response.code", "The HTTP status of the response.", "/responseStatus/code"),
    _one("response.reason", "The reason given for the response.", "/responseStatus/reason"),
)

BINDINGS: Final = (
    _all(
        "req.binding.subjects",
        "Whom a role is bound to, as JSON.",
        f"{SUBJECTS}[]",
        structured=True,
    ),
    _worked_out(
        "req.binding.subjects.user_names",
        "The users that a role is bound to.",
        compute.user_names,
        SUBJECTS,
        is_list=True,
    ),
    _worked_out(
        "req.binding.subjects.serviceaccount_names",
        "The service accounts that a role is bound to.",
        compute.service_account_names,
        SUBJECTS,
        is_list=True,
    ),
    _worked_out(
        "req.binding.subjects.serviceaccount_ns_names",
        "The service accounts that a role is bound to, as namespace:name.",
        compute.service_account_full_names,
        SUBJECTS,
        is_list=True,
    ),
    _worked_out(
        "req.binding.subjects.group_names",
        "The groups that a role is bound to.",
        compute.group_names,
        SUBJECTS,
        is_list=True,
    ),
    _one("req.binding.role", "The role that is bound.", "/requestObject/roleRef/name"),
    _worked_out(
        "req.binding.subject.has_name",
        "Always true; use ka.req.binding.subjects and the fields below it.",
        compute.has_subject,
        "/auditID",
        argument=Argument.KEY,
        deprecated=True,
    ),
)

OBJECTS: Final = (
    _one("req.configmap.name", "The name of the config map.", "/objectRef/name"),
    _one(
        "req.configmap.obj",
        "The data of the config map, as JSON.",
        "/requestObject/data",
        structured=True,
    ),
    _all(
        "req.role.rules",
        "The rules of the role, as JSON.",
        "/requestObject/rules[]",
        structured=True,
    ),
    _each(
        "req.role.rules.apiGroups",
        "The API groups that the rules of the role are about.",
        "/requestObject/rules[]/apiGroups[]",
    ),
    _each(
        "req.role.rules.nonResourceURLs",
        "The URLs that the rules of the role are about.",
        "/requestObject/rules[]/nonResourceURLs[]",
    ),
    _each(
        "req.role.rules.verbs",
        "What the rules of the role allow to be done.",
        "/requestObject/rules[]/verbs[]",
    ),
    _each(
        "req.role.rules.resources",
        "The kinds of objects that the rules of the role are about.",
        "/requestObject/rules[]/resources[]",
    ),
    _one("req.service.type", "The type of the service.", f"{SPEC}/type"),
    _each(
        "req.service.ports",
        "The ports of the service, as JSON.",
        f"{SPEC}/ports[]",
        structured=True,
    ),
)

PODS: Final = (
    _one("req.pod.host_ipc", "Whether the pod shares the host's IPC.", f"{SPEC}/hostIPC"),
    _one(
        "req.pod.host_network", "Whether the pod is on the host's network.", f"{SPEC}/hostNetwork"
    ),
    _one("req.pod.host_pid", "Whether the pod sees the host's processes.", f"{SPEC}/hostPID"),
    _one("req.pod.run_as_user", "The user of the pod.", f"{POD_CONTEXT}/runAsUser"),
    _one("req.pod.run_as_group", "The group of the pod.", f"{POD_CONTEXT}/runAsGroup"),
    _one("req.pod.fs_group", "The group that owns the pod's volumes.", f"{POD_CONTEXT}/fsGroup"),
    _all(
        "req.pod.supplemental_groups",
        "Further groups of the pod's processes.",
        f"{POD_CONTEXT}/supplementalGroups[]",
    ),
    _each(
        "req.pod.volumes.hostpath",
        "The paths of the host that the volumes stand for.",
        f"{SPEC}/volumes[]/hostPath/path",
    ),
    _each(
        "req.pod.volumes.flexvolume_driver",
        "The flexvolume drivers of the volumes.",
        f"{SPEC}/volumes[]/flexVolume/driver",
    ),
    _worked_out(
        "req.pod.volumes.volume_type",
        "The types of the volumes, such as hostPath or secret.",
        compute.volume_types,
        f"{SPEC}/volumes",
        argument=Argument.INDEX,
        is_list=True,
    ),
    _worked_out(
        "req.volume.hostpath",
        "Whether a volume stands for the given path of the host.",
        compute.mounts_host_path,
        f"{SPEC}/volumes",
        argument=Argument.KEY,
        deprecated=True,
    ),
    _worked_out(
        "req.container.image",
        "The image of the first container.",
        compute.first_image,
        f"{SPEC}/containers",
        deprecated=True,
    ),
    _worked_out(
        "req.container.image.repository",
        "The image of the first container, without tag and digest.",
        compute.first_image_repository,
        f"{SPEC}/containers",
        deprecated=True,
    ),
    _one(
        "req.container.host_network",
        "Whether the pod is on the host's network.",
        f"{SPEC}/hostNetwork",
        deprecated=True,
    ),
    _worked_out(
        "req.container.privileged",
        "Whether some container is privileged.",
        compute.any_privileged,
        f"{SPEC}/containers",
        deprecated=True,
    ),
)

FIELDS: Final = catalogue(
    (*EVENT_FIELDS, *REQUEST, *BINDINGS, *OBJECTS, *PODS, *CONTAINERS, *JSON_FIELDS)
)
