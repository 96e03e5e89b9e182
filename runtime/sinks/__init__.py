"""Where alerts go: standard output, files, the system log, HTTP servers, programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from rulec.runtime.sinks.sink import Counters, Delivery, Settings, Sink

if TYPE_CHECKING:
    from rulec.runtime.sinks.outputs import Outputs

__all__ = ["SINKS", "Counters", "Delivery", "Kind", "Outputs", "Settings", "Sink", "sink"]


def __getattr__(name: str) -> Any:
    if name == "Outputs":  # who only prints does without
        from rulec.runtime.sinks.outputs import Outputs

        return Outputs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sink.

    ``module`` has a function ``made`` from a name, an argument and settings to
    a sink; it is imported when it is needed. ``argument`` is what the argument
    looks like, in brackets if it may be left out; ``help`` one line about it.
    """

    module: str
    argument: str
    help: str


# Every kind of sink, one entry each.
SINKS: Final[Mapping[str, Kind]] = {
    "stdout": Kind("rulec.runtime.sinks.stdout", "", "standard output"),
    "file": Kind("rulec.runtime.sinks.file", ":PATH", "appended to a file"),
    "syslog": Kind(
        "rulec.runtime.sinks.syslog",
        "[:FACILITY|:udp://HOST:PORT|:unix:///PATH]",
        "the system log, of this machine or another one",
    ),
    "http": Kind("rulec.runtime.sinks.http", ":URL", "posted as JSON, such as to falcosidekick"),
    "program": Kind(
        "rulec.runtime.sinks.program", ":COMMAND", "standard input of a program; there is no shell"
    ),
}


def sink(text: str, settings: Settings) -> Sink:
    """Return the sink that a text stands for: KIND or KIND:ARGUMENT.

    Nothing is opened yet.

    :raises ValueError: if there is no such kind, or it does not take the argument.
    """
    kind, _, argument = text.partition(":")
    if kind not in SINKS:
        raise ValueError(f"{kind!r} is none of: {', '.join(SINKS)}")
    made: Sink = import_module(SINKS[kind].module).made(text, argument, settings)
    return made
