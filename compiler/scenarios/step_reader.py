"""Reading a step of a scenario: what happens, in which process, when, and whether it fails."""

from collections.abc import Mapping
from typing import Any, Final

from rulec.item_reader import suggest
from rulec.items import Context
from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.scenarios.model import Step
from rulec.scenarios.parameters import Names, value_of
from rulec.scenarios.raw_events import GENERIC, events_by_name
from rulec.scenarios.section_reader import SectionReader
from rulec.scenarios.sections import PIDS
from rulec.scenarios.steps import STEPS, keys
from rulec.text import File
from rulec.yaml_nodes import Mapping as MappingNode
from rulec.yaml_nodes import Scalar, is_null

# What stands beside the kind of a step.
STEP_KEYS: Final = keys("process:pid after:reltime fails:errno alerts:texts")

DEFAULT_AFTER: Final = 1_000_000  # nanoseconds between two steps
NO_PROCESS: Final = -1
_CLONES: Final = frozenset({"clone", "clone3", "fork", "vfork"})


class StepReader(SectionReader):
    """Reads a step. ``alive`` are the processes that there are, ``current`` is the usual one."""

    def __init__(self, file: File, mapping: MappingNode, outer: Context, names: Names) -> None:
        super().__init__(file, mapping, outer, "event")
        self.names = names
        self.alive: set[int] = set()
        self.current: int | None = None

    def step(self) -> Step | None:
        """Return the step, or nothing if something is wrong with it."""
        kinds = [key for key in self.mapping.keys if key not in STEP_KEYS]
        if len(kinds) != 1:
            message = "this does not say what happens" if not kinds else "two things happen here"
            hint = f"write one step, and {', '.join(STEP_KEYS)} beside it"
            self.complain("bad_step", message, hint=hint)
            return None
        beside = self.values(STEP_KEYS, tuple(kinds))
        (name,) = kinds
        pid = self.process(beside, name)
        known = name in STEPS or name in events_by_name()
        if not known:
            hint = suggest(name, {*STEPS, *events_by_name()}) or f"such as {', '.join(STEPS)}"
            key = next(key for key, _ in self.mapping.pairs if getattr(key, "value", "") == name)
            self.complain(
                "unknown_step", f"there is no step or event {name!r}", node=key, hint=hint
            )
        given = self.given(name) if known else {}
        error = -(beside.get("fails") or 0)
        if error < 0:
            self.reject("fails", "bad_value", "a call fails with an error", "such as EACCES")
        kind = events_by_name().get(name) if name not in STEPS else None
        if kind is not None and not (kind.is_exit and kind.origin == "syscall") and error:
            self.reject("fails", "bad_value", f"{name!r} cannot fail")
        # Who comes and goes is followed in any case: one mistake is not to be told twice.
        if name == "fork":
            self.begin_child(given, fails=bool(error))
        elif pid is not None and (name == "exit" or (kind is not None and kind.name == "procexit")):
            self.alive.discard(pid)
            self.current = None
        if self.failed or pid is None:
            return None
        after = beside.get("after")
        after = DEFAULT_AFTER if after is None else after
        return Step(name, pid, given, after, error, beside.get("alerts") or (), kind)

    def process(self, beside: Mapping[str, Any], name: str) -> int | None:
        """Return the process of the step; it is the usual one from now on."""
        kind = None if name in STEPS else events_by_name().get(name)
        about_none = kind is not None and kind.origin == "metaevent"
        pid: int | None = beside.get("process", self.current)
        if about_none and pid in (None, NO_PROCESS):
            return NO_PROCESS
        # Who writes the id of an event may write of processes that nobody has heard of.
        begins = kind is not None and (kind.name in _CLONES or kind.id == name)
        if pid is None:
            hint = "write 'process' beside it"
            self.complain("missing_key", "this does not say which process", hint=hint)
        elif pid not in self.alive and not begins:
            message = f"there is no process {pid} (any more)"
            self.reject("process", "bad_value", message)
        if pid is not None:
            self.current = pid
            if begins:
                self.alive.add(pid)
        return pid

    def given(self, name: str) -> dict[str, Any]:
        """Return the parameters of the step."""
        node = self.mapping.get(name)
        assert node is not None, "it is the key of a value"
        found = STEPS.get(name)
        kind = None if found is not None else events_by_name()[name]
        known: Mapping[str, Parameter]
        if found is not None:
            known = found.keys
        else:
            assert kind is not None, "it is a step or an event"
            known = {parameter.name: parameter for parameter in reversed(kind.parameters)}
        if is_null(node):
            given: dict[str, Any] = {}
        elif isinstance(node, MappingNode):
            reader = SectionReader(self.file, node, self.context, name)
            reader.names = self.names
            given = reader.values(known)
            self.diagnostics += reader.diagnostics
        elif found is not None:
            given = {found.main: self.read(node, known[found.main])}
        else:
            self.complain("not_a_map", f"{name!r} takes parameters by name", node=node)
            return {}
        if found is not None:
            given = {key: value for key, value in given.items() if value is not None}
            for key in found.needed - given.keys():
                if not self.failed:
                    self.complain("missing_key", f"{name} has no '{key}'", node=node)
        if kind is not None and kind.id == GENERIC and name not in (kind.id, kind.name):
            given.setdefault("ID", _number_of_call(name, self.names))
        return given

    def begin_child(self, given: dict[str, Any], fails: bool) -> None:
        """Choose the number of a new process, if it is not given."""
        child = given.get("child") or max(self.alive) + 1
        if child in self.alive or not 0 < child < PIDS:
            self.complain("bad_value", f"the number {child} is taken or too large")
        given["child"] = child
        if not fails:
            self.alive.add(child)
            self.current = child


def _number_of_call(name: str, names: Names) -> int:
    """Return the number that drivers give to a system call."""
    found: int = value_of(Scalar(name, 0, 0), Parameter("ID", "syscallid"), names)
    return found
