"""What is claimed of two conditions: on examples, and on random events."""

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from compiling import NO_MANIFEST, planned
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import Author, Draw, events_for
from synthetic import SOURCE as TEST

from rulec.check import check
from rulec.difference.parts import parts
from rulec.difference.proof import Relation, apart, never, relation
from rulec.difference.solver import contradictory
from rulec.emit import emit
from rulec.layout import layout
from rulec.nodes import (
    And,
    Condition,
    Const,
    Constant,
    Not,
    OneOf,
    Or,
    rebuild,
)
from rulec.nodes import Test as Asked
from rulec.parse import parse_condition
from rulec.passes.fold import fold
from rulec.plan import CheckedRule, Output
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import Text

AUDIT = SOURCES["k8s_audit"]
CALLS = SOURCES["syscall"]
FUZZ = int(os.environ.get("RULEC_FUZZ", "0"))


def read(text: str, source: EventSource = AUDIT) -> Condition:
    checked = check(parse_condition(Text.of(text)), source)
    assert not checked.problems, checked.problems[0]
    return checked.condition


# --- the solver ---------------------------------------------------------------------------


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(
    st.lists(
        st.lists(st.integers(1, 5).flatmap(lambda n: st.sampled_from((n, -n))), max_size=4),
        max_size=24,
    )
)
def test_contradictions_are_found_and_no_others(clauses: list[list[int]]) -> None:
    def holds(values: int) -> bool:
        return all(any((values >> abs(n) & 1) == (n > 0) for n in clause) for clause in clauses)

    possible = any(holds(values) for values in range(0, 64, 2))
    assert contradictory([tuple(clause) for clause in clauses]) is not possible


def test_what_takes_too_long_is_not_claimed() -> None:
    # Six pigeons in five holes: each pair of pigeons has to be tried in each hole.
    at = {(p, h): 1 + p * 5 + h for p in range(6) for h in range(5)}
    clauses = [tuple(at[p, h] for h in range(5)) for p in range(6)]
    clauses += [(-at[p, h], -at[q, h]) for h in range(5) for p in range(6) for q in range(p + 1, 6)]
    assert contradictory(clauses)
    assert not contradictory(clauses, effort=500)


