"""Cut out of a rules file what some of its rules need, as it is written there."""

from collections.abc import Iterable, Iterator

from rulec.api import check_files
from rulec.describe import Described, describe
from rulec.documents import read_items
from rulec.items import Item, ListItem, MacroItem, Rule, RuleAppend, RuleOverride, RuleToggle
from rulec.runtime.sources import SOURCES
from rulec.text import File

Name = tuple[str, str]


def excerpt(file: File, rules: Iterable[str]) -> str:
    """Return the rules of these names, and the macros and lists that they need.

    The file must be free of errors. Comments right above an item belong to it.

    :raises KeyError: if there is no such rule.
    """
    needed = _needed(file, rules)
    lines = file.content.splitlines()
    items = [(each.item, _line(each.item)) for each in read_items(file)]
    ends = [line for _, line in items[1:]] + [len(lines)]
    parts = [
        "\n".join(_trimmed(lines, line, end))
        for (item, line), end in zip(items, ends, strict=True)
        if _name(item) in needed
    ]
    return "\n\n".join(parts) + "\n"


def _needed(file: File, rules: Iterable[str]) -> set[Name]:
    definitions, analysis, _ = check_files([file])
    described = describe(definitions, analysis, SOURCES)
    details: dict[Name, Described] = {
        (kind, each["info"]["name"]): each["details"]
        for kind in ("rule", "macro", "list")
        for each in described[f"{kind}s"]
    }
    found: set[Name] = set()
    waiting: list[Name] = [("rule", name) for name in rules]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += (("macro", macro) for macro in details[name].get("macros", ()))
            waiting += (("list", each) for each in details[name].get("lists", ()))
    return found


def _name(item: Item) -> Name | None:
    match item:
        case ListItem():
            return "list", item.name
        case MacroItem():
            return "macro", item.name
        case Rule() | RuleAppend() | RuleOverride() | RuleToggle():
            return "rule", item.name
        case _:
            return None


def _line(item: Item) -> int:
    """Return the number of the line where an item begins, from 0."""
    place = item.context[-1]
    return place.file.position(place.at)[0] - 1


def _trimmed(lines: list[str], start: int, end: int) -> Iterator[str]:
    """Yield the lines of an item, with the comments above it, without those of the next."""
    while start > 0 and lines[start - 1].startswith("#"):
        start -= 1
    while end > start and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    yield from lines[start:end]
