"""Measure ``rulec run`` on a log, as a whole: events a second by number of processes, and memory.

python benchmarks/run_log.py --events 1000000 --jobs 1 2 4
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from events import make

RULES: Final = Path(__file__).resolve().parent.parent / "rules" / "k8s_audit.yaml"
RULEC: Final = (sys.executable, "-m", "rulec")

# So many events are made; a log of more has them again.
DIFFERENT: Final = 100_000

_PAUSE: Final = 0.02  # seconds between two looks at the memory


@dataclass(frozen=True)
class Pass:
    """What a run took: seconds, and the most memory of all its processes at once, in bytes."""

    seconds: float
    memory: int


def write_log(path: Path, count: int) -> None:
    """Write a log of so many events."""
    made = b"".join(line + b"\n" for line in make(min(count, DIFFERENT)))
    lines = made.splitlines(keepends=True)
    with path.open("wb") as log:
        whole, rest = divmod(count, len(lines))
        log.writelines(chain(repeat(made, whole), lines[:rest]))


def timed(module: Path, log: Path, jobs: int) -> Pass:
    """Run the rules in a module over a log, and throw the alerts away."""
    call = [*RULEC, "run", "-q", "-r", str(module), "-j", str(jobs), str(log)]
    start = time.perf_counter()
    memory = 0
    with subprocess.Popen(call, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while process.poll() is None:
            memory = max(memory, sum(map(_memory, _members(process.pid))))
            time.sleep(_PAUSE)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"rulec run ended with status {process.returncode}")
    return Pass(seconds, memory)


def _members(session: int) -> Iterator[Path]:
    """Yield the folders in /proc of the processes in a session."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                yield entry
        except OSError:  # it has ended
            continue


def _memory(process: Path) -> int:
    """Return the memory of a process in bytes; what it shares is counted in parts."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def main() -> None:
    """Measure, in turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        module, log = Path(folder, "rules.pyc"), Path(folder, "audit.jsonl")
        subprocess.run([*RULEC, "build", "-q", str(RULES), "-o", str(module)], check=True)
        write_log(log, options.events)
        found: dict[int, list[Pass]] = {jobs: [] for jobs in options.jobs}
        for _ in range(options.rounds):
            for jobs, passes in found.items():
                passes.append(timed(module, log, jobs))
        print(f"{options.events:,} events, {log.stat().st_size / 1e6:,.0f} MB\n")
    print(
        "| -j | events/s, median | best | times the first | MB of memory |\n|--:|--:|--:|--:|--:|"
    )
    first = next(iter(found.values()))
    for jobs, passes in found.items():
        seconds = [each.seconds for each in passes]
        ratios = [one.seconds / each.seconds for one, each in zip(first, passes, strict=True)]
        rates = [options.events / value for value in (median(seconds), min(seconds))]
        memory = max(each.memory for each in passes) / 1e6
        print(
            f"| {jobs} | {rates[0]:,.0f} | {rates[1]:,.0f} | {median(ratios):.2f} | {memory:.0f} |"
        )


if __name__ == "__main__":
    main()
