"""The values that some fields are known to have, one entry for each field."""

from collections.abc import Iterable, Mapping
from typing import Final

from rulec.check import TYPE_FIELDS
from rulec.cluster.entries import Level
from rulec.cluster.tables import GROUPS, STAGES, SUBRESOURCES, USER_GROUPS, VERBS
from rulec.runtime.fields import EACH, PARAMETER, Field, Kind, steps
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.syscall.state.descriptors import TYPES as DESCRIPTORS

_LEVELS: Final = tuple(level.label for level in Level if level is not Level.NONE)
_RESOURCES: Final = tuple(sorted(GROUPS))

# What a field holds, as it is written in a condition.
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "ka.verb": VERBS,
    "jevt.value[/verb]": VERBS,
    "ka.stage": STAGES,
    "jevt.value[/stage]": STAGES,
    "jevt.value[/level]": _LEVELS,
    "ka.target.resource": _RESOURCES,
    "jevt.value[/objectRef/resource]": _RESOURCES,
    "ka.target.subresource": tuple(sorted({*SUBRESOURCES, "scale", "status"})),
    "ka.auth.decision": ("allow", "forbid"),
    "ka.user.groups": (
        "system:authenticated",
        "system:masters",
        "system:unauthenticated",
        *USER_GROUPS,
    ),
    "ka.req.service.type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    "evt.dir": (">", "<"),
    "fd.type": tuple(sorted({name for name, _ in DESCRIPTORS.values()})),
    "fd.l4proto": ("icmp", "raw", "tcp", "udp"),
}


def known_values(name: str, field: Field | None, source: EventSource) -> Iterable[str]:
    """Return the values that a field of a source may have, as far as they are known.

    ``name`` is the field as it is written, with its argument.
    """
    if name in TYPE_FIELDS and source.event_types:
        return sorted(source.event_types)
    if name in VALUES:
        return VALUES[name]
    if field is not None and field.type.kind is Kind.BOOL:
        return ("true", "false")
    return ()


def known_arguments(field: Field, source: EventSource) -> Iterable[str]:
    """Return what may stand behind the name of a field, as far as it is known."""
    if field.choices is not None:
        return sorted(field.choices)
    if field.pointer:
        return sorted({pointer for each in source.fields.values() for pointer in _pointers(each)})
    return ()


def _pointers(field: Field) -> Iterable[str]:
    """Return the places in an event that a field reads, as JSON pointers."""
    paths = [field.path] if field.path is not None else field.reads
    for path in paths:
        parts = steps(path)
        if EACH not in parts and PARAMETER not in path:
            yield "".join(f"/{_escaped(str(part))}" for part in parts)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
