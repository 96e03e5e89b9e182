"""The events of the benchmarks are what they are said to be, the same every time."""

import json
from itertools import pairwise
from statistics import mean

import pytest
from events import ALERTING, TYPICAL, Mix, churning, make
from rule_sets import SHIPPED

from rulec import compile_ruleset

COUNT = 2_000

# The members of an event, in the order in which kube-apiserver writes them.
MEMBERS = [
    "kind",
    "apiVersion",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "annotations",
]


@pytest.fixture(scope="module", params=[TYPICAL, ALERTING], ids=["typical", "alerting"])
def mix(request: pytest.FixtureRequest) -> Mix:
    return request.param


@pytest.mark.parametrize(
    ("mix", "size", "share", "kinds"),
    [
        pytest.param(TYPICAL, (1_250, 1_400), (0.01, 0.02), 10, id="typical"),
        pytest.param(ALERTING, (2_300, 2_500), (0.60, 0.64), 30, id="alerting"),
    ],
)
def test_size_and_share_of_alerts(
    mix: Mix, size: tuple[int, int], share: tuple[float, float], kinds: int
) -> None:
    lines = list(make(COUNT, mix))
    matcher = compile_ruleset(SHIPPED).matcher("k8s_audit")
    alerts = [alert.rule for line in lines for alert in matcher(line)]
    assert size[0] <= mean(map(len, lines)) <= size[1]
    assert share[0] <= len(alerts) / COUNT <= share[1]
    assert len(set(alerts)) >= kinds


def test_the_same_seed_gives_the_same_events(mix: Mix) -> None:
    assert list(make(50, mix)) == list(make(50, mix))
    assert list(make(50, mix)) != list(make(50, mix, seed=2))


def test_members_are_in_the_order_of_kube_apiserver(mix: Mix) -> None:
    for line in make(COUNT, mix):
        members = list(json.loads(line))
        assert members == [name for name in MEMBERS if name in members]


def test_time_goes_by(mix: Mix) -> None:
    events = [json.loads(line) for line in make(COUNT, mix)]
    assert all(a["stageTimestamp"] < b["stageTimestamp"] for a, b in pairwise(events))
    assert all(event["requestReceivedTimestamp"] < event["stageTimestamp"] for event in events)


def test_no_user_and_no_object_comes_twice_in_churn() -> None:
    events = [json.loads(line) for line in churning(COUNT)]
    objects = [event["objectRef"]["name"] for event in events if "objectRef" in event]
    assert len({event["user"]["username"] for event in events}) == COUNT
    assert len(set(objects)) == len(objects)
