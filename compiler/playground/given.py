"""What the command line gives the page to begin with: files of rules, and a file of events."""

import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rulec.api import plan_files
from rulec.diagnostics import RulesError
from rulec.files import collect
from rulec.playground.model import MOST_BYTES, GivenFile, Preset
from rulec.runtime.encoding import sanitised
from rulec.runtime.fields import field_text
from rulec.runtime.rendering import shown
from rulec.runtime.sources import SOURCES
from rulec.runtime.sources.syscall.capture.stream import begins as begins_capture
from rulec.runtime.sources.syscall.events import SyscallEvent
from rulec.text import File

# Of a capture, only so many events are taken: those that rules may be about.
MOST_EVENTS: Final = 200

# What every event is told by, besides the fields that rules name.
_ALWAYS: Final = ("evt.num", "evt.time", "evt.type", "proc.name", "proc.cmdline")


class GivenError(ValueError):
    """Something that was given cannot be used; the message says why."""


def preset(rules: Iterable[Path], source_files: Iterable[Path], event: Path | None) -> Preset:
    """Return what the editors begin with.

    :raises RulesError: if a file of rules cannot be read. What is wrong in it is for the page.
    :raises GivenError: if the file of events is of no use, or all of it is too much.
    :raises OSError: if that file cannot be read.
    """
    read = collect(rules)
    files = [GivenFile(file.name, sanitised(file.content)) for file in read]
    if not files:
        files.append(GivenFile("rules.yaml", ""))  # somewhere, rules have to be written
    for path in source_files:
        files += (GivenFile(f.name, sanitised(f.content), "source") for f in collect(path))
    text = "" if event is None else _text(event, read)
    if sum(len(each.content) for each in files) + len(text) > MOST_BYTES // 2:
        raise GivenError(f"the files have more than {MOST_BYTES // 2:,} characters together")
    return Preset(tuple(files), text)


def _text(path: Path, rules: Sequence[File]) -> str:
    """Return the events in a file, as the page can show them."""
    with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise GivenError(f"{path} has more than {MOST_BYTES:,} bytes")
    if begins_capture(content[:16]):
        return taken_down(content, rules)
    return content.decode("utf-8", "replace").removeprefix("\ufeff")


def taken_down(capture: bytes, rules: Sequence[File]) -> str:
    """Return events of a capture of system calls as JSON, a line each: what rules ask about.

    :raises GivenError: if there are no rules that say what they ask about.
    """
    try:
        planned, _ = plan_files(rules)
    except RulesError:
        raise GivenError("a capture needs rules that can be loaded (-r PATH)") from None
    read = [
        field_text(each.field, each.argument)
        for rule in planned.rules
        if rule.source == "syscall"
        for each in rule.reads()
    ]
    if not read:
        raise GivenError("a capture needs rules for system calls (-r PATH)")
    names = dict.fromkeys((*_ALWAYS, *read))
    lines: list[str] = []
    for _, found in SOURCES["syscall"].documents.lines(io.BytesIO(capture)):
        if isinstance(found, tuple) and len(lines) < MOST_EVENTS:
            events = (event for event in found[0] if isinstance(event, SyscallEvent))
            lines += (json.dumps(dictionary(event, names)) for event in events)
    return "\n".join(lines) + "\n"


def dictionary(event: SyscallEvent, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of an event by the texts of fields, without those that it has not."""
    found = {name: _value(event[name]) for name in names if event[name] is not None}
    return {**found, "evt.time": event.time}


def _value(value: Any) -> Any:
    """Return a value as JSON has it."""
    match value:
        case str():
            return sanitised(value)
        case bool() | int() | float():
            return value
        case tuple():
            return [_value(each) for each in value]
        case _:
            return sanitised(shown(value))
