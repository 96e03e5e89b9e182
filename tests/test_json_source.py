"""Event sources that users define: what a description means, and what is wrong with it."""

import io
import json
import os
import pickle
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_events import audit_event
from test_docs import agrees, blocks, commands

from rulec import RulesError, Source, compile_ruleset
from rulec.api import build
from rulec.cli import cli
from rulec.runtime.events import EventError
from rulec.runtime.extract import extract
from rulec.runtime.fields import TYPES, Argument
from rulec.runtime.loading import execute, load
from rulec.runtime.ruleset import Ruleset
from rulec.source_files import ARGUMENTS, FIELD_KEYS, FORMS, SOURCE_KEYS, TYPE_NAMES

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "user-sources.md"
SAMPLE: Final = ROOT / "docs" / "samples" / "cloudtrail"
TIME: Final = "2026-03-02T09:30:00Z"
NANOSECONDS: Final = 1_772_443_800_000_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("FALCO_HOSTNAME", "node-1")
    return tmp_path


def described(folder: Path, text: str, name: str = "source.yaml") -> Source:
    """Return the source that a text describes."""
    path = folder / name
    path.write_text(text, "utf-8")
    return Source.from_yaml(path)


def with_fields(*fields: str, more: str = "") -> str:
    """Return the description of a source ``s`` with fields, each the inside of a mapping."""
    return f"source: s\n{more}fields:\n" + "".join(f"- {{{field}}}\n" for field in fields)


def rule(output: str, condition: str = "evt.num exists", name: str = "r", source: str = "s") -> str:
    return (
        f"- rule: {name}\n  desc: d\n  condition: {condition}\n"
        f"  output: '{output}'\n  priority: INFO\n  source: {source}\n"
    )


def compiled(folder: Path, source: Source, rules: str, **options: Any) -> Ruleset:
    path = folder / "rules.yaml"
    path.write_text(rules, "utf-8")
    return compile_ruleset(path, sources=[source], **options)


def shown(folder: Path, field: str, written: str, document: Any) -> tuple[str, Any]:
    """Return what an alert shows of a field on a document, and what its JSON has."""
    source = described(folder, with_fields(field))
    (alert,) = compiled(folder, source, rule(written)).match(document, "s")
    fields = json.loads(alert.json())["output_fields"]
    return alert.message, fields.get(written.removeprefix("%"))


# --- what values are ----------------------------------------------------------------

MISSING: Final = ("<NA>", None)


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("string", "a", ("a", "a")),
        ("string", 1.50, ("1.5", "1.5")),
        ("string", None, ("null", "null")),
        ("string", {"a": [1, True]}, ('{"a":[1,true]}', '{"a":[1,true]}')),
        ("bytes", "a\0", ("a.", "a.")),
        ("bytes, encoding: hex", "6100", ("a.", "a.")),
        ("bytes, encoding: hex", "6", MISSING),
        ("bytes, encoding: base64", b64encode(b"a\xff").decode(), ("a.", "a.")),
        ("bytes, encoding: base64", "?", MISSING),
        ("bytes, encoding: base64", 1, MISSING),
        ("uint64", 2**64 - 1, ("18446744073709551615", 2**64 - 1)),
        ("uint64", "12", ("12", 12)),
        ("uint64", 1.5, MISSING),
        ("uint64", 2**64, MISSING),
        ("uint64", True, MISSING),
        ("uint64, format: hexadecimal", 300, ("12C", "12C")),
        ("uint64, format: octal", 420, ("644", "644")),
        ("uint64, format: padded", 5, ("000000005", "000000005")),
        ("uint64, format: octal", "x", MISSING),
        ("int64", -1, ("-1", -1)),
        ("double", 1.25, ("1.2", 1.25)),
        ("double", "1e400", MISSING),
        ("bool", True, ("true", True)),
        ("bool", "false", ("false", False)),
        ("bool", 1, MISSING),
        ("port", 443, ("443", 443)),
        ("port", 65536, MISSING),
        ("ipaddr", "192.0.2.1", ("192.0.2.1", "192.0.2.1")),
        ("ipaddr", "2001:db8::1", ("2001:db8::1", "2001:db8::1")),
        ("ipaddr", "192.0.2.0/24", MISSING),
        ("ipaddr", "backup.amazonaws.com", MISSING),
        ("reltime", 5, ("5", 5)),
        ("abstime", "7", ("7", 7)),
        ("UINT8", 3, ("3", 3)),
        ("FSPATH", "/etc", ("/etc", "/etc")),
    ],
)
def test_values(folder: Path, type_: str, value: Any, expected: tuple[str, Any]) -> None:
    field = f"name: s.x, pointer: /x, type: {type_}"
    assert shown(folder, field, "%s.x", {"x": value}) == expected
    assert shown(folder, field, "%s.x", {}) == MISSING


