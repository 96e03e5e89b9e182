"""Write alerts to a stream, one line each."""

from collections.abc import Callable
from time import monotonic
from typing import Final, TextIO

from rulec.runtime.alert import Alert
from rulec.runtime.engine import OutputError

# How long alerts may wait in a buffer while there is more to read, in seconds.
_PATIENCE: Final = 0.25


class Writer:
    """Writes alerts to a stream as ``render`` gives them.

    Alerts are passed on at once if ``live``, as when events come in while
    somebody waits; otherwise a few times a second.
    """

    def __init__(self, stream: TextIO, render: Callable[[Alert], str], *, live: bool) -> None:
        self._stream = stream
        self._render = render
        self._patience = 0.0 if live else _PATIENCE
        self._flushed = monotonic()

    def __call__(self, alert: Alert) -> None:
        """Write an alert.

        :raises OutputError: if the stream does not take it.
        :raises BrokenPipeError: if nobody reads the stream any more.
        """
        self._do(lambda: self._stream.write(self._render(alert) + "\n"))

    def pause(self) -> None:
        """Pass on what has been written, if it has waited long enough."""
        if monotonic() - self._flushed >= self._patience:
            self.flush()

    def flush(self) -> None:
        """Pass on everything that has been written."""
        self._do(self._stream.flush)
        self._flushed = monotonic()

    def _do(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(error.strerror or str(error)) from None
