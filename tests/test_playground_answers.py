"""What the page of the playground is told of rules and events."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playground_process import EVENT, RULES

from rulec.playground import events
from rulec.playground.answering import answer
from rulec.playground.excerpt import excerpt
from rulec.playground.model import GivenFile, Question
from rulec.runtime.sources import SOURCES
from rulec.text import File

ROOT = Path(__file__).resolve().parent.parent
AUDIT = SOURCES["k8s_audit"]


def told(rules: str = RULES, event: Any = EVENT, **more: Any) -> dict[str, Any]:
    files = (GivenFile("rules.yaml", rules), *more.pop("also", ()))
    text = event if isinstance(event, str) else json.dumps(event)
    found: dict[str, Any] = json.loads(answer(Question(files, text, **more)))
    return found


# --- rules --------------------------------------------------------------------------------------


def test_an_alert_has_a_text_and_fields() -> None:
    found = told()
    (alert,) = found["alerts"]
    assert alert["message"] == "pod web by mia"
    assert alert["priority"] == "Warning"
    assert alert["fields"] == [
        {"name": "ka.target.name", "value": "web", "absent": False},
        {"name": "ka.user.name", "value": "mia", "absent": False},
    ]
    assert json.loads(alert["json"])["rule"] == "Pod Created"
    assert found["explanation"]["fires"]
    assert found["verdicts"] == [
        {"rule": "Pod Created", "holds": True, "fires": True, "instead": None, "away": None}
    ]


def test_mistakes_in_rules_have_places() -> None:
    found = told(RULES.replace("ka.verb", "ka.verbs").replace("%ka.user.name", "%ka.user.nam"))
    assert not found["loads"]
    assert not found["alerts"]
    places = [(each["line"], each["column"], each["width"]) for each in found["diagnostics"]]
    assert places == [(2, 14, 8), (7, 34, 12)]
    for each in found["diagnostics"]:
        assert each["severity"] == "error"
        assert each["text"].startswith(f"rules.yaml:{each['line']}:{each['column']}: ")


def test_warnings_do_not_keep_events_from_being_matched() -> None:
    found = told(f"- list: unused\n  items: [a]\n{RULES}")
    (warning,) = found["diagnostics"]
    assert (warning["severity"], warning["code"]) == ("warning", "LOAD_UNUSED_LIST")
    assert found["alerts"]


def test_only_the_first_of_many_mistakes_are_told() -> None:
    rules = "".join(f"- macro: m{n}\n  condition: ka.verb nothing x\n" for n in range(500))
    found = told(rules)
    assert len(found["diagnostics"]) == 200
    assert found["diagnostics_in_all"] >= 500


SECOND = RULES[RULES.index("- rule") :].replace("Pod Created", "Other")


@pytest.mark.parametrize(("matching", "alerts"), [("first", 1), ("all", 2)])
def test_rules_that_come_later(matching: str, alerts: int) -> None:
    found = told(RULES + SECOND, rule_matching=matching, rule="Other")
    assert len(found["alerts"]) == alerts
    assert found["explanation"]["rule"] == "Other"
    assert found["explanation"]["holds"]
    assert found["explanation"]["fires"] is (alerts == 2)


def test_the_nearest_rule_comes_first() -> None:
    far = SECOND.replace("Other", "Far").replace("= pods", "= secrets and ka.uri = /x")
    found = told(RULES[: RULES.index("- rule")] + far + SECOND, EVENT | {"verb": "delete"})
    assert [each["rule"] for each in found["verdicts"]] == ["Other", "Far"]
    assert [each["away"] for each in found["verdicts"]] == [1, 3]
    assert found["rule"] == "Other"


def test_rules_for_another_source_are_not_explained() -> None:
    other = SECOND.replace("k8s_audit", "syscall").replace("ka.", "proc.")
    other = other.replace("created and proc.target.resource = pods", "proc.name = cat")
    other = other.replace("%proc.target.name by %proc.user.name", "%proc.name")
    found = told(RULES + other)
    assert found["loads"], found["diagnostics"]
    assert [each["name"] for each in found["rules"]] == ["Pod Created", "Other"]
    assert [each["rule"] for each in found["verdicts"]] == ["Pod Created"]


def test_no_rules_and_no_event() -> None:
    found = told("", "")
    assert found["loads"]
    assert not found["events"]
    assert found["trouble"] is None
    assert told(RULES, " \n")["trouble"] is None
    assert told("", EVENT)["events"]


def test_a_source_of_ones_own_is_a_file_like_others() -> None:
    source = "source: shop\nfields:\n  - {name: shop.total, type: uint64, pointer: /total}\n"
    rules = "- rule: r\n  desc: d\n  condition: shop.total > 10\n  output: '%shop.total'\n"
    rules += "  priority: INFO\n  source: shop\n"
    also = [GivenFile("source.yaml", source, "source")]
    found = told(rules, {"total": 11}, also=also)
    assert [alert["message"] for alert in found["alerts"]] == ["11"]
    assert found["sources"] == ["k8s_audit", "syscall", "shop"]
    also = [GivenFile("source.yaml", source.replace("/total", "total"), "source")]
    (mistake,) = told(rules, {"total": 11}, also=also)["diagnostics"]
    assert (mistake["file"], mistake["line"]) == ("source.yaml", 3)


# --- the code -----------------------------------------------------------------------------------


def test_the_code_of_a_rule_has_all_its_tests() -> None:
    code = told(RULES + SECOND, rule="Other")["code"]
    assert code["rule"] == "Other"
    assert code["text"].startswith('def other(event):\n    """Other (rules.yaml:10)"""\n')
    for test in ("'create'", "'ResponseComplete'", "'pods'", "def load_ka_verb(event):"):
        assert test in code["text"]
    assert "class " not in code["text"]
    compile(code["text"], "code", "exec")


def test_the_whole_module_is_what_build_writes() -> None:
    code = told(whole=True)["code"]
    assert code["rule"] is None
    assert code["text"].startswith('"""Falco rules, compiled to Python by rulec')