@pytest.mark.parametrize("name", TYPE_NAMES)
def test_every_type_can_be_had(folder: Path, name: str) -> None:
    source = described(folder, with_fields(f"name: s.x, pointer: /x, type: {name}"))
    assert source.fields["s.x"].type is TYPES[TYPE_NAMES[name]]
    ruleset = compiled(folder, source, rule("%s.x", "s.x exists or not s.x exists"))
    for value in ("1", 1, -1, True, None, "192.0.2.1", [], {}, 1e300):
        assert len(ruleset.match({"x": value}, "s")) == 1


@pytest.mark.parametrize(
    ("field", "written", "document", "expected"),
    [
        ("pointer: /a/b", "%s.x", {"a": {"b": "c"}}, "c"),
        ("pointer: /a/b", "%s.x", {"a": [{"b": "c"}]}, "<NA>"),
        ("pointer: /a~1b/~0c", "%s.x", {"a/b": {"~c": "d"}}, "d"),
        ("pointer: /a/0", "%s.x", {"a": {"0": "member"}}, "member"),
        ("pointer: /a/0", "%s.x", {"a": ["element"]}, "<NA>"),
        ("pointer: /", "%s.x", {"": "empty"}, "empty"),
        ("pointer: /l, list: true", "%s.x", {"l": ["a", 1, None]}, "(a,1,null)"),
        ("pointer: '/l[]', list: true", "%s.x", {"l": ["a", 1]}, "(a,1)"),
        ("pointer: '/l[]', list: true", "%s.x", {"l": []}, "<NA>"),
        ("pointer: '/l[]', list: true", "%s.x", {"l": {"a": 1}}, "<NA>"),
        ("pointer: '/l[]', list: true, type: uint64", "%s.x", {"l": [1, "x", "2"]}, "(1,2)"),
        ("pointer: '/l[]/n', list: true", "%s.x", {"l": [{"n": "a"}, {}, {"n": "b"}]}, "(a,b)"),
        ("pointer: '/l[]/n', list: true", "%s.x", {"l": {"n": "alone"}}, "(alone)"),
        (
            "pointer: '/l[]/m[]/n', list: true",
            "%s.x",
            {"l": [{"m": [{"n": 1}, {"n": 2}]}, {"m": []}, 5, {"m": [{"n": 3}]}]},
            "(1,2,3)",
        ),
        (
            "pointer: '/l[]/m[]', list: true, argument: index",
            "%s.x[1]",
            {"l": [{"m": [1]}, {"m": [2, 3]}]},
            "(2,3)",
        ),
        ("pointer: /l, list: true, argument: index", "%s.x[0]", {"l": ["a", "b"]}, "(a)"),
        ("pointer: /l, list: true, argument: index", "%s.x[2]", {"l": ["a", "b"]}, "<NA>"),
        ("pointer: /l, list: true, argument: index", "%s.x", {"l": ["a", "b"]}, "(a,b)"),
        ("pointer: /l, list: true, argument: required index", "%s.x[1]", {"l": ["a", "b"]}, "(b)"),
        ("pointer: '/m/{argument}', argument: required index", "%s.x[1]", {"m": {"1": "v"}}, "v"),
        ("pointer: '/m/{argument}', argument: key", "%s.x[a]", {"m": {"a": "v"}}, "v"),
        ("pointer: '/m/{argument}', argument: key", "%s.x[a/b~1]", {"m": {"a/b~1": "v"}}, "v"),
        ("pointer: '/m/{argument}/n', argument: key", "%s.x[a]", {"m": {"a": {"n": "v"}}}, "v"),
        ("pointer: '/{argument}', argument: key", "%s.x[a]", {"a": "v", "{argument}": "w"}, "v"),
        ("pointer: '/m/{argument}', argument: optional", "%s.x", {"m": {"": "none"}}, "none"),
        ("pointer: '/m/{argument}', argument: optional", "%s.x[a]", {"m": {"a": "v"}}, "v"),
        (
            "pointer: '/m/{argument}', argument: key, list: true",
            "%s.x[a]",
            {"m": {"a": ["v", "w"], "{argument}": ["z"]}},
            "(v,w)",
        ),
        (
            "pointer: '/m[]/{argument}', argument: key, list: true",
            "%s.x[a]",
            {"m": [{"a": "v"}, {"b": "w"}, {"a": "x"}]},
            "(v,x)",
        ),
    ],
)
def test_pointers(folder: Path, field: str, written: str, document: Any, expected: str) -> None:
    assert shown(folder, f"name: s.x, {field}", written, document)[0] == expected


