"""Fields about users and groups."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.state.machine import Machine
from rulec.runtime.sources.syscall.state.tables import User
from rulec.runtime.sources.syscall.state.threads import NOBODY, Thread
from rulec.runtime.sources.syscall.values.working import Work, of_thread


def _with_machine(function: Callable[[Machine, Thread], Any]) -> Work:
    def work(event: CaptureEvent, argument: str | None) -> Any:
        return None if event.thread is None else function(event.machine, event.thread)

    return work


def _of_user(function: Callable[[User], str], root: str) -> Work:
    """Return a function for something that a user has; what root has is known."""

    def work(machine: Machine, thread: Thread) -> str:
        found = machine.user(thread, thread.uid)
        if found is not None:
            return function(found)
        return "<NA>" if thread.uid else root

    return _with_machine(work)


USER_VALUES: Final[Mapping[str, Work]] = {
    "user.uid": of_thread(lambda thread: thread.uid),
    "user.name": _with_machine(lambda machine, thread: machine.user_name(thread, thread.uid)),
    "user.homedir": _of_user(lambda user: user.home, "/root"),
    "user.shell": _of_user(lambda user: user.shell, "<NA>"),
    "user.loginuid": of_thread(lambda thread: -1 if thread.loginuid == NOBODY else thread.loginuid),
    "user.loginname": _with_machine(
        lambda machine, thread: machine.user_name(thread, thread.loginuid)
    ),
    "group.gid": of_thread(lambda thread: thread.gid),
    "group.name": _with_machine(lambda machine, thread: machine.group_name(thread, thread.gid)),
}
