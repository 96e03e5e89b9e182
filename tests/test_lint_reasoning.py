"""What is said of conditions is true of every event."""

import os
from collections import Counter
from dataclasses import replace

import pytest
import reference
from compiling import compile_condition
from hypothesis import HealthCheck, Phase, given, settings
from strategies import Case, cases, related_cases
from synthetic import SOURCE as TEST

from rulec.check import check
from rulec.definitions import Definitions
from rulec.lint.conditions import Part, Reader
from rulec.lint.reasoning import Space
from rulec.lint.reasoning.cores import claimed, core
from rulec.lint.reasoning.idle import Reason, idle_parts
from rulec.nodes import And, Condition, Const, Not, leaves
from rulec.parse import parse_condition
from rulec.runtime.sources import SOURCES, EventSource
from rulec.text import Text

pytestmark = pytest.mark.fuzz

AUDIT = SOURCES["k8s_audit"]
CALLS = SOURCES["syscall"]
EVERY = pytest.mark.parametrize("source", [TEST, AUDIT, CALLS], ids=lambda source: source.name)

FUZZ = int(os.environ.get("RULEC_FUZZ", "0"))


def examples(count: int) -> settings:
    return settings(
        max_examples=count * max(1, FUZZ // 10_000),
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


def part_of(parsed: Condition, source: EventSource) -> Part:
    return Reader(Definitions(), {}, {source.name: source}).part(parsed, source)


def with_value(whole: Part, part: Part, value: bool) -> Condition:
    """Return a condition with a constant in the place of one of its parts."""
    if whole is part:
        return Const(value)
    inner = tuple(with_value(each, part, value) for each in whole.parts)
    if not inner:
        return whole.written
    if isinstance(whole.written, Not):
        return replace(whole.written, operand=inner[0])
    return replace(whole.written, operands=inner)  # type: ignore[call-arg]


# --- in general -------------------------------------------------------------------------


@EVERY
def test_what_an_event_answers_is_possible(source: EventSource) -> None:
    """Whatever the tests of several conditions answer for an event, they can answer together."""
    seen: Counter[str] = Counter()

    def agree(case: Case) -> None:
        parts = [part_of(condition, source) for condition in case.conditions]
        tests = [
            (leaf, check(leaf, source).condition)
            for condition in case.conditions
            for leaf in leaves(condition)
        ]
        wholes = [part.condition for part in parts]
        space = Space([*wholes, *(checked for _, checked in tests)])
        for condition in wholes:
            for holds in (True, False):
                seen["decided" if space.assume(condition, holds) is None else "open"] += 1
        for event in case.events:
            claims = [(checked, reference.holds(leaf, event, source)) for leaf, checked in tests]
            claims += [
                (part.condition, reference.holds(condition, event, source))
                for part, condition in zip(parts, case.conditions, strict=True)
            ]
            left = claimed(space, claims)
            assert left is not None, case
            assert claimed(space, claims, left) is not None, case

    examples(40)(given(cases(source, 3, 8))(agree))()
    examples(40)(given(related_cases(source, 3, 8))(agree))()
    print(source.name, dict(seen))
    assert seen["decided"] > 10


@EVERY
def test_a_condition_means_the_same_without_an_idle_part(source: EventSource) -> None:
    seen: Counter[Reason] = Counter()

    def agree(case: Case) -> None:
        whole_written = And(case.conditions)
        for written in (*case.conditions, whole_written):
            whole = part_of(written, source)
            for idle in idle_parts(Space([whole.condition]), whole):
                seen[idle.reason] += 1
                without = with_value(whole, idle.part, idle.value)
                for event in case.events:
                    expected = reference.holds(written, event, source)
                    assert reference.holds(without, event, source) is expected, (idle, case)

    examples(40)(given(cases(source, 3, 12))(agree))()
    examples(40)(given(related_cases(source, 3, 12))(agree))()
    print(source.name, dict(seen))
    assert all(seen[reason] for reason in Reason)


# --- one by one -------------------------------------------------------------------------


def verdict(condition: str, source: EventSource) -> str:
    checked = compile_condition(condition, source).checked
    space = Space([checked])
    if space.assume(checked, True) is None:
        return "never"
    return "always" if space.assume(checked, False) is None else "open"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.verb = get and ka.verb = create", "never"),
        ("ka.verb = get and ka.verb in (create, list)", "never"),
        ("ka.verb in (get, list) and ka.verb in (create, list)", "open"),
        ("ka.verb = get and not ka.verb exists", "never"),
        ("ka.verb = get or not ka.verb = get", "always"),
        pytest.param("ka.verb = get or ka.verb != get", "open", id="a missing value is neither"),
        ("ka.verb = get or ka.verb != get or not ka.verb exists", "always"),
        ("ka.uri startswith /a and ka.uri startswith /b", "never"),
        ("ka.uri startswith /a and ka.uri startswith /a/b", "open"),
        ("ka.uri startswith /a/b and not ka.uri startswith /a", "never"),
        ("ka.uri startswith /a/b and not ka.uri contains a", "never"),
        ("ka.uri endswith .a and ka.uri endswith .b", "never"),
        ("ka.uri startswith /a and ka.uri endswith /b", "open"),
        ("ka.uri contains abc and not ka.uri contains b", "never"),
        ("ka.uri contains ABC and not ka.uri icontains b", "never"),
        ("ka.uri startswith ABC and not ka.uri icontains b", "never"),
        ('ka.uri contains "" or not ka.uri exists', "always"),
        ("ka.uri = /etc/x and not ka.uri startswith /etc", "never"),
        ("ka.uri = /etc/x and not ka.uri pmatch (/etc)", "never"),
        ("ka.uri = /etc/x and ka.uri glob /usr/*", "never"),
        ("ka.uri in (/a, /b) and ka.uri regex '/[cd]'", "never"),
        ("(ka.verb = get or ka.verb = list) and not ka.verb in (list, get)", "never"),
        pytest.param(
            "(ka.verb = get or ka.uri = x) and ka.verb = list and ka.uri = y",
            "never",
            id="with no alternative left",
        ),
        ("ka.user.groups in (a, b) and ka.user.groups intersects (c, d)", "never"),
        ("ka.user.groups in (a, b) and not ka.user.groups intersects (a, b, c)", "never"),
        ("ka.user.groups intersects (a) and not ka.user.groups intersects (a, b)", "never"),
        ("ka.user.groups intersects (a) and ka.user.groups intersects (b)", "open"),
        ("ka.user.groups intersects (a) and not ka.user.groups in (a, b)", "open"),
        ("ka.user.groups in (a) and not ka.user.groups in (a, b)", "never"),
        ("ka.user.groups in (a) and ka.user.groups in (b)", "never"),
        ("ka.user.groups in (a) and not ka.user.groups exists", "never"),
        ("ka.verb = oneof (get, get)", "open"),
        pytest.param("jevt.rawtime = 0", "open", id="by custom: never"),
        pytest.param("jevt.rawtime = 0 and not jevt.rawtime = 0", "open", id="left to the author"),
        pytest.param("ka.verb in ()", "open", id="a list that waits to be filled"),
        ("ka.verb = val(ka.uri) and not ka.verb = val(ka.uri)", "never"),
        ("tolower(ka.verb) = get and tolower(ka.verb) = list", "never"),
        ("toupper(ka.verb) = GET and ka.verb = list", "open"),
    ],
)
def test_what_audit_fields_say(condition: str, expected: str) -> None:
    assert verdict(condition, AUDIT) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("fd.num > 3 and fd.num < 4", "never"),
        ("fd.num > 3 and fd.num < 5", "open"),
        ("fd.num > 3 and fd.num < 5 and fd.num != 4", "never"),
        ("fd.num >= 3 or fd.num < 3", "open"),
        ("fd.num >= 3 or fd.num < 3 or not fd.num exists", "always"),
        ("proc.is_exe_writable = true and proc.is_exe_writable = false", "never"),
        ("proc.is_exe_writable != true and proc.is_exe_writable = true", "never"),
        ("proc.is_exe_writable exists and not proc.is_exe_writable in (true, false)", "never"),
        ("fd.sip = 10.1.2.3 and fd.sip = 10.1.2.4", "never"),
        ("fd.ip = 10.1.2.3 and fd.ip = 10.1.2.4", "open"),
        ("evt.num = 0", "open"),
        ("evt.type = open and evt.type = close", "never"),
        ("proc.aname = a and proc.aname = b", "open"),
        ("fd.net = 10.0.0.0/8 and not fd.net = 10.0.0.0/8", "never"),
        ("evt.rawarg.res < 0 and evt.rawarg.res >= 0", "never"),
    ],
)
def test_what_fields_of_calls_say(condition: str, expected: str) -> None:
    assert verdict(condition, CALLS) == expected


