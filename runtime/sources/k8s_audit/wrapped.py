"""Audit events inside the records of log services, by the shape of the records.

A record holds the event as a text, or several records. Nobody has to say which
service it comes from.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from rulec.runtime.sources.k8s_audit import gke
from rulec.runtime.sources.reading import Rejected

# What is inside a record: where, and a text that is a document, a document that was decoded, or
# why there is none.
Inside = Iterator[tuple[str, Any]]

# So many records may be inside each other. No service needs more than two.
LEVELS: Final = 4

# How CloudWatch ends what was too long for it.
_CUT: Final = "[Truncated...]"
_AUDIT_ID: Final = re.compile(r'"auditID"\s*:\s*"([-0-9A-Za-z]{1,64})"')


class Wrapper(NamedTuple):
    """A shape of records: whose they are, how to tell, and how to get at what is inside."""

    service: str
    fits: Callable[[Mapping[str, Any]], bool]
    inside: Callable[[Mapping[str, Any]], Inside]


def _each(member: str) -> tuple[Callable[..., bool], Callable[..., Inside]]:
    """Return what is to be known of records with an array of others."""

    def fits(record: Mapping[str, Any]) -> bool:
        return isinstance(record.get(member), list)

    def inside(record: Mapping[str, Any]) -> Inside:
        for index, element in enumerate(record[member]):
            yield (
                f"{member}[{index}]",
                element
                if isinstance(element, dict)
                else Rejected("not_audit", "the record is no object"),
            )

    return fits, inside


def _text(*path: str) -> tuple[Callable[..., bool], Callable[..., Inside]]:
    """Return what is to be known of records with a document as a text in them."""

    def value(record: Mapping[str, Any]) -> Any:
        found: Any = record
        for member in path:
            found = found.get(member) if isinstance(found, dict) else None
        return found

    def fits(record: Mapping[str, Any]) -> bool:
        return isinstance(value(record), str)

    def inside(record: Mapping[str, Any]) -> Inside:
        yield ".".join(path), value(record)

    return fits, inside


def _entry(record: Mapping[str, Any]) -> Inside:
    yield "", gke.audit_event(record)


def _nothing(record: Mapping[str, Any]) -> Inside:
    return iter(())


def _is_control_message(record: Mapping[str, Any]) -> bool:
    return record.get("messageType") == "CONTROL_MESSAGE" and "logEvents" in record


# Every shape, one entry each. The first that fits is taken.
WRAPPERS: Final = (
    Wrapper("Cloud Logging (GKE): an entry", gke.is_log_entry, _entry),
    # CloudWatch sees with these whether anybody listens.
    Wrapper("CloudWatch Logs: a control message", _is_control_message, _nothing),
    Wrapper("CloudWatch Logs (EKS): what a subscription or an export sends", *_each("logEvents")),
    Wrapper("CloudWatch Logs (EKS): what FilterLogEvents returns", *_each("events")),
    Wrapper("Event Hubs (AKS): a message", *_each("records")),
    Wrapper("Event Hubs (AKS): a record", *_text("properties", "log")),
    Wrapper("CloudWatch Logs (EKS), Logs Data Platform (OVH): a record", *_text("message")),
    Wrapper("Logs Data Platform (OVH): what is inside a message", *_text("short_message")),
)


def wrapper_of(document: Mapping[str, Any]) -> Wrapper | None:
    """Return the shape that an object has, if it is a record that holds something."""
    return next((wrapper for wrapper in WRAPPERS if wrapper.fits(document)), None)


def unreadable(text: str) -> Rejected | None:
    """Return why a text inside a record is no document, as far as a glance can tell."""
    if text.endswith(_CUT):
        found = _AUDIT_ID.search(text)
        which = f" with the auditID {found[1]}" if found else ""
        return Rejected("truncated", f"the log service has cut the event{which} short")
    if text.lstrip()[:1] not in ("{", "["):
        return Rejected("other_log", "the record is no JSON: it is of another log")
    return None
