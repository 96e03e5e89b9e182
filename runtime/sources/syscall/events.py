"""Events of the syscall source, as rules see them."""

from copy import copy
from typing import Any

from rulec.runtime.events import NO_RUN, Run


class SyscallEvent(dict[str, Any]):
    """An event as a dictionary from the text of a field to its value.

    The keys are the texts that rules write (``proc.name``, ``proc.aname[2]``,
    ``evt.arg.flags``), the values runtime values of the types of the fields,
    or None for no value. Who makes events says in ``__missing__`` how a value is
    found that nobody has asked for yet; it is stored then, and never raises.

    ``time`` is in nanoseconds since the epoch, ``number`` counts from 1.
    """

    __slots__ = ("number", "run", "time")

    def __init__(self, time: int, number: int = 1, run: Run = NO_RUN) -> None:
        self.time = time
        self.number = number
        self.run = run

    # Two events are never the same: they are no plain dictionaries.
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __missing__(self, text: str) -> Any:
        return None

    def anew(self) -> "SyscallEvent":
        """Return the event as it was before anybody asked for something."""
        found = copy(self)
        found.clear()
        return found

    @property
    def source(self) -> str:
        """The name of the event source."""
        return "syscall"

    @property
    def document(self) -> Any:
        """All that tells the event from others, as a document would: the same whoever reads it."""
        return {"number": self.number}

    @property
    def relative_time(self) -> int:
        """Nanoseconds since the first event of the run; before it, the time itself."""
        start = self.run.start
        return self.time if start is None else max(0, self.time - start)
