"""Which documents are audit events, and how they are read from files."""

import io
import json
from typing import Any

import pytest
from compiling import compile_condition
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.brackets import SMALL
from rulec.runtime.events import EventError
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.k8s_audit.documents import lines, new_run, read

GOOD = {"kind": "Event", "auditID": "a", "stageTimestamp": "2018-10-20T00:18:28.428398Z"}
ITEM = {"auditID": "a", "stageTimestamp": "2018-10-20T00:18:28Z"}


def deep(levels: int, size: int = SMALL) -> str:
    """Write an event with an array of so many levels, and a text of some size, in it."""
    event = json.dumps({**GOOD, "y": "y" * size, "x": 0})
    return event.replace(" 0}", "[" * levels + "]" * levels + "}")


@pytest.mark.parametrize(
    ("document", "events", "reasons"),
    [
        (GOOD, 1, []),
        ({**GOOD, "apiVersion": "audit.k8s.io/v1beta1"}, 1, []),
        ({"kind": "EventList", "items": [ITEM, GOOD]}, 2, []),
        ({"kind": "EventList", "items": [{**ITEM, "kind": "Pod"}]}, 1, []),
        ({"kind": "EventList"}, 0, []),
        ({"kind": "EventList", "items": None}, 0, []),
        ([], 0, []),
        ([GOOD, [[GOOD]], {"kind": "EventList", "items": [ITEM]}], 3, []),
        ({"kind": "EventList", "items": [ITEM, {}, 5, ITEM]}, 2, ["no_time", "not_audit"]),
        ([GOOD, {"kind": "Pod"}, 7, GOOD], 2, ["not_audit", "not_audit"]),
        ({**GOOD, "stageTimestamp": 5}, 0, ["no_time"]),
        ({**GOOD, "stageTimestamp": "yesterday"}, 0, ["bad_time"]),
        ({**GOOD, "stageTimestamp": "2018-10-20T00:18:28"}, 0, ["bad_time"]),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_shapes(document: Any, events: int, reasons: list[str]) -> None:
    for form in (document, json.dumps(document), json.dumps(document).encode()):
        found, rejected = read(form)
        assert len(found) == events
        assert [part.reason for part in rejected] == reasons


@pytest.mark.parametrize(
    ("document", "report"),
    [
        (b"", "the document is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"kind":', "the document is no JSON: Expecting value: line 1 column 9 (char 8)"),
        (b'{"kind":"Event","n":NaN}', "the document is no JSON: NaN is not JSON"),
        (b"{} {}", "the document is no JSON: Extra data: line 1 column 4 (char 3)"),
        (b"3", "an audit document is an object or an array"),
        (b"null", "an audit document is an object or an array"),
        (b'{"kind":"Po\\nd"}', r"not an audit event: its kind is 'Po\nd'"),
        (b'{"kind":0}', "not an audit event: its kind is 0"),
        (b'{"kind":"EventList","items":5}', "not an audit event: its kind is 'EventList'"),
        ("[" * 20_000, "the document has more than 300 values inside each other"),
        (deep(300), "the document has more than 300 values inside each other"),
        ("\ud800", "the text is no Unicode: surrogates not allowed"),
    ],
)
def test_what_is_no_audit_document_at_all(document: bytes | str, report: str) -> None:
    with pytest.raises(EventError) as caught:
        read(document)
    assert str(caught.value) == report


def test_time_is_exact_and_offsets_count() -> None:
    stamp = "2018-10-20T02:18:28.428398001+02:00"
    (event,), _ = read({**GOOD, "stageTimestamp": stamp})
    assert event.time == 1539994708428398001


def test_events_without_audit_id_have_nothing_for_the_ka_fields() -> None:
    document = {"kind": "Event", "stageTimestamp": GOOD["stageTimestamp"]}
    (event,), _ = read(document)
    assert event.audit == {}
    assert event.data == document


def test_a_run_numbers_its_events_and_knows_the_first() -> None:
    run = new_run()
    read([GOOD, {}, GOOD], run=run)
    later = {**GOOD, "stageTimestamp": "2018-10-20T00:18:29.5Z"}
    (event,), _ = read(later, run=run)
    assert (event.number, event.relative_time) == (3, 1_071_602_000)
    assert (event.source, event.plugin) == ("k8s_audit", "k8saudit")


def test_large_events_are_rejected_one_by_one() -> None:
    size = len(json.dumps(GOOD, separators=(",", ":")))
    large = {**GOOD, "pad": "x"}
    text = json.dumps([GOOD, large], indent=4)
    found, rejected = read(text, event_limit=size)
    assert len(found) == 1
    assert [part.detail for part in rejected] == [
        f"the event has {size + 10} bytes, more than {size}"
    ]
    with pytest.raises(EventError, match="larger than 20 bytes"):
        read(text, document_limit=20)


def test_an_event_nested_too_deeply_hides_no_other() -> None:
    good = json.dumps(GOOD)
    parts = f'{good}, {deep(5000)} ,{good}, {{"x": "]}}, \\"["}}, {good}'
    for document in (f"[{parts}]", f'{{"items" : [{parts}], "kind": "EventList"}}'):
        found, rejected = read(document)
        assert len(found) == 3
        assert rejected[0].reason == "too_deep"
        assert len(rejected) == 2


def test_a_small_event_may_be_nested_deeply() -> None:
    rule = compile_condition("ka.auditid = a", SOURCES["k8s_audit"], "%jevt.value[/x]")
    matcher = execute(rule.code).matcher("k8s_audit")
    for levels in (299, 300, 1000, 1900):
        small = deep(levels, 0).encode()
        assert len(small) <= SMALL
        ((event,), rejected) = read(small)
        assert not rejected
        assert (
            len(matcher(small)) == len(matcher.match(event)) == len(matcher(b"[%s]" % small)) == 1
        )
        inner, depth = event.data["x"], 1
        while inner:
            (inner,), depth = inner, depth + 1
        assert depth == levels


def test_the_limit_on_nesting_counts_from_the_outside() -> None:
    assert len(read(deep(299))[0]) == 1
    for levels, events in ((298, 2), (299, 1)):
        assert len(read(f"[{deep(levels)}, {deep(3)}]")[0]) == events


@pytest.mark.parametrize(
    "member",
    [b'"\xff\xfe"', rb'"\ud800"', b"1" * 9000, b"1e99999", b"-0.0", rb'"\u0000"'],
    ids=["no UTF-8", "half a pair", "long integer", "large number", "minus zero", "NUL"],
)
def test_strange_values_lose_no_event(member: bytes) -> None:
    found, _ = read(json.dumps(GOOD).encode()[:-1] + b', "x": ' + member + b"}")
    assert len(found) == 1


@given(st.binary() | st.from_regex(rb'[\[{"a:,}\]0\\]*'))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        events, rejected = read(data)
    except EventError:
        return
    assert not events
    assert all(part.detail for part in rejected)


# --- files ----------------------------------------------------------------------

LINE = json.dumps(GOOD)
PRETTY = json.dumps({**GOOD, "x": [1, {"y": "}{"}]}, indent=2)


def summary(content: str, **limits: int) -> list[tuple[int, int | str]]:
    """Return what each document gave: a number of events, or the reason of an error."""
    return [
        (number, result.reason if isinstance(result, EventError) else len(result[0]))
        for number, result in lines(io.BytesIO(content.encode()), **limits)
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(f"{LINE}\n\n  \n{LINE}", [(1, 1), (4, 1)], id="blank lines"),
        pytest.param(f"\ufeff{LINE}\r\n{LINE}\r\n", [(1, 1), (2, 1)], id="as Windows writes"),
        pytest.param(f"  {LINE}", [(1, 1)], id="an indented line"),
        pytest.param(PRETTY, [(1, 1)], id="one document over several lines"),
        pytest.param(f"{PRETTY}\n{PRETTY}", [(1, 1), (12, 1)], id="several, one behind the other"),
        pytest.param(f"{LINE}\n{PRETTY}\n{LINE}", [(1, 1), (2, 1), (13, 1)], id="both forms"),
        pytest.param(f"[\n{LINE},\n{LINE}\n]", [(1, 2)], id="an array with an event a line"),
        pytest.param(f"oops\n{LINE}\n]", [(1, "not_json"), (2, 1), (3, "not_json")], id="junk"),
        pytest.param(
            f"{LINE[:30]}\n{LINE}\n{LINE}", [(1, "not_json"), (2, 1), (3, 1)], id="a line cut short"
        ),
        pytest.param(
            f'{{"a": [\n{LINE}\n{LINE}',
            [(1, "not_json"), (2, 1), (3, 1)],
            id="cut behind a bracket",
        ),
        pytest.param(
            f'{{"a": "b [\n{LINE}\n{LINE}',
            [(1, "not_json"), (2, 1), (3, 1)],
            id="cut inside a string",
        ),
        pytest.param(
            f'{{"a": 1,\n{LINE}\n{LINE}', [(1, "not_json"), (2, 1), (3, 1)], id="cut behind a comma"
        ),
        pytest.param(f"[{LINE},\n{LINE}", [(1, "not_json"), (2, 1)], id="an array without end"),
        pytest.param(
            f"{PRETTY[:-3]}\n{LINE}", [(1, "not_json"), (11, 1)], id="a document without end"
        ),
        pytest.param(f"{LINE} {LINE}\n{LINE}", [(1, "not_json"), (2, 1)], id="two in one line"),
        pytest.param(f'{{"kind": "Pod"}}\n{LINE}', [(1, "not_audit"), (2, 1)], id="no audit event"),
        pytest.param(f"}}{{\n{LINE}", [(1, "not_json"), (2, 1)], id="brackets the wrong way round"),
    ],
)
def test_files(content: str, expected: list[tuple[int, int | str]]) -> None:
    assert summary(content) == expected


def test_lines_that_are_too_long_are_skipped() -> None:
    content = f"{LINE}\n[{' ' * 5000}]\n{LINE}"
    assert summary(content, document_limit=200) == [(1, 1), (2, "too_large"), (3, 1)]
    content = "[\n" + "1,\n" * 500 + f"1]\n{LINE}"
    assert summary(content, document_limit=200)[0] == (1, "too_large")
    assert summary(content, document_limit=200)[-1] == (503, 1)


@given(
    st.lists(st.sampled_from([LINE, PRETTY, LINE[:20], "{", "[", "]", "}", ",", '"', "[{", "x"]))
)
def test_whole_lines_are_never_lost(parts: list[str]) -> None:
    content = "\n".join([*parts, "", LINE, LINE, LINE])
    assert [result for _, result in summary(content)][-3:] == [1, 1, 1]
