"""What events that describe users, groups and containers change."""

from rulec.runtime.sources.syscall.capture.event import CaptureEvent
from rulec.runtime.sources.syscall.state.containers import read_container
from rulec.runtime.sources.syscall.state.effects import effect
from rulec.runtime.sources.syscall.state.machine import USERS_LIMIT, Machine
from rulec.runtime.sources.syscall.state.tables import User
from rulec.runtime.sources.syscall.state.threads import NOBODY


@effect("USER_ADDED_E", "USER_DELETED_E")
def change_users(machine: Machine, event: CaptureEvent) -> None:
    """Have a user more or less. Those of containers are not kept: nobody knows their names."""
    uid = event.value(0)
    if uid is None or event.value(5):
        return
    if event.kind.name == "userdeleted":
        machine.users.pop(uid, None)
    elif len(machine.users) < USERS_LIMIT:
        gid = NOBODY if (found := event.value(1)) is None else found
        texts = (event.value(position) or "" for position in (2, 3, 4))
        machine.users[uid] = User(uid, gid, *texts)


@effect("GROUP_ADDED_E", "GROUP_DELETED_E")
def change_groups(machine: Machine, event: CaptureEvent) -> None:
    """Have a group more or less."""
    gid = event.value(0)
    if gid is None or event.value(2):
        return
    if event.kind.name == "groupdeleted":
        machine.groups.pop(gid, None)
    elif len(machine.groups) < USERS_LIMIT:
        machine.groups[gid] = event.value(1) or ""


@effect("CONTAINER_JSON_2_E", "ASYNCEVENT_E")
def describe_container(machine: Machine, event: CaptureEvent) -> None:
    """Know what a container is."""
    position = 0
    if event.kind.name == "asyncevent":
        if event.value(1) != "container":
            return
        position = 2
    if position < len(event.parts) and (found := read_container(event.parts[position])):
        machine.know(*found)
