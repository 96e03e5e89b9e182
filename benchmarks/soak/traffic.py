"""Lists of audit events, as many as wanted, each event with an id of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cluster.incidents import incident
from events import ALERTING, TYPICAL, Mix, make

from rulec.runtime.ruleset import Ruleset

# How many events kube-apiserver puts into a list.
BATCH: Final = 400

# What it leaves out of the events in a list.
_KIND: Final = b'"kind":"Event","apiVersion":"audit.k8s.io/v1",'
_ID: Final = b'"auditID":"'
_ID_LENGTH: Final = 36
_PLACE: Final = "<number>"
_BEGIN: Final = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['
_END: Final = b"]}\n"

# An ordinary day with one incident in ten events, by weights.
BUSY: Final[Mix] = tuple((90 if maker is incident else weight, maker) for weight, maker in TYPICAL)

MIXES: Final = {"typical": TYPICAL, "busy": BUSY, "alerting": ALERTING}


@dataclass(frozen=True)
class Traffic:
    """Batches of events by number. They differ in their ids; ``different`` of them in more.

    ``mix`` is a name in ``MIXES``. ``size`` is the number of events in a batch.
    Batch ``n`` is the same wherever it is made.
    """

    mix: str = "typical"
    different: int = 25
    size: int = BATCH
    seed: int = 1
    # The events, batch after batch, without what makes them different.
    lines: tuple[bytes, ...] = field(init=False, repr=False)
    # The lists, cut where the number of the batch belongs.
    _between: tuple[tuple[bytes, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lines = tuple(make(self.different * self.size, MIXES[self.mix], self.seed))
        between = tuple(map(_between, self._batches(lines)))
        object.__setattr__(self, "lines", lines)
        object.__setattr__(self, "_between", between)

    def _batches(self, lines: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
        for start in range(0, len(lines), self.size):
            yield lines[start : start + self.size]

    def body(self, number: int) -> bytes:
        """Return a batch as the body of a request."""
        return _prefix(number).encode().join(self._between[number % self.different])

    def items(self, number: int) -> list[bytes]:
        """Return the events of a batch, one by one."""
        start = number % self.different * self.size
        lines = self.lines[start : start + self.size]
        return [_item(line, event_id(number, index)) for index, line in enumerate(lines)]

    def expected(self, ruleset: Ruleset) -> "Expected":
        """Return which alerts a ruleset raises on the batches."""
        matcher = ruleset.matcher("k8s_audit")
        rules = [tuple(alert.rule for alert in matcher(line)) for line in self.lines]
        return Expected(tuple(rules), self.size)


def event_id(number: int, index: int) -> str:
    """Return the id of an event in a batch.

    >>> event_id(255, 7)
    '000000ff-0007-4000-8000-000000000000'
    """
    return _prefix(number) + _suffix(index)


def _prefix(number: int) -> str:
    return f"{number:08x}"


def _suffix(index: int) -> str:
    return f"-{index:04x}-4000-8000-000000000000"


def listed(items: Iterable[bytes]) -> bytes:
    """Return a list of events as the body of a request."""
    return _BEGIN + b",".join(items) + _END


def _item(line: bytes, audit_id: str) -> bytes:
    """Return an event as it is in a list, with another id."""
    before, id_, after = line.partition(_ID)
    if not id_ or _ID in after:
        raise ValueError("an event has no id, or several")
    return b"{" + before[1:].removeprefix(_KIND) + id_ + audit_id.encode() + after[_ID_LENGTH:]


def _between(lines: tuple[bytes, ...]) -> tuple[bytes, ...]:
    items = (_item(line, _PLACE + _suffix(index)) for index, line in enumerate(lines))
    return tuple(listed(items).split(_PLACE.encode()))


@dataclass(frozen=True)
class Expected:
    """Which alerts batches are to raise: rules for each event, before they are all there again."""

    rules: tuple[tuple[str, ...], ...]
    size: int  # of a batch

    def of(self, number: int) -> Iterator[tuple[int, tuple[str, str]]]:
        """Yield the alerts of a batch: the place of an event in it; its id, and a rule."""
        start = number * self.size % len(self.rules)
        for index, rules in enumerate(self.rules[start : start + self.size]):
            for rule in rules:
                yield index, (event_id(number, index), rule)
