"""``rulec diff``: tell what two rulesets say differently."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulec.cli import BAD_INPUT, FOUND
from rulec.commands.inputs import (
    inputs_of,
    modules_among,
    notice,
    progress_shown,
    tell_of_stdin,
)
from rulec.commands.options import enabled_sources, format_option, quiet_option, refuse, strategy
from rulec.event_sources import known_sources
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.json_source import JsonSource

if TYPE_CHECKING:
    from rulec.difference import Replay, RuleChange, Side

_PATH = click.Path(path_type=Path)


@click.command(short_help="Tell what two rulesets say differently.")
@click.argument("paths", nargs=-1, type=_PATH, metavar="[OLD NEW]")
@click.option(
    "--old",
    multiple=True,
    type=_PATH,
    metavar="PATH",
    help="A file or a directory of the old rules (repeatable, in load order), instead of OLD.",
)
@click.option(
    "--new",
    multiple=True,
    type=_PATH,
    metavar="PATH",
    help="A file or a directory of the new rules (repeatable, in load order), instead of NEW.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="INPUT",
    help="Also tell which events are judged differently: an input of 'rulec run' (repeatable).",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="How many of these events are shown at most.",
)
@click.option("--exit-code", is_flag=True, help="End with status 1 if there is a difference.")
@strategy
@format_option("Text for people; or everything as JSON, on one line.")
@quiet_option
def command(
    paths: tuple[Path, ...],
    old: tuple[Path, ...],
    new: tuple[Path, ...],
    logs: tuple[str, ...],
    limit: int,
    exit_code: bool,
    sources: tuple[str, ...],
    source_files: tuple[Path, ...],
    rule_matching: str,
    priority: str,
    form: str,
    quiet: bool,
) -> None:
    """Tell what the rules in NEW say differently than those in OLD (files or directories).

    Of each rule: whether it was added, removed, renamed, enabled or moved, and whether its
    condition, with all macros, lists and exceptions in it, is wider, narrower, the same or
    another one. Wider and narrower are said only if they can be proven. With a log, also which
    of its events are judged differently.

    \b
    rulec diff <(git show main:rules.yaml) rules.yaml
    rulec diff --old base.yaml --new base.yaml --new local.yaml --log audit.log
    """
    from rulec.difference import compare, replay

    before, after = _sides(paths, old, new)
    enabled = enabled_sources(sources, source_files)
    known = known_sources(each for each in enabled if isinstance(each, JsonSource))
    names = [each if isinstance(each, str) else each.name for each in enabled]
    inputs = inputs_of(logs, known, sources) if logs else []
    one, other = (_side(each, known, names, priority) for each in (before, after))
    changes = compare(one, other, rule_matching)
    log = None
    if logs:
        if not quiet:
            tell_of_stdin([each.name for each in inputs])
        with progress_shown(not quiet) as progress:
            tell = progress or (lambda events: None)
            log = replay(one, other, inputs, sources, rule_matching, limit, notice, tell)
    _print(changes, log, form)
    if log is not None and log.unreadable:
        raise click.exceptions.Exit(BAD_INPUT)
    differs = any(change.matters for change in changes) or (log is not None and log.changed > 0)
    if exit_code and differs:
        raise click.exceptions.Exit(FOUND)


def _sides(
    paths: Sequence[Path], old: Sequence[Path], new: Sequence[Path]
) -> tuple[Sequence[Path], Sequence[Path]]:
    """Return the paths of the old rules and of the new ones."""
    if paths and (old or new):
        raise click.UsageError("give OLD and NEW, or --old and --new, but not both")
    if not paths and old and new:
        return old, new
    if len(paths) != 2:
        raise click.UsageError("give the old rules and the new rules: OLD NEW")
    return paths[:1], paths[1:]


def _print(changes: "Sequence[RuleChange]", log: "Replay | None", form: str) -> None:
    if form == "json":
        from rulec.difference.document import document

        click.echo(document(changes, log))
        return
    from rulec.difference.lines import lines, replayed

    for line in (*lines(changes), *(() if log is None else replayed(log))):
        click.echo(line)


def _side(
    paths: Sequence[Path], known: dict[str, EventSource], names: Sequence[str], priority: str
) -> "Side":
    """Read one ruleset, or tell what is wrong with it and leave."""
    from rulec.diagnostics import RulesError
    from rulec.difference import Side
    from rulec.files import collect

    if modules := modules_among(paths):
        raise click.UsageError(f"{modules[0]} is compiled: give the rules that it was built from")
    try:
        return Side.of(collect(paths), known, names, priority)
    except RulesError as error:
        refuse(str(error))
