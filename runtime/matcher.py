"""Match the documents of one source against the rules for it.

A document is looked at quickly first, if its source allows that. A plain event, as
the source's envelope describes it, is decoded to no more than the rules read, and
asked whether it could concern any of them; where events have types, the type
may tell. Most documents are done with then. Whatever is left is read with care;
both ways give the same answers.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from rulec.runtime.alert import Alert
from rulec.runtime.events import EventError, Run, SeenEvent
from rulec.runtime.gate import ByType, Gate, OpenGate
from rulec.runtime.look import Look
from rulec.runtime.plain import QUIET, Accept, Make, Outcome, Plain, Tell, Tried
from rulec.runtime.sources import AnyEvent, TypedDocuments
from rulec.runtime.views import View, viewed

if TYPE_CHECKING:
    from rulec.runtime.ruleset import Program, Rule
    from rulec.runtime.sources import EventSource, Reading


class Matcher:
    """The rules of one source, as a callable from a document to its alerts.

    ``first`` says that an event alerts for the first rule that matches only.
    Of the rules, those in ``only`` are matched, if it is given. ``numbered``
    are all of them, as the gate counts them.
    """

    def __init__(
        self,
        source: "EventSource",
        program: "Program",
        first: bool,
        only: frozenset[str] | None = None,
    ) -> None:
        self.source = source
        self.rules = tuple(rule for rule in program.rules if only is None or rule.name in only)
        self.gate = program.gate or OpenGate(len(program.rules))
        self.numbered = program.rules
        self._tried = _trying(program.rules, set(self.rules), first)
        self._members = program.members
        self._documents = source.documents
        self._view = None if program.seen is None else program.seen.view
        self._event = SeenEvent if program.seen is None else program.seen.event
        self._by_type = self.gate if isinstance(self.gate, ByType) else None
        # Without it, every document is read with care.
        self._plain: Plain | None = None
        if program.seen is not None and source.envelope is not None and isinstance(self.gate, Gate):
            self._plain = Plain(self._documents, program.seen, self.gate, self._tried)
        # For documents, in bytes or decoded, the most direct way there is: no method is in between.
        self.matches: Callable[[Any], Sequence[Rule]] = self._way(None)
        self._alerts: Callable[[Any], Sequence[Alert]] = self._way(_alerts_of)

    def __call__(self, document: Any) -> list[Alert]:
        """Return the alerts of every event in a document, in the order of the events.

        ``matches`` is called alike, and returns the rules that match instead,
        without their outputs.

        :raises EventError: if the document is bytes or text that is no
            document of this source.
        """
        return list(self._alerts(document))

    def match(self, event: AnyEvent) -> list[Alert]:
        """Return the alerts of one event that was read before, in the order of the rules."""
        return self.made(event, None)

    def made(self, event: AnyEvent, make: Make | None) -> list[Any]:
        """Return what ``make`` makes of the rules that match an event that was read before."""
        seen, rules = self._matched_event(event)
        return [rule.alert(seen) if make is None else make(rule, seen) for rule in rules]

    def matching(self, event: AnyEvent) -> "Sequence[Rule]":
        """Return the rules that match one event that was read before."""
        return self._matched_event(event)[1]

    def reading(self, run: Run) -> Callable[[Any], Outcome]:
        """Return the function that matches documents, whose events go on with a run's numbers.

        It raises ``EventError`` for what is no document of this source at all.
        """
        accept = self.accepting(run)

        def read(document: Any) -> Outcome:
            if accept is not None and type(document) is bytes:
                outcome = accept(document)
                if isinstance(outcome, Outcome):
                    return outcome
            events, rejected = self._documents.read(document, run=run)
            return Outcome(
                len(events), rejected, [each for event in events for each in self.match(event)]
            )

        return read

    def lines(
        self, stream: Any, run: Run, every: int = 1, make: Make | None = None
    ) -> Iterator[tuple[int, Outcome | EventError]]:
        """Match a stream of documents; yield the line of each, and what came of it.

        Of the plain events that raise no alert, only every ``every``-th of the
        run is told. ``make`` makes something else than alerts.
        """
        for number, found in self._read_lines(stream, run, self.accepting(run, make, every)):
            if isinstance(found, Outcome | EventError):
                yield number, found
            else:
                events, rejected = found
                made = [each for event in events for each in self.made(event, make)]
                yield number, Outcome(len(events), rejected, made)

    def _read_lines(
        self, stream: Any, run: Run, accept: Accept | None
    ) -> "Iterator[tuple[int, Reading | EventError | Outcome]]":
        if isinstance(self.gate, ByType):
            documents = cast(TypedDocuments, self._documents)
            asked = {"types": self.gate.asked, "members": self._members}
            return documents.lines(stream, run=run, accept=accept, **asked)
        return self._documents.lines(stream, run=run, accept=accept)

    # --- with care ------------------------------------------------------------------

    def _matched(self, document: Any) -> Iterator[tuple[AnyEvent, Sequence["Rule"]]]:
        events, _ = self._documents.read(document)
        return map(self._matched_event, events)

    def seen(self, event: AnyEvent) -> AnyEvent:
        """Return an event as the rules see it: what their conditions and outputs take."""
        if self._view is None:
            return event
        assert isinstance(event, SeenEvent), "only documents have views"
        data = viewed(event.data, self._view)
        # What is no audit event has nothing for the fields of audit events.
        audit = data if event.audit is event.data else viewed(event.audit, self._view)
        return self._event(data, event.time, event.number, audit, event.run, event.document)

    def _matched_event(self, event: AnyEvent) -> tuple[AnyEvent, Sequence["Rule"]]:
        seen = self.seen(event)
        return seen, self._tried(self.gate(seen), seen)

    # --- at a glance ----------------------------------------------------------------

    def _way(self, told: Tell | None) -> Look:
        """Return the function from a document to what is told of the rules that match.

        Without ``told``, it is the rules.
        """

        def careful(document: Any) -> list[Any]:
            found = self._matched(document)
            return [
                each
                for seen, rules in found
                for each in (rules if told is None else told(seen, rules))
            ]

        if self._by_type is not None:
            return self._way_by_type(self._by_type, careful)
        return careful if self._plain is None else self._plain.look(told, careful)

    def _way_by_type(self, gate: ByType, careful: Look) -> Look:
        """Return the function that tells nothing of an event whose type no rule is about."""
        type_of = cast(TypedDocuments, self._documents).type_of

        def look(document: Any) -> Sequence[Any]:
            found = type_of(document)
            return careful(document) if found is None or gate.of(found) else ()

        return look

    def possible(self, view: View) -> Sequence[int]:
        """Return the numbers of the rules that an event could match, by its view."""
        assert self._plain is not None, "there is no view without it"
        return self._plain.possible(view)

    def glimpse(self, document: bytes) -> View | None:
        """Return the view that rules have of a document; None if it is not one plain event."""
        return None if self._plain is None else self._plain.view(document)

    def accepting(self, run: Run, make: Make | None = None, every: int = 1) -> Accept | None:
        """Return the function that matches the next event of a run, if it is a plain one.

        ``make`` makes something else than alerts. Of the events that raise no alert, only every
        ``every``-th of the run is told. There is none for sources without plain events.
        """
        if self._by_type is not None:
            return self._accepting_by_type(self._by_type, run, every)
        return None if self._plain is None else self._plain.accepting(run, make, every)

    def _accepting_by_type(self, gate: ByType, run: Run, every: int) -> Accept:
        """Return the function that is done with events of types that no rule is about."""
        glimpse = cast(TypedDocuments, self._documents).glimpse

        def accept(document: bytes, whole: bytes | None = None) -> Outcome | Literal[True] | None:
            found = glimpse(document)
            if found is None or gate.of(found[0]):
                return None
            if run.start is None:
                run.start = found[1]
            run.count += 1
            return True if run.count % every else QUIET

        return accept


def _alerts_of(event: AnyEvent, rules: Sequence["Rule"]) -> list[Alert]:
    return [rule.alert(event) for rule in rules]


def _trying(rules: "Sequence[Rule]", wanted: "Collection[Rule]", first: bool) -> Tried:
    """Return the function that tries rules, by their numbers, and returns those that match."""
    conditions = [rule.condition if rule in wanted else _never for rule in rules]

    def first_of(numbers: Sequence[int], event: AnyEvent) -> "Sequence[Rule]":
        for number in numbers:
            if conditions[number](event):
                return (rules[number],)
        return ()

    def all_of(numbers: Sequence[int], event: AnyEvent) -> "Sequence[Rule]":
        return [rules[number] for number in numbers if conditions[number](event)]

    return first_of if first else all_of


def _never(event: AnyEvent) -> bool:
    return False
