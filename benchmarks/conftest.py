"""What the benchmarks share: the shipped rules, compiled, and events to match."""

import json
from typing import Any

import pytest
from events import ALERTING, TYPICAL, make
from rule_sets import SHIPPED

from rulec import compile_ruleset
from rulec.runtime.ruleset import Ruleset


@pytest.fixture(scope="session")
def ruleset() -> Ruleset:
    return compile_ruleset(SHIPPED)


@pytest.fixture(scope="session", params=["typical", "alerting"])
def lines(request: pytest.FixtureRequest) -> list[bytes]:
    return list(make(2_000, TYPICAL if request.param == "typical" else ALERTING))


@pytest.fixture(scope="session")
def decoded(lines: list[bytes]) -> list[Any]:
    return [json.loads(line) for line in lines]
