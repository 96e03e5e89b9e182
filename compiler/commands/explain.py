"""``rulec explain``: tell why a rule fires on an event, or does not."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import (
    inputs_of,
    modules_among,
    notice,
    refuse_events,
    tell_of_stdin,
)
from rulec.commands.options import (
    allow_deep_conditions,
    enabled_sources,
    format_option,
    quiet_option,
    refuse,
    rules_given,
    strategy,
)
from rulec.runtime.sources import SOURCES, AnyEvent, EventSource

if TYPE_CHECKING:
    from rich.console import Console

    from rulec.explain import Explainer
    from rulec.explain.asked import Asked

# The width of what does not go to a terminal.
_WIDTH: Final = 120


@click.command(short_help="Tell why a rule fires on an event, or does not.")
@rules_given()
@click.argument("event", metavar="EVENT")
@click.option("--rule", "name", metavar="NAME", help="The rule to explain (default: the nearest).")
@click.option(
    "--nth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Explain the N-th event in EVENT, counted from 1.",
)
@click.option(
    "--id", "audit_id", metavar="AUDITID", help="Look only at audit events with this auditID."
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="How many of the nearest rules are told.",
)
@click.option("--whole", is_flag=True, help="Show what is in macros that decided nothing, too.")
@strategy
@format_option("A tree for people; or everything as JSON, on one line.")
@quiet_option
def command(
    rules: tuple[Path, ...],
    event: str,
    name: str | None,
    nth: int | None,
    audit_id: str | None,
    most: int,
    whole: bool,
    form: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Tell why a rule fires on the event in EVENT, or does not, and what would change that.

    EVENT is what 'rulec run' reads: JSON documents, one after the other or in a list, a
    capture of system calls (.scap), the same compressed (.gz), or - for standard input; or
    a scenario (.yaml). If there are several events in it, and none is chosen: for how
    many the rule is true, which comparison alone kept it from being true how often, and
    the event that is nearest to it. Without --rule: the rules that fire, and those that
    are nearest to it.

    \b
    rulec explain -r rules/ --rule 'Create Privileged Pod' event.json
    rulec explain -r rules/ --rule 'Create Privileged Pod' audit.log
    rulec explain -r rules/ audit.log --nth 17
    """
    refuse_events(rules)
    if modules := modules_among(rules):
        raise click.UsageError(
            f"{modules[0]} is compiled, and has no conditions any more that could be explained: "
            "give the rules that it was built from"
        )
    allow_deep_conditions()
    explainer = _explainer(rules, options)
    if name is not None:
        _find(name, list(explainer.outlines))
    asked = _asked(explainer, event, name, options["sources"], (nth, audit_id), most, quiet)
    if form == "json":
        import msgspec

        click.echo(msgspec.json.encode(asked.to_dict()).decode())
        return
    from rich.console import Console

    # Where the output goes to a file, nobody's terminal decides about its width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    with console.capture() as printed:
        _show(asked, console, whole)
    # Tables are filled up with blanks.
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def _explainer(rules: tuple[Path, ...], options: dict[str, Any]) -> "Explainer":
    """Read the rules, or tell what is wrong with them and leave."""
    from rulec.diagnostics import RulesError
    from rulec.explain import Explainer
    from rulec.files import collect

    enabled = enabled_sources(options["sources"], options["source_files"])
    chosen = {key: options[key] for key in ("priority", "rule_matching")}
    try:
        return Explainer.of(collect(rules), sources=enabled, **chosen)
    except RulesError as error:
        refuse(str(error))


def _find(name: str, names: list[str]) -> None:
    """Complain if there is no rule of this name."""
    from rulec.item_reader import suggest

    if name not in names:
        hint = suggest(name, names)
        message = f"there is no rule {name!r}{', ' * bool(hint)}{hint}"
        raise click.BadParameter(message, param_hint="'--rule'")


def _asked(
    explainer: "Explainer",
    event: str,
    name: str | None,
    chosen: Sequence[str],
    choice: tuple[int | None, str | None],
    most: int,
    quiet: bool,
) -> "Asked":
    """Read the events that were chosen, and return what there is to say of them."""
    from rulec.diagnostics import RulesError
    from rulec.explain.asked import asked
    from rulec.explain.inputs import events_of
    from rulec.runtime.engine import READ_ERRORS, unreadable
    from rulec.runtime.recognition import UnknownInputError

    (given,) = inputs_of((event,), explainer.sources, chosen, expand=False)
    candidates, source = _candidates(explainer, name, chosen, given.source)
    if not quiet:
        tell_of_stdin([given.name])
    tell = (lambda line: None) if quiet else notice
    try:
        with events_of(given.name, candidates, source, tell) as (found, events):
            if name is not None and found != explainer.outlines[name].source:
                about = explainer.outlines[name].source
                message = f"rule {name!r} is about {about}, and {given.name} holds {found} events"
                raise click.UsageError(message)
            result = asked(explainer, found, name, _chosen(events, *choice), most)
    except RulesError as error:
        refuse(str(error))
    except UnknownInputError as error:
        raise click.UsageError(f"{given.name} {error}") from None
    except READ_ERRORS as error:
        _fail(f"{given.name}: {unreadable(error)}")
    if result is None:
        _fail(f"{given.name}: {_nothing(*choice)}")
    return result


def _candidates(
    explainer: "Explainer", name: str | None, chosen: Sequence[str], said: str | None
) -> tuple[list[EventSource], str | None]:
    """Return the sources that an input may belong to, and the one that it does if nothing tells.

    What somebody said is not doubted. Sources of the user's own take any objects, so their
    rules are not told that an input is something else.
    """
    about = said or (None if name is None else explainer.outlines[name].source)
    if about is not None and (said or chosen or about not in SOURCES):
        return [explainer.sources[about]], about
    if about is not None:
        return [explainer.sources[each] for each in SOURCES], about
    used = tuple(dict.fromkeys(outline.source for outline in explainer.outlines.values()))
    names = tuple(dict.fromkeys(chosen)) or used or tuple(SOURCES)[:1]
    return [explainer.sources[each] for each in names], None


def _chosen(
    events: Iterator[AnyEvent], nth: int | None, audit_id: str | None
) -> Iterator[tuple[int, AnyEvent]]:
    """Yield the events that were asked for, with their numbers."""
    numbered = enumerate(events, 1)
    for number, event in numbered if nth is None else islice(numbered, nth - 1, nth):
        document = event.document if audit_id is not None else None
        if audit_id is None or (isinstance(document, dict) and document.get("auditID") == audit_id):
            yield number, event


def _nothing(nth: int | None, audit_id: str | None) -> str:
    which = "" if nth is None else f" number {nth}"
    return f"there is no event{which}{'' if audit_id is None else f' with auditID {audit_id}'}"


def _fail(message: str) -> NoReturn:
    click.echo(f"rulec explain: {message}", err=True)
    raise click.exceptions.Exit(BAD_INPUT)


def _show(asked: "Asked", console: "Console", whole: bool) -> None:
    from rulec.explain.show import show, show_nearest, show_overview, show_tally

    if len(asked.tallies) == 1 and asked.rule is not None:
        show_tally(asked.tallies[0], console)
    elif asked.tallies:
        show_overview(asked.tallies, console)
    if asked.rule is None:
        if not asked.tallies:
            show_nearest(asked.true, asked.explanations, console)
        return
    for explanation in asked.explanations:
        if asked.tallies:
            console.print(f"event {asked.number} is the nearest:\n")
        show(explanation, console, whole=whole)
