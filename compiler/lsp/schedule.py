"""When rule sets are checked: some time after the last key was pressed, one after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


class Schedule:
    """Runs ``check`` for every key that was touched, once all has been quiet for a while.

    ``delay`` tells how long, in seconds. What is touched during a check is
    checked once more. Everything happens in the loop that ``touch`` is called in.
    """

    def __init__(self, check: Callable[[str], Awaitable[None]], delay: Callable[[], float]) -> None:
        self._check = check
        self._delay = delay
        self._waiting: dict[str, None] = {}
        self._touched = 0
        self._task: asyncio.Task[None] | None = None

    def touch(self, *keys: str) -> None:
        """Have these checked before long."""
        self._waiting |= dict.fromkeys(keys)
        self._touched += 1
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._run())

    def is_waiting(self, key: str) -> bool:
        """Return whether a key was touched since its last check began."""
        return key in self._waiting

    def cancel(self) -> None:
        """Check nothing any more."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while self._waiting:
            await self._quiet()
            keys, self._waiting = list(self._waiting), {}
            for key in keys:
                try:
                    await self._check(key)
                except Exception:  # the others are to be checked all the same
                    logger.exception("%s could not be checked", key)

    async def _quiet(self) -> None:
        touched = -1
        while touched != self._touched:
            touched = self._touched
            await asyncio.sleep(self._delay())