@pytest.mark.parametrize(
    ("condition", "document", "expected"),
    [
        ("s.ip = 192.0.2.1", {"ip": "192.0.2.1"}, True),
        ("s.net in (192.0.2.0/24)", {"ip": "192.0.2.1"}, True),
        ("s.net in (192.0.2.0/24)", {"ip": "198.51.100.1"}, False),
        ("s.n >= 5", {"n": "5"}, True),
        ("s.n >= 5", {"n": "five"}, False),
        ("s.port = https", {"port": 443}, True),
        ("s.flag = true", {"flag": True}, True),
        ("s.raw bcontains 6100", {"raw": "YQBi"}, True),
        ("s.l in (a, b)", {"l": ["a", "b"]}, True),
        ("s.l in (a, b)", {"l": ["a", "c"]}, False),
        ("s.l intersects (a, b)", {"l": ["a", "c"]}, True),
        ("len(s.l) = 2", {"l": ["a", "c"]}, True),
        ("s.text = val(s.other)", {"text": "a", "other": "a"}, True),
    ],
)
def test_conditions(folder: Path, condition: str, document: Any, expected: bool) -> None:
    source = described(
        folder,
        with_fields(
            "name: s.ip, pointer: /ip, type: ipaddr",
            "name: s.net, pointer: /ip, type: ipnet",
            "name: s.n, pointer: /n, type: uint64",
            "name: s.port, pointer: /port, type: port",
            "name: s.flag, pointer: /flag, type: bool",
            "name: s.raw, pointer: /raw, type: bytes, encoding: base64",
            "name: s.l, pointer: /l, list: true",
            "name: s.text, pointer: /text",
            "name: s.other, pointer: /other",
        ),
    )
    found = compiled(folder, source, rule("x", condition)).match(document, "s")
    assert bool(found) is expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("tolower(s.x) = a", "cannot be transformed"),
        ("s.y = val(s.x)", "compare"),
        ("s.x[a] = b", "takes no argument"),
        ("s.k = b", "needs an argument"),
        ("s.l[a] in (b)", "index"),
        ("s.l = b", "list"),
        ("s.z = b", "unknown field"),
    ],
)
def test_what_a_field_does_not_allow(folder: Path, condition: str, reason: str) -> None:
    source = described(
        folder,
        with_fields(
            "name: s.x, pointer: /x, transformable: no, comparable: no",
            "name: s.y, pointer: /y",
            "name: s.k, pointer: '/m/{argument}', argument: key",
            "name: s.l, pointer: /l, list: true, argument: index",
        ),
    )
    with pytest.raises(RulesError, match=reason):
        compiled(folder, source, rule("x", condition))


# --- time and documents -------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("s", TIME, NANOSECONDS),
        ("ms", "2026-03-02T10:30:00.5+01:00", NANOSECONDS + 500_000_000),
        ("s", 1_772_443_800, NANOSECONDS),
        ("s", "1772443800", NANOSECONDS),
        ("s", 1772443800.123456789, NANOSECONDS + 123_456_789),
        ("s", "1772443800.1234567891", NANOSECONDS + 123_456_789),
        ("ms", 1_772_443_800_001, NANOSECONDS + 1_000_000),
        ("us", 1_772_443_800_000_001, NANOSECONDS + 1000),
        ("ns", NANOSECONDS + 1, NANOSECONDS + 1),
        ("s", -1, -(10**9)),
        ("s", 0, 0),
        ("s", 253_402_300_799, 253_402_300_799 * 10**9),
        ("s", 253_402_300_800, "bad_time"),
        ("s", -62_135_596_801, "bad_time"),
        ("s", 2**64, "bad_time"),
        ("s", "1e300", "bad_time"),
        ("s", "1e-99999999999999999999", "bad_time"),
        ("s", "1e99999999999999999999", "bad_time"),
        ("s", "yesterday", "bad_time"),
        ("s", "2026-03-02 09:30:00", "bad_time"),
        ("s", None, "bad_time"),
        ("s", True, "bad_time"),
        ("s", [], "bad_time"),
    ],
)
def test_times(folder: Path, unit: str, value: Any, expected: Any) -> None:
    more = f"time: /a/0/t\ntime_unit: {unit}\n"
    source = described(folder, with_fields("name: s.x, pointer: /x", more=more))
    written = value if isinstance(value, str) and value[:2] == "1e" else json.dumps(value)
    if isinstance(value, float):
        written = "1772443800.123456789"
    events, rejected = source.documents.read(f'{{"a": [{{"t": {written}}}]}}')
    assert [e.time for e in events] + [r.reason for r in rejected] == [expected]
    ruleset = compiled(folder, source, rule("%evt.time %evt.datetime %evt.time.iso8601"))
    for alert in ruleset.match({"a": [{"t": value}]}, "s"):
        assert alert.text()
        assert json.loads(alert.json())["time"]


