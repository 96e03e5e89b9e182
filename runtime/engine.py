"""Run a ruleset over inputs: read, match, hand the alerts on, and count."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from rulec.runtime.events import EventError, Run
from rulec.runtime.inputs import opened
from rulec.runtime.jsonlines import ByteStream
from rulec.runtime.matcher import Matcher
from rulec.runtime.plain import Make, Outcome
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset


class OutputError(Exception):
    """Alerts cannot be written any more; the message says why."""


# So many events may be read, at most, before somebody is told how far a run has got: few
# enough to be nothing, if the events are at hand, and so many that telling costs nothing.
STRIDE: Final = 1000

# What goes wrong when an input is read.
READ_ERRORS: Final = (OSError, EOFError, zlib.error)

Sink: TypeAlias = Callable[[Any], object]
Notice: TypeAlias = Callable[[str], object]


@dataclass
class Summary:
    """What a run has seen so far.

    ``skipped`` counts by reason what was no event, or could not be read as
    one; ``unreadable`` are the inputs that could not be read to their end.
    """

    events: int = 0
    alerts: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    def add(self, other: "Summary") -> None:
        """Count what another run has seen as well."""
        self.events += other.events
        self.alerts += other.alerts
        self.skipped.update(other.skipped)
        self.unreadable += other.unreadable

    def line(self) -> str:
        """Return the summary as one line."""
        parts = [counted(self.events, "event"), counted(self.alerts, "alert")]
        if self.skipped:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(self.skipped.items()))
            parts.append(f"{self.skipped.total():,} skipped ({reasons})")
        if self.unreadable:
            parts.append(counted(len(self.unreadable), "unreadable input"))
        return ", ".join(parts)


def run(
    ruleset: Ruleset,
    source: str,
    inputs: Iterable[str],
    sink: Sink,
    notice: Notice,
    progress: Callable[[int], object] = lambda events: None,
    every: int = STRIDE,
    make: Make | None = None,
    numbering: Run | None = None,
) -> Summary:
    """Match every event of the inputs, and give each alert to ``sink``.

    ``make`` is given if ``sink`` takes something else than alerts: it makes
    that of a rule and the event that it matches.
    ``notice`` is told, with the place, about everything that had to be
    skipped. ``progress`` gets the number of events so far: after each document
    that had more to it than one event without an alert, and after ``every``
    events at the latest. If ``numbering`` is given, it goes on to count the
    events, and the summary does not.

    :raises OutputError: if ``sink`` raises it; nothing is read then any more.
    """
    matcher = ruleset.matcher(source)
    counted_here = numbering or matcher.source.documents.new_run()
    summary = Summary()
    call = (counted_here, summary, sink, notice, progress, every, make)
    for name in inputs:
        try:
            with opened(name) as stream:
                read_stream(matcher, name, stream, *call)
        except READ_ERRORS as error:
            summary.unreadable.append(name)
            notice(f"{name}: {unreadable(error)}")
    if numbering is None:
        summary.events = counted_here.count
    return summary


def read_stream(
    matcher: Matcher,
    name: str,
    stream: ByteStream,
    numbering: Run,
    summary: Summary,
    sink: Sink,
    notice: Notice,
    progress: Callable[[int], object],
    every: int = STRIDE,
    make: Make | None = None,
) -> None:
    """Match every event of a stream that was opened, as ``run`` does.

    :raises OutputError: as above.
    """

    def say(number: int, detail: str) -> None:
        notice(f"{name}:{number}: {detail}")

    for number, result in matcher.lines(stream, numbering, every, make):
        tell(number, result, summary, sink, say)
        progress(numbering.count)


def tell(
    number: int,
    result: Outcome | EventError,
    summary: Summary,
    sink: Sink,
    say: Callable[[int, str], object],
) -> None:
    """Hand on what came of the document at a line: alerts to ``sink``, the rest to ``say``.

    The summary counts all of it but the events, which the run numbers anyway.
    """
    if isinstance(result, EventError):
        summary.skipped[result.reason] += 1
        say(number, str(result))
        return
    for rejection in result.rejected:
        summary.skipped[rejection.reason] += 1
        say(number, rejection.detail)
    for alert in result.alerts:
        summary.alerts += 1
        sink(alert)


def unreadable(error: BaseException) -> str:
    """Return why an input cannot be read, of one of ``READ_ERRORS``.

    :raises BrokenPipeError: if it is about the output: nobody reads that any more.
    """
    if isinstance(error, BrokenPipeError):
        raise error
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"
