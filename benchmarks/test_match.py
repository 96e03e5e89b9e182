"""How long matching takes: decoding alone, the rules alone, and both with the alerts."""

from typing import Any

from rulec.runtime.jsontext import decode
from rulec.runtime.ruleset import Ruleset


def test_decode(benchmark: Any, lines: list[bytes]) -> None:
    benchmark(lambda: [decode(line) for line in lines])


def test_match(benchmark: Any, ruleset: Ruleset, lines: list[bytes]) -> None:
    matcher = ruleset.matcher("k8s_audit")
    events = [event for line in lines for event in matcher.source.documents.read(line)[0]]
    benchmark(lambda: [matcher.match(event) for event in events])


def test_bytes_to_alerts(benchmark: Any, ruleset: Ruleset, lines: list[bytes]) -> None:
    matcher = ruleset.matcher("k8s_audit")
    benchmark(lambda: [alert.text() for line in lines for alert in matcher(line)])
