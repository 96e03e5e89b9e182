"""The event source ``test`` of the recorded cases: a user-defined one."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rulec import Source

SOURCE: Final = Source.from_yaml(Path(__file__).with_name("test_source.yaml"))

_WITH_ARGUMENT: Final = re.compile(r"(t\.key|t\.idx|t\.opt)(?:\[(.*)\])?")


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an event in which fields (with their arguments) have these values."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if match := _WITH_ARGUMENT.fullmatch(name):
            found.setdefault(match[1], {})[match[2] or ""] = value
        else:
            found[name] = value
    return found
