"""Fields about the paths that a call was given: ``fs.path``."""

from collections.abc import Callable, Mapping
from typing import Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.paths import UNKNOWN, joined
from rulec.runtime.sources.syscall.values.working import Work, plain

NAME: Final = "name"
SOURCE: Final = "source"
TARGET: Final = "target"
DESCRIPTOR: Final = "<descriptor>"  # in place of a parameter: the name of what is open

_OPENING: Final = frozenset({"open", "openat", "openat2"})

# Which parameters are the paths, and the names of the calls that have them.
_ROLES: Final = (
    ({NAME: "name"}, (*_OPENING, "unlinkat", "umount", "umount2")),
    ({NAME: "path"}, ("mkdir", "mkdirat", "rmdir", "unlink", "chown", "lchown")),
    ({NAME: "filename"}, ("chmod", "fchmodat")),
    ({NAME: "pathname"}, ("fchownat",)),
    ({NAME: "special"}, ("quotactl",)),
    ({NAME: DESCRIPTOR}, ("fchmod", "fchown")),
    ({SOURCE: "oldpath", TARGET: "newpath"}, ("rename", "renameat", "renameat2")),
    ({SOURCE: "newpath", TARGET: "oldpath"}, ("link", "linkat")),
    ({SOURCE: "linkpath", TARGET: "target"}, ("symlink", "symlinkat")),
    ({SOURCE: "dev", TARGET: "dir"}, ("mount",)),
)
_PATHS: Final[Mapping[str, Mapping[str, str]]] = {
    call: roles for roles, calls in _ROLES for call in calls
}


def _given(event: CaptureEvent, role: str) -> tuple[str, str] | None:
    """Return the parameter for a role, and the path in it; None if there is none."""
    kind = event.kind
    if not kind.is_exit:
        return None
    parameter = _PATHS.get(kind.name, {}).get(role)
    result = event.value(0)
    if parameter is None or result is None:
        return None
    if result < 0 or (result and kind.name not in _OPENING):
        return None
    if parameter == DESCRIPTOR:
        return (parameter, event.descriptor.name) if event.descriptor is not None else None
    path = event.named(parameter)
    return None if path is None else (parameter, path)


def _raw(role: str) -> Callable[[CaptureEvent], str | None]:
    def raw(event: CaptureEvent) -> str | None:
        found = _given(event, role)
        return None if found is None else found[1]

    return raw


def _absolute(role: str) -> Callable[[CaptureEvent], str | None]:
    def absolute(event: CaptureEvent) -> str | None:
        found = _given(event, role)
        if found is None:
            return None
        parameter, path = found
        if event.kind.name in _OPENING and event.descriptor is not None:
            return event.descriptor.name
        if parameter == DESCRIPTOR or event.thread is None:
            return path
        return joined(_base(event, parameter, path), path)

    return absolute


def _base(event: CaptureEvent, name: str, path: str) -> str:
    """Return the directory that a path is relative to."""
    thread, kind = event.thread, event.kind
    assert thread is not None
    at = kind.parameters[kind.positions[name]].directory
    if at is None:
        return thread.process.cwd
    number = event.value(at)
    one = thread.process.descriptors.get(number)
    if one is not None and one.type != "directory" and not path.startswith("/"):
        return UNKNOWN
    return event.machine.base(thread, number, path)


PATH_VALUES: Final[Mapping[str, Work]] = {
    **{f"fs.path.{role}": plain(_absolute(role)) for role in (NAME, SOURCE, TARGET)},
    **{f"fs.path.{role}raw": plain(_raw(role)) for role in (NAME, SOURCE, TARGET)},
}
