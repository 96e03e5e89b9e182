"""What audit logs tell of processes: the one that made a call, and its ancestors."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.sources.syscall.auditd import names
from rulec.runtime.sources.syscall.auditd.processes import Process
from rulec.runtime.sources.syscall.auditd.work import Work

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.auditd.event import AuditEvent


def _arguments_of(process: Process) -> str | None:
    return None if process.argv is None else " ".join(process.argv[1:])


def _command_line(process: Process) -> str | None:
    """Return the name and the arguments; the name alone if they are not known."""
    if process.name is None:
        return None
    arguments = _arguments_of(process)
    return f"{process.name} {arguments}" if arguments else process.name


def _started_as(process: Process) -> str | None:
    return process.argv[0] if process.argv else None


def _name(process: Process) -> str | None:
    return process.name


def _executable(process: Process) -> str | None:
    return process.exepath


def _pid(process: Process) -> int:
    return process.pid


Of = Callable[[Process], Any]


def _own(of: Of) -> Work:
    return lambda event, _: of(event.facts.process)


def _parent(of: Of) -> Work:
    def find(event: "AuditEvent", _: str | None) -> Any:
        known = event.facts.ancestors
        return of(known[0]) if known else None

    return find


def _ancestor(of: Of) -> Work:
    """Return what works out a field of the ancestor at an index, or of all of them."""

    def find(event: "AuditEvent", index: str | None) -> Any:
        facts = event.facts
        if index is None:
            found = (of(process) for process in facts.ancestors)
            return tuple(value for value in found if value is not None) or None
        if not index.isdecimal() or len(index) > 4:
            return None
        family = (facts.process, *facts.ancestors)
        return of(family[int(index)]) if int(index) < len(family) else None

    return find


def _process_arguments(event: "AuditEvent", index: str | None) -> str | None:
    process = event.facts.process
    if index is None:
        return _arguments_of(process)
    if process.argv is None or not index.isdecimal() or len(index) > 6:
        return None
    found = process.argv[1:][int(index) :][:1]
    return found[0] if found else None


def _count_arguments(event: "AuditEvent", _: str | None) -> int | None:
    argv = event.facts.process.argv
    return None if argv is None else len(argv[1:])


def _length_arguments(event: "AuditEvent", _: str | None) -> int | None:
    argv = event.facts.process.argv
    return None if argv is None else sum(len(argument) for argument in argv[1:])


def _as_typed(event: "AuditEvent", _: str | None) -> str | None:
    argv = event.facts.process.argv
    return None if argv is None else " ".join(argv)


def _working_directory(event: "AuditEvent", _: str | None) -> str | None:
    cwd = event.facts.cwd
    return None if cwd is None else cwd.rstrip("/") + "/"


def _login_shell(event: "AuditEvent", _: str | None) -> int | None:
    """Return the number of the oldest ancestor that is a shell."""
    shells = [process.pid for process in event.facts.ancestors if (process.name or "")[-2:] == "sh"]
    return shells[-1] if shells else None


def _from_memory(event: "AuditEvent", _: str | None) -> bool | None:
    path = event.facts.process.exepath
    return None if path is None else path.startswith("/memfd:")


def _capabilities(which: str) -> Work:
    def find(event: "AuditEvent", _: str | None) -> str | None:
        sets = event.facts.process.capabilities
        return None if sets is None else names.capabilities(sets[which])

    return find


PROCESS_VALUES: Final[Mapping[str, Work]] = {
    "proc.aargs": _ancestor(_arguments_of),
    "proc.acmdline": _ancestor(_command_line),
    "proc.aexe": _ancestor(_started_as),
    "proc.aexepath": _ancestor(_executable),
    "proc.aname": _ancestor(_name),
    "proc.apid": _ancestor(_pid),
    "proc.args": _process_arguments,
    "proc.cmdlenargs": _length_arguments,
    "proc.cmdline": _own(_command_line),
    "proc.cmdnargs": _count_arguments,
    "proc.cwd": _working_directory,
    "proc.exe": _own(_started_as),
    "proc.exeline": _as_typed,
    "proc.exepath": _own(_executable),
    "proc.is_exe_from_memfd": _from_memory,
    "proc.loginshellid": _login_shell,
    "proc.name": _own(_name),
    "proc.pcmdline": _parent(_command_line),
    "proc.pexe": _parent(_started_as),
    "proc.pexepath": _parent(_executable),
    "proc.pid": _own(_pid),
    "proc.pname": _parent(_name),
    "proc.ppid": lambda event, _: event.facts.call.ppid,
    "proc.tty": lambda event, _: names.terminal(event.facts.syscall.get("tty")),
    "thread.cap_effective": _capabilities("effective"),
    "thread.cap_inheritable": _capabilities("inheritable"),
    "thread.cap_permitted": _capabilities("permitted"),
    "thread.tid": _own(_pid),
}
