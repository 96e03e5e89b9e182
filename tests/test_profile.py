"""What ``rulec profile`` counts, and what it concludes from it.

Times differ from run to run. So the advice is tested on profiles that were
measured and then given times by hand.
"""

import ast
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from compiling import NO_MANIFEST, compile_condition
from rich.console import Console
from rule_events import audit_event
from synthetic import SOURCE

from rulec import compile_ruleset
from rulec.api import plan_files
from rulec.emit import emit
from rulec.files import collect
from rulec.nodes import leaves
from rulec.passes import simplify
from rulec.profile import Profile, profile
from rulec.profile.advice import advise
from rulec.profile.alternatives import alternatives
from rulec.profile.conditions import questions
from rulec.profile.document import document
from rulec.profile.evidence import ENOUGH, Advice, saving
from rulec.profile.instruments import with_questions
from rulec.profile.results import Part
from rulec.profile.tables import show, show_rule
from rulec.profile.words import clipped, duration, percent
from rulec.runtime.sources import SOURCES
from rulec.written import written

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "samples" / "audit.jsonl"
AUDIT = SOURCES["k8s_audit"]

Events = Iterable[Mapping[str, Any]]


def rules(conditions: Mapping[str, str]) -> str:
    items = [
        f"- rule: {name}\n  desc: d\n  condition: >\n    {condition}\n  output: x\n"
        "  priority: INFO\n  source: k8s_audit\n"
        for name, condition in conditions.items()
    ]
    return "".join(items)


def lines(events: Events) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in events)


def profiled(
    folder: Path, conditions: Mapping[str, str], events: Events, **options: Any
) -> Profile:
    (folder / "rules.yaml").write_text(rules(conditions), "utf-8")
    (folder / "audit.log").write_text(lines(events), "utf-8")
    inputs = [folder / "audit.log"]
    return profile(folder / "rules.yaml", inputs, "k8s_audit", **options)


def counts(part: Part) -> list[tuple[str, int, int]]:
    return [(each.text, each.evaluations, each.true) for each in part.walk()]


# --- conditions ---------------------------------------------------------------------------


def test_parts_are_asked_only_until_the_answer_is_known(tmp_path: Path) -> None:
    condition = (
        "ka.verb = create and (ka.user.name = eve or ka.user.name startswith sys)"
        " and not ka.target.name = web"
    )
    events = [
        audit_event(verb="get"),
        audit_event(verb="create", user="eve", name="web"),
        audit_event(verb="create", user="eve", name="db"),
        audit_event(verb="create", user="system:node", name="db"),
        audit_event(verb="create", user="bob", name="db"),
    ]
    found = profiled(tmp_path, {"r": condition}, events)
    (rule,) = found.rules
    whole, *parts = counts(rule.body)
    assert whole[1:] == (5, 2)
    assert parts == [
        ("ka.verb = create", 5, 4),
        ("(ka.user.name = eve or ka.user.name startswith sys)", 4, 3),
        ("ka.user.name = eve", 4, 2),
        ("ka.user.name startswith sys", 2, 1),
        ("not ka.target.name = web", 3, 2),
        ("ka.target.name = web", 3, 1),
    ]
    assert (rule.open, rule.evaluations, rule.matches) == (5, 5, 2)
    assert (found.events, found.alerts, found.gate) == (5, 2, None)


def test_exactly_one_of_several_asks_them_all(tmp_path: Path) -> None:
    condition = "ka.verb contains oneof (a, e)"
    found = profiled(tmp_path, {"r": condition}, [audit_event(verb="create"), audit_event()])
    assert counts(found.rules[0].body) == [
        ("ka.verb contains oneof (a, e)", 2, 1),
        ("ka.verb contains a", 2, 1),
        ("ka.verb contains e", 2, 2),
    ]


