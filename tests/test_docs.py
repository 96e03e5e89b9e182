"""The documentation: its examples run, its tables are those of the code, its links lead somewhere.

Fenced blocks say what they are: three backquotes, a language, and then perhaps
the name of a file (the block is written to it), and one of these words:

* ``yaml``: rules that must compile; with ``after FILE``, together with that file; with
  ``refused``, they must not; with ``source``, it describes an event source instead, with
  ``scenario`` a scenario
* ``console``: what follows ``$ `` is run (``rulec`` and ``make demo``), the rest is what it prints
* ``python``: a program that must run; a block ``text printed`` behind it is what it prints
* ``json``, ``text``, ``ini``, ...: shown only

The dots ``...`` in an output stand for anything. A page with a comment ``needs: MODULE, ...``
is skipped where one of these cannot be imported. Tables that begin with
``condition`` or ``output`` are asked about the last ``json`` block before them.
"""

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from compiling import compile_condition
from installed_engines import needed
from synthetic import SOURCE as TEST_SOURCE

from rulec import RulesError, Scenario, Source, compile_ruleset
from rulec.cli import COMMANDS, cli
from rulec.codes import CODES
from rulec.commands.run import SETTINGS
from rulec.diagnostics import ProblemError
from rulec.operators import IN_RANGES, OPERATORS
from rulec.profile.advice import ADVISERS
from rulec.runtime.events import Event
from rulec.runtime.fields import Kind
from rulec.runtime.loading import execute
from rulec.runtime.sinks import SINKS
from rulec.runtime.sources import SOURCES, AnyEvent, EventSource
from rulec.testing.alert_reader import ALERT_KEYS
from rulec.testing.reading import FILE_KEYS, TEST_KEYS, read_suite
from rulec.text import File
from rulec.transformers import TRANSFORMERS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
AUDIT = SOURCES["k8s_audit"]

# Pages whose examples are about another event source.
ABOUT = {"syscall.md": SOURCES["syscall"]}

_NEEDS = re.compile(r"<!-- needs: (.*) -->")
_FENCE = re.compile(r"^```(\w*)(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words behind it, its content and where it begins."""

    language: str
    words: tuple[str, ...]
    content: str
    line: int

    @property
    def file(self) -> str | None:
        return next((word for word in self.words[:1] if "." in word), None)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """Return a page without its fenced blocks, lines kept."""
    return _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text_of(page))


