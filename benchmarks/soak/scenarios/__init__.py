"""What is tried, one scenario for each module."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from soak.report import Report
from soak.scenarios.disk_full import DiskFull
from soak.scenarios.end_to_end import EndToEnd
from soak.scenarios.hostile import Hostile
from soak.scenarios.kills import Kills
from soak.scenarios.output_down import OutputDown
from soak.scenarios.reloads import Reloads
from soak.scenarios.sustained import Sustained
from soak.scenarios.tricklers import Tricklers
from soak.watching import MIB


class Scenario(Protocol):
    """Something that is done to the server, with its measures as fields."""

    def run(self, folder: Path) -> Report:
        """Do it, in an empty folder, and tell what was found."""


@dataclass(frozen=True)
class Forms:
    """A scenario at length, and in some seconds."""

    long: Scenario
    short: Scenario


_FEW_KILLS: Final[dict[str, Any]] = {
    "kills": 2,
    "rate": 2_000,
    "haste": 40,
    "life": (0.2, 1.0),
}

# What is tried, one entry each.
SCENARIOS: Final[Mapping[str, Forms]] = {
    "end-to-end": Forms(EndToEnd(), EndToEnd()),
    "kills": Forms(Kills(), Kills(**_FEW_KILLS)),
    "kills-every-event": Forms(Kills(to_file=True), Kills(to_file=True, **_FEW_KILLS)),
    "disk-full": Forms(DiskFull(), DiskFull(rate=2_000, haste=40, seconds=0.5, mount=False)),
    "output-down": Forms(OutputDown(), OutputDown(rate=2_000, haste=40, seconds=0.5)),
    "output-down-no-room": Forms(
        OutputDown(room=16, rate=1_500), OutputDown(room=4, rate=2_000, haste=40, seconds=0)
    ),
    "tricklers": Forms(Tricklers(), Tricklers(connections=80, timeout=1, tls=False)),
    "hostile": Forms(Hostile(), Hostile(rounds=2, body=32 * MIB)),
    "reloads": Forms(Reloads(), Reloads(reloads=6, rate=2_000)),
    "sustained": Forms(Sustained(), Sustained(rate=2_000, seconds=2, filling=0)),
}
