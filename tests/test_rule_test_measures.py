"""Coverage and mutants of rules, counted against the plainest way to count them.

``RULEC_FUZZ=50000`` makes the main test take that many pairs of a rule and an event.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from reference import holds
from rule_texts import Written, written_rules
from synthetic import SOURCE as TEST
from test_rule_tests import SCENARIO, SYSCALL_RULES, write

from rulec import RulesError
from rulec.cli import BAD_RULES, FOUND, cli
from rulec.explain import OutlinePart, Probe
from rulec.nodes import And, Condition, Macro, Not, Or, rebuild
from rulec.operators import OPERATORS
from rulec.runtime.sources import SOURCES, AnyEvent, EventSource
from rulec.testing import Status, TestReport, run_tests
from rulec.testing.coverage import COUNTED, Coverage
from rulec.testing.feeds import Feed
from rulec.testing.measuring import Wanted, measured
from rulec.testing.model import Case, Inline
from rulec.testing.mutants import SWAPS, Mutant, Places, mutants, replaced
from rulec.testing.mutation import Mutation
from rulec.testing.resolving import Prepared
from rulec.testing.results import Result, SuiteResult
from rulec.testing.rulebooks import Rulebook
from rulec.text import NOWHERE, File

EVERY = pytest.mark.parametrize("source", [TEST, *SOURCES.values()], ids=lambda source: source.name)
FUZZ: Final = int(os.environ.get("RULEC_FUZZ", "0"))
RULES, EVENTS = 3, 8


@dataclass(frozen=True)
class Drawn(Feed):
    """Events that were drawn."""

    drawn: tuple[AnyEvent, ...] = ()

    def events(self) -> Iterator[AnyEvent]:
        yield from self.drawn


@st.composite
def drawn_tests(draw: Any, source: EventSource) -> tuple[Written, Rulebook, list[Prepared]]:
    """Draw rules, and tests of some of them on some events."""
    written = draw(written_rules(source, RULES, EVENTS))
    try:
        book = Rulebook.of([File("rules.yaml", written.content)], [TEST])
    except RulesError:  # what was drawn cannot be written: evt.type.is._llseek
        reject()
    names = [f"rule {number}" for number in range(RULES)]
    tests = []
    for number in range(3):
        events = tuple(draw(st.lists(st.sampled_from(written.events), max_size=4)))
        case = Case(f"test {number}", NOWHERE, source.name, Inline(()), ())
        looked_at = frozenset(draw(st.sets(st.sampled_from(names), min_size=1)))
        matching = draw(st.sampled_from(["first", "all"]))
        tests.append(Prepared(case, Drawn(Inline(()), source, events), book, looked_at, matching))
    return written, book, tests


def resolved(part: OutlinePart, mutant: Mutant | None = None) -> Condition:
    """Return what was written, with macros replaced; with a mutant, as that has it."""
    if mutant is not None and part.id == mutant.part:
        macros = {
            each.text: resolved(each) for each in part.walk() if isinstance(each.written, Macro)
        }
        return without_macros(mutant.written, macros)
    parts = [resolved(each, mutant) for each in part.parts]
    match part.written:
        case Macro():
            return parts[0]
        case Not():
            return Not(parts[0])
        case And():
            return And(tuple(parts))
        case Or():
            return Or(tuple(parts))
        case leaf:
            return leaf


def without_macros(node: Condition, macros: dict[str, Condition]) -> Condition:
    if isinstance(node, Macro):
        return macros[node.name]
    return rebuild(node, lambda part: without_macros(part, macros))


def verdicts(condition: Condition, test: Prepared, events: Sequence[AnyEvent]) -> list[bool]:
    """Return what the reference says of each event."""
    return [bool(holds(condition, event, test.feed.source)) for event in events]  # type: ignore[arg-type]


def alerts(test: Prepared, conditions: dict[str, Condition]) -> list[list[str]]:
    """Return the rules that alert for each event of a test, interpreted."""
    assert isinstance(test.feed, Drawn)
    found = []
    for event in test.feed.drawn:
        matched = [
            name
            for name, condition in conditions.items()
            if name in test.looked_at and verdicts(condition, test, [event]) == [True]
        ]
        found.append(matched[:1] if test.rule_matching == "first" else matched)
    return found


@EVERY
@pytest.mark.fuzz
def test_what_is_counted_is_what_the_reference_counts(source: EventSource) -> None:
    counts: Counter[str] = Counter()

    @settings(
        max_examples=max(15, FUZZ // (RULES * EVENTS)),
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn_tests(source))
    def agree(drawn: tuple[Written, Rulebook, list[Prepared]]) -> None:
        _, book, tests = drawn
        statuses = [Status.PASSED, Status.PASSED, Status.FAILED]
        results = [
            Result("a", test.case, status) for test, status in zip(tests, statuses, strict=True)
        ]
        report = TestReport((SuiteResult("a", tuple(results)),))
        coverage, mutation = both(measured(report, tests, Wanted(mutants=True)))
        conditions = {name: resolved(book.outlines[name].root) for name in book.outlines}
        check_coverage(coverage, book, tests, counts)
        check_mutants(mutation, book, tests[:2], conditions, counts)

    agree()
    assert all(counts[f"seen {kind}"] and counts[f"missing {kind}"] for kind in ("and", "test"))
    kinds = ("operator", "join", "part")
    assert all(counts[f"{kind} {noticed}"] for kind in kinds for noticed in (True, False)), counts
    kinds = ("constant", "item", "not")
    assert all(counts[f"{kind} True"] + counts[f"{kind} False"] for kind in kinds), counts


def check_coverage(
    coverage: Coverage, book: Rulebook, tests: Sequence[Prepared], counts: Counter[str]
) -> None:
    assert [rule.rule for rule in coverage.rules] == list(book.outlines)
    for rule in coverage.rules:
        looking = [test for test in tests if rule.rule in test.looked_at]
        parts = [
            part
            for part in book.outlines[rule.rule].root.walk()
            if part.kind in COUNTED | {"const"}
        ]
        assert [part.text for part in rule.parts] == [part.text for part in parts]
        assert rule.events == sum(len(list(test.feed.events())) for test in looking)
        for found, part in zip(rule.parts, parts, strict=True):
            said = {
                answer
                for test in looking
                for answer in verdicts(resolved(part), test, list(test.feed.events()))
            }
            assert (found.true, found.false) == (True in said, False in said), part
            assert found.proven is None or said <= {found.proven}, part
            counts[f"{'missing' if found.missing else 'seen'} {part.kind}"] += 1


def check_mutants(
    mutation: Mutation,
    book: Rulebook,
    tests: Sequence[Prepared],
    conditions: dict[str, Condition],
    counts: Counter[str],
) -> None:
    before = [alerts(test, conditions) for test in tests]
    for tried in mutation.tried:
        mutant = tried.mutant
        outline = book.outlines[mutant.rule]
        assert replaced(outline, mutant) != outline.root.condition
        assert mutant.before != mutant.after
        changed = {**conditions, mutant.rule: resolved(outline.root, mutant)}
        after = [alerts(test, changed) for test in tests]
        assert tried.noticed is (before != after), mutant
        counts[f"{mutant.kind} {tried.noticed}"] += 1


# --- by hand -----------------------------------------------------------------------------

RULES_BY_HAND: Final = """
- list: watched
  items: [db, tokens]
