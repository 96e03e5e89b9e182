"""Every field that an audit log can tell of, one entry each: how its value is worked out."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rulec.runtime.clock import SECOND, fraction
from rulec.runtime.events import host_name
from rulec.runtime.sources.syscall.auditd import names, paths
from rulec.runtime.sources.syscall.auditd.event import AuditEvent
from rulec.runtime.sources.syscall.auditd.facts import OPENING, signed_id
from rulec.runtime.sources.syscall.auditd.processes import Process
from rulec.runtime.sources.syscall.auditd.signatures import PATHS
from rulec.runtime.sources.syscall.auditd.sockets import Address

# What a field is worked out with: the event, and the argument that a rule gives.
Work = Callable[[AuditEvent, str | None], Any]

UNNAMED: Final = "<NA>"  # what Falco calls users and groups whose names it does not know


# --- the event ------------------------------------------------------------------


def _result(event: AuditEvent, _: str | None) -> str | None:
    value = event.facts.call.result
    return None if value is None else names.result(value)


def _failed(event: AuditEvent, _: str | None) -> bool | None:
    value = event.facts.call.result
    return None if value is None else value < 0


def _open_flag(bit: int) -> Work:
    def asked(event: AuditEvent, _: str | None) -> bool | None:
        flags = event.facts.open_flags
        if flags is None:
            # openat2 has them in a record that old kernels do not write.
            return None if event.facts.call.name == "openat2" else False
        return names.open_flags(flags, event.facts.call.arm)[0] & bit != 0

    return asked


def _open_exec(event: AuditEvent, _: str | None) -> bool:
    facts = event.facts
    makes = facts.call.name == "creat" or names.creates(facts.open_flags or 0)
    return makes and (facts.open_mode or 0) & 0o111 != 0


def _open_create(event: AuditEvent, _: str | None) -> bool:
    facts = event.facts
    if facts.call.name not in OPENING:
        return False
    temporary = facts.call.succeeded and names.is_temporary(facts.open_flags or 0)
    return facts.creates or temporary


def _argument(event: AuditEvent, name: str | None) -> str | None:
    found = event.argument(name)
    return None if found is None else found.text


def _raw_argument(event: AuditEvent, name: str | None) -> Any:
    found = event.argument(name)
    return None if found is None else found.raw


def _arguments(event: AuditEvent, _: str | None) -> str:
    shown: list[str] = []
    for argument in event.arguments:
        found = argument.value(event.facts, event.descriptor)
        if found is not None:
            resolved = f"({found.resolved})" if found.resolved else ""
            shown.append(f"{argument.name}={found.written}{resolved}")
    return " ".join(shown)


def _absolute_path(event: AuditEvent, which: str | None) -> str | None:
    source, target = ("oldpath", "newpath")
    if which is not None:
        return _argument(event, {"src": source, "dst": target}.get(which))
    found = (_argument(event, name) for name in ("name", "path", "filename", "pathname"))
    return next((path for path in found if path is not None), None)


# --- processes ------------------------------------------------------------------


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
    def find(event: AuditEvent, _: str | None) -> Any:
        known = event.facts.ancestors
        return of(known[0]) if known else None

    return find


def _ancestor(of: Of) -> Work:
    """Return what works out a field of the ancestor at an index, or of all of them."""

    def find(event: AuditEvent, index: str | None) -> Any:
        facts = event.facts
        if index is None:
            found = (of(process) for process in facts.ancestors)
            return tuple(value for value in found if value is not None) or None
        if not index.isdecimal() or len(index) > 4:
            return None
        family = (facts.process, *facts.ancestors)
        return of(family[int(index)]) if int(index) < len(family) else None

    return find


def _process_arguments(event: AuditEvent, index: str | None) -> str | None:
    process = event.facts.process
    if index is None:
        return _arguments_of(process)
    if process.argv is None or not index.isdecimal() or len(index) > 6:
        return None
    found = process.argv[1:][int(index) :][:1]
    return found[0] if found else None


def _count_arguments(event: AuditEvent, _: str | None) -> int | None:
    argv = event.facts.process.argv
    return None if argv is None else len(argv[1:])


def _length_arguments(event: AuditEvent, _: str | None) -> int | None:
    argv = event.facts.process.argv
    return None if argv is None else sum(len(argument) for argument in argv[1:])


def _as_typed(event: AuditEvent, _: str | None) -> str | None:
    argv = event.facts.process.argv
    return None if argv is None else " ".join(argv)


def _working_directory(event: AuditEvent, _: str | None) -> str | None:
    cwd = event.facts.cwd
    return None if cwd is None else cwd.rstrip("/") + "/"


def _login_shell(event: AuditEvent, _: str | None) -> int | None:
    """Return the number of the oldest ancestor that is a shell."""
    shells = [process.pid for process in event.facts.ancestors if (process.name or "")[-2:] == "sh"]
    return shells[-1] if shells else None


def _from_memory(event: AuditEvent, _: str | None) -> bool | None:
    path = event.facts.process.exepath
    return None if path is None else path.startswith("/memfd:")


def _capabilities(which: str) -> Work:
    def find(event: AuditEvent, _: str | None) -> str | None:
        sets = event.facts.process.capabilities
        return None if sets is None else names.capabilities(sets[which])

    return find


# --- descriptors ----------------------------------------------------------------


def _of_descriptor(attribute: str) -> Work:
    return lambda event, _: getattr(event.descriptor, attribute)


def _directory(event: AuditEvent, _: str | None) -> str | None:
    found = event.descriptor
    if not found.is_file or found.name is None:
        return None
    return found.name if found.type == "directory" else paths.directory_of(found.name)


def _file_name(event: AuditEvent, _: str | None) -> str | None:
    found = event.descriptor
    if not found.is_file or found.name is None or found.type == "directory":
        return None
    return found.name.rpartition("/")[2]


def _end(which: str, of: Callable[[Address], Any]) -> Work:
    def find(event: AuditEvent, _: str | None) -> Any:
        address = getattr(event.descriptor, which)
        return None if address is None else of(address)

    return find


def _either(of: Callable[[Address], Any]) -> Work:
    """Return what works out a field that holds both ends of a connection, as far as known."""

    def find(event: AuditEvent, _: str | None) -> tuple[Any, ...] | None:
        address = event.descriptor.end
        return None if address is None else (of(address),)

    return find


def _ip(address: Address) -> Any:
    return address.ip


def _port(address: Address) -> int | None:
    return address.port


def _port_text(address: Address) -> str:
    return str(address.port)


def _socket_family(event: AuditEvent, _: str | None) -> str | None:
    families = {"ipv4": "ip", "ipv6": "ip", "unix": "unix"}
    return families.get(event.descriptor.type or "")


def _is_server(event: AuditEvent, _: str | None) -> bool | None:
    found = event.descriptor
    if found.end is None:
        return None
    return found.local is not None or found.client is not None


def _name_changed(event: AuditEvent, _: str | None) -> bool | None:
    return event.descriptor.connected


# --- paths ----------------------------------------------------------------------


def _path(which: str, *, raw: bool) -> Work:
    def find(event: AuditEvent, _: str | None) -> Any:
        call = event.facts.call
        name = PATHS.get(call.name, {}).get(which)
        if name is None or not call.succeeded:
            return None
        return (_raw_argument if raw else _argument)(event, name)

    return find


# --- users ----------------------------------------------------------------------


def _number_of(field: str) -> Work:
    return lambda event, _: event.facts.user(field)


def _login(event: AuditEvent, _: str | None) -> int | None:
    return signed_id(event.facts.user("auid"))


def _name_of(field: str) -> Work:
    def find(event: AuditEvent, _: str | None) -> str | None:
        number = event.facts.user(field)
        if number is None:
            return None
        return event.facts.user_name(field) or ("root" if number == 0 else UNNAMED)

    return find


VALUES: Final[Mapping[str, Work]] = {
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
    "fd.cip": _end("client", _ip),
    "fd.cnet": _end("client", _ip),
    "fd.connected": _of_descriptor("connected"),
    "fd.cport": _end("client", _port),
    "fd.cproto": _end("client", _port_text),
    "fd.directory": _directory,
    "fd.filename": _file_name,
    "fd.ip": _either(_ip),
    "fd.is_server": _is_server,
    "fd.l4proto": _of_descriptor("speaks"),
    "fd.lip": _end("local", _ip),
    "fd.lnet": _end("local", _ip),
    "fd.lport": _end("local", _port),
    "fd.lproto": _end("local", _port_text),
    "fd.name": _of_descriptor("name"),
    "fd.name_changed": _name_changed,
    "fd.nameraw": _of_descriptor("raw"),
    "fd.net": _either(_ip),
    "fd.num": _of_descriptor("number"),
    "fd.port": _either(_port),
    "fd.proto": _either(_port),
    "fd.rip": _end("remote", _ip),
    "fd.rnet": _end("remote", _ip),
    "fd.rport": _end("remote", _port),
    "fd.rproto": _end("remote", _port_text),
    "fd.sip": _end("server", _ip),
    "fd.snet": _end("server", _ip),
    "fd.sockfamily": _socket_family,
    "fd.sport": _end("server", _port),
    "fd.sproto": _end("server", _port_text),
    "fd.type": _of_descriptor("type"),
    "fd.typechar": _of_descriptor("char"),
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
