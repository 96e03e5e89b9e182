"""``rulec fields``: list the fields that rules can use."""

from pathlib import Path
from textwrap import fill, indent
from typing import Any

import click

from rulec.commands.options import format_option, own_sources, source_files
from rulec.event_sources import known_sources
from rulec.runtime.fields import ARGUMENTS_SHOWN, OPTIONAL, Field
from rulec.runtime.sources import EventSource
from rulec.type_gates import TYPE


@click.command(short_help="List the fields that rules can use.")
@click.argument("source", required=False, metavar="[SOURCE]")
@source_files
@format_option("How the list is printed.", ("text", "markdown", "json"))
def command(source: str | None, source_files: tuple[Path, ...], form: str) -> None:
    """List the fields of the event SOURCE (default: of every source).

    Each has a type, says whether it is a list, and whether an argument in
    brackets must ([key]) or may ([index]?) follow its name, or a name behind a
    dot (.name). The types of events follow, if the events have types.
    """
    sources = known_sources(own_sources(source_files))
    if source is not None and source not in sources:
        raise click.BadParameter(f"{source!r} is none of: {', '.join(sources)}")
    for found in [sources[source]] if source else sources.values():
        click.echo(_FORMS[form](found))


def _argument(field: Field) -> str:
    shown = ARGUMENTS_SHOWN[field.argument]
    return f"{shown}?" if shown and field.argument in OPTIONAL else shown


def _type(field: Field) -> str:
    return f"{'list of ' if field.is_list else ''}{field.type.name}"


def _doc(field: Field) -> str:
    return f"(deprecated) {field.doc}" if field.deprecated else field.doc


def listed(source: EventSource) -> list[Field]:
    """Return the fields of a source that somebody may begin to use."""
    return [field for field in source.fields.values() if field.listed]


def _text(source: EventSource) -> str:
    lines = [f"{source.name}: {source.doc}", ""]
    for field in listed(source):
        lines += [f"{field.name}{_argument(field)}  {_type(field)}", f"    {_doc(field)}"]
    if source.event_types:
        types = fill(" ".join(sorted(source.event_types)), 96, break_on_hyphens=False)
        lines += ["", "Types of events (evt.type):", indent(types, "    ")]
    return "\n".join(lines)


def _markdown(source: EventSource) -> str:
    rows = [
        f"| `{field.name}{_argument(field)}` | {_type(field)} | {_doc(field)} |"
        for field in listed(source)
    ]
    lines = [f"## {source.name}", "", "| field | type | holds |", "|---|---|---|", *rows]
    if source.event_types:
        types = ", ".join(f"`{name}`" for name in sorted(source.event_types))
        lines += ["", "Types of events (`evt.type`):", fill(types, 116, break_on_hyphens=False)]
    return "\n".join(lines)


def _json(source: EventSource) -> str:
    import msgspec

    described = [
        {
            "source": source.name,
            "name": field.name,
            "type": field.type.name,
            "list": field.is_list,
            "argument": field.argument.value,
            "deprecated": field.deprecated,
            "description": field.doc,
            **_values(field, source),
        }
        for field in listed(source)
    ]
    return "\n".join(msgspec.json.encode(entry).decode() for entry in described)


def _values(field: Field, source: EventSource) -> dict[str, Any]:
    """Return the values that there are of a field, where they can be listed."""
    is_type = field.name == TYPE and source.event_types
    return {"values": sorted(source.event_types)} if is_type else {}


_FORMS = {"text": _text, "markdown": _markdown, "json": _json}
