"""Steps of processes and files, and the events that are written for them."""

from collections.abc import Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.encoders import words
from rulec.runtime.sources.syscall.paths import AT_FDCWD
from rulec.runtime.sources.syscall.state.descriptors import O_CREAT
from rulec.runtime.sources.syscall.state.threads import (
    CLONE_IN_PIDNS,
    CLONE_NEWPID,
    CLONE_VFORK,
    Thread,
)
from rulec.scenarios.model import Program, program
from rulec.scenarios.moment import Events, Moment
from rulec.scenarios.parameters import MistakeError

_SIGNAL_BITS: Final = 0x7F
_O_RDONLY: Final = 1
_FILE_MODE: Final = 0o644


def a_program(given: Mapping[str, Any], cwd: str) -> Program:
    """Return the program that is described by its command, name or path.

    :raises MistakeError: if it is described by none.
    """
    command, name, exepath = (given.get(key) for key in ("command", "name", "exepath"))
    if not command and not name and not exepath:
        raise MistakeError("this does not say which program runs", "give its 'command' or 'name'")
    return program(command or (), name or "", exepath or "", cwd)


def _standing(thread: Thread) -> dict[str, Any]:
    """Return what events about processes tell of every one."""
    return {
        "tid": thread.tid,
        "pid": thread.pid,
        "ptid": thread.ptid,
        "cwd": "",
        "fdlimit": thread.fdlimit,
        "vm_size": thread.vmsize,
        "vm_rss": thread.vmrss,
        "vm_swap": thread.vmswap,
        "pgft_maj": thread.pfmajor,
        "pgft_min": thread.pfminor,
        "cgroups": thread.cgroups,
    }


def execute(moment: Moment) -> Events:
    """Run another program."""
    thread, given = moment.thread, moment.given
    run = a_program(given, thread.process.cwd)
    bits = given.get("capabilities")
    yield moment.happening(
        "SYSCALL_EXECVE_19_X",
        **_standing(thread),
        res=moment.result,
        exe=run.exe,
        args=run.args,
        comm=run.name if not moment.step.error else thread.comm,
        env=given.get("env", thread.env),
        tty=given.get("tty", thread.tty),
        vpgid=thread.vpgid,
        pgid=thread.pgid,
        loginuid=given.get("login", thread.loginuid),
        flags=given.get("flags", 0),
        cap_inheritable=thread.cap_inheritable,
        cap_permitted=thread.cap_permitted if bits is None else bits,
        cap_effective=thread.cap_effective if bits is None else bits,
        exe_ino=0,
        exe_ino_ctime=0,
        exe_ino_mtime=0,
        uid=given.get("user", thread.uid),
        gid=given.get("group", thread.gid),
        trusted_exepath=run.exepath,
        filename=run.exe if "/" in run.exe else run.exepath,
    )


_FORKS: Final = {
    "clone": "SYSCALL_CLONE_20_X",
    "clone3": "SYSCALL_CLONE3_X",
    "fork": "SYSCALL_FORK_20_X",
    "vfork": "SYSCALL_VFORK_20_X",
}


def fork(moment: Moment) -> Events:
    """Begin a child process.

    It tells so first: its parent does not know that it is in another container.
    """
    machine, parent, given = moment.machine, moment.thread, moment.given
    call = given.get("call") or "clone"
    if (id_ := _FORKS.get(call)) is None:
        raise MistakeError(f"{call!r} makes no process", f"one of {', '.join(_FORKS)}")
    child = given["child"]
    name = given.get("container")
    if name is not None and name not in moment.scenario.containers:
        raise MistakeError(f"there is no container {name!r}")
    container = None if name is None else moment.scenario.containers[name]
    cgroups = parent.cgroups if container is None else words(container.cgroups)
    inside = [one.vpid for one in machine.threads.values() if one.cgroups == cgroups]
    nested = container is not None or parent.in_pid_namespace
    vpid = given.get("vpid") or (max(inside, default=0) + 1 if nested else child)
    flags = (CLONE_VFORK if call == "vfork" else 0) | (CLONE_NEWPID if container else 0)
    about: dict[str, Any] = {"exe": parent.exe, "args": parent.args, "comm": parent.comm}
    about |= {"uid": parent.uid, "gid": parent.gid}
    if not moment.step.error:
        own: dict[str, Any] = {"res": 0, "tid": child, "pid": child, "ptid": parent.pid}
        own |= {"vtid": vpid, "vpid": vpid, "cgroups": cgroups}
        own["flags"] = flags | (CLONE_IN_PIDNS if vpid != child else 0)
        own["pidns_init_start_ts"] = moment.time if container else parent.pidns_start
        yield id_, {**_standing(parent), **about, **own}, child
    yield moment.happening(
        id_,
        **_standing(parent),
        **about,
        res=moment.result or (vpid if parent.in_pid_namespace else child),
        flags=flags,
        vtid=parent.vtid,
        vpid=parent.vpid,
        pidns_init_start_ts=parent.pidns_start,
    )


def leave(moment: Moment) -> Events:
    """End the process."""
    code, signal = moment.given.get("code") or 0, moment.given.get("signal") or 0
    status = code << 8 | signal & _SIGNAL_BITS
    about = {"status": status, "ret": code, "sig": signal, "core": 0, "reaper_tid": 0}
    yield moment.happening("PROCEXIT_1_E", **about)


_OPENS: Final = {
    "openat": "SYSCALL_OPENAT_2_X",
    "open": "SYSCALL_OPEN_X",
    "openat2": "SYSCALL_OPENAT2_X",
    "creat": "SYSCALL_CREAT_X",
}


def open_file(moment: Moment) -> Events:
    """Open a file."""
    given = moment.given
    call = given.get("call") or "openat"
    if (id_ := _OPENS.get(call)) is None:
        raise MistakeError(f"{call!r} opens no file", f"one of {', '.join(_OPENS)}")
    flags = given.get("flags", _O_RDONLY)
    mode = _FILE_MODE if flags & O_CREAT or call == "creat" else 0
    about = {"name": given["path"], "mode": given.get("mode", mode)}
    about |= {"dev": given.get("dev", 0), "ino": given.get("ino", 0)}
    if call != "creat":
        about["flags"] = flags
    if call in ("openat", "openat2"):
        about["dirfd"] = given.get("dirfd", AT_FDCWD)
    if call == "openat2":
        about["resolve"] = 0
    yield moment.happening(id_, fd=moment.new_descriptor(), **about)
