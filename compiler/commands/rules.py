"""``rulec rules``: list and describe rules, macros and lists."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulec.commands.options import (
    chosen_sources,
    format_option,
    own_sources,
    paths,
    refuse,
    source_files,
)
from rulec.event_sources import known_sources

if TYPE_CHECKING:
    from rulec.dependencies import Item
    from rulec.listing.ruleset import Listing
    from rulec.runtime.sources import EventSource


@click.command(short_help="List and describe rules, macros and lists.")
@paths()
@click.option("--rule", metavar="NAME", help="Tell everything about this rule.")
@click.option("--macro", metavar="NAME", help="Tell everything about this macro: also who uses it.")
@click.option(
    "--list", "list_", metavar="NAME", help="Tell everything about this list: also who uses it."
)
@click.option("--unused", is_flag=True, help="List the macros and lists that no rule uses.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Leave out the rules for other event sources (repeatable).",
)
@source_files
@format_option(
    "Text for people; the JSON that 'falco -L' prints, on one line; "
    "or who uses what, as a graph for Graphviz.",
    ("text", "json", "dot"),
)
def command(
    paths: tuple[Path, ...],
    rule: str | None,
    macro: str | None,
    list_: str | None,
    unused: bool,
    sources: tuple[str, ...],
    source_files: tuple[Path, ...],
    form: str,
) -> None:
    """List the rules in PATH... (files and directories, in load order).

    The list has the priority, the name, the tags and a line of description of
    each rule, enabled or not. With --rule, one rule is described: where it is
    defined, its condition as it is written and with all macros and lists in
    it, the macros, lists and fields that it uses, and its output. So are a macro
    with --macro and a list with --list, with all that uses them.

    The JSON also describes all macros and lists.
    """
    own = own_sources(source_files)
    chosen = chosen_sources(sources, own)
    named = {"rule": rule, "macro": macro, "list": list_}
    asked = [kind for kind, name in named.items() if name is not None]
    if len(asked) + unused > 1:
        raise click.UsageError("give one of --rule, --macro, --list and --unused")
    listing = _read(paths, known_sources(own))
    if chosen:
        listing = listing.only(chosen)
    item = _item(listing, asked[0], named[asked[0]] or "") if asked else None
    if unused:
        _print_unused(listing, form)
    else:
        _print(listing, item, form)


def _read(paths: tuple[Path, ...], sources: "dict[str, EventSource]") -> "Listing":
    """Read and check rules, or tell what is wrong with them and leave."""
    from rulec.diagnostics import RulesError
    from rulec.files import collect
    from rulec.listing.ruleset import Listing

    try:
        return Listing.of(collect(paths), sources)
    except RulesError as error:
        refuse(str(error))


def _item(listing: "Listing", kind: str, name: str) -> "Item":
    """Return the item that was named, or complain if there is none."""
    from rulec.dependencies import Kind
    from rulec.listing.ruleset import UnknownItemError

    try:
        return listing.found(Kind(kind), name)
    except UnknownItemError as error:
        raise click.BadParameter(str(error), param_hint=f"'--{kind}'") from None


def _print(listing: "Listing", item: "Item | None", form: str) -> None:
    from rulec.listing.description import description
    from rulec.listing.graph import graph
    from rulec.listing.overview import overview

    if form == "json":
        click.echo(listing.document(item))
    elif form == "dot":
        for line in graph(listing.dependencies, item):
            click.echo(line)
    elif item is not None:
        click.echo(description(item, listing))
    else:
        for line in overview(listing):
            click.echo(line)
        click.echo(listing.summary(), err=True)


def _print_unused(listing: "Listing", form: str) -> None:
    from rulec.listing.overview import unused

    if form == "dot":
        raise click.UsageError("there is no graph of what nothing uses")
    if form == "json":
        click.echo(listing.unused_document())
        return
    for line in unused(listing):
        click.echo(line)