# --- examples -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("ka.verb = get", "ka.verb in (get)", "same"),
        ("ka.verb = get", "ka.verb in (get, list)", "wider"),
        ("ka.verb in (get, list, watch)", "ka.verb in (list, get)", "narrower"),
        ("ka.verb in (get, list)", "ka.verb = list or ka.verb = get", "same"),
        ("ka.verb = get", "ka.verb = list", "changed"),
        ("ka.verb = get and ka.stage = x", "ka.verb = get", "wider"),
        ("not ka.verb = get", "not ka.verb in (get, list)", "narrower"),
        # A missing value makes a test false, so these are not the same.
        ("not ka.verb = get", "ka.verb != get", "narrower"),
        ("ka.verb exists and not ka.verb = get", "ka.verb != get", "same"),
        ("ka.verb = get or ka.stage = x", "ka.stage = x or ka.verb = get", "same"),
        ("ka.verb = get and ka.verb = list", "ka.stage = x", "wider"),
        ("ka.verb = get", "ka.verb exists", "wider"),
        ("ka.name startswith kube-sys", "ka.name startswith kube", "wider"),
        ("ka.name startswith kube", "ka.name contains ube", "wider"),
        ("ka.name contains UBE", "ka.name icontains ube", "wider"),
        ("ka.name endswith .yaml", "ka.name contains yam", "wider"),
        ("ka.name in (kube-a, kube-b)", "ka.name startswith kube-", "wider"),
        ("ka.name startswith kube-", "ka.name startswith kube- or ka.name = kube-x", "same"),
        ("ka.name startswith a and ka.name startswith b", "ka.verb = x", "wider"),
        ("ka.name glob a* and ka.verb = x", "ka.name glob a*", "wider"),
        ("ka.name glob a*", "ka.name glob *", "changed"),
        ("ka.name in (ab, ac)", "ka.name glob a*", "wider"),
        ("ka.user.groups intersects (a)", "ka.user.groups intersects (a, b)", "wider"),
        (
            "ka.user.groups intersects (a) or ka.user.groups intersects (b)",
            "ka.user.groups intersects (b, a)",
            "same",
        ),
        ("ka.user.groups in (a)", "ka.user.groups in (a, b)", "wider"),
        ("ka.user.groups in (a)", "ka.user.groups intersects (a, b)", "wider"),
        ("ka.user.groups intersects (a)", "ka.user.groups in (a)", "narrower"),
        ("ka.verb = get", "ka.verb = get and not ka.name in (x)", "narrower"),
        ("ka.verb pmatch (/etc/ssh)", "ka.verb pmatch (/etc, /var)", "wider"),
        ("ka.verb = val(ka.name)", "ka.verb exists", "wider"),
        ("ka.response.code in (1:5)", "ka.response.code in (1:5, 7:9)", "wider"),
    ],
)
def test_audit_conditions(old: str, new: str, expected: str) -> None:
    old, new = (text.replace("ka.name", "ka.target.name") for text in (old, new))
    assert relation(read(old), read(new)).value == expected
    turned = {"wider": "narrower", "narrower": "wider"}
    assert relation(read(new), read(old)).value == turned.get(expected, expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("fd.num < 3", "fd.num < 5", "wider"),
        ("fd.num < 3", "fd.num <= 3", "wider"),
        ("fd.num < 3", "fd.num < 3 and fd.num < 9", "same"),
        ("fd.num < 3 and fd.num > 5", "proc.name = x", "wider"),
        ("fd.num exists", "fd.num < 3 or fd.num >= 3", "same"),
        ("fd.num = 2", "fd.num < 3", "wider"),
        ("fd.snet = 10.1.0.0/16", "fd.snet = 10.0.0.0/8", "wider"),
        ("fd.snet in (10.1.0.0/16)", "fd.snet in (192.168.0.0/16, 10.1.0.0/16)", "wider"),
        ("proc.aname = bash", "proc.aname in (bash, sh)", "wider"),
        ("proc.name = x and evt.num = 0", "proc.name = y", "wider"),
    ],
)
def test_conditions_about_system_calls(old: str, new: str, expected: str) -> None:
    assert relation(read(old, CALLS), read(new, CALLS)).value == expected


def test_long_lists_are_compared() -> None:
    names = [f"name-{number}" for number in range(3000)]
    old = f"ka.verb = get and not ka.target.name in ({', '.join(names)})"
    new = f"ka.verb = get and not ka.target.name in ({', '.join([*names[::-1], 'one-more'])})"
    assert relation(read(old), read(new)) is Relation.NARROWER


def test_lists_beyond_all_measure_take_no_longer() -> None:
    """Nothing is proven of them, and nothing is tried."""
    items = ", ".join(map(str, range(12_000)))
    tests = " or ".join(f"fd.name in ({items}, x{n})" for n in range(3))
    one = read(f"evt.type = open and ({tests})", CALLS)
    many = " or ".join(f"fd.name contains x{n}" for n in range(350))
    other = read(f"evt.type = open and ({tests} or {many})", CALLS)
    assert relation(one, other) is Relation.WIDER  # their parts are the same
    assert not apart(read(many, CALLS), read(f"fd.name in ({items})", CALLS))


def test_never_and_apart() -> None:
    assert never(read("ka.verb = a and ka.verb = b"))
    assert not never(read("ka.verb = a"))
    assert apart(read("ka.verb = a and ka.stage = x"), read("ka.verb in (b, c)"))
    assert not apart(read("ka.verb = a"), read("ka.stage = a"))


