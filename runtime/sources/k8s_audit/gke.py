"""Audit events out of the entries that Google Kubernetes Engine writes to Cloud Logging.

An entry tells of a request in words of its own. What it does not say, such as
the status of the response, is inferred, and says so.
"""

from collections.abc import Mapping
from typing import Any, Final

from rulec.runtime.clock import date_time_utc, nanoseconds
from rulec.runtime.sources.reading import Rejected, shown_value

_LOGS: Final = ("cloudaudit.googleapis.com%2Factivity", "cloudaudit.googleapis.com%2Fdata_access")
_PAYLOAD: Final = "type.googleapis.com/google.cloud.audit.AuditLog"

# Requests that turn into streams: the event that matters is written when they begin.
_STREAMS: Final = ("attach", "exec")

_MICROSECOND: Final = 1000  # in nanoseconds


def is_log_entry(document: Mapping[str, Any]) -> bool:
    """Return whether an object is an entry of Cloud Logging."""
    return isinstance(document.get("logName"), str)


def audit_event(entry: Mapping[str, Any]) -> dict[str, Any] | Rejected:
    """Return the audit event that an entry tells of; or why there is none."""
    payload, resource = _object(entry, "protoPayload"), _object(entry, "resource")
    if (reason := _why_not(entry, payload, resource)) is not None:
        return Rejected("other_log", reason)
    stamp = entry.get("receiveTimestamp")
    if not isinstance(stamp, str):
        return Rejected("no_time", "receiveTimestamp is missing or no text")
    if (received := nanoseconds(stamp)) is None:
        return Rejected("bad_time", f"receiveTimestamp is no RFC 3339 time: {shown_value(stamp)}")
    received -= received % _MICROSECOND
    time = f"{date_time_utc(received)[:-4]}Z"
    verb = _text(payload, "methodName").rpartition(".")[2]
    name = _text(payload, "resourceName")
    reference = _object_reference(name)
    level, stage, status = _outcome(verb, (reference or {}).get("subresource"))
    metadata = _object(payload, "requestMetadata")
    addresses = [metadata["callerIp"]] if isinstance(metadata.get("callerIp"), str) else None
    optional = {
        "sourceIPs": addresses,
        "userAgent": metadata.get("callerSuppliedUserAgent"),
        "objectRef": reference,
        "requestObject": payload.get("request"),
        "responseObject": payload.get("response"),
        "annotations": {**_object(entry, "labels"), **_object(resource, "labels")} or None,
    }
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": level,
        "auditID": _text(entry, "insertId"),
        "stage": stage,
        "requestURI": f"/{name}",
        "verb": verb,
        "user": {"username": _text(_object(payload, "authenticationInfo"), "principalEmail")},
        "responseStatus": status,
        "requestReceivedTimestamp": time,
        "stageTimestamp": time,
        **{member: value for member, value in optional.items() if value is not None},
    }


def _why_not(
    entry: Mapping[str, Any], payload: Mapping[str, Any], resource: Mapping[str, Any]
) -> str | None:
    """Return why an entry is none about a request to a cluster; None if it is one."""
    if not entry["logName"].endswith(_LOGS):
        return f"the entry is of another log: {shown_value(entry['logName'])}"
    if (kind := resource.get("type")) != "k8s_cluster":
        return f"the entry is about no cluster, but about {shown_value(kind)}"
    if (kind := payload.get("@type")) != _PAYLOAD:
        return f"the entry's payload is no audit log, but {shown_value(kind)}"
    if (service := payload.get("serviceName")) != "k8s.io":
        return f"the entry is of another service: {shown_value(service)}"
    return None


def _outcome(verb: str, subresource: str | None) -> tuple[str, str, dict[str, Any]]:
    """Return the level, the stage and the status that a request is taken to have had."""
    if subresource in _STREAMS:
        return "Request", "ResponseStarted", _status(101, "Switching Protocols")
    status = _status(201, "Created") if verb == "create" else _status(200, "OK")
    return "RequestResponse", "ResponseComplete", status


def _status(code: int, reason: str) -> dict[str, Any]:
    return {"code": code, "reason": f"{reason} (inferred)"}


def _object_reference(name: str) -> dict[str, str] | None:
    """Return which object a resource is, by its name such as ``core/v1/namespaces/a/pods/b``."""
    parts = name.split("/")
    if len(parts) < 4:
        return None
    if parts[2] == "namespaces" and len(parts) > 4:
        members: tuple[str, ...] = (
            "apiGroup",
            "apiVersion",
            "",
            "namespace",
            "resource",
            "name",
            "subresource",
        )
    else:
        members = ("apiGroup", "apiVersion", "resource", "name", "subresource")
    return {member: part for member, part in zip(members, parts, strict=False) if member}


def _object(around: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = around.get(member)
    return value if isinstance(value, dict) else {}


def _text(around: Mapping[str, Any], member: str) -> str:
    value = around.get(member)
    return value if isinstance(value, str) else ""
