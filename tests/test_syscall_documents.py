"""Which documents are field dictionaries, and what their events are."""

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec import compile_ruleset
from rulec.api import build_files
from rulec.runtime.engine import run
from rulec.runtime.events import EventError
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sources.syscall.dictionaries import FieldEvent
from rulec.runtime.sources.syscall.documents import lines, new_run, read, time, type_of
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.text import File

MOMENT = 1_470_327_477_881_785_348
ISO = "2016-08-04T16:17:57.881785348Z"

OPEN = {"evt.type": "open", "evt.time": MOMENT, "proc.name": "cat"}
ALERT = {
    "hostname": "web",
    "output": "...",
    "priority": "Warning",
    "rule": "Open",
    "source": "syscall",
    "tags": [],
    "time": ISO,
    "output_fields": {"evt.type": "open", "evt.time.iso8601": MOMENT, "proc.name": "cat"},
}
# sysdig -j -p '%evt.num %evt.type %proc.name %evt.outputtime'
SYSDIG = {"evt.num": 42, "evt.type": "open", "proc.name": "cat", "evt.outputtime": MOMENT}

RULES = """\
- rule: Open
  desc: Somebody opens a file.
  condition: evt.type = open and proc.name = cat
  output: opened (%evt.num %evt.time.iso8601 %proc.name)
  priority: INFO
"""


def ruleset(rules: str = RULES) -> Ruleset:
    return execute(build_files([File("rules.yaml", rules)]).code)


@pytest.mark.parametrize(
    ("document", "events", "reasons"),
    [
        (OPEN, 1, []),
        (ALERT, 1, []),
        (SYSDIG, 1, []),
        ({"proc.name": "cat"}, 1, []),  # neither a type nor a time
        ({"proc.aname[3]": None}, 1, []),
        ({"evt.arg.flags": "X", "more": {}}, 1, []),
        ({**ALERT, "output_fields": {}}, 1, []),
        ([OPEN, ALERT, SYSDIG], 3, []),
        ([], 0, []),
        ([OPEN, 5, OPEN], 2, ["not_object"]),
        ([[OPEN]], 0, ["not_object"]),
        ({}, 0, ["no_fields"]),
        ({"kind": "Event", "auditID": "a"}, 0, ["no_fields"]),
        ({"evt": {"type": "open"}}, 0, ["no_fields"]),
        ({**ALERT, "output_fields": None}, 0, ["no_fields"]),
        ({**ALERT, "source": "k8s_audit"}, 0, ["not_syscall"]),
        ({**OPEN, "evt.time": "noon"}, 0, ["bad_time"]),
        ({**OPEN, "evt.time": -1}, 0, ["bad_time"]),
        ({**OPEN, "evt.time": 2**63}, 0, ["bad_time"]),
        ({**OPEN, "evt.time": 1.5}, 0, ["bad_time"]),
        ({**OPEN, "evt.time": "noon", "evt.rawtime": MOMENT}, 1, []),
        ([{**OPEN, "evt.time": "noon"}, OPEN], 1, ["bad_time"]),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_shapes(document: Any, events: int, reasons: list[str]) -> None:
    for form in (document, json.dumps(document), json.dumps(document).encode()):
        found, rejected = read(form)
        assert len(found) == events
        assert [part.reason for part in rejected] == reasons


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not_json"),
        (b'{"evt.type":', "not_json"),
        (b"5", "not_object"),
        (b'"open"', "not_object"),
        (5, "not_object"),
        (None, "not_object"),
        (b'{"evt.type":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "too_deep"),
    ],
)
def test_what_is_no_document(document: Any, reason: str) -> None:
    with pytest.raises(EventError) as caught:
        read(document)
    assert caught.value.reason == reason


def test_a_document_has_a_limit() -> None:
    with pytest.raises(EventError) as caught:
        read(json.dumps(OPEN).encode(), document_limit=20)
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize("document", [OPEN, ALERT, SYSDIG], ids=["dict", "alert", "sysdig"])
def test_the_time_and_the_values_are_those_given(document: dict[str, Any]) -> None:
    (event,), _ = read(document)
    assert (event.time, event["evt.type"], event["proc.name"]) == (MOMENT, "open", "cat")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (MOMENT, MOMENT),
        (str(MOMENT), MOMENT),
        (ISO, MOMENT),
        ("2016-08-04T16:17:57.881785348+0000", MOMENT),  # as Falco writes it
        ("2016-08-04T18:17:57.881785348+02:00", MOMENT),
        ("16:17:57.881785348", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_times(given: Any, expected: int | None) -> None:
    assert time(given) == expected


def test_the_time_of_an_alert_counts_if_its_fields_have_none() -> None:
    (event,), _ = read({**ALERT, "output_fields": {"evt.type": "open"}})
    assert event.time == MOMENT


def test_an_alert_says_where_it_happened() -> None:
    assert read(ALERT)[0][0]["evt.hostname"] == "web"
    fields = {**ALERT["output_fields"], "evt.hostname": "db"}  # type: ignore[dict-item]
    assert read({**ALERT, "output_fields": fields})[0][0]["evt.hostname"] == "db"


def test_an_event_without_a_time_happens_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 5)
    (event,), _ = read({"evt.type": "open"})
    assert event.time == 5


def test_events_are_numbered_unless_they_have_a_number() -> None:
    numbering = new_run()
    found, _ = read([OPEN, SYSDIG, OPEN], run=numbering)
    assert [event.number for event in found] == [1, 42, 3]
    assert numbering.count == 3
    odd, _ = read([{**SYSDIG, "evt.num": number} for number in (0, -1, "x", None, "7")])
    assert [event.number for event in odd] == [1, 2, 3, 4, 7]


def test_relative_times_begin_with_the_first_event_of_a_run() -> None:
    later = {**OPEN, "evt.time": MOMENT + 5}
    found, _ = read([OPEN, later])
    assert [event.relative_time for event in found] == [0, 5]
    earlier, _ = read([OPEN, {**OPEN, "evt.time": MOMENT - 5}])
    assert [event.relative_time for event in earlier] == [0, 0]
    assert SyscallEvent(7).relative_time == 7


def test_any_mapping_will_do() -> None:
    found, rejected = read([MappingProxyType(OPEN)])
    assert (len(found), rejected) == (1, [])
    assert len(ruleset().match(MappingProxyType(OPEN), source="syscall")) == 1


def test_an_event_that_was_read_is_a_document() -> None:
    event = FieldEvent(OPEN, MOMENT)
    found, _ = read(event)
    assert found == [event]
    assert read([event])[0] == [event]


# --- matching ---------------------------------------------------------------------


def test_lines_of_a_file(tmp_path: Any) -> None:
    rows = [json.dumps(OPEN), "nonsense", json.dumps(ALERT), json.dumps({"kind": "Event"}), "[5]"]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(rows))
    alerts: list[Any] = []
    notices: list[str] = []
    summary = run(ruleset(), "syscall", [str(path)], alerts.append, notices.append)
    assert (summary.events, len(alerts)) == (2, 2)
    assert summary.skipped == {"not_json": 1, "no_fields": 1, "not_object": 1}
    assert [notice.removeprefix(str(path)) for notice in notices] == [
        ":2: the line is no JSON document",
        ":4: the object has no member that is a field of system calls",
        ":5: an event is an object, not 5",
    ]


