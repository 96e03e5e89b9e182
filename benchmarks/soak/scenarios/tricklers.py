"""Thousands of clients that send a byte a second, and others that want to be served."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Fact, Report
from soak.slow_clients import SlowClients, SlowTask
from soak.staging import Stage, Staging
from soak.traffic import Traffic
from soak.watching import MIB, Watch, memory

# How much longer than its time-out a connection may stay open, in seconds.
_MORE: Final = 5.0

# How much memory a connection may cost at the worst, in KiB.
_KIB: Final = 160

# After how many seconds more a connection counts as one that is never closed.
_PATIENCE: Final = 60.0


@dataclass(frozen=True)
class Tricklers:
    """So many connections, over TLS or not, of which none gets to the end of a request.

    ``timeout`` is how many seconds the server gives a request, ``pace`` how many of
    them are opened in a second. There are ``rate`` ordinary events a second meanwhile.
    """

    connections: int = 2_000
    timeout: int = 10
    tls: bool = True
    names: bool = True
    rate: int = 2_000
    pace: float = 500.0

    def run(self, folder: Path) -> Report:
        """Do it."""
        staging = Staging(Traffic("busy"), tls=self.tls, names=self.names)
        with staging.set(folder, "--timeout", str(self.timeout)) as stage:
            served = stage.served
            before = memory(served.pid)
            with Watch(served.pid) as watch, stage.client(self.rate, tries=1) as client:
                with SlowClients(self._task(stage)) as slow:
                    closed = slow.finish()
                ledger = client.stop()
            served.await_settled()
            status = served.stop()
        comparison = stage.compared(ledger.batches)
        longest = {way: max(seconds, default=0.0) for way, seconds in closed.seconds.items()}
        each = (watch.peak - before) / self.connections / 1024
        most = Check.most("seconds until closed", self.timeout + _MORE, max(longest.values()))
        checks = (
            Check.none("connections that were refused", closed.refused),
            Check.none("connections that were never closed", closed.open),
            most.if_fast(),
            Check.most("memory for each connection", _KIB, each, " KiB").if_fast(),
            Check.none("ordinary requests that failed", sum(ledger.failures.values())),
            *ledger_checks(ledger, 0),
            *comparison.checks(),
            Check.none("exit status", status),
        )
        facts = (
            *(
                Fact(f"the last closed: {way} ({len(closed.seconds[way])})", f"{seconds:.1f} s")
                for way, seconds in longest.items()
            ),
            *ledger_facts(ledger),
            Fact("the most memory of the server", f"{watch.peak / MIB:.0f} MiB"),
        )
        how = ("TLS, clients by name" if self.names else "TLS") if self.tls else "no TLS"
        title = f"{self.connections:,} connections that trickle a byte a second ({how})"
        return Report(title, checks, facts)

    def _task(self, stage: Stage) -> SlowTask:
        files = stage.certificates
        return SlowTask(
            stage.served.port,
            str(files.ca) if files else None,
            str(files.client) if files else None,
            self.connections,
            self.pace,
            _PATIENCE + self.timeout,
        )
