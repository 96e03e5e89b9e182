"""Match the documents of one source against the rules for it.

A document in bytes is looked at quickly first: decoded to no more than the
rules read, and asked whether it could concern any of them. Most documents are
done with then. Whatever is not one plain event, as the source's envelope
describes it, is read with care instead; both ways give the same answers.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, cast

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
    """What came of a document: how many events, what was rejected, and the alerts."""

    events: int
    rejected: "Sequence[Rejection]"
    alerts: Sequence[Alert]


# The rules that match an event, with the event as they see it.
Matched: TypeAlias = tuple[AnyEvent | None, Sequence["Rule"]]

# Says what matches a document at a glance; None if it has to be read with care.
Glance: TypeAlias = Callable[[Any], Matched | None]

_NO_MATCH: Final[Matched] = (None, ())
_QUIET: Final = Outcome(1, (), ())


class Matcher:
    """The rules of one source, as a callable from a document to its alerts.

    ``first`` says that an event alerts for the first rule that matches only.
    Of the rules, those in ``only`` are matched, if it is given.
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
        self._numbered = program.rules
        self._conditions = [
            rule.condition if rule in self.rules else _never for rule in program.rules
        ]
        self._first = first
        self._documents = source.documents
        self._view = None if program.seen is None else program.seen.view
        self._time = _time_of(program.seen, source.documents.time)
        self._event = SeenEvent if program.seen is None else program.seen.event
        # Without them, every document is read with care.
        self._decode: Callable[[Any], Any] | None = None
        self._by_key: Gate | None = None
        self._by_type: ByType | None = None
        self._glance_at_bytes: Glance = _no_glance
        self._glance_at_object: Glance = _no_glance
        if self._view is not None and source.envelope is not None and isinstance(self.gate, Gate):
            self._decode, self._by_key = decoder(self._view), self.gate
            self._glance_at_bytes = self._new_glance(self._decode, self.gate, can_be_skipped)
            self._glance_at_object = self._new_glance(converter(self._view), self.gate, _always)
        elif isinstance(self.gate, ByType):
            self._by_type = self.gate
            self._glance_at_bytes = self._new_glance_at_types(self.gate)
            self._glance_at_object = self._glance_at_bytes

    def __call__(self, document: Any) -> list[Alert]:
        """Return the alerts of every event in a document, in the order of the events.

        :raises EventError: if the document is bytes or text that is no
            document of this source.
        """
        glance = self._glance_at_bytes if type(document) is bytes else self._glance_at_object
        if (found := glance(document)) is None:
            return [rule.alert(seen) for seen, rules in self._matched(document) for rule in rules]
        event, rules = found
        if event is None or not rules:  # most documents
            return []
        return [rule.alert(event) for rule in rules]

    def matches(self, document: Any) -> "Sequence[Rule]":
        """Return the rules that match, without their outputs: for each event in a document.

        :raises EventError: as above.
        """
        glance = self._glance_at_bytes if type(document) is bytes else self._glance_at_object
        if (found := glance(document)) is None:
            return [rule for _, rules in self._matched(document) for rule in rules]
        return found[1]

    def match(self, event: AnyEvent) -> list[Alert]:
        """Return the alerts of one event that was read before, in the order of the rules."""
        seen, rules = self._matched_event(event)
        return [rule.alert(seen) for rule in rules]

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
        self, stream: Any, run: Run, every: int = 1
    ) -> Iterator[tuple[int, Outcome | EventError]]:
        """Match a stream of documents; yield the line of each, and what came of it.

        Of the plain events that raise no alert, only every ``every``-th of the
        run is told.
        """

        def accept(line: bytes) -> Outcome | Literal[True] | None:
            outcome = self.accept(line, run)
            return True if outcome is _QUIET and run.count % every else outcome

        for number, found in self._read_lines(stream, run, accept):
            if isinstance(found, Outcome | EventError):
                yield number, found
            else:
                events, rejected = found
                alerts = [alert for event in events for alert in self.match(event)]
                yield number, Outcome(len(events), rejected, alerts)

    def _read_lines(
        self, stream: Any, run: Run, accept: Callable[[bytes], Outcome | Literal[True] | None]
    ) -> "Iterator[tuple[int, Reading | EventError | Outcome]]":
        quick = accept if self._by_key or self._by_type else None
        if isinstance(self.gate, ByType):
            documents = cast(TypedDocuments, self._documents)
            return documents.lines(stream, run=run, accept=quick, types=self.gate.asked)
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
                matched.append(self._numbered[number])
                if self._first:
                    break
        return matched

    # --- at a glance ----------------------------------------------------------------

    def _new_glance(
        self, decode: Callable[[Any], Any], gate: Gate, can_be_decoded: Callable[[Any], bool]
    ) -> Glance:
        """Return the function that says what matches a plain event.

        It returns None for a document that has to be read with care.
        """
        # Most documents get no further than "no match". What they need is at hand.
        key, known, look_up = gate.key, gate.known.get, gate.look_up
        make, when, alone = self._event, self._time, self._documents.new_run()
        conditions, numbered, first = self._conditions, self._numbered, self._first

        def glance(document: Any) -> Matched | None:
            values = None
            try:
                # Few documents are so large that there is anything to ask.
                if len(document) > FLAT and not can_be_decoded(document):
                    return None
                view = decode(document)
                values = key(view, view)
                numbers = known(values)
            except MISFITS:
                return None
            except TypeError:
                if values is None:  # no document at all
                    return None
                numbers = None  # an object or an array among the values
            if numbers is None:
                numbers = look_up(values)
            if not numbers:
                return _NO_MATCH
            event = make(view, when, 1, view, alone, document)
            rules = []
            try:
                for number in numbers:
                    if conditions[number](event):
                        rules.append(numbered[number])
                        if first:
                            break
            except NoTimeError:
                return None
            if not rules:
                return _NO_MATCH
            # Only now does it matter whether it has a time.
            event.moment = when(view)
            return None if event.moment is None else (event, rules)

        return glance

    def _new_glance_at_types(self, gate: ByType) -> Glance:
        """Return the function that says that no rule is about the type of an event."""
        type_of = cast(TypedDocuments, self._documents).type_of

        def glance(document: Any) -> Matched | None:
            found = type_of(document)
            return None if found is None or gate.of(found) else _NO_MATCH

        return glance

    def glimpse(self, document: bytes) -> View | None:
        """Return the view that rules have of a document; None if it is not one plain event."""
        if self._decode is None or not can_be_skipped(document):
            return None
        try:
            view: View = self._decode(document)
        except MISFITS:
            return None
        return view

    def accept(self, document: bytes, run: Run) -> Outcome | None:
        """Match the next event of a run; return None if the document is not one plain event."""
        if self._by_type is not None:
            return self._accept_by_type(self._by_type, document, run)
        view = self.glimpse(document)
        if view is None or (time := self._time(view)) is None:
            return None
        if run.start is None:
            run.start = time
        run.count += 1
        gate = self._by_key
        assert gate is not None, "there is no view without it"
        if not (numbers := gate.look_up(gate.key(view, view))):
            return _QUIET
        event = self._event(view, time, run.count, view, run, document)
        return Outcome(1, (), [rule.alert(event) for rule in self._tried(numbers, event)])

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


def _no_glance(document: Any) -> Matched | None:
    return None


def _always(document: Any) -> bool:
    return True


def _never(event: AnyEvent) -> bool:
    return False