# --- events -------------------------------------------------------------------------------------


def places(text: str) -> list[tuple[int, int]]:
    return [(each.line, each.column) for each in events.read(text, AUDIT).mistakes]


ONE = json.dumps(EVENT)
LONG = json.dumps(EVENT, indent=2)

TEXTS: list[tuple[str, str, list[int], list[tuple[int, int]]]] = [
    ("one line", ONE, [1], []),
    ("several lines", f"\n\n{LONG}\n", [3], []),
    ("one a line", f"{ONE}\n\n{ONE}\r\n{ONE}", [1, 3, 4], []),
    ("one after the other", f"{LONG}\n{LONG}\n{ONE}", [1, 16, 31], []),
    ("an array", f"[{ONE},\n{ONE}]", [1, 1], []),
    ("a list", json.dumps({"kind": "EventList", "items": [EVENT, EVENT]}), [1, 1], []),
    ("a broken line", f'{ONE}\n{{"kind": "Event", x}}\n{ONE}', [1, 3], [(2, 19)]),
    ("a line cut short", f"{ONE}\n{ONE[:50]}\n{ONE}", [1, 3], [(2, 51)]),
    ("a word", f"{ONE}\nnonsense\n{ONE}", [1, 3], [(2, 1)]),
    ("broken at the end", f'{LONG}\n{{\n  "kind" "Event"\n}}\n', [1], [(17, 10)]),
    ("broken over lines", '{\n  "kind": "Event"\n  "verb": "get"\n}', [], [(3, 3)]),
    ("a broken array", f"[\n{ONE[:-1]},\n{ONE}\n]", [], [(3, 1)]),
    ("no event", f'{{"kind": "Pod"}}\n{ONE}', [2], [(1, 1)]),
    ("one of two", f'[{ONE}, {{"kind": "Pod"}}]', [1], [(1, 1)]),
    ("an event without a time", f'{ONE}\n {{"kind": "Event"}}', [1], [(2, 2)]),
    ("no object", "1", [], [(1, 1)]),
    ("a number that is none", f"{ONE}\n[NaN]", [1], [(2, 1)]),
    ("nothing", "\n \n", [], []),
]


@pytest.mark.parametrize(
    ("text", "lines", "mistakes"), [pytest.param(*rest, id=name) for name, *rest in TEXTS]
)
def test_events_and_mistakes_have_places(
    text: str, lines: Sequence[int], mistakes: Sequence[tuple[int, int]]
) -> None:
    found = events.read(text, AUDIT)
    assert [each.line for each in found.found] == lines
    assert places(text) == mistakes


