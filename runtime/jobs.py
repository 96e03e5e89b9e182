"""Run a ruleset over inputs in several processes, as if it was one.

Each process reads its part of the inputs by itself, and sends back alerts (as
lines, or as they are), what it had to skip, and counts. These are handed on in the order of
the inputs. What can be read only once is read in the process that asked.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

from rulec.runtime.engine import (
    READ_ERRORS,
    STRIDE,
    Notice,
    OutputError,
    Sink,
    Summary,
    run,
    tell,
    unreadable,
)
from rulec.runtime.events import EventError
from rulec.runtime.inputs import is_live, opened
from rulec.runtime.parcels import Finished, Item, Parcel, Sent, Skipped
from rulec.runtime.plain import Make, Outcome
from rulec.runtime.pool import pool
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.shards import SHARD, Part, Shard, opened_part, shards, to_read

# So many shards for each process are handed out at once: one to read, and one to go on with.
_AHEAD: Final = 2

# To start processes takes as long as to read about so many bytes, or less.
WORTH: Final = 32 * 1024 * 1024


def cores() -> int:
    """Return how many processes can run at once here, as far as this one is allowed to use them."""
    return len(os.sched_getaffinity(0))


def worth_sharing(inputs: Sequence[str], size: int = SHARD) -> bool:
    """Return whether several processes are quicker with some inputs than one.

    They are not asked to read what has to be read in order.
    """
    files = [name for name in inputs if not is_live(name)]
    if sum(map(to_read, files)) < WORTH or any(map(_goes_on, files)):
        return False
    found = (shard for shard in shards(inputs, size) if not isinstance(shard, str))
    return len(list(islice(found, 2))) == 2


def _goes_on(name: str) -> bool:
    """Return whether events of an input have to do with those of the input before it."""
    from rulec.runtime.sources.syscall.kinds import kind_of

    try:
        with opened(name) as stream:
            kind, _ = kind_of(stream)
    except READ_ERRORS:  # whoever reads it will tell
        return False
    return kind is not None and kind.goes_on


# --- in a worker ----------------------------------------------------------------------


class Worker:
    """Matches the events in parts of inputs; ``folder`` takes what is too much to send."""

    def __init__(self, ruleset: Ruleset, source: str, make: Make, folder: Path) -> None:
        self._matcher = ruleset.matcher(source)
        self._make = make
        self._folder = folder

    def __call__(self, shard: Shard) -> Sent:
        """Return everything that there is to tell of some parts, in order.

        :raises OutputError: if the folder cannot take it.
        """
        parcel = Parcel(self._folder)
        for part in shard:
            self._read(part, parcel)
        return parcel.sent()

    def _read(self, part: Part, parcel: Parcel) -> None:
        numbering = self._matcher.source.documents.new_run()
        summary = Summary()
        lines, error = 0, None

        def say(number: int, detail: str) -> None:
            parcel.add(Skipped(number, detail))

        last: tuple[int, Outcome | EventError] | None = None
        try:
            with opened_part(part) as stream:
                for found in self._matcher.lines(stream, numbering, STRIDE, self._make):
                    if last is not None:
                        tell(*last, summary, parcel.add, say)
                    last = found
        except READ_ERRORS as problem:
            error = unreadable(problem)
        if last is not None and part.end is not None and error is None:
            # It stands for what is behind the part, and whoever reads that will tell.
            lines = last[0] - 1
        elif last is not None:
            tell(*last, summary, parcel.add, say)
        counts = (numbering.count, summary.alerts, dict(summary.skipped))
        parcel.add(Finished(lines, *counts, error))


# --- in the parent --------------------------------------------------------------------


def run_shared(
    ruleset: Ruleset,
    source: str,
    inputs: Iterable[str],
    make: Make,
    sink: Sink,
    notice: Notice,
    progress: Callable[[int], object] = lambda events: None,
    *,
    jobs: int,
    every: int = STRIDE,
    size: int = SHARD,
) -> Summary:
    """Match every event of the inputs in ``jobs`` processes besides this one.

    Do what ``engine.run`` does, in the same order. ``make`` is sent to other
    processes, and what it makes is sent back: lines or deliveries. About
    ``size`` bytes are read by a process at once. The rules must not ask for
    what depends on the events before (``Ruleset.counts``).

    :raises OutputError: as ``engine.run`` does.
    :raises pool.WorkerError: if a process cannot be started, or ends before it should.
    """
    merger = Merger(sink, notice)

    def read_here(name: str) -> None:
        before = merger.summary.events
        found = run(
            ruleset,
            source,
            [name],
            sink,
            notice,
            lambda events: progress(before + events),
            every,
            make,
        )
        merger.summary.add(found)

    with (
        TemporaryDirectory(prefix="rulec-") as folder,
        pool(
            jobs,
            partial(Worker, ruleset, source, make, Path(folder)),
            OutputError,
            partial(rmtree, folder, ignore_errors=True),
        ) as submit,
    ):

        def finish(found: str | tuple[Shard, Future[Sent]]) -> None:
            if isinstance(found, str):
                read_here(found)
            else:
                shard, future = found
                merger.hand_on(shard, future.result().received())
            progress(merger.summary.events)

        waiting: deque[str | tuple[Shard, Future[Sent]]] = deque()
        for shard in shards(inputs, size):
            waiting.append(shard if isinstance(shard, str) else (shard, submit(shard)))
            if len(waiting) > _AHEAD * jobs:
                finish(waiting.popleft())
        while waiting:
            finish(waiting.popleft())
    return merger.summary


class Merger:
    """Hands on what workers tell of the parts of inputs, which come in order.

    ``sink`` gets what was made of alerts, ``notice`` what had to be skipped,
    with its place in the input. ``summary`` counts.
    """

    def __init__(self, sink: Sink, notice: Notice) -> None:
        self.summary = Summary()
        self._sink = sink
        self._notice = notice
        self._lines = 0  # of the input, before the part that is handed on
        self._unreadable = False  # the input, beyond some part of it

    def hand_on(self, shard: Shard, items: Iterable[Item]) -> None:
        """Hand on everything there is to tell of some parts, in order."""
        told = iter(items)
        for part in shard:
            if part.start == 0:
                self._lines, self._unreadable = 0, False
            for item in told:
                if isinstance(item, Finished):
                    self._finish(part, item)
                    break
                if self._unreadable:
                    continue
                if isinstance(item, Skipped):
                    self._notice(f"{part.name}:{self._lines + item.number}: {item.detail}")
                else:
                    self._sink(item)

    def _finish(self, part: Part, done: Finished) -> None:
        if self._unreadable:
            return
        self.summary.events += done.events
        self.summary.alerts += done.alerts
        self.summary.skipped.update(done.skipped)
        self._lines += done.lines
        if done.error is not None:
            self._unreadable = True
            self.summary.unreadable.append(part.name)
            self._notice(f"{part.name}: {done.error}")
