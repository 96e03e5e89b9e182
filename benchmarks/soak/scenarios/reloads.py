"""The rules are loaded anew again and again, and one time in three they are broken."""

import re
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import yaml

from soak.ledgers import ledger_checks, ledger_facts
from soak.report import Check, Fact, Report
from soak.rules import shipped_names, with_id
from soak.serving import Served, total
from soak.staging import Staging
from soak.traffic import Traffic
from soak.watching import Watch

# What is remembered of events would be what grows: there is to be little of that.
_OPTIONS: Final = ("--window", "10000")

_GENERATION: Final = re.compile(r" generation=(\d+)$")

# What is wrong with broken rules, in turn.
_BROKEN: Final = (
    "- rule: Half\n  desc: x\n  condition: ka.verb = \n",
    "- list: [\n",
    (
        "- macro: no_field\n  condition: no.such.field = 1\n- rule: No Field\n  desc: x\n"
        "  condition: no_field\n  output: x\n  priority: DEBUG\n  source: k8s_audit\n"
    ),
)


@dataclass(frozen=True)
class Reloads:
    """The rules change ``reloads`` times, which the server notices; one time in three they are broken.

    Each good set of rules says in its alerts which one it is.
    """

    reloads: int = 200
    rate: int = 4_000

    def run(self, folder: Path) -> Report:
        """Do it."""
        with Staging(Traffic("busy")).set(folder, *_OPTIONS) as stage:
            served = stage.served
            *_, file = stage.rules
            good = [self._first(served, file)]
            with Watch(served.pid) as watch, stage.client(self.rate, tries=1) as client:
                good += self._reload(served, file)
                ledger = client.stop()
            served.await_settled()
            numbers = served.numbers()
            status = served.stop()
        comparison = stage.compared(ledger.batches)
        seen = [_generation_of(alert["output"]) for alert in stage.arrived().alerts]
        older = sum(after < before for before, after in pairwise(seen))
        taken = _pair(_reloaded(numbers, "ok"), _reloaded(numbers, "refused"))
        asked = _pair(len(good), self.reloads + 1 - len(good))
        checks = (
            Check("rules taken / refused", asked, taken, taken == asked),
            Check.none("requests that failed", sum(ledger.failures.values())),
            *ledger_checks(ledger, 0),
            *comparison.checks(),
            Check.none("alerts of rules that were not good", len(set(seen) - set(good))),
            Check.none("alerts of older rules than the alert before", older),
            Check.none("exit status", status),
        )
        facts = (
            Fact("sets of rules that raised alerts", f"{len(set(seen))} of {len(good)}"),
            *ledger_facts(ledger),
            *comparison.facts(),
            *watch.facts(),
        )
        title = f"{self.reloads} reloads under {self.rate:,} events/s, one in three broken"
        return Report(title, checks, facts)

    def _first(self, served: Served, file: Path) -> int:
        """Let the server load rules that say which ones they are, before there is any event."""
        _change(file, _generation(0))
        served.until(lambda: _reloaded(served.numbers(), "ok") == 1, "reload")
        return 0

    def _reload(self, served: Served, file: Path) -> list[int]:
        """Change the rules again and again; return the numbers of the good ones."""
        good = []
        for number in range(1, self.reloads + 1):
            broken = number % 3 == 0
            before = _reloaded(served.numbers(), result := "refused" if broken else "ok")
            if broken:
                # Blanks make each of them different from all before.
                _change(file, _BROKEN[number // 3 % len(_BROKEN)] + " " * number)
            else:
                _change(file, _generation(number))
                good.append(number)
            served.until(partial(_more_reloaded, served, result, before), f"reload: {result}")
        return good


def _more_reloaded(served: Served, result: str, before: float) -> bool:
    return _reloaded(served.numbers(), result) > before


def _change(file: Path, text: str) -> None:
    """Replace a file as a whole, as Kubernetes does."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def _generation(number: int) -> str:
    items = [with_id(name, f" generation={number}") for name in shipped_names()]
    return yaml.safe_dump(items, sort_keys=False)


def _generation_of(output: str) -> int:
    found = _GENERATION.search(output)
    return int(found[1]) if found else -1


def _reloaded(numbers: dict[str, float], result: str) -> float:
    return total(numbers, "rulec_rules_reloads_total", f'"{result}"')


def _pair(taken: float, refused: float) -> str:
    return f"{taken:.0f} / {refused:.0f}"