# --- whatever is claimed holds --------------------------------------------------------------


@st.composite
def pairs(draw: Draw, source: EventSource) -> tuple[Condition, Condition, tuple[Any, ...]]:
    """Draw a condition, one like it or another one, and events for both."""
    author = Author(draw, source)
    leaves: list[Condition] = [Const(True), Const(False)]
    known: list[Any] = []
    for _ in range(draw(st.integers(1, 5))):
        left = author.one_of(known).left if known and author.chance(75) else None
        known.append(author.another_check(left))
    leaves += [check(leaf, source).condition for leaf in known] * 2
    old = _tree(author, leaves, 3)
    new = _varied(author, old, leaves) if author.chance(85) else _tree(author, leaves, 3)
    return old, new, events_for(draw, source, (old, new), 8)


def _tree(author: Author, leaves: list[Condition], depth: int) -> Condition:
    if depth == 0 or author.chance(25):
        return author.one_of(leaves)
    kind = author.one_of((And, Or, Not, And, Or, OneOf))
    if kind is Not:
        return Not(_tree(author, leaves, depth - 1))
    count = author.draw(st.integers(1, 3))
    return kind(tuple(_tree(author, leaves, depth - 1) for _ in range(count)))


def _varied(author: Author, node: Condition, leaves: list[Condition]) -> Condition:
    """Change a condition at one place or at a few."""
    match node:
        case And(operands) | Or(operands) if author.chance(40):
            kept = list(operands)
            if kept and author.chance(50):
                kept.pop(author.draw(st.integers(0, len(kept) - 1)))
            else:
                kept.insert(0, author.one_of(leaves))
            return replace(node, operands=tuple(kept))
        case Asked(_, _, Constant(tuple() as items) as operand) if items and author.chance(60):
            less = items[: author.draw(st.integers(0, len(items) - 1))]
            return replace(node, operand=replace(operand, value=less))
        case Asked() if author.chance(40):
            other = author.one_of(leaves)
            return author.one_of((other, And((node, other)), Or((node, other))))
        case _:
            return rebuild(node, lambda part: _varied(author, part, leaves))


SEEN: Counter[tuple[str, Relation]] = Counter()


@pytest.mark.fuzz
@pytest.mark.parametrize("source", [TEST, AUDIT, CALLS], ids=lambda source: source.name)
def test_claims_hold_on_random_events(source: EventSource) -> None:
    span = Text.of("(made up)").span(0)
    nothing = Output((), ())

    @settings(
        max_examples=max(150, FUZZ // 20),
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(pairs(source))
    def agree(case: tuple[Condition, Condition, tuple[Any, ...]]) -> None:
        old, new, events = case
        found = relation(old, new)
        effects = {part.widens for part in parts(fold(old), fold(new))}
        SEEN[source.name, found] += 1
        barred, empty = apart(old, new), never(old)
        rules = [
            CheckedRule(name, "Debug", source.name, (), span, condition, nothing)
            for name, condition in (("old", old), ("new", new))
        ]
        ruleset = execute(layout(emit(planned(rules, source), NO_MANIFEST)))
        for event in events:
            names = {rule.name for rule in ruleset.matcher(source.name).matching(event)}
            before, after = "old" in names, "new" in names
            assert after or not before or found in (Relation.NARROWER, Relation.CHANGED), event
            assert before or not after or found in (Relation.WIDER, Relation.CHANGED), event
            assert after or not before or effects != {True}, event
            assert before or not after or effects != {False}, event
            assert before is after or effects, event
            assert not (barred and before and after), event
            assert not (empty and before), event

    agree()
    # Not to claim anything would be right, too.
    assert all(SEEN[source.name, each] for each in Relation), SEEN
    claimed = sum(SEEN[source.name, each] for each in Relation if each is not Relation.CHANGED)
    assert claimed > SEEN[source.name, Relation.CHANGED] / 4, SEEN
