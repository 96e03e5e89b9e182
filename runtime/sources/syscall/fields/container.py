"""The fields of system calls about containers and pods."""

from typing import Final

from rulec.runtime.fields import Argument
from rulec.runtime.sources.syscall.fields.declare import empty, field

_MOUNT: Final = Argument.REQUIRED

_CONTAINER: Final = (
    field("container.id", "The first 12 characters of the container's id; host outside of one."),
    field("container.full_id", "The whole id of the container."),
    field("container.name", "The name of the container; host outside of one."),
    field("container.image", "The image of the container, with its tag."),
    field("container.image.id", "The id of the image."),
    field("container.type", "What runs the container: docker, containerd, cri-o, podman ..."),
    field("container.privileged", "Whether the container is privileged.", "BOOL"),
    field("container.mounts", "All mounts, as source:destination:mode:writable:propagation."),
    field("container.mount", "One mount, by its number or source.", argument=_MOUNT),
    field("container.mount.source", "Its source, by its number or destination.", argument=_MOUNT),
    field("container.mount.dest", "Its destination, by its number or source.", argument=_MOUNT),
    field("container.mount.mode", "Its mode, by its number or source.", argument=_MOUNT),
    field("container.mount.rdwr", "Whether it can be written: true or false.", argument=_MOUNT),
    field("container.mount.propagation", "Its propagation.", argument=_MOUNT),
    field("container.image.repository", "The name of the image without its tag."),
    field("container.image.tag", "The tag of the image."),
    field("container.image.digest", "The digest of the image."),
    empty("container.healthcheck"),
    empty("container.liveness_probe"),
    empty("container.readiness_probe"),
    field("container.start_ts", "When it began, in nanoseconds since 1970.", "ABSTIME"),
    field("container.duration", "How many nanoseconds the container is old.", "RELTIME"),
    field("container.ip", "The address of the container."),
    field("container.cni.json", "What the network plugin said of the container, as JSON."),
    field("container.host_pid", "Whether it shares the processes of the host.", "BOOL"),
    field("container.host_network", "Whether it shares the network of the host.", "BOOL"),
    field("container.host_ipc", "Whether it shares the IPC namespace of the host.", "BOOL"),
    field("container.label", "One label of the container.", argument=Argument.KEY),
    field("container.labels", "All labels of the container, as key:value with commas."),
    empty("proc.is_container_healthcheck", "BOOL"),
    empty("proc.is_container_liveness_probe", "BOOL"),
    empty("proc.is_container_readiness_probe", "BOOL"),
)

_POD: Final = (
    field("k8s.pod.name", "The name of the pod."),
    field("k8s.ns.name", "The namespace of the pod."),
    field("k8s.pod.id", "The UID of the pod."),
    field("k8s.pod.uid", "The UID of the pod."),
    field("k8s.pod.sandbox_id", "The first 12 characters of the id of the pod's sandbox."),
    field("k8s.pod.full_sandbox_id", "The whole id of the pod's sandbox."),
    field("k8s.pod.label", "One label of the pod.", argument=Argument.KEY),
    field("k8s.pod.labels", "All labels of the pod, as key:value with commas."),
    field("k8s.pod.ip", "The address of the pod."),
    field("k8s.pod.cni.json", "What the network plugin said of the pod, as JSON."),
)

# What surrounds a pod, events do not know any more.
_AROUND_POD: Final = (
    *(
        empty(f"k8s.{kind}.{what}", argument=Argument.KEY if what == "label" else Argument.NONE)
        for kind, known in (
            ("rc", ("name", "id", "label", "labels")),
            ("svc", ("name", "id", "label", "labels")),
            ("ns", ("id", "label", "labels")),
            ("rs", ("name", "id", "label", "labels")),
            ("deployment", ("name", "id", "label", "labels")),
        )
        for what in known
    ),
)

CONTAINER_FIELDS: Final = (*_CONTAINER, *_POD, *_AROUND_POD)
