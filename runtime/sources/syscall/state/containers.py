"""Containers: which one a thread is in, and what is known of it."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import words

# How long the description of a container may be, in bytes, and how many are kept.
DESCRIPTION_LIMIT: Final = 1 << 20
CONTAINERS_LIMIT: Final = 65_536

TYPES: Final = {
    0: "docker",
    1: "lxc",
    2: "libvirt-lxc",
    6: "cri",
    7: "containerd",
    8: "cri-o",
    9: "bpm",
    10: "static",
    11: "podman",
}

_ID: Final = "([0-9a-f]{12})[0-9a-f]{52}"

# What the path of a control group looks like, engine by engine. Docker and plain CRI paths are
# the same. What ctr makes has a namespace and any name.
_PATHS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"/libpod-(?:payload-)?{_ID}(?:\.scope(?:/container)?|/container)?(?:/.*)?$",
        rf"/(?:docker-)?{_ID}(?:\.scope)?$",
        rf"/(?:crio-|cri-containerd-|nerdctl-|docker-){_ID}(?:\.scope)?$",
        rf":(?:cri-containerd|nerdctl|crio):{_ID}$",
        r"^/[^/.:]+/([0-9A-Za-z][0-9A-Za-z_.-]{0,63})(?<!\.service)(?<!\.slice)(?<!\.scope)(?<!-lxc)$",
        r"/lxc(?:\.payload)?[/.]([^/]+)",
        r"/([^/]+)\.libvirt-lxc(?:/|$)",
        r"/machine-lxc\\x2d([^/]+)\.scope(?:/|$)",
        r"/libvirt/lxc/([^/]+)",
        r"/bpm-([^/]+)\.scope(?:/|$)",
    )
)


@lru_cache(maxsize=4096)
def identified(cgroups: bytes) -> str:
    """Return the id of the container that control groups belong to; "" if to none."""
    paths = [group.partition("=")[2] for group in words(cgroups)]
    paths = [path for path in dict.fromkeys(paths) if len(path) > 1]
    for pattern in _PATHS:
        for path in paths:
            if found := pattern.search(path):
                return found[1][:12]
    return ""


class Container:
    """What is known of a container, as the engine described it."""

    __slots__ = ("described",)

    def __init__(self, described: Mapping[str, Any]) -> None:
        self.described = described

    def text(self, name: str) -> str:
        """Return one of its properties as text; "" if it has none."""
        value = self.described.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Return one of its properties that is true or false."""
        return self.described.get(name) is True

    def labels(self, name: str = "labels") -> Mapping[str, str]:
        """Return its labels, or those of its sandbox."""
        found = self.described.get(name)
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, str)}

    @property
    def type(self) -> str:
        """What runs it."""
        number = self.described.get("type")
        return TYPES.get(number, "") if isinstance(number, int) else ""

    @property
    def mounts(self) -> "Iterator[Mount]":
        """What is mounted into it."""
        found = self.described.get("Mounts")
        for mount in found if isinstance(found, list) else ():
            if isinstance(mount, dict):
                yield Mount(mount)


class Mount:
    """Something mounted into a container; every property is text."""

    __slots__ = ("destination", "mode", "propagation", "rdwr", "source")

    def __init__(self, described: Mapping[str, Any]) -> None:
        self.source = _text(described.get("Source"))
        self.destination = _text(described.get("Destination"))
        self.mode = _text(described.get("Mode"))
        self.rdwr = "true" if described.get("RW") is True else "false"
        self.propagation = _text(described.get("Propagation"))

    def __str__(self) -> str:
        parts = (self.source, self.destination, self.mode, self.rdwr, self.propagation)
        return ":".join(parts)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def read_container(data: bytes) -> tuple[str, Container] | None:
    """Return the container that JSON describes, with its id; None if it describes none."""
    if len(data) > DESCRIPTION_LIMIT:
        return None
    try:
        found = json.loads(data.partition(b"\0")[0].decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    described = found.get("container") if isinstance(found, dict) else None
    if not isinstance(described, dict):
        return None
    id_ = described.get("id")
    return (id_[:12], Container(described)) if isinstance(id_, str) and id_ else None
