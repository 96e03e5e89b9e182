"""Every field of the events of the syscall source, one entry each, by family."""

from dataclasses import replace
from typing import Final

from rulec.runtime.fields import Argument, Catalogue, catalogue
from rulec.runtime.sources.generic import JSON_FIELDS
from rulec.runtime.sources.syscall.fields.account import ACCOUNT_FIELDS
from rulec.runtime.sources.syscall.fields.container import CONTAINER_FIELDS
from rulec.runtime.sources.syscall.fields.declare import field
from rulec.runtime.sources.syscall.fields.descriptor import DESCRIPTOR_FIELDS
from rulec.runtime.sources.syscall.fields.event import EVENT_FIELDS
from rulec.runtime.sources.syscall.fields.process import PROCESS_FIELDS

# Rules may ask system calls for the fields of JSON documents, too. They are none.
_JSON_FIELDS: Final = tuple(
    replace(
        field(each.name, "Nothing: system calls are no JSON documents."),
        argument=Argument.KEY if each.pointer else Argument.NONE,
        listed=False,
        deprecated=each.deprecated,
        warning=each.warning,
    )
    for each in JSON_FIELDS
)

FIELDS: Final[Catalogue] = catalogue(
    (
        *EVENT_FIELDS,
        *PROCESS_FIELDS,
        *ACCOUNT_FIELDS,
        *DESCRIPTOR_FIELDS,
        *CONTAINER_FIELDS,
        *_JSON_FIELDS,
    )
)
