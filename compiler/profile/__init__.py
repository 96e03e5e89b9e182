"""What rules cost on a log, and what would make them cheaper."""

from collections.abc import Callable, Collection, Iterable
from os import PathLike, fspath
from typing import Unpack

from rulec.api import Options, plan_files
from rulec.files import collect
from rulec.plan import Plan
from rulec.profile.clock import undisturbed
from rulec.profile.instruments import Instruments
from rulec.profile.results import Profile
from rulec.runtime.engine import run
from rulec.runtime.inputs import expand
from rulec.runtime.sources.json_source import JsonSource

__all__ = ["Profile", "measure", "profile"]


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
    """Match the events of ``inputs`` against the rules of a plan, and measure.

    ``notice`` is told about everything that had to be skipped; ``progress``
    gets the number of events now and then.

    :raises KeyError: if there is no such source.
    """
    instruments = Instruments(plan, source)
    with undisturbed():
        summary = run(instruments.ruleset, source, inputs, lambda alert: None, notice, progress)
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
