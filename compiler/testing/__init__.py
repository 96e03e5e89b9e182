"""Tests of rules: events, and the alerts that are expected of them, written in YAML."""

import os
from collections.abc import Iterable
from pathlib import Path

from rulec.testing.results import Result as Result
from rulec.testing.results import Status as Status
from rulec.testing.results import TestReport as TestReport
from rulec.testing.rulebooks import Rulebooks
from rulec.testing.running import Progress, Runner

__all__ = ["Result", "Status", "TestReport", "run_tests"]

PathLike = str | os.PathLike[str]


def run_tests(
    paths: PathLike | Iterable[PathLike],
    *,
    rules: PathLike | Iterable[PathLike] = (),
    source_files: PathLike | Iterable[PathLike] = (),
    keep: Iterable[str] = (),
    cover: bool = False,
    mutate: bool = False,
    progress: Progress = lambda done, of: None,
) -> TestReport:
    """Run the tests in files, and in directories of such, and tell what came of them.

    ``rules`` are files or directories of rules for those files of tests that name none,
    ``source_files`` describe event sources of your own. Of the tests, those are run in whose
    name, or in the name of whose file, one of the texts in ``keep`` occurs, if there are any.
    What is wrong with the files is in the report; so is the coverage of the rules if ``cover``
    or ``mutate``, and what came of small changes of their conditions if ``mutate``.
    ``progress`` is told how many tests have been run, and how many there are.

    :raises OSError: if a directory cannot be read.
    """
    runner = Runner(Rulebooks(_paths(rules), _paths(source_files)), tuple(keep))
    runner.load((paths,) if isinstance(paths, str | os.PathLike) else paths)
    report = runner.run(progress)
    if not cover and not mutate:
        return report
    from rulec.testing.measuring import Wanted, measured

    return measured(report, runner.tests, Wanted(mutate))


def _paths(given: PathLike | Iterable[PathLike]) -> tuple[Path, ...]:
    return tuple(map(Path, (given,) if isinstance(given, str | os.PathLike) else given))
