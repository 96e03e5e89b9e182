"""Alerts, in the forms in which Falco prints them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from rulec.runtime.clock import date_time_utc, local_time, utc_time
from rulec.runtime.encoding import sanitised
from rulec.runtime.events import host_name


class Alert(msgspec.Struct, frozen=True, gc=False):
    """A rule that matched an event.

    ``priority`` is spelled as Falco spells it (``Warning``), ``time`` is in
    nanoseconds since the epoch, ``message`` is the filled-in output of the
    rule. ``output_fields`` maps each field of the output to its value: text,
    a number, a truth value, a tuple of those, or ``None`` when the event has
    no such thing. ``iso8601`` chooses the form of the time in the output.
    """

    rule: str
    priority: str
    source: str
    tags: tuple[str, ...]
    time: int
    message: str
    output_fields: Mapping[str, Any]
    hostname: str = msgspec.field(default_factory=host_name)
    iso8601: bool = False

    @property
    def output(self) -> str:
        """The message with the time and the priority before it."""
        return f"{self._time_text()}: {self.priority} {self.message}"

    def _time_text(self) -> str:
        return utc_time(self.time) if self.iso8601 else local_time(self.time)

    def text(self, escape: bool = True) -> str:
        """Return the alert as one line of text.

        Control characters are written as ``\\\\n``, ``\\\\t`` or ``\\\\u00XX``, so
        that a value with a newline cannot pass for a second alert;
        ``escape=False`` leaves them as they are.
        """
        line = self.output
        # Most lines have nothing in them that would have to be escaped.
        return line.translate(_CONTROL) if escape and not line.isprintable() else line

    def json(
        self,
        *,
        include_output: bool = True,
        include_output_fields: bool = True,
        include_tags: bool = True,
        include_message: bool = False,
        uuid: str = "",
    ) -> str:
        """Return the alert as one line of JSON, as Falco writes it.

        The options leave parts out, or put the message in, as the settings
        of Falco's configuration named ``json_include_..._property`` do.
        ``uuid`` is a name for the alert, as falcosidekick knows it.
        """
        document: dict[str, Any] = {
            "hostname": self.hostname,
            "priority": self.priority,
            "rule": self.rule,
            "source": self.source,
            "time": date_time_utc(self.time),
        }
        if include_output:
            document["output"] = self.output
        if include_output_fields:
            prefix = "evt.time.iso8601" if self.iso8601 else "evt.time"
            fields = {**self.output_fields, prefix: self.time}
            document["output_fields"] = {key: _reported(value) for key, value in fields.items()}
        if include_tags:
            document["tags"] = sorted(self.tags)
        if include_message:
            document["message"] = self.message
        if uuid:
            document["uuid"] = uuid
        return msgspec.json.encode(document, order="sorted").decode()


# Characters that end a line or change what a terminal shows.
_CONTROL = {
    code: f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
} | {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"}


def _reported(value: Any) -> Any:
    """Return a value of a field as JSON can hold it."""
    if isinstance(value, str):
        return sanitised(value)
    return [_reported(item) for item in value] if isinstance(value, tuple) else value
