"""Read a scenario from YAML.

Everything that is wrong with it is told at once, each with its place, like mistakes in rules.
What only shows when the scenario is played, such as a descriptor that nobody has, is told with
the place of the step.
"""

import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_interface
from pathlib import Path
from typing import Any, Final

from rulec.diagnostics import ProblemError, RulesError
from rulec.documents import unreadable
from rulec.files import collect
from rulec.item_reader import ItemReader, suggest
from rulec.runtime.clock import SECOND
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.runtime.sources.syscall.state.tables import Interface, User
from rulec.scenarios.model import INIT, Container, Process, Scenario, Step, made_up_id, program
from rulec.scenarios.parameters import MistakeError, Names, labels_of
from rulec.scenarios.play import StepError, recording
from rulec.scenarios.section_reader import SectionReader
from rulec.scenarios.sections import (
    CONTAINER_KEYS,
    PIDS,
    PROCESS_KEYS,
    USER_KEYS,
    a_container,
    a_process,
)
from rulec.scenarios.step_reader import StepReader
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Node, Scalar, Sequence
from rulec.yaml_reader import read_yaml

SCENARIO_KEYS: Final = (
    "scenario",
    "time",
    "hostname",
    "users",
    "groups",
    "interfaces",
    "containers",
    "processes",
    "events",
)
EVENTS_LIMIT: Final = 10_000
MISTAKES_LIMIT: Final = 100

