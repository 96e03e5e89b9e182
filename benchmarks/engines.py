"""How the benchmarks ask rulec, in one place, and the plainest way to do without it."""

from collections.abc import Callable
from typing import Any

from rulec.runtime.events import Event
from rulec.runtime.ruleset import Matcher, Ruleset

Match = Callable[[Any], list[str]]


def matching(matcher: Matcher) -> Match:
    """Return what tells for a document which rules match, by name."""
    return lambda document: [alert.rule for alert in matcher(document)]


def alerting(matcher: Matcher) -> Callable[[Any], list[str]]:
    """Return what tells for a document the alerts, as lines of text."""
    return lambda document: [alert.text() for alert in matcher(document)]


def function_per_rule(ruleset: Ruleset) -> Match:
    """Return what tries the function of each rule on a decoded event, until one matches.

    The functions are those that rulec writes. So this is what somebody would have
    who wrote each rule by hand in the best order, and nothing for all of them together.
    The time of the event, which takes long to read, is not asked for.
    """
    rules = [(rule.name, rule.matches) for rule in ruleset.rules]

    def match(data: Any) -> list[str]:
        event = Event(data, time=1)
        for name, matches in rules:
            if matches(event):
                return [name]
        return []

    return match
