"""What there is to say of what a client sent."""

from soak.kube_apiserver import Ledger
from soak.report import Check, Fact


def ledger_checks(ledger: Ledger, lost: int | None = None) -> tuple[Check, ...]:
    """Return what has to hold of what a client sent: enough was acknowledged, and little lost."""
    checks = [Check.least("batches acknowledged", 1, len(ledger.acknowledged))]
    if lost is not None:
        checks.append(Check.most("batches given up by the client", lost, len(ledger.lost)))
    return tuple(checks)


def ledger_facts(ledger: Ledger) -> tuple[Fact, ...]:
    """Return what else there is to know of a client."""
    again = sum(each.attempts > 1 for each in ledger.acknowledged)
    failures = ", ".join(f"{name} {count}" for name, count in sorted(ledger.failures.items()))
    return (
        Fact(
            "batches sent / acknowledged later than at first / given up",
            f"{len(ledger.batches):,} / {again:,} / {len(ledger.lost):,}",
        ),
        Fact("attempts that failed", failures or "none"),
        Fact(
            "answers: p50 / p99 / the longest",
            " / ".join(f"{1000 * ledger.answer_time(share):.0f} ms" for share in (0.5, 0.99, 1)),
        ),
        Fact("CPU time of the client", f"{ledger.cpu:.1f} s in {ledger.seconds:.0f} s"),
    )
