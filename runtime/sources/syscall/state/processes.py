"""What calls about processes change."""

from typing import Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.capture.events import coded
from rulec.runtime.sources.syscall.paths import joined
from rulec.runtime.sources.syscall.state.descriptors import O_CLOEXEC
from rulec.runtime.sources.syscall.state.effects import effect, succeeded
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.threads import (
    ALL_CAPABILITIES,
    CLONE_IN_PIDNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_PARENT,
    CLONE_THREAD,
    CLONE_VFORK,
    NOBODY,
    Process,
    Thread,
)

_SOON: Final = 2 * 10**9  # nanoseconds between the two events of a new thread
_RLIMIT_NOFILE: Final = 7
_AT_EMPTY_PATH: Final = 1

_EXECVE_E, _EXECVEAT_E = coded("SYSCALL_EXECVE_19_E", "SYSCALL_EXECVEAT_E")
_EXECVEAT_X, _VFORK_X = coded("SYSCALL_EXECVEAT_X", "SYSCALL_VFORK_20_X")

# The events that tell of new threads. Those that run already have no other sign of life: a
# thread that is not known before is not made known by them.
CLONES: Final = coded(
    "SYSCALL_CLONE_20_X", "SYSCALL_FORK_20_X", "SYSCALL_VFORK_20_X", "SYSCALL_CLONE3_X"
)


@effect("SYSCALL_CLONE_20_X", "SYSCALL_FORK_20_X", "SYSCALL_VFORK_20_X", "SYSCALL_CLONE3_X")
def clone(machine: Machine, event: CaptureEvent) -> None:
    """Have a new thread, which its caller and the thread itself tell of."""
    result = event.value(0)
    if result is None or result < 0:
        return
    if result == 0:
        _cloned(machine, event)
    else:
        _clone_called(machine, event, result)


def _clone_called(machine: Machine, event: CaptureEvent, tid: int) -> None:
    caller = event.thread
    flags = event.value(15) or 0
    if (
        caller is None
        or flags & (CLONE_IN_PIDNS | CLONE_NEWPID | CLONE_PARENT | CLONE_VFORK)
        or event.code == _VFORK_X
        or caller.tid != (event.value(18) or caller.vtid)
        or machine.exited_lately(caller.pid, tid, event.time)
    ):
        return
    known = machine.threads.get(tid)
    if known is not None and known.made_by == "own":
        return
    child = Thread(tid, "caller")
    if flags & CLONE_THREAD:
        child.pid, child.ptid = caller.pid, caller.ptid
        child.vpid = event.value(19) or caller.pid
    else:
        child.pid = child.vpid = tid
        child.ptid = caller.tid
    child.vtid = tid
    _start(machine, event, child, caller, flags)


def _cloned(machine: Machine, event: CaptureEvent) -> None:
    tid = event.tid
    known = machine.threads.get(tid)
    if known is not None and known.made_by == "caller" and event.time - known.made_at < _SOON:
        event.thread = known
        return
    child = Thread(tid, "own")
    flags = event.value(15) or 0
    child.pid = _or(event.value(4), tid)
    child.ptid = _or(event.value(5), -1)
    child.vtid = _or(event.value(18), tid)
    child.vpid = _or(event.value(19), child.pid)
    source = machine.threads.get(child.pid if flags & CLONE_THREAD else child.ptid)
    _start(machine, event, child, source, flags)
    event.thread = child


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _start(
    machine: Machine, event: CaptureEvent, child: Thread, source: Thread | None, flags: int
) -> None:
    """Make a new thread known that is a copy of another."""
    child.clone_flags = flags
    child.clone_time = child.made_at = event.time
    child.exe = event.value(1) or ""
    child.comm = event.value(13) or child.exe
    child.fdlimit = event.value(7) or 0
    _take_memory(child, event, 8)
    child.uid, child.gid = _or(event.value(16), NOBODY), _or(event.value(17), NOBODY)
    child.pidns_start = event.value(20) or 0
    child.args = event.parts[2] if len(event.parts) > 2 else b""
    child.cgroups = event.value(14) or b""
    if source is not None and source is not machine.threads.get(child.tid):
        child.inherit(source)
        child.args = child.args or source.args
        child.cgroups = child.cgroups or source.cgroups
        child.env = source.env
        if flags & CLONE_THREAD:
            child.process = source.process
            child.parent = source.parent
        else:
            child.process.cwd = source.process.cwd
            child.parent = machine.leader(source)
    if machine.add(child) and source is not None and child.process is not source.process:
        machine.share(child.process, source.process)


