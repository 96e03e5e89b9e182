"""What several commands share: options, and how mistakes in rules are told."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from rulec.cli import BAD_RULES
from rulec.runtime.priority import Priority
from rulec.runtime.sources import SOURCES, EventSource

if TYPE_CHECKING:
    from rulec.api import Built
    from rulec.diagnostics import Diagnostic
    from rulec.runtime.sources.json_source import JsonSource

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

PRIORITIES: Final = tuple(priority.name.lower() for priority in Priority)


def paths() -> Decorator:
    """Add arguments that name files or directories of rules."""
    kind = click.Path(path_type=Path)
    return click.argument("paths", nargs=-1, required=True, type=kind, metavar="PATH...")


def rules_given(*also: str, name: str = "rules", required: bool = True) -> Decorator:
    """Add the option that names files or directories of rules, or something ``also`` taken."""
    *first, last = ("a YAML file", "a directory of them", *also)
    taken = f"{', '.join(first)} or {last}"
    return click.option(
        "-r",
        "--rules",
        name,
        multiple=True,
        required=required,
        metavar="PATH",
        type=click.Path(path_type=Path),
        help=f"Rules: {taken} (repeatable, in load order).",
    )


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
            metavar="NAME",
            help="Use only the rules for this event source (repeatable; default: every source).",
        ),
        source_files,
    ):
        function = option(function)
    return function


def source_files(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that describes event sources of the user's own."""
    return click.option(
        "--source-file",
        "source_files",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A YAML file that describes an event source of your own (repeatable).",
    )(function)


def format_option(meaning: str, forms: Sequence[str] = ("text", "json")) -> Decorator:
    """Add the option that chooses the form of what is printed: usually the first of ``forms``."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=meaning,
    )


quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Print nothing to standard error but mistakes."
)


def own_sources(files: Iterable[Path]) -> "list[JsonSource]":
    """Read the descriptions of event sources, or tell what is wrong with them and leave."""
    from rulec.diagnostics import RulesError
    from rulec.runtime.sources.json_source import JsonSource

    try:
        return [JsonSource.from_yaml(file) for file in files]
    except RulesError as error:
        refuse(str(error))


def chosen_sources(names: Sequence[str], own: Iterable[EventSource]) -> tuple[str, ...]:
    """Return the names of event sources after looking that they exist."""
    known = [*SOURCES, *(source.name for source in own)]
    for name in names:
        if name not in known:
            message = f"{name!r} is none of: {', '.join(known)}"
            raise click.BadParameter(message, param_hint="'--source'")
    return tuple(names)


def enabled_sources(names: Sequence[str], source_files: Iterable[Path]) -> "list[str | JsonSource]":
    """Return the event sources whose rules are compiled: those that were named, or all."""
    own = own_sources(source_files)
    chosen = chosen_sources(names, own) or (*SOURCES, *(source.name for source in own))
    return [
        *(name for name in chosen if name in SOURCES),
        *(source for source in own if source.name in chosen),
    ]


def compiled(
    paths: Sequence[Path], sources: Sequence[str], source_files: Iterable[Path], **options: Any
) -> "Built":
    """Compile rules, or tell what is wrong with them and leave."""
    from rulec.api import build
    from rulec.diagnostics import RulesError

    enabled = enabled_sources(sources, source_files)
    try:
        built = build(paths, sources=enabled, **options)
        if not built.rules:
            click.echo(f"no rules to match in {', '.join(map(str, paths))}", err=True)
        return built
    except RulesError as error:
        refuse(str(error))


def report_warnings(warnings: Iterable["Diagnostic"]) -> None:
    """Print warnings to standard error."""
    for warning in warnings:
        click.echo(str(warning), err=True)


# How many calls may be inside each other where conditions are shown as they are written: Python
# allows fewer by itself than macros can be nested. More might be too much for the stack.
LEVELS: Final = 5000


def allow_deep_conditions() -> None:
    """Let this process explain the deepest conditions that the compiler takes."""
    sys.setrecursionlimit(max(LEVELS, sys.getrecursionlimit()))


def refuse(message: str) -> NoReturn:
    """Print what is wrong with the rules, and leave."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(BAD_RULES)
