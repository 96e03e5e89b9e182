"""What is told of rules, macros and lists: as Falco's JSON, and on the command line."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rulec.api import check_files
from rulec.cli import main
from rulec.commands.rules import command
from rulec.describe import describe, describe_rule
from rulec.event_sources import known_sources
from rulec.extras import NO_EXTRAS, Extras
from rulec.runtime.fields import Argument, Catalogue, Field, catalogue
from rulec.runtime.sources import EventSource
from rulec.text import File

FIELDS = catalogue(
    [
        Field("evt.type", "", path="/type"),
        Field("evt.num", "", path="/num"),
        Field("evt.arg", "", argument=Argument.NAME_OR_INDEX, path="/{argument}"),
        Field("proc.name", "", path="/name"),
        Field("container.id", "", path="/id"),
    ]
)


@dataclass(frozen=True)
class SystemCalls:
    """A source whose events have types."""

    name: str = "syscall"
    doc: str = ""
    lenient: bool = False
    fields: Catalogue = None  # type: ignore[assignment]
    event_types: frozenset[str] = frozenset({"open", "openat", "pread64", "pread", "container"})

    @property
    def documents(self) -> Any:
        raise AssertionError("nothing is read")


SOURCES: dict[str, EventSource] = {**known_sources(), "syscall": SystemCalls(fields=FIELDS)}


def described(content: str, extras: Extras = NO_EXTRAS) -> dict[str, Any]:
    definitions, analysis, diagnostics = check_files([File("f", content)], SOURCES, extras)
    assert [d for d in diagnostics if d.severity == "error"] == []
    return describe(definitions, analysis, SOURCES, extras)


def rule(
    condition: str, output: str = "o", source: str = "k8s_audit", more: str = ""
) -> dict[str, Any]:
    """Return the details of a rule that stands among the macros and lists of ``NAMES``."""
    content = NAMES + RULE.format(condition=condition, output=output, source=source) + more
    details: dict[str, Any] = described(content)["rules"][0]["details"]
    return details


NAMES = """\
- list: inner
  items: [a]
- list: verbs
  items: [inner, b]
- list: operator
  items: [in]
- macro: written
  condition: ka.verb in (verbs)
- macro: outer
  condition: written and ka.uri exists
"""

RULE = """\
- rule: r
  desc: d
  condition: {condition}
  output: "{output}"
  priority: info
  source: {source}
