"""The disk is full for a while."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Report
from soak.serving import PATIENCE, Served, total
from soak.small_disk import SmallDisk, mounted
from soak.staging import Staging
from soak.traffic import Traffic
from soak.watching import MIB

# How long the server may take to recover, in seconds.
_READY: Final = 10.0


@dataclass(frozen=True)
class DiskFull:
    """Twice, nothing more can be written to the disk of the journal and of the spool.

    With ``mount`` that is a file system of its own, of ``size`` bytes, which something
    else fills up, if one can be mounted; or else the files of the server may not get any longer. It is like that for
    ``seconds`` after the first refusal.
    """

    rate: int = 4_000
    haste: float = 10.0
    seconds: float = 15.0
    mount: bool = True
    size: int = 96 * MIB

    def run(self, folder: Path) -> Report:
        """Do it."""
        refused: list[float] = []
        recovery: list[float] = []
        with (
            self._disk(folder) as disk,
            Staging(Traffic("busy")).set(folder, "--journal-size", "64", disk=disk.folder) as stage,
        ):
            served = stage.served
            with stage.client(self.rate, haste=self.haste) as client:
                for _ in range(2):
                    served.await_more("rulec_documents_accepted_total")
                    before = _shed(served)
                    with disk.full(served):
                        served.await_more("rulec_documents_shed_total")
                        time.sleep(self.seconds)
                        refused.append(_shed(served) - before)
                    recovery.append(served.await_ready())
                    served.await_more("rulec_documents_accepted_total")
                ledger = client.stop()
            served.await_settled(2 * PATIENCE)
            damaged = total(served.numbers(), "rulec_journal_damaged_bytes_total")
            status = served.stop()
        comparison = stage.compared(ledger.batches)
        checks = (
            Check.least("documents answered 503, the first time", 1, refused[0]),
            Check.least("documents answered 503, the second time", 1, refused[1]),
            *ledger_checks(ledger),
            *comparison.checks(),
            Check.none("bytes of the journal that were damaged", damaged),
            Check.most("seconds until ready again", _READY, max(recovery)).if_fast(),
            Check.none("restarts", served.starts - 1),
            Check.none("exit status", status),
        )
        facts = (
            *ledger_facts(ledger),
            *comparison.facts(),
        )
        how = "a file system of its own" if self.mount else "files may get no longer"
        return Report(
            f"The disk is full, twice, under {self.rate:,} events/s: {how}", checks, facts
        )

    @contextmanager
    def _disk(self, folder: Path) -> Iterator[SmallDisk]:
        if not self.mount:
            yield SmallDisk(folder)
            return
        with mounted(folder / "disk", self.size) as disk:
            yield disk


def _shed(served: Served) -> float:
    return total(served.numbers(), "rulec_documents_shed_total")
