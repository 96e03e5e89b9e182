"""What counts as evidence: the thresholds, and what advisers ask of a profile."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rulec.nodes import Condition, Loaded, Sequence, Test, Transformed, Value, leaves
from rulec.profile.results import Part, Profile, RuleProfile
from rulec.profile.words import clipped
from rulec.text import Span
from rulec.written import field_name

# What was asked less often than this shows nothing.
ENOUGH: Final = 30
# That "contains" can be another operator needs so many cases in which it holds.
ENOUGH_TRUE: Final = 10
# A rule is dear if it takes this part of the time of all rules, and so many
# times what it would take if all rules that were tried took the same.
DEAR_SHARE: Final = 0.2
DEAR_TIMES: Final = 2
# A gate is open if it lets this part of the events through, and the rule
# matches no more than that part of them.
OPEN_SHARE: Final = 0.9
FEW_MATCHES: Final = 0.1
# A change is worth its while if it saves this part of the time of the rule.
SAVING: Final = 0.1
# Another operator is only cheaper if it takes no more than this part of the time.
CHEAPER: Final = 0.8
# A rule that takes less than this part of the time of all is not worth changing.
WORTH_CHANGING: Final = 0.01

# Conditions in messages are cut to so many characters.
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that was found, and what to do about it.

    ``kind`` is a short stable name, ``span`` the place in the rules.
    ``evidence`` has the numbers that led to it: counts, times in
    nanoseconds, shares from 0 to 1.
    """

    kind: str
    rule: str
    span: Span
    message: str
    hint: str
    evidence: Mapping[str, float]


Adviser = Callable[[RuleProfile, Profile], Iterator[Advice]]


def is_worth_changing(rule: RuleProfile, profile: Profile) -> bool:
    """Return whether a rule was tried often, and takes time that could be saved."""
    return rule.evaluations >= ENOUGH and profile.share(rule) >= WORTH_CHANGING


def quoted(part: Part) -> str:
    """Return the condition of a part as a message has it."""
    return f"'{clipped(part.text, _LONGEST)}'"


def ratio(part: float, whole: float) -> float:
    """Return a share from 0 to 1; nothing is no part of nothing."""
    return part / whole if whole else 0.0


def names(condition: Condition) -> frozenset[str]:
    """Return the names of the fields that a condition reads, with their arguments."""
    return frozenset(map(field_name, values(condition)))


def values(condition: Condition) -> frozenset[Loaded]:
    """Return the values of the event that a condition reads."""
    found: set[Loaded] = set()
    pending: list[Value | None] = []
    for leaf in leaves(condition):
        if isinstance(leaf, Test):
            pending += [leaf.value, leaf.operand]
    while pending:
        match pending.pop():
            case Loaded() as value:
                found.add(value)
            case Transformed(_, arguments):
                pending += arguments
            case Sequence(parts):
                pending += parts
            case _:
                pass
    return frozenset(found)
