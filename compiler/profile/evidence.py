"""What counts as evidence: the thresholds, and what advisers ask of a profile."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from rulec.nodes import Condition, Loaded
from rulec.places import loaded_by, reads_of
from rulec.profile.results import Part, Profile, RuleProfile
from rulec.profile.words import clipped
from rulec.runtime.fields import Step
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
    return frozenset(map(field_name, loaded_by(condition)))


def needs(condition: Condition) -> frozenset[Loaded | Step]:
    """Return the fields that a condition reads, and the members at the top of an event.

    A member is decoded as a whole for whoever asks first: conditions that need
    the same one are cheaper together than each alone.
    """
    loaded = frozenset(loaded_by(condition))
    reads = (read for each in loaded for read in reads_of(each.field, each.argument))
    return loaded | {read.path[0] for read in reads}


def saving(part: Part, rule: RuleProfile) -> int:
    """Return the nanoseconds that the body of a rule would certainly take less without a part.

    What other parts read as well has to be decoded and loaded all the same.
    """
    inside = set(map(id, part.tests()))
    others = (test for test in rule.body.tests() if id(test) not in inside)
    shared = needs(part.node).intersection(chain.from_iterable(needs(each.node) for each in others))
    if any(isinstance(each, Loaded) for each in shared):
        return part.own
    return part.again if shared else part.nanoseconds
