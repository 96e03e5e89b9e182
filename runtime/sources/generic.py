"""The fields that events of every plugin source have.

``EVENT_FIELDS`` are about the event as such, ``JSON_FIELDS`` about any event
that is a JSON document.
"""

from typing import Final

from rulec.runtime import clock
from rulec.runtime.fields import TYPES, Argument, Field, Form
from rulec.runtime.jsontext import indented

EVENT_FIELDS: Final = (
    Field(
        "evt.num",
        "The number of the event in its source, counted from 1.",
        attribute="number",
        type=TYPES["UINT64"],
    ),
    Field(
        "evt.time",
        "The local time of day of the event, to the nanosecond.",
        attribute="time",
        compute=clock.local_time,
        output_attribute="time",
    ),
    Field(
        "evt.time.s",
        "The local time of day of the event, to the second.",
        attribute="time",
        compute=clock.local_time_seconds,
        output_attribute="time",
    ),
    Field(
        "evt.time.iso8601",
        "The date and time of the event in UTC, to the nanosecond.",
        attribute="time",
        compute=clock.utc_time,
        output_attribute="time",
    ),
    Field(
        "evt.datetime",
        "The local date and time of the event, to the nanosecond.",
        attribute="time",
        compute=clock.local_date_time,
        output_attribute="time",
    ),
    Field(
        "evt.datetime.s",
        "The local date and time of the event, to the second.",
        attribute="time",
        compute=clock.local_date_time_seconds,
        output_attribute="time",
    ),
    Field(
        "evt.rawtime",
        "The time of the event in nanoseconds since 1970.",
        attribute="time",
        type=TYPES["ABSTIME"],
    ),
    Field(
        "evt.rawtime.s",
        "The time of the event in whole seconds since 1970.",
        attribute="time",
        compute=clock.seconds,
        type=TYPES["ABSTIME"],
    ),
    Field(
        "evt.rawtime.ns",
        "The nanoseconds of the event's time beyond the whole seconds.",
        attribute="time",
        compute=clock.fraction,
        type=TYPES["ABSTIME"],
        form=Form.PADDED,
        numeric=True,
    ),
    Field(
        "evt.reltime",
        "How many nanoseconds the event came after the first one of the run.",
        attribute="relative_time",
        type=TYPES["RELTIME"],
        form=Form.PADDED,
        numeric=True,
    ),
    Field(
        "evt.reltime.s",
        "How many whole seconds the event came after the first one of the run.",
        attribute="relative_time",
        compute=clock.seconds,
        type=TYPES["RELTIME"],
    ),
    Field(
        "evt.reltime.ns",
        "The nanoseconds of the relative time beyond the whole seconds.",
        attribute="relative_time",
        compute=clock.fraction,
        type=TYPES["RELTIME"],
        form=Form.PADDED,
        numeric=True,
    ),
    Field(
        "evt.pluginname",
        "The name of the Falco plugin that makes such events.",
        attribute="plugin",
    ),
    Field(
        "evt.plugininfo",
        "The whole event as compact JSON, for events that a Falco plugin makes.",
        attribute="plugin_info",
    ),
    Field(
        "evt.source",
        "The name of the source that the event comes from.",
        attribute="source",
    ),
    Field(
        "evt.is_async",
        "Whether the event is a notification from outside its stream.",
        attribute="is_async",
        type=TYPES["BOOL"],
    ),
    Field(
        "evt.asynctype",
        "The kind of notification, if the event is one.",
        attribute="async_type",
    ),
    Field(
        "evt.hostname",
        "The name of the machine that evaluates the rules.",
        attribute="hostname",
    ),
)


def _json_fields(prefix: str) -> tuple[Field, ...]:
    return (
        Field(
            f"{prefix}.value",
            "The value that a JSON pointer leads to, such as /user/username.",
            pointer=True,
            argument=Argument.KEY,
        ),
        Field(
            f"{prefix}.obj",
            "The whole event as indented JSON.",
            reads=("",),
            compute=indented,
        ),
        Field(
            f"{prefix}.rawtime",
            "The time of the event in nanoseconds since 1970, as text.",
            attribute="time",
            compute=clock.decimal,
        ),
    )


JSON_FIELDS: Final = (
    *_json_fields("json"),
    *_json_fields("jevt"),
    Field(
        "jevt.time",
        "The local time of day of the event, to the nanosecond (Falco before 0.32).",
        attribute="time",
        compute=clock.local_time,
        deprecated=True,
        warning="legacy_field",
    ),
    Field(
        "jevt.time.iso8601",
        "The date and time of the event in UTC, to the nanosecond (Falco before 0.32).",
        attribute="time",
        compute=clock.utc_time,
        deprecated=True,
        warning="legacy_field",
    ),
)