def blocks(page: Path) -> list[Block]:
    text = text_of(page)
    return [
        Block(match[1], tuple(match[2].split()), match[3], text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]


def agrees(printed: str, shown: str) -> bool:
    parts = (re.escape(part.strip()) for part in shown.split("..."))
    return (
        re.fullmatch(r"\s*" + ".*".join(rf"{part}\s*" for part in parts), printed, re.DOTALL)
        is not None
    )


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local time be UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


# --- examples -----------------------------------------------------------------------


def with_marks(page: Path) -> Any:
    marks = [pytest.mark.spark] if _NEEDS.search(text_of(page)) else []
    return pytest.param(page, id=page.name, marks=marks)


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("page", [with_marks(page) for page in PAGES])
def test_the_examples_do_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if needs := _NEEDS.search(text_of(page)):
        needed(*needs[1].split(", "))
    prepare(tmp_path, monkeypatch)
    names: dict[str, object] = {"__name__": "__main__"}
    found = blocks(page)
    with chdir(tmp_path):
        for block, after in pairwise([*found, Block("", (), "", 0)]):
            where = f"{page.name}:{block.line}"
            if block.file:
                Path(block.file).write_text(block.content, encoding="utf-8")
            if block.language == "yaml":
                compiles(block, where)
            elif block.language == "python":
                printed = io.StringIO()
                with redirect_stdout(printed):
                    exec(compile(block.content, where, "exec"), names)
                if after.words == ("printed",):
                    assert agrees(printed.getvalue(), after.content), (
                        f"{where}: {printed.getvalue()}"
                    )
            elif block.language == "console":
                for command, shown in commands(block):
                    printed_text = output_of(command)
                    assert agrees(printed_text, shown), f"{where}: {command}\n{printed_text}"


def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder in which examples can run: rules, samples and ``rulec`` are there."""
    for name in ("rules", "docs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "bin").mkdir()
    for name, options in {"rulec": "-m rulec", "python": ""}.items():
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("FALCO_HOSTNAME", "node-1")
    monkeypatch.setenv("COLUMNS", "100")
    # Pages show what a terminal does, where standard output and standard error come in order.
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.syspath_prepend(str(folder))


def compiles(block: Block, where: str) -> None:
    words = list(block.words)
    if "tests" in words:
        assert read_suite(File(str(block.file), block.content))[1] == (), where
        return
    if "source" in words:
        Source.from_yaml(str(block.file))
        return
    paths = [words[words.index("after") + 1]] if "after" in words else []
    if not block.file:
        Path("block.yaml").write_text(block.content, encoding="utf-8")
    paths.append(block.file or "block.yaml")
    mistakes = ""
    try:
        if "scenario" in words:
            Scenario.from_yaml(paths[0])
        else:
            compile_ruleset(paths)
    except RulesError as error:
        mistakes = str(error)
    assert bool(mistakes) is ("refused" in words), f"{where}: {mistakes}"


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command of a block that can be run here, with what it is said to print."""
    for part in re.split(r"^\$ ", block.content, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        if command.startswith(("rulec", "printf", "gzip", "python")):
            yield command, shown
        elif command == "make demo":
            yield "; ".join(demo()), shown


def demo() -> Iterator[str]:
    """Return the commands of ``make demo``, each behind one that prints it."""
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert recipe is not None
    for line in recipe[1].splitlines():
        yield f"echo '{line.strip().replace('$(BIN)', '.venv/bin')}'"
        yield line.strip().replace("$(BIN)/", "")


def output_of(command: str) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


# --- tables -------------------------------------------------------------------------


def rows(text: str, *header: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of every table whose header begins like this, with their place."""
    wanted = list(header)
    inside = False
    place = 0
    for line in text.splitlines(keepends=True):
        cells = [
            cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]
        ]
        if cells[: len(wanted)] == wanted:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not set(cells[0]) <= {"-", ":"}:
            yield place, cells
        place += len(line)


def code(cell: str) -> str:
    """Return what stands in a cell as code: within one or two backquotes on each side."""
    return cell.strip("`").strip() if cell.startswith("``") else cell.strip("`")


def asked() -> list[tuple[str, str, str, str, EventSource, str]]:
    found = []
    for page in PAGES:
        text = text_of(page)
        events = [(match.end(), match[3]) for match in _FENCE.finditer(text) if match[1] == "json"]
        for kind in ("condition", "output"):
            for place, cells in rows(text, kind):
                event = [content for end, content in events if end <= place][-1]
                source = ABOUT.get(page.name, AUDIT)
                where = f"{page.name}-{cells[0]}"
                found.append((kind, code(cells[0]), cells[1], event, source, where))
    return found


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("kind", "text", "answer", "event", "source", "where"),
    [pytest.param(*row, id=row[-1]) for row in asked()],
)
def test_tables_of_conditions_and_outputs(
    kind: str, text: str, answer: str, event: str, source: EventSource, where: str
) -> None:
    (found,), _ = source.documents.read(event)
    assert ask(kind, text, found, source) == answer


def ask(kind: str, text: str, event: AnyEvent, source: EventSource) -> str:
    try:
        if kind == "output":
            compiled = compile_condition("evt.num exists", source, text)
            ruleset = execute(compiled.code)
            seen = ruleset.matcher(source.name).seen(event)
            return f"`{ruleset.rules[0].output(seen)[0]}`"
        compiled = compile_condition(text, source)
    except ProblemError as error:
        return f"refused: {error.problem.kind}"
    answer = "yes" if compiled.matches(event) else "no"
    return ", ".join([answer, *(f"warning: {found.kind}" for found in compiled.warnings)])


def test_the_table_of_operators_is_that_of_the_compiler() -> None:
    kinds = list(Kind)
    found = {}
    for _, cells in rows(
        text_of(ROOT / "docs/language.md"), "operator", *(kind.value for kind in kinds)
    ):
        found[code(cells[0])] = {
            kind for kind, cell in zip(kinds, cells[1:], strict=True) if cell == "yes"
        }
    assert found == {s: set(o.meanings) for s, o in OPERATORS.items() if s != IN_RANGES}


def test_everything_that_has_a_name_is_in_its_table() -> None:
    text = text_of(ROOT / "docs/language.md")
    codes = {code(cells[0]): cells[1] for _, cells in rows(text, "code")}
    assert codes == {name: entry.severity for name, entry in CODES.items()}
    described = "".join(cells[0] for _, cells in rows(text, "transformer"))
    assert set(re.findall(r"(\w+)\(", described)) == set(TRANSFORMERS)
    settings = {code(cells[0]) for _, cells in rows(text_of(ROOT / "docs/commands.md"), "setting")}
    assert settings == set(SETTINGS)
    outputs = " ".join(cells[0] for _, cells in rows(text_of(ROOT / "docs/outputs.md"), "kind"))
    assert set(re.findall(r"`(\w+)[:`]", outputs)) == set(SINKS)
    advice = [cells[0] for _, cells in rows(text_of(ROOT / "docs/commands.md"), "advice")]
    advisers = {adviser.__name__ for adviser in ADVISERS}
    assert set(re.findall(r"`(\w+)`", " ".join(advice))) == {
        *(advisers - {"same_answer"}),
        "never_true",
        "always_true",
    }


def test_every_key_of_tests_is_described_and_no_other() -> None:
    text = text_of(ROOT / "docs/testing.md")
    found = [set(re.findall(r"`(\w+)`", cells[0])) for _, cells in rows(text, "key", "meaning")]
    assert set().union(*found) == {*FILE_KEYS, *TEST_KEYS, *ALERT_KEYS}


@pytest.mark.parametrize(
    ("source", "page"), [("k8s_audit", "sources.md"), ("syscall", "syscall-fields.md")]
)
def test_the_table_of_fields_is_up_to_date(source: str, page: str) -> None:
    text = text_of(ROOT / "docs" / page)
    shown = re.search(rf"<!-- fields: {source} -->\n(.*)<!-- end", text, re.DOTALL)
    printed = CliRunner().invoke(cli, ["fields", source, "--format", "markdown"]).output
    assert shown is not None
    assert shown[1] == printed[printed.index("| field") :], "see CONTRIBUTING.md"


def test_fields_that_are_not_listed_are_named() -> None:
    text = text_of(ROOT / "docs/syscall-fields.md")
    section = text[text.index("## Fields that are not listed") :]
    shown = set(re.findall(r"`([a-z_.]+)`", section.partition("<!--")[0]))
    fields = SOURCES["syscall"].fields.values()
    hidden = {field.name for field in fields if not field.listed}
    derived = {name for name in hidden if name.startswith(("evt.rawarg.", "json.", "jevt."))}
    assert shown == hidden - derived


def test_every_command_and_option_is_described_and_no_other() -> None:
    page = text_of(ROOT / "docs/commands.md")
    sections = dict(
        re.findall(r"^## rulec ([\w -]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    )
    found = dict(all_commands())
    assert set(sections) == set(found)
    for name, section in sections.items():
        options = [each for each in found[name].params if isinstance(each, click.Option)]
        described = [cells[0] for _, cells in rows(section, "option")]
        words = {word for cell in described for word in re.findall(r"`(-[\w-]*)", cell)}
        taken = {word for option in options for word in (*option.opts, *option.secondary_opts)}
        assert words == taken | {"-h", "--help"}


def all_commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command; for a group of commands, those in it."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


# --- links and names ----------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_names_lead_somewhere(page: Path) -> None:
    text = prose_of(page)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            found = (page.parent / file).resolve() if file else page
            assert found.exists(), target
            assert not anchor or anchor in anchors(found), target
    for name in re.findall(
        r"`((?:compiler|runtime|grammar|rules|tests|docs)/[\w./]*)`", text_of(page)
    ):
        assert (ROOT / name).exists() or "NAME" in name or name.endswith("/x.py"), name
    for module, test in re.findall(r"(test_\w+\.py)::(\w+)", text):
        assert f"def {test}(" in text_of(ROOT / "tests" / module), f"{module}::{test}"
    assert max(map(len, text_of(page).splitlines())) < 500


# --- what differs from Falco and is tested nowhere else (docs/differences.md) -------


EVENT = (
    b'{"kind":"Event","auditID":"1","stageTimestamp":"2026-03-02T09:30:00Z","verb":"get","verb":'
    b'"list","user":{"username":"a\\nb\\u001b\\u2028"},"o":{"x":"\\u003c"},"n":"a\\u0000b"}'
)


def matched(output: str, document: bytes = EVENT, condition: str = "ka.verb = list") -> str:
    events, _ = AUDIT.documents.read(document)
    compiled = execute(compile_condition(condition, AUDIT, output).code)
    (alert,) = compiled.matcher("k8s_audit").match(events[0])
    return alert.text()


def test_json_is_decoded() -> None:
    assert matched("%ka.verb %jevt.value[/o]").endswith(' list {"x":"<"}')
    assert matched("%jevt.value[/n]", condition='jevt.value[/n] endswith "b"').endswith(
        r" a\u0000b"
    )


def test_lines_of_alerts_cannot_be_forged() -> None:
    assert matched("%ka.user.name").endswith(r" a\nb\u001b\u2028")


def test_lists_are_shown_whole() -> None:
    long = EVENT.replace(b'"username"', b'"groups":["' + b"g" * 2000 + b'"],"username"')
    assert matched("%ka.user.groups", long).endswith(f" ({'g' * 2000})")


def test_long_lines_are_read() -> None:
    document = EVENT.replace(b'"n":"a', b'"n":"' + b"a" * 100_000)
    ((_, reading),) = AUDIT.documents.lines(io.BytesIO(document))
    assert len(reading[0]) == 1  # type: ignore[index]


def test_modifiers_on_networks_ask_for_containment() -> None:
    event = Event({"t.net": "10.1.2.3"}, 0)
    for condition, expected in {
        "t.net = anyof (10.0.0.0/8, 192.168.0.0/16)": True,
        "t.net != allof (10.0.0.0/8, 192.168.0.0/16)": False,
    }.items():
        assert compile_condition(condition, TEST_SOURCE).matches(event) is expected


def checked(folder: Path, rules: str, *options: str) -> str:
    (folder / "rules.yaml").write_text(rules)
    return CliRunner().invoke(cli, ["check", *options, str(folder / "rules.yaml")]).output


def rule(condition: str) -> str:
    item = f"- rule: r\n  desc: d\n  condition: {condition}\n  output: x\n  priority: INFO\n"
    return f"{item}  source: k8s_audit\n"


def test_strict_checks_refuse_what_falco_refuses(tmp_path: Path) -> None:
    rules = rule("ka.user.groups startswith system")
    assert "RULEC_LIST_FIELD_OPERATOR" in checked(tmp_path, rules)
    assert "LOAD_ERR_COMPILE_CONDITION" in checked(tmp_path, rules, "--strict")


def test_all_errors_are_told_as_text_and_the_first_as_json(tmp_path: Path) -> None:
    rules = rule("ka.a = 1") + rule("ka.b = 1").replace("rule: r", "rule: q")
    assert checked(tmp_path, rules).count("LOAD_ERR_COMPILE_CONDITION") == 2
    assert checked(tmp_path, rules, "--format", "json").count("LOAD_ERR_COMPILE_CONDITION") == 1


def test_requirements_of_plugins(tmp_path: Path) -> None:
    rules = "- required_plugin_versions:\n  - {name: nosuch, version: 9.0.0}\n"
    assert "RULEC_UNKNOWN_PLUGIN" in checked(tmp_path, rules)
    rules = "- required_plugin_versions:\n  - {name: k8saudit, version: 0.18.0}\n"
    assert checked(tmp_path, rules).startswith(f"{tmp_path / 'rules.yaml'}: Ok")
    rules = "- required_plugin_versions:\n  - {name: k8saudit, version: 0.19.0}\n"
    assert "LOAD_ERR_VALIDATE" in checked(tmp_path, rules)
