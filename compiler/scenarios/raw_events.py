"""Events by name, whose parameters a scenario gives as they are."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import Variant
from rulec.runtime.sources.syscall.capture.events import Kind, kinds
from rulec.runtime.sources.syscall.capture.syscalls import CODES
from rulec.runtime.sources.syscall.paths import AT_FDCWD
from rulec.scenarios.moment import Events, Moment, byte_count

# The event of calls that have none of their own.
GENERIC: Final = "GENERIC_X"


@cache
def events_by_name() -> Mapping[str, Kind]:
    """Return the kinds of events by id, and the newest by ``evt.type``."""
    found: dict[str, Kind] = {}
    for kind in kinds():
        if kind is None:
            continue
        found[kind.id] = kind
        newest = found.get(kind.name)
        if "old" not in kind.flags and (newest is None or kind.is_exit or not newest.is_exit):
            found[kind.name] = kind
    for name in CODES:
        found.setdefault(name, found[GENERIC])
    return found


def raw(moment: Moment) -> Events:
    """Return the event that a step names, with what follows from what is given."""
    kind = moment.step.kind
    assert kind is not None, "a step that is not in the table names an event"
    found = dict(moment.given)
    for parameter in kind.parameters:
        if parameter.directory is not None:
            found.setdefault(kind.parameters[parameter.directory].name, AT_FDCWD)
    data = found.get("data")
    if data is not None and kind.flags & {"reads", "writes"} and "size" in kind.positions:
        found.setdefault("size", byte_count(data))
    if kind.is_exit and kind.origin == "syscall":
        _return(moment, kind, found)
    yield moment.happening(kind.id, **found)


def _return(moment: Moment, kind: Kind, found: dict[str, Any]) -> None:
    """Add what a call returns, if it is not given."""
    if not kind.parameters or kind.id == GENERIC:
        return
    first = kind.parameters[0]
    if moment.step.error:
        # An old form of bpf says whether what it returns is a descriptor or an error.
        is_variant = first.type == "dyn"
        found[first.name] = Variant("errno", moment.result) if is_variant else moment.result
    elif first.name in found:
        return
    elif "fd1" in kind.positions:
        found[first.name] = 0
        for name, fd in zip(("fd1", "fd2"), moment.free(2), strict=True):
            found.setdefault(name, fd)
    elif "creates" in kind.flags and first.type in ("fd", "errno"):
        found[first.name] = found.get("newfd", next(moment.free()))
    elif first.name == "res":
        found["res"] = found.get("size", 0) if kind.flags & {"reads", "writes"} else 0
