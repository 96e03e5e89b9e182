"""Rules files with anything wrong in them are formatted, and stay the same, or are refused.

``RULEC_FUZZ=50000 pytest -m fuzz tests/test_fuzz_formatting.py -s`` tries that many
mutants; ``fuzzing.py`` says how.
"""

import time
from collections.abc import Sequence
from random import Random
from typing import Final

import pytest
from formatted import assert_formatted
from fuzzing import SEED, Fuzzing, Outcome, try_mutants
from mutations import mutant
from test_fuzz_rules_files import own_seeds, recorded_rules

from rulec import RulesError
from rulec.files import decode

pytestmark = pytest.mark.fuzz

SECONDS: Final = 10.0  # more than this must no mutant take
SMALL: Final = 20_000  # bytes: only so small are those that are tried every time


def examine(contents: Sequence[bytes]) -> Outcome:
    """Format a mutant; fail if it is not the same rules afterwards."""
    start = time.process_time()
    try:
        assert_formatted(decode(contents[0]))
    except RulesError as error:
        first = error.diagnostics[0]
        return Outcome(f"{first.code} {first.kind}", time.process_time() - start)
    return Outcome("is formatted", time.process_time() - start)


def fuzzing(seeds: Sequence[bytes]) -> Fuzzing:
    """Return how mutants are made and looked at."""

    def mutated(number: int) -> list[bytes]:
        return [mutant(seeds, Random(f"formatting/{SEED}/{number}"))]

    return Fuzzing(mutated, examine, ".yaml", SECONDS)


def test_mutants_stay_the_same_rules(capsys: pytest.CaptureFixture[str]) -> None:
    try_mutants(fuzzing(own_seeds()), capsys, 60, SMALL)


@pytest.mark.conformance
def test_mutants_of_recorded_rules(capsys: pytest.CaptureFixture[str]) -> None:
    try_mutants(fuzzing(recorded_rules()), capsys, 40, SMALL)
