"""The server loses nothing, seen from outside: every scenario of the soak, in some seconds.

What depends on how fast the machine is, is not asked here. ``make soak`` takes longer
and asks it too.
"""

import json
import os
from pathlib import Path

import pytest
from soak.checking import compared
from soak.falcosidekick import Arrived, acceptable
from soak.kube_apiserver import Sent
from soak.report import Check, Fact, Report
from soak.rules import ID, compiled, write_rules
from soak.scenarios import SCENARIOS
from soak.traffic import Expected, Traffic, event_id, listed

pytest.importorskip("granian", reason="the extra 'server' is not installed")


linux = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="it looks at processes as Linux shows them"
)


@linux
@pytest.mark.parametrize("name", SCENARIOS)
def test_in_short(name: str, tmp_path: Path) -> None:
    report = SCENARIOS[name].short.run(tmp_path)
    assert report.checks
    assert not report.failures(timed=False), report.markdown()


@linux
@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("RULEC_SOAK"), reason="takes minutes")
@pytest.mark.parametrize("name", SCENARIOS)
def test_at_length(name: str, tmp_path: Path) -> None:
    report = SCENARIOS[name].long.run(tmp_path)
    print(report.markdown())
    assert not report.failures(timed=True), report.markdown()


# --- what it looks with -----------------------------------------------------------------


def test_batches_are_lists_of_different_events() -> None:
    traffic = Traffic(different=2, size=5)
    bodies = [json.loads(traffic.body(number)) for number in range(4)]
    ids = [item["auditID"] for body in bodies for item in body["items"]]
    assert ids == [event_id(number, index) for number in range(4) for index in range(5)]
    assert {body["kind"] for body in bodies} == {"EventList"}
    assert not any("kind" in item for body in bodies for item in body["items"])
    without = [[item | {"auditID": ""} for item in body["items"]] for body in bodies]
    assert without[0] == without[2] != without[1]


def test_a_batch_is_the_list_of_its_items() -> None:
    traffic = Traffic(different=3, size=4)
    assert traffic.body(7) == listed(traffic.items(7))


def test_expected_alerts_are_those_of_the_library(tmp_path: Path) -> None:
    ruleset = compiled(write_rules(tmp_path))
    traffic = Traffic("alerting", different=2, size=50)
    matcher = ruleset.matcher("k8s_audit")
    alerts = [
        (alert.output_fields[ID], alert.rule)
        for number in range(3)
        for alert in matcher(traffic.body(number))
    ]
    expected = traffic.expected(ruleset)
    assert alerts == [alert for number in range(3) for _, alert in expected.of(number)]
    assert len(alerts) > 50


def alert(number: int, place: int, uuid: str, rule: str = "A") -> dict[str, object]:
    return {"rule": rule, "uuid": uuid, "output_fields": {ID: event_id(number, place)}}


@pytest.mark.parametrize(
    ("alerts", "found"),
    [
        pytest.param([alert(0, 0, "1"), alert(0, 1, "2")], (2, 0, 0, 0, 0), id="all"),
        pytest.param([alert(0, 1, "2")], (2, 1, 0, 0, 0), id="one is missing"),
        pytest.param(
            [alert(0, 0, "1"), alert(0, 1, "2"), alert(0, 0, "1")],
            (2, 0, 0, 1, 0),
            id="one came twice",
        ),
        pytest.param(
            [alert(0, 0, "1"), alert(0, 1, "2"), alert(0, 0, "3")],
            (2, 0, 0, 1, 1),
            id="one came twice with another id",
        ),
        pytest.param(
            [alert(0, 0, "1"), alert(0, 1, "1")], (2, 0, 0, 0, 1), id="two have the same id"
        ),
        pytest.param([alert(0, 0, "1"), alert(0, 1, "")], (2, 0, 0, 0, 1), id="one has no id"),
        pytest.param(
            [alert(0, 0, "1"), alert(0, 1, "2"), alert(1, 0, "3")],
            (2, 0, 0, 0, 0),
            id="of a batch that was not acknowledged, but arrived",
        ),
        pytest.param(
            [alert(0, 0, "1"), alert(0, 1, "2"), alert(2, 0, "3"), alert(0, 0, "4", "B")],
            (2, 0, 2, 0, 0),
            id="of nothing that was sent",
        ),
    ],
)
def test_comparison(alerts: list[dict[str, object]], found: tuple[int, ...]) -> None:
    expected = Expected((("A",), ("A",)), 2)
    batches = [Sent(0, True, 1, 0.0), Sent(1, False, 5, 0.0)]
    comparison = compared(Arrived(tuple(alerts), 0), batches, expected)
    assert found == (
        comparison.expected,
        comparison.missing,
        comparison.unexpected,
        comparison.more,
        comparison.ambiguous,
    )
    assert all(check.holds for check in comparison.checks()) == (
        found[1:3] + found[4:] == (0, 0, 0)
    )


GOOD = {
    "rule": "A",
    "priority": "Warning",
    "output": "x",
    "time": "2026-03-02T09:00:00.000000000Z",
    "output_fields": {"ka.verb": "get"},
}


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({}, True),
        ({"uuid": "x", "source": "k8s_audit", "tags": []}, True),
        ({"rule": ""}, False),
        ({"priority": "High"}, False),
        ({"output_fields": {}}, False),
        ({"output_fields": None}, False),
        ({"time": "0001-01-01T00:00:00Z"}, False),
    ],
)
def test_what_falcosidekick_takes(change: dict[str, object], taken: bool) -> None:
    assert acceptable(json.dumps(GOOD | change).encode()) is taken


def test_what_falcosidekick_does_not_take_at_all() -> None:
    assert not any(map(acceptable, (b"", b"[]", b"1", b"{", b"{}", b'"x"')))


def test_a_report_is_a_table() -> None:
    checks = (Check.none("lost", 0), Check.most("time", 1.5, 2, " s").if_fast())
    report = Report("A Title", checks, (Fact("events", 12_000),))
    assert report.markdown().splitlines() == [
        "### A Title",
        "",
        "|        | asked          | measured | holds  |",
        "|--------|----------------|----------|--------|",
        "| lost   | 0              | 0        | yes    |",
        "| time   | at most 1.50 s | 2 s      | **no** |",
        "| events |                | 12,000   |        |",
    ]
    assert report.failures(timed=False) == []
    assert [check.text for check in report.failures(timed=True)] == ["time"]