DEFAULT_TIME: Final = 1_767_225_600 * SECOND  # 2026-01-01
DEFAULT_HOSTNAME: Final = "localhost"
DEFAULT_INTERFACES: Final = (("lo", "127.0.0.1/8"), ("lo", "::1/128"), ("eth0", "10.0.0.10/24"))


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Return the scenario that a file describes.

    :raises RulesError: with everything that is wrong with the description.
    """
    if Path(path).is_dir():
        reader = ItemReader(File(str(path), ""), MappingNode((), 0), (), "scenario")
        reader.complain("not_a_file", "a scenario is described by a file, not by a directory")
        raise RulesError(reader.diagnostics)
    (file,) = collect(path)
    return scenario_of(file)


def scenario_of(file: File) -> Scenario:
    """Return the scenario that the content of a file describes.

    :raises RulesError: with everything that is wrong with the description.
    """
    try:
        documents = read_yaml(file)
    except ProblemError as error:
        raise RulesError(unreadable(file, error.problem).diagnostics) from None
    reader = _ScenarioReader(file, documents)
    scenario = reader.scenario()
    if not reader.failed:
        try:
            recording(scenario)
        except StepError as error:
            reader.tell(error.mistake, reader.steps[error.number])
    if reader.failed:
        raise RulesError(reader.diagnostics)
    return scenario


class _ScenarioReader(SectionReader):
    """Reads a scenario; ``steps`` are the places of its steps."""

    def __init__(self, file: File, documents: list[Node]) -> None:
        root = documents[0] if documents else None
        found = root if isinstance(root, MappingNode) else MappingNode((), 0)
        super().__init__(file, found, (), "scenario")
        self.steps: list[MappingNode] = []
        if len(documents) != 1 or not isinstance(root, MappingNode):
            message = "the file describes no scenario"
            hint = "write one mapping with processes and events"
            self.complain("not_a_map", message, hint=hint)

    def scenario(self) -> Scenario:
        """Return the scenario, as far as it is described."""
        if self.failed:
            return Scenario()
        self.refuse_unknown_keys(SCENARIO_KEYS)
        users = self.users()
        groups = {"root": 0} | {user.name: user.gid for user in users if user.gid == user.uid}
        for name, _, node in self.inner("groups"):
            groups[name] = self.read(node, Parameter(name, "uint32")) or 0
        self.names = Names({user.name: user.uid for user in users}, groups)
        containers = {one.name: one for one in self.containers()}
        processes = list(self.processes(containers))
        return Scenario(
            self.plain("scenario", "charbuf", ""),
            self.plain("time", "abstime", DEFAULT_TIME),
            self.plain("hostname", "charbuf", DEFAULT_HOSTNAME),
            tuple(users),
            groups,
            tuple(self.interfaces()),
            containers,
            tuple(processes),
            tuple(self.events(processes)),
        )

    def plain(self, key: str, type_: str, default: Any) -> Any:
        """Return the value of a key that need not be there."""
        node = self.mapping.get(key)
        found = None if node is None else self.read(node, Parameter(key, type_))
        return default if found is None else found

    def users(self) -> list[User]:
        """Return the users; root is one in any case."""
        found = {"root": User(0, 0, "root", "/root", "/bin/bash")}
        for name, place, node in self.inner("users"):
            if isinstance(node, MappingNode):
                reader = SectionReader(self.file, node, self.context, "user")
                given = reader.values(USER_KEYS)
                self.diagnostics += reader.diagnostics
            else:
                given = {"uid": self.read(node, USER_KEYS["uid"])}
            if (uid := given.get("uid")) is None:
                message = f"user {name!r} has no number"
                self.complain("missing_key", message, node=place, hint=f"write {name}: 1000")
                continue
            gid, home = given.get("gid"), given.get("home") or f"/home/{name}"
            shell = given.get("shell") or "/bin/bash"
            found[name] = User(uid, uid if gid is None else gid, name, home, shell)
        return list(found.values())

    def interfaces(self) -> Iterator[Interface]:
        """Yield the addresses of the machine."""
        entries = list(self.inner("interfaces"))
        if not entries:
            yield from (_interface(name, text) for name, text in DEFAULT_INTERFACES)
        for name, _, node in entries:
            for item in node.items if isinstance(node, Sequence) else (node,):
                text = item.value if isinstance(item, Scalar) else ""
                try:
                    yield _interface(name, text)
                except ValueError:
                    mistake = MistakeError(f"{text!r} is no address", "write 10.0.0.10/24")
                    self.tell(mistake, item)

    def containers(self) -> Iterator[Container]:
        """Yield the containers."""
        for name, place, node in self.inner("containers"):
            if not isinstance(node, MappingNode):
                self.complain("not_a_map", "a container is a mapping", node=place)
                continue
            reader = SectionReader(self.file, node, self.context, "container")
            given = reader.values(CONTAINER_KEYS, ("labels",))
            found = Container(name, made_up_id(name))
            try:
                found = a_container(name, given, labels_of(node.get("labels")))
            except MistakeError as mistake:
                reader.tell(mistake, node)
            self.diagnostics += reader.diagnostics
            yield found

    def processes(self, containers: Mapping[str, Container]) -> Iterator[Process]:
        """Yield the processes."""
        seen: set[int] = set()
        hint = "write '- pid: 200' and '  command: ...'"
        nodes = list(self.items("processes", hint))
        for node in nodes:
            reader = SectionReader(self.file, node, self.context, "process")
            reader.names = self.names
            given = reader.values(PROCESS_KEYS)
            pid, container = given.get("pid"), given.get("container")
            if pid is None and not reader.failed:
                reader.complain("missing_key", "process has no 'pid'", hint=hint)
            elif pid is not None and (not 0 < pid < PIDS or pid in seen):
                why = "is taken" if pid in seen else f"is not between 1 and {PIDS - 1}"
                reader.reject("pid", "bad_value", f"the number {pid} {why}")
                pid = None
            if container is not None and container not in containers:
                message = f"there is no container {container!r}"
                reader.reject("container", "bad_value", message, suggest(container, containers))
            seen.add(pid or 0)
            found = Process(pid or 0, program(name="?"))
            try:
                found = a_process(found.pid, given, containers.get(container or ""))
            except MistakeError as mistake:
                reader.tell(mistake, node)
            self.diagnostics += reader.diagnostics
            if pid is not None:
                yield found

    def events(self, processes: list[Process]) -> Iterator[Step]:
        """Yield the steps."""
        alive = {INIT, *(process.pid for process in processes)}
        others = [process.pid for process in processes if process.pid != INIT]
        current = others[0] if len(others) == 1 else None if others else INIT
        nodes = self.items("events", "write '- open: /etc/passwd'")
        for number, node in enumerate(nodes):
            if number == EVENTS_LIMIT or len(self.diagnostics) >= MISTAKES_LIMIT:
                few = f"{EVENTS_LIMIT:,} events" if number == EVENTS_LIMIT else "that many mistakes"
                self.complain("too_many", f"what stands here is not read behind {few}", node=node)
                return
            reader = StepReader(self.file, node, self.context, self.names)
            reader.alive, reader.current = alive, current
            step = reader.step()
            current = reader.current
            self.diagnostics += reader.diagnostics
            if step is not None:
                self.steps.append(node)
                yield step


def _interface(name: str, text: str) -> Interface:
    found = ip_interface(text)
    return Interface(name, found.ip, int(found.netmask))
