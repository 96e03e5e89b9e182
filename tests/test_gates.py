"""Gates leave out rules that cannot match, and never another one."""

import itertools
import json
from typing import Any

import pytest
from compiling import compile_condition
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event

from rulec.api import build_files
from rulec.event_types import event_types
from rulec.gates import gate, gates
from rulec.nodes import Condition, Const, Loaded
from rulec.parse import parse_condition
from rulec.passes import simplify
from rulec.runtime.events import Event
from rulec.runtime.fields import MISSING
from rulec.runtime.gate import Alike, Gate
from rulec.runtime.jsontext import text as text_of
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import File, Text
from rulec.type_gates import TypeGates, type_gates

AUDIT = SOURCES["k8s_audit"]

CHECKS = (
    "ka.verb = create",
    "ka.verb in (get, list)",
    "ka.verb != delete",
    "ka.verb exists",
    'ka.user.name startswith "system:"',
    "ka.user.name contains admin",
    "ka.user.name in (root, system:admin)",
    "ka.target.resource = pods",
    "ka.uri startswith /api",
    "ka.req.pod.host_network = true",
    "ka.target.name glob '*-db'",
)
VERBS = (None, "create", "get", "delete", "patch")
USERS = (None, "root", "system:admin", "system:node:a", "administrator", "u")