"""


# --- conditions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "macros", "lists"),
    [
        pytest.param("outer", ["outer"], [], id="macros in macros are not counted"),
        pytest.param("ka.uri in (verbs, x)", [], ["verbs"], id="lists in lists are not counted"),
        ("outer and written and ka.uri in (verbs)", ["outer", "written"], ["verbs"]),
        pytest.param("ka.uri = verbsx", [], [], id="only whole names"),
        pytest.param(
            "written or ka.uri operator (x)", ["written"], ["operator"], id="lists can be anything"
        ),
    ],
)
def test_names_are_those_that_are_written(
    condition: str, macros: list[str], lists: list[str]
) -> None:
    details = rule(condition)
    assert (details["macros"], details["lists"]) == (macros, lists)


@pytest.mark.parametrize(
    ("condition", "fields", "operators"),
    [
        ("outer", ["ka.uri", "ka.verb"], ["exists", "in"]),
        ("ka.uri == x or ka.uri = y", ["ka.uri"], ["=", "=="]),
        ("ka.uri startswith oneof (x, y)", ["ka.uri"], ["startswith oneof"]),
        ("ka.uri = val(ka.verb)", ["ka.uri", "ka.verb"], ["="]),
        ("concat(tolower(ka.uri), ka.verb) = x", ["ka.uri", "ka.verb"], ["="]),
        ("jevt.value[/a/b] = x", ["jevt.value[/a/b]"], ["="]),
        ('jevt.value["/a b"] = x', ['jevt.value["/a b"]'], ["="]),
        ("ka.uri.param[x] exists", ["ka.uri.param[x]"], ["exists"]),
    ],
)
def test_fields_and_operators_are_those_of_the_compiled_condition(
    condition: str, fields: list[str], operators: list[str]
) -> None:
    details = rule(f"'{condition}'")
    assert details["condition_fields"] == fields
    assert details["condition_operators"] == operators


def test_the_compiled_condition_has_everything_in_it() -> None:
    assert rule("outer")["condition_compiled"] == "(ka.verb in (a, b) and ka.uri exists)"


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("evt.type = open", ["asyncevent", "open"]),
        ("evt.type in (open, openat) and proc.name = x", ["asyncevent", "open", "openat"]),
        pytest.param("evt.type = pread64", ["asyncevent", "pread"], id="by Falco's own name"),
        pytest.param("evt.num = 0 and evt.type = open", ["asyncevent", "open"], id="no numbers"),
    ],
)
def test_types_of_events(condition: str, events: list[str]) -> None:
    assert rule(condition, source="syscall")["events"] == events


@pytest.mark.parametrize("condition", ["proc.name = x", "evt.type exists", "evt.num = 0"])
def test_conditions_about_all_events_list_them_all(condition: str) -> None:
    events = rule(condition, source="syscall")["events"]
    assert len(events) > 400
    assert {"NA", "asyncevent", "pluginevent", "open"} <= set(events)
    assert {"pread64", "syscall"}.isdisjoint(events)


def test_events_of_other_sources_have_no_types() -> None:
    assert rule("ka.verb = x")["events"] == ["asyncevent", "pluginevent"]


@pytest.mark.parametrize(
    ("source", "condition", "output", "plugins"),
    [
        ("k8s_audit", "ka.verb = x", "o", ["k8saudit"]),
        ("k8s_audit", "evt.num = 1", "o", ["k8saudit"]),
        ("k8s_audit", "ka.verb = x", "%jevt.value[/a]", ["json", "k8saudit"]),
        ("syscall", "proc.name = x", "o", []),
        ("syscall", "container.id = x", "o", ["container"]),
        ("syscall", "proc.name = x", "%container.id", ["container"]),
        ("syscall", "evt.type = container", "o", ["container"]),
    ],
)
def test_plugins(source: str, condition: str, output: str, plugins: list[str]) -> None:
    assert rule(condition, output, source)["plugins"] == plugins


# --- outputs and exceptions ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "fields"),
    [
        ("%ka.verb %ka.uri %ka.verb", ["ka.verb", "ka.uri", "ka.verb"]),
        ("%toupper(ka.verb) %10ka.uri", ["ka.verb", "ka.uri"]),
        ("%jevt.value[/a]", ["jevt.value[/a]"]),
        ("nothing", []),
    ],
)
def test_output_fields_are_in_the_order_of_the_output(output: str, fields: list[str]) -> None:
    assert rule("ka.verb = x", output)["output_fields"] == fields


def test_arguments_behind_a_dot_stay_there() -> None:
    details = rule("evt.arg.flags = x", "%evt.arg.flags %evt.arg[1]", "syscall")
    assert details["condition_fields"] == ["evt.arg.flags"]
    assert details["output_fields"] == ["evt.arg.flags", "evt.arg[1]"]


EXCEPTIONS = """\
  exceptions:
    - {name: z, fields: [ka.uri, ka.verb], comps: [startswith, =], values: [[/x, y]]}
    - {name: a, fields: ka.stage, values: [s]}
    - {name: unused, fields: [tolower(ka.auditid)]}
"""


def test_exceptions() -> None:
    details = rule("ka.verb = x", more=EXCEPTIONS)
    assert {key: value for key, value in details.items() if key.startswith("exc")} == {
        "exception_names": ["a", "unused", "z"],
        "exception_fields": ["ka.stage", "ka.uri", "ka.verb", "tolower(ka.auditid)"],
        "exception_operators": ["=", "in", "startswith"],
    }
    assert details["condition_fields"] == ["ka.stage", "ka.uri", "ka.verb"]
    assert details["condition_compiled"] == (
        "(ka.verb = x and not (ka.uri startswith /x and ka.verb = y) and not ka.stage in (s))"
    )


def test_what_a_configuration_appends() -> None:
    extras = Extras(
        [{"extra_output": "at %evt.num", "extra_fields": ["ka.uri", {"who": "by %ka.user.name"}]}]
    )
    content = RULE.format(condition="ka.verb = x", output="o %ka.verb", source="k8s_audit")
    details = described(content, extras)["rules"][0]["details"]
    assert details["output_compiled"] == "o %ka.verb at %evt.num"
    assert details["output_fields"] == ["ka.verb", "evt.num", "by %ka.user.name", "ka.uri"]
    assert details["extra_output_formatted_fields"] == {"who": "by %ka.user.name"}


# --- whole descriptions -------------------------------------------------------------------


WHOLE = """\
- required_engine_version: 0.31.0
- required_plugin_versions:
  - name: k8saudit
    version: 0.6.0
    alternatives:
      - {name: k8saudit-eks, version: 0.3.0}
- list: inner
  items: [a, "b c"]
- list: outer
  items: [inner, 5]
- macro: m
  condition: ka.verb in (outer)
