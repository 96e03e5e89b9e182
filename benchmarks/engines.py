"""How the benchmarks ask rulec, in one place, and the plainest way to do without it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rulec.api import check_files
from rulec.emit import emit
from rulec.layout import layout
from rulec.plan import plan
from rulec.runtime.clock import nanoseconds
from rulec.runtime.events import Event
from rulec.runtime.loading import execute
from rulec.runtime.matcher import Matcher
from rulec.runtime.ruleset import Manifest, Rule
from rulec.text import File

# From a document to the rules that match it, or their names.
Match = Callable[[Any], Sequence[Any]]


def matching(matcher: Matcher) -> Match:
    """Return what tells for a document which rules match."""
    return matcher.matches


def names(matched: Iterable[Any]) -> list[str]:
    """Return the names of the rules that an engine found to match."""
    return [rule if isinstance(rule, str) else rule.name for rule in matched]


def alerting(matcher: Matcher) -> Callable[[Any], list[str]]:
    """Return what tells for a document the alerts, as lines of text."""

    def lines(document: Any) -> list[str]:
        alerts = matcher(document)
        return [alert.text() for alert in alerts] if alerts else []

    return lines


def plain_rules(files: Iterable[File]) -> tuple[Rule, ...]:
    """Return the rules as rulec writes them without gates and views, for decoded events.

    This is what somebody would have who wrote each rule by hand in the best
    order, and nothing for all of them together.
    """
    _, analysis, _ = check_files(files)
    module = emit(plan(analysis.rules, "first", plain=True), Manifest("", ()))
    return execute(layout(module)).rules


def function_per_rule(files: Iterable[File]) -> Match:
    """Return what tries the function of each rule on a decoded event, until one matches.

    The time of the event, which takes long to read, is not asked for.
    """
    rules = [(rule.name, rule.condition) for rule in plain_rules(files)]

    def match(data: Any) -> list[str]:
        event = Event(data, 1)
        for name, condition in rules:
            if condition(event):
                return [name]
        return []

    return match


def alert_of_functions(files: Iterable[File]) -> Callable[[Any], list[str]]:
    """Return what does the same, and gives the alert as a line of text."""
    rules = plain_rules(files)

    def match(data: Any) -> list[str]:
        event = Event(data, lambda document: nanoseconds(document["stageTimestamp"]))
        for rule in rules:
            if rule.condition(event):
                return [rule.alert(event).text()]
        return []

    return match
