"""What rules cost on a log, and what would make them cheaper."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Unpack

from rulec.api import Options, plan_files
from rulec.files import collect
from rulec.plan import Plan
from rulec.profile.clock import undisturbed
from rulec.profile.instruments import Instruments
from rulec.profile.results import Profile
from rulec.runtime.engine import Summary
from rulec.runtime.inputs import Input, expand
from rulec.runtime.sources.json_source import JsonSource
from rulec.runtime.streams import Streams

__all__ = ["Profile", "measure", "measure_all", "profile"]


def profile(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    inputs: Iterable[str | PathLike[str]],
    source: str,
    sources: Collection[str | JsonSource] | None = None,
    **options: Unpack[Options],
) -> Profile:
    """Compile rules, match the events of ``inputs`` against them, and measure.

    ``paths``, ``sources`` and the options are those of ``compile_ruleset``;
    ``inputs`` are files of events for ``source``, or directories of such.
    What is no event is skipped and counted.

    :raises RulesError: if there is something wrong with the rules.
    :raises ValueError: if an option has no such value.
    :raises KeyError: if there is no such source.
    :raises OSError: if a directory cannot be read.
    """
    files = collect([paths] if isinstance(paths, str | PathLike) else list(paths))
    planned, _ = plan_files(files, sources=sources, **options)
    return measure(planned, source, expand(fspath(name) for name in inputs))


def measure(
    plan: Plan,
    source: str,
    inputs: Iterable[str],
    notice: Callable[[str], object] = lambda line: None,
    progress: Callable[[int], object] = lambda events: None,
) -> Profile:
    """Match the events of ``inputs`` against the rules of a plan for one source, and measure.

    ``notice`` is told about everything that had to be skipped; ``progress``
    gets the number of events now and then.

    :raises KeyError: if there is no such source.
    """
    given = [Input(name, source) for name in inputs]
    profiles, _ = measure_all(plan, (source,), given, notice, progress)
    return profiles[0]


def measure_all(
    plan: Plan,
    sources: Sequence[str],
    inputs: Sequence[Input],
    notice: Callable[[str], object] = lambda line: None,
    progress: Callable[[int], object] = lambda events: None,
) -> tuple[tuple[Profile, ...], tuple[str, ...]]:
    """Do the same with inputs that may belong to any of the ``sources``, and tell to which.

    There is a profile for each source that an input belongs to, or the one of the only source.
    Also returned are the inputs of which nobody knows what they belong to.

    :raises KeyError: if there is no such source.
    """
    instruments = {source: Instruments(plan, source) for source in sources}
    rulesets = [each.ruleset for each in instruments.values()]
    programs = tuple(program for ruleset in rulesets for program in ruleset.programs)
    ruleset = replace(rulesets[0], programs=programs)
    streams = Streams(ruleset, tuple(sources), lambda alert: None, notice, progress)
    with undisturbed():
        summaries = streams.read(inputs)
    seen = [source for source in sources if source in summaries or len(sources) == 1]
    found = tuple(
        _profile(source, instruments[source], summaries.get(source, Summary())) for source in seen
    )
    return found, tuple(summaries.get("", Summary()).unreadable)


def _profile(source: str, instruments: Instruments, summary: Summary) -> Profile:
    gate, rules = instruments.results(summary.events)
    return Profile(
        source,
        summary.events,
        summary.alerts,
        dict(summary.skipped),
        tuple(summary.unreadable),
        gate,
        rules,
    )
