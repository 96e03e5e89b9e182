"""Questions about events, answered by compiled code.

Parts of conditions are compiled as if each were the condition of a rule. So what is
said of a part is what the compiler makes of it, as in the rule itself.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from rulec.emit import emit
from rulec.layout import layout
from rulec.nodes import Condition
from rulec.plan import CheckedRule, Output, plan
from rulec.runtime.events import Event, SeenEvent
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Manifest
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.text import NOWHERE
from rulec.version import version

_NO_OUTPUT: Final = Output((), ())


@dataclass(frozen=True, slots=True)
class Probe:
    """Answers many conditions about one event of a source, each with compiled code."""

    _functions: tuple[Callable[[Any], bool], ...]
    _order: tuple[int, ...]

    @classmethod
    def of(cls, conditions: Sequence[Condition], source: EventSource) -> "Probe":
        """Compile conditions, which have been checked for the source.

        Those that mean the same are compiled, and asked, once.
        """
        numbers: dict[Condition, int] = {}
        for condition in conditions:
            numbers.setdefault(condition, len(numbers))
        functions = _functions(tuple(numbers), cast(Hashable, source)) if numbers else ()
        return cls(functions, tuple(numbers[condition] for condition in conditions))

    def answers(self, event: AnyEvent) -> tuple[bool, ...]:
        """Return what is true of an event that was read before, in the order of the conditions."""
        whole = decoded(event)
        found = [function(whole) for function in self._functions]
        return tuple([found[number] for number in self._order])

    def answer(self, number: int, event: Any) -> bool:
        """Return what is true of one of the conditions, for an event that is decoded."""
        return bool(self._functions[self._order[number]](event))


# When one rule of many is changed, the others need not be compiled again.
@lru_cache(maxsize=1024)
def _functions(
    conditions: tuple[Condition, ...], source: EventSource
) -> tuple[Callable[[Any], bool], ...]:
    rules = [
        CheckedRule(f"part {number}", "Debug", source.name, (), NOWHERE, condition, _NO_OUTPUT)
        for number, condition in enumerate(conditions)
    ]
    sources: Mapping[str, EventSource] = {source.name: source}
    # Without gates and views: each is asked about a whole event, and answers alone.
    planned = plan(rules, "all", sources, plain=True)
    ruleset = execute(layout(emit(planned, Manifest(version(), ()))))
    return tuple(rule.condition for rule in ruleset.rules)


def decoded(event: AnyEvent) -> AnyEvent:
    """Return an event with its whole document decoded, if it has one."""
    if not isinstance(event, SeenEvent) or isinstance(event, Event):
        return event
    return Event(event.document, event.time, event.number, event.audit_document, event.run)
