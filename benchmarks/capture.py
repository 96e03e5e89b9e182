"""Measure how fast captures are read, and matched: events a second, and memory.

python benchmarks/capture.py --events 500000 --rules rules/syscall.yaml

The capture is made up (``benchmarks/syscalls.py``) or given (``--capture FILE``), and repeated with
later times until it has as many events. Each measurement is a process of its own.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from struct import pack_into
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

import syscalls

from rulec.runtime.events import EventError
from rulec.runtime.loading import load
from rulec.runtime.sources.syscall.capture import blocks
from rulec.runtime.sources.syscall.capture.interest import ALL_CODES, Act
from rulec.runtime.sources.syscall.capture.reader import Capture
from rulec.runtime.sources.syscall.capture.stream import Inflater

RULES: Final = Path(__file__).resolve().parent.parent / "rules" / "syscall.yaml"

# So many events are made up; a capture of more has them again.
DIFFERENT: Final = 100_000


@dataclass(frozen=True)
class Pass:
    """What a measurement found: events, alerts, seconds of CPU time, bytes of memory."""

    events: int
    alerts: int
    seconds: float
    memory: int

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


# --- the capture --------------------------------------------------------------------


@dataclass(frozen=True)
class Blocks:
    """The blocks of a capture: those before the first event, and all others.

    ``times`` are the places in ``body`` where events have their times, which take ``span``
    nanoseconds together. ``order`` is the mark of the byte order.
    """

    head: bytes
    body: bytes
    times: tuple[int, ...]
    order: str
    span: int


def split(capture: bytes) -> Blocks:
    """Take a capture apart that is not damaged."""
    order = blocks.ORDERS[capture[8:12]]
    layout = blocks.LAYOUTS[order]
    at, begin = 0, None
    places, times = [], []
    while at < len(capture):
        kind, length = layout.block(capture, at)
        if kind in blocks.EVENTS:
            begin = at if begin is None else begin
            place = at + (14 if blocks.EVENTS[kind][0] else 10)
            places.append(place - begin)
            times.append(int.from_bytes(capture[place : place + 8], order))  # type: ignore[arg-type]
        at += length
    assert begin is not None, "a capture without events measures nothing"
    span = max(times) - min(times) + syscalls.STEP
    mark = "<" if order == "little" else ">"
    return Blocks(capture[:begin], capture[begin:], tuple(places), mark, span)


def repeated(found: Blocks, count: int) -> Iterator[bytes]:
    """Yield a capture of at least so many events: the same ones, with later times each time."""
    yield found.head
    body = bytearray(found.body)
    order = "little" if found.order == "<" else "big"
    times = [int.from_bytes(found.body[at : at + 8], order) for at in found.times]  # type: ignore[arg-type]
    for turn in range(-(-count // len(times))):
        for at, value in zip(found.times, times, strict=True):
            pack_into(found.order + "Q", body, at, value + turn * found.span)
        yield bytes(body)


def made(count: int) -> bytes:
    """Return a made-up capture of so many events."""
    written: deque[bytes] = deque()
    sink = SimpleNamespace(write=written.append)
    syscalls.write(sink, islice(syscalls.steps(), count))
    return b"".join(written)


def inflated(path: Path) -> bytes:
    """Return a capture from a file, which may be compressed."""
    with path.open("rb") as stream:
        return b"".join(iter(Inflater(stream).read, b""))


# --- the measurements ---------------------------------------------------------------


def read_blocks(capture: Path, module: Path) -> tuple[int, int]:
    """Read blocks and the headers of events, and nothing else."""
    return _read(capture, [Act.COUNT] * ALL_CODES)


def read_parameters(capture: Path, module: Path) -> tuple[int, int]:
    """Read all events with their parameters, but let them change nothing."""
    return _read(capture, [Act.READ] * ALL_CODES)


def _read(path: Path, acts: list[Act]) -> tuple[int, int]:
    with path.open("rb") as stream:
        capture = Capture(stream, frozenset())
        # There is no such option: nobody could use what it gives.
        interest: Any = SimpleNamespace(acts=acts, effects={}, offered=frozenset(), names=None)
        capture._interest = interest
        deque(capture, maxlen=0)
    return capture.events, 0


def keep_state(capture: Path, module: Path) -> tuple[int, int]:
    """Keep up what is known of the machine; offer no event."""
    return _captured(capture, frozenset())


def offer_all(capture: Path, module: Path) -> tuple[int, int]:
    """Do this, and offer every event; ask nothing of it."""
    return _captured(capture, None)


def _captured(path: Path, wanted: frozenset[str] | None) -> tuple[int, int]:
    with path.open("rb") as stream:
        capture = Capture(stream, wanted)
        deque(capture, maxlen=0)
    return capture.events, 0


def match(capture: Path, module: Path) -> tuple[int, int]:
    """Match all rules, as ``rulec run`` does, and write the alerts as text."""
    matcher = load(module).matcher("syscall")
    run = matcher.source.documents.new_run()
    alerts = 0
    with capture.open("rb") as stream:
        for _, outcome in matcher.lines(stream, run, every=10_000):
            if isinstance(outcome, EventError):
                sys.exit(f"{capture}: {outcome}")
            alerts += len(list(map(str, outcome.alerts)))
    return run.count, alerts


Way = Callable[[Path, Path], tuple[int, int]]

WAYS: Final[dict[str, Way]] = {
    "reading alone: blocks and headers of events": read_blocks,
    "reading alone: with all parameters": read_parameters,
    "with state": keep_state,
    "with state, every event offered": offer_all,
    "with all rules": match,
}


def _memory() -> int:
    """Return the most memory that this process had, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def measured(way: str, capture: Path, module: Path) -> Pass:
    """Measure one way in a process of its own."""
    call = [sys.executable, __file__, "--only", way, str(capture), str(module)]
    found = subprocess.run(call, check=True, stdout=subprocess.PIPE)
    return Pass(**json.loads(found.stdout))