def test_without_a_time_it_is_now(folder: Path) -> None:
    source = described(folder, with_fields("name: s.x, pointer: /x"))
    ((event,), _) = source.documents.read({})
    assert event.time > NANOSECONDS - 365 * 24 * 3600 * 10**9


@pytest.mark.parametrize(
    ("events", "document", "expected"),
    [
        (None, {"x": 1}, ["1"]),
        (None, [{"x": 1}, {"x": 2}], ["1", "2"]),
        (None, [{"x": 1}, 5, {"x": 2}], ["1", "2", "not_object"]),
        (None, [], []),
        (None, "hello", ["not_json"]),
        (None, 5, ["not_object"]),
        (None, "5", ["not_object"]),
        (None, b'{"x": 1', ["not_json"]),
        (None, "[" * 20_000, ["too_deep"]),
        ("/Records", {"Records": [{"x": 1}, {"x": 2}]}, ["1", "2"]),
        ("/Records", {"Records": [{"x": 1}, None]}, ["1", "not_object"]),
        ("/Records", {"Records": {"x": 1}}, ["no_events"]),
        ("/Records", {"x": 1}, ["no_events"]),
        ("/Records", [{"x": 1}], ["1"]),
        ("/a/0/b", {"a": [{"b": [{"x": 1}]}]}, ["1"]),
    ],
)
def test_documents(folder: Path, events: str | None, document: Any, expected: list[str]) -> None:
    more = f"events: {events}\n" if events else ""
    source = described(folder, with_fields("name: s.x, pointer: /x", more=more))
    assert list(outcomes(source, document)) == expected


def outcomes(source: Source, document: Any) -> Iterator[str]:
    """Yield the field ``s.x`` of each event, and the reason for what is none."""
    try:
        events, rejected = source.documents.read(document)
    except EventError as error:
        yield error.reason
    else:
        yield from (extract(source.fields["s.x"], None, event) for event in events)
        yield from (each.reason for each in rejected)


def test_streams_of_documents(folder: Path) -> None:
    source = described(folder, with_fields("name: s.x, pointer: /x", more="time: /t\n"))
    stream = io.BytesIO(
        b'{"t": 0, "x": 1}\n\n{"t": 0,\n "x": 2}\nhello\n[{"t": 0}, {}]\n{"t": "?"}\n{"t": 0'
    )
    found = []
    for line, reading in source.documents.lines(stream):
        if isinstance(reading, EventError):
            found.append(f"{line}: {reading.reason}")
        else:
            found.append(f"{line}: {len(reading[0])} {[each.reason for each in reading[1]]}")
    assert found == [
        "1: 1 []",
        "3: 1 []",
        "5: not_json",
        "6: 1 ['no_time']",
        "7: 0 ['bad_time']",
        "8: not_json",
    ]


def test_events_are_numbered_through_a_run(folder: Path) -> None:
    source = described(folder, with_fields("name: s.x, pointer: /x", more="time: /t\n"))
    stream = io.BytesIO(b'{"t": 10}\n[{"t": 11}, {"t": 12}]\n')
    events = [e for _, (events, _) in source.documents.lines(stream) for e in events]  # type: ignore[misc]
    assert [(e.number, e.relative_time, e.source) for e in events] == [
        (1, 0, "s"),
        (2, 10**9, "s"),
        (3, 2 * 10**9, "s"),
    ]


# --- what is wrong with a description -----------------------------------------------

FINE: Final = "name: s.fine, pointer: /fine"


