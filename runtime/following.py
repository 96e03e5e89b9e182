"""Run a ruleset over files that grow, until somebody says that it is enough.

Everything is done in one thread: look what has become of the files, read what
there is to read, note how far that was, wait a moment.
"""

import io
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from rulec.runtime.checkpoint import Checkpoint, CheckpointError, Numbers, Place, State
from rulec.runtime.engine import STRIDE, Notice, Summary, tell
from rulec.runtime.events import Run
from rulec.runtime.inputs import Input
from rulec.runtime.plain import Make
from rulec.runtime.recognition import HEAD, UnknownInputError, recognised
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.streams import Summaries
from rulec.runtime.tail import Tail
from rulec.runtime.watch import GRACE, Watch

# How often files are looked at while nothing comes, and how often a state is saved at most while
# much does, in seconds.
INTERVAL: Final = 0.25
_BETWEEN_STATES: Final = 1.0
_STATES: Final = 100  # are kept at most, until their alerts are settled

# How long alerts may take to be settled at the end, in seconds.
_PATIENCE: Final = 30.0


class Receiver(Protocol):
    """Where alerts go, and what is known to have arrived there.

    Marks only grow. ``settled`` is the largest one such that everything that
    was sent up to it will not be lost any more.
    """

    def send(self, alerts: Sequence[Any], mark: int) -> None:
        """Hand on alerts. None of them says that everything up to the mark has been sent."""

    @property
    def settled(self) -> int: ...

    def wait(self, mark: int, timeout: float) -> bool:
        """Wait until a mark is settled; return whether it is."""


