"""What the benchmarks share: the shipped rules, compiled, and events to match."""

import pytest
from events import ALERTING, TYPICAL, make
from shipped import RULES

from rulec import compile_ruleset
from rulec.runtime.ruleset import Ruleset


@pytest.fixture(scope="session")
def ruleset() -> Ruleset:
    return compile_ruleset(RULES)


@pytest.fixture(scope="session", params=["typical", "alerting"])
def lines(request: pytest.FixtureRequest) -> list[bytes]:
    return list(make(2_000, TYPICAL if request.param == "typical" else ALERTING))