def mistakes(folder: Path, text: str) -> list[str]:
    """Return what is said about a description: place, kind, message and hint of each mistake."""
    with pytest.raises(RulesError) as caught:
        described(folder, text)
    assert all(d.file == str(folder / "source.yaml") for d in caught.value.diagnostics)
    return [
        f"{d.line}:{d.column} {d.kind}: {d.message}; {d.hint}" for d in caught.value.diagnostics
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("pointer: /x", "4:3 missing_key: field has no 'name'"),
        ("name: s.x", "4:3 missing_key: field has no 'pointer'"),
        ("name: x, pointer: /x", "4:10 bad_field_name: 'x' is no name of a field; words with dots"),
        ("name: s.fine, pointer: /x", "4:10 repeated_field: there is a field 's.fine' already"),
        ("name: evt.num, pointer: /x", "4:10 repeated_field: there is a field 'evt.num' already"),
        ("name: json.obj, pointer: /x", "4:10 repeated_field"),
        ("name: s.x, pointer: a.b", "4:24 bad_pointer: 'a.b' is no JSON pointer; write /a/b"),
        ("name: s.x, pointer: $.a", "4:24 bad_pointer: '$.a' is no JSON pointer; it begins with"),
        ("name: s.x, pointer: /a~b", "4:24 bad_pointer: '/a~b' has a '~' that means nothing"),
        ("name: s.x, pointer: ''", "4:24 empty_value"),
        ("name: s.x, pointer: [a]", "4:24 not_a_scalar"),
        ("name: s.x, pointer: '/a[]'", "4:25 bad_pointer: a pointer with [] is a list; add 'list"),
        ("name: s.x, pointer: '/a/[]/b', list: true", "4:25 bad_pointer: [] stands behind"),
        ("name: s.x, pointer: '/a[][]', list: true", "4:25 bad_pointer: [] stands behind"),
        ("name: s.x, pointer: '/a[]b', list: true", "4:25 bad_pointer: [] stands behind"),
        ("name: s.x, pointer: '/{argument}'", "4:25 bad_pointer: the pointer has {argument}, but"),
        ("name: s.x, pointer: '/a{argument}', argument: key", "4:25 bad_pointer: the pointer does"),
        ("name: s.x, pointer: '/a{argument}'", "4:25 bad_pointer: {argument} stands for a whole"),
        (
            "name: s.x, pointer: /m, argument: key",
            "4:24 bad_pointer: the pointer does not say where the argument goes; write /m/{arg",
        ),
        (
            "name: s.x, pointer: '/m/{argument}', list: true, argument: index",
            "4:25 bad_pointer: an index selects an element",
        ),
        (
            "name: s.x, pointer: /m, argument: index",
            "4:38 bad_choice: only a list has an index; add 'list: true'",
        ),
        (
            "name: s.x, pointer: /x, type: strin",
            "4:34 bad_choice: 'strin' is no type; did you mean",
        ),
        ("name: s.x, pointer: /x, type: zzz", "4:34 bad_choice: 'zzz' is no type; one of string"),
        ("name: s.x, pointer: /x, argument: keys", "4:38 bad_choice: 'keys' is no argument; did"),
        ("name: s.x, pointer: /x, list: maybe", "4:34 bad_scalar_type: 'maybe' is neither true"),
        ("name: s.x, pointer: /x, comparable: 1", "4:40 bad_scalar_type"),
        ("name: s.x, pointer: /x, encoding: hex", "4:38 bad_choice: only bytes have an encoding"),
        ("name: s.x, pointer: /x, type: bytes, encoding: rot13", "4:51 bad_choice: 'rot13' is no"),
        ("name: s.x, pointer: /x, format: octal", "4:36 bad_choice: only a single integer is"),
        (
            "name: s.x, pointer: /x, type: uint64, list: true, format: octal",
            "4:62 bad_choice: only a single integer is shown as octal",
        ),
        ("name: s.x, pointer: /x, typ: bool", "4:28 unknown_key: unknown key 'typ'; did you mean"),
        (
            "name: s.x, pointer: /x, zzz: bool",
            "4:28 unknown_key: unknown key 'zzz'; there are name",
        ),
        ("name: s.x, pointer: /x, name: s.y", "4:28 repeated_key: 'name' is written twice"),
        ("name: s.x, pointer: /x, [a]: b", "4:28 unknown_key"),
    ],
)
def test_mistakes_in_a_field(folder: Path, field: str, expected: str) -> None:
    (found,) = mistakes(folder, with_fields(FINE, field))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 not_a_map: the file describes no event source"),
        ("~", "1:1 not_a_map"),
        ("- a", "1:1 not_a_map"),
        ("a: b\n---\nc: d", "1:1 not_a_map"),
        ("source: [", "1:10 yaml_syntax"),
        ("source: a\0", "1:10 yaml_syntax: a NUL character"),
        (f"fields: [{{{FINE}}}]", "1:1 missing_key: event source has no 'source'"),
        ("source: s", "1:1 missing_fields: an event source needs 'fields'"),
        ("source: s\nfields: []", "2:9 missing_fields"),
        ("source: s\nfields: {a: b}", "2:9 missing_fields"),
        ("source: s\nfields: [a]", "2:10 not_a_map: a field is a mapping"),
        (with_fields(FINE).replace("s\n", "1s\n", 1), "1:9 bad_source_name: '1s' is no name"),
        (
            with_fields(FINE).replace("s\n", "k8s_audit\n", 1),
            "1:9 bad_source_name: 'k8s_audit' is built in",
        ),
        (with_fields(FINE, more="tim: /t\n"), "2:1 unknown_key: unknown key 'tim'; did you mean"),
        (with_fields(FINE, more="time: t\n"), "2:7 bad_pointer: 't' is no JSON pointer; write /t"),
        (with_fields(FINE, more='time: "/t[]"\n'), "2:8 bad_pointer: 'time' leads to one place"),
        (with_fields(FINE, more='events: "/e[]"\n'), "2:10 bad_pointer: 'events' leads to one"),
        (with_fields(FINE, more="time_unit: m\n"), "2:12 bad_choice: 'm' is no time_unit; did"),
        (with_fields(FINE, more="source: t\n"), "2:1 repeated_key: 'source' is written twice"),
    ],
)
def test_mistakes_in_a_source(folder: Path, text: str, expected: str) -> None:
    (found,) = mistakes(folder, text)
    assert found.startswith(expected)


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    text = with_fields("name: x", FINE, "name: s.y, pointer: y, type: no", more="time: t\nx: y\n")
    assert [each.split(":")[0] for each in mistakes(folder, text)] == ["2", "3", "5", "5", "7", "7"]


