"""Compiled rules, and the matching of events against them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pickle import PicklingError
from typing import Any

from rulec.runtime.alert import Alert
from rulec.runtime.encoding import sanitised
from rulec.runtime.events import Event, EventError
from rulec.runtime.gate import Gate
from rulec.runtime.sources import SOURCES, EventSource

# What a document is, as the front end of a source takes it: bytes, text or
# decoded JSON.
Document = Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule.

    ``matches`` answers whether an event meets the condition. ``output`` gives
    the message for such an event, and the value of each field in it.
    """

    name: str
    priority: str
    source: str
    tags: tuple[str, ...]
    where: str
    matches: Callable[[Event], bool]
    output: Callable[[Event], tuple[str, Mapping[str, Any]]]

    def alert(self, event: Event) -> Alert:
        """Return the alert that the rule raises on an event."""
        message, fields = self.output(event)
        message = sanitised(message)
        return Alert(self.name, self.priority, self.source, self.tags, event.time, message, fields)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a ruleset was made of: the version of rulec, and each file with its SHA-256."""

    rulec: str
    inputs: tuple[tuple[str, str], ...]


class Matcher:
    """The rules of one source, as a callable from a document to its alerts."""

    def __init__(
        self, source: EventSource, rules: tuple[Rule, ...], first: bool, gate: Gate | None = None
    ) -> None:
        self.source = source
        self.rules = rules
        self.gate = gate
        self._first = first
        self._read = source.documents.read

    def __call__(self, document: Document) -> list[Alert]:
        """Return the alerts of every event in a document, in the order of the events.

        :raises EventError: if the document is bytes or text that is no
            document of this source.
        """
        events, _ = self._read(document)
        return [alert for event in events for alert in self.match(event)]

    def match(self, event: Event) -> list[Alert]:
        """Return the alerts of one event, in the order of the rules."""
        alerts: list[Alert] = []
        if self.gate is None:
            candidates: Iterable[Rule] = self.rules
        else:
            open_gates = self.gate(event)
            if not open_gates:
                return alerts
            candidates = map(self.rules.__getitem__, open_gates)
        for rule in candidates:
            if rule.matches(event):
                alerts.append(rule.alert(event))
                if self._first:
                    break
        return alerts


@dataclass(frozen=True)
class Ruleset:
    """Compiled rules of one or more sources: immutable, and safe to share between threads.

    ``rule_matching`` is ``first`` (an event alerts for the first rule that
    matches) or ``all``. ``gates`` tell by source which rules have to be tried
    on an event. ``own_sources`` are the event sources that the user
    defined, besides those that come with rulec. ``warnings`` are what the
    compiler found worth telling.
    """

    rules: tuple[Rule, ...]
    manifest: Manifest
    rule_matching: str = "first"
    gates: Mapping[str, Gate] = field(default_factory=dict, repr=False)
    own_sources: tuple[EventSource, ...] = ()
    warnings: tuple[Any, ...] = ()
    code: str | bytes | None = field(default=None, repr=False)
    _matchers: dict[str, Matcher] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the sources that the rules are about."""
        return tuple(dict.fromkeys(rule.source for rule in self.rules))

    def matcher(self, source: str) -> Matcher:
        """Return the callable that matches documents of one source.

        :raises KeyError: if there is no such source.
        """
        if source not in self._matchers:
            known = SOURCES | {own.name: own for own in self.own_sources}
            if source not in known:
                raise KeyError(f"no event source {source!r}; there are: {', '.join(known)}")
            rules = tuple(rule for rule in self.rules if rule.source == source)
            first = self.rule_matching == "first"
            self._matchers[source] = Matcher(known[source], rules, first, self.gates.get(source))
        return self._matchers[source]

    def match(self, event: Document, source: str) -> list[Alert]:
        """Return the alerts that a document raises, in the order of its events and of the rules.

        What the events contain is never a reason to raise.

        :raises EventError: if the document is bytes or text that is no
            document of the source.
        :raises KeyError: if there is no such source.
        """
        return self.matcher(source)(event)

    def match_many(
        self,
        events: Iterable[Document],
        source: str,
        rejected: Callable[[int, str, str], object] | None = None,
    ) -> Iterator[tuple[int, Alert]]:
        """Match one document after the other; yield the index (from 0) and the alert.

        The events are numbered through. ``rejected`` is told the index, a
        short reason and a sentence for whatever is no event.

        :raises EventError: if something is no document, and ``rejected`` is
            not given.
        """
        matcher = self.matcher(source)
        run = matcher.source.documents.new_run()
        for index, document in enumerate(events):
            try:
                found, unfit = matcher.source.documents.read(document, run=run)
            except EventError as error:
                if rejected is None:
                    raise
                rejected(index, error.reason, str(error))
                continue
            if rejected is not None:
                for rejection in unfit:
                    rejected(index, rejection.reason, rejection.detail)
            for event in found:
                for alert in matcher.match(event):
                    yield index, alert

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions do not pickle; the module that they were compiled to does.
        from rulec.runtime.loading import unpickled

        return unpickled, (self._module() if self.code is None else "", self.code)

    def _module(self) -> str:
        """Return the name of the imported module that this is the ruleset of."""
        for name, module in list(sys.modules.items()):
            if getattr(module, "ruleset", None) is self:
                return name
        raise PicklingError("only the ruleset of a module that was imported can be pickled")
