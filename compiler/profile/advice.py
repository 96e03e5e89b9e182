"""What would make rules cheaper, as far as the numbers of a profile say so.

Each adviser looks at a rule and tells what it found, with the numbers. None
of them guesses: what was asked too seldom, or takes too little of the time,
is not talked about.
"""

from typing import Final

from rulec.profile.evidence import Advice, Adviser
from rulec.profile.part_advice import order, same_answer, simpler_operator
from rulec.profile.results import Profile
from rulec.profile.rule_advice import dear_rule, open_gate

# Every adviser, in the order in which they have their say about a rule.
ADVISERS: Final[tuple[Adviser, ...]] = (
    dear_rule,
    open_gate,
    order,
    simpler_operator,
    same_answer,
)


def advise(profile: Profile) -> tuple[Advice, ...]:
    """Return what can be said about each rule, those that took most time first."""
    return tuple(
        advice
        for rule in profile.dearest()
        for adviser in ADVISERS
        for advice in adviser(rule, profile)
    )
