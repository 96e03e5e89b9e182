"""Measure contenders against each other, so that noise hits all of them alike."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

Progress = Callable[[int], object]

# So many events arrive just before they are matched: in a real stream, they are still in the
# caches then. Without this, what is measured is how long memory takes to answer.
_CHUNK: Final = 100


@dataclass(frozen=True)
class Contender:
    """A way to do some work for each event.

    ``engine`` and ``workload`` name it. There is a batch of documents for each round, so
    that those of a workload can be new every time; usually it is always the same.
    ``arrive`` gives what ``run`` takes, of a document that has just arrived.
    """

    engine: str
    workload: str
    run: Callable[[Any], object]
    batches: Sequence[Sequence[bytes]]
    arrive: Callable[[bytes], Any]


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
                microseconds = _pass(contender, batch)
                if number:
                    taken.setdefault((contender.engine, contender.workload), []).append(
                        microseconds
                    )
            progress(number)
    finally:
        gc.enable()
        gc.unfreeze()
    return {name: Figures(tuple(found)) for name, found in taken.items()}


def _pass(contender: Contender, documents: Sequence[bytes]) -> float:
    gc.collect()
    run, taken = contender.run, 0
    for begin in range(0, len(documents), _CHUNK):
        # What was decoded is new: texts that were looked up before would know their hashes.
        events = list(map(contender.arrive, documents[begin : begin + _CHUNK]))
        start = time.process_time_ns()
        for event in events:
            run(event)
        taken += time.process_time_ns() - start
    return taken / 1_000 / len(documents)