def test_alerts_of_all_forms_are_the_same() -> None:
    rules = ruleset()
    (first,) = rules.match(OPEN, source="syscall")
    assert first.text().endswith(f" opened (1 {ISO[:-1]}+0000 cat)")
    forms = (json.dumps(OPEN).encode(), json.dumps(OPEN), [OPEN], read(OPEN)[0][0])
    for form in forms:
        assert rules.match(form, source="syscall") == [first]
    assert rules.matcher("syscall").match(read(OPEN)[0][0]) == [first]
    (second,) = rules.match(ALERT, source="syscall")
    assert (second.time, second.message) == (first.time, first.message)


def test_events_may_work_out_what_they_are_asked_for() -> None:
    asked: list[str] = []

    class Made(SyscallEvent):
        def __missing__(self, text: str) -> Any:
            asked.append(text)
            found = self[text] = {"evt.type": "open", "proc.name": "cat"}.get(text)
            return found

    for match in (ruleset().matcher("syscall").match, ruleset().matcher("syscall")):
        event = Made(MOMENT, 7)
        (alert,) = match(event)
        assert (alert.time, alert.output_fields["evt.num"]) == (MOMENT, 7)
    assert asked == ["evt.type", "proc.name"] * 2
    assert dict(event.anew()) == {}


def test_what_no_rule_names_is_told_at_a_glance() -> None:
    matcher = ruleset().matcher("syscall")
    assert type_of({"evt.type": "futex"}) == "futex"
    assert type_of({"evt.type": "<NA>"}) is type_of({"evt.type": 5}) is type_of({}) is None
    assert type_of(ALERT) is type_of([OPEN]) is type_of(b"{}") is None
    for document in ({"evt.type": "futex"}, {"evt.type": "futex", "evt.time": "noon"}, []):
        assert matcher(document) == [] == list(matcher.matches(document))
    # What an alert says of its type counts, not what is beside it.
    assert len(matcher({**ALERT, "evt.type": "futex"})) == 1