@pytest.mark.parametrize("path", ["missing.yaml", "."])
def test_what_is_no_file(folder: Path, path: str) -> None:
    with pytest.raises(RulesError, match=r"cannot read|not by a directory"):
        Source.from_yaml(path)


# --- rules about it -----------------------------------------------------------------

TWO: Final = {
    "a": "source: a\ntime: /t\nfields: [{name: a.x, pointer: /x}]\n",
    "b": "source: b\nevents: /all\nfields: [{name: b.x, pointer: /y, type: uint64}]\n",
}


def test_several_sources_side_by_side(folder: Path) -> None:
    sources = [described(folder, text, f"{name}.yaml") for name, text in TWO.items()]
    rules = rule("%a.x", name="A", source="a") + rule("%b.x", name="B", source="b")
    rules += rule("%ka.verb", name="K", source="k8s_audit")
    (folder / "rules.yaml").write_text(rules)
    ruleset = compile_ruleset(folder / "rules.yaml", sources=[*sources, "k8s_audit"])
    assert ruleset.sources == ("a", "b", "k8s_audit")
    assert [a.output for a in ruleset.match({"t": TIME, "x": 1}, "a")] == [
        "09:30:00.000000000: Informational 1"
    ]
    assert [a.message for a in ruleset.match({"all": [{"y": 2}, {"y": "x"}]}, "b")] == ["2", "<NA>"]
    assert [a.message for a in ruleset.match(audit_event(verb="get"), "k8s_audit")] == ["get"]
    (folder / "rules.yaml").write_text(rule("%b.x", "a.x = 1", source="b"))
    with pytest.raises(RulesError, match=r"unknown field 'a\.x'"):
        compile_ruleset(folder / "rules.yaml", sources=sources)


def test_a_source_that_is_not_known_is_warned_about(folder: Path) -> None:
    source = described(folder, TWO["a"])
    ruleset = compiled(
        folder, source, rule("%b.x", source="b") + rule("%a.x", name="A", source="a")
    )
    assert [each.code for each in ruleset.warnings] == ["LOAD_UNKNOWN_SOURCE"]
    assert [each.name for each in ruleset.rules] == ["A"]
    with pytest.raises(KeyError, match="no event source 'b'"):
        ruleset.match({}, "b")


BARE: Final = """\
import sys
from built import ruleset
(alert,) = ruleset.match('{"t": "2026-03-02T09:30:00Z", "x": "v", "l": [{"n": 1}]}', source="s")
print(alert.output, alert.source)
print(*sorted({"lark", "yaml", "rulec.api", "rulec.source_files"} & set(sys.modules)))
"""


