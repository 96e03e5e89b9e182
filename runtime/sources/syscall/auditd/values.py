"""Every field that audit logs tell of, one entry each: what works it out."""

from collections.abc import Mapping
from typing import Final

from rulec.runtime.sources.syscall.auditd.descriptor_values import DESCRIPTOR_VALUES
from rulec.runtime.sources.syscall.auditd.event_values import EVENT_VALUES
from rulec.runtime.sources.syscall.auditd.process_values import PROCESS_VALUES
from rulec.runtime.sources.syscall.auditd.work import Work

VALUES: Final[Mapping[str, Work]] = {**EVENT_VALUES, **PROCESS_VALUES, **DESCRIPTOR_VALUES}
