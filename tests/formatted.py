"""What the tests of formatting share: whether a text that was formatted is still the same rules."""

import ast
import re
from collections import Counter

import yaml

from rulec import RulesError
from rulec.api import build_files
from rulec.formatting import format_text
from rulec.runtime.sources import SOURCES
from rulec.text import File
from rulec.validation import validate
from rulec.yaml_reader import read_completed

# Where something stands, and what a file is recognised by.
_PLACES = re.compile(r"(?<=rules\.yaml):\d+|\b[0-9a-f]{64}\b")


def compiled(text: str) -> str:
    """Return the module that rules become without places, or what is wrong with the rules."""
    files = [File("rules.yaml", text)]
    try:
        code = build_files(files, rule_matching="all").code
    except RulesError as error:
        return "\n".join(sorted(f"{each.code} {each.kind}" for each in error.diagnostics))
    # As a tree: how lines are broken depends on how long the places are.
    return ast.dump(ast.parse(_PLACES.sub("", code)))


def loaded(text: str) -> list[tuple[str, str, str]]:
    """Return what there is to tell about rules, without places and in no particular order."""
    (result,) = validate([File("rules.yaml", text)], SOURCES)
    found = ((each.code, each.kind, each.problem.subject) for each in result.diagnostics)
    return [(result.schema.status, "", ""), *sorted(found)]


def comments(text: str) -> Counter[str]:
    """Return the comments of a text: what PyYAML's scanner finds no token in."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    text = read_completed(File("rules.yaml", text))[1]
    found: Counter[str] = Counter()
    at = 0
    for token in yaml.scan(text):
        gap = text[at : max(at, token.start_mark.index)]
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            header = text[token.start_mark.index :].split("\n", 1)[0]
            gap += "".join(re.findall(r"(?<=[ \t])#.*", header))
        found.update(comment.rstrip() for comment in re.findall("#.*", gap))
        at = max(at, token.end_mark.index)
    return found


def assert_formatted(text: str) -> str:
    """Format a text, and fail unless the result is formatted and the same rules."""
    new = format_text(text, "rules.yaml")
    assert format_text(new, "rules.yaml") == new, "formatted again, it changes again"
    found = loaded(text)
    assert loaded(new) == found
    if not any("_ERR_" in code for code, *_ in found):
        assert compiled(new) == compiled(text)
    return new
