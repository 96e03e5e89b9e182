"""The containers and processes of a scenario: their keys, and what is made of their values."""

import re
from collections.abc import Mapping
from typing import Any, Final

from rulec.runtime.sources.syscall.state.containers import TYPES
from rulec.runtime.sources.syscall.state.threads import ALL_CAPABILITIES
from rulec.scenarios.model import INIT, Container, Process, made_up_id
from rulec.scenarios.parameters import MistakeError
from rulec.scenarios.process_steps import a_program
from rulec.scenarios.steps import keys

USER_KEYS: Final = keys("uid:uint32 gid:uint32 home:fspath shell:fspath")

# Besides labels.
CONTAINER_KEYS: Final = keys(
    "id:charbuf image:charbuf type:charbuf privileged:bool mounts:texts pod:charbuf"
    " namespace:charbuf"
)

PROCESS_KEYS: Final = keys(
    "pid:pid parent:pid command:command name:charbuf exepath:fspath cwd:fspath user:uid group:gid"
    " login:uid tty:uint32 session:pid env:texts container:charbuf vpid:pid"
    " capabilities:capabilities flags:flags32=execve_flags"
)

# The engines whose control groups are written here.
ENGINES: Final = ("docker", "containerd", "cri-o", "podman")

PIDS: Final = 1 << 22  # Linux gives no larger numbers to processes

# The capabilities that engines leave to root in a container.
_CONFINED: Final = 0xA80425FB

_ID: Final = re.compile("[0-9a-f]{12}|[0-9a-f]{64}")
_POD: Final = "io.kubernetes.pod."


def a_container(name: str, given: Mapping[str, Any], labels: Mapping[str, str]) -> Container:
    """Return a container.

    :raises MistakeError: if its id or engine can be none.
    """
    type_ = given.get("type") or "containerd"
    if type_ not in ENGINES or type_ not in TYPES.values():
        raise MistakeError(f"{type_!r} runs no containers", f"one of {', '.join(ENGINES)}")
    id_ = given.get("id") or made_up_id(name)
    if not _ID.fullmatch(id_):
        raise MistakeError(f"{id_!r} is no id of a container", "12 or 64 hexadecimal digits")
    whole = id_ + made_up_id(name)[len(id_) :]
    places = {"name": given.get("pod"), "namespace": given.get("namespace")}
    pod = {f"{_POD}{key}": value for key, value in places.items() if value}
    return Container(
        name,
        whole,
        given.get("image") or "",
        type_,
        bool(given.get("privileged")),
        given.get("mounts") or (),
        pod | dict(labels),
    )


def a_process(pid: int, given: Mapping[str, Any], container: Container | None) -> Process:
    """Return a process, which may be in a container.

    :raises MistakeError: if it does not say what it runs.
    """
    run = a_program(given, given.get("cwd") or "/")

    def value(key: str, default: Any) -> Any:
        found = given.get(key)
        return default if found is None else found

    uid = value("user", 0)
    rights = 0
    if uid == 0:
        confined = container is not None and not container.privileged
        rights = _CONFINED if confined else ALL_CAPABILITIES
    return Process(
        pid,
        run,
        value("parent", INIT if pid != INIT else 0),
        value("cwd", "/"),
        uid,
        value("group", uid),
        value("login", -1),
        value("tty", 0),
        value("session", pid),
        value("env", ()),
        value("container", ""),
        value("vpid", pid),
        value("capabilities", rights),
        value("flags", 0),
    )
