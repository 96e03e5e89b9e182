"""The parts of the server, put together: from a document to what is done with its alerts."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic, time, time_ns
from typing import Final

from rulec.runtime.rendering import counted
from rulec.runtime.sinks import Outputs
from rulec.server.evaluation import ActiveRules, Result
from rulec.server.intake import Intake, RefusedError
from rulec.server.journal import SEGMENT, FolderLock, Journal
from rulec.server.metrics import Metrics
from rulec.server.progress import Progress
from rulec.server.quarantine import Quarantine
from rulec.server.seldom import Seldom
from rulec.server.settings import Limits
from rulec.server.suspect import Suspect
from rulec.server.worker import Worker

# For how long the service is not ready after the disk failed, in seconds.
_FORGIVEN: Final = 10.0

# How much of one document is put into quarantine: strangers decide how much there is.
_MOST_KEPT: Final = 20

# The service is ready when so small a part of the journal is still free.
_ROOM: Final = 16

# What those that are to end get in any case, in seconds.
_PARTING: Final = 1.0

# A journal is some segments at least, so that what is settled can be removed.
_SEGMENTS: Final = 8


class Service:
    """Keeps documents, evaluates them, and tells how it is doing.

    ``rules`` gives the rules in force; ``notice`` is told in lines what an operator
    should know; ``failed`` that the service cannot go on.

    :raises JournalError: if another server has the folder.
    :raises OSError: if the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        outputs: Outputs,
        rules: Callable[[], ActiveRules],
        metrics: Metrics,
        notice: Callable[[str], object],
        failed: Callable[[str], object],
    ) -> None:
        self.metrics = metrics
        self.limits = limits
        self._outputs = outputs
        self._rules = rules
        self._say = Seldom(notice)
        self._disk_trouble: tuple[float, str] | None = None  # when, and what
        self._worker_trouble: str | None = None
        self._stopped: bool | None = None
        self._lock = FolderLock(folder)
        try:
            self._progress = Progress(folder, limits.window)
            self._suspect = Suspect(folder)
            segment = min(SEGMENT, max(1, limits.journal // _SEGMENTS))
            self.journal = Journal(folder, self._progress.position, segment, self._damaged)
        except BaseException:
            self._lock.close()
            raise
        self._quarantine = Quarantine(folder)
        self._worker = Worker(
            self.journal,
            self._progress,
            self._suspect,
            outputs,
            rules,
            self._report,
            self._worker_troubled,
            failed,
        )
        self.intake = Intake(
            self.journal,
            limits.journal,
            limits.queue,
            limits.memory,
            self._worker.wake,
            self._disk_result,
        )
        metrics.watch(
            {
                "journal_bytes": ("Bytes of the journal on disk.", lambda: self.journal.size),
                "journal_lag_bytes": (
                    "Bytes of the journal that are not evaluated yet.",
                    lambda: max(0, self.journal.end - self._worker.position),
                ),
                "journal_lag_seconds": (
                    "How long ago the document came that is evaluated next or now.",
                    self._lag,
                ),
                "journal_unsettled_bytes": (
                    "Bytes of the journal whose alerts have not been settled and noted.",
                    lambda: max(0, self.journal.end - self._progress.position),
                ),
                "healthy": ("Whether /readyz answers 200.", lambda: self.trouble() is None),
            },
            outputs.counters,
        )
        self.note_rules()

    def start(self) -> None:
        """Begin to evaluate."""
        self._worker.start()

    def stop(self, timeout: float) -> bool:
        """Take nothing more, finish within so many seconds; return whether all is finished.

        What is not stays in the journal for the next time.
        """
        if self._stopped is not None:
            return self._stopped
        deadline = monotonic() + timeout
        safe = self.intake.close(max(_PARTING, timeout))
        self._worker.stop(max(0.0, deadline - monotonic()))
        self._outputs.close(max(_PARTING, deadline - monotonic()))
        # If it waited for an output, it does so no longer. A disk may never answer.
        if self._worker.stop(_PARTING) and safe:
            self._worker.finish()
        self._stopped = finished = safe and self._progress.position >= self.journal.end
        if finished:
            self._progress.close()
            self._suspect.close()
            self.journal.close()
            self._lock.close()
        return finished

    def trouble(self) -> str | None:
        """Return what keeps the service from taking documents; None if nothing does.

        That the disk failed is held against it for a while only: without requests
        nobody would find out that it works again.
        """
        if (found := self._disk_trouble) is not None and monotonic() - found[0] < _FORGIVEN:
            return found[1]
        try:
            self.intake.refuse_if_full(min(self.limits.body, self.limits.journal // _ROOM))
        except RefusedError as error:
            return error.reason
        return self._worker_trouble

    def note_rules(self) -> None:
        """Count the rules in force."""
        self.metrics.rules.set(len(self._rules().matcher.rules))
        self.metrics.loaded.set(time())

    # --- what threads tell --------------------------------------------------------------

    def _lag(self) -> float:
        oldest = self._worker.oldest
        return max(0.0, (time_ns() - oldest) / 1e9) if oldest else 0.0

    def _disk_result(self, error: OSError | None) -> None:
        if error is not None:
            self.metrics.disk_errors.inc()
            self._worker.wake()  # there may be something that can be removed
            self._say("disk", f"the journal cannot be written: {error.strerror}")
            self._disk_trouble = monotonic(), f"the journal cannot be written: {error.strerror}"
        elif self._disk_trouble is not None:
            self._disk_trouble = None
            self._say.now("disk", "the journal can be written again")

    def _worker_troubled(self, trouble: str | None) -> None:
        if trouble is not None:
            self._say("worker", trouble)
        self._worker_trouble = trouble

    def _damaged(self, size: int) -> None:
        self.metrics.damaged.inc(size)
        self._say.now("damaged", f"the journal was damaged: {counted(size, 'byte')} are lost")

    def _report(self, result: Result) -> None:
        metrics = self.metrics
        metrics.evaluated.inc(result.events)
        if result.duplicates:
            metrics.duplicates.inc(result.duplicates)
        for alert, _ in result.deliveries:
            metrics.alerts.labels(alert.rule, alert.priority).inc()
        for number, refused in enumerate(result.refused):
            metrics.quarantined.labels(refused.reason).inc()
            if number < _MOST_KEPT:
                self._quarantine.add(refused)
            self._say(
                f"refused {refused.reason}", f"quarantined ({refused.reason}): {refused.detail}"
            )
        for reason, count in result.unseen.items():
            metrics.unseen.labels(reason).inc(count)
            rules = ", ".join(sorted(result.blind))
            self._say(
                f"unseen {reason}",
                f"{counted(count, 'event')} without request object ({reason}), "
                f"which these rules ask for: {rules}",
            )
