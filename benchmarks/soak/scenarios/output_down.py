"""The receiver of the alerts goes away, and comes back."""

import time
from dataclasses import dataclass
from pathlib import Path

from soak.falcosidekick import Falcosidekick
from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Fact, Report
from soak.serving import PATIENCE, total
from soak.staging import Staging
from soak.traffic import Traffic


@dataclass(frozen=True)
class OutputDown:
    """The receiver is away for ``seconds``, while events go on coming.

    There is room for what it does not get; or, if ``room`` is given, only one MiB in the
    spool and so many in the journal. Then it is away for so long after the first refusal.
    """

    room: int | None = None
    rate: int = 4_000
    seconds: float = 30.0
    haste: float = 10.0

    def run(self, folder: Path) -> Report:
        """Do it."""
        options = ("--spool-limit", "1", "--journal-size", str(self.room)) if self.room else ()
        sign = "rulec_documents_shed_total" if self.room else "rulec_output_spooled"
        staging = Staging(Traffic("alerting" if self.room else "busy"))
        with staging.set(folder, *options) as stage:
            served = stage.served
            with stage.client(self.rate, haste=self.haste) as client:
                served.await_more("rulec_output_delivered_total")
                stage.receiver.stop()
                served.await_more(sign)
                time.sleep(self.seconds)
                spooled = total(served.numbers(), "rulec_output_spooled")
                with Falcosidekick(stage.file, stage.receiver.port):
                    served.await_more("rulec_output_delivered_total")
                    recovery = served.await_ready()
                    served.await_more("rulec_documents_accepted_total")
                    ledger = client.stop()
                    settled = served.await_settled(4 * PATIENCE)
                    numbers = served.numbers()
                    status = served.stop()
        comparison = stage.compared(ledger.batches)
        shed = total(numbers, "rulec_documents_shed_total")
        text = "documents answered 503"
        checks = (
            Check.least(text, 1, shed) if self.room else Check.none(text, shed),
            Check.least("alerts in the spool", 1, spooled),
            Check.none("alerts that were dropped", total(numbers, "rulec_output_dropped_total")),
            *ledger_checks(ledger, None if self.room else 0),
            *comparison.checks(),
            Check.none("restarts", served.starts - 1),
            Check.none("exit status", status),
        )
        facts = (
            *ledger_facts(ledger),
            *comparison.facts(),
            Fact("seconds to be ready again after the first delivery", recovery),
            Fact("seconds to settle after the load", settled),
        )
        room = "hardly any room" if self.room else "room in the spool"
        title = f"The receiver of the alerts is away under {self.rate:,} events/s: {room}"
        return Report(title, checks, facts)