def test_parts_lead_to_what_the_author_wrote(tmp_path: Path) -> None:
    macros = tmp_path / "macros.yaml"
    macros.write_text("- macro: done\n  condition: ka.stage = ResponseComplete\n", "utf-8")
    (tmp_path / "rules.yaml").write_text(
        rules(
            {"r": "(ka.verb = get or\n    ka.verb = list) and done and\n    jevt.value[/x] exists"}
        )
    )
    paths = [macros, tmp_path / "rules.yaml"]
    (rule,) = profile(paths, [SAMPLE], "k8s_audit").rules
    places = {
        part.text: f"{Path(part.span.file).name}:{part.span.position[0]}"
        for part in rule.body.tests()
    }
    assert places == {
        "ka.verb in (get, list)": "rules.yaml:4",
        "ka.stage = ResponseComplete": "macros.yaml:2",
        "jevt.value[/x] exists": "rules.yaml:6",
    }


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("t.str == a or t.str = b", "t.str in (a, b)"),
        ("not t.str in ('a b', c)", 'not t.str in ("a b", c)'),
        ("t.str = val(t.str2)", "t.str = val(t.str2)"),
        ("tolower(t.str) startswith a", "tolower(t.str) startswith a"),
        ("concat(t.str, 'x') = a", "concat(t.str,x) = a"),
        ("t.bool = true", "t.bool = true"),
        ("t.ip = 10.0.0.1", "t.ip = 10.0.0.1"),
        ("t.net = 10.0.0.0/8", "t.net = 10.0.0.0/8"),
        ("t.key[a] exists", "t.key[a] exists"),
        ("t.str in ()", "never"),
        ("not t.str in ()", "always"),
    ],
)
def test_planned_conditions_as_text(condition: str, text: str) -> None:
    assert written(simplify(compile_condition(condition, SOURCE).checked)) == text


# --- rules and gates ----------------------------------------------------------------------

TWO = {
    "secrets": "ka.verb = delete and ka.target.resource = secrets",
    "any": "ka.verb = delete and ka.target.resource exists",
}
DELETED = [
    audit_event(verb="delete", resource="secrets"),
    audit_event(verb="delete", resource="pods"),
    audit_event(verb="delete", resource="pods"),
    audit_event(verb="get"),
]


@pytest.mark.parametrize(
    ("rule_matching", "expected"),
    [
        ("first", {"secrets": (1, 1, 1), "any": (3, 2, 2)}),
        ("all", {"secrets": (1, 1, 1), "any": (3, 3, 3)}),
    ],
)
def test_rules_that_were_possible_tried_and_matched(
    rule_matching: str, expected: dict[str, tuple[int, int, int]], tmp_path: Path
) -> None:
    found = profiled(tmp_path, TWO, DELETED, rule_matching=rule_matching)
    assert {
        rule.name: (rule.open, rule.evaluations, rule.matches) for rule in found.rules
    } == expected
    assert found.gate is not None
    assert set(found.gate.names) == {"ka.verb", "ka.target.resource"}
    assert (found.gate.closed, found.gate.distinct) == (1, 3)


def test_rules_about_system_calls_are_tried_by_type(tmp_path: Path) -> None:
    conditions = {
        "opens": "evt.type in (open, openat) and proc.name = cat",
        "named": "proc.name = cat and proc.aname = sshd",
    }
    text = rules(conditions).replace("  source: k8s_audit\n", "")
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    cat = {"proc.name": "cat", "evt.time": 5}
    events = [{"evt.type": kind, **cat} for kind in ("open", "open", "close")] + [cat]
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")
    found = profile(tmp_path / "rules.yaml", [tmp_path / "calls.jsonl"], "syscall")
    assert found.gate is not None
    assert (found.gate.names, found.gate.closed, found.gate.distinct) == (("evt.type",), 0, 3)
    told = {r.name: (r.open, r.evaluations, r.matches, r.body.text) for r in found.rules}
    assert told == {
        "opens": (2, 2, 2, "proc.name = cat"),
        "named": (4, 2, 0, "(proc.name = cat and proc.aname = sshd)"),
    }
    del conditions["named"]
    text = rules(conditions).replace("  source: k8s_audit\n", "")
    (tmp_path / "rules.yaml").write_text(text, "utf-8")
    found = profile(tmp_path / "rules.yaml", [tmp_path / "calls.jsonl"], "syscall")
    assert found.gate is not None
    assert (found.events, found.gate.closed, found.gate.distinct) == (4, 2, 3)


def test_what_the_gate_answers_is_no_part_of_the_body(tmp_path: Path) -> None:
    conditions = {**TWO, "mixed": "ka.verb = delete and (ka.verb = x or ka.user.groups exists)"}
    found = profiled(tmp_path, conditions, DELETED, rule_matching="all")
    said = [(rule.gate and written(rule.gate), rule.body.text) for rule in found.rules]
    assert said == [
        ("(ka.verb = delete and ka.target.resource = secrets)", "always"),
        ("(ka.verb = delete and ka.target.resource exists)", "always"),
        ("ka.verb = delete", "(ka.user.groups exists or ka.verb = x)"),
    ]
    kinds = [rule.body.kind for rule in found.rules]
    assert kinds == ["const", "const", "or"]
    assert [len(list(rule.body.tests())) for rule in found.rules] == [0, 0, 2]


