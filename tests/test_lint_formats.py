"""Findings as text, JSON, SARIF, JUnit and commands of GitHub; and the command that tells them."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from rulec.cli import cli, main
from rulec.codes import CODES
from rulec.lint import LINTS, LintReport, lint
from rulec.lint.formats import FORMATS
from rulec.lint.formats.sarif import FINGERPRINT
from rulec.text import File

RULES = """\
- list: l
  items: [a, b, a]
# rulec: ignore[duplicate-item]: made by a program
- list: k
  items: [a, a]
- rule: r
  desc: d
  condition: ka.resp.name in (l) and ka.user.name in (k) and ka.uri regex '/a.*'
  output: o
  priority: INFO
  source: k8s_audit
  tags: [t]
"""

# Whatever is in rules or in the names of files.
HOSTILE = (
    "- list: l\n  items: ['</failure>::error %0A,', '</failure>::error %0A,', \"\\x01]]>&\", \"\\x01]]>&\"]\n"
    "- rule: <b>\n  desc: d\n  condition: ka.resp.name in (l) and ka.uri contains '\\xff' and ka.uri contains '\\xff'\n"
    "  output: o\n  priority: INFO\n  source: k8s_audit\n  tags: [t]\n"
)


def report(content: str = RULES, name: str = "rules dir/rü.yaml") -> LintReport:
    return lint([File(name, content)])


def found() -> list[tuple[str, int]]:
    return [(each.lint, each.position[0]) for each in report().findings]


def test_what_the_examples_are_about() -> None:
    assert found() == [("duplicate-item", 2), ("regex-simpler", 8)]


# --- JSON -------------------------------------------------------------------------------


def test_json_has_everything() -> None:
    document = json.loads(FORMATS["json"](report()))
    assert document["rules"] == 1
    assert document["broken"] is False
    assert [each["lint"] for each in document["findings"]] == ["duplicate-item", "regex-simpler"]
    finding = document["findings"][1]
    place = [finding[key] for key in ("file", "line", "column", "end_line", "end_column")]
    assert place == ["rules dir/rü.yaml", 8, 75, 8, 81]
    edit = finding["fix"]["edits"][0]
    assert RULES[: edit["start"]] + edit["text"] + RULES[edit["end"] :] == RULES.replace(
        "regex '/a.*'", "startswith /a"
    )
    assert [each["reason"] for each in document["suppressed"]] == ["made by a program"]


# --- SARIF ------------------------------------------------------------------------------

# What the schema of SARIF 2.1.0 says of the objects that are written here: the type of each
# member, "!" behind those that must be there.
SCHEMA: dict[str, dict[str, str]] = {
    "log": {"$schema": "uri", "version!": "2.1.0", "runs!": "[run]"},
    "run": {
        "tool!": "tool",
        "columnKind": "columnKind",
        "artifacts": "[artifact]",
        "results": "[result]",
    },
    "tool": {"driver!": "driver"},
    "driver": {"name!": "str", "version": "str", "rules": "[rule]"},
    "rule": {
        "id!": "str",
        "shortDescription": "message",
        "fullDescription": "message",
        "help": "message",
        "defaultConfiguration": "configuration",
    },
    "configuration": {"level": "level"},
    "artifact": {"location": "location"},
    "location": {"uri": "reference", "index": "int"},
    "result": {
        "ruleId": "str",
        "ruleIndex": "int",
        "level": "level",
        "message!": "message",
        "locations": "[place]",
        "partialFingerprints": "fingerprints",
        "fixes": "[fix]",
        "suppressions": "[suppression]",
    },
    "message": {"text!": "str", "markdown": "str"},
    "place": {"physicalLocation": "physical"},
    "physical": {"artifactLocation": "location", "region": "region"},
    "region": {"startLine": "one", "startColumn": "one", "endLine": "one", "endColumn": "one"},
    "fix": {"description": "message", "artifactChanges!": "[change]"},
    "change": {"artifactLocation!": "location", "replacements!": "[replacement]"},
    "replacement": {"deletedRegion!": "region", "insertedContent": "content"},
    "content": {"text": "str"},
    "suppression": {"kind!": "suppressionKind", "justification": "str"},
}


def conforms(value: Any, kind: str, where: str = "$") -> None:
    """Fail where a value is not what the schema says."""
    if kind.startswith("["):
        assert isinstance(value, list), where
        assert value or kind in ("[result]", "[artifact]"), where
        for number, each in enumerate(value):
            conforms(each, kind[1:-1], f"{where}[{number}]")
    elif kind in SCHEMA:
        members = {name.rstrip("!"): type_ for name, type_ in SCHEMA[kind].items()}
        needed = {name.rstrip("!") for name in SCHEMA[kind] if name.endswith("!")}
        assert isinstance(value, dict), where
        assert needed <= value.keys() <= members.keys(), (where, value.keys())
        for name, inner in value.items():
            conforms(inner, members[name], f"{where}.{name}")
    elif kind in ("int", "one"):
        assert isinstance(value, int), where
        assert value >= (kind == "one"), where
    elif kind == "fingerprints":
        assert all(isinstance(each, str) for pair in value.items() for each in pair), where
    else:
        assert isinstance(value, str), where
        allowed = {
            "2.1.0": {"2.1.0"},
            "level": {"none", "note", "warning", "error"},
            "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
            "suppressionKind": {"inSource", "external"},
        }.get(kind, {value})
        assert value in allowed, where
        if kind in ("uri", "reference"):
            assert re.fullmatch(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]*", value), where
            assert kind == "reference" or urlsplit(value).scheme, where


def sarif(content: str = RULES, name: str = "rules dir/rü.yaml") -> dict[str, Any]:
    document = json.loads(FORMATS["sarif"](report(content, name)))
    conforms(document, "log")
    (run,) = document["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        start = region["startLine"], region["startColumn"]
        assert start <= (region["endLine"], region["endColumn"])
    assert isinstance(run, dict)
    return run


def test_sarif_follows_its_schema() -> None:
    run = sarif()
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    assert set(ids) == {*LINTS, *CODES}
    results = run["results"]
    assert [each["ruleId"] for each in results if "suppressions" not in each] == [
        each.lint for each in report().findings
    ]
    assert unquote(run["artifacts"][0]["location"]["uri"]) == "rules dir/rü.yaml"
    (change,) = results[1]["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    line = RULES.splitlines()[replacement["deletedRegion"]["startLine"] - 1]
    region = replacement["deletedRegion"]
    mended = (
        line[: region["startColumn"] - 1]
        + replacement["insertedContent"]["text"]
        + line[region["endColumn"] - 1 :]
    )
    assert mended.endswith("and ka.uri startswith /a")


def test_sarif_of_nothing_and_of_errors() -> None:
    assert sarif("")["results"] == []
    assert sarif("- list: [")["results"][0]["ruleId"] == "LOAD_ERR_YAML_PARSE"
    assert (
        sarif(name="/tmp/a b.yaml")["artifacts"][0]["location"]["uri"] == "file:///tmp/a%20b.yaml"
    )


def fingerprints(content: str) -> list[str]:
    return [each["partialFingerprints"][FINGERPRINT] for each in sarif(content)["results"]]


def test_fingerprints_stay_when_lines_move_and_tell_findings_apart() -> None:
    assert fingerprints("# new\n\n" + RULES) == fingerprints(RULES)
    three = fingerprints(RULES.replace("[a, b, a]", "[a, a, a]"))
    assert len(set(three)) == len(three) == 4


# --- JUnit and GitHub -------------------------------------------------------------------


def test_junit_counts_what_it_has() -> None:
    (suite,) = ElementTree.fromstring(FORMATS["junit"](report()))
    counts = {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")}
    assert counts == {"tests": "3", "failures": "2", "skipped": "1", "errors": "0"}
    cases = list(suite)
    assert [case.get("name") for case in cases[:2]] == [
        "duplicate-item at 2:17",
        "regex-simpler at 8:75",
    ]
    assert [len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "skipped")] == [2, 1]


def test_junit_has_a_test_that_passed_where_nothing_is_found() -> None:
    (suite,) = ElementTree.fromstring(FORMATS["junit"](report("")))
    (case,) = suite
    assert (suite.get("tests"), suite.get("failures"), len(case)) == ("1", "0", 0)


def test_commands_of_github() -> None:
    first, second = FORMATS["github"](report()).splitlines()
    assert first == (
        "::notice file=rules dir/rü.yaml,line=2,endLine=2,col=17,endColumn=18,title=duplicate-item"
        "::'a' is in list 'l' already (it is there in line 2)"
    )
    assert second.startswith("::notice file=rules dir/rü.yaml,line=8,")


def test_severities_of_github() -> None:
    lines = FORMATS["github"](report("- list: [")).splitlines()
    assert lines[0].startswith("::error ")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_texts_break_no_format(form: str) -> None:
    text = FORMATS[form](report(HOSTILE, "a,b::error\n.yaml"))
    text.encode()
    assert "\x01" not in text
    match form:
        case "json":
            assert len(json.loads(text)["findings"]) == 3
        case "sarif":
            sarif(HOSTILE, "a,b::error\n.yaml")
        case "junit":
            assert len(list(ElementTree.fromstring(text).iter("failure"))) == 3
        case "github":
            assert [line[:9] for line in text.splitlines()] == ["::notice "] * 3
        case _:
            assert text.count("\n") >= 3


# --- the command ------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    return path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(["check", *arguments])
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_findings_are_told_with_status_1(rules: Path) -> None:
    done = check("--lint", rules.name)
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("rules.yaml:")] == [
        "rules.yaml:2:17: note: 'a' is in list 'l' already [duplicate-item]",
        "rules.yaml:8:75: note: 'ka.uri regex '/a.*'' needs no regular expression [regex-simpler]",
    ]
    assert done.stderr == "1 rule: 2 notes, 1 suppressed\n"


def test_only_and_without(rules: Path) -> None:
    assert check("--lint", "--only", "always-false", rules.name).exit_code == 0
    done = check("--lint", "--without", "duplicate-item", rules.name)
    assert done.stdout.count("[regex-simpler]") == 1
    assert "[duplicate-item]" not in done.stdout


def test_what_can_be_mended_is(rules: Path) -> None:
    done = check("--lint", "--fix", rules.name)
    assert done.exit_code == 1
    assert "mended 1 finding in 1 file" in done.stderr
    assert "[regex-simpler]" not in done.stdout
    assert rules.read_text("utf-8") == RULES.replace("regex '/a.*'", "startswith /a")
    assert check("--lint", "--fix", "--without", "duplicate-item", rules.name).exit_code == 0


def test_what_would_be_mended_is_shown(rules: Path) -> None:
    done = check("--lint", "--fix", "--diff", rules.name)
    assert done.stdout.startswith("--- rules.yaml\n+++ rules.yaml\n")
    assert (
        "+  condition: ka.resp.name in (l) and ka.user.name in (k) and ka.uri startswith /a\n"
        in done.stdout
    )
    assert rules.read_text("utf-8") == RULES


def test_statuses(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("--lint", "nowhere.yaml") == 2
    assert status("--lint", "--only", "nope", rules.name) == 3
    assert status("--fix", rules.name) == 3
    assert status("--format", "sarif", rules.name) == 3
    assert status("--lint", "--diff", rules.name) == 3
    rules.write_text("- list: [", "utf-8")
    assert status("--lint", rules.name) == 2
    assert "LOAD_ERR_YAML_PARSE" in capsys.readouterr().out


def test_a_wrong_name_gets_a_suggestion(rules: Path) -> None:
    done = check("--lint", "--only", "duplicate-items", rules.name)
    assert "did you mean 'duplicate-item'?" in done.stderr


def test_the_lints_are_listed() -> None:
    done = check("--lints")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(LINTS)


def test_formats_that_the_command_offers() -> None:
    (option,) = [p for p in cli.get_command(None, "check").params if p.name == "form"]  # type: ignore[arg-type,union-attr]
    assert list(option.type.choices) == list(FORMATS)  # type: ignore[attr-defined]
