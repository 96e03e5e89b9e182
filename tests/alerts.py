"""Alerts to send somewhere."""

from rulec.runtime.alert import Alert
from rulec.runtime.identity import alert_id
from rulec.runtime.sinks import Delivery


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
