"""As many events as three API servers can send, for some minutes."""

import time
from dataclasses import dataclass
from pathlib import Path

from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Fact, Report
from soak.serving import cores, total
from soak.staging import Staging
from soak.traffic import Traffic
from soak.watching import Watch, cpu_seconds


@dataclass(frozen=True)
class Sustained:
    """``rate`` events a second for so many seconds, over TLS, with client certificates.

    Memory is looked at after ``filling`` seconds more at the beginning: the server remembers half
    a million events, and that has to be filled and replaced once.
    With ``names`` the server asks for a name in the certificate of the client.
    """

    rate: int = 12_000
    seconds: float = 300.0
    filling: float = 90.0
    names: bool = True

    def run(self, folder: Path) -> Report:
        """Do it."""
        traffic = Traffic("typical", different=50)
        with Staging(traffic, names=self.names).set(folder) as stage:
            served = stage.served
            begun, before = time.monotonic(), cpu_seconds(served.pid)
            count = int(self.rate * (self.filling + self.seconds) / traffic.size)
            with stage.client(self.rate, count=count) as client:
                time.sleep(self.filling)
                with Watch(served.pid) as watch:
                    ledger = client.finish()
            settled = served.await_settled()
            took, cpu = time.monotonic() - begun, cpu_seconds(served.pid) - before
            numbers = served.numbers()
            status = served.stop()
            receiver_cpu = stage.receiver.stop()
        comparison = stage.compared(ledger.batches)
        events = len(ledger.acknowledged) * traffic.size
        evaluated = total(numbers, "rulec_events_evaluated_total")
        speed = events / ledger.seconds
        p99 = 1000 * ledger.answer_time(0.99)
        shed = total(numbers, "rulec_documents_shed_total")
        checks = (
            Check.least("events/s acknowledged", 0.99 * self.rate, speed).if_fast(),
            Check.none("documents shed", shed).if_fast(),
            Check.none("attempts that failed", sum(ledger.failures.values())).if_fast(),
            Check.most("p99 of the answer", 250, p99, " ms").if_fast(),
            watch.flat(),
            *ledger_checks(ledger, 0),
            Check("events evaluated", f"{events:,}", evaluated, evaluated == events),
            *comparison.checks(),
            Check.none("exit status", status),
        )
        facts = (
            Fact("cores", cores()),
            Fact("CPU time of the server", f"{cpu:.1f} s in {took:.0f} s"),
            Fact("CPU time of the receiver", f"{receiver_cpu:.1f} s"),
            Fact("seconds to settle after the load", settled),
            Fact("begun too late by the client, at worst", f"{1000 * ledger.late:.0f} ms"),
            *ledger_facts(ledger),
            *watch.facts(),
        )
        how = "TLS, clients by name" if self.names else "TLS, clients by certificate"
        title = f"{self.rate:,} events/s for {self.filling:g} and {self.seconds:g} s ({how})"
        return Report(title, checks, facts)
