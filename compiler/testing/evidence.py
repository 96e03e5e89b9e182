"""What compiled conditions say of all events of tests: an integer with a bit for each event.

So what a part of a condition says of all events is had from its own parts by one operation,
and what thousands of changed conditions would say costs next to nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rulec.explain.outline import OutlinePart
from rulec.explain.probe import Probe, decoded
from rulec.nodes import Condition
from rulec.runtime.sources import AnyEvent, EventSource

Bits = int


@dataclass
class Evidence:
    """Answers of conditions about events of one source.

    Conditions are numbered when they are added, events when they are looked at. Of an event,
    some conditions are asked; what the others say of it counts as false.
    """

    source: EventSource
    events: int = 0
    _numbers: dict[Condition, int] = field(default_factory=dict)
    _probe: Probe | None = None
    _answers: list[bytearray] = field(default_factory=list)

    def add(self, condition: Condition) -> int:
        """Return the number of a condition that is going to be asked."""
        assert self._probe is None, "nothing can be added once events were looked at"
        return self._numbers.setdefault(condition, len(self._numbers))

    def look(self, event: AnyEvent, numbers: Sequence[int]) -> int:
        """Ask some conditions about one more event; return the number of the event."""
        if self._probe is None:
            self._probe = Probe.of(tuple(self._numbers), self.source)
            self._answers = [bytearray() for _ in self._numbers]
        index = self.events
        byte, bit = index >> 3, 1 << (index & 7)
        answer, whole = self._probe.answer, decoded(event)
        for number in numbers:
            if not answer(number, whole):
                continue
            answers = self._answers[number]
            if len(answers) <= byte:
                answers.extend(bytes(byte + 1 - len(answers)))
            answers[byte] |= bit
        self.events += 1
        return index

    def bits(self, number: int) -> Bits:
        """Return of which events a condition is true."""
        return int.from_bytes(self._answers[number], "little") if self._answers else 0

    @property
    def everything(self) -> Bits:
        """All events."""
        return (1 << self.events) - 1


def joined(kind: str, parts: Iterable[Bits], everything: Bits) -> Bits:
    """Return of which events a part is true that consists of others (see ``OutlinePart.kind``)."""
    match kind:
        case "and":
            found = everything
            for part in parts:
                found &= part
        case "or":
            found = 0
            for part in parts:
                found |= part
        case "not":
            (only,) = parts
            found = everything & ~only
        case "oneof":
            found = several = 0
            for part in parts:
                several |= found & part
                found |= part
            found &= ~several
        case "macro":
            (found,) = parts
        case _:
            raise ValueError(f"{kind!r} has no parts")
    return found


@dataclass(frozen=True)
class Grown:
    """A part of a condition, with the number of what is asked if it is a test.

    ``always`` is what a part says that is the same for all events.
    """

    outline: OutlinePart
    parts: tuple["Grown", ...]
    number: int | None = None
    always: bool | None = None

    def bits(self, evidence: Evidence, found: dict[int, Bits]) -> Bits:
        """Return of which events the part is true, and put it into ``found`` for each part."""
        everything = evidence.everything
        if self.number is not None:
            answer = evidence.bits(self.number)
        elif self.always is not None:
            answer = everything if self.always else 0
        else:
            parts = [part.bits(evidence, found) for part in self.parts]
            answer = joined(self.outline.kind, parts, everything)
        found[self.outline.id] = answer
        return answer
