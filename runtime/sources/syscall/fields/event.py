"""The fields of system calls about the event itself: its type, its arguments, its result."""

from typing import Final

from rulec.runtime.clock import milliseconds_from
from rulec.runtime.fields import TYPES, Argument, Field, Form
from rulec.runtime.sources.generic import EVENT_FIELDS as COMMON
from rulec.runtime.sources.syscall.arguments import ARGUMENTS
from rulec.runtime.sources.syscall.event_types import EVENT_TYPES
from rulec.runtime.sources.syscall.fields.declare import NAME, field, hidden, outdated

# When it happened and which one it was, every event knows itself; all else it has to be asked for.
_OF_ITSELF: Final = frozenset({"number", "time", "relative_time"})

_ABOUT: Final = (
    field("evt.pluginname", "The name of the plugin that made the event: of a plugin's only."),
    field("evt.plugininfo", "What the plugin that made the event says of it in a line."),
    field("evt.source", "The name of the source that the event comes from: syscall."),
    field("evt.is_async", "Whether the event is a notification, and no system call.", "BOOL"),
    field("evt.asynctype", "The kind of notification, if the event is one."),
    field("evt.hostname", "The name of the machine where the event happened."),
)

_OUTDATED: Final = (
    outdated("evt.latency", "Nothing: it was the time that the call took.", "RELTIME"),
    outdated("evt.latency.s", "Nothing: it was the seconds that the call took.", "RELTIME"),
    outdated("evt.latency.ns", "Nothing: it was the part below a second.", "RELTIME"),
    outdated("evt.latency.quantized", "Nothing: it was the magnitude of the time.", "UINT64"),
    outdated("evt.latency.human", "Nothing: it was the time that the call took, with a unit."),
    outdated("evt.wait_latency", "Nothing: it was the time spent waiting.", "RELTIME"),
    outdated("evt.dir", "The direction: > where a call begins, < where it has returned."),
)

_AROUND: Final = Field(
    "evt.around",
    "To be compared with milliseconds: whether the event is so near the time in brackets.",
    attribute="time",
    compute=milliseconds_from,
    type=TYPES["UINT64"],
    argument=Argument.REQUIRED_INDEX,
    within=True,
    transformable=False,
    comparable=False,
)

