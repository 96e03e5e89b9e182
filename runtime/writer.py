"""Write alerts to a stream, one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, TextIO

import msgspec

from rulec.runtime.alert import Alert
from rulec.runtime.engine import OutputError

# How long alerts may wait in a buffer while there is more to read, in seconds.
_PATIENCE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Renderer:
    """The form of alerts, as a function that gives one line for each.

    ``json`` chooses Falco's JSON, of which ``include`` leaves parts out (see
    ``Alert.json``); ``iso8601`` the form of the time.
    """

    json: bool = False
    iso8601: bool = False
    include: Mapping[str, bool] = field(default_factory=dict)

    def __call__(self, alert: Alert) -> str:
        """Return an alert as a line, without its end."""
        if self.iso8601:
            alert = msgspec.structs.replace(alert, iso8601=True)
        return alert.json(**self.include) if self.json else alert.text()


class Writer:
    """Writes alerts to a stream.

    Alerts are passed on at once if ``live``, as when events come in while
    somebody waits; otherwise a few times a second.
    """

    def __init__(self, stream: TextIO, *, live: bool) -> None:
        self._stream = stream
        self._patience = 0.0 if live else _PATIENCE
        self._flushed = monotonic()

    def __call__(self, alert: str) -> None:
        """Write an alert, as the line that it is.

        :raises OutputError: if the stream does not take it.
        :raises BrokenPipeError: if nobody reads the stream any more.
        """
        self._do(lambda: self._stream.write(alert + "\n"))

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
