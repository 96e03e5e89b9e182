"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from rulec.cli import BAD_RULES
from rulec.runtime.priority import Priority
from rulec.runtime.sources import SOURCES

PRIORITIES: Final = tuple(priority.name.lower() for priority in Priority)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def paths(required: bool = True) -> Decorator:
    """Add arguments that name files or directories of rules."""
    kind = click.Path(path_type=Path)
    return click.argument("paths", nargs=-1, required=required, type=kind, metavar="PATH...")


def strategy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose which rules are compiled and how they are matched."""
    for option in (
        click.option(
            "--priority",
            type=click.Choice(PRIORITIES, case_sensitive=False),
            default="debug",
            show_default=True,
            help="Leave out rules that are less severe than this.",
        ),
        click.option(
            "--rule-matching",
            type=click.Choice(["first", "all"]),
            default="first",
            show_default=True,
            help="Alert for the first rule that matches an event, or for all.",
        ),
        click.option(
            "--source",
            "sources",
            multiple=True,
            type=click.Choice(list(SOURCES)),
            help="Use only the rules for this event source (repeatable; default: every source).",
        ),
    ):
        function = option(function)
    return function


def refuse(error: Exception) -> NoReturn:
    """Print what is wrong with the rules, and leave."""
    click.echo(str(error), err=True)
    raise click.exceptions.Exit(BAD_RULES)
