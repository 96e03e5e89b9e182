"""How a run hands its alerts on to sinks, and what it says of them at the end."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from rulec.runtime.identity import alert_id, event_key
from rulec.runtime.rendering import counted
from rulec.runtime.sinks.handing import Handing
from rulec.runtime.sinks.outputs import Outputs
from rulec.runtime.sinks.sink import Counters, Delivery
from rulec.runtime.sinks.stdout import PATIENCE

if TYPE_CHECKING:
    from rulec.runtime.ruleset import Rule
    from rulec.runtime.sources import AnyEvent

# How many alerts are held back at most.
_MOST: Final = 250


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Makes deliveries of alerts, with names if ``identify`` says so."""

    identify: bool

    def __call__(self, rule: "Rule", event: "AnyEvent") -> Delivery:
        name = alert_id(event_key(event), rule.name) if self.identify else ""
        return Delivery(rule.alert(event), name)


class Sending(Handing):
    """Sends alerts to several sinks: at once if ``live``, otherwise a few times a second.

    Each time, another thread has to run. ``timeout`` is how long all waiting for sinks
    may take together at the end, in seconds.
    """

    def __init__(self, outputs: Outputs, *, identify: bool, live: bool, timeout: float) -> None:
        self.make = Deliveries(identify)
        self._patience = 0.0 if live else PATIENCE
        self._last = monotonic()
        self._outputs = outputs
        self._timeout = timeout
        self._taken: list[Delivery] = []
        self._sent = self._lost = 0
        self._finished = False
        self._marks: deque[tuple[int, int]] = deque()  # alerts sent before a mark, and the mark
        self._settled = 0

    def take(self, made: Delivery) -> None:
        self._taken.append(made)
        if len(self._taken) >= _MOST:
            self._send()

    def pause(self) -> None:
        self._outputs.check()
        if self._taken and monotonic() - self._last >= self._patience:
            self._send()

    def _send(self) -> None:
        taken, self._taken = self._taken, []
        self._sent += len(taken)
        # Who is interrupted does not know which of the outputs have got them.
        self._lost = len(taken)
        self._outputs.send(taken, self._sent)
        self._lost = 0
        self._last = monotonic()

    def mark(self, mark: int) -> None:
        self._outputs.check()
        if self._taken:
            self._send()
        if self._marks and self._marks[-1][0] == self._sent:
            self._marks.pop()  # both are settled at once, and there may be many
        self._marks.append((self._sent, mark))

    @property
    def settled(self) -> int:
        arrived = self._outputs.settled if self._sent else 0
        while self._marks and self._marks[0][0] <= arrived:
            _, self._settled = self._marks.popleft()
        return self._settled

    def wait(self, mark: int, timeout: float) -> bool:
        before = next((sent for sent, each in self._marks if each >= mark), 0)
        if before:
            deadline = monotonic() + self._timeout
            self._outputs.wait(before, min(timeout, self._timeout))
            self._timeout = max(0.0, deadline - monotonic())
        return self.settled >= mark

    def finish(self) -> Iterator[str]:
        if self._taken:
            self._send()
        clean = self._outputs.close(self._timeout)
        self._outputs.check()
        left = list(self._left())
        self._finished = True
        return iter(left if left or clean else ["an output did not end in time"])

    def break_off(self, timeout: float) -> Iterator[str]:
        """Hand on what outputs have got, in a short time (seconds); yield lines as ``finish`` does.

        They are not given any more.
        """
        if self._finished:
            return
        if lost := self._lost + len(self._taken):
            yield f"{counted(lost, 'alert')} not given to all outputs"
        self._outputs.close(timeout)
        yield from self._left()

    def _left(self) -> Iterator[str]:
        errors = self._outputs.errors()
        for name, counters in self._outputs.counters().items():
            if line := _left(counters, errors.get(name, "")):
                yield f"{name}: {line}"


def _left(counters: Counters, error: str) -> str:
    """Return what there is to say of an output at the end; nothing if all has arrived."""
    parts = []
    if counters.waiting:
        parts.append(f"{counted(counters.waiting, 'alert')} not delivered")
    if counters.spooled:
        parts.append(f"{counted(counters.spooled, 'alert')} left in the spool for the next time")
    if counters.dropped:
        parts.append(f"{counted(counters.dropped, 'alert')} dropped")
    return ", ".join(parts) + (f" ({error})" if error and parts else "")
