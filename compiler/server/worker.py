"""The worker: evaluates what is in the journal, and sees the alerts off.

It reads the journal from where the settled part ends, so after a restart it does
again what may not have been finished. How far it is, is noted when the outputs
have settled the alerts, never before.
"""

import threading
from collections import deque
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Final, NamedTuple

from rulec.runtime.engine import OutputError
from rulec.runtime.sinks import Outputs
from rulec.server.evaluation import ActiveRules, Refused, Result, evaluate
from rulec.server.intake import unpacked
from rulec.server.journal import Journal
from rulec.server.progress import Progress
from rulec.server.records import Record
from rulec.server.suspect import MOST, Suspect

# How many bytes of the journal are taken at a time, about.
_PORTION: Final = 4 * 1024 * 1024

# How often progress is noted, and how long to wait for something to do, in seconds.
_NOTE_EVERY: Final = 0.25
_IDLE: Final = 1.0

# Decoders are recursive: whatever the system's default is, they get this much, in bytes.
_STACK: Final = 16 * 1024 * 1024


class _Step(NamedTuple):
    end: int
    digests: list[bytes]


class Worker:
    """A thread that evaluates the records of a journal, one after the other.

    ``rules`` gives the rules to evaluate a record with. ``report`` is told what came
    of each document. ``troubled`` is told in a line what is wrong with the journal or
    the disk, and None when it is well again; ``failed`` that nothing can be done any more.
    """

    def __init__(
        self,
        journal: Journal,
        progress: Progress,
        suspect: Suspect,
        outputs: Outputs,
        rules: Callable[[], ActiveRules],
        report: Callable[[Result], object],
        troubled: Callable[[str | None], object],
        failed: Callable[[str], object],
    ) -> None:
        self._journal = journal
        self._progress = progress
        self._suspect = suspect
        self._outputs = outputs
        self._rules = rules
        self._report = report
        self._troubled = troubled
        self._failed = failed
        self._unsettled: deque[_Step] = deque()
        self._arrived = Event()
        self._stopping = False
        self._noted = 0.0
        self.position = self._settled = max(progress.position, journal.start)
        # When the oldest document that is not evaluated came; 0 if there is none.
        self.oldest = 0

    def start(self) -> None:
        """Begin."""
        before = threading.stack_size(_STACK)
        try:
            self._thread = Thread(target=self._work, name="worker", daemon=True)
            self._thread.start()
        finally:
            threading.stack_size(before)

    def wake(self) -> None:
        """Tell that there is more in the journal."""
        self._arrived.set()

    def stop(self, timeout: float) -> bool:
        """Finish what is in the journal, within so many seconds; return whether it is finished."""
        self._stopping = True
        self._arrived.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            ended = False
            while not ended:
                # Nothing comes any more when it is to stop. What came before has to be seen.
                stopping = self._stopping
                ended = not self._evaluate_some() and stopping
                self._outputs.check()
                self._note()
                # What is settled need not be kept, even if that could not be noted.
                self._journal.forget(self._settled)
        except (OutputError, BrokenPipeError) as error:
            if self._stopping:  # the outputs have been closed: the rest stays in the journal
                return
            self._failed(f"alerts cannot be written: {error}")
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}")

    def _evaluate_some(self) -> bool:
        """Evaluate the next records, or wait for them; return whether there were any."""
        self._arrived.clear()
        try:
            records, position = self._journal.read(self.position, _PORTION)
        except OSError as error:
            self._troubled(f"the journal cannot be read: {error.strerror}")
            self._arrived.wait(_IDLE)
            return not self._stopping
        for record in records:
            self._evaluate(record)
        self.position = position
        if not records:
            self.oldest = 0
            if not self._stopping:
                self._arrived.wait(_NOTE_EVERY / 4 if self._unsettled else _IDLE)
        return bool(records)

    def _evaluate(self, record: Record) -> None:
        # The rules are taken once for each document: it never meets two sets of them.
        self.oldest, document = unpacked(record.content)
        if self._suspect.begin(record.position):
            result = evaluate(document, self._rules(), self._progress)
        else:
            reason = f"the server ended {MOST} times while it evaluated the document"
            result = Result(refused=[Refused("crash", reason, document)])
        self._suspect.end()
        self._outputs.send(result.deliveries, record.end)
        self._unsettled.append(_Step(record.end, result.digests))
        self.position = record.end
        self._report(result)
        self._note()

    def _note(self, *, now: bool = False) -> None:
        """Note how much is settled, if it is time to."""
        if not self._unsettled or not (now or monotonic() - self._noted >= _NOTE_EVERY):
            return
        self._noted = monotonic()
        settled = self._outputs.settled
        steps = []
        while self._unsettled and self._unsettled[0].end <= settled:
            steps.append(self._unsettled.popleft())
        if not steps:
            return
        self._settled = steps[-1].end
        digests = [digest for step in steps for digest in step.digests]
        try:
            self._progress.advance(steps[-1].end, digests)
        except OSError as error:
            self._unsettled.appendleft(_Step(steps[-1].end, digests))
            self._troubled(f"progress cannot be noted: {error.strerror}")
        else:
            self._troubled(None)

    def finish(self) -> None:
        """Note the rest, when the outputs have handed on what they had."""
        self._note(now=True)
