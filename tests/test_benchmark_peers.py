"""The other engines of the benchmarks are given rules that mean the same as rulec's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from engines import matching, names
from events import ALERTING, make
from peers import PEERS, installed, rules_in
from rule_sets import EIGHT

from rulec import compile_ruleset

RULESET = compile_ruleset(EIGHT, rule_matching="all")
NAMES = [rule.name for rule in RULESET.rules]


@pytest.mark.parametrize("language", ["rule_engine", "eql", "cel", "zen"])
def test_each_language_has_the_eight_rules(language: str) -> None:
    assert list(rules_in(language)) == NAMES


@pytest.mark.parametrize(
    ("distribution", "engine"), [pytest.param(each[1], each[2], id=each[0]) for each in PEERS]
)
def test_an_engine_that_is_installed_agrees(
    distribution: str, engine: Callable[[], Callable[[Any], list[str]]]
) -> None:
    if installed(distribution) is None:
        pytest.skip(f"{distribution} is not installed")
    theirs, ours = engine(), matching(RULESET.matcher("k8s_audit"))
    events = [json.loads(line) for line in make(400, ALERTING)]
    expected = [names(ours(event)) for event in events]
    assert [theirs(event) for event in events] == expected
    assert {name for found in expected for name in found} == set(NAMES)


def test_an_engine_that_is_not_installed_is_told() -> None:
    assert installed("no-such-distribution-of-this-name") is None