def test_an_event_of_which_nobody_knows_the_type() -> None:
    rules = """\
- {rule: A, desc: d, condition: not evt.type = open, output: o, priority: INFO}
- {rule: B, desc: d, condition: evt.type != open, output: o, priority: INFO}
- {rule: C, desc: d, condition: proc.name = cat, output: o, priority: INFO}
- {rule: D, desc: d, condition: evt.type = open or proc.name = cat, output: o, priority: INFO}
"""
    built = build_files([File("rules.yaml", rules)], rule_matching="all")
    matcher = execute(built.code).matcher("syscall")
    cat = {"proc.name": "cat"}

    def names(document: dict[str, Any]) -> str:
        return "".join(rule.name for rule in matcher.matches(document))

    assert names(cat) == "ACD"
    assert names({**cat, "evt.type": "<NA>"}) == "ACD"
    assert names({**cat, "evt.type": "open"}) == "CD"
    assert names({**cat, "evt.type": "no such type"}) == "ABCD"
    assert names({"evt.type": "open"}) == "D"


def test_rules_without_events_and_events_without_rules() -> None:
    audit = ruleset(
        RULES.replace("evt.type = open and proc.name = cat", "ka.verb = get")
        .replace("%proc.name", "")
        .rstrip()
        + "\n  source: k8s_audit\n"
    )
    assert audit.match(OPEN, source="syscall") == []
    assert audit.matcher("syscall").match(FieldEvent(OPEN, 0)) == []


def test_match_many_goes_on_after_what_is_no_event() -> None:
    told: list[tuple[int, str]] = []
    found = list(
        ruleset().match_many(
            [OPEN, b"{", {"a": 1}, OPEN],
            source="syscall",
            rejected=lambda index, reason, detail: told.append((index, reason)),
        )
    )
    assert [index for index, _ in found] == [0, 3]
    assert [alert.output_fields["evt.num"] for _, alert in found] == [1, 2]
    assert told == [(1, "not_json"), (2, "no_fields")]


def test_rules_without_a_source_are_about_system_calls(tmp_path: Any) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    compiled = compile_ruleset(tmp_path)
    assert compiled.sources == ("syscall",)
    assert compiled.warnings == ()


KEYS = st.sampled_from(
    [*OPEN, "proc.aname", "proc.aname[2]", "fd.ip", "fd.sip", "evt.num", "evt.rawtime", "x"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
INNER = LEAVES | st.lists(LEAVES, max_size=3)
ANY_JSON = INNER | st.lists(INNER, max_size=3) | st.dictionaries(st.text(max_size=3), INNER)


FUZZED = ruleset(
    """\
- rule: A
  desc: d
  condition: >
    evt.type != close and (proc.aname startswith a or fd.ip != 10.0.0.1 or evt.num > 5
    or proc.aname[2] = a or not fd.net = 10.0.0.0/8 or proc.name icontains a)
  output: o %proc.aname %fd.ip %evt.num %fd.sip %proc.name
  priority: INFO
"""
)


@given(st.dictionaries(KEYS, ANY_JSON))
def test_whatever_is_in_a_dictionary_nothing_raises(document: Mapping[str, Any]) -> None:
    for alert in FUZZED.match(document, source="syscall"):
        alert.json()
        alert.text()


# Values that decide how closely a document has to be looked at.
TELLING = st.sampled_from(
    [None, "open", "close", "futex", "<NA>", "", MOMENT, MOMENT + 1, -1, 2**63, 2**70, 1.5, ISO, {}]
)
LOOKED_AT = st.sampled_from(["evt.type", "evt.time", "evt.rawtime", "evt.num", "output_fields"])
LOOKING = ruleset()


@given(st.dictionaries(LOOKED_AT, TELLING))
def test_a_glance_and_a_closer_look_agree(document: dict[str, Any]) -> None:
    given = {"proc.name": "cat", "evt.outputtime": MOMENT, **document}
    matcher = LOOKING.matcher("syscall")
    encoded = json.dumps(given).encode()
    quick, careful = new_run(), new_run()
    with patch("time.time_ns", return_value=7):
        outcome = matcher.reading(quick)(encoded)
        events, rejected = read(encoded, run=careful)
        alerts = [alert for event in events for alert in matcher.match(event)]
        assert matcher(encoded) == matcher(given) == alerts
    assert (outcome.events, len(outcome.rejected)) == (len(events), len(rejected))
    assert list(outcome.alerts) == alerts
    assert (quick.count, quick.start) == (careful.count, careful.start)


def test_long_names_of_members_cost_nothing() -> None:
    hostile = {"evt.arg." + "a." * 500_000: 1, "x" * 1_000_000 + "[": 2}
    assert read(hostile)[1][0].reason == "no_fields"


def test_a_stream_is_numbered_through() -> None:
    stream = io.BytesIO(b"\n".join(json.dumps(OPEN).encode() for _ in range(3)))
    numbers = [event.number for _, (events, _) in lines(stream) for event in events]  # type: ignore[misc]
    assert numbers == [1, 2, 3]