def test_a_built_module_needs_no_description(folder: Path) -> None:
    fields = ("name: s.x, pointer: /x", "name: s.n, pointer: '/l[]/n', list: true, type: uint64")
    source = described(folder, with_fields(*fields, more="time: /t\n"))
    (folder / "rules.yaml").write_text(rule("%s.x %s.n", "s.n intersects (1, 2)"))
    built = build(folder / "rules.yaml", sources=[source])
    (folder / "built.py").write_text(built.code)
    for path in (folder / "source.yaml", folder / "rules.yaml"):
        path.unlink()
    (folder / "bare.py").write_text(BARE)
    done = subprocess.run(
        [sys.executable, "bare.py"],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout == "09:30:00.000000000: Informational v (1) s\n\n"
    again = pickle.loads(pickle.dumps(execute(built.code)))
    assert again.match({"t": TIME, "x": "v", "l": [{"n": 1}]}, "s")


def test_the_order_of_fields_does_not_change_the_module(folder: Path) -> None:
    fields = ("name: s.x, pointer: /x", "name: s.y, pointer: /y")
    rules = folder / "rules.yaml"
    rules.write_text(rule("%s.y %s.x", "s.x = 1 or s.y = 2"))
    codes = {
        build(rules, sources=[described(folder, with_fields(*order))]).code
        for order in (fields, fields[::-1])
    }
    assert len(codes) == 1


# --- what is compiled is what is meant ------------------------------------------------

FIELDS: Final = (
    "name: s.text, pointer: /a/b",
    "name: s.number, pointer: /a/n, type: uint64",
    "name: s.double, pointer: /a/n, type: double",
    "name: s.bool, pointer: /a/b, type: bool",
    "name: s.ip, pointer: /a/b, type: ipaddr",
    "name: s.hex, pointer: /a/b, type: bytes, encoding: hex",
    "name: s.base64, pointer: /b, type: bytes, encoding: base64",
    "name: s.port, pointer: /n, type: port, list: true",
    "name: s.list, pointer: '/a[]', list: true, argument: index",
    "name: s.deep, pointer: '/a[]/b[]/n', list: true, argument: required index",
    "name: s.key, pointer: '/a/{argument}', argument: key",
    "name: s.keys, pointer: '/a[]/{argument}', argument: optional, list: true",
)
ARGUMENT_TEXTS: Final = {
    Argument.NONE: (None,),
    Argument.INDEX: (None, "0", "1"),
    Argument.REQUIRED_INDEX: ("0", "1"),
    Argument.KEY: ("a", "b", "n", ""),
    Argument.OPTIONAL: (None, "a", "b"),
}

scalars = (
    st.none() | st.booleans() | st.integers(-3, 70_000) | st.floats() | st.integers()
) | st.sampled_from(["", "a", "true", "12", "61", "YQ==", "192.0.2.1", "::1", "\ud800", "é", "\0"])
documents = st.dictionaries(
    st.sampled_from(["a", "b", "n", ""]),
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "n", ""]), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Source, Ruleset, list[str]]:
    """Return a source, a ruleset that reports all of its fields, and their names there."""
    folder = tmp_path_factory.mktemp("everything")
    source = described(folder, with_fields(*FIELDS))
    own = [field for field in source.fields.values() if field.name.startswith("s.")]
    names = [
        field.name if argument is None else f"{field.name}[{argument}]"
        for field in own
        for argument in ARGUMENT_TEXTS[field.argument]
        if argument != ""
    ]
    ruleset = compiled(folder, source, rule(" ".join(f"%{name}" for name in names)))
    return source, ruleset, names


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(document=documents)
def test_compiled_fields_hold_what_the_description_means(
    everything: tuple[Source, Ruleset, list[str]], document: dict[str, Any]
) -> None:
    source, ruleset, names = everything
    ((event,), _) = source.documents.read(document)
    (alert,) = ruleset.matcher("s").match(event)
    for name in names:
        plain, _, rest = name.partition("[")
        value = extract(source.fields[plain], rest.removesuffix("]") if rest else None, event)
        assert alert.output_fields[name] == reported(value), name
    assert "\n" not in alert.text()
    json.loads(alert.json())


def reported(value: Any) -> Any:
    """Return a value as alerts report it: what JSON has no form for is text."""
    if isinstance(value, tuple):
        return tuple(map(reported, value))
    if isinstance(value, bytes):
        return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


# --- the command line ---------------------------------------------------------------


def rulec(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def commands_folder(folder: Path) -> Path:
    """Make a folder with the descriptions, rules about them and events."""
    for name, text in TWO.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "rules").mkdir()
    (folder / "rules" / "a.yaml").write_text(rule("x=%a.x", name="A", source="a"))
    (folder / "events.jsonl").write_text(f'{{"t": "{TIME}", "x": "v"}}\n{{"x": 1}}\n')
    return folder


ALERT: Final = "09:30:00.000000000: Informational x=v\n"


