"""The server is killed again and again, while kube-apiserver goes on sending."""

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soak.checking import alerts_in, compared
from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Fact, Report
from soak.serving import PATIENCE, Served, total
from soak.staging import Staging
from soak.traffic import Traffic

# With little room, files are begun and removed every few seconds.
_OPTIONS: Final = ("--journal-size", "64", "--window", "40000")

# One of so many of the receiver's answers gets lost.
_SILENT: Final = 50

# One server in so many is killed while it starts, within so many seconds.
_EARLY: Final = 4
_EARLY_SECONDS: Final = 1.5


@dataclass(frozen=True)
class Kills:
    """The server is killed ``kills`` times and started again at once.

    It lives for between ``life`` seconds after it is ready, or dies before that. There
    are ``rate`` events a second. The client waits so much less than kube-apiserver as
    ``haste`` says. Alerts go to a receiver over HTTP, or with
    ``to_file`` there is one for every event, and they go to a file.
    """

    to_file: bool = False
    kills: int = 20
    rate: int = 4_000
    haste: float = 10.0
    life: tuple[float, float] = (0.3, 5.0)
    seed: int = 20

    def run(self, folder: Path) -> Report:
        """Do it."""
        traffic = Traffic("typical" if self.to_file else "busy")
        staging = Staging(traffic, every_event=self.to_file, silent_every=_SILENT)
        file = folder / "alerts"
        output = ("--output", f"file:{file}", "--format", "json") if self.to_file else None
        with staging.set(folder, *_OPTIONS, output=output) as stage:
            served = stage.served
            with stage.client(self.rate, haste=self.haste) as client:
                self._kill(served)
                served.await_ready()
                ledger = client.stop()
            settled = served.await_settled(4 * PATIENCE)
            damaged = total(served.numbers(), "rulec_journal_damaged_bytes_total")
            status = served.stop()
        arrived = alerts_in(file) if self.to_file else stage.arrived()
        comparison = compared(arrived, ledger.batches, stage.expected)
        checks = [
            Check("SIGKILL", str(self.kills), served.starts - 1, served.starts == self.kills + 1),
            *ledger_checks(ledger),
            *comparison.checks(identified=not self.to_file),
            Check.none("bytes of the journal that were damaged", damaged),
            Check.none("exit status", status),
        ]
        if self.to_file:
            # What was being written when a process ended stays as it is.
            checks.append(Check.most("lines that are no alerts", self.kills, comparison.broken))
        facts = (
            *ledger_facts(ledger),
            *comparison.facts(),
            Fact("seconds to settle after the load", settled),
        )
        where = "an alert for every event, to a file" if self.to_file else "alerts over HTTP"
        title = f"{self.kills} times SIGKILL under {self.rate:,} events/s: {where}"
        return Report(title, tuple(checks), facts)

    def _kill(self, served: Served) -> None:
        chance = random.Random(self.seed)
        for number in range(self.kills):
            if number % _EARLY < _EARLY - 1:
                served.await_ready()
                time.sleep(chance.uniform(*self.life))
            else:
                time.sleep(chance.uniform(0.0, _EARLY_SECONDS))
            served.kill()
            served.start()
