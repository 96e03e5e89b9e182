"""What the comparison prints: the figures as one table, and what is asked of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compile_times import Compiling
from contenders import (
    ALERT_HEAVY,
    ALERTS,
    CHURN,
    DECODERS,
    MATCHES,
    ORJSON,
    PLAIN,
    PLAIN_ALERTS,
    RULEC_EIGHT,
    TYPICAL,
    decoded_by,
    plain_by,
)
from peers import PEERS, installed
from timing import Results

# How much longer a rule may take among many: up to here, growth counts as linear.
LINEAR: Final = 1.5


@dataclass(frozen=True)
class Grid:
    """A table: a title, its header and rows of text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """Return the table as Markdown, figures to the right."""
        lines = [self.header, ("---", *["--:"] * (len(self.header) - 1)), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Group:
    """Contenders that are compared with one of them, ``base``."""

    title: str
    base: str
    engines: tuple[str, ...]


def groups(rules: tuple[int, ...]) -> tuple[Group, ...]:
    """Return how the table is divided; ``rules`` are the sizes of the rule sets."""
    least = min(rules)
    by_rules = tuple(map(decoded_by, rules))
    plain = tuple(map(plain_by, rules))
    peers = tuple(name for name, distribution, _ in PEERS if installed(distribution))
    return (
        Group(
            f"from bytes, {least} rules", ORJSON, (*DECODERS, MATCHES, ALERTS, PLAIN, PLAIN_ALERTS)
        ),
        Group("decoded events, by number of rules", decoded_by(least), (*by_rules, *plain)),
        Group("decoded events, the same eight rules", RULEC_EIGHT, (RULEC_EIGHT, *peers)),
    )


def figures(results: Results, rules: tuple[int, ...]) -> Grid:
    """Return all figures: microseconds per event, and how they compare within a group."""
    rows: list[tuple[str, ...]] = []
    for group in groups(rules):
        rows.append((f"**{group.title}**", *[""] * 6))
        for engine in group.engines:
            cells = [engine]
            for workload in (TYPICAL, ALERT_HEAVY):
                mine, base = results[engine, workload], results[group.base, workload]
                cells += [f"{mine.median:.2f}", f"{mine.least:.2f}", f"{mine.ratio(base):.2f}"]
            rows.append(tuple(cells))
    rows += _churn(results, rules)
    workloads = (TYPICAL, "least", "ratio", ALERT_HEAVY, "least", "ratio")
    return Grid("CPU time per event, in µs", ("", *workloads), tuple(rows))


def _churn(results: Results, rules: tuple[int, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what it costs that users and objects are new, as a multiple of typical traffic."""
    yield "**a new user and object in every event, against typical**", *[""] * 6
    for engine in (MATCHES, *map(decoded_by, rules)):
        mine, base = results[engine, CHURN], results[engine, TYPICAL]
        yield (
            engine,
            f"{mine.median:.2f}",
            f"{mine.least:.2f}",
            f"{mine.ratio(base):.2f}",
            *[""] * 3,
        )


@dataclass(frozen=True)
class Requirement:
    """A ratio, and the bound that it is to keep."""

    text: str
    value: float
    bound: float
    at_most: bool
    unit: str = "x"

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        asked = f"{'at most' if self.at_most else 'at least'} {self.bound:g}{self.unit}"
        return self.text, asked, f"{self.value:.2f}{self.unit}", "yes" if self.holds else "no"


def requirements(results: Results, compiling: Compiling) -> tuple[Requirement, ...]:
    """Return what is asked of rulec, with what was measured."""
    return (*_matching(results), *_growth(results), *_peers(results), *_compiling(compiling))


def _matching(results: Results) -> Iterator[Requirement]:
    for workload, of_decoding, of_plain, of_alerts in (
        (TYPICAL, 0.6, 6.5, 5.5),
        (ALERT_HEAVY, 0.75, 5, 2),
    ):
        mine = results[MATCHES, workload]
        share = mine.ratio(results[ORJSON, workload])
        yield Requirement(
            f"bytes to matches against orjson.loads alone, {workload}", share, of_decoding, True
        )
        faster = results[PLAIN, workload].ratio(mine)
        yield Requirement(
            f"faster than orjson and a function for each rule, {workload}", faster, of_plain, False
        )
        faster = results[PLAIN_ALERTS, workload].ratio(results[ALERTS, workload])
        yield Requirement(f"the same, to alerts as text, {workload}", faster, of_alerts, False)


def _growth(results: Results) -> Iterator[Requirement]:
    few, many = 48, 480
    growth = results[decoded_by(many), TYPICAL].ratio(results[decoded_by(few), TYPICAL])
    yield Requirement(f"matching {many} rules against {few}", growth, 2, True)
    churn = results[MATCHES, CHURN].ratio(results[MATCHES, TYPICAL])
    yield Requirement("new user and object in every event against typical, bytes", churn, 1.5, True)
    decoded = results[decoded_by(few), CHURN].ratio(results[decoded_by(few), TYPICAL])
    yield Requirement("the same, decoded events", decoded, 1.5, True)


def _peers(results: Results) -> Iterator[Requirement]:
    mine = results[RULEC_EIGHT, TYPICAL]
    for name, distribution, _ in PEERS:
        if installed(distribution):
            faster = results[name, TYPICAL].ratio(mine)
            yield Requirement(f"eight rules, faster than {name}", faster, 20, False)


def _compiling(compiling: Compiling) -> Iterator[Requirement]:
    seconds = compiling.seconds
    thousand = min(rules for rules in seconds if rules >= 1_000)
    few, most = min(seconds), max(seconds)
    yield Requirement(f"compiling the {few} rules of `k8s_audit.yaml`", seconds[few], 1, True, " s")
    yield Requirement(f"compiling {thousand:,} rules", seconds[thousand], 10, True, " s")
    per_rule = (seconds[most] / most) / (seconds[few] / few)
    yield Requirement(f"time per rule, {most:,} rules against {few}", per_rule, LINEAR, True)
    milliseconds = compiling.import_seconds * 1_000
    yield Requirement("importing the module of the shipped rules", milliseconds, 50, True, " ms")


def missing_peers() -> list[str]:
    """Return the distributions of engines that could not be compared."""
    return sorted({distribution for _, distribution, _ in PEERS if not installed(distribution)})


def asked(found: tuple[Requirement, ...]) -> Grid:
    """Return the table of what is asked."""
    header = ("what is asked", "bound", "measured", "holds")
    return Grid("What is asked", header, tuple(each.cells() for each in found))