- macro: unused
  condition: evt.type = open
- rule: r
  desc: d
  condition: m
  output: o (%ka.verb)
  priority: WARNING
  source: k8s_audit
  tags: [z, a]
- rule: skipped
  desc: d
  condition: x = y
  output: o
  priority: INFO
  source: elsewhere
"""

EXPECTED_RULE = {
    "info": {
        "name": "r",
        "condition": "m",
        "description": "d",
        "output": "o (%ka.verb)",
        "priority": "Warning",
        "source": "k8s_audit",
        "enabled": True,
        "tags": ["a", "z"],
        "capture": False,
        "capture_duration": 0,
    },
    "details": {
        "macros": ["m"],
        "lists": [],
        "condition_compiled": 'ka.verb in (a, "b c", 5)',
        "condition_fields": ["ka.verb"],
        "condition_operators": ["in"],
        "output_compiled": "o (%ka.verb)",
        "output_fields": ["ka.verb"],
        "exception_names": [],
        "exception_fields": [],
        "exception_operators": [],
        "events": ["asyncevent", "pluginevent"],
        "plugins": ["k8saudit"],
    },
}


def test_the_whole_description() -> None:
    found = described(WHOLE)
    (everything,) = [macro["details"].pop("events") for macro in found["macros"][:1]]
    assert len(everything) > 400
    assert found == {
        "required_engine_version": "0.31.0",
        "required_plugin_versions": [
            {
                "name": "k8saudit",
                "version": "0.6.0",
                "alternatives": [{"name": "k8saudit-eks", "version": "0.3.0"}],
            }
        ],
        "rules": [EXPECTED_RULE],
        "macros": [
            {
                "info": {"name": "m", "condition": "ka.verb in (outer)"},
                "details": {
                    "used": True,
                    "macros": [],
                    "lists": ["outer"],
                    "condition_compiled": 'ka.verb in (a, "b c", 5)',
                    "condition_fields": ["ka.verb"],
                    "condition_operators": ["in"],
                    "plugins": [],
                },
            },
            {
                "info": {"name": "unused", "condition": "evt.type = open"},
                "details": {
                    "used": False,
                    "macros": [],
                    "lists": [],
                    "condition_compiled": "evt.type = open",
                    "condition_fields": ["evt.type"],
                    "condition_operators": ["="],
                    "events": ["asyncevent", "open"],
                    "plugins": [],
                },
            },
        ],
        "lists": [
            {
                "info": {"name": "inner", "items": ["a", "b c"]},
                "details": {
                    "used": True,
                    "lists": [],
                    "items_compiled": ["a", "b c"],
                    "plugins": [],
                },
            },
            {
                # Falco takes the names of lists out of the items.
                "info": {"name": "outer", "items": ["5"]},
                "details": {
                    "used": True,
                    "lists": ["inner"],
                    "items_compiled": ["a", "b c", "5"],
                    "plugins": [],
                },
            },
        ],
    }


def test_one_rule_is_described_in_the_same_shape() -> None:
    definitions, analysis, _ = check_files([File("f", WHOLE)], SOURCES)
    assert describe_rule("r", definitions, analysis, SOURCES) == {"rules": [EXPECTED_RULE]}
    with pytest.raises(KeyError):
        describe_rule("skipped", definitions, analysis, SOURCES)


def test_bytes_that_are_no_utf8_do_not_break_the_json() -> None:
    (found,) = described(
        RULE.format(condition=r"""'ka.uri = "\xff"'""", output="o", source="k8s_audit")
    )["rules"]
    assert found["details"]["condition_compiled"] == "ka.uri = \ufffd"


# --- the command --------------------------------------------------------------------------


COMMAND_RULES = """\
- list: verbs
  items: [delete, deletecollection]
- macro: gone
  condition: ka.verb in (verbs)
- rule: Secret Deleted
  desc: >
    Somebody deleted a secret. What needs it
    will not work any more.
  condition: >
    gone and
    ka.target.resource = secrets
  output: Secret deleted (user=%ka.user.name)
  priority: WARNING
  source: k8s_audit
  tags: [secrets, k8s]
- rule: Quiet
  desc: Nothing.
  condition: ka.verb = x
  output: o
  priority: INFO
  source: k8s_audit
  enabled: false
- rule: Own
  desc: Something of our own.
  condition: own.a = x
  output: o
  priority: DEBUG
  source: own
"""

OWN = """\
source: own
description: Events of our own.
fields:
  - {name: own.a, pointer: /a, description: An a.}
