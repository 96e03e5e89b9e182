"""Gates leave out rules that cannot match, and never another one."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from compiling import compile_condition
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event

from rulec.api import build_files
from rulec.gates import gate, gates
from rulec.nodes import Condition, Const, Loaded
from rulec.passes import simplify
from rulec.runtime.events import Event
from rulec.runtime.gate import Gate, Key
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES
from rulec.text import File

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


@given(st.lists(conditions(3), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_same_rules_match_with_and_without_gates(texts: list[str]) -> None:
    built = execute(build_files([File("r.yaml", rules(texts))], rule_matching="all").code)
    without = replace(built, gates={})
    for event in EVENTS:
        with_gates = [alert.rule for alert in built.match(event, "k8s_audit")]
        assert with_gates == [alert.rule for alert in without.match(event, "k8s_audit")]


def checked(text: str) -> Condition:
    return simplify(compile_condition(text, AUDIT).checked)


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
    found = gates([checked("ka.verb = a and ka.uri = x"), checked("ka.verb = b and ka.stage = s")])
    assert found is not None
    (key,) = found.keys
    assert (key.value.field.name, key.constants) == ("ka.verb", ("a", "b"))
    assert gates([checked("ka.verb = a"), checked("ka.uri = b")]) is None


def test_what_is_looked_up_is_remembered_by_class() -> None:
    asked: list[tuple[str | None, ...]] = []

    def candidates(*values: str | None) -> tuple[int, ...]:
        asked.append(values)
        return (len(asked),)

    key = Key(frozenset({"a"}), lambda value: (value.startswith("s"),))
    looked_at = Gate(lambda event: (event.data["v"],), (key,), candidates)
    values = ["a", "b", "c", "sa", "sb", None, "a", "b"]
    found = [looked_at(Event({"v": value}, 0)) for value in values]
    assert found == [(1,), (2,), (2,), (3,), (3,), (4,), (1,), (2,)]
    assert asked == [("a",), ("b",), ("sa",), (None,)]


def test_the_tables_are_bounded() -> None:
    looked_at = Gate(lambda event: (event.data,), (Key(frozenset()),), lambda value: ())
    for number in range(20_000):
        looked_at(Event(str(number), 0))
    assert len(looked_at._by_key) <= 8192
    assert len(looked_at._by_class) == 1
