"""The fields about the containers of a pod, for each of its three lists of containers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from rulec.runtime.fields import Argument, Field
from rulec.runtime.sources.k8s_audit import compute

SPEC: Final = "/requestObject/spec"
POD_CONTEXT: Final = f"{SPEC}/securityContext"


@dataclass(frozen=True, slots=True)
class Property:
    """Something that each container of a list has: at a path, or worked out.

    ``convert`` makes it of the value at the path. ``reads`` are the paths that
    ``compute`` needs besides the containers.
    """

    name: str
    doc: str
    path: str = ""
    complete: bool = False
    convert: Callable[[Any], Any] | None = None
    compute: Callable[..., Any] | None = None
    reads: tuple[str, ...] = ()


HOST_PORT: Final = Property("host_port", "The ports on the host", compute=compute.host_ports)

# Every property, one entry each; what the containers are is added to the text.
PROPERTIES: Final = (
    Property("name", "The name", "/name", complete=True),
    Property("image", "The image", "/image", complete=True),
    Property(
        "image.repository",
        "The image without tag and digest",
        "/image",
        complete=True,
        convert=compute.image_repository,
    ),
    Property("command", "The command as one text", compute=compute.commands),
    Property("args", "The arguments of the command as one text", compute=compute.arguments),
    HOST_PORT,
    Property("privileged", "Whether it is privileged", "/securityContext/privileged"),
    Property(
        "allow_privilege_escalation",
        "Whether its processes may gain privileges",
        "/securityContext/allowPrivilegeEscalation",
    ),
    Property(
        "read_only_fs",
        "Whether its root file system is read-only",
        "/securityContext/readOnlyRootFilesystem",
    ),
    Property("run_as_user", "The user", "/securityContext/runAsUser"),
    Property(
        "eff_run_as_user",
        "The user, taken from the pod or else 0 where none is given",
        compute=compute.effective_users,
        reads=(f"{POD_CONTEXT}/runAsUser",),
    ),
    Property("run_as_group", "The group", "/securityContext/runAsGroup"),
    Property(
        "eff_run_as_group",
        "The group, taken from the pod or else 0 where none is given",
        compute=compute.effective_groups,
        reads=(f"{POD_CONTEXT}/runAsGroup",),
    ),
    Property("proc_mount", "How /proc is mounted", "/securityContext/procMount"),
    Property(
        "add_capabilities",
        "The capabilities added",
        "/securityContext/capabilities/add[]",
    ),
)


def _fields(containers: str, kind: str, properties: tuple[Property, ...]) -> Iterator[Field]:
    place = f"{SPEC}/{containers}"
    for entry in properties:
        worked_out = entry.compute is not None
        yield Field(
            f"ka.req.pod.{containers}.{entry.name}",
            f"{entry.doc}, for each {kind}.",
            path=None if worked_out else f"{place}[]{entry.path}",
            is_list=True,
            argument=Argument.INDEX,
            reads=(place, *entry.reads) if worked_out else (),
            compute=entry.compute,
            root="audit",
            complete=entry.complete,
            convert=entry.convert,
        )


CONTAINERS: Final = (
    *_fields("containers", "container", PROPERTIES),
    *_fields("initContainers", "init container", PROPERTIES),
    # Ephemeral containers cannot have ports.
    *_fields(
        "ephemeralContainers",
        "ephemeral container",
        tuple(entry for entry in PROPERTIES if entry is not HOST_PORT),
    ),
)
