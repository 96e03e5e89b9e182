"""``rulec fields``: list the fields that rules can use."""

from pathlib import Path

import click

from rulec.commands.options import own_sources, source_files
from rulec.event_sources import known_sources
from rulec.runtime.fields import Argument, Field
from rulec.runtime.sources import EventSource

_ARGUMENTS = {
    Argument.NONE: "",
    Argument.INDEX: "[index]",
    Argument.KEY: "[key]",
    Argument.REQUIRED_INDEX: "[index]",
    Argument.OPTIONAL: "[key or index]",
}
_OPTIONAL = (Argument.INDEX, Argument.OPTIONAL)


@click.command(short_help="List the fields that rules can use.")
@click.argument("source", required=False, metavar="[SOURCE]")
@source_files
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the list is printed.",
)
def command(source: str | None, source_files: tuple[Path, ...], form: str) -> None:
    """List the fields of the event SOURCE (default: of every source).

    Each has a type, says whether it is a list, and whether an argument in
    brackets must ([key]) or may ([index]?) follow its name.
    """
    sources = known_sources(own_sources(source_files))
    if source is not None and source not in sources:
        raise click.BadParameter(f"{source!r} is none of: {', '.join(sources)}")
    for found in [sources[source]] if source else sources.values():
        click.echo(_FORMS[form](found))


def _argument(field: Field) -> str:
    return _ARGUMENTS[field.argument] + ("?" if field.argument in _OPTIONAL else "")


def _type(field: Field) -> str:
    return f"{'list of ' if field.is_list else ''}{field.type.name}"


def _doc(field: Field) -> str:
    return f"(deprecated) {field.doc}" if field.deprecated else field.doc


def _text(source: EventSource) -> str:
    lines = [f"{source.name}: {source.doc}", ""]
    for field in source.fields.values():
        lines += [f"{field.name}{_argument(field)}  {_type(field)}", f"    {_doc(field)}"]
    return "\n".join(lines)


def _markdown(source: EventSource) -> str:
    rows = [
        f"| `{field.name}{_argument(field)}` | {_type(field)} | {_doc(field)} |"
        for field in source.fields.values()
    ]
    return "\n".join([f"## {source.name}", "", "| field | type | holds |", "|---|---|---|", *rows])


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
        }
        for field in source.fields.values()
    ]
    return "\n".join(msgspec.json.encode(entry).decode() for entry in described)


_FORMS = {"text": _text, "markdown": _markdown, "json": _json}
