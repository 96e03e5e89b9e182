"""Fields about the container that a thread is in, and its pod."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rulec.runtime.globs import glob
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.state.containers import Container, Mount
from rulec.runtime.sources.syscall.values.working import Work, index, nothing, plain

HOST: Final = "host"
_POD: Final = "io.kubernetes.pod."
_SHORT: Final = 12  # characters of an id


def _id(event: CaptureEvent) -> str | None:
    if event.thread is None:
        return None
    return event.machine.container_id(event.thread) or HOST


def _container(event: CaptureEvent) -> Container | None:
    """Return what is known of the container of an event."""
    if event.thread is None:
        return None
    id_ = event.machine.container_id(event.thread)
    return event.machine.containers.get(id_) if id_ else None


def _is_host(event: CaptureEvent) -> bool:
    return event.thread is not None and not event.machine.container_id(event.thread)


def _of(function: Callable[[Container], Any], host: Any = None) -> Work:
    """Return a function for something of a container; the host has ``host`` instead."""

    def work(event: CaptureEvent, argument: str | None) -> Any:
        if _is_host(event):
            return host
        found = _container(event)
        return None if found is None else function(found)

    return work


def _text(name: str, host: str = "") -> Work:
    return _of(lambda container: container.text(name), host)


def _flag(name: str) -> Work:
    return _of(lambda container: container.flag(name), False)


def _full_id(container: Container) -> str:
    return container.text("full_id") or container.text("id")


def _mounts(container: Container) -> str:
    return ",".join(map(str, container.mounts))


def _mount(property_: Callable[[Mount], str], key: Callable[[Mount], str]) -> Work:
    """Return a function for something of one mount, by its number or a pattern for ``key``."""

    def work(event: CaptureEvent, argument: str | None) -> str | None:
        container = _container(event)
        if container is None or argument is None:
            return None
        mounts = list(container.mounts)
        number = index(argument)
        if number is not None:
            return property_(mounts[number]) if number < len(mounts) else None
        matches = glob(argument)
        return next((property_(mount) for mount in mounts if matches(key(mount))), None)

    return work


def _source(mount: Mount) -> str:
    return mount.source


def _labels(name: str) -> Work:
    return _of(
        lambda container: ", ".join(
            f"{key}:{value}" for key, value in container.labels(name).items()
        )
    )


def _label(name: str) -> Work:
    def work(event: CaptureEvent, argument: str | None) -> str | None:
        container = _container(event)
        return None if container is None else container.labels(name).get(argument or "")

    return work


def _pod(name: str) -> Work:
    return _of(lambda container: container.labels().get(_POD + name))


def _start(event: CaptureEvent) -> int | None:
    if event.thread is None or _is_host(event):
        return None
    return event.thread.pidns_start or None


def _duration(event: CaptureEvent) -> int | None:
    start = _start(event)
    return None if start is None else event.time - start


CONTAINER_VALUES: Final[Mapping[str, Work]] = {
    "container.id": plain(_id),
    "container.full_id": _of(_full_id, HOST),
    "container.name": _text("name", HOST),
    "container.image": _text("image"),
    "container.image.id": _text("imageid"),
    "container.image.repository": _text("imagerepo"),
    "container.image.tag": _text("imagetag"),
    "container.image.digest": _text("imagedigest"),
    "container.type": _of(lambda container: container.type, HOST),
    "container.privileged": _flag("privileged"),
    "container.host_pid": _flag("host_pid"),
    "container.host_network": _flag("host_network"),
    "container.host_ipc": _flag("host_ipc"),
    "container.mounts": _of(_mounts, ""),
    "container.mount": _mount(str, _source),
    "container.mount.source": _mount(_source, lambda mount: mount.destination),
    "container.mount.dest": _mount(lambda mount: mount.destination, _source),
    "container.mount.mode": _mount(lambda mount: mount.mode, _source),
    "container.mount.rdwr": _mount(lambda mount: mount.rdwr, _source),
    "container.mount.propagation": _mount(lambda mount: mount.propagation, _source),
    "container.healthcheck": nothing,
    "container.liveness_probe": nothing,
    "container.readiness_probe": nothing,
    "proc.is_container_healthcheck": nothing,
    "proc.is_container_liveness_probe": nothing,
    "proc.is_container_readiness_probe": nothing,
    "container.start_ts": plain(_start),
    "container.duration": plain(_duration),
    "container.ip": _text("ip"),
    "container.cni.json": _text("cni_json"),
    "container.label": _label("labels"),
    "container.labels": _labels("labels"),
    "k8s.pod.name": _pod("name"),
    "k8s.ns.name": _pod("namespace"),
    "k8s.pod.id": _pod("uid"),
    "k8s.pod.uid": _pod("uid"),
    "k8s.pod.sandbox_id": _of(lambda container: container.text("pod_sandbox_id")[:_SHORT] or None),
    "k8s.pod.full_sandbox_id": _of(lambda container: container.text("pod_sandbox_id") or None),
    "k8s.pod.label": _label("pod_sandbox_labels"),
    "k8s.pod.labels": _labels("pod_sandbox_labels"),
    "k8s.pod.ip": _of(lambda container: container.text("ip") or None),
    "k8s.pod.cni.json": _of(lambda container: container.text("cni_json") or None),
}