def _take_memory(thread: Thread, event: CaptureEvent, position: int) -> None:
    """Take over page faults and the size of memory, which stand one behind the other."""
    values = [event.value(position + n) for n in range(5)]
    if values[2] is not None:
        thread.pfmajor, thread.pfminor = values[0] or 0, values[1] or 0
        thread.vmsize, thread.vmrss, thread.vmswap = values[2], values[3] or 0, values[4] or 0


@effect("SYSCALL_EXECVE_19_X", "SYSCALL_EXECVEAT_X")
def execute(machine: Machine, event: CaptureEvent) -> None:
    """Have a process run another program."""
    begun = machine.began.get(event.tid)
    thread, value = event.thread, event.value
    if value(0) != 0 or thread is None:
        return
    machine.began.pop(event.tid, None)
    if thread.made_by == "placeholder":
        thread.ptid = _or(value(5), -1)
    thread.pid = _or(value(4), thread.pid)
    thread.process.members.add(thread.tid)
    thread.exe = value(1) or thread.exe
    thread.comm = value(13) or value(1) or thread.comm
    parts = event.parts
    thread.args = parts[2] if len(parts) > 2 else b""
    thread.fdlimit = _or(value(7), thread.fdlimit)
    _take_memory(thread, event, 8)
    thread.cgroups = value(14) or thread.cgroups
    thread.env = value(15) or b""
    thread.tty = _or(value(16), thread.tty)
    thread.vpgid = _or(value(17), thread.vpgid)
    thread.loginuid = _or(value(18), thread.loginuid)
    thread.exe_flags = _or(value(19), 0)
    thread.cap_inheritable = _or(value(20), thread.cap_inheritable)
    thread.cap_permitted = _or(value(21), thread.cap_permitted)
    thread.cap_effective = _or(value(22), thread.cap_effective)
    thread.exe_inode = _or(value(23), thread.exe_inode)
    thread.exe_ctime = _or(value(24), thread.exe_ctime)
    thread.exe_mtime = _or(value(25), thread.exe_mtime)
    thread.uid = _or(value(26), thread.uid)
    thread.pgid = _or(value(28), -1)
    thread.gid = _or(value(29), thread.gid)
    exepath = value(27) or _started_path(machine, event, begun)
    thread.exepath = exepath.removesuffix(" (deleted)")
    _close_on_exec(machine, thread.process)
    if len(thread.process.members) > 1:
        machine.drop_others(thread)


def _started_path(
    machine: Machine, event: CaptureEvent, begun: tuple[int, list[bytes]] | None
) -> str:
    """Return the path of a program as it was given when the call began."""
    thread = event.thread
    if begun is None or thread is None:
        return ""
    code, parts = begun
    decoders = machine.decoders(code)
    if code == _EXECVE_E and parts and parts[0]:
        name = decoders[0](parts[0])
        return "" if name == "<NA>" else joined(thread.process.cwd, name)
    if code == _EXECVEAT_E and len(parts) >= 3:
        number, name, flags = (decode(part) for decode, part in zip(decoders, parts, strict=False))
        if name == "<NA>":
            name = ""
        if flags & _AT_EMPTY_PATH and not name:
            one = thread.process.descriptors.get(number)
            return "" if one is None else one.name
        return joined(machine.base(thread, number, name), name) if name else ""
    return ""


def _close_on_exec(machine: Machine, process: Process) -> None:
    descriptors = process.descriptors
    if any(one.flags & O_CLOEXEC for one in descriptors.values()):
        kept = {n: one for n, one in descriptors.items() if not one.flags & O_CLOEXEC}
        machine.keep(process, kept)


@effect("PROCEXIT_1_E")
def end(machine: Machine, event: CaptureEvent) -> None:
    """Have a thread gone when the next event comes."""
    if event.thread is not None:
        event.thread.dead = True
        machine.ending = (event.thread, _or(event.value(4), 0), event.time)


