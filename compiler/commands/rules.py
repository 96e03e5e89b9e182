"""``rulec rules``: list and describe rules."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent, indent, shorten, wrap
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.commands.options import chosen_sources, own_sources, paths, refuse, source_files
from rulec.event_sources import known_sources
from rulec.runtime.rendering import counted
from rulec.runtime.sources import EventSource

if TYPE_CHECKING:
    from rulec.analysis import Analysis
    from rulec.definitions import Definitions

Described = dict[str, Any]

_WIDTH: Final = 100
_PRIORITY: Final = len("Informational")


@click.command(short_help="List and describe rules.")
@paths()
@click.option("--rule", "name", metavar="NAME", help="Tell everything about this rule.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Leave out the rules for other event sources (repeatable).",
)
@source_files
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people; or the JSON that 'falco -L' prints, on one line.",
)
def command(
    paths: tuple[Path, ...],
    name: str | None,
    sources: tuple[str, ...],
    source_files: tuple[Path, ...],
    form: str,
) -> None:
    """List the rules in PATH... (files and directories, in load order).

    The list has the priority, the name, the tags and a line of description of
    each rule, enabled or not. With --rule, one rule is described: where it is
    defined, its condition as it is written and with all macros and lists in
    it, the macros, lists and fields that it uses, and its output.

    The JSON also describes all macros and lists.
    """
    own = own_sources(source_files)
    chosen = chosen_sources(sources, own)
    rules = _Rules.read(paths, known_sources(own))
    if chosen:
        rules = rules.only(chosen)
    if name is not None:
        rules.find(name)
    if form == "json":
        click.echo(rules.json(name))
    elif name is not None:
        click.echo(_description(rules.described(name)["rules"][0], rules.place(name)))
    else:
        for line in _overview(rules.described()["rules"]):
            click.echo(line)
        click.echo(rules.summary(), err=True)


# --- the rules ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rules:
    """Rules that are free of errors, and what describes them."""

    definitions: "Definitions"
    analysis: "Analysis"
    sources: dict[str, EventSource]

    @classmethod
    def read(cls, paths: Iterable[Path], sources: dict[str, EventSource]) -> "_Rules":
        """Read and check rules, or tell what is wrong with them and leave."""
        from rulec.api import check_files
        from rulec.diagnostics import RulesError
        from rulec.files import collect

        try:
            definitions, analysis, diagnostics = check_files(collect(paths), sources)
        except RulesError as error:
            refuse(str(error))
        if any(diagnostic.severity == "error" for diagnostic in diagnostics):
            refuse(str(RulesError(diagnostics)))
        return cls(definitions, analysis, sources)

    def only(self, sources: tuple[str, ...]) -> "_Rules":
        """Return the rules for some of the event sources."""
        kept = tuple(rule for rule in self.analysis.rules if rule.source in sources)
        return replace(self, analysis=replace(self.analysis, rules=kept))

    def find(self, name: str) -> None:
        """Complain if there is no rule of this name."""
        from rulec.item_reader import suggest

        names = [rule.name for rule in self.analysis.rules]
        if name in names:
            return
        if name in self.definitions.rules:
            message = f"rule {name!r}, for {self.definitions.rules[name].source}, is left out"
        else:
            hint = suggest(name, names)
            message = f"there is no rule {name!r}{', ' * bool(hint)}{hint}"
        raise click.BadParameter(message, param_hint="'--rule'")

    def described(self, name: str | None = None) -> Described:
        """Return what Falco says about one rule, or about all."""
        from rulec.describe import describe, describe_rule

        if name is None:
            return describe(self.definitions, self.analysis, self.sources)
        return describe_rule(name, self.definitions, self.analysis, self.sources)

    def json(self, name: str | None) -> str:
        import msgspec

        return msgspec.json.encode(self.described(name), order="sorted").decode()

    def place(self, name: str) -> str:
        """Return the file and the line where a rule begins."""
        (span,) = (rule.span for rule in self.analysis.rules if rule.name == name)
        return f"{span.file}:{span.position[0]}"

    def summary(self) -> str:
        counts = [
            counted(len(self.analysis.rules), "rule"),
            counted(len(self.definitions.macros), "macro"),
            counted(len(self.definitions.lists), "list"),
        ]
        return ", ".join(counts)


# --- text for people ---------------------------------------------------------------------


def _overview(rules: list[Described]) -> Iterator[str]:
    """Yield the lines of the list: the rules of each event source, two lines each."""
    for source in dict.fromkeys(rule["info"]["source"] for rule in rules):
        yield f"{source}:"
        for rule in rules:
            if rule["info"]["source"] == source:
                yield from _entry(rule["info"])


def _entry(info: Described) -> Iterator[str]:
    from rulec.diagnostics import printable

    margin = " " * (_PRIORITY + 4)
    tags = f" [{', '.join(info['tags'])}]" if info["tags"] else ""
    disabled = "" if info["enabled"] else " (disabled)"
    yield printable(f"  {info['priority']:{_PRIORITY}}  {info['name']}{disabled}{tags}")
    sentence, *_ = re.split(r"(?<=[.!?])\s", info["description"].strip(), maxsplit=1)
    description = shorten(sentence, _WIDTH - len(margin), placeholder=" ...")
    yield printable(margin + description)


def _description(rule: Described, place: str) -> str:
    """Return everything about one rule."""
    from rulec.diagnostics import printable

    info, details = rule["info"], rule["details"]
    texts = {
        "description": " ".join(info["description"].split()),
        "condition": dedent(info["condition"]),
        "compiled": details["condition_compiled"],
        "output": details["output_compiled"],
    }
    lines = [info["name"], *_facts(info, details, place), ""]
    for title, text in texts.items():
        lines += [f"{title}:", indent(_folded(text), "  "), ""]
    return printable("\n".join(lines).rstrip(), "\n\t")


def _facts(info: Described, details: Described, place: str) -> Iterator[str]:
    facts = {
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
    for title, values in facts.items():
        first = f"  {title + ':':12}"
        yield from _wrap(", ".join(values), _WIDTH, first, " " * len(first)) if values else ()


def _events(events: list[str]) -> list[str]:
    """Return the types of events of a rule if it is about few of them only."""
    named = [event for event in events if event not in ("asyncevent", "pluginevent")]
    return named if len(named) <= 100 else []


def _folded(text: str) -> str:
    """Return a text with its lines folded where they are too long for a terminal."""
    folded = (_wrap(line, _WIDTH - 2) or [""] for line in text.strip().splitlines())
    return "\n".join(part for parts in folded for part in parts)


def _wrap(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """Fold a line between words only: names and paths stay whole."""
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
