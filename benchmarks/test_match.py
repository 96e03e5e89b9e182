"""How long matching takes, from events as they are made of documents, decoded or not, to alerts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from engines import alerting, function_per_rule, matching
from events import churning
from rule_sets import COPIES, many

from rulec.api import build_files
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset

SOURCE = "k8s_audit"


def over(run: Callable[[Any], object], documents: list[Any]) -> Callable[[], None]:
    """Return what runs a function on each document."""

    def each() -> None:
        for document in documents:
            run(document)

    return each


def test_match_events(benchmark: Any, ruleset: Ruleset, lines: list[bytes]) -> None:
    matcher = ruleset.matcher(SOURCE)
    events = [event for line in lines for event in matcher.source.documents.read(line)[0]]
    benchmark(over(matcher.match, events))


def test_decoded_to_matches(benchmark: Any, ruleset: Ruleset, decoded: list[Any]) -> None:
    benchmark(over(matching(ruleset.matcher(SOURCE)), decoded))


def test_function_per_rule(benchmark: Any, decoded: list[Any]) -> None:
    benchmark(over(function_per_rule(many(1)), decoded))


def test_bytes_to_matches(benchmark: Any, ruleset: Ruleset, lines: list[bytes]) -> None:
    benchmark(over(matching(ruleset.matcher(SOURCE)), lines))


def test_bytes_to_alerts(benchmark: Any, ruleset: Ruleset, lines: list[bytes]) -> None:
    benchmark(over(alerting(ruleset.matcher(SOURCE)), lines))


@pytest.mark.parametrize("copies", COPIES, ids=lambda copies: f"{48 * copies} rules")
def test_more_rules(benchmark: Any, copies: int, decoded: list[Any]) -> None:
    ruleset = execute(build_files(many(copies)).code)
    benchmark(over(matching(ruleset.matcher(SOURCE)), decoded))


def test_churn(benchmark: Any, ruleset: Ruleset) -> None:
    """Events with new users and objects: what was seen before is of no help."""
    run, rounds, count = matching(ruleset.matcher(SOURCE)), 10, 2_000
    events = [json.loads(line) for line in churning(rounds * count)]
    batches = iter([events[start : start + count] for start in range(0, len(events), count)])
    benchmark.pedantic(
        lambda batch: over(run, batch)(), setup=lambda: ((next(batches),), {}), rounds=rounds
    )
