"""The pages about lints: their examples, and the table of all of them.

``python tests/lint_pages.py`` brings the table in docs/lints/README.md up to date.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from rulec.lint import LINTS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "lints"
INDEX = FOLDER / "README.md"

_FENCE = re.compile(r"^```(\w+) ?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_TABLE = re.compile(r"^\|.*\n(?:\|.*\n)+", re.MULTILINE)
_MARK = "<!-- the table is made from LINTS: python tests/lint_pages.py -->\n"


@dataclass(frozen=True)
class Example:
    """A fenced block of a page, and the word that says what it is: ``fires`` or ``quiet``."""

    language: str
    word: str
    content: str


def page(lint: str) -> Path:
    return FOLDER / f"{lint}.md"


def examples(lint: str) -> list[Example]:
    return [Example(*match.groups()) for match in _FENCE.finditer(page(lint).read_text("utf-8"))]


def table() -> str:
    lines = ["| lint | severity | what it finds |", "|---|---|---|"]
    for lint in sorted(LINTS.values(), key=lambda lint: lint.id):
        fix = " (`--fix`)" if lint.fixes else ""
        lines.append(f"| [{lint.id}]({lint.id}.md) | {lint.severity.value} | {lint.summary}{fix} |")
    return "\n".join(lines) + "\n"


def table_in_index() -> str:
    found = _TABLE.search(INDEX.read_text("utf-8"))
    return found[0] if found else ""


if __name__ == "__main__":
    text = INDEX.read_text("utf-8").replace(table_in_index() or "\0", "")
    before, _, after = text.partition(_MARK)
    INDEX.write_text(
        f"{before}{_MARK}\n{table()}{after.lstrip() and chr(10) + after.lstrip()}", "utf-8"
    )
