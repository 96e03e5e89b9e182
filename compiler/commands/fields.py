"""``rulec fields``: list the fields that rules can use."""

from collections.abc import Iterable

import click

from rulec.runtime.fields import Argument, Field
from rulec.runtime.sources import SOURCES

_ARGUMENTS = {
    Argument.NONE: "",
    Argument.INDEX: "[index]",
    Argument.KEY: "[key]",
    Argument.REQUIRED_INDEX: "[index]",
    Argument.OPTIONAL: "[key or index]",
}
_OPTIONAL = (Argument.INDEX, Argument.OPTIONAL)


@click.command(short_help="List the fields that rules can use.")
@click.argument("source", required=False, type=click.Choice(list(SOURCES)), metavar="[SOURCE]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the list is printed.",
)
def command(source: str | None, form: str) -> None:
    """List the fields of the event SOURCE (default: of every source).

    Each has a type, says whether it is a list, and whether an argument in
    brackets must ([key]) or may ([index]?) follow its name.
    """
    for name in [source] if source else SOURCES:
        fields = list(SOURCES[name].fields.values())
        if form == "json":
            click.echo(_json(name, fields))
        elif form == "markdown":
            click.echo(_markdown(name, fields))
        else:
            click.echo(_text(name, fields))


def _argument(field: Field) -> str:
    return _ARGUMENTS[field.argument] + ("?" if field.argument in _OPTIONAL else "")


def _type(field: Field) -> str:
    return f"{'list of ' if field.is_list else ''}{field.type.name}"


def _doc(field: Field) -> str:
    return f"(deprecated) {field.doc}" if field.deprecated else field.doc


def _text(name: str, fields: Iterable[Field]) -> str:
    lines = [f"{name}: {SOURCES[name].doc}", ""]
    for field in fields:
        lines += [f"{field.name}{_argument(field)}  {_type(field)}", f"    {_doc(field)}"]
    return "\n".join(lines)


def _markdown(name: str, fields: Iterable[Field]) -> str:
    rows = [
        f"| `{field.name}{_argument(field)}` | {_type(field)} | {_doc(field)} |" for field in fields
    ]
    return "\n".join([f"## {name}", "", "| field | type | holds |", "|---|---|---|", *rows])


def _json(name: str, fields: Iterable[Field]) -> str:
    import msgspec

    described = [
        {
            "source": name,
            "name": field.name,
            "type": field.type.name,
            "list": field.is_list,
            "argument": field.argument.value,
            "deprecated": field.deprecated,
            "description": field.doc,
        }
        for field in fields
    ]
    return "\n".join(msgspec.json.encode(entry).decode() for entry in described)
