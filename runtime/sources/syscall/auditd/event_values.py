"""What audit logs tell of the event itself: its type, result, arguments, paths and users."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.clock import SECOND, fraction
from rulec.runtime.events import host_name
from rulec.runtime.sources.syscall.auditd import names
from rulec.runtime.sources.syscall.auditd.facts import OPENING, signed_id
from rulec.runtime.sources.syscall.auditd.signatures import PATHS
from rulec.runtime.sources.syscall.auditd.work import Work

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.auditd.event import AuditEvent

UNNAMED: Final = "<NA>"  # what Falco calls users and groups whose names it does not know


def _result(event: "AuditEvent", _: str | None) -> str | None:
    value = event.facts.call.result
    return None if value is None else names.result(value)


def _failed(event: "AuditEvent", _: str | None) -> bool | None:
    value = event.facts.call.result
    return None if value is None else value < 0


def _open_flag(bit: int) -> Work:
    def asked(event: "AuditEvent", _: str | None) -> bool | None:
        flags = event.facts.open_flags
        if flags is None:
            # openat2 has them in a record that old kernels do not write.
            return None if event.facts.call.name == "openat2" else False
        return names.open_flags(flags, event.facts.call.arm)[0] & bit != 0

    return asked


def _open_exec(event: "AuditEvent", _: str | None) -> bool:
    facts = event.facts
    makes = facts.call.name == "creat" or names.creates(facts.open_flags or 0)
    return makes and (facts.open_mode or 0) & 0o111 != 0


def _open_create(event: "AuditEvent", _: str | None) -> bool:
    facts = event.facts
    if facts.call.name not in OPENING:
        return False
    temporary = facts.call.succeeded and names.is_temporary(facts.open_flags or 0)
    return facts.creates or temporary


def _argument(event: "AuditEvent", name: str | None) -> str | None:
    found = event.argument(name)
    return None if found is None else found.text


def _raw_argument(event: "AuditEvent", name: str | None) -> Any:
    found = event.argument(name)
    return None if found is None else found.raw


def _arguments(event: "AuditEvent", _: str | None) -> str:
    shown: list[str] = []
    for argument in event.arguments:
        found = argument.value(event.facts, event.descriptor)
        if found is not None:
            resolved = f"({found.resolved})" if found.resolved else ""
            shown.append(f"{argument.name}={found.written}{resolved}")
    return " ".join(shown)


def _absolute_path(event: "AuditEvent", which: str | None) -> str | None:
    source, target = ("oldpath", "newpath")
    if which is not None:
        return _argument(event, {"src": source, "dst": target}.get(which))
    found = (_argument(event, name) for name in ("name", "path", "filename", "pathname"))
    return next((path for path in found if path is not None), None)


def _path(which: str, *, raw: bool) -> Work:
    def find(event: "AuditEvent", _: str | None) -> Any:
        call = event.facts.call
        name = PATHS.get(call.name, {}).get(which)
        if name is None or not call.succeeded:
            return None
        return (_raw_argument if raw else _argument)(event, name)

    return find


def _number_of(field: str) -> Work:
    return lambda event, _: event.facts.user(field)


def _login(event: "AuditEvent", _: str | None) -> int | None:
    return signed_id(event.facts.user("auid"))


def _name_of(field: str) -> Work:
    def find(event: "AuditEvent", _: str | None) -> str | None:
        number = event.facts.user(field)
        if number is None:
            return None
        return event.facts.user_name(field) or ("root" if number == 0 else UNNAMED)

    return find


EVENT_VALUES: Final[Mapping[str, Work]] = {
    "evt.abspath": _absolute_path,
    "evt.arg": _argument,
    "evt.args": _arguments,
    "evt.count": lambda event, _: 1,
    "evt.count.error": lambda event, _: int(_failed(event, None) or False),
    "evt.count.exit": lambda event, _: 1,
    "evt.dir": lambda event, _: "<",
    "evt.failed": _failed,
    "evt.hostname": lambda event, _: event.facts.node or host_name(),
    "evt.info": _arguments,
    "evt.is_async": lambda event, _: False,
    "evt.is_open_create": _open_create,
    "evt.is_open_exec": _open_exec,
    "evt.is_open_read": _open_flag(names.READ),
    "evt.is_open_write": _open_flag(names.WRITE),
    "evt.num": lambda event, _: event.facts.number,
    "evt.rawarg": _raw_argument,
    "evt.rawres": lambda event, _: event.facts.call.result,
    "evt.rawtime": lambda event, _: event.facts.time,
    "evt.rawtime.ns": lambda event, _: fraction(event.facts.time),
    "evt.rawtime.s": lambda event, _: event.facts.time // SECOND,
    "evt.res": _result,
    "evt.source": lambda event, _: "syscall",
    "evt.time": lambda event, _: event.facts.time,
    "evt.time.iso8601": lambda event, _: event.facts.time,
    "evt.type": lambda event, _: event.facts.call.name,
    "evt.type.is": lambda event, name: int(event.facts.call.name == name),
    "syscall.type": lambda event, _: event.facts.call.name,
    "fs.path.name": _path("name", raw=False),
    "fs.path.nameraw": _path("name", raw=True),
    "fs.path.source": _path("source", raw=False),
    "fs.path.sourceraw": _path("source", raw=True),
    "fs.path.target": _path("target", raw=False),
    "fs.path.targetraw": _path("target", raw=True),
    "user.loginname": _name_of("auid"),
    "user.loginuid": _login,
    "user.name": _name_of("euid"),
    "user.uid": _number_of("euid"),
    "group.gid": _number_of("egid"),
    "group.name": _name_of("egid"),
}