"""

OVERVIEW = """\
k8s_audit:
  Warning        Secret Deleted [k8s, secrets]
                 Somebody deleted a secret.
  Informational  Quiet (disabled)
                 Nothing.
own:
  Debug          Own
                 Something of our own.
"""

DETAILS = """\
Secret Deleted
  defined:    rules.yaml:5
  source:     k8s_audit
  priority:   Warning
  enabled:    yes
  tags:       k8s, secrets
  macros:     gone
  fields:     ka.target.resource, ka.user.name, ka.verb

description:
  Somebody deleted a secret. What needs it will not work any more.

condition:
  gone and ka.target.resource = secrets

compiled:
  (ka.verb in (delete, deletecollection) and ka.target.resource = secrets)

output:
  Secret deleted (user=%ka.user.name)

uses:
  macro gone (rules.yaml:3)
    list verbs (rules.yaml:1, 2 items)
"""

MACRO = """\
gone
  defined:    rules.yaml:3
  lists:      verbs
  fields:     ka.verb

condition:
  ka.verb in (verbs)

compiled:
  ka.verb in (delete, deletecollection)

uses:
  list verbs (rules.yaml:1, 2 items)

used by:
  rule Secret Deleted (rules.yaml:10)
"""

LIST = """\
verbs
  defined:    rules.yaml:1
  items at:   rules.yaml:2

items:
  delete, deletecollection

used by:
  macro gone (rules.yaml:4)
    rule Secret Deleted (rules.yaml:10)
"""

GRAPH = """\
digraph rules {
  rankdir=LR;
  "rule Secret Deleted" [label="Secret Deleted", shape=box];
  "macro gone" [label="gone", shape=ellipse];
  "list verbs" [label="verbs", shape=note];
  "rule Secret Deleted" -> "macro gone";
  "macro gone" -> "list verbs";
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rules.yaml").write_text(COMMAND_RULES, "utf-8")
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["rules", *arguments])
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out, printed.err


@pytest.mark.usefixtures("folder")
def test_the_list_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "rules.yaml", "--source-file", "own.yaml")
    assert (status, out) == (0, OVERVIEW)
    assert err == "3 rules, 1 macro, 1 list\n"


@pytest.mark.usefixtures("folder")
def test_only_the_rules_of_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "rules.yaml", "--source-file", "own.yaml", "--source", "own")
    assert (status, out) == (0, OVERVIEW[OVERVIEW.index("own:") :])


@pytest.mark.usefixtures("folder")
def test_everything_about_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "rules.yaml", "--rule", "Secret Deleted") == (0, DETAILS, "")


@pytest.mark.usefixtures("folder")
def test_everything_about_a_macro_and_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "rules.yaml", "--macro", "gone") == (0, MACRO, "")
    assert run(capsys, "rules.yaml", "--list", "verbs") == (0, LIST, "")
    _, out, _ = run(capsys, "rules.yaml", "--list", "verbs", "--format", "json")
    found = json.loads(out)
    assert found["lists"][0]["details"]["items_compiled"] == ["delete", "deletecollection"]
    assert found["users"] == [{"kind": "macro", "name": "gone", "file": "rules.yaml", "line": 4}]
    _, out, _ = run(capsys, "rules.yaml", "--macro", "gone", "--format", "json")
    assert [each["info"]["name"] for each in json.loads(out)["macros"]] == ["gone"]


@pytest.mark.usefixtures("folder")
def test_the_graph_of_an_item(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (("--macro", "gone"), ("--list", "verbs"), ("--rule", "Secret Deleted")):
        assert run(capsys, "rules.yaml", *asked, "--format", "dot") == (0, GRAPH, "")
    _, out, _ = run(capsys, "rules.yaml", "--format", "dot")
    assert out.replace('  "rule Quiet" [label="Quiet", shape=box];\n', "") == GRAPH


def test_what_no_rule_uses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "rules.yaml", "--unused") == (0, "", "")
    more = "- list: inner\n  items: [a]\n- macro: outer\n  condition: ka.verb in (inner)\n"
    (folder / "more.yaml").write_text(more)
    expected = "macro outer (more.yaml:3)\nlist inner (more.yaml:1)\n"
    assert run(capsys, "rules.yaml", "more.yaml", "--unused") == (0, expected, "")
    _, out, _ = run(capsys, "rules.yaml", "more.yaml", "--unused", "--format", "json")
    assert [each["name"] for each in json.loads(out)["unused"]] == ["outer", "inner"]
    # What only rules of another source use is not used by those of this one.
    status, out, _ = run(
        capsys,
        *("rules.yaml", "--unused", "--source", "own", "--source-file", "own.yaml"),
    )
    assert (status, out) == (0, "macro gone (rules.yaml:3)\nlist verbs (rules.yaml:1)\n")


