"""Which rules were moved, where the first rule that matches an event is the only one to alert."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

# So many other rules are asked whether they can match the same events.
_MOST_PROOFS: Final = 200


@dataclass(frozen=True, slots=True)
class Move:
    """That a rule is now before rules that it came after, or after rules that it came before.

    Only those are named that may match the same events. If there are none, nothing comes of it.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]


def moves(
    old: Sequence[str], new: Sequence[str], apart: Callable[[str, str], bool]
) -> dict[str, Move]:
    """Return which rules were moved, of those that both sequences have.

    As few as possible: the others are in their old order. ``apart`` tells whether no event can
    match two rules.
    """
    was = {name: at for at, name in enumerate(old)}
    now = {name: at for at, name in enumerate(new)}
    common = [name for name in new if name in was]
    stayed = set(_longest_run(common, [was[name] for name in common]))
    found: dict[str, Move] = {}
    proofs = 0
    for name in common:
        if name in stayed:
            continue
        passed: tuple[list[str], list[str]] = [], []
        for other in common:
            if other == name or (was[name] < was[other]) is (now[name] < now[other]):
                continue
            proofs += 1
            if proofs > _MOST_PROOFS or not apart(name, other):
                passed[now[name] > now[other]].append(other)
        found[name] = Move(tuple(passed[0]), tuple(passed[1]))
    return found


def _longest_run(names: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """Return the names of the longest run of rising numbers, with gaps."""
    ends: list[int] = []  # the least number that a run of each length ends with
    holders: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(holders[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        holders[length : length + 1] = [at]
    found = []
    at = holders[-1] if holders else -1
    while at >= 0:
        found.append(names[at])
        at = before[at]
    return found[::-1]
