"""How findings are told, one entry each. A format makes the whole text of a report."""

from collections.abc import Callable, Mapping
from typing import Final

from rulec.lint.formats.as_json import as_json
from rulec.lint.formats.github import github
from rulec.lint.formats.junit import junit
from rulec.lint.formats.sarif import sarif
from rulec.lint.formats.text import text
from rulec.lint.linter import LintReport

FORMATS: Final[Mapping[str, Callable[[LintReport], str]]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "junit": junit,
    "github": github,
}