class Follower:
    """Files that are followed, and the ruleset that they are matched against.

    An earlier run with the same ``checkpoint`` is gone on with. ``outputs`` get alerts,
    or what ``make`` makes in place of them.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        candidates: Sequence[str],
        inputs: Sequence[Input],
        outputs: Receiver,
        notice: Notice,
        *,
        checkpoint: Checkpoint | None = None,
        from_start: bool = False,
        progress: Callable[[int], object] = lambda events: None,
        grace: float = GRACE,
        make: Make | None = None,
    ) -> None:
        self._ruleset = ruleset
        self._make = make
        self._candidates = [ruleset.matcher(name).source for name in candidates]
        self._outputs = outputs
        self._notice = notice
        self._progress = progress
        self._checkpoint = checkpoint
        state = None if checkpoint is None else checkpoint.load()
        self._watches = {
            given.name: Watch(
                given.name,
                _places(state, given.name),
                notice,
                from_start=from_start,
                ignored=() if checkpoint is None else checkpoint.names,
                grace=grace,
            )
            for given in inputs
        }
        self._given = {given.name: given.source for given in inputs}
        self._sources: dict[Tail, str] = {}
        self._homeless: set[Tail] = set()  # those that seem to belong to no source
        self._runs: dict[str, Run] = {}
        self._before: Mapping[str, Numbers] = {} if state is None else state.events
        self._summaries = Summaries()
        self._mark = 0
        self._waiting: deque[tuple[int, State]] = deque()
        self._noted = self._settled = self._saved = state
        self._saved_at = 0.0
        self._troubled = False

    def run(self, stop: Callable[[float], bool]) -> Summaries:
        """Follow the files; return what there was of each source.

        ``stop`` waits for so many seconds, and says whether it is time to end.

        :raises OutputError: if the alerts cannot be handed on.
        :raises CheckpointError: if the state cannot be saved, at the beginning or at the end.
        """
        try:
            has_more = self.read()
            self._save(must=True)
            while not stop(0.0 if has_more else INTERVAL):
                has_more = self.read()
                self._save()
            self._outputs.wait(self._mark, _PATIENCE)
            self._save(must=True)
            return self._counted()
        finally:
            self.close()

    def close(self) -> None:
        """Close the files."""
        for watch in self._watches.values():
            for tail in watch.tails:
                tail.close()

    def read(self) -> bool:
        """Read what there is; return whether there is more of it."""
        has_more = False
        for watch in self._watches.values():
            watch.look()
            for tail in list(watch.tails):
                final = watch.is_final(tail)
                failed = False
                if tail.has_more or final:
                    try:
                        if watch.has_lines(tail):
                            self._read(tail, final)
                        else:
                            tail.has_more = False
                    except OSError as error:
                        if isinstance(error, BrokenPipeError):  # it is about the output
                            raise
                        watch.fail(str(tail.path), error)
                        failed = True
                    watch.close_some()
                if final and (failed or not tail.has_more):
                    watch.leave(tail)
                    self._sources.pop(tail, None)
                    self._homeless.discard(tail)
                elif tail.has_more and not failed:
                    has_more = True
        self._note()
        return has_more

    def _counted(self) -> Summaries:
        """Return the summaries, with what is only known at the end."""
        watches = self._watches.values()
        self._summary("").unreadable += [watch.name for watch in watches if watch.unreadable]
        self._summary("").unreadable += [str(tail.path) for tail in self._homeless]
        if not self._summary("").unreadable:
            del self._summaries[""]
        for source, numbering in self._runs.items():
            before = self._before.get(source, Numbers(0)).count
            self._summary(source).events = numbering.count - before
        return self._summaries

    def _read(self, tail: Tail, final: bool) -> None:
        source = self._source_of(tail)
        if source is None:
            tail.has_more = False
            return
        matcher, numbering, summary = self._ruleset.matcher(source), self._run(source), Summary()
        lines = tail.mark.lines

        def say(number: int, detail: str) -> None:
            self._notice(f"{tail.path}:{lines + number}: {detail}")

        def sink(alert: Any) -> None:
            self._outputs.send((alert,), self._mark + 1)

        try:
            with tail.round(final) as stream:
                for number, result in matcher.lines(stream, numbering, STRIDE, self._make):
                    tell(number, result, summary, sink, say)
                    self._progress(sum(run.count for run in self._runs.values()))
        finally:
            self._summary(source).add(summary)

    # --- which source -----------------------------------------------------------------

    def _source_of(self, tail: Tail) -> str | None:
        """Return the source that a file belongs to; None if that cannot be told yet."""
        if (given := self._given[tail.name]) is not None:
            return given
        if len(self._candidates) == 1:
            return self._candidates[0].name
        if tail not in self._sources:
            head = os.pread(tail.opened().fileno(), HEAD, 0)
            try:
                source = recognised(io.BytesIO(head), self._candidates)
            except UnknownInputError as error:
                if tail not in self._homeless:
                    self._notice(f"{tail.path}: {error}")
                self._homeless.add(tail)
                return None
            if source is None:
                return None
            self._homeless.discard(tail)
            self._sources[tail] = source
        return self._sources[tail]

    def _run(self, source: str) -> Run:
        if source not in self._runs:
            run = self._ruleset.matcher(source).source.documents.new_run()
            if (before := self._before.get(source)) is not None:
                run.count, run.start = before.count, before.start
            self._runs[source] = run
        return self._runs[source]

    def _summary(self, source: str) -> Summary:
        return self._summaries.setdefault(source, Summary())

    # --- how far ----------------------------------------------------------------------

    def _note(self) -> None:
        """Note how far everything was read, to save that when the alerts are settled."""
        events: dict[str, Numbers] = dict(self._before)
        for source, run in self._runs.items():
            events[source] = Numbers(run.count, run.start)
        tails = [tail for watch in self._watches.values() for tail in watch.tails]
        state = State(tuple(self._watches), tuple(map(Place.of, tails)), events)
        if state != self._noted:
            self._noted = state
            self._mark += 1
            self._outputs.send((), self._mark)
            self._waiting.append((self._mark, state))
            # Where alerts are stuck, states of every moment since then are of no use.
            if len(self._waiting) > _STATES:
                del self._waiting[-2]

    def _save(self, must: bool = False) -> None:
        """Save the last state whose alerts are settled: now and then, or because it must be."""
        settled = self._outputs.settled
        while self._waiting and self._waiting[0][0] <= settled:
            _, self._settled = self._waiting.popleft()
        if self._checkpoint is None or self._settled is None or self._settled == self._saved:
            return
        now = time.monotonic()
        if not must and now - self._saved_at < _BETWEEN_STATES:
            return
        self._saved_at = now
        try:
            self._checkpoint.save(self._settled)
        except CheckpointError as error:
            if must:
                raise
            if not self._troubled:
                self._notice(f"{error}: trying again")
            self._troubled = True
        else:
            self._saved, self._troubled = self._settled, False


def _places(state: State | None, name: str) -> tuple[Place, ...] | None:
    """Return how far the files of an input were read; None if it was not there."""
    if state is None or name not in state.names:
        return None
    return tuple(place for place in state.places if place.name == name)
