"""What the tests of rules files share: reading a text as Falco reads a file."""

from typing import Any

from rulec.definitions import Definitions, define
from rulec.diagnostics import Diagnostic
from rulec.documents import read_rules_file
from rulec.operators import words
from rulec.text import File

SOURCES = frozenset({"syscall", "test"})

RULE = """\
- rule: r
  desc: d
  condition: a.b = c
  output: o
  priority: INFO
"""


def define_all(*contents: str, **options: Any) -> tuple[Definitions, list[Diagnostic]]:
    """Define what several files have, and return that and everything that was found out."""
    definitions, diagnostics = Definitions(), list[Diagnostic]()
    for content in contents:
        readings = read_rules_file(File("rules.yaml", content)).readings
        definitions, found = define(
            definitions, readings, sources=SOURCES, operators=words(), **options
        )
        diagnostics += found
    return definitions, diagnostics


def told(diagnostics: list[Diagnostic]) -> list[str]:
    """Return each diagnostic on a line: place, code, kind."""
    return [f"{d.line}:{d.column} {d.code} {d.kind}" for d in diagnostics]
