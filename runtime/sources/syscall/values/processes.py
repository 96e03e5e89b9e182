"""Fields about processes, their ancestors, and threads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.decoders import words
from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.paths import directory
from rulec.runtime.sources.syscall.state.threads import (
    EXE_FROM_MEMFD,
    EXE_LOWER_LAYER,
    EXE_UPPER_LAYER,
    EXE_WRITABLE,
    Thread,
)
from rulec.runtime.sources.syscall.symbols import CAPABILITIES
from rulec.runtime.sources.syscall.values.working import Work, index, nothing, of_thread, plain

_KIB: Final = 1024


def _args(thread: Thread) -> str:
    return " ".join(words(thread.args))


def _env(thread: Thread) -> str:
    return " ".join(words(thread.env))


def command_line(thread: Thread) -> str:
    """Return the name of a process with its arguments."""
    if not thread.comm:
        return ""
    return f"{thread.comm} {_args(thread)}" if thread.args else thread.comm


def _exe_line(thread: Thread) -> str:
    return f"{thread.exe} {_args(thread)}" if thread.args else thread.exe


def _parent(event: CaptureEvent) -> Thread | None:
    return None if event.thread is None else event.machine.parent(event.thread)


def _of_parent(function: Callable[[Thread], Any]) -> Work:
    """Return a function for something that the parent has."""

    def work(event: CaptureEvent, argument: str | None) -> Any:
        parent = _parent(event)
        return None if parent is None else function(parent)

    return work


def _of_ancestors(function: Callable[[Thread], Any]) -> Work:
    """Return a function for something that one ancestor has, or all of them."""

    def work(event: CaptureEvent, argument: str | None) -> Any:
        thread, machine = event.thread, event.machine
        if thread is None:
            return None
        if argument is None:
            return tuple(map(function, machine.ancestors(thread))) or None
        level = index(argument)
        ancestor = None if level is None else machine.ancestor(thread, level)
        return None if ancestor is None else function(ancestor)

    return work


def _all_ancestors_text(event: CaptureEvent, argument: str | None) -> str | None:
    """Return the arguments of one ancestor, or of all of them."""
    found = _of_ancestors(_args)(event, argument)
    return " ".join(found) if isinstance(found, tuple) else found


def _arguments(event: CaptureEvent, argument: str | None) -> str | None:
    thread = event.thread
    if thread is None:
        return None
    if argument is None:
        return _args(thread)
    position = index(argument)
    found = words(thread.args)
    return found[position] if position is not None and position < len(found) else None


def _variable(thread: Thread, name: str) -> str | None:
    start = f"{name}="
    return next(
        (entry[len(start) :] for entry in words(thread.env) if entry.startswith(start)), None
    )


def _environment(event: CaptureEvent, argument: str | None) -> str | None:
    thread = event.thread
    if thread is None:
        return None
    return _env(thread) if argument is None else _variable(thread, argument)


def _ancestors_environment(event: CaptureEvent, argument: str | None) -> Any:
    if argument is None or index(argument) is not None or event.thread is None:
        return _of_ancestors(_env)(event, argument)
    found = (_variable(one, argument) for one in event.machine.ancestors(event.thread))
    return next((value for value in found if value is not None), None)


# Leaders of sessions and groups


def _oldest(event: CaptureEvent, thread: Thread, name: str) -> Iterator[Thread]:
    """Yield the oldest of the ancestors that share a number with a thread, without a gap."""
    number = getattr(thread, name)
    last = None
    for ancestor in event.machine.ancestors(thread):
        if getattr(ancestor, name) != number:
            break
        last = ancestor
    if last is not None:
        yield last


def _of_leader(name: str, function: Callable[[Thread], str], *, own: bool = True) -> Work:
    """Return a function for what the leader of a session or group has.

    Where a process lives in a namespace of its own, the number is one of that, if it is ``own``.
    """

    def work(event: CaptureEvent, argument: str | None) -> str | None:
        thread, machine = event.thread, event.machine
        if thread is None:
            return None
        if own and thread.in_pid_namespace:
            found = next(_oldest(event, thread, name), None)
        else:
            found = machine.threads.get(getattr(thread, name))
        return "" if found is None else function(found)

    return work


def _login_shell(event: CaptureEvent) -> int | None:
    thread = event.thread
    if thread is None:
        return None
    row = (event.machine.leader(thread), *event.machine.ancestors(thread))
    return next((one.pid for one in reversed(row) if one.comm.endswith("sh")), None)


# Times


def _since(event: CaptureEvent, time: int) -> int | None:
    return event.time - time if time else None


def _duration(event: CaptureEvent) -> int | None:
    return None if event.thread is None else _since(event, event.thread.clone_time)


def _parent_duration(event: CaptureEvent) -> int | None:
    parent = _parent(event)
    return None if parent is None else _since(event, parent.clone_time)


def _changed_before_start(thread: Thread) -> int | None:
    return thread.clone_time - thread.exe_ctime if thread.clone_time else None


def _changed_after_namespace(thread: Thread) -> int | None:
    return thread.exe_ctime - thread.pidns_start if thread.pidns_start else None


# Threads


def capability_names(bits: int) -> str:
    """Return the names of capabilities.

    >>> capability_names(3)
    'CAP_CHOWN CAP_DAC_OVERRIDE'
    """
    return " ".join(name for number, name in enumerate(CAPABILITIES) if bits >> number & 1)


def _flag(bit: int) -> Work:
    return of_thread(lambda thread: bool(thread.exe_flags & bit))


def _of_process_leader(function: Callable[[Thread], Any]) -> Work:
    def work(event: CaptureEvent, argument: str | None) -> Any:
        return None if event.thread is None else function(event.machine.leader(event.thread))

    return work


def _of_main_thread(function: Callable[[Thread], int]) -> Work:
    return of_thread(lambda thread: function(thread) if thread.is_leader else 0)


def _usage(event: CaptureEvent) -> float | None:
    if event.thread is None:
        return None
    limit = event.machine.leader(event.thread).fdlimit
    return 100 * len(event.thread.process.descriptors) / limit if limit > 0 else 0.0


def _cgroup(event: CaptureEvent, argument: str | None) -> str | None:
    if event.thread is None or argument is None:
        return None
    start = f"{argument}="
    groups = words(event.thread.cgroups)
    return next((group[len(start) :] for group in groups if group.startswith(start)), None)


def _stream(number: int, attribute: str) -> Work:
    def work(event: CaptureEvent, argument: str | None) -> str | None:
        if event.thread is None:
            return None
        found = event.thread.process.descriptors.get(number)
        return None if found is None else getattr(found, attribute)

    return work


_STREAMS: Final = ("stdin", "stdout", "stderr")
_CAPABILITIES: Final = ("permitted", "inheritable", "effective")


def _capabilities(name: str) -> Work:
    return of_thread(lambda thread: capability_names(getattr(thread, f"cap_{name}")))


def _ppid(event: CaptureEvent) -> int | None:
    if event.thread is None:
        return None
    parent = event.machine.parent(event.thread)
    return event.machine.leader(event.thread).ptid if parent is None else parent.pid


PROCESS_VALUES: Final[Mapping[str, Work]] = {
    "proc.exe": of_thread(lambda thread: thread.exe),
    "proc.pexe": _of_parent(lambda thread: thread.exe),
    "proc.aexe": _of_ancestors(lambda thread: thread.exe),
    "proc.exepath": of_thread(lambda thread: thread.exepath),
    "proc.pexepath": _of_parent(lambda thread: thread.exepath),
    "proc.aexepath": _of_ancestors(lambda thread: thread.exepath),
    "proc.name": of_thread(lambda thread: thread.comm),
    "proc.pname": _of_parent(lambda thread: thread.comm),
    "proc.aname": _of_ancestors(lambda thread: thread.comm),
    "proc.args": _arguments,
    "proc.aargs": _all_ancestors_text,
    "proc.cmdline": of_thread(command_line),
    "proc.pcmdline": _of_parent(command_line),
    "proc.acmdline": _of_ancestors(command_line),
    "proc.cmdnargs": of_thread(lambda thread: len(words(thread.args))),
    "proc.cmdlenargs": of_thread(lambda thread: sum(map(len, words(thread.args)))),
    "proc.exeline": of_thread(_exe_line),
    "proc.env": _environment,
    "proc.aenv": _ancestors_environment,
    "proc.cwd": of_thread(lambda thread: directory(thread.process.cwd)),
    "proc.loginshellid": plain(_login_shell),
    "proc.tty": of_thread(lambda thread: thread.tty),
    "proc.pid": of_thread(lambda thread: thread.pid),
    "proc.ppid": plain(_ppid),
    "proc.apid": _of_ancestors(lambda thread: thread.pid),
    "proc.vpid": of_thread(lambda thread: thread.vpid),
    "proc.pvpid": _of_parent(lambda thread: thread.vpid),
    "proc.sid": of_thread(lambda thread: thread.sid),
    "proc.sname": _of_leader("sid", lambda thread: thread.comm),
    "proc.sid.exe": _of_leader("sid", lambda thread: thread.exe),
    "proc.sid.exepath": _of_leader("sid", lambda thread: thread.exepath),
    "proc.vpgid": of_thread(lambda thread: thread.vpgid),
    "proc.vpgid.name": _of_leader("vpgid", lambda thread: thread.comm),
    "proc.vpgid.exe": _of_leader("vpgid", lambda thread: thread.exe),
    "proc.vpgid.exepath": _of_leader("vpgid", lambda thread: thread.exepath),
    "proc.pgid": of_thread(lambda thread: thread.pgid),
    "proc.pgid.name": _of_leader("pgid", lambda thread: thread.comm, own=False),
    "proc.pgid.exe": _of_leader("pgid", lambda thread: thread.exe, own=False),
    "proc.pgid.exepath": _of_leader("pgid", lambda thread: thread.exepath, own=False),
    "proc.duration": plain(_duration),
    "proc.ppid.duration": plain(_parent_duration),
    "proc.pid.ts": of_thread(lambda thread: thread.clone_time or None),
    "proc.ppid.ts": _of_parent(lambda thread: thread.clone_time or None),
    "proc.is_exe_writable": _flag(EXE_WRITABLE),
    "proc.is_exe_upper_layer": _flag(EXE_UPPER_LAYER),
    "proc.is_exe_lower_layer": _flag(EXE_LOWER_LAYER),
    "proc.is_exe_from_memfd": _flag(EXE_FROM_MEMFD),
    "proc.is_sid_leader": of_thread(lambda thread: thread.sid == thread.vpid),
    "proc.is_vpgid_leader": of_thread(lambda thread: thread.vpgid == thread.vpid),
    "proc.is_pgid_leader": of_thread(lambda thread: thread.pgid == thread.pid),
    "proc.exe_ino": of_thread(lambda thread: thread.exe_inode),
    "proc.exe_ino.ctime": of_thread(lambda thread: thread.exe_ctime),
    "proc.exe_ino.mtime": of_thread(lambda thread: thread.exe_mtime),
    "proc.exe_ino.ctime_duration_proc_start": of_thread(_changed_before_start),
    "proc.exe_ino.ctime_duration_pidns_start": of_thread(_changed_after_namespace),
    "proc.pidns_init_start_ts": of_thread(lambda thread: thread.pidns_start),
    **{f"thread.cap_{name}": _capabilities(name) for name in _CAPABILITIES},
    "proc.fdopencount": of_thread(lambda thread: len(thread.process.descriptors)),
    "proc.fdlimit": _of_process_leader(lambda thread: thread.fdlimit),
    "proc.fdusage": plain(_usage),
    "proc.vmsize": _of_process_leader(lambda thread: thread.vmsize),
    "proc.vmrss": _of_process_leader(lambda thread: thread.vmrss),
    "proc.vmswap": _of_process_leader(lambda thread: thread.vmswap),
    "thread.pfmajor": of_thread(lambda thread: thread.pfmajor),
    "thread.pfminor": of_thread(lambda thread: thread.pfminor),
    "thread.tid": of_thread(lambda thread: thread.tid),
    "thread.ismain": of_thread(lambda thread: thread.is_leader),
    "thread.vtid": of_thread(lambda thread: thread.vtid),
    "thread.nametid": of_thread(lambda thread: f"{thread.comm}{thread.tid}"),
    "thread.exectime": nothing,
    "thread.totexectime": nothing,
    "thread.cgroups": of_thread(lambda thread: ", ".join(words(thread.cgroups))),
    "thread.cgroup": _cgroup,
    "proc.nthreads": of_thread(lambda thread: len(thread.process.members)),
    "proc.nchilds": of_thread(lambda thread: max(0, len(thread.process.members) - 1)),
    "thread.cpu": nothing,
    "thread.cpu.user": nothing,
    "thread.cpu.system": nothing,
    "thread.vmsize": _of_main_thread(lambda thread: thread.vmsize),
    "thread.vmrss": _of_main_thread(lambda thread: thread.vmrss),
    "thread.vmsize.b": _of_main_thread(lambda thread: thread.vmsize * _KIB),
    "thread.vmrss.b": _of_main_thread(lambda thread: thread.vmrss * _KIB),
    **{f"proc.{s}.type": _stream(n, "type") for n, s in enumerate(_STREAMS)},
    **{f"proc.{s}.name": _stream(n, "name") for n, s in enumerate(_STREAMS)},
}