def conditions(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return st.sampled_from(CHECKS)
    inner = conditions(depth - 1)
    pair = st.tuples(inner, st.sampled_from(("and", "or")), inner)
    return inner | pair.map(lambda p: f"({p[0]} {p[1]} {p[2]})") | inner.map("not ({})".format)


def rules(texts: list[str]) -> str:
    return "".join(
        f"- rule: r{number}\n  desc: d\n  condition: >\n    {text}\n  output: o\n"
        "  priority: INFO\n  source: k8s_audit\n"
        for number, text in enumerate(texts)
    )


def events() -> list[dict[str, Any]]:
    found = []
    for verb, user in itertools.product(VERBS, USERS):
        event = audit_event(objectRef={"resource": "pods", "name": "orders-db"})
        event.pop("verb", None)
        event.pop("user", None)
        found.append(event)
        if verb is not None:
            event["verb"] = verb
        if user is not None:
            event["user"] = {"username": user}
    return found


EVENTS = events()

CALLS = SOURCES["syscall"]
TYPED = (
    "evt.type = open",
    "evt.type in (open, openat, close)",
    "evt.type != close",
    "evt.type exists",
    "proc.name = cat",
)


def typed_conditions(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return st.sampled_from(TYPED)
    inner = typed_conditions(depth - 1)
    pair = st.tuples(inner, st.sampled_from(("and", "or")), inner)
    return inner | pair.map(lambda p: f"({p[0]} {p[1]} {p[2]})") | inner.map("not ({})".format)


@given(st.lists(conditions(3), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_rules_match_together_as_they_do_alone(texts: list[str]) -> None:
    built = execute(build_files([File("r.yaml", rules(texts))], rule_matching="all").code)
    alone = [execute(build_files([File("r.yaml", rules([text]))]).code) for text in texts]
    for event in EVENTS:
        together = [alert.rule for alert in built.match(event, "k8s_audit")]
        expected = [f"r{n}" for n, each in enumerate(alone) if each.match(event, "k8s_audit")]
        assert together == expected


def checked(text: str, source: EventSource = AUDIT) -> Condition:
    return simplify(compile_condition(text, source).checked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ka.verb = create and ka.uri contains x", "ka.verb = create"),
        ("ka.uri contains x", None),
        ("not ka.uri contains x", None),
        ("ka.verb = create or ka.uri contains x", None),
        ("not (ka.verb = create or ka.uri contains x)", "not ka.verb = create"),
        ("not (ka.verb = create and ka.uri contains x)", None),
        ("ka.verb startswith oneof (c, x)", "ka.verb startswith oneof (c, x)"),
    ],
)
def test_a_gate_is_what_a_condition_says_about_the_keys(text: str, expected: str | None) -> None:
    verb = Loaded(AUDIT.fields["ka.verb"])
    assert gate(checked(text), [verb]) == (Const(True) if expected is None else checked(expected))


def test_key_fields_come_from_the_rules() -> None:
    rules = ("ka.verb = a and ka.stage = s", "ka.verb = b and ka.stage = s and ka.uri = x")
    found = gates([checked(rule) for rule in rules])
    assert found is not None
    keys = {key.value.field.name: key.constants for key in found.keys}
    assert keys == {"ka.verb": ("a", "b"), "ka.stage": ("s",)}


def test_a_rule_with_one_key_field_gets_another() -> None:
    rules = (
        "ka.verb = a and ka.stage = s",
        "ka.verb = b and ka.stage = s",
        "ka.uri = x and ka.verb = c",
    )
    found = gates([checked(rule) for rule in rules])
    assert found is not None
    assert [key.value.field.name for key in found.keys] == ["ka.verb", "ka.stage", "ka.uri"]


def test_where_rules_have_no_field_in_common_there_are_no_gates() -> None:
    assert gates([checked("ka.verb = a"), checked("ka.uri = b")]) is None


# --- by type ----------------------------------------------------------------------


def of_types(*conditions: str) -> TypeGates:
    return type_gates([checked(each, CALLS) for each in conditions], CALLS.fields["evt.type"])


@pytest.mark.parametrize(
    ("condition", "types", "others"),
    [
        ("evt.type = open", {"open": True}, False),
        ("evt.type in (open, openat) and fd.num > 1", {"open": True, "openat": True}, False),
        ("evt.type = open or fd.num > 1", {}, True),
        (
            "evt.type = open or (evt.type = close and fd.num > 1)",
            {"open": True, "close": True},
            False,
        ),
        ("evt.type != open", {"open": False, None: False}, True),
        ("not evt.type = open", {"open": False}, True),
        ("not evt.type in (open, close)", {"open": False, "close": False}, True),
        ("evt.type exists", {None: False}, True),
        ("not evt.type exists", {None: True}, False),
        ("evt.type = open and evt.type = close", {}, False),
        ("evt.type = oneof (open, openat)", {"open": True, "openat": True}, False),
        ("evt.type startswith open", {}, True),  # that is left to the rule
        ("fd.num > 1", {}, True),
        ("syscall.type = open", {}, True),
    ],
)
def test_the_types_that_a_rule_is_about(
    condition: str, types: dict[str | None, bool], others: bool
) -> None:
    found = of_types(condition)
    assert {type_: bool(numbers) for type_, numbers in found.types.items()} == types
    assert bool(found.others) is others


def test_a_table_has_what_some_rule_names() -> None:
    found = of_types("evt.type = open", "fd.num > 1", "evt.type in (open, close)")
    assert found.types == {"open": (0, 1, 2), "close": (1, 2)}
    assert found.others == (1,)
    always = Const(True)
    assert found.bodies == (always, checked("fd.num > 1", CALLS), always)


@given(st.lists(typed_conditions(2), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_what_a_gate_and_the_inference_of_types_say_agrees(texts: list[str]) -> None:
    found = of_types(*texts)
    for number, text in enumerate(texts):
        inferred = event_types(parse_condition(Text.of(text))).among(CALLS.event_types)
        opened = {t for t in CALLS.event_types if number in found.types.get(t, found.others)}
        assert opened == inferred, text


def test_what_is_looked_up_is_remembered_by_class() -> None:
    asked: list[tuple[str | None, ...]] = []

    def candidates(*values: str | None) -> tuple[int, ...]:
        asked.append(values)
        return (len(asked),)

    def class_of(value: str | None) -> tuple[Any, ...]:
        return (value if value is None or value == "a" else (value.startswith("s"),),)

    gate = Gate(lambda data, audit: (data.get("v"),), class_of, candidates)
    values = ["a", "b", "c", "sa", "sb", None, "a", "b"]
    found = [gate(Event({"v": value}, 0)) for value in values]
    assert found == [(1,), (2,), (2,), (3,), (3,), (4,), (1,), (2,)]
    assert asked == [("a",), ("b",), ("sa",), (None,)]


@pytest.mark.parametrize("count", [3, 4, 9])
def test_many_beginnings_are_told_apart(count: int) -> None:
    texts = [
        f'ka.verb = get and ka.user.name startswith "team-{n}" and not ka.user.name contains x'
        for n in range(count)
    ]
    texts.append("ka.verb = get and not ka.user.name startswith team-1 and ka.user.name exists")
    built = execute(build_files([File("r.yaml", rules(texts))], rule_matching="all").code)
    matcher = built.matcher("k8s_audit")
    for _ in range(10):  # what comes again is remembered at some time
        for user in (*(f"team-{n}-a" for n in range(10)), "team-1x", "team-", "other", "", None):
            event = audit_event(verb="get", **({} if user is None else {"user": user}))
            if user is None:
                event["user"] = {}
            expected = [f"r{n}" for n in range(count) if user and user.startswith(f"team-{n}")]
            expected = [] if user and "x" in user else expected
            if user is not None and not user.startswith("team-1"):
                expected.append(f"r{count}")
            for document in (event, json.dumps(event).encode()):
                assert [rule.name for rule in matcher.matches(document)] == expected


def test_the_tables_are_bounded() -> None:
    gate = Gate(lambda data, audit: (data,), lambda value: (), lambda value: ())
    for number in range(20_000):
        gate.look_up((str(number),))
    assert len(gate.known) <= 8192
    assert len(gate._by_class) == 1
    alike = Alike(len)
    found = {alike[str(number)] for number in range(20_000)}
    assert len(alike) <= 8192
    assert found == {"0", "10", "100", "1000", "10000"}
    assert (alike[None], alike[MISSING], alike[5]) == (None, MISSING, 5)


def test_equal_values_with_other_texts_are_told_apart() -> None:
    gate = Gate(lambda data, audit: (data["v"],), lambda *key: key, lambda *key: key)  # type: ignore[arg-type, return-value]
    for value, text in ((1, "1"), (True, "true"), (0, "0"), (False, "false"), (200, "200")) * 2:
        assert gate.look_up((value,)) == (text,)
    for data in (200, [1], {"a": 1}):
        assert gate(Event({"v": data}, 0)) == gate.look_up((data,)) == (text_of(data),)
    # What decoders give is no float, but a caller's object may be one.
    assert gate(Event({"v": 200.0}, 0)) == ("200.0",)
