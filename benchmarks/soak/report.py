"""What a scenario found: tables of what was asked, what was measured, and what else there is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Check:
    """Something that has to hold; ``timed`` if that depends on how fast the machine is."""

    text: str
    asked: str
    measured: str | float
    holds: bool
    timed: bool = False

    @classmethod
    def least(cls, text: str, bound: float, measured: float) -> Self:
        """Return that a number has to be so large at least."""
        return cls(text, f"at least {shown(bound)}", measured, measured >= bound)

    @classmethod
    def most(cls, text: str, bound: float, measured: float, unit: str = "") -> Self:
        """Return that a number may be so large at most."""
        value = f"{shown(measured)}{unit}"
        return cls(text, f"at most {shown(bound)}{unit}", value, measured <= bound)

    @classmethod
    def none(cls, text: str, measured: float) -> Self:
        """Return that there has to be none of something."""
        return cls(text, "0", measured, measured == 0)

    def if_fast(self) -> Self:
        """Return it as something that depends on how fast the machine is."""
        return replace(self, timed=True)


@dataclass(frozen=True)
class Fact:
    """Something that is good to know."""

    text: str
    measured: str | float


@dataclass(frozen=True)
class Report:
    """What a scenario found."""

    title: str
    checks: tuple[Check, ...]
    facts: tuple[Fact, ...] = ()

    def failures(self, *, timed: bool) -> list[Check]:
        """Return what does not hold, with what depends on the machine or without."""
        return [each for each in self.checks if not each.holds and (timed or not each.timed)]

    def markdown(self) -> str:
        """Return it as a table."""
        rows: list[tuple[str, ...]] = [("", "asked", "measured", "holds")]
        for check in self.checks:
            holds = "yes" if check.holds else "**no**"
            rows.append((check.text, check.asked, shown(check.measured), holds))
        rows += ((fact.text, "", shown(fact.measured), "") for fact in self.facts)
        return f"### {self.title}\n\n" + "\n".join(_lines(rows))


def _lines(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"


def shown(value: str | float) -> str:
    """Return a number as people read it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}"
