"""A sink, with the queue before it and the thread that serves it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import Condition, Thread
from time import monotonic

from rulec.runtime.sinks.attempts import Attempts, Backoff
from rulec.runtime.sinks.sink import Counters, Delivery, GoneError, Notice, Sink, reason


class Lane:
    """Hands on to one sink, in order, what was put into its queue.

    ``changed`` guards everything here but the sink, and is told of every
    change. ``limit`` bounds the queue, in alerts. ``failure`` says why nothing
    is handed on any more, if that is so.
    """

    def __init__(
        self, sink: Sink, changed: Condition, limit: int, notice: Notice, backoff: Backoff
    ) -> None:
        self.sink = sink
        self.settled = 0
        self.done = 0
        self.failure: GoneError | None = None
        self.clean = False  # nothing was left when it ended
        self._changed = changed
        self._limit = limit
        self._notice = notice
        self._queue: deque[Delivery] = deque()  # what is not safe yet
        self._sent = self._delivered = 0
        self._marks: deque[tuple[int, int]] = deque()  # how many were sent before, and the mark
        self._closing = self._reopening = False
        self._deadline = 0.0
        backoff = replace(backoff, most=min(backoff.most, sink.longest_pause))
        self._attempts = Attempts(sink.name, notice, backoff)
        self._thread = Thread(target=self._work, name=f"rulec {sink.name}", daemon=True)

    # --- for the thread that sends, which holds ``changed`` -----------------------------

    @property
    def room(self) -> int:
        """How many alerts the queue takes now."""
        return self._limit - len(self._queue)

    @property
    def error(self) -> str:
        """What is wrong with the sink at the moment, or nothing."""
        return self._attempts.error or self.sink.error

    def start(self) -> None:
        """Begin to hand on."""
        self._thread.start()

    def put(self, deliveries: Sequence[Delivery]) -> None:
        """Take what there is room for."""
        self._queue.extend(deliveries)
        self._sent += len(deliveries)
        self._changed.notify_all()

    def mark(self, mark: int) -> None:
        """Remember that everything up to a mark was put."""
        if not self._queue:
            self.settled = mark
            return
        if self._marks and self._marks[-1][0] == self._sent:
            self._marks.pop()  # both are settled at once, and there may be many
        self._marks.append((self._sent, mark))

    def reopen(self) -> None:
        """Let the sink look anew where alerts belong."""
        self._reopening = True
        self._changed.notify_all()
        self._attempts.nudge()

    def finish(self, deadline: float) -> None:
        """Hand on what is left until some point of ``monotonic``, and end."""
        self._closing, self._deadline = True, deadline
        self._changed.notify_all()
        self._attempts.hurry()

    def counters(self) -> Counters:
        """Return what has become of the alerts so far."""
        attempts = self._attempts
        counted = Counters(self._delivered, attempts.failed, 0, len(self._queue), attempts.dropped)
        return self.sink.count(counted)

    # --- for whoever waits for the end --------------------------------------------------

    def give_up(self) -> None:
        """Hand nothing on any more."""
        self._attempts.give_up()
        self.sink.abort()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout)

    # --- the thread ---------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self._wait():
                self._look()
                if not self._deliver():
                    break
        except GoneError as error:
            self._fail(error)
        except Exception as error:  # the sink is broken, and the others are not to suffer
            self._fail(GoneError(f"{type(error).__name__}: {reason(error)}"))
        finally:
            left = 0.0 if self._attempts.given_up else max(0.0, self._deadline - monotonic())
            clean = self._close(left)
            with self._changed:
                self.clean = clean and not self._queue
                self._changed.notify_all()

    def _close(self, timeout: float) -> bool:
        try:
            return self.sink.close(timeout)
        except Exception as error:  # as above
            self._notice(f"{self.sink.name}: {type(error).__name__}: {reason(error)}")
            return False

    def _fail(self, error: GoneError) -> None:
        with self._changed:
            self.failure = error
            self._changed.notify_all()

    def _wait(self) -> bool:
        """Wait for something to do; return whether there is any left."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._reopening or self._closing)
            return bool(self._queue or self._reopening) and not self._attempts.given_up

    def _look(self) -> None:
        """Open the sink again if somebody wants that."""
        if not self._reopening:
            return
        self._reopening = False
        try:
            self.sink.reopen()
        except OSError as error:
            self._notice(f"{self.sink.name}: cannot be opened again: {reason(error)}")

    def _deliver(self) -> bool:
        """Hand on what is waiting; return whether it is worth going on."""
        with self._changed:
            batch = list(islice(self._queue, self.sink.batch))
        dropped = self._attempts.dropped
        for delivery in batch:
            if not self._attempts.until_done(partial(self._write, delivery)):
                return False
        if not self._attempts.until_done(self._flush):
            return False
        with self._changed:
            for _ in batch:
                self._queue.popleft()
            self.done += len(batch)
            self._delivered += len(batch) - (self._attempts.dropped - dropped)
            while self._marks and self._marks[0][0] <= self.done:
                self.settled = self._marks.popleft()[1]
            self._changed.notify_all()
        return True

    # What fails for long may work where alerts belong now.

    def _write(self, delivery: Delivery) -> None:
        self._look()
        self.sink.write(delivery)

    def _flush(self) -> None:
        self._look()
        self.sink.flush()