@effect("SYSCALL_SETUID_X")
def set_user(machine: Machine, event: CaptureEvent) -> None:
    """Have another user."""
    _set_user(event, event.value(1))


@effect("SYSCALL_SETRESUID_X", "SYSCALL_SETREUID_X")
def set_effective_user(machine: Machine, event: CaptureEvent) -> None:
    """Have another effective user."""
    _set_user(event, event.value(2))


def _set_user(event: CaptureEvent, uid: int | None) -> None:
    # All ones say that it stays as it is.
    if event.value(0) == 0 and event.thread is not None and uid is not None and uid != NOBODY:
        event.thread.uid = uid


@effect("SYSCALL_SETGID_X")
def set_group(machine: Machine, event: CaptureEvent) -> None:
    """Have another group."""
    _set_group(event, event.value(1))


@effect("SYSCALL_SETRESGID_X", "SYSCALL_SETREGID_X")
def set_effective_group(machine: Machine, event: CaptureEvent) -> None:
    """Have another effective group."""
    _set_group(event, event.value(2))


def _set_group(event: CaptureEvent, gid: int | None) -> None:
    if event.value(0) == 0 and event.thread is not None and gid is not None and gid != NOBODY:
        event.thread.gid = gid


@effect("SYSCALL_SETSID_X")
def set_session(machine: Machine, event: CaptureEvent) -> None:
    """Have a session of its own."""
    if succeeded(event) and event.thread is not None:
        event.thread.sid = event.value(0)


@effect("SYSCALL_CAPSET_X")
def set_capabilities(machine: Machine, event: CaptureEvent) -> None:
    """Have other capabilities."""
    thread = event.thread
    if succeeded(event) and thread is not None:
        thread.cap_inheritable = _or(event.value(1), thread.cap_inheritable)
        thread.cap_permitted = _or(event.value(2), thread.cap_permitted)
        thread.cap_effective = _or(event.value(3), thread.cap_effective)


@effect("SYSCALL_UNSHARE_X")
def unshare(machine: Machine, event: CaptureEvent) -> None:
    """Have all capabilities in a new user namespace."""
    _enter_namespace(event, event.value(1))


@effect("SYSCALL_SETNS_X")
def enter_namespace(machine: Machine, event: CaptureEvent) -> None:
    """Have all capabilities in another user namespace."""
    _enter_namespace(event, event.value(2))


def _enter_namespace(event: CaptureEvent, flags: int | None) -> None:
    thread = event.thread
    if succeeded(event) and thread is not None and (flags or 0) & CLONE_NEWUSER:
        thread.cap_inheritable = thread.cap_permitted = thread.cap_effective = ALL_CAPABILITIES


@effect("SYSCALL_GETRLIMIT_X", "SYSCALL_SETRLIMIT_X")
def limit(machine: Machine, event: CaptureEvent) -> None:
    """Have another limit of open files."""
    thread, current = event.thread, event.value(1)
    if succeeded(event) and thread and current is not None and event.value(3) == _RLIMIT_NOFILE:
        machine.leader(thread).fdlimit = current


@effect("SYSCALL_PRLIMIT_X")
def limit_other(machine: Machine, event: CaptureEvent) -> None:
    """Let a process have another limit of open files."""
    if succeeded(event) and event.value(6) == _RLIMIT_NOFILE:
        pid = event.value(5)
        thread = machine.threads.get(pid) if pid else event.thread
        current = event.value(1)
        if thread is not None and current is not None and current >= 0:
            machine.leader(thread).fdlimit = current


@effect("SYSCALL_BRK_4_X", "SYSCALL_MMAP_X", "SYSCALL_MMAP2_X", "SYSCALL_MUNMAP_X")
def use_memory(machine: Machine, event: CaptureEvent) -> None:
    """Use more or less memory."""
    thread = event.thread
    if thread is not None and (size := event.value(1)) is not None:
        thread.vmsize, thread.vmrss = size, event.value(2) or 0
        thread.vmswap = event.value(3) or 0


@effect("SCHEDSWITCH_6_E")
def switch(machine: Machine, event: CaptureEvent) -> None:
    """Let another thread run; the event has the memory of the one that stops."""
    if event.thread is not None:
        _take_memory(event.thread, event, 1)
