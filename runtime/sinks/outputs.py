"""Several sinks side by side, each at its own pace."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from threading import Condition
from time import monotonic
from types import TracebackType
from typing import Final, Self

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks.attempts import Backoff
from rulec.runtime.sinks.lane import Lane
from rulec.runtime.sinks.sink import Counters, Delivery, Notice, Sink, reason

# How many alerts may wait for a sink, unless somebody says otherwise.
QUEUE: Final = 1000


class Outputs:
    """Several sinks side by side, each with a queue and a thread of its own.

    ``queue`` bounds what waits for a sink, in alerts. ``notice`` is told, in
    lines, what goes wrong and when it works again. ``patience`` is how many
    seconds ``send`` waits for a sink that takes nothing; None for ever. One
    thread sends; what else there is may be called by any.

    :raises OutputError: if a sink cannot be opened.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        notice: Notice,
        queue: int = QUEUE,
        *,
        patience: float | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._changed = Condition()
        self._patience = patience
        self._sent = 0
        self._closed = False
        notice = partial(_tell, notice)
        self._opened(sinks, notice)
        self._lanes = [
            Lane(sink, self._changed, queue, notice, backoff or Backoff()) for sink in sinks
        ]
        for lane in self._lanes:
            lane.start()

    @staticmethod
    def _opened(sinks: Sequence[Sink], notice: Notice) -> None:
        for number, sink in enumerate(sinks):
            sink.notice = notice
            try:
                sink.open()
            except OSError as error:
                for opened in sinks[:number]:
                    opened.close(0)
                raise OutputError(f"{sink.name}: {reason(error)}") from None

    def send(self, deliveries: Sequence[Delivery], mark: int) -> None:
        """Hand alerts to every sink, and wait while one of them has no room.

        ``mark`` is never less than the one before. No alerts at all are fine:
        that says that everything up to the mark has been sent.

        :raises OutputError: if a sink takes nothing any more, or for too long.
        :raises BrokenPipeError: if nobody reads standard output any more.
        """
        if mark < self._sent:
            raise ValueError(f"mark {mark} is behind {self._sent}")
        with self._changed:
            self.check()
            for lane in self._lanes:
                at = 0
                while at < len(deliveries):
                    self._wait_for_room(lane)
                    part = deliveries[at : at + lane.room]
                    lane.put(part)
                    at += len(part)
                lane.mark(mark)
            self._sent = mark
            self._changed.notify_all()

    def _wait_for_room(self, lane: Lane) -> None:
        def ready() -> bool:
            return lane.room > 0 or self._closed or self._failed()

        # What is done gives room, so somebody who waits has seen nothing being done.
        if not self._changed.wait_for(ready, self._patience):
            why = f" ({lane.error})" if lane.error else ""
            message = f"{lane.sink.name}: nothing was taken for {self._patience:g} s{why}"
            raise OutputError(message)
        self.check()
        if self._closed:
            raise OutputError("the outputs are closed")

    def _failed(self) -> bool:
        return any(lane.failure is not None for lane in self._lanes)

    def check(self) -> None:
        """Raise what ``send`` would raise if a sink takes nothing any more."""
        for lane in self._lanes:
            if lane.failure is None:
                continue
            if isinstance(lane.failure.__cause__, BrokenPipeError):
                raise BrokenPipeError(reason(lane.failure))
            raise OutputError(f"{lane.sink.name}: {reason(lane.failure)}")

    @property
    def settled(self) -> int:
        """The largest mark such that everything sent up to it is safe with every sink.

        That is: written and flushed (standard output, files, syslog), read by
        the program, or answered with success or stored on disk (HTTP).
        """
        with self._changed:
            return self._settled()

    def _settled(self) -> int:
        return min((lane.settled for lane in self._lanes), default=self._sent)

    def wait(self, mark: int, timeout: float) -> bool:
        """Wait until everything up to a mark is safe, for so many seconds; tell whether it is."""
        with self._changed:
            self._changed.wait_for(lambda: self._settled() >= mark or self._failed(), timeout)
            return self._settled() >= mark

    def reopen(self) -> None:
        """Let sinks look anew where alerts belong: files are opened again."""
        with self._changed:
            for lane in self._lanes:
                lane.reopen()

    def counters(self) -> Mapping[str, Counters]:
        """Return what has become of the alerts so far, by the name of the sink."""
        with self._changed:
            return {lane.sink.name: lane.counters() for lane in self._lanes}

    def errors(self) -> Mapping[str, str]:
        """Return what is wrong at the moment, by the name of the sink, where something is."""
        with self._changed:
            failing = {lane.sink.name: lane.error for lane in self._lanes if lane.error}
            gone = {lane.sink.name: reason(lane.failure) for lane in self._lanes if lane.failure}
            return failing | gone

    def close(self, timeout: float) -> bool:
        """Hand on what is left, within so many seconds, and end.

        Return whether everything was handed on, also what was in a spool.
        """
        deadline = monotonic() + timeout
        with self._changed:
            self._closed = True
            for lane in self._lanes:
                lane.finish(deadline)
        for lane in self._lanes:
            lane.join(max(0.0, deadline - monotonic()))
        for lane in self._lanes:
            lane.give_up()
        for lane in self._lanes:
            lane.join(max(0.0, deadline + lane.sink.grace - monotonic()))
        with self._changed:
            return all(lane.clean for lane in self._lanes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._closed:
            self.close(0.0)


def _tell(notice: Notice, line: str) -> None:
    """Tell a line. If that cannot be, an output is tried again all the same."""
    with suppress(OSError, ValueError):  # such as a full disk, and a stream that was closed
        notice(line)
