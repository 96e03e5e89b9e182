"""Alerts to send somewhere, and what is said of it."""

from threading import Condition

from rulec.runtime.alert import Alert
from rulec.runtime.identity import alert_id
from rulec.runtime.sinks import Delivery


class Told:
    """Takes what is said, line by line; others may wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = Condition()

    def __call__(self, line: str) -> None:
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Wait until a line with a text in it was said."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(text in line for line in self.lines), 20)


def delivery(number: int, message: str = "", priority: str = "Warning") -> Delivery:
    """Return the delivery of an alert that says which one it is."""
    alert = Alert(
        rule="A Rule",
        priority=priority,
        source="k8s_audit",
        tags=("k8s",),
        time=1_772_443_800_000_000_000 + number,
        message=message or f"alert {number}",
        output_fields={"ka.user.name": f"user-{number}", "none": None},
        hostname="node-1",
    )
    return Delivery(alert, alert_id(str(number), "A Rule"))


def deliveries(count: int, start: int = 0) -> list[Delivery]:
    """Return the deliveries of so many alerts."""
    return [delivery(number) for number in range(start, start + count)]
