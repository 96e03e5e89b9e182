"""Advice about the parts of a condition."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from rulec.nodes import And, Condition, Not, Or, Test
from rulec.passes.reorder import rank
from rulec.profile.evidence import (
    CHEAPER,
    ENOUGH,
    ENOUGH_TRUE,
    SAVING,
    Advice,
    is_worth_changing,
    names,
    needs,
    quoted,
    saving,
)
from rulec.profile.results import Part, Profile, RuleProfile
from rulec.profile.words import duration
from rulec.runtime.rendering import counted


def order(rule: RuleProfile, profile: Profile) -> Iterator[Advice]:
    """A part that would have decided for less time than those asked before it.

    The compiler sorts by what it takes for cheap, so only the order of parts
    that are equal to it is the author's.
    """
    if not is_worth_changing(rule, profile):
        return
    for whole in rule.body.walk():
        if not isinstance(whole.node, And | Or):
            continue
        is_all = whole is rule.body
        pairs = combinations(range(len(whole.parts)), 2)
        gains = [(_gain(whole, is_all, first, later), first, later) for first, later in pairs]
        gain, first, later = max(gains)
        if gain < SAVING * rule.body.nanoseconds or gain <= 0:
            continue
        before, decisive = whole.parts[first], whole.parts[later]
        decided = _decided(whole, decisive)
        yield Advice(
            "order",
            rule.name,
            decisive.span,
            f"{quoted(decisive)} decided {decided:,} of {decisive.evaluations:,} times and takes "
            f"{duration(decisive.each)}, but is asked after {quoted(before)}, "
            f"which takes {duration(before.each)}",
            "write it before that",
            {"decided": decided, "evaluations": decisive.evaluations, "saved_ns": round(gain)},
        )


def _gain(whole: Part, is_all: bool, first: int, later: int) -> float:
    """Return the nanoseconds that are certainly saved if one part is asked before another.

    Where the later part decided, those before it would not have been asked.
    What they load may be loaded by somebody else then, unless the whole
    ``is_all`` that there is to ask. Where an earlier one decided, the later
    one would have been asked as well; what it would have decided there is
    unknown, and taken for nothing.
    """
    before, decisive = whole.parts[first:later], whole.parts[later]
    if decisive.evaluations < ENOUGH:
        return 0.0
    if rank(before[0].node, whole.node) != rank(decisive.node, whole.node):
        return 0.0  # the compiler would put them back
    needed = needs(decisive.node)
    if any(not needed.isdisjoint(needs(part.node)) for part in before):
        return 0.0  # whichever comes first has to decode what both read
    spent = sum((part.nanoseconds if is_all else part.own) / part.evaluations for part in before)
    saved = _decided(whole, decisive) * spent
    return saved - (before[0].evaluations - decisive.evaluations) * decisive.each


def _decided(whole: Part, part: Part) -> int:
    """Return how often a part of an ``and`` or an ``or`` settled the matter."""
    return part.true if isinstance(whole.node, Or) else part.evaluations - part.true


def same_answer(rule: RuleProfile, profile: Profile) -> Iterator[Advice]:
    """A test that takes time, and gave the same answer whenever it was asked.

    What is said about key fields is left alone: the gate keeps events away by
    them.
    """
    if not is_worth_changing(rule, profile):
        return
    keys = () if profile.gate is None else profile.gate.names
    for part, negated, whole in _constant(rule.body, False, None):
        too_cheap = saving(part, rule) < SAVING * rule.body.nanoseconds
        if part.evaluations < ENOUGH or too_cheap or not names(part.node).isdisjoint(keys):
            continue
        always = part.true > 0
        yield Advice(
            "always_true" if always else "never_true",
            rule.name,
            part.span,
            f"{quoted(part)} was {'always' if always else 'never'} true "
            f"({counted(part.evaluations, 'evaluation')}, {duration(part.each)} each), "
            f"so {_effect(always is not negated, whole, rule.body.node)}",
            _SAME[always, negated],
            {"evaluations": part.evaluations, "true": part.true, "time_ns": part.nanoseconds},
        )


# What to do about a test by what it answered, and whether it stands behind a "not".
# A log that has no attack in it is no reason to leave out what looks for one.
_SAME: Final = {
    (True, False): "leave it out if other parts of the condition imply it",
    (True, True): "make the exception narrower if the rule should match some of these events",
    (False, False): "look at its value, unless the log has nothing of what it looks for",
    (False, True): "leave the exception out if no other log needs it",
}


def _effect(answer: bool, whole: Condition | None, root: Condition) -> str:
    """Return what an answer that is always the same did to the ``and`` or ``or`` around it."""
    if isinstance(whole, Or):
        return "the 'or' was always true" if answer else "it decided nothing"
    if answer:
        return "it decided nothing"
    is_all = whole is None or whole is root
    return "the rule matched nothing" if is_all else "the 'and' was never true"


def _constant(
    part: Part, negated: bool, whole: Condition | None
) -> Iterator[tuple[Part, bool, Condition | None]]:
    """Yield the tests whose answers were all the same.

    With each comes whether it stands behind a ``not``, and the ``and`` or
    ``or`` that it is a part of.
    """
    match part.node:
        case Not():
            yield from _constant(part.parts[0], not negated, whole)
        case And() | Or():
            for each in part.parts:
                yield from _constant(each, False, part.node)
        case Test() if part.true in (0, part.evaluations):
            yield part, negated, whole
        case _:
            pass


def simpler_operator(rule: RuleProfile, profile: Profile) -> Iterator[Advice]:
    """A test for which a cheaper one gave the same answers."""
    if not is_worth_changing(rule, profile):
        return
    for part in rule.body.tests():
        same = [each for each in part.alternatives if each.agreed == part.evaluations]
        if not same or part.evaluations < ENOUGH or part.true < _needed(part.node):
            continue
        cheapest = min(same, key=lambda each: each.nanoseconds)
        saved = part.again - cheapest.nanoseconds
        is_cheaper = cheapest.nanoseconds <= CHEAPER * part.again
        if not is_cheaper or saved < SAVING * rule.body.nanoseconds:
            continue
        other = quoted(Part(cheapest.node, part.span, 0, 0, 0, 0, 0))
        each, other_each = part.again / part.evaluations, cheapest.nanoseconds / part.evaluations
        yield Advice(
            "simpler_operator",
            rule.name,
            part.span,
            f"{quoted(part)} takes {duration(each)}; {other} gave the same answer "
            f"all {part.evaluations:,} times in {duration(other_each)}",
            "write that, if it is what is meant",
            {"evaluations": part.evaluations, "true": part.true, "saved_ns": saved},
        )


def _needed(node: Condition) -> int:
    """Return how often a test must have held: a pattern says itself what it is the same as."""
    return ENOUGH_TRUE if isinstance(node, Test) and node.operator == "contains" else 0
