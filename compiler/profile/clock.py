"""Looking at the clock, and what that takes."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import Any, Final, TypeAlias

from rulec.runtime.sources import AnyEvent

Answer: TypeAlias = Callable[[Any], bool]
# The same event twice. Nobody has looked into either of them before, or both
# have been asked the same.
Twins: TypeAlias = tuple[AnyEvent, AnyEvent]

# How often the clock is tried to find out what looking at it takes.
_TRIALS: Final = 2000


@dataclass(frozen=True, slots=True)
class Overhead:
    """What measuring takes, in nanoseconds.

    ``clock`` is the time between two looks at the clock, ``call`` the same
    with the call of a function between them that does nothing.
    """

    clock: float
    call: float

    @classmethod
    def measured(cls) -> "Overhead":
        """Try it."""
        looks, calls = [], []
        for _ in range(_TRIALS):
            began = perf_counter_ns()
            looks.append(perf_counter_ns() - began)
            began = perf_counter_ns()
            _nothing(None)
            calls.append(perf_counter_ns() - began)
        return cls(median(looks), median(calls))


def _nothing(event: object) -> bool:
    return False


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep what the compiler left behind out of garbage collections.

    They take long then, and would be put down to whatever is asked just now.
    """
    gc.collect()
    thawed = gc.get_freeze_count() == 0
    gc.freeze()
    try:
        yield
    finally:
        if thawed:
            gc.unfreeze()


@dataclass(slots=True)
class Watch:
    """A sum of times."""

    total: int = 0
    looks: int = 0

    def timed(self, function: Answer, twins: Twins) -> bool:
        """Call a function for each of two equal events, and add the shorter time.

        A long one says that the machine had something else to do.
        """
        one, other = twins
        began = perf_counter_ns()
        answer = function(one)
        first = perf_counter_ns() - began
        began = perf_counter_ns()
        function(other)
        self.total += min(first, perf_counter_ns() - began)
        self.looks += 1
        return answer

    def without(self, overhead: float) -> int:
        """Return the sum without what each look took."""
        return max(0, round(self.total - self.looks * overhead))
