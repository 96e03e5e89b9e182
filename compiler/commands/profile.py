"""``rulec profile``: tell what rules cost on a log, and what would make them cheaper."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import (
    inputs_of,
    modules_among,
    notice,
    progress_shown,
    refuse_events,
    sources_of_inputs,
    tell_of_stdin,
)
from rulec.commands.options import (
    enabled_sources,
    format_option,
    quiet_option,
    refuse,
    report_warnings,
    rules_given,
    strategy,
)
from rulec.runtime.sources import SOURCES

if TYPE_CHECKING:
    from rulec.plan import Plan
    from rulec.profile.results import Profile

# The width of tables that do not go to a terminal.
_WIDTH: Final = 120


@click.command(short_help="Tell what rules cost on a log, and what would help.")
@rules_given()
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option("--rule", "name", metavar="NAME", help="Show every part of this rule's condition.")
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="How many rules, tests and pieces of advice are shown at most; 0 for all.",
)
@strategy
@format_option("Tables for people; or everything as JSON, on one line for each event source.")
@quiet_option
def command(
    rules: tuple[Path, ...],
    inputs: tuple[str, ...],
    name: str | None,
    top: int,
    form: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Match the events in INPUT... and tell what the rules cost, and what would help.

    Inputs are those of 'rulec run'. For each event source that they belong to, and
    for each rule: on how many events its key fields left it possible, how often it
    was tried and matched, and how long that took; for each test that is not left to
    the key fields: how often it was asked, how often it was true, and its time.
    Then what could be changed, with the numbers that say so. Alerts are counted,
    not printed.

    \b
    rulec profile -r rules/k8s_audit.yaml audit.log
    rulec profile -r rules/k8s_audit.yaml audit.log --rule 'Create Privileged Pod'
    """
    refuse_events(rules)
    if modules := modules_among(rules):
        raise click.UsageError(
            f"{modules[0]} is compiled, and its conditions cannot be measured part by part: "
            "give the rules that it was built from"
        )
    plan = _plan(rules, quiet, options)
    sources = sources_of_inputs((rule.source for rule in plan.rules), options["sources"])
    if name is not None:
        _find(name, [rule.name for rule in plan.rules if rule.source in sources])
    known = (*SOURCES, *(own.name for own in plan.sources))
    found = inputs_of(inputs, known, options["sources"])
    if not quiet:
        tell_of_stdin([given.name for given in found])
    from rulec.profile import measure_all

    with progress_shown(not quiet) as progress:
        tell = progress or (lambda events: None)
        profiles, unknown = measure_all(plan, sources, found, notice, tell)
    _print(_about(name, profiles), form, name, top)
    if unknown or any(profile.unreadable for profile in profiles):
        raise click.exceptions.Exit(BAD_INPUT)


def _plan(rules: tuple[Path, ...], quiet: bool, options: dict[str, Any]) -> "Plan":
    """Plan the rules, or tell what is wrong with them and leave."""
    from rulec.api import plan_files
    from rulec.diagnostics import RulesError
    from rulec.files import collect

    enabled = enabled_sources(options["sources"], options["source_files"])
    strategy = {key: options[key] for key in ("priority", "rule_matching")}
    try:
        plan, warnings = plan_files(collect(rules), sources=enabled, **strategy)
    except RulesError as error:
        refuse(str(error))
    if not quiet:
        report_warnings(warnings)
    if not plan.rules:
        notice(f"no rules to match in {', '.join(map(str, rules))}")
    return plan


def _find(name: str, names: list[str]) -> None:
    """Complain if there is no rule of this name."""
    from rulec.item_reader import suggest

    if name not in names:
        hint = suggest(name, names)
        message = f"there is no rule {name!r}{', ' * bool(hint)}{hint}"
        raise click.BadParameter(message, param_hint="'--rule'")


def _about(name: str | None, profiles: "Sequence[Profile]") -> "Sequence[Profile]":
    """Return the profiles that there is something to tell of: those with a rule, if it is named."""
    if name is None:
        return profiles
    found = [each for each in profiles if name in (rule.name for rule in each.rules)]
    if not found:
        notice(f"no input belongs to the event source of the rule {name!r}")
    return found


def _print(profiles: "Sequence[Profile]", form: str, name: str | None, top: int) -> None:
    if form == "json":
        from rulec.profile.document import document

        for profile in profiles:
            click.echo(document(profile))
        return
    from rich.console import Console

    from rulec.profile.tables import show, show_rule

    # Where the output goes to a file, nobody's terminal decides about its width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    for number, profile in enumerate(profiles):
        chosen = [rule for rule in profile.rules if rule.name == name]
        with console.capture() as printed:
            if chosen:
                show_rule(chosen[0], profile, console)
            else:
                show(profile, console, top)
        # Tables are filled up with blanks.
        lines = [line.rstrip() for line in printed.get().splitlines()]
        click.echo("\n".join([""] * (number > 0) + lines))