@pytest.mark.usefixtures("commands_folder")
def test_run() -> None:
    found = rulec("run", "--source-file", "a.yaml", "-r", "rules", "events.jsonl")
    assert (found.exit_code, found.stdout) == (0, ALERT)
    assert "events.jsonl:2: there is nothing at /t" in found.stderr
    assert found.stderr.endswith("1 event, 1 alert, 1 skipped (no_time 1)\n")


@pytest.mark.usefixtures("commands_folder")
def test_run_a_module_that_was_built() -> None:
    for module in ("built.py", "built.pyc"):
        found = rulec("build", "rules", "--source-file", "a.yaml", "-o", module)
        assert found.exit_code == 0, found.output
        assert rulec("run", "-q", "-r", module, "events.jsonl").stdout == ALERT
        assert [source.name for source in load(Path(module)).own_sources] == ["a"]
    found = rulec("run", "-r", "built.py", "--source-file", "a.yaml", "events.jsonl")
    assert found.exit_code != 0


@pytest.mark.usefixtures("commands_folder")
def test_check_and_fields() -> None:
    assert "LOAD_UNKNOWN_SOURCE" in rulec("check", "rules").stdout
    found = rulec("check", "rules", "--source-file", "a.yaml")
    assert (found.exit_code, found.stdout) == (0, "rules/a.yaml: Ok\n")
    both = ("--source-file", "a.yaml", "--source-file", "b.yaml")
    assert "\na.x  CHARBUF\n" in rulec("fields", "a", *both).stdout
    assert "| `b.x` | UINT64 |  |" in rulec("fields", "b", *both, "--format", "markdown").stdout
    names = [
        json.loads(line)["name"]
        for line in rulec("fields", "b", *both, "--format", "json").stdout.splitlines()
    ]
    assert "b.x" in names
    assert "evt.num" in names


@pytest.mark.usefixtures("commands_folder")
def test_a_wrong_description_is_told_like_wrong_rules() -> None:
    Path("a.yaml").write_text("source: a\n")
    for command in (
        ["run", "-r", "rules", "events.jsonl"],
        ["check", "rules"],
        ["build", "rules", "-o", "x.py"],
        ["fields"],
    ):
        found = rulec(*command, "--source-file", "a.yaml")
        assert found.exit_code == 2
        assert "a.yaml:1:1: LOAD_ERR_YAML_VALIDATE: an event source needs 'fields'" in found.output


# --- the page and its example -------------------------------------------------------


def test_the_page_shows_what_the_example_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TZ", "UTC")
    run = next(c for b in blocks(PAGE) if b.language == "console" for c in commands(b))
    found = rulec(*run[0].split()[1:])
    assert found.exit_code == 0
    alerts, said = found.stdout, found.stderr
    assert alerts
    assert agrees(alerts + said, run[1])


def test_the_page_shows_parts_of_the_example() -> None:
    whole = yaml.safe_load((SAMPLE / "source.yaml").read_text())
    shown_source, shown_rules = [
        yaml.safe_load(block.content) for block in blocks(PAGE) if block.language == "yaml"
    ][:2]
    assert [each for each in shown_source["fields"] if each not in whole["fields"]] == []
    assert {k: v for k, v in whole.items() if k != "fields"} == {
        k: v for k, v in shown_source.items() if k != "fields"
    }
    rules = yaml.safe_load((SAMPLE / "rules.yaml").read_text())
    assert [each for each in shown_rules if each not in rules] == []


def test_the_page_has_every_key_type_and_word() -> None:
    text = PAGE.read_text("utf-8")
    for word in (*SOURCE_KEYS, *FIELD_KEYS, *FORMS, *ARGUMENTS):
        assert f"`{word}`" in text, word
    for word in TYPE_NAMES:
        assert word.isupper() or f"`{word}`" in text, word


def test_every_rule_of_the_example_alerts() -> None:
    source = Source.from_yaml(SAMPLE / "source.yaml")
    ruleset = compile_ruleset(SAMPLE / "rules.yaml", sources=[source])
    assert ruleset.warnings == ()
    with (SAMPLE / "events.jsonl").open("rb") as stream:
        events = [json.loads(line) for line in stream]
    assert {alert.rule for _, alert in ruleset.match_many(events, "cloudtrail")} == {
        each.name for each in ruleset.rules
    }


def test_the_example_is_invented() -> None:
    text = (SAMPLE / "events.jsonl").read_text("utf-8")
    assert set(re.findall(r"\b\d{12}\b", re.sub(r"-\d{12}\b", "", text))) == {"123456789012"}
    documented = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    for event in map(json.loads, text.splitlines()):
        address = event.get("sourceIPAddress", "192.0.2.1")
        if not address.endswith(".amazonaws.com"):
            assert ip_address(address)
            assert address.startswith(documented)
