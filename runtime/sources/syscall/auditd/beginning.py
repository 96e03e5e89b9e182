"""How audit logs begin."""

import re
from typing import Final

# What an audit log begins with: a record, one that a machine or a syslog daemon sent on, or
# the line that ausearch writes before each event.
_BEGINNING: Final = re.compile(
    rb"[\s\0]*(?:.{0,256}?\b(?:audit|auditd|audispd|audisp-syslog)(?:\[[0-9]{1,10}\])?: )?"
    rb"(?:node=\S{1,255} )?type=[A-Z0-9_\[\]]{1,64} (?:msg=)?audit\(|[\s\0]*----\s|[\s\0]*time->"
)


def begins(head: bytes) -> bool:
    """Return whether a stream that begins so is an audit log."""
    return _BEGINNING.match(head) is not None
