"""``rulec run``: match the events of logs, and print the alerts."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.inputs import (
    expanded,
    modules_among,
    notice,
    progress_shown,
    refuse_events,
    source_of_inputs,
    tell_of_stdin,
)
from rulec.commands.options import (
    PRIORITIES,
    chosen_sources,
    compiled,
    quiet_option,
    refuse,
    report_warnings,
    strategy,
)
from rulec.runtime.alert import Alert
from rulec.runtime.engine import STRIDE, OutputError, Summary, run
from rulec.runtime.inputs import is_live
from rulec.runtime.loading import LoadError, execute, load
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.writer import Renderer, Writer

# Settings of Falco's configuration that can be given with -o, one entry each:
# the option that they stand for, and what their values mean for it.
_TRUTH: Final = {"true": True, "false": False}
SETTINGS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "json_output": ("format", {"true": "json", "false": "text"}),
    "time_format_iso_8601": ("time_format", {"true": "iso8601", "false": "local"}),
    "rule_matching": ("rule_matching", {"first": "first", "all": "all"}),
    "priority": ("priority", {name: name for name in PRIORITIES}),
    "json_include_output_property": ("include_output", _TRUTH),
    "json_include_tags_property": ("include_tags", _TRUTH),
    "json_include_message_property": ("include_message", _TRUTH),
    "json_include_output_fields_property": ("include_output_fields", _TRUTH),
}


@click.command(short_help="Match events and print the alerts.")
@click.option(
    "-r",
    "--rules",
    "rules",
    multiple=True,
    required=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Rules: a YAML file, a directory of them, or a module from 'rulec build' (repeatable).",
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@strategy
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How alerts are printed: a line of text, or Falco's JSON.",
)
@click.option(
    "--time-format",
    type=click.Choice(["local", "iso8601"]),
    default="local",
    show_default=True,
    help="How the time of an alert is printed: local time of day, or ISO 8601 in UTC.",
)
@click.option(
    "-o",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of Falco's configuration, such as -o json_output=true (repeatable).",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="How many processes read files; 0: one for each core. Standard input is read by one.",
)
@click.option(
    "--enter-events",
    is_flag=True,
    help="Match the events in old captures that only say that a call begins, too.",
)
@quiet_option
def command(
    rules: tuple[Path, ...],
    inputs: tuple[str, ...],
    settings: tuple[str, ...],
    jobs: int,
    enter_events: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Match the events in INPUT... and print the alerts to standard output.

    An input is a Kubernetes audit log or a file of system calls (JSON lines, or
    any JSON documents one after the other), a capture of system calls (.scap),
    the same compressed (.gz), a directory of such files, or - for standard
    input, which is also the default. What is no event is skipped, told to
    standard error and counted in the summary at the end.

    \b
    rulec run -r rules/ /var/log/kubernetes/audit/
    zcat audit.log.gz | rulec run -r compiled.py --format json
    rulec run -r falco_rules.yaml trace.scap
    """
    options.update(_settings(settings))
    output = {name: options.pop(name) for name in list(options) if name.startswith("include_")}
    form, time_format = options.pop("format"), options.pop("time_format")
    render = Renderer(form == "json", time_format == "iso8601", output)
    ruleset = _ruleset(rules, options, quiet)
    found = expanded(inputs)
    source = source_of_inputs(ruleset.sources, options["sources"])
    if not quiet:
        tell_of_stdin(found)
    writer = Writer(sys.stdout, live=any(map(is_live, found)))
    try:
        with progress_shown(not quiet and not sys.stdout.isatty()) as progress:
            call = (ruleset, source, found, render, writer, progress)
            summary = _run(*call, 1 if enter_events else jobs, enter_events, quiet)
        writer.flush()
    except OutputError as error:
        click.echo(f"rulec run: cannot write alerts: {error}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    _finish(summary, quiet)


def _run(
    ruleset: Ruleset,
    source: str,
    inputs: list[str],
    render: Renderer,
    writer: Writer,
    progress: Callable[[int], object] | None,
    jobs: int,
    enter_events: bool,
    quiet: bool,
) -> Summary:
    """Run the ruleset: in this process, or in several if there are jobs for them."""

    def pause(events: int) -> None:
        writer.pause()
        if progress is not None:
            progress(events)

    # Who watches events come in wants to see each of them.
    every = 1 if progress is not None and any(map(is_live, inputs)) else STRIDE
    if jobs != 1:
        from rulec.runtime.jobs import WorkerError, cores, run_shared, worth_sharing

        jobs = jobs or cores()
        if jobs > 1 and ruleset.counts(source):
            if not quiet:
                message = (
                    "rulec run: rules ask for evt.num or evt.reltime, so one process reads all"
                )
                click.echo(message, err=True)
        elif jobs > 1 and worth_sharing(inputs):
            call = (ruleset, source, inputs, render, writer, notice, pause)
            try:
                return run_shared(*call, jobs=jobs, every=every)
            except WorkerError as error:
                writer.flush()
                click.echo(f"rulec run: {error}", err=True)
                raise click.exceptions.Exit(BAD_INPUT) from None

    def sink(alert: Alert) -> None:
        writer(render(alert))

    return run(ruleset, source, inputs, sink, notice, pause, every, enter_events=enter_events)


def _settings(settings: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator:
            message = f"write {setting}=VALUE"
            raise click.BadParameter(message, param_hint="'-o'")
        if key not in SETTINGS:
            known = ", ".join(SETTINGS)
            raise click.BadParameter(f"{setting!r} is none of: {known}", param_hint="'-o'")
        option, values = SETTINGS[key]
        if value.lower() not in values:
            wanted = ", ".join(values)
            raise click.BadParameter(f"{key} is one of: {wanted}", param_hint="'-o'")
        yield option, values[value.lower()]


def _ruleset(rules: tuple[Path, ...], options: dict[str, Any], quiet: bool) -> Ruleset:
    """Return the ruleset: compiled now, or loaded from the module it was compiled to."""
    refuse_events(rules)
    modules = modules_among(rules)
    if not modules:
        built = compiled(rules, **options)
        if not quiet:
            report_warnings(built.warnings)
        return execute(built.code)
    if len(rules) > 1:
        raise click.UsageError("a compiled module is a whole ruleset: give it alone")
    try:
        return _restricted(load(modules[0]), **options)
    except LoadError as error:
        refuse(f"rulec run: {error}")
    except OSError as error:
        refuse(f"rulec run: cannot read {modules[0]}: {error.strerror}")


def _restricted(
    ruleset: Ruleset,
    sources: tuple[str, ...],
    source_files: tuple[Path, ...],
    priority: str,
    rule_matching: str,
) -> Ruleset:
    """Apply the options to a ruleset that has been compiled before."""
    from rulec.runtime.priority import parse_priority

    if source_files:
        raise click.UsageError("a compiled module knows its event sources: leave --source-file out")
    chosen_sources(sources, ruleset.own_sources)
    threshold = parse_priority(priority)
    assert threshold is not None, "the option takes nothing else"
    rules = []
    for rule in ruleset.rules:
        severity = parse_priority(rule.priority)
        assert severity is not None, "the compiler writes nothing else"
        if severity <= threshold and (not sources or rule.source in sources):
            rules.append(rule)
    matching = rule_matching if _was_given("rule_matching") else ruleset.rule_matching
    only = frozenset(rule.name for rule in rules)
    return replace(ruleset, only=only, rule_matching=matching)


def _was_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _finish(summary: Summary, quiet: bool) -> None:
    if not quiet:
        click.echo(summary.line(), err=True)
    if summary.unreadable:
        raise click.exceptions.Exit(BAD_INPUT)
