"""Everything about one rule, macro or list."""

from collections.abc import Iterable, Iterator
from textwrap import dedent, indent

from rulec.dependencies import Item, Kind
from rulec.diagnostics import printable
from rulec.listing import trees
from rulec.listing.layout import WIDTH, facts, folded, paragraph
from rulec.listing.ruleset import Described, Listing, where


def description(item: Item, listing: Listing) -> str:
    """Return the text about an item."""
    dependencies = listing.dependencies
    found = listing.described(item)
    place = where(dependencies.place(item))
    match item.kind:
        case Kind.RULE:
            text = _rule(found["rules"][0], place)
        case Kind.MACRO:
            text = _macro(found["macros"][0], place)
        case Kind.LIST:
            text = _list(found["lists"][0], place, listing)
    sections = {
        "uses": trees.uses(item, dependencies),
        "used by": trees.users(item, dependencies),
    }
    lines = [text, *(line for title, tree in sections.items() for line in _section(title, tree))]
    return printable("\n".join(lines), "\n\t")


def _rule(rule: Described, place: str) -> str:
    info, details = rule["info"], rule["details"]
    told = {
        "defined": [place],
        "source": [info["source"]],
        "priority": [info["priority"]],
        "enabled": ["yes" if info["enabled"] else "no"],
        "tags": info["tags"],
        "exceptions": details["exception_names"],
        "macros": details["macros"],
        "lists": details["lists"],
        "fields": sorted({*details["condition_fields"], *details["output_fields"]}),
        "events": _events(details["events"]),
    }
    texts = {
        "description": " ".join(info["description"].split()),
        "condition": dedent(info["condition"]),
        "compiled": details["condition_compiled"],
        "output": details["output_compiled"],
    }
    return _page(info["name"], told, texts)


def _macro(macro: Described, place: str) -> str:
    info, details = macro["info"], macro["details"]
    told = {
        "defined": [place],
        "macros": details["macros"],
        "lists": details["lists"],
        "fields": details["condition_fields"],
    }
    texts = {"condition": dedent(info["condition"]), "compiled": details["condition_compiled"]}
    return _page(info["name"], told, texts)


def _list(found: Described, place: str, listing: Listing) -> str:
    info, details = found["info"], found["details"]
    items = listing.definitions.lists[info["name"]].items
    # Items may have been appended, perhaps in other files.
    places = dict.fromkeys(where(item.span(0)) for item in items)
    told = {"defined": [place], "lists": details["lists"], "items at": places}
    compiled = ", ".join(details["items_compiled"])
    return "\n".join([info["name"], *facts(told), *_section("items", folded(compiled, WIDTH - 2))])


def _page(name: str, told: dict[str, list[str]], texts: dict[str, str]) -> str:
    lines = [name, *facts(told)]
    for title, text in texts.items():
        lines += _section(title, paragraph(text).split("\n"))
    return "\n".join(lines)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a section with a title, if there is anything in it."""
    if found := list(lines):
        yield from ("", f"{title}:", indent("\n".join(found), "  "))


def _events(events: list[str]) -> list[str]:
    """Return the types of events of a rule if it is about few of them only."""
    named = [event for event in events if event not in ("asyncevent", "pluginevent")]
    return named if len(named) <= 100 else []
