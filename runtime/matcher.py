"""Match the documents of one source against the rules for it.

A document is looked at quickly first, if its source allows that. A plain event, as
the source's envelope describes it, is decoded to no more than the rules read, and
asked whether it could concern any of them; where events have types, the type
may tell. Most documents are done with then. Whatever is left is read with care;
both ways give the same answers.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

from rulec.runtime.alert import Alert
from rulec.runtime.brackets import FLAT, can_be_skipped
from rulec.runtime.events import EventError, NoTimeError, Run, SeenEvent
from rulec.runtime.gate import ByType, Gate, OpenGate
from rulec.runtime.sources import AnyEvent, TypedDocuments
from rulec.runtime.views import MISFITS, Seen, View, converter, decoder, viewed

if TYPE_CHECKING:
    from rulec.runtime.ruleset import Program, Rule
    from rulec.runtime.sources import EventSource, Reading, Rejection


class Outcome(NamedTuple):
    """What came of a document: how many events, what was rejected, and the alerts.

    Instead of alerts, it may be whatever was to be made of rules that match.
    """

    events: int
    rejected: "Sequence[Rejection]"
    alerts: Sequence[Any]


# What is made of a rule and an event that it matches.
Make: TypeAlias = Callable[["Rule", Any], Any]

# What is told of an event that rules match: the rules, or their alerts.
Told = TypeVar("Told")
Tell: TypeAlias = Callable[[Any, Sequence["Rule"]], Sequence[Told]]

_QUIET: Final = Outcome(1, (), ())


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
        self._conditions = [
            rule.condition if rule in self.rules else _never for rule in program.rules
        ]
        self._first = first
        self._members = program.members
        self._documents = source.documents
        self._view = None if program.seen is None else program.seen.view
        self._time = _time_of(program.seen, source.documents.time)
        self._event = SeenEvent if program.seen is None else program.seen.event
        # Without them, every document is read with care.
        self._decode: Callable[[Any], Any] | None = None
        self._by_key: Gate | None = None
        self._by_type = self.gate if isinstance(self.gate, ByType) else None
        if self._view is not None and source.envelope is not None and isinstance(self.gate, Gate):
            self._decode, self._by_key = decoder(self._view), self.gate
        # For documents, in bytes or decoded, the most direct way there is: no method is in between.
        self.matches: Callable[[Any], Sequence[Rule]] = self._way(_rules_alone)
        self._alerts: Callable[[Any], list[Alert]] = self._way(_alerts_of)

    def __call__(self, document: Any) -> list[Alert]:
        """Return the alerts of every event in a document, in the order of the events.

        ``matches`` is called alike, and returns the rules that match instead,
        without their outputs.

        :raises EventError: if the document is bytes or text that is no
            document of this source.
        """
        return self._alerts(document)

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

    def read(self, document: Any, run: Run) -> Outcome:
        """Match a document, whose events go on with the numbers of a run.

        :raises EventError: if it is no document of this source at all.
        """
        if type(document) is bytes and (outcome := self.accept(document, run)) is not None:
            return outcome
        events, rejected = self._documents.read(document, run=run)
        alerts = [alert for event in events for alert in self.match(event)]
        return Outcome(len(events), rejected, alerts)

    def lines(
        self, stream: Any, run: Run, every: int = 1, make: Make | None = None
    ) -> Iterator[tuple[int, Outcome | EventError]]:
        """Match a stream of documents; yield the line of each, and what came of it.

        Of the plain events that raise no alert, only every ``every``-th of the
        run is told. ``make`` makes something else than alerts.
        """

        def accept(line: bytes) -> Outcome | Literal[True] | None:
            outcome = self.accept(line, run, make)
            return True if outcome is _QUIET and run.count % every else outcome

        for number, found in self._read_lines(stream, run, accept):
            if isinstance(found, Outcome | EventError):
                yield number, found
            else:
                events, rejected = found
                made = [each for event in events for each in self.made(event, make)]
                yield number, Outcome(len(events), rejected, made)

    def _read_lines(
        self, stream: Any, run: Run, accept: Callable[[bytes], Outcome | Literal[True] | None]
    ) -> "Iterator[tuple[int, Reading | EventError | Outcome]]":
        quick = accept if self._by_key or self._by_type else None
        if isinstance(self.gate, ByType):
            documents = cast(TypedDocuments, self._documents)
            asked = {"types": self.gate.asked, "members": self._members}
            return documents.lines(stream, run=run, accept=quick, **asked)
        return self._documents.lines(stream, run=run, accept=quick)

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

    def _tried(self, numbers: Sequence[int], event: AnyEvent) -> "Sequence[Rule]":
        """Return the rules that match, of those that could."""
        matched = []
        for number in numbers:
            if self._conditions[number](event):
                matched.append(self.numbered[number])
                if self._first:
                    break
        return matched

    # --- at a glance ----------------------------------------------------------------

    def _way(self, told: Tell[Told]) -> Callable[[Any], Any]:
        """Return the function from a document to what is told of the rules that match."""

        def with_care(document: Any) -> list[Told]:
            return [each for seen, rules in self._matched(document) for each in told(seen, rules)]

        if self._by_type is not None:
            return self._way_by_type(self._by_type, with_care)
        if self._by_key is not None and self._decode is not None:
            return self._way_by_key(self._by_key, self._decode, told, with_care)
        return with_care

    def _way_by_type(
        self, gate: ByType, with_care: Callable[[Any], list[Told]]
    ) -> Callable[[Any], list[Told]]:
        """Return the function that tells nothing of an event whose type no rule is about."""
        type_of = cast(TypedDocuments, self._documents).type_of

        def look(document: Any) -> list[Told]:
            found = type_of(document)
            return with_care(document) if found is None or gate.of(found) else []

        return look

    def _way_by_key(
        self,
        gate: Gate,
        decode: Callable[[Any], Any],
        told: Tell[Told],
        with_care: Callable[[Any], list[Told]],
    ) -> Callable[[Any], Sequence[Told]]:
        """Return the function that looks at a plain event through its view."""
        # Most documents get no further than "no match". What they need is at hand.
        key, known, find = gate.key, gate.known.get, gate.find
        make, when, alone = self._event, self._time, self._documents.new_run()
        conditions, numbered, first = self._conditions, self.numbered, self._first
        assert self._view is not None, "there is no key without it"
        convert = converter(self._view)

        def look(document: Any) -> Sequence[Told]:
            values = None
            try:
                if type(document) is not bytes:
                    view = convert(document)
                # Few documents are so large that there is anything to ask.
                elif len(document) > FLAT and not can_be_skipped(document):
                    return with_care(document)
                else:
                    view = decode(document)
                values = key(view, view)
                numbers = known(values)
            except MISFITS:
                return with_care(document)
            except TypeError:
                if values is None:  # no document at all
                    return with_care(document)
                numbers = None  # an object or an array among the values
            if numbers is None:
                numbers = find(values)
            if not numbers:
                return []
            event = make(view, when, 1, view, alone, document)
            rules = []
            try:
                for number in numbers:
                    if conditions[number](event):
                        rules.append(numbered[number])
                        if first:
                            break
            except NoTimeError:
                return with_care(document)
            if not rules:
                return []
            # Only now does it matter whether it has a time.
            event.moment = when(view)
            return with_care(document) if event.moment is None else told(event, rules)

        return look

    def possible(self, view: View) -> Sequence[int]:
        """Return the numbers of the rules that an event could match, by its view."""
        assert self._by_key is not None, "there is no view without it"
        return self._by_key.look_up(self._by_key.key(view, view))

    def glimpse(self, document: bytes) -> View | None:
        """Return the view that rules have of a document; None if it is not one plain event."""
        if self._decode is None or not can_be_skipped(document):
            return None
        try:
            view: View = self._decode(document)
        except MISFITS:
            return None
        return view

    def accept(
        self,
        document: bytes,
        run: Run,
        make: Make | None = None,
        whole: bytes | None = None,
    ) -> Outcome | None:
        """Match the next event of a run; return None if the document is not one plain event.

        ``make`` makes something else than alerts. ``whole`` is the event where
        something was put before it to make a document of it.
        """
        if self._by_type is not None:
            return self._accept_by_type(self._by_type, document, run)
        view = self.glimpse(document)
        if view is None or (time := self._time(view)) is None:
            return None
        if run.start is None:
            run.start = time
        run.count += 1
        if not (numbers := self.possible(view)):
            return _QUIET
        event = self._event(view, time, run.count, view, run, whole or document)
        rules = self._tried(numbers, event)
        if make is None:
            return Outcome(1, (), [rule.alert(event) for rule in rules])
        return Outcome(1, (), [make(rule, event) for rule in rules])

    def _accept_by_type(self, gate: ByType, document: bytes, run: Run) -> Outcome | None:
        """Do this for an event of a type that no rule is about; return None for all others."""
        found = cast(TypedDocuments, self._documents).glimpse(document)
        if found is None or gate.of(found[0]):
            return None
        if run.start is None:
            run.start = found[1]
        run.count += 1
        return _QUIET


def _time_of(seen: Seen | None, time: Callable[[Any], int | None]) -> Callable[[View], int | None]:
    """Return the function that finds the time of an event in its view; it returns None for none."""
    stamp = None if seen is None else seen.time
    return (lambda view: time(None)) if stamp is None else (lambda view: time(stamp(view)))


def _rules_alone(event: AnyEvent, rules: Sequence["Rule"]) -> Sequence["Rule"]:
    return rules


def _alerts_of(event: AnyEvent, rules: Sequence["Rule"]) -> list[Alert]:
    return [rule.alert(event) for rule in rules]


def _never(event: AnyEvent) -> bool:
    return False
