"""Events, as the compiled rules see them."""

from typing import Any


class Event:
    """One event of a source.

    ``data`` is the decoded document and ``audit`` the same, or an empty
    mapping when the document is no audit event; ``time`` is in nanoseconds
    since the epoch; ``number`` counts the events of the source from 1.
    """

    __slots__ = ("audit", "data", "number", "time")

    def __init__(self, data: Any, time: int, number: int = 1, audit: Any = None) -> None:
        self.data = data
        self.audit = data if audit is None else audit
        self.time = time
        self.number = number


class EventError(ValueError):
    """A document is no event of its source; the message says why."""