def test_tests_see_events_as_the_bodies_do() -> None:
    planned, _ = plan_files(collect([ROOT / "rules" / "k8s_audit.yaml"]))
    (group,) = planned.groups
    asked = [each for body in group.bodies for each in questions(body)]
    parted = replace(planned, groups=(with_questions(group, asked),))
    views = []
    for each in (planned, parted):
        declared = emit(each, NO_MANIFEST).body
        classes = [node for node in declared if isinstance(node, ast.ClassDef)]
        # Only what several functions ask for differs: it is kept at the event.
        views.append([ast.unparse(node) for node in classes if "Event" not in node.name])
    assert views[0] == views[1] != []


@pytest.mark.parametrize("rule_matching", ["first", "all"])
def test_documents_that_are_read_with_care(rule_matching: str, tmp_path: Path) -> None:
    events = [json.loads(line) for line in SAMPLE.read_text("utf-8").splitlines()]
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps({"kind": "EventList", "items": events}), "utf-8")
    plain, careful = (
        profile(ROOT / "rules", [name], "k8s_audit", rule_matching=rule_matching)
        for name in (SAMPLE, listed)
    )
    assert plain.alerts == careful.alerts
    assert plain.gate is not None
    assert careful.gate is not None
    assert (plain.gate.closed, plain.gate.distinct) == (careful.gate.closed, careful.gate.distinct)
    for one, other in zip(plain.rules, careful.rules, strict=True):
        assert (one.open, one.evaluations, one.matches) == (
            other.open,
            other.evaluations,
            other.matches,
        )
        assert counts(one.body) == counts(other.body)


@pytest.mark.parametrize("rule_matching", ["first", "all"])
def test_verdicts_are_those_of_an_ordinary_run(rule_matching: str) -> None:
    found = profile(ROOT / "rules", [SAMPLE], "k8s_audit", rule_matching=rule_matching)
    ruleset = compile_ruleset(ROOT / "rules", rule_matching=rule_matching)
    raised = Counter(
        alert.rule for _, alert in ruleset.match_many(SAMPLE.read_bytes().splitlines(), "k8s_audit")
    )
    assert {rule.name: rule.matches for rule in found.rules if rule.matches} == raised
    assert found.alerts == raised.total() > 20
    for rule in found.rules:
        # Part by part, a body answers what the compiled one does.
        assert (rule.evaluations, rule.matches) == (rule.body.evaluations, rule.body.true)
        assert rule.matches <= rule.evaluations <= rule.open <= found.events


def test_times_add_up() -> None:
    found = profile(ROOT / "rules", [SAMPLE], "k8s_audit")
    assert found.nanoseconds > 0
    assert sum(map(found.share, found.rules)) == pytest.approx(1)
    for rule in found.rules:
        for part in rule.body.walk():
            assert part.nanoseconds >= 0
            if part.parts:
                assert part.nanoseconds == sum(each.nanoseconds for each in part.parts)
    times = [rule.nanoseconds for rule in found.dearest()]
    assert times == sorted(times, reverse=True)


def test_no_rules_and_no_events(tmp_path: Path) -> None:
    found = profiled(tmp_path, {}, [])
    assert (found.events, found.rules, found.nanoseconds, advise(found)) == (0, (), 0, ())
    found = profiled(tmp_path, TWO, [])
    assert [found.share(rule) for rule in found.rules] == [0, 0]
    assert advise(found) == ()


# --- advice ---------------------------------------------------------------------------------

MANY = 2 * ENOUGH


def timed(found: Profile, each: Mapping[str, int]) -> Profile:
    """Return a profile in which every test takes as long as ``each`` says, or 100 ns."""

    def part(measured: Part) -> Part:
        parts = tuple(map(part, measured.parts))
        own = each.get(measured.text, 100) * measured.evaluations
        others = tuple(
            replace(other, nanoseconds=each.get(written(other.node), 100) * measured.evaluations)
            for other in measured.alternatives
        )
        spent = sum(inner.nanoseconds for inner in parts) if parts else own
        return replace(
            measured, parts=parts, alternatives=others, nanoseconds=spent, again=spent, own=spent
        )

    changed = []
    for rule in found.rules:
        body = part(rule.body)
        changed.append(replace(rule, body=body, nanoseconds=body.nanoseconds))
    return replace(found, rules=tuple(changed))


