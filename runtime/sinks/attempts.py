"""Try until it works: at growing intervals, and telling about it once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from threading import Condition
from typing import Final

from rulec.runtime.rendering import counted
from rulec.runtime.sinks.sink import Notice, RefusedError, reason

# The longest pause while somebody waits for the end, in seconds.
_HURRY: Final = 1.0

# Not the generator that everybody shares: who has set it to something goes on from there.
_CHANCE: Final = SystemRandom()

# So many alerts that were dropped are told one by one.
_EACH: Final = 10

# So often the same trouble is told of each time that it comes back.
_FEW: Final = 2


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: from ``first`` seconds on, doubled up to ``most``.

    Of each pause, up to a half is left to chance, so that many who wait for the
    same do not all come back at once.
    """

    first: float = 0.1
    most: float = 30.0

    def pauses(self) -> Iterator[float]:
        """Yield the pauses, in seconds, without an end."""
        pause = self.first
        while True:
            yield _CHANCE.uniform(pause / 2, pause)
            pause = min(2 * pause, self.most)


class Attempts:
    """Does what may fail, again and again, for one thread; others may hurry it or end it.

    ``failed`` counts attempts, ``dropped`` what was refused. ``error`` is what
    is wrong now, or empty.
    """

    def __init__(self, name: str, notice: Notice, backoff: Backoff) -> None:
        self.failed = 0
        self.dropped = 0
        self.error = ""
        self._name = name
        self._notice = notice
        self._backoff = backoff
        self._last = ""  # what was wrong last
        self._times = 0  # and for the how many-th time in a row
        self._changed = Condition()
        self._hurried = self._nudged = False
        self._given_up = False

    def until_done(self, action: Callable[[], object]) -> bool:
        """Do something until it works, or is refused. Return False if nobody waits for it any more.

        :raises GoneError: if the action does.
        """
        failed = 0
        pauses = self._backoff.pauses()
        while True:
            self._nudged = False  # whoever does it from now on is heeded after this attempt
            try:
                action()
            except OSError as error:
                if self._given_up:  # it was broken off
                    return False
                failed += 1
                self._failure(error)
            except (RefusedError, ValueError) as error:  # a text that has no bytes, say
                self._dropped(reason(error))
                return True
            else:
                if failed:
                    self._success(failed)
                return True
            if not self._pause(next(pauses)):
                return False

    def _failure(self, error: OSError) -> None:
        before, self.error = self.error, reason(error)
        self.failed += 1
        if before == self.error:
            return
        # What comes and goes, as a full spool does, is told less and less often.
        self._times = self._times + 1 if self.error == self._last else 1
        self._last = self.error
        if self._is_told:
            again = f" (the {self._times}th time)" if self._times > _FEW else ""
            self._notice(f"{self._name}: {self.error}{again}; trying again")

    def _success(self, failed: int) -> None:
        self.error = ""
        if self._is_told:
            self._notice(f"{self._name}: works again after {counted(failed, 'failure')}")

    @property
    def _is_told(self) -> bool:
        """Whether what is wrong now, or was until now, is told: often at first, then seldom."""
        return self._times <= _FEW or self._times.bit_count() == 1

    def _dropped(self, why: str) -> None:
        self.dropped += 1
        # The first ones one by one, and then whenever there are twice as many.
        if self.dropped <= _EACH or self.dropped.bit_count() == 1:
            dropped = counted(self.dropped, "alert")
            self._notice(f"{self._name}: {dropped} dropped so far: {why}")

    def _pause(self, seconds: float) -> bool:
        """Wait before the next attempt; return whether there is to be one."""
        with self._changed:
            hurried = self._hurried
            self._changed.wait_for(
                lambda: self._given_up or self._nudged or self._hurried is not hurried,
                min(seconds, _HURRY) if hurried else seconds,
            )
            return not self._given_up

    def nudge(self) -> None:
        """Make the next attempt at once: something has changed."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def hurry(self) -> None:
        """Make the next attempt at once, and no long pauses from now on."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """Make no more attempts."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    @property
    def given_up(self) -> bool:
        """Whether no more attempts are made."""
        return self._given_up