_CALL: Final = (
    field(
        "evt.deltatime",
        "How many nanoseconds the event came after the one that was asked for it before.",
        "RELTIME",
        form=Form.PADDED,
    ),
    field("evt.deltatime.s", "The whole seconds of that time.", "RELTIME"),
    field(
        "evt.deltatime.ns",
        "The nanoseconds of that time beyond the whole seconds.",
        "RELTIME",
        form=Form.PADDED,
    ),
    hidden("evt.outputtime", "The time of the event, in the form chosen for outputs."),
    field("evt.type", "The name of the system call, or of another kind of event."),
    field(
        "evt.type.is",
        "1 if the event is of the type that is named behind the dot, 0 if not.",
        "UINT32",
        argument=NAME,
        choices=EVENT_TYPES,
    ),
    field("syscall.type", "The name of the system call; nothing for other kinds of events."),
    field("evt.category", "What the call is about, roughly: file, net, ipc, process, memory ..."),
    field("evt.cpu", "The number of the processor on which it happened.", "INT16"),
    field("evt.args", "All arguments as name=value, with a blank between them."),
    field(
        "evt.arg",
        "One argument as text, by its name or number: flags as names, files as paths.",
        argument=Argument.NAME_OR_INDEX,
        choices=frozenset(ARGUMENTS),
    ),
    field(
        "evt.rawarg",
        "One argument by its name, as it was given: its type is that of the argument.",
        "DYNAMIC",
        argument=NAME,
        choices=frozenset(ARGUMENTS),
        comparable=False,
    ),
    field("evt.info", "All arguments, as in evt.args."),
    field("evt.buffer", "The data that the call read or wrote, as far as recorded.", "BYTEBUF"),
    field("evt.buflen", "How many bytes the call read or wrote.", "UINT64"),
    field("evt.res", "SUCCESS, or the name of the error that the call returned, like ENOENT."),
    field("evt.rawres", "What the call returned; errors are below zero.", "INT64"),
    field("evt.failed", "Whether the call returned an error.", "BOOL"),
    field("evt.is_io", "Whether the call reads or writes something.", "BOOL"),
    field("evt.is_io_read", "Whether the call reads something.", "BOOL"),
    field("evt.is_io_write", "Whether the call writes something.", "BOOL"),
    field("evt.io_dir", "What the call does with data: read or write."),
    field("evt.is_wait", "Whether the call is one that waits.", "BOOL"),
    field("evt.is_syslog", "Whether the call writes to the system's log at /dev/log.", "BOOL"),
    field("evt.count", "1, to count events.", "UINT32"),
    field("evt.count.error", "1 if the call failed, else 0.", "UINT32"),
    field("evt.count.error.file", "1 if a call about a file failed, else 0.", "UINT32"),
    field("evt.count.error.net", "1 if a call about the network failed, else 0.", "UINT32"),
    field("evt.count.error.memory", "1 if a call about memory failed, else 0.", "UINT32"),
    field("evt.count.error.other", "1 if a call about something else failed, else 0.", "UINT32"),
    field("evt.count.exit", "1 if the call has returned, 0 if it begins.", "UINT32"),
    hidden("evt.count.procinfo", "1 for the periodic report on a process.", "UINT32"),
    hidden("evt.count.threadinfo", "1 for the periodic report on a thread.", "UINT32"),
    field(
        "evt.abspath",
        "The path that the call is about, made absolute; of two paths, .src or .dst.",
        argument=Argument.OPTIONAL_NAME,
        choices=frozenset({"src", "dst"}),
    ),
    hidden("evt.buflen.in", "How many bytes were read.", "UINT64"),
    hidden("evt.buflen.out", "How many bytes were written.", "UINT64"),
    hidden("evt.buflen.file", "How many bytes were read from or written to a file.", "UINT64"),
    hidden("evt.buflen.file.in", "How many bytes were read from a file.", "UINT64"),
    hidden("evt.buflen.file.out", "How many bytes were written to a file.", "UINT64"),
    hidden("evt.buflen.net", "How many bytes were received or sent.", "UINT64"),
    hidden("evt.buflen.net.in", "How many bytes were received.", "UINT64"),
    hidden("evt.buflen.net.out", "How many bytes were sent.", "UINT64"),
    hidden("evt.infra.docker.name", "What Docker did, in old captures."),
    hidden("evt.infra.docker.container.id", "The container with which Docker did something."),
    hidden("evt.infra.docker.container.name", "The name of that container."),
    hidden("evt.infra.docker.container.image", "The image of that container."),
    field("evt.is_open_read", "Whether a file was opened to be read.", "BOOL"),
    field("evt.is_open_write", "Whether a file was opened to be written.", "BOOL"),
    field("evt.is_open_exec", "Whether a file was made that can be executed.", "BOOL"),
    field("evt.is_open_create", "Whether opening the file made it.", "BOOL"),
    hidden("util.cnt", "A number that grows with each use.", "UINT64"),
)

_RAW_ARGUMENTS: Final = tuple(
    field(
        f"evt.rawarg.{name}",
        f"The argument {name}, as it was given.",
        argument.type,
        form=argument.form,
        comparable=False,
        listed=False,
        # Falco cannot print these, and stops.
        printable=argument.type != "ERRNO",
    )
    for name, argument in ARGUMENTS.items()
)


def _common(declared: Field) -> Field | None:
    return declared if declared.attribute in _OF_ITSELF else None


EVENT_FIELDS: Final = (
    *filter(None, map(_common, COMMON)),
    *_ABOUT,
    *_OUTDATED,
    *_CALL,
    _AROUND,
    *_RAW_ARGUMENTS,
)
