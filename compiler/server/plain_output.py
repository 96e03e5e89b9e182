"""Alerts on standard output."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rulec.runtime.writer import Writer


class PlainOutput:
    """Writes alerts to a stream, one line each, while the sender waits."""

    def __init__(self, writer: Writer, render: Callable[[Any], str]) -> None:
        self._writer = writer
        self._render = render
        self.settled = 0

    def send(self, deliveries: Sequence[Any], mark: int) -> None:
        """Write alerts."""
        for delivery in deliveries:
            self._writer(self._render(delivery.alert))
        if deliveries:
            self._writer.flush()
        self.settled = mark

    def reopen(self) -> None:
        """Do nothing."""

    def close(self, timeout: float) -> bool:
        """Do nothing."""
        return True

    def counters(self) -> Mapping[str, Any]:
        """Count nothing."""
        return {}
