"""Run a ruleset over inputs of several event sources, and over several that come in live.

Each input is matched against the rules of its own source only. Files are read
one after the other. If there are several inputs that somebody still writes to,
a thread waits for each of them, so that a silent one keeps nobody waiting.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from typing import BinaryIO, Final, cast

from rulec.runtime.engine import (
    READ_ERRORS,
    STRIDE,
    Notice,
    Sink,
    Summary,
    read_stream,
    run,
    unreadable,
)
from rulec.runtime.events import Run
from rulec.runtime.inputs import Input, Replayed, is_live, opened, opened_live
from rulec.runtime.plain import Make
from rulec.runtime.recognition import UnknownInputError, recognised
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.turns import StoppedError, Turns

# How often to look whether the run is to end, in seconds.
_GLANCE: Final = 0.5


class Summaries(dict[str, Summary]):
    """What a run has seen of each source; under ``""``, of what belongs to none."""

    @property
    def total(self) -> Summary:
        """The summary of everything together."""
        total = Summary()
        for summary in self.values():
            total.add(summary)
        return total

    def lines(self) -> Iterator[str]:
        """Yield the summary of each source as a line, with its name if there are several."""
        for source, summary in sorted(self.items()):
            line = summary.line()
            yield line if len(self) == 1 and source else f"{source or 'no source'}: {line}"


# Reads files of one source, as ``engine.run`` does, which is given the numbering of events. In
# other processes that is of no use: then the summary has the number of events.
ReadFiles = Callable[[str, Sequence[str], Run], Summary]


class Streams:
    """The inputs of a run, which may belong to several sources.

    ``candidates`` are the sources that an input belongs to if it does not say
    to which. ``sink`` takes alerts, or what ``make`` makes in place of them.
    ``new_run`` starts to number the events of a source.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        candidates: Sequence[str],
        sink: Sink,
        notice: Notice,
        progress: Callable[[int], object] = lambda events: None,
        every: int = STRIDE,
        make: Make | None = None,
        new_run: Callable[[str], Run] | None = None,
    ) -> None:
        self._ruleset = ruleset
        self._candidates = [ruleset.matcher(name).source for name in candidates]
        self._sink = sink
        self._notice = notice
        self._progress = progress
        self._every = every
        self._make = make
        self._new_run = new_run or self._plain_run
        self._summaries = Summaries()
        self._runs: dict[str, Run] = {}
        self._turns = Turns()

    def read(self, inputs: Sequence[Input], read_files: ReadFiles | None = None) -> Summaries:
        """Match every event of the inputs, and return what there was of each source.

        ``read_files`` reads files if there is nothing to read beside them.

        :raises OutputError: if ``sink`` raises it; nothing is read then any more.
        """
        # What can be read only once is read once, however often it is named.
        live = {given.name: given for given in reversed(inputs) if is_live(given.name)}
        if len(live) < 2:
            self._read_in_order(inputs, read_files or self._read_files)
        else:
            files = [given for given in inputs if given.name not in live]
            self._read_side_by_side([*live.values()][::-1], files)
        for source, numbering in self._runs.items():
            self._summary(source).events += numbering.count
        return self._summaries

    def _read_side_by_side(self, live: Sequence[Input], files: Sequence[Input]) -> None:
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        for given in live:
            Thread(target=self._wait_for, args=(given, ended), daemon=True).start()
        try:
            with self._turns.taken():
                self._read_in_order(files, self._read_files)
            left = len(live)
            while left:
                # A signal that comes just before one waits is noticed only after that.
                with suppress(Empty):
                    error = ended.get(timeout=_GLANCE)
                    left -= 1
                    if error is not None:
                        raise error
        finally:
            self._turns.stop()

    def _wait_for(self, given: Input, ended: "SimpleQueue[BaseException | None]") -> None:
        problem: BaseException | None = None
        try:
            try:
                with opened_live(given.name, self._turns.waiting) as stream, self._turns.taken():
                    self._read_live(given, stream)
            except READ_ERRORS as error:
                with self._turns.taken():
                    self._fail(given, unreadable(error))
        except StoppedError:
            pass
        except BaseException as error:
            problem = error
        ended.put(problem)

    def _read_in_order(self, inputs: Sequence[Input], read_files: ReadFiles) -> None:
        for live, some in groupby(inputs, lambda given: is_live(given.name)):
            if live:
                for given in some:
                    try:
                        with opened(given.name) as stream:
                            self._read_live(given, stream)
                    except READ_ERRORS as error:
                        self._fail(given, unreadable(error))
                continue
            for source, group in groupby(map(self._resolved, some), lambda given: given.source):
                if source is not None:
                    names = [given.name for given in group]
                    found = read_files(source, names, self._run(source))
                    self._summary(source).add(found)

    def _resolved(self, given: Input) -> Input:
        """Return a file with its source, or tell that it has none, or cannot be read."""
        if given.source is not None:
            return given
        if len(self._candidates) == 1:
            return Input(given.name, self._candidates[0].name)
        try:
            with opened(given.name) as stream:
                source = recognised(stream, self._candidates)
        except UnknownInputError as error:
            self._fail(given, str(error))
        except READ_ERRORS as error:
            self._fail(given, unreadable(error))
        else:
            return Input(given.name, source or self._candidates[0].name)
        return given

    def _read_live(self, given: Input, stream: BinaryIO) -> None:
        source = given.source
        if source is None and len(self._candidates) == 1:
            source = self._candidates[0].name
        if source is None:
            seen = Recorded(stream)
            try:
                source = recognised(seen, self._candidates)
            except UnknownInputError as error:
                self._fail(given, str(error))
                return
            if source is None:  # there is nothing
                return
            stream = cast(BinaryIO, io.BufferedReader(Replayed(bytes(seen.content), stream)))
        matcher, numbering, summary = self._ruleset.matcher(source), self._run(source), Summary()
        try:
            read_stream(
                matcher,
                given.name,
                stream,
                numbering,
                summary,
                self._sink,
                self._notice,
                self._tell_progress,
                self._every,
                self._make,
            )
        finally:
            self._summary(source).add(summary)

    def _read_files(self, source: str, names: Sequence[str], numbering: Run) -> Summary:
        return run(
            self._ruleset,
            source,
            names,
            self._sink,
            self._notice,
            self._tell_progress,
            self._every,
            self._make,
            numbering,
        )

    def _tell_progress(self, _: int) -> None:
        self._progress(sum(numbering.count for numbering in self._runs.values()))
        self._turns.between()

    def _fail(self, given: Input, reason: str) -> None:
        self._summary(given.source or "").unreadable.append(given.name)
        self._notice(f"{given.name}: {reason}")

    def _summary(self, source: str) -> Summary:
        return self._summaries.setdefault(source, Summary())

    def _run(self, source: str) -> Run:
        if source not in self._runs:
            self._runs[source] = self._new_run(source)
        return self._runs[source]

    def _plain_run(self, source: str) -> Run:
        return self._ruleset.matcher(source).source.documents.new_run()


class Recorded:
    """A stream of which everything that is read is kept."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.content = bytearray()

    def readline(self, size: int, /) -> bytes:
        """Return the next line."""
        line = self._stream.readline(size)
        self.content += line
        return line
