"""Measure contenders against each other, so that noise hits all of them alike."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

Progress = Callable[[int], object]

# So many events are looked at just before they are matched. In a real stream an event
# has just arrived; without this, what is measured is how long memory takes to answer.
_CHUNK: Final = 100


@dataclass(frozen=True)
class Contender:
    """A way to do some work for each event.

    ``engine`` and ``workload`` name it. There is a batch of events for each round, so
    that those of a workload can be new every time; usually it is always the same.
    """

    engine: str
    workload: str
    run: Callable[[Any], object]
    batches: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Figures:
    """The microseconds per event that a contender took in each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """What it took in the middle one of the rounds."""
        return median(self.rounds)

    @property
    def least(self) -> float:
        """What it took in the round that was disturbed the least."""
        return min(self.rounds)

    def ratio(self, other: "Figures") -> float:
        """How many times as long it took as another contender, in the middle one of the rounds.

        The rounds are compared one by one: what slows the machine down for a while is in
        both figures of a round.
        """
        return median(mine / its for mine, its in zip(self.rounds, other.rounds, strict=True))


Results = dict[tuple[str, str], Figures]


def measure(
    contenders: Sequence[Contender], rounds: int, progress: Progress = lambda _: None
) -> Results:
    """Measure the CPU time of all contenders, in turns, in another order in each round.

    A round without measuring comes first. The garbage collector runs before
    each turn and not in it, and leaves what was there before alone.
    """
    taken: dict[tuple[str, str], list[float]] = {}
    order = list(contenders)
    shuffler = random.Random(0)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number in range(rounds + 1):
            shuffler.shuffle(order)
            for contender in order:
                batch = contender.batches[number % len(contender.batches)]
                microseconds = _pass(contender.run, batch)
                if number:
                    taken.setdefault((contender.engine, contender.workload), []).append(
                        microseconds
                    )
            progress(number)
    finally:
        gc.enable()
        gc.unfreeze()
    return {name: Figures(tuple(found)) for name, found in taken.items()}


def _pass(run: Callable[[Any], object], events: Sequence[Any]) -> float:
    gc.collect()
    taken = 0
    for begin in range(0, len(events), _CHUNK):
        chunk = events[begin : begin + _CHUNK]
        for event in chunk:
            # All of it is looked at, and as little else as possible.
            event.count(0) if isinstance(event, bytes) else repr(event)
        start = time.process_time_ns()
        for event in chunk:
            run(event)
        taken += time.process_time_ns() - start
    return taken / 1_000 / len(events)