def test_a_core_has_no_more_in_it_than_needed() -> None:
    texts = ("ka.uri = x", "ka.verb = get", "ka.user.name = y", "ka.verb = list")
    claims = [(compile_condition(text, AUDIT).checked, True) for text in texts]
    space = Space([condition for condition, _ in claims])
    assert core(space, claims) == [1, 3]
    assert core(space, claims[:3]) is None


@pytest.mark.parametrize(
    "text",
    [
        "ka.uri startswith oneof (" + ", ".join(f"/{n}" for n in range(2000)) + ")",
        "ka.uri contains anyof (" + ", ".join(f"/{n}" for n in range(2000)) + ")",
        "ka.verb in (" + ", ".join(f"v{n}" for n in range(20_000)) + ")",
        " or ".join(f"(ka.uri contains {n} and ka.verb = v{n})" for n in range(1000)),
        "(" * 150
        + "ka.verb = a"
        + "".join(f" or ka.uri = u{n}) and ka.verb = a" for n in range(150)),
    ],
    ids=["beginnings", "parts", "values", "alternatives", "levels"],
)
def test_large_conditions_are_bounded_in_work(text: str) -> None:
    whole = part_of(parse_condition(Text.of(text)), AUDIT)
    space = Space([whole.condition])
    assert space.assume(whole.condition, True) is not None
    list(idle_parts(space, whole))
