"""What works a field out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from rulec.runtime.sources.syscall.auditd.event import AuditEvent

# It is given the event, and the argument that a rule gives to the field.
Work: TypeAlias = "Callable[[AuditEvent, str | None], Any]"
