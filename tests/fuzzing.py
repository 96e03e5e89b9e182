"""Many mutants of an input, each looked at in a process of its own, with its time and memory.

``RULEC_FUZZ=50000 pytest -m fuzz -s`` makes tests try that many mutants; otherwise they
try a few at once. ``RULEC_FUZZ_SEED`` chooses other mutants. What fails is written to a
file, whose name is printed.
"""

import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

import pytest

FUZZ: Final = int(os.environ.get("RULEC_FUZZ", "0"))
SEED: Final = os.environ.get("RULEC_FUZZ_SEED", "0")
FAILURES: Final = Path(tempfile.gettempdir()) / "rulec-fuzz"

MEGABYTES: Final = 300  # more than this must no mutant take


@dataclass(frozen=True)
class Outcome:
    """What came of a mutant, in a word or two, and the seconds that it took."""

    what: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Fuzzing:
    """How mutants are made and looked at.

    ``make`` gives the contents of the files of a mutant by its number, ``examine`` fails if
    something is wrong with what comes of them. ``suffix`` is that of the files, ``seconds``
    what none may take longer.
    """

    make: Callable[[int], Sequence[bytes]]
    examine: Callable[[Sequence[bytes]], Outcome]
    suffix: str
    seconds: float


def kept(number: int, contents: Sequence[bytes], suffix: str) -> str:
    """Write a mutant that failed to files, and return their names."""
    FAILURES.mkdir(exist_ok=True)
    paths = [FAILURES / f"{SEED}-{number}-{n}{suffix}" for n in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return " ".join(map(str, paths))


def quick(fuzzing: Fuzzing, count: int, largest: int) -> None:
    """Examine some mutants here, of so many bytes at most; the first one that fails ends it."""
    for number in range(count):
        contents = fuzzing.make(number)
        if sum(map(len, contents)) > largest:
            continue
        try:
            fuzzing.examine(contents)
        except BaseException:
            print(f"mutant {number}: {kept(number, contents, fuzzing.suffix)}")
            raise


@dataclass(frozen=True)
class Result:
    """What became of a mutant, in a process of its own. ``failure`` is a traceback."""

    number: int
    outcome: Outcome
    megabytes: int = 0
    failure: str = ""

    def fault(self, seconds: float) -> str:
        """Why this is not in order, on a line; nothing if it is."""
        if self.failure:
            return self.failure.strip().splitlines()[-1][:300]
        if self.outcome.seconds > seconds:
            return f"takes {self.outcome.seconds:.1f} s"
        return f"takes {self.megabytes} MB" if self.megabytes > MEGABYTES else ""


def _work(numbers: Iterable[int], fuzzing: Fuzzing, results: Connection) -> None:
    """Examine mutants; send the number of each before, and a ``Result`` after."""
    signal.signal(signal.SIGALRM, _too_slow)
    for number in numbers:
        results.send(number)
        contents = fuzzing.make(number)
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the memory
        signal.alarm(120)
        try:
            result = Result(number, fuzzing.examine(contents), _peak())
        except BaseException:
            result = Result(number, Outcome("failed"), _peak(), traceback.format_exc())
        signal.alarm(0)
        results.send(result)


def _too_slow(*_: object) -> None:
    raise TimeoutError("two minutes are over")


def _peak() -> int:
    """Return the most memory that the process has held, in megabytes; 0 if nobody knows."""
    try:
        match = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(match[1]) // 1024 if match else 0


def _results_of(numbers: Sequence[int], fuzzing: Fuzzing) -> Iterator[Result]:
    """Yield the result of each mutant, those that end their process included."""
    processes = multiprocessing.get_context("fork")
    doing: dict[Connection, tuple[int, list[int]]] = {}

    def begin(left: list[int]) -> None:
        ours, theirs = processes.Pipe(duplex=False)
        processes.Process(target=_work, args=(left, fuzzing, theirs), daemon=True).start()
        theirs.close()
        doing[ours] = (0, left)

    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    for first in range(count):
        begin(list(numbers[first::count]))
    while doing:
        for pipe in wait(list(doing)):
            assert isinstance(pipe, Connection)
            number, left = doing[pipe]
            try:
                message = pipe.recv()
            except (EOFError, OSError):  # it may have ended in the middle of a message
                del doing[pipe]
                if left:
                    yield Result(number, Outcome("ends the process"), 0, "the process ended")
                    begin(left[1:])
                continue
            if isinstance(message, Result):
                left.pop(0)
                yield message
            else:
                doing[pipe] = (message, left)


def try_mutants(
    fuzzing: Fuzzing, capsys: pytest.CaptureFixture[str], count: int, largest: int
) -> None:
    """Try as many mutants as somebody asks for, or else some small ones."""
    if not FUZZ:
        quick(fuzzing, count, largest)
        return
    with capsys.disabled():
        found = at_length(fuzzing, FUZZ)
    assert not found, "\n".join(found)


def at_length(fuzzing: Fuzzing, count: int) -> list[str]:
    """Examine many mutants; print how it went, and return what is not in order."""
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    extremes: list[Result] = []
    began = time.monotonic()
    for done, result in enumerate(_results_of(range(count), fuzzing), 1):
        outcomes[result.outcome.what] += 1
        extremes.append(result)
        if fault := result.fault(fuzzing.seconds):
            paths = kept(result.number, fuzzing.make(result.number), fuzzing.suffix)
            faults.append(f"mutant {result.number}: {fault}: {paths}\n{result.failure}")
            print(f"\n{faults[-1]}")
        if done % max(1, count // 100) == 0 or done == count:
            rate = done / (time.monotonic() - began)
            print(f"\r{done:,} of {count:,} mutants, {rate:.0f}/s, {len(faults)} faults ", end="")
            sys.stdout.flush()
    print()
    for what, number in outcomes.most_common():
        print(f"{number:8,}  {what}")
    extremes.sort(key=lambda result: -result.outcome.seconds)
    slowest = [f"{each.outcome.seconds:.2f} s ({each.number})" for each in extremes[:8]]
    extremes.sort(key=lambda result: -result.megabytes)
    largest = [f"{each.megabytes} MB ({each.number})" for each in extremes[:8]]
    print(f"slowest: {', '.join(slowest)}\nlargest: {', '.join(largest)}")
    return faults