def advised(
    kind: str,
    folder: Path,
    conditions: Mapping[str, str],
    events: Events,
    each: Mapping[str, int] = MappingProxyType({}),
) -> list[Advice]:
    found = timed(profiled(folder, conditions, events), each)
    return [advice for advice in advise(found) if advice.kind == kind]


USERS = {f"r{n}": f"ka.user.name = u{n} and ka.user.groups intersects (g{n})" for n in range(8)}


def requests(*changes: Mapping[str, Any], times: int = MANY) -> list[dict[str, Any]]:
    return [audit_event(**change) for change in changes for _ in range(times)]


def test_a_rule_that_takes_most_of_the_time(tmp_path: Path) -> None:
    users = [{"user": f"u{n}"} for n in range(8)]
    found = profiled(tmp_path, USERS, requests(*users))
    assert not [advice for advice in advise(timed(found, {})) if advice.kind == "dear_rule"]
    dear = timed(found, {"ka.user.groups intersects (g3)": 9000})
    (advice,) = (advice for advice in advise(dear) if advice.kind == "dear_rule")
    assert advice.rule == "r3"
    assert advice.evidence["evaluations"] == MANY
    assert advice.evidence["share"] == pytest.approx(dear.share(dear.rules[3]))
    assert "'ka.user.groups intersects (g3)' first, which takes 100% of that" in advice.hint


def test_a_rule_that_is_tried_on_every_event(tmp_path: Path) -> None:
    conditions = {
        **TWO,
        "open": "ka.user.groups intersects (admins)",
        "wide": "ka.verb != x and ka.user.groups intersects (admins)",
    }
    log = requests({"verb": "get"}, {"verb": "list"})
    silent, wide = sorted(advised("open_gate", tmp_path, conditions, log), key=lambda a: a.rule)
    assert (silent.rule, wide.rule) == ("open", "wide")
    assert silent.evidence == {"open": 2 * MANY, "events": 2 * MANY, "matches": 0}
    assert "says nothing about key fields" in silent.message
    assert "add a check of ka.verb or ka.target.resource" in silent.hint
    assert "what it says about ka.verb leaves it possible" in wide.message
    # One that matches often is right to be tried often.
    matching = [{**event, "user": {"groups": ["admins"]}} for event in requests({})]
    assert not advised("open_gate", tmp_path, {**TWO, "open": conditions["open"]}, matching)
    # And nothing is concluded from a few events.
    assert not advised("open_gate", tmp_path, conditions, requests({"verb": "get"}, times=5))


def test_a_decisive_part_that_is_asked_late(tmp_path: Path) -> None:
    first, second = "ka.uri contains /api", "ka.useragent contains curl"
    condition = {"r": f"{first} and {second}"}
    log = requests({"uri": "/api/x"}, {"uri": "/other"})
    (advice,) = advised("order", tmp_path, condition, log, {first: 1000, second: 100})
    assert advice.evidence == {
        "decided": MANY,
        "evaluations": MANY,
        # As often as the second decided, less asking it where the first did.
        "saved_ns": MANY * 1000 - MANY * 100,
    }
    assert f"'{second}' decided 60 of 60 times" in advice.message
    # It pays only if it is cheap, and only the author's order can be changed.
    assert not advised("order", tmp_path, condition, log, {first: 100, second: 1000})
    other = {"r": f"{first} and ka.useragent regex c.r*l"}
    assert not advised("order", tmp_path, other, log, {first: 1000})
    # Of two questions about a field the first loads it, whichever that is.
    same = {"r": f"{first} and ka.uri contains curl"}
    assert not advised("order", tmp_path, same, log, {first: 1000})
    # Nor of two about the same member at the top: it has to be decoded for either.
    inside = "ka.req.pod.host_ipc = true"
    same = {"r": f"{inside} and ka.req.pod.host_pid = true"}
    created = requests({"request": {"spec": {"hostIPC": True, "hostPID": False}}})
    assert not advised("order", tmp_path, same, created, {inside: 1000})


