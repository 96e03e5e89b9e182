"""What a reader has to do with each kind of event, given what rules ask for."""

from enum import Enum
from functools import lru_cache
from typing import Final

from rulec.runtime.sources.syscall.capture.events import UNOFFERED, Kind, coded, kinds
from rulec.runtime.sources.syscall.capture.syscalls import CODES, X86_64
from rulec.runtime.sources.syscall.capture.upgrade import Plan, plan, shapes
from rulec.runtime.sources.syscall.state import (  # noqa: F401 - effects
    accounts,
    files,
    processes,
    sockets,
)
from rulec.runtime.sources.syscall.state.effects import EFFECTS

ALL_CODES: Final = 1 << 16

_GENERIC: Final = frozenset({0, 1})
_ASYNC: Final = 402

# Effects that only some fields depend on: where no rule has them, they are spared.
_MEMORY_FIELDS: Final = frozenset(
    {
        "proc.vmsize",
        "proc.vmrss",
        "proc.vmswap",
        "thread.vmsize",
        "thread.vmrss",
        "thread.vmsize.b",
        "thread.vmrss.b",
        "thread.pfmajor",
        "thread.pfminor",
    }
)
_CONNECTED_FIELDS: Final = frozenset({"fd.connected"})

# Events that change tables but are never offered to rules, as in Falco.
_SILENT: Final = UNOFFERED | frozenset(coded("USER_ADDED_E", "GROUP_ADDED_E"))


class Act(Enum):
    """What is to be done with an event."""

    SKIP = "skip"  # as if it were not there
    COUNT = "count"  # it changes nothing, and nobody asks for it
    READ = "read"
    UNKNOWN = "unknown"  # it is newer than this reader


class Interest:
    """Which events are read, and which are offered.

    ``acts`` has what is to be done for every code, ``wanted`` the codes that are offered (in
    their present shape), ``names`` the names that are asked for; None stands for all.
    """

    def __init__(
        self,
        names: frozenset[str] | None = None,
        fields: frozenset[str] | None = None,
        enter_events: bool = False,
    ) -> None:
        self.names = names
        self.enter_events = enter_events
        found = [kind for kind in kinds() if kind is not None]
        self.wanted = frozenset(kind.code for kind in found if self._asked(kind))
        silent = frozenset() if enter_events else _SILENT
        self.offered = self.wanted - silent
        self.effects = {
            code: effect
            for code, effect in EFFECTS.items()
            if fields is None or not _spared(code, fields)
        }
        self.acts = [Act.UNKNOWN] * ALL_CODES
        for code in range(len(kinds())):
            self.acts[code] = Act.SKIP
        live = self.offered | frozenset(self.effects) | UNOFFERED
        plans = {
            kind.code: [plan(kind.code, count) for count in shapes(kind.code)] for kind in found
        }
        begun = {
            made.begun
            for code, some in plans.items()
            for made in some
            if made is not None and made.code in live
        }
        for kind in found:
            self.acts[kind.code] = self._act(kind, plans[kind.code], live, begun)

    def _asked(self, kind: Kind) -> bool:
        names = self.names
        if names is None or kind.name in names:
            return True
        if kind.code in _GENERIC:
            return not names.isdisjoint(CODES) or not names.isdisjoint(X86_64)
        return kind.code == _ASYNC

    def _act(
        self, kind: Kind, plans: list[Plan | None], live: frozenset[int], begun: set[int]
    ) -> Act:
        if self.enter_events and not kind.is_exit and kind.code in self.wanted:
            return Act.READ
        if any(made is None or (made.code in live and not made.drop) for made in plans):
            return Act.READ
        known = [made for made in plans if made is not None]
        if any(made.keep and made.code in begun for made in known):
            return Act.READ
        counted = any(not made.drop for made in known)
        return Act.COUNT if counted or (self.enter_events and not kind.is_exit) else Act.SKIP


def _spared(code: int, fields: frozenset[str]) -> bool:
    effect = EFFECTS[code]
    if effect in (processes.use_memory, processes.switch):
        return fields.isdisjoint(_MEMORY_FIELDS)
    if effect is sockets.transfer and code not in sockets.TUPLES:
        return fields.isdisjoint(_CONNECTED_FIELDS)
    return False


# The rules of a program ask for the same in every capture.
interest: Final = lru_cache(maxsize=16)(Interest)
