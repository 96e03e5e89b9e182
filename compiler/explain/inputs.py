"""The events of an input, one after the other, as explanations need them: read with care."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from rulec.runtime.events import EventError
from rulec.runtime.inputs import Replayed, opened
from rulec.runtime.recognition import UnknownInputError, recognised
from rulec.runtime.sources import AnyEvent, EventSource
from rulec.runtime.streams import Recorded

Notice = Callable[[str], object]

# The source that scenarios are about.
_CALLS: Final = "syscall"


@contextmanager
def events_of(
    name: str, candidates: Sequence[EventSource], source: str | None, notice: Notice
) -> Iterator[tuple[str, Iterator[AnyEvent]]]:
    """Open an input; give the name of its source, and its events.

    It is a stream of documents or a capture, or a scenario (``.yaml``). Which of the
    ``candidates`` it belongs to, its first document tells; if that tells nothing, or there is
    nothing to tell, it is ``source``, or the first of them. ``notice`` is told what is no
    event. An event is of use until the next one is read.

    :raises UnknownInputError: if nobody can tell, and no source is given.
    :raises RulesError: if it is a scenario with something wrong in it.
    :raises OSError: if it cannot be read, and whatever else ``READ_ERRORS`` has.
    """
    if Path(name).suffix in (".yaml", ".yml"):
        from rulec.scenarios.model import Scenario

        yield _CALLS, iter(Scenario.from_yaml(name).events())
        return
    with opened(name) as stream:
        recorded = Recorded(stream)
        try:
            found = recognised(recorded, candidates) if len(candidates) > 1 else None
        except UnknownInputError:
            if source is None:
                raise
            found = source
        chosen = found or source or candidates[0].name
        again = io.BufferedReader(Replayed(bytes(recorded.content), stream))
        (documents,) = (each.documents for each in candidates if each.name == chosen)
        yield chosen, _events(name, documents, cast(BinaryIO, again), notice)


def _events(name: str, documents: Any, stream: BinaryIO, notice: Notice) -> Iterator[AnyEvent]:
    for number, found in documents.lines(stream, run=documents.new_run()):
        if isinstance(found, EventError):
            notice(f"{name}:{number}: {found}")
            continue
        events, rejected = found
        for rejection in rejected:
            notice(f"{name}:{number}: {rejection.detail}")
        yield from events
