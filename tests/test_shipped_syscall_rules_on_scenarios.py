"""The shipped rules for system calls, on events of the state machine: scenarios in a folder."""

from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from rulec import compile_ruleset
from rulec.runtime.matcher import Matcher
from rulec.scenarios import Scenario
from rulec.scenarios.play import recording

SHIPPED: Final = Path(str(files("rulec.rules") / "syscall.yaml"))
SCENARIOS: Final = sorted(Path(__file__).with_name("scenarios").glob("*.yaml"))
ALL_ENABLED: Final = [{"enable": {"rule": "*"}}]


@cache
def matcher(matching: str) -> Matcher:
    return compile_ruleset(SHIPPED, rules=ALL_ENABLED, rule_matching=matching).matcher("syscall")


def order() -> list[str]:
    return [rule.name for rule in compile_ruleset(SHIPPED, rules=ALL_ENABLED).rules]


def alerts(scenario: Scenario, matching: str) -> list[tuple[int, list[str]]]:
    """Return the rules that match, by the number of the step."""
    steps = recording(scenario).steps
    rules = matcher(matching)
    found: dict[int, list[str]] = {}
    capture = scenario.events()
    for event in capture:
        for alert in rules.match(event):
            found.setdefault(steps[event.number - 1], []).append(alert.rule)
    assert (capture.events, capture.failed_blocks, capture.notices) == (len(steps), 0, [])
    return sorted(found.items())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_all_rules_that_match(path: Path) -> None:
    scenario = Scenario.from_yaml(path)
    expected = [(n, list(step.alerts)) for n, step in enumerate(scenario.steps) if step.alerts]
    assert alerts(scenario, "all") == expected


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_first_rule_that_matches(path: Path) -> None:
    scenario = Scenario.from_yaml(path)
    expected = [(n, [step.alerts[0]]) for n, step in enumerate(scenario.steps) if step.alerts]
    assert alerts(scenario, "first") == expected


def test_every_rule_is_in_a_scenario() -> None:
    named = Counter(
        name
        for path in SCENARIOS
        for step in Scenario.from_yaml(path).steps
        for name in step.alerts
    )
    assert sorted(named) == sorted(order())


SAMPLE: Final = Path(__file__).resolve().parent.parent / "docs" / "samples" / "attack.yaml"
SAMPLE_ALERTS: Final = {
    "Shell Started by Server Program": 1,
    "Reverse Shell Command": 1,
    "Shell Connected to Network": 1,
    "Connection by Unexpected Program": 1,
    "Service Account Token Read by Tool": 1,
    "Cloud Metadata Asked from Container": 1,
    "Cryptocurrency Miner Started": 1,
    "Shell at Terminal in Container": 1,
    "Container Runtime Used from Container": 1,
    "Authorized Keys Changed": 1,
    "Namespace Entered from Container": 2,
    "Private Key Read by Copying Tool": 1,
    "Scheduled Job Written": 1,
    "System Log Cleared": 2,
    "Shell History Removed": 2,
}


def test_the_sample_raises_alerts() -> None:
    scenario = Scenario.from_yaml(SAMPLE)
    rules = compile_ruleset(SHIPPED).matcher("syscall")
    found = Counter(alert.rule for event in scenario.events() for alert in rules.match(event))
    assert found == SAMPLE_ALERTS
    # Two thirds of what happens is ordinary.
    assert found.total() < len(recording(scenario).steps) / 3
