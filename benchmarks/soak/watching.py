"""What processes take while they run: memory and CPU time, looked at once in a while."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from soak.report import Check, Fact

MIB: Final = 1024 * 1024
_TICK: Final = os.sysconf("SC_CLK_TCK")

# By how much memory may differ between the second fifth of a time and the last one.
FLAT: Final = 1.05


@dataclass(frozen=True, slots=True)
class Look:
    """The memory of a process, and of it with all that it started, in bytes (PSS)."""

    own: int
    all: int


class Watch:
    """Looks at a process and those that it started, until the end of a ``with`` block."""

    def __init__(self, pid: int | Callable[[], int], every: float = 0.5) -> None:
        self.looks: list[Look] = []
        self._pid = pid if callable(pid) else lambda: pid
        self._every = every
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._end.wait(self._every):
            pid = self._pid()
            own = memory(pid)
            if own:
                self.looks.append(Look(own, own + sum(map(memory, _below(pid)))))

    @property
    def peak(self) -> int:
        """The most memory that all processes had at once, in bytes."""
        return max((look.all for look in self.looks), default=0)

    @property
    def fifths(self) -> list[float]:
        """The memory of the process in each fifth of the time, in bytes."""
        own = [look.own for look in self.looks]
        size = max(1, len(own) // 5)
        return [mean(own[start : start + size]) for start in range(0, len(own), size)][:5]

    @property
    def growth(self) -> float:
        """The memory of the process in the last fifth, as a multiple of that in the second one."""
        fifths = self.fifths
        return fifths[-1] / fifths[1] if len(fifths) == 5 else 1.0

    def flat(self) -> Check:
        """Return that memory has to be flat: within a twentieth, last fifth against second."""
        growth = self.growth
        text = "memory, last fifth against second"
        return Check(text, f"at most {FLAT}x", f"{growth:.3f}x", growth <= FLAT).if_fast()

    def facts(self) -> tuple[Fact, ...]:
        """Return how much memory there was."""
        by_fifth = " / ".join(f"{each / MIB:.0f}" for each in self.fifths)
        return (
            Fact("memory (PSS) of the server, by fifth of the time", f"{by_fifth} MiB"),
            Fact("the most of it and its children", f"{self.peak / MIB:.0f} MiB"),
        )


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken, and its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICK


def _below(pid: int) -> list[int]:
    """Return the processes that a process started, and those started."""
    found = []
    try:
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, file.read_text().split()):
                found += [child, *_below(child)]
    except OSError:
        pass
    return found


def memory(pid: int) -> int:
    """Return the memory of a process in bytes: its own, and its part of what is shared (PSS)."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = next((line for line in rollup.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) * 1024
