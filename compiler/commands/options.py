"""What several commands share: options, and how mistakes in rules are told."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from rulec.cli import BAD_RULES
from rulec.runtime.priority import Priority
from rulec.runtime.sources import SOURCES

if TYPE_CHECKING:
    from rulec.api import Built
    from rulec.diagnostics import Diagnostic

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

PRIORITIES: Final = tuple(priority.name.lower() for priority in Priority)


def paths() -> Decorator:
    """Add arguments that name files or directories of rules."""
    kind = click.Path(path_type=Path)
    return click.argument("paths", nargs=-1, required=True, type=kind, metavar="PATH...")


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


def compiled(paths: Sequence[Path], sources: Iterable[str] = (), **options: Any) -> "Built":
    """Compile rules, or tell what is wrong with them and leave."""
    from rulec.api import build
    from rulec.diagnostics import RulesError

    try:
        return build(paths, sources=tuple(sources) or None, **options)
    except RulesError as error:
        refuse(str(error))


def report_warnings(warnings: Iterable["Diagnostic"]) -> None:
    """Print warnings to standard error."""
    for warning in warnings:
        click.echo(str(warning), err=True)


def refuse(message: str) -> NoReturn:
    """Print what is wrong with the rules, and leave."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(BAD_RULES)