- macro: never_true
  condition: (evt.num = 0)
- macro: done
  condition: ka.stage = ResponseComplete
- rule: Watched
  desc: d
  condition: done and ka.target.name in (watched) and not never_true
  output: Watched (secret=%ka.target.name)
  priority: WARNING
  source: k8s_audit
- rule: Old
  desc: d
  condition: ka.verb startswith old
  output: Old
  priority: WARNING
  source: k8s_audit
  enabled: false
"""

TESTS_BY_HAND: Final = """
rules: rules.yaml
tests:
- name: one
  event: {stage: ResponseComplete, objectRef: {name: db}}
  alerts: [Watched]
"""


def both(report: TestReport) -> tuple[Coverage, Mutation]:
    assert report.coverage is not None
    assert report.mutation is not None
    return report.coverage, report.mutation


def measures(folder: Path) -> tuple[Coverage, Mutation]:
    report = run_tests(folder, mutate=True)
    assert report.passed, [str(each) for each in report.diagnostics]
    return both(report)


def test_known_survivors(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES_BY_HAND, a_test=TESTS_BY_HAND)
    coverage, mutation = measures(tmp_path)
    (rule,) = coverage.rules
    assert [(part.text, part.missing, part.proven) for part in rule.parts] == [
        ("(done and ka.target.name in (db, tokens) and not never_true)", "false", None),
        ("ka.stage = ResponseComplete", "false", None),
        ("ka.target.name in (db, tokens)", "false", None),
        ("evt.num = 0", "", False),
    ]
    assert (coverage.seen, coverage.wanted, coverage.percent) == (3, 6, 50)
    found = [(each.mutant.kind, each.mutant.before, each.mutant.after) for each in mutation.tried]
    left_out = "(left out)"
    assert [
        (each.kind, each.before, each.after, each.span.position) for each in mutation.survivors
    ] == [
        (
            "join",
            "(done and ka.target.name in (db, tokens) and not never_true)",
            "(done or ka.target.name in (db, tokens) or not never_true)",
            (10, 14),
        ),
        ("part", "done", left_out, (10, 14)),
        ("part", "ka.target.name in (db, tokens)", left_out, (10, 23)),
        ("item", "tokens", left_out, (3, 15)),
    ]
    # That "not never_true" can be left out is known without any test.
    assert ("part", "not never_true", left_out) not in found
    assert mutation.equivalent >= 1
    # With three more events, nothing survives.
    more = """
