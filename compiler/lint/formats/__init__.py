"""How findings are told, one entry each. A format makes the whole text of a report."""

from collections.abc import Callable, Mapping
from typing import Final

from rulec.lint.formats.text import text
from rulec.lint.linter import LintReport

FORMATS: Final[Mapping[str, Callable[[LintReport], str]]] = {
    "text": text,
}
