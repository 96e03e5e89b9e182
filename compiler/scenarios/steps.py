"""The kinds of steps: what each is given, and what writes its events.

Any other name of a step is that of an event (see ``raw_events``).
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rulec.runtime.sources.syscall.capture.events import Parameter
from rulec.scenarios.connection_steps import accept, connect, listen, send
from rulec.scenarios.moment import Events, Moment
from rulec.scenarios.process_steps import execute, fork, leave, open_file


class StepKind(NamedTuple):
    """A kind of step, with the parameters that it can be given.

    The first of them is the one whose value may stand in place of all. ``needed`` says which
    must be given.
    """

    write: Callable[[Moment], Events]
    keys: Mapping[str, Parameter]
    needed: frozenset[str] = frozenset()

    @property
    def main(self) -> str:
        """The parameter whose value may stand in place of all."""
        return next(iter(self.keys))


def keys(text: str) -> dict[str, Parameter]:
    """Return parameters by name: ``name:type`` or ``name:type=table``, with blanks between."""
    found = {}
    for word in text.split():
        name, _, rest = word.partition(":")
        type_, _, symbols = rest.partition("=")
        found[name] = Parameter(name, type_, symbols=symbols)
    return found


def _kind(write: Callable[[Moment], Events], text: str, *needed: str) -> StepKind:
    return StepKind(write, keys(text), frozenset(needed))


# Every kind of step, by name.
STEPS: Final[Mapping[str, StepKind]] = {
    "exec": _kind(
        execute,
        "command:command name:charbuf exepath:fspath env:texts user:uid group:gid login:uid"
        " tty:uint32 capabilities:capabilities flags:flags32=execve_flags",
    ),
    "fork": _kind(fork, "child:pid call:charbuf container:charbuf vpid:pid"),
    "exit": _kind(leave, "code:uint8 signal:sigtype"),
    "open": _kind(
        open_file,
        "path:fspath flags:flags32=file_flags mode:mode fd:fd call:charbuf dirfd:fd ino:uint64"
        " dev:uint32",
        "path",
    ),
    "connect": _kind(connect, "to:sockaddr from:sockaddr protocol:charbuf fd:fd", "to"),
    "listen": _kind(listen, "on:sockaddr backlog:int32", "on"),
    "accept": _kind(accept, "from:sockaddr on:sockaddr fd:fd", "from"),
    "send": _kind(send, "data:bytebuf to:sockaddr from:sockaddr fd:fd size:uint32"),
}