- name: others
  matrix: {name: [tokens, x], stage: [ResponseComplete, Panic]}
  event: {stage: "{stage}", objectRef: {name: "{name}"}}
  alerts: none
  skip: written below
- {name: a, event: {stage: ResponseComplete, objectRef: {name: tokens}}, alerts: [Watched]}
- {name: b, event: {stage: Panic, objectRef: {name: tokens}}, alerts: none}
- {name: c, event: {stage: ResponseComplete, objectRef: {name: x}}, alerts: none}
"""
    write(tmp_path, a_test=TESTS_BY_HAND + more)
    coverage, mutation = measures(tmp_path)
    assert (coverage.percent, mutation.percent) == (100, 100)
    assert mutation.survivors == ()


@pytest.mark.parametrize(
    ("condition", "changes"),
    [
        ("ka.verb = get", ["ka.verb != get", "ka.verb = get~"]),
        ("ka.verb == get", ["ka.verb != get", "ka.verb == get~"]),
        ("ka.verb endswith et", ["ka.verb contains et", "ka.verb endswith ~et"]),
        ("ka.verb exists", ["not ka.verb exists"]),
        ("ka.verb regex ^a", ["not ka.verb regex ^a"]),
        ("ka.verb in (a, b)", ["not ka.verb in (a, b)", "a left out", "b left out"]),
        ("ka.verb in (a, b, b)", ["not ka.verb in (a, b, b)", "a left out"]),
        ("ka.verb in (a)", ["not ka.verb in (a)", "ka.verb in (a~)"]),
        ("ka.verb = anyof (a, b)", ["ka.verb = allof (a, b)", "a left out", "b left out"]),
        ("ka.verb in ()", ["not ka.verb in ()"]),
        ("evt.num > 5", ["evt.num >= 5", "evt.num > 6"]),
        (
            "ka.user.groups intersects (a)",
            ["ka.user.groups in (a)", "ka.user.groups intersects (a~)"],
        ),
        ("not ka.verb exists", ["ka.verb exists", "not ka.verb exists"]),
        (
            "ka.verb exists and ka.name exists",
            [
                "(ka.verb exists or ka.name exists)",
                "ka.verb exists left out",
                "ka.name exists left out",
                "not ka.verb exists",
                "not ka.name exists",
            ],
        ),
    ],
)
def test_changes_of_conditions(condition: str, changes: list[str]) -> None:
    condition = condition.replace("ka.name", "ka.target.name")
    book = rulebook(condition)
    found = [
        f"{each.before} left out" if each.after == "(left out)" else each.after
        for each in changes_of(book)
    ]
    assert found == [change.replace("ka.name", "ka.target.name") for change in changes]


def test_networks_that_contain_others_are_left_out_as_if_not_written() -> None:
    book = rulebook("fd.snet in (10.0.0.0/8, 10.1.0.0/16)", "syscall")
    (event,), _ = SOURCES["syscall"].documents.read({"fd.snet": "10.1.2.3", "fd.sip": "10.1.2.3"})
    outline = book.outlines["r"]
    items = [each for each in changes_of(book) if each.kind == "item"]
    assert len(items) == 2
    probe = Probe.of([replaced(outline, each) for each in items], SOURCES["syscall"])
    assert probe.answers(event) == (True, True)


def rulebook(condition: str, source: str = "k8s_audit") -> Rulebook:
    text = f"- rule: r\n  desc: d\n  condition: {condition}\n  output: o\n  priority: INFO\n"
    return Rulebook.of([File("r.yaml", f"{text}  source: {source}\n")])


def changes_of(book: Rulebook) -> list[Mutant]:
    outline = book.outlines["r"]
    source = book.sources[outline.source]
    places = Places(book.chosen.definitions.lists)
    return list(mutants(outline, source, source.fields, places))


def test_every_swap_is_between_operators_that_are_known() -> None:
    assert {*SWAPS, *SWAPS.values()} <= set(OPERATORS)
    assert all(one != other for one, other in SWAPS.items())


def test_the_first_rule_hides_changes_of_others(tmp_path: Path) -> None:
    """Of an event that an earlier rule takes, no test notices what a later one says."""
    write(tmp_path, rules=SYSCALL_RULES)
    test = "rules: rules.yaml\nrule_matching: {}\ntests:\n- {{name: a, event: {}, alerts: [{}]}}"
    event = "{evt.type: open, fd.name: /etc/shadow}"
    write(tmp_path, a_test=test.format("first", event, "Shadow Read"))
    _, mutation = measures(tmp_path)
    assert {each.mutant.rule for each in mutation.tried if each.noticed} == {"Shadow Read"}
    write(tmp_path, a_test=test.format("all", event, "Shadow Read, Anything Opened"))
    _, mutation = measures(tmp_path)
    noticed = {each.mutant.rule for each in mutation.tried if each.noticed}
    assert noticed == {"Shadow Read", "Anything Opened"}


def test_scenarios_and_captures_are_measured(tmp_path: Path) -> None:
    write(tmp_path, rules=SYSCALL_RULES, s=SCENARIO)
    write(tmp_path, a_test="rules: rules.yaml\ntests:\n- {name: a, file: s.yaml}")
    coverage, mutation = measures(tmp_path)
    assert [rule.events for rule in coverage.rules] == [3, 3]
    assert coverage.percent == 100
    # Nobody opens with the other system call.
    assert {(each.kind, each.before) for each in mutation.survivors} == {
        ("item", "open"),
        ("part", "evt.type in (open, openat)"),
    }


def test_the_same_rule_in_several_sets_of_rules_is_counted_once(tmp_path: Path) -> None:
    tests = "tests:\n- {name: a, event: %s, only: Watched, alerts: %s}\n"
    one = "{stage: ResponseComplete, objectRef: {name: db}}", "[Watched]"
    two = "{stage: ResponseComplete, objectRef: {name: x}}", "none"
    write(tmp_path, rules=RULES_BY_HAND, other="- list: unused\n  items: [a]\n")
    write(tmp_path, a_test="rules: rules.yaml\n" + tests % one)
    _, alone = measures(tmp_path)
    write(tmp_path, b_test="rules: [rules.yaml, other.yaml]\n" + tests % two)
    coverage, mutation = measures(tmp_path)
    assert [(rule.rule, rule.events, rule.seen) for rule in coverage.rules] == [("Watched", 2, 5)]
    assert len(mutation.tried) == len(alone.tried)
    assert mutation.noticed > alone.noticed


def test_rules_that_no_test_looks_at(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES_BY_HAND + SYSCALL_RULES)
    write(tmp_path, a_test=TESTS_BY_HAND.replace("tests:", "source: k8s_audit\ntests:"))
    coverage, mutation = measures(tmp_path)
    assert [(rule.rule, rule.events) for rule in coverage.rules] == [
        ("Watched", 1),
        ("Shadow Read", 0),
        ("Anything Opened", 0),
    ]
    assert {each.mutant.rule for each in mutation.tried} == {
        "Watched",
        "Shadow Read",
        "Anything Opened",
    }


# --- the command ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        ((), 0, ()),
        (("--cover",), 0, ("coverage: 50.0 % (3 of 6 outcomes of 3 parts of 1 rule)",)),
        (("--cover-min", "50"), 0, ("coverage: 50.0 %",)),
        (("--cover-min", "50.1"), FOUND, ("coverage: 50.0 %", "coverage is below 50.1 %")),
        (("--mutate",), 0, ("mutation: ", "not noticed: tokens -> (left out) (Watched)")),
        (("--mutate-min", "100"), FOUND, ("mutation is below 100 %",)),
        (("--cover-min", "0", "--mutate-min", "0"), 0, ("coverage: ", "mutation: ")),
    ],
)
def test_what_the_command_says(
    tmp_path: Path, options: tuple[str, ...], status: int, told: tuple[str, ...]
) -> None:
    write(tmp_path, rules=RULES_BY_HAND, a_test=TESTS_BY_HAND)
    done = CliRunner().invoke(cli, ["test", str(tmp_path), *options], catch_exceptions=False)
    assert done.exit_code == status
    for text in told:
        assert text in done.output
    assert ("coverage:" in done.output) is any("cover" in option for option in options)
    assert ("mutation:" in done.output) is any("mutate" in option for option in options)


def test_only_some_rules_are_measured_if_they_are_named(tmp_path: Path) -> None:
    test = "rules: rules.yaml\ntests:\n- {name: a, file: s.yaml}"
    write(tmp_path, rules=SYSCALL_RULES, s=SCENARIO, a_test=test)

    def run(*options: str) -> Any:
        arguments = ["test", str(tmp_path), "--cover", "--mutate", *options]
        return CliRunner().invoke(cli, arguments, catch_exceptions=False)

    assert "of 2 rules)" in run().stdout
    done = run("--rule", "Shadow Read")
    assert "of 1 rule)" in done.stdout
    assert "Anything Opened" not in done.stdout
    done = run("--rule", "Shadow Raed")
    assert done.exit_code != 0
    assert "there is no rule 'Shadow Raed', did you mean 'Shadow Read'?" in done.stderr


def test_parts_are_told_with_their_places(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES_BY_HAND, a_test=TESTS_BY_HAND)
    done = CliRunner().invoke(cli, ["test", str(tmp_path), "--cover"], catch_exceptions=False)
    whole = "(done and ka.target.name in (db, tokens) and not never_true)"
    assert done.stdout.replace(f"{tmp_path}/", "").splitlines() == [
        "1 test: 1 passed",
        f"rules.yaml:10:14: never false: {whole} (Watched)",
        "rules.yaml:7:14: never false: ka.stage = ResponseComplete (Watched)",
        "rules.yaml:10:23: never false: ka.target.name in (db, tokens) (Watched)",
        "rules.yaml:5:15: always false, not counted: evt.num = 0 (Watched)",
        "coverage: 50.0 % (3 of 6 outcomes of 3 parts of 1 rule)",
    ]


def test_tests_that_fail_notice_nothing(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES_BY_HAND, a_test=TESTS_BY_HAND.replace("[Watched]", "none"))
    coverage, mutation = both(run_tests(tmp_path, mutate=True))
    assert (coverage.percent, mutation.percent) == (50, 0)


def test_nothing_is_measured_fully_if_there_is_nothing() -> None:
    assert Coverage(()).percent == Mutation(()).percent == Fraction(100)


def test_the_document(tmp_path: Path) -> None:
    tests = TESTS_BY_HAND + "- {name: two, event: {stage: Panic}, alerts: [Watched]}\n"
    write(tmp_path, rules=RULES_BY_HAND, a_test=tests, b_test="tests: []")
    arguments = ["test", str(tmp_path), "--mutate", "--cover", "--format", "json"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == BAD_RULES
    found = json.loads(done.stdout)
    assert [(each["name"], each["status"], each["line"]) for each in found["tests"]] == [
        ("one", "passed", 4),
        ("two", "failed", 7),
    ]
    (alert,) = found["tests"][0]["alerts"]
    assert (alert["event"], alert["rule"]) == (1, "Watched")
    (difference,) = found["tests"][1]["differences"]
    assert (difference["expected"], difference["came"]) == ("Watched", None)
    assert difference["text"][0] == "expected, but did not come: Watched"
    (mistake,) = found["mistakes"]
    assert (mistake["line"], mistake["message"]) == (1, "the file has no tests")
    assert (found["coverage"]["seen"], found["coverage"]["outcomes"]) == (6, 6)
    survivors = found["mutation"]["survivors"]
    assert {"rule", "file", "line", "column", "kind", "before", "after"} == set(survivors[0])
    assert len(survivors) == found["mutation"]["changes"] - found["mutation"]["noticed"]


def test_standard_output_has_the_report_alone(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES_BY_HAND, a_test=TESTS_BY_HAND)
    arguments = ["test", str(tmp_path), "--mutate", "--cover", "--junit", "-"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert Xml.fromstring(done.stdout).get("tests") == "1"
    assert "mutation: " in done.stderr
