"""Plain events: documents each of which is one event, as the envelope of its source says.

In bytes, such a document is decoded to no more than the rules read. What the gate knows of
the values of a few fields tells which rules could match it: none, for most. Whatever else a
document is, or whatever is unusual about it, is for others to read with care.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from rulec.runtime.brackets import FLAT, can_be_skipped
from rulec.runtime.events import NoTimeError, Run
from rulec.runtime.gate import Gate, OpenGate
from rulec.runtime.look import Closer, Look
from rulec.runtime.views import MISFITS, Seen, View, converter, decoder

if TYPE_CHECKING:
    from rulec.runtime.ruleset import Rule
    from rulec.runtime.sources import Documents, Rejection


class Outcome(NamedTuple):
    """What came of a document: how many events, what was rejected, and the alerts.

    Instead of alerts, it may be whatever was to be made of rules that match.
    """

    events: int
    rejected: "Sequence[Rejection]"
    alerts: Sequence[Any]


# One event, and nothing to tell of it.
QUIET: Final = Outcome(1, (), ())

# What is made of a rule and an event that it matches.
Make: TypeAlias = Callable[["Rule", Any], Any]

# From an event and the rules that match it to what is told of them.
Tell: TypeAlias = Callable[[Any, Sequence["Rule"]], Sequence[Any]]

# From the numbers of rules that could match an event, and the event, to those that do.
Tried: TypeAlias = Callable[[Sequence[int], Any], Sequence["Rule"]]


class Accept(Protocol):
    """Matches the next event of a run.

    ``whole`` is the event where something was put before it to make a document of it. None
    says that the document is no plain event, True that there is nothing to tell of it.
    """

    def __call__(
        self, document: bytes, whole: bytes | None = None, /
    ) -> Outcome | Literal[True] | None: ...


class Plain:
    """How plain events are matched: through their view, after a look at what the gate knows.

    ``tried`` tries rules.
    """

    def __init__(self, documents: "Documents", seen: Seen, gate: Gate, tried: Tried) -> None:
        self._documents = documents
        self._seen = seen
        self._gate = gate
        self._tried = tried
        self._decode = decoder(seen.view)
        # What an event says of its time, and the time that this means.
        self._stamp = seen.time or _nothing
        self._clock = documents.time

    def view(self, document: bytes) -> View | None:
        """Return the view that rules have of a document; None if it is not one plain event."""
        if not can_be_skipped(document):
            return None
        try:
            view: View = self._decode(document)
        except MISFITS:
            return None
        return view

    def possible(self, view: View) -> Sequence[int]:
        """Return the numbers of the rules that an event could match."""
        return self._gate.look_up(self._gate.key(view, view))

    def look(self, told: Tell | None, careful: Look) -> Look:
        """Return the function from a document to what is told of the rules that match.

        Without ``told`` it is the rules. ``careful`` tells of documents that are no plain events.
        """
        closer = self._closer(told, careful)
        if isinstance(self._gate, OpenGate):  # there is nothing to look at
            every = self._gate.all
            return lambda document: closer(document, None, every)
        make = self._gate.look
        if make is None:
            return careful
        return make(self._gate, self._decode, closer, self._unusual(closer, careful))

    def _unusual(self, closer: Closer, careful: Look) -> Look:
        """Return what goes on with documents that have something unusual in them.

        Objects may have numbers in place of texts: their view tells.
        """
        convert, possible = converter(self._seen.view), self.possible

        def unusual(document: Any) -> Sequence[Any]:
            if type(document) is bytes:
                return careful(document)
            try:
                view = convert(document)
            except MISFITS:
                return careful(document)
            numbers = possible(view)
            return closer(document, view, numbers) if numbers else ()

        return unusual

    def _closer(self, told: Tell | None, careful: Look) -> Closer:
        """Return what tries the rules that could match a document, after the look at it."""
        make, alone = self._seen.event, self._documents.new_run()
        decode, tried, convert = self._decode, self._tried, converter(self._seen.view)
        stamp, clock = self._stamp, self._clock

        def when(view: View) -> int | None:
            return clock(stamp(view))

        def closer(document: Any, view: View | None, numbers: Sequence[int]) -> Sequence[Any]:
            try:
                if view is None:
                    if type(document) is not bytes:
                        view = convert(document)
                    elif can_be_skipped(document):
                        view = decode(document)
                    else:
                        return careful(document)
                event = make(view, when, 1, view, alone, document)
                rules = tried(numbers, event)
                if not rules:
                    return ()
                # Only now does it matter whether it has a time.
                event.moment = moment = clock(stamp(view))
            except (*MISFITS, NoTimeError):
                return careful(document)
            if moment is None:
                return careful(document)
            return rules if told is None else told(event, rules)

        return closer

    def accepting(self, run: Run, make: Make | None, every: int) -> Accept:
        """Return the function that matches the next events of a run.

        ``make`` makes something else than alerts. Of the events with nothing to tell,
        only every ``every``-th of the run is told.
        """
        # Most events of most logs get no further than this: what it takes is at hand.
        decode, gate, tried, seen_as = self._decode, self._gate, self._tried, self._seen.event
        key, known, stamp, clock = gate.key, gate.known.get, self._stamp, self._clock

        def accept(document: bytes, whole: bytes | None = None) -> Outcome | Literal[True] | None:
            if len(document) > FLAT and not can_be_skipped(document):
                return None
            try:
                view = decode(document)
            except MISFITS:
                return None
            if (moment := clock(stamp(view))) is None:
                return None
            values = key(view, view)
            try:
                numbers = known(values)
            except TypeError:  # an object or an array among the values
                numbers = None
            if numbers is None:
                numbers = gate.find(values)
            if run.start is None:
                run.start = moment
            run.count += 1
            if not numbers:
                return True if run.count % every else QUIET
            event = seen_as(view, moment, run.count, view, run, whole or document)
            rules = tried(numbers, event)
            if make is None:
                return Outcome(1, (), [rule.alert(event) for rule in rules])
            return Outcome(1, (), [make(rule, event) for rule in rules])

        return accept


def _nothing(view: View) -> None:
    """Say nothing of the time of an event, for sources whose events have none."""
