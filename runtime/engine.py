"""Run a ruleset over inputs: read, match, hand the alerts on, and count."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from rulec.runtime.alert import Alert
from rulec.runtime.events import EventError
from rulec.runtime.inputs import opened
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset


class OutputError(Exception):
    """Alerts cannot be written any more; the message says why."""


Sink: TypeAlias = Callable[[Alert], object]
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
    progress: Callable[[int], object] = lambda read: None,
) -> Summary:
    """Match every event of the inputs, and give each alert to ``sink``.

    ``notice`` is told, with the place, about everything that had to be
    skipped; ``progress`` gets the number of events after each document.

    :raises OutputError: if ``sink`` raises it; nothing is read then any more.
    """
    matcher = ruleset.matcher(source)
    numbering = matcher.source.documents.new_run()
    summary = Summary()
    for name in inputs:
        try:
            with opened(name) as stream:
                for number, result in matcher.lines(stream, numbering):
                    if isinstance(result, EventError):
                        summary.skipped[result.reason] += 1
                        notice(f"{name}:{number}: {result}")
                        continue
                    for rejection in result.rejected:
                        summary.skipped[rejection.reason] += 1
                        notice(f"{name}:{number}: {rejection.detail}")
                    summary.events += result.events
                    for alert in result.alerts:
                        summary.alerts += 1
                        sink(alert)
                    progress(summary.events)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, BrokenPipeError):
                raise
            summary.unreadable.append(name)
            notice(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}")
    return summary
