"""Let a signal end what would go on for ever, at a moment that suits it."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether somebody has asked to end; call it to wait for that, for so many seconds."""

    def __init__(self, woken: int) -> None:
        self._woken = woken
        self._asked = False

    def ask(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask to end; who asks twice cannot wait."""
        if self._asked and number:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._asked = True

    def __call__(self, seconds: float = 0.0) -> bool:
        """Wait, and return whether somebody has asked to end."""
        waits = not self._asked and seconds > 0
        if waits and select.select([self._woken], [], [], seconds)[0]:
            os.read(self._woken, 4096)
        return self._asked


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Let SIGTERM and SIGINT ask to end, instead of ending the process."""
    # Between a look at what was asked and the waiting, a signal would be lost without a pipe.
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    asked = Stopping(woken)
    before: dict[int, Any] = {number: signal.signal(number, asked.ask) for number in SIGNALS}
    previous = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        yield asked
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wake)
