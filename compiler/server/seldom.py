"""What is told to operators, but not a thousand times a second."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

# How often the same kind of thing is told, in seconds.
_QUIET: Final = 60.0


class Seldom:
    """Tells the same kind of thing once in a while only, and then how often it was."""

    def __init__(self, notice: Callable[[str], object]) -> None:
        self._notice = notice
        self._lock = Lock()
        self._last: dict[str, tuple[float, int]] = {}

    def __call__(self, kind: str, line: str) -> None:
        """Tell a line, unless one of its kind was told lately."""
        with self._lock:
            told, held_back = self._last.get(kind, (0.0, 0))
            now = monotonic()
            if told and now - told < _QUIET:
                self._last[kind] = told, held_back + 1
                return
            self._last[kind] = now, 0
        self._notice(line + (f" ({held_back:,} more of this kind before)" if held_back else ""))

    def now(self, kind: str, line: str) -> None:
        """Tell a line, and forget when one of its kind was told."""
        with self._lock:
            self._last.pop(kind, None)
        self._notice(line)
