"""``rulec run``: match the events of logs, and print the alerts or send them somewhere."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from rulec.cli import BAD_INPUT
from rulec.commands.following import follow_options, following, run_following
from rulec.commands.inputs import (
    inputs_of,
    notice,
    progress_shown,
    sources_of_inputs,
    tell_of_stdin,
)
from rulec.commands.options import PRIORITIES, quiet_option, strategy
from rulec.commands.outputs import Given, form_options, output_options, output_timeout, renderer
from rulec.commands.rulesets import rules_option, ruleset_of
from rulec.runtime.engine import STRIDE, OutputError, Summary, run
from rulec.runtime.events import Run
from rulec.runtime.inputs import Input, is_live
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sinks.handing import Handing
from rulec.runtime.sources import SOURCES
from rulec.runtime.streams import Streams, Summaries

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
@rules_option
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@strategy
@form_options
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
@output_options
@output_timeout
@follow_options
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
    follow: bool,
    from_start: bool,
    checkpoint: Path | None,
    enter_events: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Match the events in INPUT... and print the alerts, or send them somewhere else.

    An input is a Kubernetes audit log or a file of system calls (JSON lines, or
    any JSON documents one after the other), an audit log of Linux, a capture of
    system calls (.scap), the same compressed (.gz), a directory of such files,
    or - for standard input, which is also the default. SOURCE=INPUT says which
    event source it belongs to, if rules are about several and its content does
    not tell. What is no event is skipped, told to standard error and counted in
    the summary at the end.

    \b
    rulec run -r rules/ /var/log/kubernetes/audit/
    zcat audit.log.gz | rulec run -r compiled.py --format json
    rulec run -r rules/ --output http:http://localhost:2801/ --spool spool/ audit.log
    rulec run -r rules/ --follow --checkpoint state.json /var/log/kubernetes/audit.log
    rulec run -r rules/ audit.jsonl trace.scap
    """
    how = following(follow, from_start, checkpoint, inputs, jobs)
    options.update(_settings(settings))
    output = {name: options.pop(name) for name in list(options) if name.startswith("include_")}
    # Who goes on where a run was killed gets some alerts twice.
    render = renderer(options, output, named=follow)
    given = Given.taken_from(options)
    sinks = given.sinks(render)
    ruleset = ruleset_of(rules, options, quiet)
    known = (*SOURCES, *(own.name for own in ruleset.own_sources))
    found = inputs_of(inputs, known, options["sources"], expand=how is None)
    candidates = sources_of_inputs(ruleset.sources, options["sources"])
    names = [each.name for each in found]
    if not quiet:
        tell_of_stdin(names)
    live = any(map(is_live, names))
    watched = not quiet and not (given.to_stdout and sys.stdout.isatty())
    try:
        with given.handing(sinks, render, live) as handing:
            with progress_shown(watched) as progress:
                if how is None:
                    call = (ruleset, candidates, found, handing, progress)
                    processes = 1 if enter_events else jobs
                    summaries = _run(*call, processes, enter_events, quiet)
                else:
                    summaries = run_following(how, ruleset, candidates, found, handing, progress)
            left = list(handing.finish())
    except OutputError as error:
        notice(f"rulec run: cannot write alerts: {error}")
        raise click.exceptions.Exit(BAD_INPUT) from None
    _finish(summaries, left, quiet)


def _run(
    ruleset: Ruleset,
    candidates: tuple[str, ...],
    inputs: list[Input],
    handing: Handing,
    progress: Callable[[int], object] | None,
    jobs: int,
    enter_events: bool,
    quiet: bool,
) -> Summaries:
    """Run the ruleset: in this process, or in several if there are jobs for them."""
    names = [each.name for each in inputs]

    def pause(events: int) -> None:
        handing.pause()
        if progress is not None:
            progress(events)

    # Who watches events come in wants to see each of them.
    every = 1 if progress is not None and any(map(is_live, names)) else STRIDE

    def new_run(source: str) -> Run:
        found = ruleset.matcher(source).source.documents.new_run()
        found.enter_events = enter_events
        return found

    def read(source: str, names: Sequence[str], numbering: Run) -> Summary:
        if jobs != 1 and (processes := _processes(ruleset, source, names, jobs, quiet)) > 1:
            from rulec.runtime.jobs import run_shared
            from rulec.runtime.pool import WorkerError

            call = (ruleset, source, names, handing.make, handing.take, notice, pause)
            try:
                return run_shared(*call, jobs=processes, every=every)
            except WorkerError as error:
                _tell_of_outputs(handing.finish())
                notice(f"rulec run: {error}")
                raise click.exceptions.Exit(BAD_INPUT) from None
        make = handing.make
        return run(ruleset, source, names, handing.take, notice, pause, every, make, numbering)

    sources = {each.source or candidates[0] for each in inputs}
    if len(candidates) == 1 and len(sources) == 1 and sum(map(is_live, names)) < 2:
        (source,) = sources
        numbering = new_run(source)
        summary = read(source, names, numbering)
        summary.events += numbering.count
        return Summaries({source: summary})
    call = (ruleset, candidates, handing.take, notice, pause, every, handing.make, new_run)
    return Streams(*call).read(inputs, read)


def _processes(ruleset: Ruleset, source: str, names: Sequence[str], jobs: int, quiet: bool) -> int:
    """Return how many processes are to read some inputs."""
    from rulec.runtime.jobs import cores, worth_sharing

    jobs = jobs or cores()
    if jobs > 1 and ruleset.counts(source):
        if not quiet:
            message = "rulec run: rules ask for evt.num or evt.reltime, so one process reads all"
            click.echo(message, err=True)
        return 1
    return jobs if jobs > 1 and worth_sharing(names) else 1


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


def _tell_of_outputs(left: Iterable[str]) -> None:
    for line in left:
        notice(f"rulec run: {line}")


def _finish(summaries: Summaries, left: list[str], quiet: bool) -> None:
    if not quiet:
        for line in summaries.lines():
            notice(line)
    _tell_of_outputs(left)
    if summaries.total.unreadable or left:
        raise click.exceptions.Exit(BAD_INPUT)
