"""Fields of audit events that have to be worked out.

Each function takes the values that its field reads, as JSON has them
(``MISSING`` where there is none), then the argument, if the field takes one.
It returns None for no value, and takes whatever an event may contain.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from rulec.runtime.extract import elements, reach
from rulec.runtime.fields import MISSING
from rulec.runtime.jsontext import text

Texts = tuple[str, ...]


def _some(found: Iterable[str | None]) -> Texts | None:
    return tuple(value for value in found if value is not None) or None


def _chosen(array: Any, index: str | None) -> Any:
    """Return the elements of an array, or only the one that the rule asks for."""
    found = elements(array)
    if index is None:
        return found
    return found[int(index) : int(index) + 1]


# --- images and commands of containers ------------------------------------------


def image_repository(image: Any) -> str | None:
    """Return an image reference without its tag and digest.

    >>> image_repository("localhost:5000/a/b:1@sha256:ab"), image_repository("nginx:1")
    ('localhost:5000/a/b', 'nginx')
    """
    reference = text(image)
    if reference is None:
        return None
    # A colon before the first slash belongs to the port of the registry.
    host, slash, name = reference.partition("/")
    if not slash:
        host, name = "", reference
    return host + slash + name.partition("@")[0].partition(":")[0]


def first_image(containers: Any) -> str | None:
    """Return the image of the first container."""
    for container in elements(containers):
        return text(reach(container, ("image",)))
    return None


def first_image_repository(containers: Any) -> str | None:
    """Return the repository of the first container's image."""
    image = first_image(containers)
    return None if image is None else image_repository(image)


def commands(containers: Any, index: str | None) -> Texts | None:
    """Return the command of each container that has one, as one text."""
    return _joined(containers, "command", index)


def arguments(containers: Any, index: str | None) -> Texts | None:
    """Return the arguments of each container that has some, as one text."""
    return _joined(containers, "args", index)


def _joined(containers: Any, name: str, index: str | None) -> Texts | None:
    found = []
    for container in _chosen(containers, index):
        words = reach(container, (name,))
        if not isinstance(words, list | tuple) or not words:
            continue
        if not all(isinstance(word, str) for word in words):
            return None
        found.append(" ".join(words))
    return tuple(found) or None


# --- what containers may do -----------------------------------------------------


def host_ports(containers: Any, index: str | None) -> Texts | None:
    """Return the ports that containers open on their host.

    Where only the port of the container is given, it is the same on the host.
    """
    return _some(
        text(port["hostPort"] if "hostPort" in port else port.get("containerPort", MISSING))
        for container in _chosen(containers, index)
        for port in elements(reach(container, ("ports",)))
        if isinstance(port, dict)
    )


def any_privileged(containers: Any) -> str | None:
    """Return whether some container is privileged."""
    if not isinstance(containers, list | tuple | dict):
        return None
    path = ("securityContext", "privileged")
    return "true" if any(reach(item, path) is True for item in elements(containers)) else "false"


def effective_users(containers: Any, pod: Any, index: str | None) -> Texts | None:
    """Return the user that each container runs as: its own, else the pod's, else 0."""
    return _effective(containers, "runAsUser", pod, index)


def effective_groups(containers: Any, pod: Any, index: str | None) -> Texts | None:
    """Return the group that each container runs as: its own, else the pod's, else 0."""
    return _effective(containers, "runAsGroup", pod, index)


def _effective(containers: Any, name: str, pod: Any, index: str | None) -> Texts | None:
    default = "0" if pod is MISSING or pod is None else text(pod)
    found: list[str | None] = []
    for container in _chosen(containers, index):
        own = reach(container, ("securityContext", name))
        found.append(default if own is MISSING or own is None else text(own))
    return _some(found)


# --- volumes --------------------------------------------------------------------


def mounts_host_path(volumes: Any, pattern: str) -> str | None:
    """Return whether some volume is this path of the host; a final ``*`` stands for any end."""
    if not isinstance(volumes, list | tuple | dict):
        return None
    paths = [text(reach(volume, ("hostPath", "path"))) for volume in elements(volumes)]
    present = [path for path in paths if path is not None]
    if pattern.endswith("*"):
        return "true" if any(path.startswith(pattern[:-1]) for path in present) else "false"
    return "true" if pattern in present else "false"


def volume_types(volumes: Any, index: str | None) -> Texts | None:
    """Return what kinds of volumes there are: their members, apart from the name."""
    return _some(
        text(name)
        for volume in _chosen(volumes, index)
        if isinstance(volume, dict)
        for name in volume
        if name != "name"
    )


# --- role bindings --------------------------------------------------------------


def user_names(subjects: Any) -> Texts | None:
    """Return the names of the users that a role is bound to."""
    return _some(text(subject["name"]) for subject in _subjects(subjects, "User"))


def group_names(subjects: Any) -> Texts | None:
    """Return the names of the groups that a role is bound to."""
    return _some(text(subject["name"]) for subject in _subjects(subjects, "Group"))


def service_account_names(subjects: Any) -> Texts | None:
    """Return the names of the service accounts that a role is bound to."""
    return _some(text(subject["name"]) for subject in _subjects(subjects, "ServiceAccount"))


def service_account_full_names(subjects: Any) -> Texts | None:
    """Return ``namespace:name`` of the service accounts that a role is bound to."""
    found = []
    for subject in _subjects(subjects, "ServiceAccount"):
        namespace = text(subject.get("namespace", MISSING))
        name = text(subject["name"])
        if namespace is not None and name is not None:
            found.append(f"{namespace}:{name}")
    return tuple(found) or None


def _subjects(subjects: Any, kind: str) -> list[dict[str, Any]]:
    if not isinstance(subjects, list | tuple):
        return []
    return [
        subject
        for subject in subjects
        if isinstance(subject, dict) and subject.get("kind") == kind and "name" in subject
    ]


def has_subject(audit_id: Any, _name: str) -> str | None:
    """Return ``true``: today's Falco no longer says whether a subject has the name."""
    return None if audit_id is MISSING else "true"


# --- the rest -------------------------------------------------------------------


def target_pod_name(resource: Any, subresource: Any, name: Any) -> str | None:
    """Return the name in the response, if the request was about a pod itself."""
    if resource == "pods" and (subresource is MISSING or subresource in (None, "")):
        return text(name)
    return None


# What Go's URL parser refuses: escapes that are none, and control characters.
_NO_URL: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|[\x00-\x1f\x7f]")


def query_parameter(uri: Any, name: str) -> str | None:
    """Return the first value of a parameter in the query of a URI.

    As in Falco, a URI with something malformed in it has no parameters.

    >>> query_parameter("/exec?command=sh&command=-c", "command")
    'sh'
    """
    if not isinstance(uri, str):
        return None
    query = uri.partition("#")[0].partition("?")[2]
    if ";" in query or _NO_URL.search(uri):
        return None
    for piece in query.split("&"):
        key, _, value = piece.partition("=")
        if piece and _decoded(key) == name:
            return _decoded(value)
    return None


def _decoded(part: str) -> str:
    return unquote(part.replace("+", " "), errors="surrogateescape")
