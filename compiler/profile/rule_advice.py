"""Advice about whole rules."""

from collections.abc import Iterator
from typing import Final

from rulec.profile.evidence import (
    DEAR_SHARE,
    DEAR_TIMES,
    ENOUGH,
    FEW_MATCHES,
    OPEN_SHARE,
    Advice,
    names,
    quoted,
    ratio,
)
from rulec.profile.results import Profile, RuleProfile
from rulec.profile.words import duration, percent
from rulec.runtime.rendering import counted
from rulec.written import field_name

# So many key fields are suggested, the most common first.
_SUGGESTED: Final = 3


def dear_rule(rule: RuleProfile, profile: Profile) -> Iterator[Advice]:
    """A rule that takes much more than its share."""
    share = profile.share(rule)
    fair = 1 / len(profile.dearest())
    if rule.evaluations < ENOUGH or share < max(DEAR_SHARE, DEAR_TIMES * fair):
        return
    dearest = max(rule.body.tests(), key=lambda part: part.nanoseconds, default=None)
    if dearest is None:
        return  # all there is to ask is in the gate: it is only asked often
    of_rule = ratio(dearest.nanoseconds, rule.body.nanoseconds)
    yield Advice(
        "dear_rule",
        rule.name,
        rule.span,
        f"takes {percent(share)} of the time of all rules: "
        f"{counted(rule.evaluations, 'evaluation')}, {duration(rule.each)} each",
        f"look at {quoted(dearest)} first, which takes {percent(of_rule)} of that",
        {"share": share, "evaluations": rule.evaluations, "time_ns": rule.nanoseconds},
    )


def open_gate(rule: RuleProfile, profile: Profile) -> Iterator[Advice]:
    """A rule that has to be tried on nearly every event, and matches few of them."""
    gate = profile.gate
    if gate is None or rule.gate is None or profile.events < ENOUGH:
        return
    share = ratio(rule.open, profile.events)
    if share < OPEN_SHARE or rule.matches > FEW_MATCHES * rule.open:
        return
    asked = names(rule.gate) | names(rule.body.node)
    said = [name for name in gate.names if name in asked]
    # The compiler puts days into keys by itself: no rule can ask for them.
    own = (field_name(key) for key in gate.keys if key.field.convert is None)
    missing = [name for name in own if name not in asked]
    if not missing:
        return
    reason = (
        f"what it says about {_listed(said)}" if said else "it says nothing about key fields, which"
    )
    yield Advice(
        "open_gate",
        rule.name,
        rule.span,
        f"could match {rule.open:,} of {counted(profile.events, 'event')} and matched "
        f"{rule.matches:,}: {reason} leaves it possible",
        f"add a check of {_listed(missing[:_SUGGESTED], 'or')}, true of all that it is about",
        {"open": rule.open, "events": profile.events, "matches": rule.matches},
    )


def _listed(names: list[str], word: str = "and") -> str:
    """Return names as a sentence has them.

    >>> _listed(["a", "b", "c"], "or")
    'a, b or c'
    """
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
