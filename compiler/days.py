"""Ask for the day before the time: ``time = T`` is ``day in (...) and time = T``.

The time of an event is different every time, so nothing can be remembered by
it. The day is not: as a key field it shuts the gate of a rule like

    condition: ka.verb exists and jevt.rawtime = 0

which is how rules files write "never".
"""

from datetime import UTC, datetime, timedelta

from rulec.nodes import And, Condition, Constant, Loaded, Test, rebuild
from rulec.runtime.clock import day
from rulec.runtime.fields import CHARBUF, Field
from rulec.runtime.sources.reading import Envelope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TIMES = frozenset({"jevt.rawtime", "json.rawtime", "evt.rawtime"})


def day_field(envelope: Envelope) -> Loaded | None:
    """Return the day that an event gives in its time; None if its time is not always a text."""
    if envelope.time is None or envelope.members.get(envelope.time[1:]) is not str:
        return None
    doc = "The day of the event, in the zone of its time."
    return Loaded(Field("evt.day", doc, path=envelope.time, convert=day))


def by_day(condition: Condition, of_event: Loaded) -> Condition:
    """Put the days on which it is possible beside each test for the very time of an event."""
    match condition:
        case Test(Loaded(field), "=" | "in", Constant(constant)) if field.name in _TIMES:
            times = constant if isinstance(constant, tuple) else (constant,)
            try:
                days = tuple(found for each in times for found in _days(str(each)))
            except OverflowError:  # at one end of the calendar
                return condition
            return And((Test(of_event, "in", Constant(days, CHARBUF)), condition))
        case _:
            return rebuild(condition, lambda part: by_day(part, of_event))


def _days(time: str) -> list[str]:
    """Return the days, in whatever zone, that a time in nanoseconds may fall on.

    >>> _days("0"), _days("never")
    (['1969-12-31', '1970-01-01', '1970-01-02'], [])

    :raises OverflowError: if the calendar ends there.
    """
    try:
        moment = _EPOCH + timedelta(microseconds=int(time) // 1000)
    except ValueError:
        return []
    return [(moment + distance).date().isoformat() for distance in (-_DAY, 0 * _DAY, _DAY)]