def test_there_is_an_end_to_events_and_mistakes() -> None:
    found = events.read(f"{ONE}\n" * 1500, AUDIT)
    assert found.more
    assert len(found.found) == events.MOST_EVENTS
    found = events.read("{x\n" * 1500, AUDIT)
    assert found.more
    assert len(found.mistakes) == events.MOST_MISTAKES


SYSCALL = {"evt.type": "openat", "proc.name": "cat", "fd.name": "/etc/shadow"}
RECORD = (
    "type=SYSCALL msg=audit(1772443800.123:7): arch=c000003e syscall=257 success=yes exit=3 pid=7"
)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (ONE, "k8s_audit"),
        (LONG, "k8s_audit"),
        (json.dumps(SYSCALL), "syscall"),
        (json.dumps(SYSCALL, indent=1), "syscall"),
        (json.dumps({"source": "syscall", "output_fields": SYSCALL}), "syscall"),
        (f"{RECORD}\n", "syscall"),
    ],
)
def test_the_source_of_an_event_is_found_out(text: str, source: str) -> None:
    found = events.source_of(text, list(SOURCES.values()))
    assert not isinstance(found, str)
    assert found.name == source
    assert events.read(text, found).found


def test_a_source_that_cannot_be_told() -> None:
    found = events.source_of('{"a": 1}', list(SOURCES.values()))
    assert isinstance(found, str)
    assert found.endswith("choose its source")
    assert (
        told(event='{"a": 1}', source="nothing")["trouble"] == "there is no event source 'nothing'"
    )


def test_what_an_event_is_in_a_few_words() -> None:
    (found,) = events.read(ONE, AUDIT).found
    assert events.summary(found.event) == "create pods/web by mia"
    (found,) = events.read(json.dumps(SYSCALL), SOURCES["syscall"]).found
    assert events.summary(found.event) == "openat cat /etc/shadow"
    odd = json.dumps(EVENT | {"verb": 1, "objectRef": [], "user": {"username": "u" * 200}})
    (found,) = events.read(odd, AUDIT).found
    assert events.summary(found.event) == f"by {'u' * 76}…"


def test_the_event_that_is_looked_at() -> None:
    quiet = json.dumps(EVENT | {"verb": "get"})
    text = f"{quiet}\n{ONE}\n{quiet}\n"
    assert told(event=text)["at"] == 1
    assert told(event=text, at=2)["at"] == 2
    assert told(event=text, at=7)["at"] == 1
    found = told(event=text, at=0)
    assert not found["explanation"]["fires"]
    assert [alert["event"] for alert in found["alerts"]] == [1]


# --- what would turn the verdict ----------------------------------------------------------------

DELETED = EVENT | {"verb": "delete"}


@pytest.mark.parametrize("indent", [None, 2])
def test_an_event_can_be_changed_where_it_stands(indent: int | None) -> None:
    text = f"{ONE}\n {json.dumps(DELETED, indent=indent)}\n{ONE}"
    found = told(event=text, at=1)
    remedy = found["remedy"]
    changed = text[: remedy["start"]] + remedy["text"] + text[remedy["end"] :]
    assert told(event=changed, at=1)["explanation"]["fires"]
    assert ("\n" in remedy["text"]) is (indent is not None)
    assert [json.loads(changed[: len(ONE)]), json.loads(changed[-len(ONE) :])] == [EVENT, EVENT]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([DELETED]),
        json.dumps({"kind": "EventList", "items": [DELETED]}),
        json.dumps({"message": json.dumps(DELETED)}),
    ],
)
def test_an_event_inside_of_something_else_is_not_changed(text: str) -> None:
    found = told(event=text)
    assert found["explanation"]["changes"]
    assert found["remedy"] is None


# --- excerpts -----------------------------------------------------------------------------------


def test_an_excerpt_is_what_rules_need() -> None:
    comment = "# Why this is here.\n"
    unused = "- macro: unused\n  condition: ka.uri = /x\n\n# What follows:\n\n"
    file = File("r.yaml", unused + comment + RULES + "\n# The end.\n" + SECOND)
    assert excerpt(file, ["Pod Created"]) == comment + RULES
    assert excerpt(file, ["Other", "Pod Created"]) == f"{comment}{RULES}\n# The end.\n{SECOND}"
    with pytest.raises(KeyError):
        excerpt(file, ["Nothing"])
