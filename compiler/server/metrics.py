"""What the server counts, for Prometheus."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from rulec.runtime.sinks import Counters

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

# Bounds of the times that answers take, in seconds.
_TIMES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# What outputs count: what has become of alerts, and where others are now.
_DELIVERED: Final = {
    "delivered": "Alerts that an output delivered.",
    "failed": "Attempts of an output that failed.",
    "dropped": "Alerts that an output gave up.",
}
_KEPT: Final = {
    "spooled": "Alerts in the spool of an output.",
    "waiting": "Alerts that wait for an output in memory.",
}


class Metrics:
    """Counters and gauges, each with the prefix ``rulec_``."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()

        def counter(name: str, doc: str, *labels: str) -> Counter:
            return Counter(f"rulec_{name}", doc, labels, registry=registry)

        def gauge(name: str, doc: str) -> Gauge:
            return Gauge(f"rulec_{name}", doc, registry=registry)

        self.received = counter("documents_received", "Documents that clients began to send.")
        self.accepted = counter("documents_accepted", "Documents in the journal, answered 200.")
        self.shed = counter("documents_shed", "Documents answered 503, by reason.", "reason")
        self.answers = counter("answers", "Answers on the endpoint, by status.", "status")
        self.bytes = counter("accepted_bytes", "Bytes of accepted documents.")
        self.evaluated = counter("events_evaluated", "Events that were matched with the rules.")
        self.duplicates = counter("events_duplicate", "Events that had been seen before.")
        self.quarantined = counter("events_quarantined", "What was no event, by reason.", "reason")
        self.unseen = counter(
            "events_unseen",
            "Events whose request object a rule asked for and could not see, by reason.",
            "reason",
        )
        self.alerts = counter("alerts", "Alerts, by rule and priority.", "rule", "priority")
        self.damaged = counter("journal_damaged_bytes", "Bytes of the journal that were damaged.")
        self.disk_errors = counter("disk_errors", "Groups of documents that could not be written.")
        self.reloads = counter("rules_reloads", "Attempts to load the rules anew.", "result")
        self.rules = gauge("rules", "Rules that events are matched with.")
        self.loaded = gauge("rules_loaded_timestamp_seconds", "When these rules were loaded.")
        self.answer_time = Histogram(
            "rulec_accept_seconds",
            "How long it took to answer 200, from the first look at the request.",
            buckets=_TIMES,
            registry=registry,
        )
        for label in ("ok", "refused"):
            self.reloads.labels(label)
        for label in ("metadata", "truncated"):
            self.unseen.labels(label)

    def watch(
        self,
        gauges: Mapping[str, tuple[str, Callable[[], float]]],
        outputs: Callable[[], Mapping[str, Counters]],
    ) -> None:
        """Add gauges that are looked at when somebody asks, and what outputs count."""
        self.registry.register(_Watched(gauges, outputs))

    def text(self) -> bytes:
        """Return everything in the form that Prometheus reads."""
        return generate_latest(self.registry)


class _Watched(Collector):
    def __init__(
        self,
        gauges: Mapping[str, tuple[str, Callable[[], float]]],
        outputs: Callable[[], Mapping[str, Counters]],
    ) -> None:
        self._gauges = gauges
        self._outputs = outputs

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """Yield what is to be told."""
        for name, (doc, value) in self._gauges.items():
            yield GaugeMetricFamily(f"rulec_{name}", doc, value=value())
        counted = self._outputs()
        for name, doc in _DELIVERED.items():
            total = CounterMetricFamily(f"rulec_output_{name}", doc, labels=["output"])
            for output, counters in counted.items():
                total.add_metric([output], getattr(counters, name))
            yield total
        for name, doc in _KEPT.items():
            now = GaugeMetricFamily(f"rulec_output_{name}", doc, labels=["output"])
            for output, counters in counted.items():
                now.add_metric([output], getattr(counters, name))
            yield now