def test_the_tree_of_what_is_used_many_times_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each level uses the one before twice: shown once each, or there would be no end."""
    macros = "- macro: m0\n  condition: ka.verb = x\n"
    for n in range(1, 9):
        macros += f"- macro: m{n}\n  condition: (m{n - 1} or not m{n - 1}) and m{max(n - 2, 0)}\n"
    rule = RULE.format(condition="m8 and ka.stage in (l)", output="o", source="k8s_audit")
    (folder / "deep.yaml").write_text(f"- list: l\n  items: [a]\n{macros}{rule}")
    _, out, _ = run(capsys, "deep.yaml", "--rule", "r")
    tree = out[out.index("uses:") :].splitlines()
    assert len(tree) < 30
    assert tree[1].startswith("  macro m8 (deep.yaml:")
    assert sum("see above" in line for line in tree) == 6
    assert tree[-1] == "  list l (deep.yaml:1, 1 item)"


def test_names_that_are_put_together_from_several_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "local.yaml").write_text(
        "- list: verbs\n  items: [patch]\n  override: {items: append}\n"
        "- rule: Quiet\n  condition: and gone\n  override: {condition: append}\n"
        "- rule: Secret Deleted\n  exceptions:\n    - {name: e, fields: ka.user.name, comps: in, "
        "values: [verbs]}\n  override: {exceptions: append}\n"
    )
    _, out, _ = run(capsys, "rules.yaml", "local.yaml", "--list", "verbs")
    assert "  items at:   rules.yaml:2, local.yaml:2\n" in out
    assert out.endswith(
        "used by:\n"
        "  rule Secret Deleted (local.yaml:9)\n"
        "  macro gone (rules.yaml:4)\n"
        "    rule Secret Deleted (rules.yaml:10)\n"
        "    rule Quiet (local.yaml:5)\n"
    )


@pytest.mark.usefixtures("folder")
def test_json_is_one_line_with_sorted_keys(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "rules.yaml", "--format", "json")
    found = json.loads(out)
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert [each["info"]["name"] for each in found["rules"]] == ["Secret Deleted", "Quiet"]
    assert json.dumps(found, sort_keys=True, separators=(",", ":")) == out.rstrip()
    _, one, _ = run(capsys, "rules.yaml", "--format", "json", "--rule", "Quiet")
    assert json.loads(one) == {"rules": found["rules"][1:]}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Secret Delete", "there is no rule 'Secret Delete', did you mean 'Secret Deleted'?"),
        ("xyz", "there is no rule 'xyz'"),
        ("Own", "rule 'Own', for own, is left out"),
    ],
)
def test_unknown_rules(name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "rules.yaml", "--rule", name)
    assert (status, out) == (3, "")
    assert err == f"rulec rules: Invalid value for '--rule': {message} (try 'rulec rules --help')\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--macro", "gon"), "there is no macro 'gon', did you mean 'gone'?"),
        (("--list", "gone"), "there is no list 'gone'"),
        (("--list", "verbs", "--macro", "gone"), "give one of --rule, --macro, --list"),
        (("--unused", "--macro", "gone"), "give one of --rule, --macro, --list"),
        (("--unused", "--format", "dot"), "there is no graph of what nothing uses"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, "rules.yaml", *arguments)
    assert (status, out) == (3, "")
    assert message in err


@pytest.mark.usefixtures("folder")
def test_unknown_sources(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "rules.yaml", "--source", "nope")
    assert (status, err.count("\n")) == (3, 1)


def test_broken_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.yaml").write_text(COMMAND_RULES.replace("ka.verb = x", "ka.verv = x"))
    status, out, err = run(capsys, "broken.yaml")
    assert (status, out) == (2, "")
    assert "broken.yaml:18:14: LOAD_ERR_COMPILE_CONDITION: unknown field 'ka.verv'" in err
    assert run(capsys, "missing.yaml")[0] == 2


def test_no_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.yaml").write_text("[]")
    assert run(capsys, "empty.yaml") == (0, "", "0 rules, 0 macros, 0 lists\n")


def test_terminals_are_not_told_what_to_do(folder: Path) -> None:
    hostile = COMMAND_RULES.replace("desc: Nothing.", 'desc: "a\\e[2Jb"')
    (folder / "hostile.yaml").write_text(hostile)
    for options in ([], ["--rule", "Quiet"]):
        assert "\x1b" not in CliRunner().invoke(command, ["hostile.yaml", *options]).output