def _measure(way: str, capture: Path, module: Path) -> Pass:
    start = time.process_time()
    events, alerts = WAYS[way](capture, module)
    return Pass(events, alerts, time.process_time() - start, _memory())


# --- the report ---------------------------------------------------------------------


def _row(cells: list[str], widths: list[int], markdown: bool) -> str:
    if markdown:
        return f"| {' | '.join(cells)} |"
    first, *rest = (
        cell.ljust(width) if not at else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


def table(rows: list[list[str]], markdown: bool) -> Iterator[str]:
    """Yield the lines of a table; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *rest = rows
    yield _row(head, widths, markdown)
    if markdown:
        yield "|---" + "|--:" * (len(head) - 1) + "|"
    for row in rest:
        yield _row(row, widths, markdown)


def shares(capture: Path) -> str:
    """Return which types of events a capture has, the most frequent first."""
    with capture.open("rb") as stream:
        found = Counter(event["evt.type"] for event in Capture(stream))
    whole = sum(found.values())
    return ", ".join(f"{name} {100 * n / whole:.1f} %" for name, n in found.most_common(20))


def main() -> None:
    """Measure, in turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--long", type=int, default=1_000_000, help="events of a long capture")
    parser.add_argument("--short", type=int, default=100_000, help="events of a short capture")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=Path, nargs="+", default=[RULES])
    parser.add_argument("--capture", type=Path, help="repeat this one")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        module = folder / "rules.pyc"
        build = [sys.executable, "-m", "rulec", "build", "-q", *map(str, options.rules)]
        subprocess.run([*build, "-o", str(module)], check=True)
        least = min(options.events, options.long, options.short, DIFFERENT)
        whole = inflated(options.capture) if options.capture else made(least)
        found = split(whole)
        captures = {}
        for count in dict.fromkeys((options.events, options.short, options.long)):
            captures[count] = folder / f"{count}.scap"
            with captures[count].open("wb") as stream:
                stream.writelines(repeated(found, count))
        (folder / "once.scap").write_bytes(whole)
        main_one = captures[options.events]
        passes: dict[str, list[Pass]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way, taken in passes.items():
                taken.append(measured(way, main_one, module))
        *_, last = WAYS
        first = next(iter(passes.values()))[0]
        alerts = passes[last][0].alerts
        print(
            f"{first.events:,} events, {main_one.stat().st_size / 1e6:,.0f} MB, {alerts:,} alerts"
        )
        print(f"{shares(folder / 'once.scap')}\n")
        rows = [["", "events/s, median", "best", "µs each, median", "MB of memory"]]
        for way, taken in passes.items():
            rates = [each.rate for each in taken]
            cost = 1e6 / median(rates)
            memory = max(each.memory for each in taken) / 1e6
            rows.append(
                [way, f"{median(rates):,.0f}", f"{max(rates):,.0f}", f"{cost:.2f}", f"{memory:.0f}"]
            )
        print(*table(rows, options.markdown), sep="\n")
        rows = [["memory by length, with all rules", "MB"]]
        for count in (options.short, options.long):
            peak = measured(last, captures[count], module).memory / 1e6
            rows.append([f"{count:,} events", f"{peak:.1f}"])
        print("", *table(rows, options.markdown), sep="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--only"]:
        chosen, given, compiled = sys.argv[2:]
        print(json.dumps(vars(_measure(chosen, Path(given), Path(compiled)))))
    else:
        main()
