"""The documentation: its examples run, its tables are those of the code, its links lead somewhere.

Fenced blocks say what they are: three backquotes, a language, and then perhaps
the name of a file (the block is written to it), and one of these words:

* ``yaml``: rules that must compile; after ``after FILE``, together with that file;
  with ``refused``, they must not
* ``console``: what follows ``$ `` is run (``rulec`` and ``make demo``), the rest is what it prints
* ``python``: a program that must run; a block ``text printed`` behind it is what it prints
* ``json``, ``text``, ``ini``, ...: shown only

The dots ``...`` in an output stand for anything. Tables that begin with
``condition`` or ``output`` are asked about the last ``json`` block before them.
"""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import click
import pytest
from compiling import compile_condition

from rulec import RulesError, compile_ruleset
from rulec.cli import COMMANDS, cli
from rulec.codes import CODES
from rulec.diagnostics import ProblemError
from rulec.operators import IN_RANGES, OPERATORS
from rulec.runtime.events import Event
from rulec.runtime.fields import Kind
from rulec.runtime.loading import execute
from rulec.runtime.sources import SOURCES
from rulec.transformers import TRANSFORMERS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
AUDIT = SOURCES["k8s_audit"]

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


# --- examples -----------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_do_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("FALCO_HOSTNAME", "node-1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(str(folder))


def compiles(block: Block, where: str) -> None:
    words = list(block.words)
    paths = [words[words.index("after") + 1]] if "after" in words else []
    if not block.file:
        Path("block.yaml").write_text(block.content, encoding="utf-8")
    paths.append(block.file or "block.yaml")
    try:
        compile_ruleset(paths)
    except RulesError as error:
        assert "refused" in words, f"{where}: {error}"
    else:
        assert "refused" not in words, f"{where}: the rules are not refused"


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


def asked() -> list[tuple[str, str, str, str, str]]:
    found = []
    for page in PAGES:
        text = text_of(page)
        events = [(match.end(), match[3]) for match in _FENCE.finditer(text) if match[1] == "json"]
        for kind in ("condition", "output"):
            for place, cells in rows(text, kind):
                event = [content for end, content in events if end <= place][-1]
                found.append((kind, code(cells[0]), cells[1], event, f"{page.name}-{cells[0]}"))
    return found


@pytest.mark.parametrize(
    ("kind", "text", "answer", "event", "where"),
    [pytest.param(*row, id=row[-1]) for row in asked()],
)
def test_tables_of_conditions_and_outputs(
    kind: str, text: str, answer: str, event: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    (found,), _ = AUDIT.documents.read(event)
    try:
        assert ask(kind, text, found) == answer
    except ProblemError as error:
        assert answer == f"refused: {error.problem.kind}"


def ask(kind: str, text: str, event: Event) -> str:
    if kind == "condition":
        compiled = compile_condition(text, AUDIT)
        answer = "yes" if compiled.matches(event) else "no"
        return ", ".join([answer, *(f"warning: {found.kind}" for found in compiled.warnings)])
    compiled = compile_condition("evt.num exists", AUDIT, text)
    message, _ = execute(compiled.code).rules[0].output(event)
    return f"`{message}`"