def test_a_decisive_alternative_that_is_asked_late(tmp_path: Path) -> None:
    first, second = "ka.uri contains /nope", "ka.useragent contains kubectl"
    log = requests({"uri": "/api/x"})
    (advice,) = advised("order", tmp_path, {"r": f"{first} or {second}"}, log, {first: 1000})
    assert advice.evidence["decided"] == MANY


def test_an_operator_that_could_be_simpler(tmp_path: Path) -> None:
    regex, prefix = "ka.uri regex /api/.*", "ka.uri startswith /api/"
    log = requests({"uri": "/api/x"}, {"uri": "/other"})
    times = {regex: 1000, prefix: 100}
    (advice,) = advised("simpler_operator", tmp_path, {"r": regex}, log, times)
    assert advice.evidence == {"evaluations": 2 * MANY, "true": MANY, "saved_ns": 2 * MANY * 900}
    assert f"'{prefix}' gave the same answer all 120 times in 100 ns" in advice.message
    assert not advised("simpler_operator", tmp_path, {"r": regex}, log, {regex: 100})
    contains = "ka.uri contains /api/"
    (advice,) = advised("simpler_operator", tmp_path, {"r": contains}, log, {contains: 1000})
    assert prefix in advice.message
    inside = requests({"uri": "/x/api/x"}, {"uri": "/other"})
    assert not advised("simpler_operator", tmp_path, {"r": contains}, inside, {contains: 1000})
    never = requests({"uri": "/other"})
    assert not advised("simpler_operator", tmp_path, {"r": contains}, never, {contains: 1000})


@pytest.mark.parametrize(
    ("condition", "kind", "effect", "hint"),
    [
        ("ka.uri = /x and {}", "never_true", "the rule matched nothing", "look at its value"),
        ("ka.uri = /x and not {}", "never_true", "it decided nothing", "leave the exception out"),
        ("ka.uri = /x and (ka.uri = /y or {})", "never_true", "it decided nothing", "look at"),
        (
            "ka.verb = y or (ka.uri = /x and {})",
            "never_true",
            "the 'and' was never true",
            "look at",
        ),
        ("ka.uri = /x and not {}", "always_true", "the rule matched nothing", "make the exception"),
        ("ka.uri = /x and {}", "always_true", "it decided nothing", "leave it out if other parts"),
        (
            "ka.verb = y or {} or ka.useragent glob a*b*c",
            "always_true",
            "the 'or' was always true",
            "",
        ),
    ],
)
def test_tests_that_always_answer_the_same(
    condition: str, kind: str, effect: str, hint: str, tmp_path: Path
) -> None:
    test = f"ka.useragent contains {'nope' if kind == 'never_true' else 'kubectl'}"
    conditions = {"r": condition.format(test)}
    log = requests({"uri": "/x"}, {"uri": "/z"})
    found = advised(kind, tmp_path, conditions, log, {test: 500})
    (advice,) = (advice for advice in found if f"'{test}'" in advice.message)
    assert advice.message.endswith(f"so {effect}")
    assert hint in advice.hint
    # A test that was true sometimes is none of them.
    log += requests({"uri": "/x", "userAgent": "nope" if kind == "never_true" else "curl"}, times=1)
    changed = advised(kind, tmp_path, conditions, log, {test: 500})
    assert not [advice for advice in changed if f"'{test}'" in advice.message]


def test_what_others_have_to_decode_as_well_is_not_saved(tmp_path: Path) -> None:
    tests = (
        "ka.req.pod.host_ipc = true",
        "ka.uri startswith /",
        "ka.uri contains /",
        "ka.req.pod.host_pid = true",
        "ka.sourceips exists",
    )
    found = profiled(tmp_path, {"r": " and ".join(tests)}, requests({}))
    (rule,) = found.rules
    parts = {
        part.text: replace(part, nanoseconds=900, again=100, own=10) for part in rule.body.parts
    }
    rule = replace(rule, body=replace(rule.body, parts=tuple(parts.values())))
    saved = {text: saving(part, rule) for text, part in parts.items()}
    assert saved == dict(zip(tests, (100, 10, 10, 100, 900), strict=True))


def test_what_the_gate_has_decided_is_no_news(tmp_path: Path) -> None:
    log = requests({"verb": "delete", "resource": "secrets"}, {"verb": "get"})
    assert not advised("always_true", tmp_path, TWO, log)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ka.uri regex '/api/.*'", ["ka.uri startswith /api/"]),
        ("ka.uri regex '^.*[.]js$'", []),
        (r"ka.uri regex '.*\\.js'", ["ka.uri endswith .js"]),
        ("ka.uri regex '.*secret.*'", ["ka.uri contains secret"]),
        ("ka.uri regex '^/healthz$'", ["ka.uri = /healthz"]),
        ("ka.uri regex '(/livez|/readyz)'", ["ka.uri in (/livez, /readyz)"]),
        ("ka.uri regex '/livez|/readyz'", ["ka.uri in (/livez, /readyz)"]),
        ("ka.uri regex '^/livez|/readyz$'", []),
        ("ka.uri regex '/api/.+'", []),
        ("ka.uri regex '.*'", []),
        ("ka.uri glob '/api/*'", ["ka.uri startswith /api/"]),
        ("ka.uri glob '*a?'", []),
        ("ka.uri contains a", ["ka.uri = a", "ka.uri startswith a", "ka.uri endswith a"]),
        ("ka.uri startswith a", []),
        ("ka.user.groups contains a", []),
    ],
)
def test_alternatives(condition: str, expected: list[str]) -> None:
    (node,) = leaves(simplify(compile_condition(condition, AUDIT).checked))
    assert [written(other) for other in alternatives(node)] == expected


# --- what is printed ----------------------------------------------------------------------


def test_numbers_and_conditions_as_people_read_them() -> None:
    times = [0, 999, 1000, 12_345, 123_456, 56_700_000, 3e9]
    assert list(map(duration, times)) == [
        "0 ns", "999 ns", "1.00 µs", "12.3 µs", "123 µs", "56.7 ms", "3.00 s"
    ]  # fmt: skip
    shares = [0, 0.001, 0.5, 0.999, 1]
    assert list(map(percent, shares)) == ["0%", "<1%", "50%", "99%", "100%"]
    assert clipped("a" * 20, 10) == "aaaaaa ..."


def test_bytes_that_are_no_utf8_do_not_break_the_json(tmp_path: Path) -> None:
    condition = r"""ka.useragent contains '\xff' and ka.uri = '/"'"""
    found = json.loads(document(profiled(tmp_path, {"r": condition}, requests({}))))
    parts = [part["condition"] for part in found["rules"][0]["body"]["parts"]]
    assert parts == [r'ka.uri = "/\""', "ka.useragent contains \ufffd"]


@pytest.mark.parametrize("width", [80, 200])
def test_tables_fit(width: int, tmp_path: Path) -> None:
    found = profile(ROOT / "rules", [SAMPLE], "k8s_audit")
    console = Console(width=width, file=io.StringIO())
    with console.capture() as printed:
        show(found, console, 5)
        show_rule(found.dearest()[0], found, console)
    text = printed.get()
    assert max(map(len, text.splitlines())) <= width
    for column in ("time", "share", "possible", "tried", "matched", "each", "rule", "condition"):
        assert re.search(rf"\b{column}\b", text), column


def test_keys_of_the_json(tmp_path: Path) -> None:
    conditions = {**TWO, "open": "ka.user.groups intersects (a) or not ka.sourceips exists"}
    found = json.loads(document(profiled(tmp_path, conditions, requests({}))))
    assert list(found) == [
        "source", "events", "alerts", "skipped", "unreadable", "time_ns", "gate", "rules", "advice"
    ]  # fmt: skip
    assert list(found["gate"]) == ["keys", "closed", "distinct", "time_ns"]
    rule = found["rules"][2]
    assert list(rule) == [
        "rule", "file", "line", "column", "gate", "open", "evaluations", "matches", "time_ns",
        "time_share", "body",
    ]  # fmt: skip
    part = rule["body"]
    assert list(part) == [
        "kind", "condition", "file", "line", "column", "evaluations", "true", "time_ns", "parts"
    ]  # fmt: skip
    kinds = [part["kind"], *(each["kind"] for each in part["parts"])]
    assert kinds == ["or", "not", "test"]
    assert (part["evaluations"], part["true"], part["line"]) == (MANY, 0, 18)
    advice = found["advice"][0]
    assert list(advice) == [
        "kind", "rule", "file", "line", "column", "message", "hint", "evidence"
    ]  # fmt: skip
